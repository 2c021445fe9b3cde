//! The end of a role.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::mapping_changes::{self, Changes};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::provisioning::settings::plan::{Applied, Proposal};
use crate::provisioning::settings::role_removal::{self, RoleRemoval};

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
