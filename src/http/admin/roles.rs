//! The roles of an organization: made, renamed, and ended.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::conditional::{IfMatch, Seen};
use crate::http::admin::created::Created;
use crate::http::admin::mapping_changes::{self, Changes};
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{OrganizationId, RoleId};
use crate::provisioning::settings::plan::{Applied, Proposal};
use crate::provisioning::settings::role_removal::{self, RoleRemoval};
use crate::provisioning::settings::roles::{self, NewRole, RoleChange, RoleView};
use crate::provisioning::{Error, Kind};
use crate::store::Tx;
use crate::store::rows::RoleRow;

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Role {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    pub(in crate::http) id: RoleId,
    /// Its name on the wire, fixed for life.
    pub(in crate::http) slug: String,
    /// Its name for people.
    pub(in crate::http) name: String,
    /// Its place in the order, 1 to 100, unique.
    pub(in crate::http) rank: i64,
    /// Whether people hold it to whom nothing else gives a role.
    pub(in crate::http) default: bool,
}

/// List the roles of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/roles", operation_id = "list_roles", tag = "Roles",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Role>)),
    security(("key" = ["roles:read"])),
)]
pub(in crate::http) async fn list(
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
    let all = rows.into_iter().map(|row| view(row, default)).collect();
    Ok(Json(place.cut(all, |role: &Role| role.id)))
}

fn view(row: RoleRow, default: RoleId) -> Role {
    Role {
        default: row.id == default,
        id: row.id,
        slug: row.slug,
        name: row.name,
        rank: row.rank,
    }
}

impl From<RoleView> for Role {
    fn from(role: RoleView) -> Self {
        Self {
            id: role.id,
            slug: role.slug,
            name: role.name,
            rank: role.rank,
            default: role.is_default,
        }
    }
}

/// Create a role.
///
/// Its slug and its rank are fixed for life: to rank it anew another role is created and takes its place
/// (`replace_with`), which has a preview.
#[utoipa::path(
    post, path = "/organizations/{slug}/roles", operation_id = "create_role", tag = "Roles",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = NewRole, responses((status = 201, body = Role)),
    security(("key" = ["roles:write"])),
)]
pub(in crate::http) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<Role>, Problem> {
    let scope = Scope::RolesWrite;
    admin.admit(&slug, scope).await?;
    let new: NewRole = body.json().await?;
    let created = admin.change(&slug, scope, &request, move |change, _| {
        let new = new.clone();
        async move { roles::create_in(change, &new).await }.boxed()
    });
    let created = Role::from(created.await?);
    let path = format!("/organizations/{slug}/roles/{}", created.slug);
    Ok(Created::at(&admin, path, created))
}

/// Show a role.
#[utoipa::path(
    get, path = "/organizations/{slug}/roles/{role}", operation_id = "show_role", tag = "Roles",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("role" = String, Path, description = "The role's slug"),
    ),
    responses((status = 200, body = Role)),
    security(("key" = ["roles:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, role)): Path<(String, String)>,
) -> Result<Json<Role>, Problem> {
    let read = admin.read(&slug, Scope::RolesRead, move |tx, admitted| {
        let (org, role) = (admitted.organization.id, role.clone());
        async move { one(tx, org, &role).await }.boxed()
    });
    Ok(Json(read.await?))
}

async fn one(tx: &mut Tx, org: OrganizationId, slug: &str) -> Result<Role, Error> {
    let organization = tx.organization(org).await?;
    let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
    let mut all = tx.roles(org).await?.into_iter();
    let row = all.find(|row| row.slug == slug);
    let row = row.ok_or(Error::NotFound(Kind::Role))?;
    Ok(view(row, organization.default_role_id))
}

/// A role, as it is shown.
fn seen(slug: &str) -> Seen {
    let slug = slug.to_owned();
    Seen::of(move |tx, moment| {
        let slug = slug.clone();
        async move { one(tx, moment.org()?, &slug).await }.boxed()
    })
}

/// Give a role another name for people.
#[utoipa::path(
    patch, path = "/organizations/{slug}/roles/{role}", operation_id = "change_role", tag = "Roles",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("role" = String, Path, description = "The role's slug"),
        IfMatch,
    ),
    request_body = RoleChange, responses((status = 200, body = Role)),
    security(("key" = ["roles:write"])),
)]
pub(in crate::http) async fn rename(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, role)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Role>, Problem> {
    let scope = Scope::RolesWrite;
    admin.admit(&slug, scope).await?;
    let wanted: RoleChange = body.json().await?;
    let admin = admin.if_still(seen(&role));
    let renamed = admin.change(&slug, scope, &request, move |change, _| {
        let (role, wanted) = (role.clone(), wanted.clone());
        async move { roles::rename(change, &role, &wanted).await }.boxed()
    });
    Ok(Json(renamed.await?.into()))
}

/// What takes a role's place.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RemovedRole {
    /// The slug of the role that takes its place; needed where something uses it.
    pub(in crate::http) replace_with: Option<String>,
    /// The digest of its preview, where more than 20 people's roles change.
    pub(in crate::http) digest: Option<String>,
}

/// Remove a role, and put another in its place wherever it is used; answers what that did.
///
/// Without `replace_with` only where nothing uses it: 409 `role_in_use` lists what does. With it, rules,
/// defaults, ceilings, live grants and open invitations name the other role from then on. The preview is
/// `remove_role` at `mappings/preview`. Beside `mappings:write` the key needs `users:write` where people
/// gave the role, and `invitations:write` where invitations do; overrides, and a connection's default or
/// highest role that would rise, take an operator's key. `owner` and `admin` stay.
#[utoipa::path(
    delete, path = "/organizations/{slug}/roles/{role}", operation_id = "remove_role", tag = "Roles",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("role" = String, Path, description = "The role's slug"),
        IfMatch,
    ),
    request_body = Option<RemovedRole>,
    responses((status = 200, body = Applied)),
    security(("key" = ["mappings:write"])),
)]
pub(in crate::http) async fn remove(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, role)): Path<(String, String)>,
    body: Unread,
) -> Result<(StatusCode, Json<Applied>), Problem> {
    let scope = Scope::MappingsWrite;
    let known = role.clone();
    let there = admin.read(&slug, scope, move |tx, admitted| {
        let role = known.clone();
        async move { role_removal::find(tx, admitted.organization.id, &role).await }.boxed()
    });
    there.await?;
    let RemovedRole {
        replace_with,
        digest,
    } = body.json().await?;
    let admin = admin.if_still(seen(&role));
    let gone = RoleRemoval { role, replace_with };
    let asked = Changes {
        changes: vec![Proposal::RemoveRole(gone)],
        digest,
    };
    mapping_changes::made(&admin, &slug, &request, asked).await
}
