//! A person's sessions.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{SessionId, UserId};
use crate::provisioning::people_view::sessions::{self, Session};
use crate::provisioning::{Error, Kind};

/// What a path leads to that names something else than an id.
const NO_USER: Error = Error::NotFound(Kind::User);

/// How many sessions were ended.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct RevokedSessions {
    /// The number.
    pub(in crate::http) revoked: usize,
}

/// List the sessions of a user that have not ended.
#[utoipa::path(
    get, path = "/organizations/{slug}/users/{id}/sessions", operation_id = "list_user_sessions",
    tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        Listing,
    ),
    responses((status = 200, body = Page<Session>)),
    security(("key" = ["users:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Session>>, Problem> {
    let (place, id) = (listing.place::<SessionId>()?, id.parse::<UserId>().ok());
    let read = admin.read(&slug, Scope::UsersRead, move |tx, admitted| {
        async move {
            let org = admitted.organization.id;
            sessions::list(tx, org, id.ok_or(NO_USER)?, admitted.now).await
        }
        .boxed()
    });
    Ok(Json(place.cut(read.await?, |session| session.id)))
}

/// End a session of a user; apps are told.
///
/// Doing it again changes nothing. They may sign in anew: to keep somebody out, suspend them.
#[utoipa::path(
    post, path = "/organizations/{slug}/users/{id}/sessions/{session}/revoke",
    operation_id = "revoke_user_session", tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        ("session" = String, Path, description = "The session's id"),
    ),
    responses((status = 200, body = RevokedSessions)),
    security(("key" = ["users:write"])),
)]
pub(in crate::http) async fn revoke(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id, session)): Path<(String, String, String)>,
) -> Result<Json<RevokedSessions>, Problem> {
    admin.admit(&slug, Scope::UsersWrite).await?;
    let session = session.parse();
    let session = session.map_err(|_| Error::NotFound(Kind::Session))?;
    end(&admin, &request, (&slug, &id), Some(session)).await
}

/// End every session of a user; apps are told.
///
/// They may sign in anew: to keep somebody out, suspend them.
#[utoipa::path(
    post, path = "/organizations/{slug}/users/{id}/sessions/revoke",
    operation_id = "revoke_user_sessions", tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
    ),
    responses((status = 200, body = RevokedSessions)),
    security(("key" = ["users:write"])),
)]
pub(in crate::http) async fn revoke_all(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<RevokedSessions>, Problem> {
    end(&admin, &request, (&slug, &id), None).await
}

async fn end(
    admin: &Admin,
    request: &RequestId,
    (slug, id): (&str, &str),
    one: Option<SessionId>,
) -> Result<Json<RevokedSessions>, Problem> {
    let id: Option<UserId> = id.parse().ok();
    let ended = admin.change(slug, Scope::UsersWrite, request, move |change, _| {
        async move { sessions::revoke(change, id.ok_or(NO_USER)?, one).await }.boxed()
    });
    let revoked = ended.await?;
    Ok(Json(RevokedSessions { revoked }))
}
