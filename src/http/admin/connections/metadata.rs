//! How a connection's metadata are kept up to date: what is published, proposed, said yes or no to.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::ConnectionId;
use crate::provisioning::metadata::{self, Metadata};
use crate::provisioning::{Error, Kind};

/// What a path leads to that names something else than an id.
const NO_CONNECTION: Error = Error::NotFound(Kind::Connection);

/// Show how a connection's metadata are kept up to date, and what waits for a yes.
#[utoipa::path(
    get, path = "/organizations/{slug}/connections/{id}/metadata",
    operation_id = "show_connection_metadata", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    responses((status = 200, body = Metadata)),
    security(("key" = ["connections:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Metadata>, Problem> {
    let id: Option<ConnectionId> = id.parse().ok();
    let shown = admin.read(&slug, Scope::ConnectionsRead, move |tx, admitted| {
        async move {
            let org = admitted.organization.id;
            metadata::show_in(tx, org, id.ok_or(NO_CONNECTION)?).await
        }
        .boxed()
    });
    Ok(Json(shown.await?))
}

/// Ask that a connection's metadata are read again soon.
///
/// They are read within seconds, and at most once a minute; `fetched_at` says when it is done.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/metadata/refresh",
    operation_id = "refresh_connection_metadata", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    responses((status = 202, body = Metadata)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn refresh(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<(StatusCode, Json<Metadata>), Problem> {
    let (id, scope) = (id.parse::<ConnectionId>().ok(), Scope::ConnectionsWrite);
    let asked = admin.change(&slug, scope, &request, move |change, _| {
        async move { metadata::ask_in(change, id.ok_or(NO_CONNECTION)?).await }.boxed()
    });
    Ok((StatusCode::ACCEPTED, Json(asked.await?)))
}

/// A yes or a no to what was seen.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MetadataAnswer)]
pub(in crate::http) struct Answer {
    /// The proposal's digest, as it was shown.
    pub(in crate::http) digest: String,
}

/// Reads a yes or a no of the operator's.
async fn answer(admin: &Admin, slug: &str, body: Unread) -> Result<String, Problem> {
    let operator = admin.read(slug, Scope::ConnectionsWrite, |_, admitted| {
        async move { admitted.access.require_operator() }.boxed()
    });
    operator.await?;
    let Answer { digest } = body.json().await?;
    Ok(digest)
}

/// Trust what a connection's identity provider newly publishes.
///
/// Only the operator's keys may: who is trusted decides who comes in, and as what. `digest` is that of
/// the proposal that was looked at; where another one waits by now, nothing is done (412).
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/metadata/apply",
    operation_id = "apply_connection_metadata", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    request_body = Answer, responses((status = 200, body = Metadata)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn apply(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Metadata>, Problem> {
    let digest = answer(&admin, &slug, body).await?;
    let (id, scope) = (id.parse::<ConnectionId>().ok(), Scope::ConnectionsWrite);
    let applied = admin.change(&slug, scope, &request, move |change, access| {
        let digest = digest.clone();
        async move {
            access.require_operator()?;
            metadata::apply_in(change, id.ok_or(NO_CONNECTION)?, &digest).await
        }
        .boxed()
    });
    Ok(Json(applied.await?))
}

/// Say no to what a connection's identity provider newly publishes.
///
/// What is trusted is, and the same is not proposed again. Only the operator's keys may: a no keeps
/// what the provider gave up.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/metadata/dismiss",
    operation_id = "dismiss_connection_metadata", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    request_body = Answer, responses((status = 200, body = Metadata)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn dismiss(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Metadata>, Problem> {
    let digest = answer(&admin, &slug, body).await?;
    let (id, scope) = (id.parse::<ConnectionId>().ok(), Scope::ConnectionsWrite);
    let dismissed = admin.change(&slug, scope, &request, move |change, access| {
        let digest = digest.clone();
        async move {
            access.require_operator()?;
            metadata::dismiss_in(change, id.ok_or(NO_CONNECTION)?, &digest).await
        }
        .boxed()
    });
    Ok(Json(dismissed.await?))
}
