//! Links that people proved to be theirs, so that they sign in with their own role: whether they may.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::MailCodeId;
use crate::provisioning::links::proof::{self, Proved};
use crate::provisioning::{Error, Kind};

/// List the links that people proved to be theirs, and that wait for a yes.
///
/// Whoever holds a higher role than their connection gives asks for it in their session, and proves the
/// mailbox of their address. The owner is asked by mail.
#[utoipa::path(
    get, path = "/organizations/{slug}/link-confirmations", operation_id = "list_link_confirmations",
    tag = "Links",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Proved>)),
    security(("key" = ["links:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Proved>>, Problem> {
    let place = listing.place::<MailCodeId>()?;
    let read = admin.read(&slug, Scope::LinksRead, |tx, admitted| {
        async move { proof::waiting(tx, admitted.organization.id, admitted.now).await }.boxed()
    });
    Ok(Json(place.cut(read.await?, |it| it.id)))
}

/// Say yes in the owner's place: the person signs in by the link with their own role.
///
/// With an operator's key alone.
#[utoipa::path(
    post, path = "/organizations/{slug}/link-confirmations/{id}/approve",
    operation_id = "approve_link_confirmation", tag = "Links",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The id of the question"),
    ),
    responses((status = 200, body = Proved)),
    security(("key" = ["links:write"])),
)]
pub(in crate::http) async fn approve(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Proved>, Problem> {
    // Whoever does not answer for it learns nothing of what else may be wrong.
    let answers = admin.read(&slug, Scope::LinksWrite, |_, admitted| {
        async move { proof::answers(admitted.access.org.is_none()) }.boxed()
    });
    answers.await?;
    decided(&admin, &slug, &request, (&id, true)).await
}

/// Say no: the link reaches as high as its connection does.
#[utoipa::path(
    post, path = "/organizations/{slug}/link-confirmations/{id}/refuse",
    operation_id = "refuse_link_confirmation", tag = "Links",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The id of the question"),
    ),
    responses((status = 200, body = Proved)),
    security(("key" = ["links:write"])),
)]
pub(in crate::http) async fn refuse(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Proved>, Problem> {
    decided(&admin, &slug, &request, (&id, false)).await
}

async fn decided(
    admin: &Admin,
    slug: &str,
    request: &RequestId,
    (id, is_yes): (&str, bool),
) -> Result<Json<Proved>, Problem> {
    let (scope, id): (_, Option<MailCodeId>) = (Scope::LinksWrite, id.parse().ok());
    let written = admin.change(slug, scope, request, move |change, access| {
        let is_operator = access.org.is_none();
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Link))?;
            proof::decide(change, id, is_yes, is_operator).await
        }
        .boxed()
    });
    written.await?;
    let read = admin.read(slug, scope, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Link))?;
            proof::show(tx, admitted.organization.id, id).await
        }
        .boxed()
    });
    Ok(Json(read.await?))
}
