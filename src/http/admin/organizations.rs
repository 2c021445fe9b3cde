//! Organizations.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::conditional::{IfMatch, Seen};
use crate::http::admin::created::Created;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::OrganizationId;
use crate::provisioning::settings::organizations::{
    self, CreatedOrganization, NewOrganization, Organization as Detail, OrganizationChange,
};
use crate::provisioning::{Error, Kind};
use crate::store::rows::OrganizationRow;

/// An organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct Organization {
    /// The id: `org` in ID tokens.
    #[schema(value_type = String, format = "uuid")]
    pub(in crate::http) id: OrganizationId,
    /// Its name in URLs, fixed for life.
    pub(in crate::http) slug: String,
    /// Its name for people.
    pub(in crate::http) name: String,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    pub(in crate::http) created_at: Timestamp,
}

/// List the organizations that the key is good for.
///
/// An operator's key sees all of them, an organization's key its own.
#[utoipa::path(
    get, path = "/organizations", operation_id = "list_organizations", tag = "Organizations",
    params(Listing), responses((status = 200, body = Page<Organization>)),
    security(("key" = ["organizations:read"])),
)]
pub(in crate::http) async fn list(
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

/// Create an organization, with its roles and perhaps its first owner.
///
/// With an operator's key alone. Where an owner is named, the answer has a link that lets them in at the console,
/// this once. No connection signs the owner in before the operator confirms it.
#[utoipa::path(
    post, path = "/organizations", operation_id = "create_organization", tag = "Organizations",
    request_body = NewOrganization, responses((status = 201, body = CreatedOrganization)),
    security(("key" = ["organizations:write"])),
)]
pub(in crate::http) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    body: Unread,
) -> Result<Created<CreatedOrganization>, Problem> {
    let scope = Scope::OrganizationsWrite;
    admin.admit_operator(scope).await?;
    let new: NewOrganization = body.json().await?;
    let public_url = admin.gateway().public_url.clone();
    let created = admin.operate(scope, &request, move |tx, context, _| {
        let (new, public_url) = (new.clone(), public_url.clone());
        async move { organizations::create_in(tx, &context, &new, &public_url).await }.boxed()
    });
    let created = created.await?;
    let path = format!("/organizations/{}", created.organization.slug);
    Ok(Created::at(&admin, path, created))
}

/// Show an organization, with its default role and its owner.
#[utoipa::path(
    get, path = "/organizations/{slug}", operation_id = "show_organization", tag = "Organizations",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = Detail)),
    security(("key" = ["organizations:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<Detail>, Problem> {
    let read = admin.read(&slug, Scope::OrganizationsRead, |tx, admitted| {
        async move { organizations::described(tx, admitted.organization).await }.boxed()
    });
    Ok(Json(read.await?))
}

/// Give an organization another name for people.
#[utoipa::path(
    patch, path = "/organizations/{slug}", operation_id = "change_organization",
    tag = "Organizations",
    params(("slug" = String, Path, description = "The organization's slug"), IfMatch),
    request_body = OrganizationChange, responses((status = 200, body = Detail)),
    security(("key" = ["organizations:write"])),
)]
pub(in crate::http) async fn rename(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Json<Detail>, Problem> {
    let scope = Scope::OrganizationsWrite;
    admin.admit(&slug, scope).await?;
    let wanted: OrganizationChange = body.json().await?;
    let admin = admin.if_still(seen());
    let renamed = admin.change(&slug, scope, &request, move |change, _| {
        let wanted = wanted.clone();
        async move { organizations::rename(change, &wanted).await }.boxed()
    });
    Ok(Json(renamed.await?))
}

/// An organization, as it is shown.
fn seen() -> Seen {
    Seen::of(|tx, moment| {
        async move {
            let row = tx.organization(moment.org()?).await?;
            organizations::described(tx, row.ok_or(Error::NotFound(Kind::Organization))?).await
        }
        .boxed()
    })
}
