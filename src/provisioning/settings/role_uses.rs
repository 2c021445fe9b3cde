//! What uses a role: whatever would be left without one if it went.

use std::collections::BTreeMap;

use crate::directory::Violation;
use crate::directory::role::Role;
use crate::id::RoleId;
use crate::provisioning::{Change, Error, Kind};
use crate::store::rows::{ConnectionRow, GrantRow, InvitationRow, MappingRow};

/// Rules that are named one by one.
const NAMED: usize = 20;

/// What uses a role.
pub(super) struct Uses {
    id: RoleId,
    /// Whether people whom nothing else gives a role have it.
    pub(super) is_default: bool,
    /// The connections whose default or highest role it is.
    pub(super) connections: Vec<ConnectionRow>,
    /// The rules that give it, switched off or not.
    pub(super) rules: Vec<MappingRow>,
    /// The grants of it that live.
    pub(super) grants: Vec<GrantRow>,
    /// The invitations to it that are open.
    pub(super) invitations: Vec<InvitationRow>,
}

impl Uses {
    /// Looks for whatever uses a role.
    pub(super) async fn of(change: &mut Change<'_>, role: &Role) -> Result<Self, Error> {
        let (org, id) = (change.org, role.id);
        let organization = change.tx.organization(org).await?;
        let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
        let mut connections = change.tx.connections(org).await?;
        connections.retain(|row| row.default_role_id == Some(id) || row.max_role_id == id);
        let mut rules = change.tx.mappings(org).await?;
        rules.retain(|row| row.role_id == id);
        Ok(Self {
            id,
            is_default: organization.default_role_id == id,
            connections,
            rules,
            grants: change.tx.grants_of_role(org, id).await?,
            invitations: change.tx.invitations_to_role(org, id).await?,
        })
    }

    /// Whether nothing does.
    pub(super) fn is_nothing(&self) -> bool {
        !self.is_default
            && self.connections.is_empty()
            && self.rules.is_empty()
            && self.grants.is_empty()
            && self.invitations.is_empty()
    }

    /// Why the role cannot simply go.
    pub(super) fn refusal(&self, role: &Role) -> Violation {
        let mut uses = Vec::new();
        if self.is_default {
            uses.push((
                "organization_default",
                "it is the organization's default role".to_owned(),
            ));
        }
        for row in &self.connections {
            if row.default_role_id == Some(self.id) {
                let text = format!("it is the default role of the connection {}", row.name);
                uses.push(("connection_default", text));
            }
            if row.max_role_id == self.id {
                let text = format!("it is the highest role of the connection {}", row.name);
                uses.push(("connection_max_role", text));
            }
        }
        for row in self.rules.iter().take(NAMED) {
            let text = format!("the rule {} gives it to {:?}", row.id, row.match_text);
            uses.push(("rule", text));
        }
        if let Some(more) = self.rules.len().checked_sub(NAMED).filter(|it| *it > 0) {
            uses.push(("rule", format!("{more} more rules give it")));
        }
        let mut grants: BTreeMap<_, usize> = BTreeMap::new();
        for row in &self.grants {
            *grants.entry(row.source).or_default() += 1;
        }
        for (source, count) in grants {
            uses.push(("grant", format!("{count} live grants of it by {source}")));
        }
        if !self.invitations.is_empty() {
            let count = self.invitations.len();
            uses.push(("invitation", format!("{count} open invitations to it")));
        }
        let role = role.slug.clone();
        Violation::RoleInUse { role, uses }
    }
}
