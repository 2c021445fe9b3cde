//! The owner's way in while no connection brings them in.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::{IfMatch, Seen};
use crate::http::admin::created::Created;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::provisioning::break_glass::{self, BreakGlass, NewBreakGlass, Opened};

/// Show whether the owner can sign in without a connection, and when that was opened last.
#[utoipa::path(
    get, path = "/organizations/{slug}/break-glass", operation_id = "show_break_glass",
    tag = "Ownership",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = BreakGlass)),
    security(("key" = ["ownership:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<BreakGlass>, Problem> {
    shown(&admin, &slug, Scope::OwnershipRead).await
}

/// Let the owner sign in without a connection, for a while.
///
/// With an operator's key alone. The answer has the link, this once: hand it to the owner in person. With it, and
/// with a code that is mailed to their own address, they sign in with their own role, for an hour at a time. Admins
/// and the operator are told by mail, now and each time that it is used. One that was open before is closed.
#[utoipa::path(
    post, path = "/organizations/{slug}/break-glass", operation_id = "open_break_glass",
    tag = "Ownership",
    params(("slug" = String, Path, description = "The organization's slug"), IfMatch),
    request_body = NewBreakGlass, responses((status = 201, body = Opened)),
    security(("key" = ["ownership:write"])),
)]
pub(in crate::http) async fn open(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<Opened>, Problem> {
    let scope = Scope::OwnershipWrite;
    admin.admit(&slug, scope).await?;
    let wanted: NewBreakGlass = body.json().await?;
    let public_url = admin.gateway().public_url.clone();
    let admin = admin.if_still(seen());
    let opened = admin.change(&slug, scope, &request, move |change, _| {
        let (wanted, public_url) = (wanted.clone(), public_url.clone());
        async move { break_glass::open(change, &wanted, &public_url).await }.boxed()
    });
    let opened = opened.await?;
    let path = format!("/organizations/{slug}/break-glass");
    Ok(Created::at(&admin, path, opened))
}

/// Close it: its link is dead, and what was begun by it ends.
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/break-glass/close", operation_id = "close_break_glass",
    tag = "Ownership",
    params(("slug" = String, Path, description = "The organization's slug"), IfMatch),
    responses((status = 200, body = BreakGlass)),
    security(("key" = ["ownership:write"])),
)]
pub(in crate::http) async fn close(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
) -> Result<Json<BreakGlass>, Problem> {
    let scope = Scope::OwnershipWrite;
    let admin = admin.if_still(seen());
    let written = admin.change(&slug, scope, &request, |change, _| {
        async move { break_glass::close(change).await }.boxed()
    });
    written.await?;
    shown(&admin, &slug, scope).await
}

async fn shown(admin: &Admin, slug: &str, scope: Scope) -> Result<Json<BreakGlass>, Problem> {
    let read = admin.read(slug, scope, |tx, admitted| {
        async move { break_glass::show(tx, admitted.organization.id, admitted.now).await }.boxed()
    });
    Ok(Json(read.await?))
}

/// How it stands, as it is shown.
fn seen() -> Seen {
    Seen::of(|tx, moment| {
        async move { break_glass::show(tx, moment.org()?, moment.now).await }.boxed()
    })
}
