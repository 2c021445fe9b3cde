//! An organization's policy: who may be invited, and how they come in.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;

use crate::directory::policy::Policy;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::{IfMatch, Seen};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::provisioning::invitations::known;
use crate::provisioning::settings::policy;

/// Show an organization's policy.
#[utoipa::path(
    get, path = "/organizations/{slug}/policy", operation_id = "show_policy", tag = "Organizations",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = Policy)),
    security(("key" = ["organizations:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<Policy>, Problem> {
    let read = admin.read(&slug, Scope::OrganizationsRead, |tx, admitted| {
        async move { known::policy(tx, admitted.organization.id).await }.boxed()
    });
    Ok(Json(read.await?))
}

/// Replace an organization's policy.
///
/// What is not mentioned goes back to its default. `alternate_public_url` is set by an operator's
/// key alone.
#[utoipa::path(
    put, path = "/organizations/{slug}/policy", operation_id = "replace_policy",
    tag = "Organizations",
    params(("slug" = String, Path, description = "The organization's slug"), IfMatch),
    request_body = Policy, responses((status = 200, body = Policy)),
    security(("key" = ["organizations:write"])),
)]
pub(in crate::http) async fn replace(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Json<Policy>, Problem> {
    let scope = Scope::OrganizationsWrite;
    admin.admit(&slug, scope).await?;
    let next = policy::checked(body.json().await?)?;
    let admin = admin.if_still(seen());
    let written = admin.change(&slug, scope, &request, move |change, access| {
        let (operator, next) = (access.org.is_none(), next.clone());
        async move { policy::replace(change, operator, next).await }.boxed()
    });
    Ok(Json(written.await?))
}

/// A policy, as it is shown.
fn seen() -> Seen {
    Seen::of(|tx, moment| async move { known::policy(tx, moment.org()?).await }.boxed())
}
