//! Roles: an organization's own, below its owner's.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::role::OWNER_RANK;
use crate::id::{OrganizationId, RoleId};
use crate::provisioning::settings::{name, slug};
use crate::provisioning::{Context, Error, Kind, change};
use crate::store::Store;
use crate::store::rows::RoleRow;

/// The word that clears a role setting, so no role has it.
pub const NO_ROLE: &str = "none";

/// A role to be.
#[derive(Clone, Debug, Default)]
pub struct NewRole {
    /// Its slug, fixed for life.
    pub slug: String,
    /// Its name for people; the slug where there is none.
    pub name: Option<String>,
    /// Its place in the order, below the owner's.
    pub rank: i64,
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
    let slug = slug(&new.slug)?;
    let name = name(new.name.as_deref().unwrap_or(&slug))?;
    if !(1..OWNER_RANK).contains(&new.rank) || slug == NO_ROLE {
        let rule = format!(
            "a role has a rank from 1 to {} and is not called none",
            OWNER_RANK - 1
        );
        return Err(Violation::Invalid(rule).into());
    }
    change(store, org, context, move |change| {
        let (slug, name, rank) = (slug.clone(), name.clone(), new.rank);
        async move {
            let (org_id, id, created_at) = (change.org, change.id(), change.time());
            let row = RoleRow {
                org_id,
                id,
                slug,
                name,
                rank,
                created_at,
                removed_at: None,
            };
            change.tx.insert_role(&row).await?;
            let data = json!({"role_id": id, "slug": row.slug, "name": row.name, "rank": rank});
            change.record(EventKind::RoleCreated, data);
            Ok(view(row, None))
        }
        .boxed()
    })
    .await
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
