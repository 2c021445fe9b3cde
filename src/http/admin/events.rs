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

use crate::directory::scope::Scope;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::provisioning::feed::{self, Feed};

/// Seconds that a reader may wait for an event.
const LONGEST_WAIT: u64 = 30;

/// Which stretch of the feed is asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Stretch {
    /// Go on after the event of this number: what `next` was; 0 unless said.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// Seconds to wait for an event where there is none yet, up to 30; 0 unless said.
    #[param(minimum = 0, maximum = 30)]
    wait: Option<u64>,
    /// How many events, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// Read the event feed of an organization.
///
/// Numbers have no gaps: after 41 comes 42. For that, events that only admins may read are
/// delivered to every reader, but their `data` is empty unless the key has the scope `audit:read`.
/// `next` is the number of the last event delivered, or what `after` was.
#[utoipa::path(
    get, path = "/organizations/{slug}/events", operation_id = "read_events", tag = "Events",
    params(("slug" = String, Path, description = "The organization's slug"), Stretch),
    responses((status = 200, body = Feed)),
    security(("key" = ["events:read"])),
)]
pub(super) async fn read(
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
    let store = admin.gateway().store.clone();
    let look = || {
        admin.read(&slug, Scope::EventsRead, move |tx, admitted| {
            async move {
                let org = admitted.organization.id;
                let as_admin = admitted.access.scopes.allow(Scope::AuditRead);
                Ok((org, feed::read(tx, org, after, limit, as_admin).await?))
            }
            .boxed()
        })
    };
    Ok(Json(
        feed::follow(&store, Duration::from_secs(wait), look).await?,
    ))
}
