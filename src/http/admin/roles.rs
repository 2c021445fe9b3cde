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
use crate::http::admin::mapping_changes::{self, Changes};
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::RoleId;
use crate::provisioning::settings::plan::{Applied, Proposal};
use crate::provisioning::settings::role_removal::{self, RoleRemoval};
use crate::provisioning::settings::roles::{self, NewRole, RoleChange, RoleView};
use crate::store::rows::RoleRow;

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Role {
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

/// List the roles of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/roles", operation_id = "list_roles", tag = "Roles",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Role>)),
    security(("key" = ["roles:read"])),
)]
pub(super) async fn list(
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
pub(super) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<(StatusCode, Json<Role>), Problem> {
    let scope = Scope::RolesWrite;
    admin.admit(&slug, scope).await?;
    let new: NewRole = body.json().await?;
    let created = admin.change(&slug, scope, &request, move |change, _| {
        let new = new.clone();
        async move { roles::create_in(change, &new).await }.boxed()
    });
    Ok((StatusCode::CREATED, Json(created.await?.into())))
}

/// Give a role another name for people.
#[utoipa::path(
    patch, path = "/organizations/{slug}/roles/{role}", operation_id = "change_role", tag = "Roles",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("role" = String, Path, description = "The role's slug"),
    ),
    request_body = RoleChange, responses((status = 200, body = Role)),
    security(("key" = ["roles:write"])),
)]
pub(super) async fn rename(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, role)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Role>, Problem> {
    let scope = Scope::RolesWrite;
    admin.admit(&slug, scope).await?;
    let wanted: RoleChange = body.json().await?;
    let renamed = admin.change(&slug, scope, &request, move |change, _| {
        let (role, wanted) = (role.clone(), wanted.clone());
        async move { roles::rename(change, &role, &wanted).await }.boxed()
    });
    Ok(Json(renamed.await?.into()))
}

/// What takes a role's place.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RemovedRole {
    /// The slug of the role that takes its place; needed where something uses it.
    replace_with: Option<String>,
    /// The digest of its preview, where more than 20 people's roles change.
    digest: Option<String>,
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
    ),
    request_body = Option<RemovedRole>,
    responses((status = 200, body = Applied)),
    security(("key" = ["mappings:write"])),
)]
pub(super) async fn remove(
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
    let gone = RoleRemoval { role, replace_with };
    let asked = Changes {
        changes: vec![Proposal::RemoveRole(gone)],
        digest,
    };
    mapping_changes::made(&admin, &slug, &request, asked).await
}
