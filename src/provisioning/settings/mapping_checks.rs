//! What a rule must be, whoever writes it.

use std::collections::BTreeSet;

use crate::directory::Violation;
use crate::directory::role::{ADMIN_RANK, Catalogue, OWNER_RANK, Role};
use crate::id::ProjectId;
use crate::provisioning::{Change, Error, Kind};
use crate::store::rows::{ConnectionRow, MappingRow, ProjectRow};

/// Whether the connection's rules may give this role there.
pub(super) fn permitted(
    roles: &Catalogue,
    role: &Role,
    connection: &ConnectionRow,
    scope: &[ProjectRow],
) -> Result<(), Violation> {
    if role.rank >= OWNER_RANK {
        return Err(Violation::OwnerNotGrantable);
    }
    if role.rank > roles.rank(connection.max_role_id) {
        let ceiling = roles
            .role(connection.max_role_id)
            .map(|role| role.slug.clone());
        let role = role.slug.clone();
        return Err(Violation::AboveCeiling {
            role,
            ceiling: ceiling.unwrap_or_default(),
        });
    }
    if role.rank >= ADMIN_RANK && !scope.is_empty() {
        return Err(Violation::ScopeNotAllowed);
    }
    Ok(())
}

/// The revision of the rules that this change begins.
pub(super) async fn next_revision(change: &mut Change<'_>) -> Result<i64, Error> {
    let organization = change.tx.organization(change.org).await?;
    let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
    Ok(organization.policy_rev + 1)
}

/// A rule that is there already is not added again.
pub(super) async fn unlike_the_others(
    change: &mut Change<'_>,
    row: &MappingRow,
    scope: &[ProjectId],
) -> Result<(), Error> {
    let scopes = change.tx.mapping_projects(change.org).await?;
    let wanted: BTreeSet<_> = scope.iter().collect();
    let same = |other: &MappingRow| {
        let theirs = scopes
            .iter()
            .filter(|(id, _)| *id == other.id)
            .map(|(_, project)| project);
        other.id != row.id
            && (other.connection_id, other.match_kind, other.role_id)
                == (row.connection_id, row.match_kind, row.role_id)
            && other.match_folded == row.match_folded
            && theirs.collect::<BTreeSet<_>>() == wanted
    };
    match change
        .tx
        .mappings(change.org)
        .await?
        .iter()
        .find(|other| same(other))
    {
        Some(other) => {
            let rule = format!("the same rule is there already: {}", other.id);
            Err(Violation::Invalid(rule).into())
        }
        None => Ok(()),
    }
}
