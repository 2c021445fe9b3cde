//! Roles: an organization's own, below its owner's.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::role::OWNER_RANK;
use crate::id::{OrganizationId, RoleId};
use crate::provisioning::settings::{name, slug};
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::store::Store;
use crate::store::rows::RoleRow;

/// The word that clears a role setting, so no role has it.
pub const NO_ROLE: &str = "none";

/// A role to be.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// Its slug, fixed for life.
    pub slug: String,
    /// Its name for people; the slug where there is none.
    pub name: Option<String>,
    /// Its place in the order, 1 to 99, below the owner's; one role a rank.
    #[schema(minimum = 1, maximum = 99)]
    pub rank: i64,
}

/// What may change of a role: its slug and its rank are fixed for life. To rank it anew another role is created
/// and takes its place.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// Its name for people.
    pub name: String,
}

/// A role of an organization.
#[derive(Clone, Debug, Serialize)]
pub struct RoleView {
    /// Its id.
    pub id: RoleId,
    /// Its slug.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Its place in the order: a higher rank may do more.
    pub rank: i64,
    /// Whether people whom nothing else gives a role have this one.
    pub is_default: bool,
    /// Since when.
    pub created_at: Timestamp,
}

fn view(row: RoleRow, default: Option<RoleId>) -> RoleView {
    RoleView {
        is_default: default == Some(row.id),
        id: row.id,
        slug: row.slug,
        name: row.name,
        rank: row.rank,
        created_at: row.created_at.0,
    }
}

/// Creates a role.
pub async fn create(
    store: &Store,
    org: OrganizationId,
    context: Context,
    new: NewRole,
) -> Result<RoleView, Error> {
    change(store, org, context, move |change| {
        let new = new.clone();
        async move { create_in(change, &new).await }.boxed()
    })
    .await
}

/// The same, within a change.
pub async fn create_in(change: &mut Change<'_>, new: &NewRole) -> Result<RoleView, Error> {
    let slug = slug(&new.slug)?;
    let name = name(new.name.as_deref().unwrap_or(&slug))?;
    if !(1..OWNER_RANK).contains(&new.rank) || slug == NO_ROLE {
        let rule = format!(
            "a role has a rank from 1 to {} and is not called none",
            OWNER_RANK - 1
        );
        return Err(Violation::Invalid(rule).into());
    }
    // Apps know a role by its slug: under one that ranked otherwise a ceiling would be passed.
    let every = change.tx.every_role(change.org).await?;
    let known = |row: &RoleRow| row.slug == slug && row.rank != new.rank;
    if !change.is_operators() && every.iter().any(known) {
        return Err(Error::Forbidden(
            "there was a role of this slug with another rank; only the operator ranks it anew",
        ));
    }
    let row = RoleRow {
        org_id: change.org,
        id: change.id(),
        slug,
        name,
        rank: new.rank,
        created_at: change.time(),
        removed_at: None,
    };
    change.tx.insert_role(&row).await?;
    let data = json!({
        "role_id": row.id,
        "slug": row.slug,
        "name": row.name,
        "rank": row.rank,
    });
    change.record(EventKind::RoleCreated, data);
    Ok(view(row, None))
}

/// Gives a role another name for people.
pub async fn rename(
    change: &mut Change<'_>,
    slug: &str,
    wanted: &RoleChange,
) -> Result<RoleView, Error> {
    let organization = change.tx.organization(change.org).await?;
    let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
    let all = change.tx.roles(change.org).await?;
    let found = all.into_iter().find(|row| row.slug == slug);
    let mut row = found.ok_or(Error::NotFound(Kind::Role))?;
    let name = name(&wanted.name)?;
    if row.name != name {
        change.tx.rename_role(change.org, row.id, &name).await?;
        let changes = json!([{"attribute": "name", "old": row.name, "new": name}]);
        let data = json!({"role_id": row.id, "slug": row.slug, "changes": changes});
        change.record(EventKind::RoleUpdated, data);
        row.name = name;
    }
    Ok(view(row, Some(organization.default_role_id)))
}

/// The roles of an organization, the highest first.
pub async fn list(store: &Store, org: OrganizationId) -> Result<Vec<RoleView>, Error> {
    let all = store.read(move |tx| {
        async move {
            let organization = tx.organization(org).await?;
            let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
            let default = Some(organization.default_role_id);
            let rows = tx.roles(org).await?;
            Ok::<_, Error>(rows.into_iter().map(|row| view(row, default)).collect())
        }
        .boxed()
    });
    all.await
}
