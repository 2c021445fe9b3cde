//! What happened to one person, over all channels.

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;

use crate::directory::scope::Scope;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::UserId;
use crate::provisioning::feed::{self, Event};
use crate::provisioning::{Error, Kind};

/// Tell what happened to a user, the latest first: whoever did it, by whichever channel.
///
/// It is told as the event feed tells it, for as long as events are kept.
#[utoipa::path(
    get, path = "/organizations/{slug}/users/{id}/timeline", operation_id = "read_user_timeline",
    tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        Listing,
    ),
    responses((status = 200, body = Page<Event>)),
    security(("key" = ["events:read"])),
)]
pub(in crate::http) async fn read(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Event>>, Problem> {
    let (place, id) = (listing.place::<i64>()?, id.parse::<UserId>().ok());
    let read = admin.read(&slug, Scope::EventsRead, move |tx, admitted| {
        async move {
            let whom = (
                admitted.organization.id,
                id.ok_or(Error::NotFound(Kind::User))?,
            );
            let stretch = (place.after.unwrap_or(i64::MAX), place.reading());
            let as_admin = admitted.access.scopes.allow(Scope::AuditRead);
            feed::timeline(tx, whom, stretch, as_admin).await
        }
        .boxed()
    });
    Ok(Json(place.page(read.await?, |event| event.seq.to_string())))
}
