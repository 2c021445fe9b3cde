//! The removal of a connection: shown first, then made as it was shown.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::connection::Remains;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::IfMatch;
use crate::http::admin::connections::seen;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::ConnectionId;
use crate::provisioning::settings::connection_end::{self, Removal};
use crate::provisioning::{Error, Kind};

/// A removal that is thought of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WantedRemoval)]
pub(in crate::http) struct Wanted {
    /// What becomes of the people whom no other connection knows; the owner always stays.
    pub(in crate::http) people: Remains,
}

/// A removal that is to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AgreedRemoval)]
pub(in crate::http) struct Agreed {
    /// What becomes of the people whom no other connection knows; the owner always stays.
    pub(in crate::http) people: Remains,
    /// The digest of the preview; this or `confirm` is needed where more than 20 people come by it.
    pub(in crate::http) digest: Option<String>,
    /// The connection's name.
    pub(in crate::http) confirm: Option<String>,
}

/// Tell what removing a connection would do, and change nothing.
///
/// Its credentials, groups and rules go, and its sessions end. Of each person: whether they stay, are
/// suspended or deleted, who manages them then, and their roles now and then; with the digest that applying
/// takes.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/removal/preview",
    operation_id = "preview_connection_removal", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    request_body = Wanted, responses((status = 200, body = Removal)),
    security(("key" = ["connections:read"])),
)]
pub(in crate::http) async fn preview(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Removal>, Problem> {
    let (id, scope) = (id.parse::<ConnectionId>().ok(), Scope::ConnectionsRead);
    admin.admit(&slug, scope).await?;
    let people = body.json::<Wanted>().await?.people;
    let told = admin.change(&slug, scope, &request, move |change, _| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Connection))?;
            connection_end::outlook(change, id, people).await
        }
        .boxed()
    });
    Ok(Json(told.await?))
}

/// Remove a connection, as it was shown.
///
/// With a digest only where the outcome still is what was shown: 409 `plan_changed` carries the plan as it
/// would be now. Without one only where at most 20 people come by it, or `confirm` is its name.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/removal/apply",
    operation_id = "remove_connection", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
        IfMatch,
    ),
    request_body = Agreed, responses((status = 200, body = Removal)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn apply(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Removal>, Problem> {
    let (id, scope) = (id.parse::<ConnectionId>().ok(), Scope::ConnectionsWrite);
    admin.admit(&slug, scope).await?;
    let agreed: Agreed = body.json().await?;
    let admin = admin.if_still(seen(admin.gateway(), id));
    let done = admin.change(&slug, scope, &request, move |change, _| {
        let agreed = agreed.clone();
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Connection))?;
            let (digest, confirm) = (agreed.digest.as_deref(), agreed.confirm.as_deref());
            connection_end::apply(change, id, agreed.people, digest, confirm).await
        }
        .boxed()
    });
    Ok(Json(done.await?))
}
