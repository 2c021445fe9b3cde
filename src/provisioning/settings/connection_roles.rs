//! The roles that a connection names: the one of people whom nothing else gives one, and the highest.

use serde_json::json;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::role::{Catalogue, OWNER_RANK, Role};
use crate::id::RoleId;
use crate::provisioning::settings::connection_view::described;
use crate::provisioning::settings::connections::{ConnectionSettings, touch_people};
use crate::provisioning::settings::roles::NO_ROLE;
use crate::provisioning::settings::{differences, role};
use crate::provisioning::{Change, Error};
use crate::store::rows::ConnectionRow;

/// Puts the roles into the row, once they hold together.
pub(super) fn apply_roles(
    roles: &Catalogue,
    row: &mut ConnectionRow,
    settings: &ConnectionSettings,
) -> Result<(), Error> {
    let grantable = |slug: &str| -> Result<Role, Error> {
        let role = role(roles, slug)?;
        if role.rank >= OWNER_RANK {
            return Err(Violation::OwnerNotGrantable.into());
        }
        Ok(role.clone())
    };
    if let Some(slug) = &settings.max_role {
        row.max_role_id = grantable(slug)?.id;
    }
    match settings.default_role.as_deref() {
        None => {}
        Some(NO_ROLE) => row.default_role_id = None,
        Some(slug) => row.default_role_id = Some(grantable(slug)?.id),
    }
    let ceiling = roles.role(row.max_role_id);
    let default = row.default_role_id.and_then(|id| roles.role(id));
    match (default, ceiling) {
        (Some(default), Some(ceiling)) if default.rank > ceiling.rank => {
            let (role, ceiling) = (default.slug.clone(), ceiling.slug.clone());
            Err(Violation::AboveCeiling { role, ceiling }.into())
        }
        _ => Ok(()),
    }
}

/// Puts another role in the place of one that goes, as a connection's default and as its highest.
pub(super) async fn replace_role(
    change: &mut Change<'_>,
    roles: &Catalogue,
    (mut row, gone, next): (ConnectionRow, RoleId, &Role),
) -> Result<(), Error> {
    let old = described(change.tx, &row, change.now).await?;
    row.default_role_id = row
        .default_role_id
        .map(|id| if id == gone { next.id } else { id });
    if row.max_role_id == gone {
        row.max_role_id = next.id;
    }
    apply_roles(roles, &mut row, &ConnectionSettings::default())?;
    row.updated_at = change.time();
    change.tx.update_connection(&row).await?;
    let new = described(change.tx, &row, change.now).await?;
    let changes = differences(&json!(&old), &json!(&new));
    let data = json!({"connection_id": row.id, "changes": changes});
    change.record(EventKind::ConnectionUpdated, data);
    touch_people(change, row.id).await
}
