//! What is kept of a user: handed out, or erased.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::UserId;
use crate::provisioning::erase::{self, ErasedUser};
use crate::provisioning::user_export::{self, UserExport};
use crate::provisioning::{Error, Kind};

/// Why a user is to be erased.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Erasure {
    /// The reason. It is kept in the audit log, so that it should name nobody.
    pub(in crate::http) reason: String,
}

fn named(id: &str) -> Result<UserId, Error> {
    id.parse().map_err(|_| Error::NotFound(Kind::User))
}

/// Export everything that is kept of a user: profile, resources, identities, grants, invitations,
/// sessions, sign-ins and lines of the audit log. Secrets are not in it.
#[utoipa::path(
    get, path = "/organizations/{slug}/users/{id}/export", operation_id = "export_user",
    tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
    ),
    responses((status = 200, body = UserExport)),
    security(("key" = ["users:export"])),
)]
pub(in crate::http) async fn export(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<UserExport>, Problem> {
    let exported = admin.read(&slug, Scope::UsersExport, move |tx, admitted| {
        let id = named(&id);
        async move { user_export::export(tx, admitted.organization.id, id?, admitted.now).await }
            .boxed()
    });
    Ok(Json(exported.await?))
}

/// Erase everything personal that is kept of a user, for good.
///
/// The user must be suspended or deleted. That somebody was there, and what was done, stays; a directory
/// that names them again makes a new user. Who is erased already stays so. The event `user.erased` tells
/// the app to do the same.
#[utoipa::path(
    post, path = "/organizations/{slug}/users/{id}/erase", operation_id = "erase_user", tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
    ),
    request_body = Erasure, responses((status = 200, body = ErasedUser)),
    security(("key" = ["users:erase"])),
)]
pub(in crate::http) async fn erase(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<ErasedUser>, Problem> {
    admin.admit(&slug, Scope::UsersErase).await?;
    let Erasure { reason } = body.json().await?;
    let erased = admin.change(&slug, Scope::UsersErase, &request, move |change, _| {
        let (id, reason) = (named(&id), reason.clone());
        async move { erase::erase(change, id?, &reason).await }.boxed()
    });
    Ok(Json(erased.await?))
}
