//! The projects of an organization.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Extension, Json};
use futures_util::FutureExt;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::ProjectId;
use crate::provisioning::settings::projects::{self, NewProject, Project, ProjectChange};

/// List the projects of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/projects", operation_id = "list_projects", tag = "Projects",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Project>)),
    security(("key" = ["projects:read"])),
)]
pub(super) async fn list(
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
pub(super) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<(StatusCode, Json<Project>), Problem> {
    let scope = Scope::ProjectsWrite;
    admin.admit(&slug, scope).await?;
    let new: NewProject = body.json().await?;
    let created = admin.change(&slug, scope, &request, move |change, _| {
        let new = new.clone();
        async move { projects::create_in(change, &new).await }.boxed()
    });
    Ok((StatusCode::CREATED, Json(created.await?)))
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
    ),
    request_body = ProjectChange, responses((status = 200, body = Project)),
    security(("key" = ["projects:write"])),
)]
pub(super) async fn update(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, project)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Project>, Problem> {
    let scope = Scope::ProjectsWrite;
    admin.admit(&slug, scope).await?;
    let wanted: ProjectChange = body.json().await?;
    let updated = admin.change(&slug, scope, &request, move |change, _| {
        let (project, wanted) = (project.clone(), wanted.clone());
        async move { projects::update(change, &project, &wanted).await }.boxed()
    });
    Ok(Json(updated.await?))
}
