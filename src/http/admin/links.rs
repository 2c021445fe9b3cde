//! Resources of directories that are nobody's: whose they are, as somebody says who may.
#![expect(
    unused_qualifications,
    reason = "the OpenAPI macro writes its types in full"
)]

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::directory::link::LinkState;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::ScimUserId;
use crate::provisioning::access::Access;
use crate::provisioning::links::{self, Link, Moved, Said};
use crate::provisioning::{Change, Error, Kind};

/// Which resources are asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Search {
    /// Those that are this: `proposed`, `rejected` or `unlinked`; all of them unless said.
    #[param(inline)]
    pub(in crate::http) state: Option<LinkState>,
    /// How many items, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
    /// Go on after this one: what `next` was.
    pub(in crate::http) after: Option<String>,
}

/// List the resources of directories that are nobody's, with the person for whom each is proposed.
///
/// A directory that names somebody privileged (the owner, an admin by hand, a holder of an override) gets its
/// resource, and the person stays as they are until somebody says that the two are one.
#[utoipa::path(
    get, path = "/organizations/{slug}/links", operation_id = "list_links", tag = "Links",
    params(("slug" = String, Path, description = "The organization's slug"), Search),
    responses((status = 200, body = Page<Link>)),
    security(("key" = ["links:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(search): Asked<Search>,
) -> Result<Json<Page<Link>>, Problem> {
    let listing = Listing {
        limit: search.limit,
        after: search.after,
    };
    let place = listing.place::<ScimUserId>()?;
    let links = admin.read(&slug, Scope::LinksRead, move |tx, admitted| {
        async move {
            let org = admitted.organization.id;
            links::list(tx, org, search.state, place.after, place.reading()).await
        }
        .boxed()
    });
    Ok(Json(
        place.page(links.await?, |link| link.scim_id.to_string()),
    ))
}

/// Show a resource of a directory, and whose it is.
#[utoipa::path(
    get, path = "/organizations/{slug}/links/{id}", operation_id = "show_link", tag = "Links",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The resource's id: `scim_id`"),
    ),
    responses((status = 200, body = Link)),
    security(("key" = ["links:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Link>, Problem> {
    shown(&admin, &slug, Scope::LinksRead, id.parse().ok()).await
}

/// Approve a proposed link: the directory adopts the person.
///
/// It has the profile and the sign-in address from now on, its groups give roles, and where it says that the
/// person is inactive they are suspended. The owner's takes an operator's key.
#[utoipa::path(
    post, path = "/organizations/{slug}/links/{id}/approve", operation_id = "approve_link",
    tag = "Links",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The resource's id: `scim_id`"),
    ),
    request_body = Said, responses((status = 200, body = Link)),
    security(("key" = ["links:write"])),
)]
pub(in crate::http) async fn approve(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Link>, Problem> {
    admin.admit(&slug, Scope::LinksWrite).await?;
    let said: Said = body.json().await?;
    changed(&admin, &slug, &request, &id, move |change, access, id| {
        let (said, is_operator) = (said.clone(), access.org.is_none());
        async move { links::approve(change, id, &said, is_operator).await }.boxed()
    })
    .await
}

/// Reject a proposed link: the resource is nobody's, and is not proposed for that person again.
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/links/{id}/reject", operation_id = "reject_link",
    tag = "Links",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The resource's id: `scim_id`"),
    ),
    request_body = Said, responses((status = 200, body = Link)),
    security(("key" = ["links:write"])),
)]
pub(in crate::http) async fn reject(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Link>, Problem> {
    admin.admit(&slug, Scope::LinksWrite).await?;
    let said: Said = body.json().await?;
    changed(&admin, &slug, &request, &id, move |change, _, id| {
        let said = said.clone();
        async move { links::reject(change, id, &said).await }.boxed()
    })
    .await
}

/// Say whose a resource is that is nobody's: proposed for another one, rejected, or left behind.
///
/// What follows is what follows from an approval. A resource that is somebody's stays theirs.
#[utoipa::path(
    post, path = "/organizations/{slug}/links/{id}/move", operation_id = "move_link", tag = "Links",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The resource's id: `scim_id`"),
    ),
    request_body = Moved, responses((status = 200, body = Link)),
    security(("key" = ["links:write"])),
)]
pub(in crate::http) async fn relocate(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Link>, Problem> {
    admin.admit(&slug, Scope::LinksWrite).await?;
    let wanted: Moved = body.json().await?;
    changed(&admin, &slug, &request, &id, move |change, access, id| {
        let (wanted, is_operator) = (wanted.clone(), access.org.is_none());
        async move { links::relocate(change, id, &wanted, is_operator).await }.boxed()
    })
    .await
}

async fn changed<J>(
    admin: &Admin,
    slug: &str,
    request: &RequestId,
    id: &str,
    job: J,
) -> Result<Json<Link>, Problem>
where
    J: for<'c, 't> Fn(
            &'c mut Change<'t>,
            &'c Access,
            ScimUserId,
        ) -> BoxFuture<'c, Result<(), Error>>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let (id, scope) = (id.parse().ok(), Scope::LinksWrite);
    let written = admin.change(slug, scope, request, move |change, access| {
        let job = job.clone();
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Link))?;
            job(change, access, id).await
        }
        .boxed()
    });
    written.await?;
    shown(admin, slug, scope, id).await
}

async fn shown(
    admin: &Admin,
    slug: &str,
    scope: Scope,
    id: Option<ScimUserId>,
) -> Result<Json<Link>, Problem> {
    let read = admin.read(slug, scope, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Link))?;
            links::show(tx, admitted.organization.id, id).await
        }
        .boxed()
    });
    Ok(Json(read.await?))
}
