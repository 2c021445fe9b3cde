//! What is done with one invitation that is there.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::IfMatch;
use crate::http::admin::invitations::{Answered, one, seen};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::InvitationId;
use crate::provisioning::invitations::actions::{Action, act_in};
use crate::provisioning::invitations::view::views;
use crate::provisioning::{Error, Kind};

/// What of an invitation is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InvitationChanges)]
pub struct Changes {
    /// The slug of the role.
    pub(in crate::http) role: Option<String>,
    /// The slugs of the projects; empty means the whole organization.
    pub(in crate::http) projects: Option<Vec<String>>,
}

/// Change an invitation's role or projects.
///
/// The link stays the same and nobody is mailed; the page of the link shows what holds.
#[utoipa::path(
    patch, path = "/organizations/{slug}/invitations/{id}", operation_id = "change_invitation",
    tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The invitation's id"), IfMatch),
    request_body = Changes, responses((status = 200, body = Answered)),
    security(("key" = ["invitations:write"])),
)]
pub(in crate::http) async fn change(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Answered>, Problem> {
    admin.admit(&slug, Scope::InvitationsWrite).await?;
    let Changes { role, projects } = body.json().await?;
    act(&admin, &request, &slug, &id, Action::Set { role, projects }).await
}

/// How an invitation is sent again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resend {
    /// Whether it gets a new link, and older ones die.
    #[serde(default)]
    pub(in crate::http) rotate: bool,
}

/// Send an invitation again.
///
/// The same link, until the same time; one that has expired is extended by seven days.
#[utoipa::path(
    post, path = "/organizations/{slug}/invitations/{id}/resend",
    operation_id = "resend_invitation", tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The invitation's id"), IfMatch),
    request_body = Resend, responses((status = 200, body = Answered)),
    security(("key" = ["invitations:write"])),
)]
pub(in crate::http) async fn resend(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Answered>, Problem> {
    admin.admit(&slug, Scope::InvitationsWrite).await?;
    let Resend { rotate } = body.json().await?;
    act(&admin, &request, &slug, &id, Action::Resend { rotate }).await
}

/// By how much an invitation is extended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    /// 7, 14 or 30.
    pub(in crate::http) days: i64,
    /// Whether the person is mailed.
    #[serde(default)]
    pub(in crate::http) notify: bool,
}

/// Extend an invitation.
///
/// From its expiry on, or from now on where it has expired, which revives it.
#[utoipa::path(
    post, path = "/organizations/{slug}/invitations/{id}/extend",
    operation_id = "extend_invitation", tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The invitation's id"), IfMatch),
    request_body = Extend, responses((status = 200, body = Answered)),
    security(("key" = ["invitations:write"])),
)]
pub(in crate::http) async fn extend(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Answered>, Problem> {
    admin.admit(&slug, Scope::InvitationsWrite).await?;
    let Extend { days, notify } = body.json().await?;
    act(
        &admin,
        &request,
        &slug,
        &id,
        Action::Extend { days, notify },
    )
    .await
}

/// Revoke an invitation.
///
/// Its link is dead at once; the person may still come through a directory or a sign-in. Doing it
/// again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/invitations/{id}/revoke",
    operation_id = "revoke_invitation", tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The invitation's id"), IfMatch),
    responses((status = 200, body = Answered)),
    security(("key" = ["invitations:write"])),
)]
pub(in crate::http) async fn revoke(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Answered>, Problem> {
    act(&admin, &request, &slug, &id, Action::Revoke).await
}

pub(in crate::http) async fn act(
    admin: &Admin,
    request: &RequestId,
    slug: &str,
    id: &str,
    action: Action,
) -> Result<Json<Answered>, Problem> {
    let id = id.parse::<InvitationId>().ok();
    let scope = Scope::InvitationsWrite;
    let admin = admin.if_still(seen(id));
    let done = admin.change(slug, scope, request, move |change, access| {
        let action = action.clone();
        async move {
            let inviter = access.inviter(change.tx).await?;
            let id = id.ok_or(Error::NotFound(Kind::Invitation))?;
            let done = act_in(change, Some(inviter), id, &action).await?;
            let (org, now) = (change.org, change.now);
            let invitation = one(views(change.tx, org, vec![done.row], now).await?)?;
            let resent = matches!(action, Action::Resend { .. });
            Ok(Answered {
                invitation,
                accept_url: None,
                extended: resent.then_some(done.extended),
                warnings: done.warnings,
            })
        }
        .boxed()
    });
    Ok(Json(done.await?))
}
