//! Recomputes: how far the roles of many people are computed by rules that changed.

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;

use crate::directory::scope::Scope;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::RecomputeId;
use crate::provisioning::recompute::{self, Recompute};
use crate::provisioning::{Error, Kind};

/// List the recomputes of an organization: the latest hundred.
///
/// Where a change of the rules bears on more than a thousand people, their roles are computed in batches
/// after it, admins' at once.
#[utoipa::path(
    get, path = "/organizations/{slug}/recomputes", operation_id = "list_recomputes", tag = "Mappings",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Recompute>)),
    security(("key" = ["mappings:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Recompute>>, Problem> {
    let place = listing.place::<RecomputeId>()?;
    let read = admin.read(&slug, Scope::MappingsRead, |tx, admitted| {
        async move { recompute::list(tx, admitted.organization.id).await }.boxed()
    });
    let mut all = read.await?;
    all.sort_by_key(|it| it.id);
    Ok(Json(place.cut(all, |it| it.id)))
}

/// Show how far a recompute is.
#[utoipa::path(
    get, path = "/organizations/{slug}/recomputes/{id}", operation_id = "show_recompute",
    tag = "Mappings",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The recompute's id"),
    ),
    responses((status = 200, body = Recompute)),
    security(("key" = ["mappings:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Recompute>, Problem> {
    let id = id.parse::<RecomputeId>().ok();
    let read = admin.read(&slug, Scope::MappingsRead, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Recompute))?;
            recompute::show(tx, admitted.organization.id, id).await
        }
        .boxed()
    });
    Ok(Json(read.await?))
}
