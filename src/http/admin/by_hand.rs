//! What admins do to people by hand: roles, overrides, suspensions.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::IfMatch;
use crate::http::admin::users;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{GrantId, UserId};
use crate::provisioning::by_hand::{self, NewOverride, NewRole};
use crate::provisioning::people_view::{self, UserDetail};
use crate::provisioning::{Change, Error, Kind, access, admission};

/// Give a user a role by hand, or take it back.
///
/// It takes the place of what was given by hand before. Where a group of the directory decides the role,
/// 409 says which, and the two ways out. Roles in projects are given beside those of the directory.
#[utoipa::path(
    put, path = "/organizations/{slug}/users/{id}/role", operation_id = "set_user_role", tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        IfMatch,
    ),
    request_body = NewRole, responses((status = 200, body = UserDetail)),
    security(("key" = ["users:write"])),
)]
pub(in crate::http) async fn set_role(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<UserDetail>, Problem> {
    admin.admit(&slug, Scope::UsersWrite).await?;
    let wanted: NewRole = body.json().await?;
    changed(&admin, &slug, &request, &id, move |change, _, id| {
        let wanted = wanted.clone();
        async move { by_hand::set_role(change, &id, &wanted).await }.boxed()
    })
    .await
}

/// Override what the directory decides of a user's role, for a while.
///
/// With an operator's key alone: an organization's key is nobody who answers for it.
#[utoipa::path(
    post, path = "/organizations/{slug}/users/{id}/override", operation_id = "override_user_role",
    tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        IfMatch,
    ),
    request_body = NewOverride, responses((status = 200, body = UserDetail)),
    security(("key" = ["users:write"])),
)]
pub(in crate::http) async fn set_override(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<UserDetail>, Problem> {
    // Whoever does not answer for it learns nothing of what else may be wrong.
    let answers = admin.read(&slug, Scope::UsersWrite, |_, admitted| {
        async move { by_hand::answers(admitted.access.answers_for_overrides()) }.boxed()
    });
    answers.await?;
    let wanted: NewOverride = body.json().await?;
    changed(&admin, &slug, &request, &id, move |change, access, id| {
        let (wanted, is_operator) = (wanted.clone(), access.org.is_none());
        async move { by_hand::override_role(change, &id, &wanted, is_operator).await }.boxed()
    })
    .await
}

/// End a user's override.
#[utoipa::path(
    delete, path = "/organizations/{slug}/users/{id}/override", operation_id = "end_user_override",
    tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        IfMatch,
    ),
    responses((status = 200, body = UserDetail)),
    security(("key" = ["users:write"])),
)]
pub(in crate::http) async fn end_override(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<UserDetail>, Problem> {
    changed(&admin, &slug, &request, &id, |change, access, id| {
        let is_operator = access.org.is_none();
        async move { by_hand::end_override(change, &id, is_operator).await }.boxed()
    })
    .await
}

/// Restore a grant that is over: what an invitation, an import or an admin gave.
#[utoipa::path(
    post, path = "/organizations/{slug}/users/{id}/grants/{grant}/restore",
    operation_id = "restore_user_grant", tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        ("grant" = String, Path, description = "The grant's id"),
        IfMatch,
    ),
    responses((status = 200, body = UserDetail)),
    security(("key" = ["users:write"])),
)]
pub(in crate::http) async fn restore(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id, grant)): Path<(String, String, String)>,
) -> Result<Json<UserDetail>, Problem> {
    let grant: Option<GrantId> = grant.parse().ok();
    changed(&admin, &slug, &request, &id, move |change, _, id| {
        async move {
            let grant = grant.ok_or(Error::NotFound(Kind::Grant))?;
            by_hand::restore(change, &id, grant).await
        }
        .boxed()
    })
    .await
}

/// Suspend a user: no sign-in, no role, and every session ends at once.
///
/// Doing it again changes nothing. The owner is not suspended by hand.
#[utoipa::path(
    post, path = "/organizations/{slug}/users/{id}/suspend", operation_id = "suspend_user", tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        IfMatch,
    ),
    responses((status = 200, body = UserDetail)),
    security(("key" = ["users:write"])),
)]
pub(in crate::http) async fn suspend(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<UserDetail>, Problem> {
    changed(&admin, &slug, &request, &id, |change, _, id| {
        async move { admission::shut_out(change, &id).await }.boxed()
    })
    .await
}

/// Lift an admin's suspension of a user; one by the directory stays.
#[utoipa::path(
    post, path = "/organizations/{slug}/users/{id}/reactivate", operation_id = "reactivate_user",
    tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        IfMatch,
    ),
    responses((status = 200, body = UserDetail)),
    security(("key" = ["users:write"])),
)]
pub(in crate::http) async fn reactivate(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<UserDetail>, Problem> {
    changed(&admin, &slug, &request, &id, |change, _, id| {
        async move { admission::let_in(change, &id).await }.boxed()
    })
    .await
}

/// Changes a person, whom the path names by id, and shows them as they are then.
async fn changed<J>(
    admin: &Admin,
    slug: &str,
    request: &RequestId,
    id: &str,
    job: J,
) -> Result<Json<UserDetail>, Problem>
where
    J: for<'c, 't> Fn(
            &'c mut Change<'t>,
            &'c access::Access,
            String,
        ) -> BoxFuture<'c, Result<UserId, Error>>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let id: Option<UserId> = id.parse().ok();
    let scope = Scope::UsersWrite;
    let admin = admin.if_still(users::seen(id));
    let written = admin.change(slug, scope, request, move |change, access| {
        let (job, id) = (job.clone(), id.map(|id| id.to_string()));
        async move {
            let id = id.ok_or(Error::NotFound(Kind::User))?;
            job(change, access, id).await
        }
        .boxed()
    });
    let id = written.await?;
    let shown = admin.read(slug, scope, move |tx, admitted| {
        async move { people_view::show(tx, admitted.organization.id, id).await }.boxed()
    });
    Ok(Json(shown.await?))
}
