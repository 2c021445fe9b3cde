//! The event feed, read by long polling.
#![expect(
    unused_qualifications,
    reason = "the OpenAPI macro writes its types in full"
)]

use std::time::Duration;

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::directory::event::EventKind;
use crate::directory::scope::Scope;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{self, Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::provisioning::feed::{self, Event, Feed, Wanted};

/// Seconds that a reader may wait for an event.
const LONGEST_WAIT: u64 = 30;

/// Which stretch of the feed is asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Stretch {
    /// Go on after the event of this number: what `next` was; 0 unless said.
    #[param(minimum = 0)]
    pub(in crate::http) after: Option<i64>,
    /// Seconds to wait for an event where there is none yet, up to 30; 0 unless said.
    #[param(minimum = 0, maximum = 30)]
    pub(in crate::http) wait: Option<u64>,
    /// How many events, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
    /// Only events of these types, divided by commas; all unless said. `next` goes on past the others.
    pub(in crate::http) types: Option<String>,
}

/// The most types that are named at once.
const MOST_TYPES: usize = 100;

impl Stretch {
    fn kinds(&self) -> Result<Vec<EventKind>, Problem> {
        let Some(types) = &self.types else {
            return Ok(Vec::new());
        };
        let unknown = |why: &str| Problem::parameter("types", "unknown_event_type", why);
        if types.split(',').count() > MOST_TYPES {
            return Err(unknown("fewer types are possible"));
        }
        let kind = |word: &str| word.parse::<EventKind>();
        let kinds = types.split(',').map(|word| kind(word.trim()));
        let kinds: Result<Vec<_>, _> = kinds.collect();
        kinds.map_err(|error| unknown(&error.to_string()))
    }
}

/// Read the event feed of an organization.
///
/// Numbers have no gaps: after 41 comes 42. For that, events that only admins may read are
/// delivered to every reader, but their `data` is empty unless the key has the scope `audit:read`.
/// `next` is the number of the last event that was looked at. Events are kept for 90 days.
///
/// An event of a person says what holds of them once it happened, beside what it changed: `state`,
/// `owner`, `role`, `projects`, `email`, `display_name`, `given_name`, `family_name`.
#[utoipa::path(
    get, path = "/organizations/{slug}/events", operation_id = "read_events", tag = "Events",
    params(("slug" = String, Path, description = "The organization's slug"), Stretch),
    responses((status = 200, body = Feed)),
    security(("key" = ["events:read"])),
)]
pub(in crate::http) async fn read(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(asked): Asked<Stretch>,
) -> Result<Json<Feed>, Problem> {
    let after = asked.after.unwrap_or(0);
    if after < 0 {
        return Err(Problem::parameter(
            "after",
            "out_of_range",
            "0 or more is possible",
        ));
    }
    let wait = asked.wait.unwrap_or(0);
    if wait > LONGEST_WAIT {
        let possible = format_args!("0 to {LONGEST_WAIT} seconds are possible");
        return Err(Problem::parameter("wait", "out_of_range", possible));
    }
    let limit = paging::limit(asked.limit)?;
    let kinds = asked.kinds()?;
    let store = admin.gateway().store.clone();
    let look = || {
        let kinds = kinds.clone();
        admin.read(&slug, Scope::EventsRead, move |tx, admitted| {
            let kinds = kinds.clone();
            async move {
                let org = admitted.organization.id;
                let wanted = Wanted {
                    after,
                    kinds,
                    limit,
                    as_admin: admitted.access.scopes.allow(Scope::AuditRead),
                };
                Ok((org, feed::read(tx, org, &wanted).await?))
            }
            .boxed()
        })
    };
    Ok(Json(
        feed::follow(&store, Duration::from_secs(wait), look).await?,
    ))
}

/// The latest events, the latest first: of one kind, or of all. `after` is the number of an event that is later than
/// all of them.
pub(in crate::http) async fn latest(
    admin: Admin,
    slug: &str,
    kind: Option<EventKind>,
    listing: &Listing,
) -> Result<Page<Event>, Problem> {
    let place = listing.place::<i64>()?;
    let read = admin.read(slug, Scope::EventsRead, move |tx, admitted| {
        async move {
            let org = admitted.organization.id;
            let stretch = (place.after.unwrap_or(i64::MAX), place.reading());
            let as_admin = admitted.access.scopes.allow(Scope::AuditRead);
            feed::latest(tx, org, kind, stretch, as_admin).await
        }
        .boxed()
    });
    Ok(place.page(read.await?, |event| event.seq.to_string()))
}
