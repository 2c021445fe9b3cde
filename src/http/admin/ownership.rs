//! Transfers of ownership.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::conditional::{IfMatch, Seen};
use crate::http::admin::created::Created;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::TransferId;
use crate::provisioning::ownership::{self, NewTransfer, Transfer};
use crate::provisioning::{Error, Kind};

/// List the transfers of ownership of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/ownership-transfers", operation_id = "list_ownership_transfers",
    tag = "Ownership",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Transfer>)),
    security(("key" = ["ownership:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Transfer>>, Problem> {
    let place = listing.place::<TransferId>()?;
    let read = admin.read(&slug, Scope::OwnershipRead, move |tx, admitted| {
        async move {
            let (org, now) = (admitted.organization.id, admitted.now);
            ownership::list(tx, org, place.after, place.reading(), now).await
        }
        .boxed()
    });
    Ok(Json(place.page(read.await?, |it| it.id.to_string())))
}

/// Begin a transfer of ownership.
///
/// With an operator's key the chosen admin is asked by mail. With an organization's key the owner is asked
/// first, by mail too: such a key is no session of theirs. Where the owner cannot act, the operator is asked
/// instead, who confirms it. With `force`, which takes an operator's key and a
/// reason, the title moves at once and nobody is asked.
#[utoipa::path(
    post, path = "/organizations/{slug}/ownership-transfers",
    operation_id = "begin_ownership_transfer", tag = "Ownership",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = NewTransfer, responses((status = 201, body = Transfer)),
    security(("key" = ["ownership:write"])),
)]
pub(in crate::http) async fn begin(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<Transfer>, Problem> {
    let scope = Scope::OwnershipWrite;
    admin.admit(&slug, scope).await?;
    let wanted: NewTransfer = body.json().await?;
    let written = admin.change(&slug, scope, &request, move |change, access| {
        let (wanted, is_operator) = (wanted.clone(), access.org.is_none());
        async move { ownership::begin(change, &wanted, is_operator).await }.boxed()
    });
    let id = written.await?;
    let Json(shown) = shown(&admin, &slug, scope, Some(id)).await?;
    let path = format!("/organizations/{slug}/ownership-transfers/{id}");
    Ok(Created::at(&admin, path, shown))
}

/// Show a transfer of ownership.
#[utoipa::path(
    get, path = "/organizations/{slug}/ownership-transfers/{id}",
    operation_id = "show_ownership_transfer", tag = "Ownership",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The transfer's id"),
    ),
    responses((status = 200, body = Transfer)),
    security(("key" = ["ownership:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Transfer>, Problem> {
    shown(&admin, &slug, Scope::OwnershipRead, id.parse().ok()).await
}

/// Cancel a transfer of ownership: its links are dead.
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/ownership-transfers/{id}/cancel",
    operation_id = "cancel_ownership_transfer", tag = "Ownership",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The transfer's id"),
        IfMatch,
    ),
    responses((status = 200, body = Transfer)),
    security(("key" = ["ownership:write"])),
)]
pub(in crate::http) async fn cancel(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Transfer>, Problem> {
    let (scope, id) = (Scope::OwnershipWrite, id.parse().ok());
    let admin = admin.if_still(seen(id));
    let written = admin.change(&slug, scope, &request, move |change, _| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Transfer))?;
            ownership::cancel(change, id).await
        }
        .boxed()
    });
    written.await?;
    shown(&admin, &slug, scope, id).await
}

/// Confirm another owner, whom an admin asked for in place of one who cannot act.
///
/// With an operator's key alone. The title moves at once. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/ownership-transfers/{id}/confirm",
    operation_id = "confirm_ownership_transfer", tag = "Ownership",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The transfer's id"),
        IfMatch,
    ),
    responses((status = 200, body = Transfer)),
    security(("key" = ["ownership:write"])),
)]
pub(in crate::http) async fn confirm(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Transfer>, Problem> {
    let (scope, id) = (Scope::OwnershipWrite, id.parse().ok());
    // Whoever does not answer for it learns nothing of what else may be wrong.
    let answers = admin.read(&slug, scope, |_, admitted| {
        async move { ownership::confirms(admitted.access.org.is_none()) }.boxed()
    });
    answers.await?;
    let admin = admin.if_still(seen(id));
    let written = admin.change(&slug, scope, &request, move |change, _| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Transfer))?;
            ownership::confirm(change, id).await
        }
        .boxed()
    });
    written.await?;
    shown(&admin, &slug, scope, id).await
}

async fn shown(
    admin: &Admin,
    slug: &str,
    scope: Scope,
    id: Option<TransferId>,
) -> Result<Json<Transfer>, Problem> {
    let read = admin.read(slug, scope, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Transfer))?;
            ownership::show(tx, admitted.organization.id, id, admitted.now).await
        }
        .boxed()
    });
    Ok(Json(read.await?))
}

/// A transfer, as it is shown.
fn seen(id: Option<TransferId>) -> Seen {
    Seen::of(move |tx, moment| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Transfer))?;
            ownership::show(tx, moment.org()?, id, moment.now).await
        }
        .boxed()
    })
}
