//! Organizations, and what an organization is made of: its roles and its projects.

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{OrganizationId, ProjectId, RoleId};
use crate::provisioning::Error;
use crate::store::rows::{OrganizationRow, ProjectRow, RoleRow};

/// An organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct Organization {
    /// The id: `org` in ID tokens.
    #[schema(value_type = String, format = "uuid")]
    id: OrganizationId,
    /// Its name in URLs, fixed for life.
    slug: String,
    /// Its name for people.
    name: String,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub struct Role {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: RoleId,
    /// Its name on the wire, fixed for life.
    slug: String,
    /// Its name for people.
    name: String,
    /// Its place in the order, 1 to 100, unique.
    rank: i64,
    /// Whether people hold it to whom nothing else gives a role.
    default: bool,
}

/// A project.
#[derive(Debug, Serialize, ToSchema)]
pub struct Project {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: ProjectId,
    /// Its name on the wire, fixed for life.
    slug: String,
    /// Its name for people.
    name: String,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
    /// Since when it takes nobody any more.
    #[schema(value_type = Option<String>, format = "date-time")]
    archived_at: Option<Timestamp>,
}

/// List the organizations that the key is good for.
///
/// An operator's key sees all of them, an organization's key its own.
#[utoipa::path(
    get, path = "/organizations", operation_id = "list_organizations", tag = "Organizations",
    params(Listing), responses((status = 200, body = Page<Organization>)),
    security(("key" = ["organizations:read"])),
)]
pub(super) async fn list(
    admin: Admin,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Organization>>, Problem> {
    let place = listing.place::<OrganizationId>()?;
    let rows = admin.read_any(move |tx, access, _| {
        async move {
            access.require(Scope::OrganizationsRead)?;
            let limit = i64::try_from(place.reading()).unwrap_or(i64::MAX);
            Ok::<_, Error>(match access.org {
                None => tx.organization_page(place.after, limit).await?,
                Some(own) => {
                    let later = place.after.is_none_or(|after| own > after);
                    tx.organization(own)
                        .await?
                        .filter(|_| later)
                        .into_iter()
                        .collect()
                }
            })
        }
        .boxed()
    });
    let data = rows.await?.into_iter().map(organization).collect();
    Ok(Json(
        place.page(data, |organization| organization.id.to_string()),
    ))
}

fn organization(row: OrganizationRow) -> Organization {
    Organization {
        id: row.id,
        slug: row.slug,
        name: row.name,
        created_at: row.created_at.0,
    }
}

/// List the roles of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/roles", operation_id = "list_roles", tag = "Roles",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Role>)),
    security(("key" = ["roles:read"])),
)]
pub(super) async fn roles(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Role>>, Problem> {
    let place = listing.place::<RoleId>()?;
    let rows = admin.read(&slug, Scope::RolesRead, |tx, admitted| {
        async move {
            let organization = admitted.organization;
            Ok((
                tx.roles(organization.id).await?,
                organization.default_role_id,
            ))
        }
        .boxed()
    });
    let (rows, default) = rows.await?;
    let view = |RoleRow {
                    id,
                    slug,
                    name,
                    rank,
                    ..
                }| Role {
        id,
        slug,
        name,
        rank,
        default: id == default,
    };
    Ok(Json(
        place.cut(rows.into_iter().map(view).collect(), |role| role.id),
    ))
}

/// List the projects of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/projects", operation_id = "list_projects", tag = "Projects",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Project>)),
    security(("key" = ["projects:read"])),
)]
pub(super) async fn projects(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Project>>, Problem> {
    let place = listing.place::<ProjectId>()?;
    let rows = admin.read(&slug, Scope::ProjectsRead, |tx, admitted| {
        async move { Ok(tx.projects(admitted.organization.id).await?) }.boxed()
    });
    let view = |row: ProjectRow| Project {
        id: row.id,
        slug: row.slug,
        name: row.name,
        created_at: row.created_at.0,
        archived_at: row.archived_at.map(|at| at.0),
    };
    Ok(Json(place.cut(
        rows.await?.into_iter().map(view).collect(),
        |project| project.id,
    )))
}
