//! The projects of an organization.

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
use crate::id::{OrganizationId, ProjectId};
use crate::provisioning::settings::projects::{self, NewProject, Project, ProjectChange};
use crate::provisioning::{Error, Kind};
use crate::store::Tx;

/// List the projects of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/projects", operation_id = "list_projects", tag = "Projects",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Project>)),
    security(("key" = ["projects:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Project>>, Problem> {
    let place = listing.place::<ProjectId>()?;
    let rows = admin.read(&slug, Scope::ProjectsRead, |tx, admitted| {
        async move { Ok(tx.projects(admitted.organization.id).await?) }.boxed()
    });
    let all = rows.await?.into_iter().map(Project::from).collect();
    Ok(Json(place.cut(all, |project| project.id)))
}

/// Create a project.
#[utoipa::path(
    post, path = "/organizations/{slug}/projects", operation_id = "create_project",
    tag = "Projects",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = NewProject, responses((status = 201, body = Project)),
    security(("key" = ["projects:write"])),
)]
pub(in crate::http) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<Project>, Problem> {
    let scope = Scope::ProjectsWrite;
    admin.admit(&slug, scope).await?;
    let new: NewProject = body.json().await?;
    let created = admin.change(&slug, scope, &request, move |change, _| {
        let new = new.clone();
        async move { projects::create_in(change, &new).await }.boxed()
    });
    let created = created.await?;
    let path = format!("/organizations/{slug}/projects/{}", created.slug);
    Ok(Created::at(&admin, path, created))
}

/// Show a project.
#[utoipa::path(
    get, path = "/organizations/{slug}/projects/{project}", operation_id = "show_project",
    tag = "Projects",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
    ),
    responses((status = 200, body = Project)),
    security(("key" = ["projects:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, project)): Path<(String, String)>,
) -> Result<Json<Project>, Problem> {
    let read = admin.read(&slug, Scope::ProjectsRead, move |tx, admitted| {
        let (org, project) = (admitted.organization.id, project.clone());
        async move { one(tx, org, &project).await }.boxed()
    });
    Ok(Json(read.await?))
}

/// Rename a project, archive it, or let it live again.
///
/// What is not named stays. Of an archived project apps are told no role, and nobody is given one; live again,
/// everybody has what they had.
#[utoipa::path(
    patch, path = "/organizations/{slug}/projects/{project}", operation_id = "change_project",
    tag = "Projects",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("project" = String, Path, description = "The project's slug"),
        IfMatch,
    ),
    request_body = ProjectChange, responses((status = 200, body = Project)),
    security(("key" = ["projects:write"])),
)]
pub(in crate::http) async fn update(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, project)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Project>, Problem> {
    let scope = Scope::ProjectsWrite;
    admin.admit(&slug, scope).await?;
    let wanted: ProjectChange = body.json().await?;
    let admin = admin.if_still(seen(&project));
    let updated = admin.change(&slug, scope, &request, move |change, _| {
        let (project, wanted) = (project.clone(), wanted.clone());
        async move { projects::update(change, &project, &wanted).await }.boxed()
    });
    Ok(Json(updated.await?))
}

async fn one(tx: &mut Tx, org: OrganizationId, slug: &str) -> Result<Project, Error> {
    let mut all = tx.projects(org).await?.into_iter();
    let row = all.find(|row| row.slug == slug);
    Ok(row.ok_or(Error::NotFound(Kind::Project))?.into())
}

/// A project, as it is shown.
fn seen(slug: &str) -> Seen {
    let slug = slug.to_owned();
    Seen::of(move |tx, moment| {
        let slug = slug.clone();
        async move { one(tx, moment.org()?, &slug).await }.boxed()
    })
}
