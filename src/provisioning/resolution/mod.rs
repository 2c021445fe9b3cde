//! Resolution: everything that bears on the roles of some people, loaded in a handful of set
//! queries, and handed to [`grant::resolve`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

use crate::directory::grant::{self, Entitlement, Grant, GrantSource, Resolution, Standing};
use crate::directory::rulebook::{Rulebook, Tie};
use crate::id::{
    ConnectionId, GrantId, MappingId, OrganizationId, ProjectId, RoleId, ScimGroupId, UserId,
};
use crate::provisioning::Error;
use crate::provisioning::group_values::Bound;
use crate::store::Tx;
use crate::store::memory::Stamp;
use crate::store::rows::{Bearing, Belongings, GrantRow, IdentityRow, MappingRow, UserRow};
use crate::store::types::Time;

mod rules;

pub use rules::{Rules, catalogues, role};

/// The rules and people of an organization, as far as some people's roles depend on them.
pub struct World {
    /// The rules.
    rules: Arc<Rules>,
    /// The people.
    pub users: BTreeMap<UserId, UserRow>,
    /// The identities of the people.
    pub identities: Vec<IdentityRow>,
    /// Of what kinds the people have anything.
    pub belongings: Belongings,
    /// Groups to which rules are bound that are only thought of.
    unstored: Vec<ScimGroupId>,
    /// Which connections have a resource of each person: large changes look each person up.
    links: BTreeMap<UserId, BTreeSet<ConnectionId>>,
    /// The connection of each person's first identity.
    doors: BTreeMap<UserId, ConnectionId>,
}

impl Deref for World {
    type Target = Rules;

    fn deref(&self) -> &Rules {
        &self.rules
    }
}

/// What a mapping should give: to whom, by which rule, from which source, of what exactly.
pub type Due = (UserId, MappingId, GrantSource, String);

impl World {
    /// Loads what bears on these people.
    pub async fn load(tx: &mut Tx, org: OrganizationId, people: &[UserId]) -> Result<Self, Error> {
        let bearings = tx.bearings(org, people).await?;
        let rules = match bearings.first() {
            Some(it) => Rules::at(tx, org, Stamp(it.stamp)).await?,
            None => Rules::load(tx, org).await?,
        };
        Self::around(rules, tx, org, bearings).await
    }

    /// Loads what bears on these people beside the rules.
    pub async fn of(
        rules: Arc<Rules>,
        tx: &mut Tx,
        org: OrganizationId,
        people: &[UserId],
    ) -> Result<Self, Error> {
        let bearings = tx.bearings(org, people).await?;
        Self::around(rules, tx, org, bearings).await
    }

    async fn around(
        rules: Arc<Rules>,
        tx: &mut Tx,
        org: OrganizationId,
        bearings: Vec<Bearing>,
    ) -> Result<Self, Error> {
        let mut links: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let mut belongings = Belongings::default();
        let mut users = BTreeMap::new();
        for Bearing {
            user,
            has,
            connection,
            ..
        } in bearings
        {
            belongings.grants |= has.grants;
            belongings.identities |= has.identities;
            belongings.projects |= has.projects;
            belongings.waivers |= has.waivers;
            if let Some(connection) = connection {
                links.entry(user.id).or_default().insert(connection);
            }
            users.insert(user.id, user);
        }
        let identities = if belongings.identities {
            let people: Vec<_> = users.keys().copied().collect();
            tx.identities_of_users(org, &people).await?
        } else {
            Vec::new()
        };
        let mut doors = BTreeMap::new();
        for identity in &identities {
            doors
                .entry(identity.user_id)
                .or_insert(identity.connection_id);
        }
        let bound = rules.mappings.values().filter_map(|it| it.bound_group_id);
        Ok(Self {
            unstored: bound.filter(|_| rules.foreseen).collect(),
            belongings,
            rules,
            users,
            identities,
            links,
            doors,
        })
    }

    /// That of somebody new, of whom nothing is there but a resource of this connection.
    pub fn of_newcomer(rules: Arc<Rules>, user: UserRow, connection: ConnectionId) -> Self {
        Self {
            links: BTreeMap::from([(user.id, BTreeSet::from([connection]))]),
            users: BTreeMap::from([(user.id, user)]),
            rules,
            identities: Vec::new(),
            belongings: Belongings::default(),
            unstored: Vec::new(),
            doors: BTreeMap::new(),
        }
    }

    /// What the rules give these people now: by the directory's groups, and by the groups that
    /// the last sign-in named.
    pub async fn due(&self, tx: &mut Tx, org: OrganizationId) -> Result<Vec<Due>, Error> {
        if self.mappings.is_empty() {
            return Ok(Vec::new());
        }
        let people: Vec<_> = self.users.keys().copied().collect();
        let mut by_group: BTreeMap<ScimGroupId, Vec<MappingId>> = BTreeMap::new();
        for rule in self.mappings.values().filter(|row| row.enabled) {
            if let Some(group) = rule.bound_group_id {
                by_group.entry(group).or_default().push(rule.id);
            }
        }
        let mut due: Vec<Due> = Vec::new();
        for (user, group) in tx.ruled_memberships(org, &people, &self.unstored).await? {
            for rule in by_group.get(&group).into_iter().flatten() {
                let reference = format!("{rule}/{group}");
                due.push((user, *rule, GrantSource::DirectoryGroup, reference));
            }
        }
        if self.identities.is_empty() {
            return Ok(due);
        }
        let bound = Bound::of(tx, org, self.mappings.values()).await?;
        for identity in &self.identities {
            let values: Vec<String> = identity
                .group_values
                .as_ref()
                .and_then(|doc| serde_json::from_str(&doc.0).ok())
                .unwrap_or_default();
            for mapping in self.mappings.values() {
                let ours = mapping.enabled && mapping.connection_id == identity.connection_id;
                if ours && values.iter().any(|value| bound.names(mapping, value)) {
                    let reference = format!("{}/{}", mapping.id, identity.id);
                    due.push((
                        identity.user_id,
                        mapping.id,
                        GrantSource::SamlGroup,
                        reference,
                    ));
                }
            }
        }
        Ok(due)
    }

    /// Whether a rule of a connection gives whoever signs in with these groups a role that it may.
    pub async fn gives(
        &self,
        tx: &mut Tx,
        org: OrganizationId,
        connection: ConnectionId,
        values: &[String],
    ) -> Result<bool, Error> {
        let rules = self.mappings.values();
        let rules: Vec<_> = rules
            .filter(|rule| rule.connection_id == connection && self.counts(rule.id))
            .collect();
        let bound = Bound::of(tx, org, rules.iter().copied()).await?;
        let is_named = |rule: &&MappingRow| values.iter().any(|it| bound.names(rule, it));
        Ok(rules.iter().any(is_named))
    }

    /// Whether a rule counts, and gives no more than its connection may.
    pub fn counts(&self, rule: MappingId) -> bool {
        let rank = |role| self.book.roles.rank(role);
        self.book.rules.get(&rule).is_some_and(|rule| {
            let weight = self.book.connections.get(&rule.connection);
            rule.enabled && weight.is_some_and(|it| rank(rule.role) <= rank(it.max_role))
        })
    }

    /// A stored grant with its projects and its rule.
    pub fn grant(&self, row: &GrantRow, projects: &[(GrantId, ProjectId)]) -> Grant {
        grant_by(&self.book, row, projects)
    }

    /// What ties a person to the rules.
    pub fn tie(&self, user: &UserRow) -> Tie {
        let live = self.links.get(&user.id).into_iter().flatten().copied();
        let governed_by = live.filter(|id| {
            self.connections
                .get(id)
                .is_some_and(|c| c.scim_groups_since.is_some())
        });
        Tie {
            state: user.state(),
            owner: user.owner,
            home: user
                .managed_by
                .or_else(|| self.doors.get(&user.id).copied()),
            governed_by: governed_by.collect(),
        }
    }

    /// What holds of a person beside the grants.
    pub fn standing(&self, user: &UserRow) -> Standing {
        self.book.standing(&self.tie(user))
    }

    /// The resolution of one person's grants.
    pub fn resolve(&self, user: &UserRow, grants: &[Grant], now: Time) -> Resolution {
        grant::resolve(&self.standing(user), grants, &self.book.roles, now.0)
    }

    /// The slug of a role, or of one that was removed.
    pub fn role_slug(&self, role: Option<RoleId>) -> Option<&str> {
        let former = || self.former.role(role?).map(|role| role.slug.as_str());
        self.book.role_slug(role).or_else(former)
    }

    /// The project roles of an entitlement, as they are written on the wire.
    pub fn project_roles(&self, entitlement: &Entitlement) -> serde_json::Value {
        let slug = |id: &ProjectId| self.book.projects.get(id);
        entitlement
            .projects
            .iter()
            .map(|(project, role)| {
                serde_json::json!({"slug": slug(project), "role": self.role_slug(Some(*role))})
            })
            .collect()
    }
}

/// The rule that gave a grant: the first half of its reference.
pub fn mapping_of(row: &GrantRow) -> Option<MappingId> {
    if !row.source.is_by_rule() {
        return None;
    }
    let (mapping, _) = row.source_ref.split_once('/')?;
    mapping.parse().ok()
}

/// A stored grant with its projects, and its rule by these rules.
pub fn grant_by(book: &Rulebook, row: &GrantRow, projects: &[(GrantId, ProjectId)]) -> Grant {
    let rule = mapping_of(row).and_then(|id| book.rules.get(&id));
    Grant {
        id: row.id,
        user_id: row.user_id,
        role_id: row.role_id,
        source: row.source,
        source_ref: row.source_ref.clone(),
        projects: projects
            .iter()
            .filter(|(id, _)| *id == row.id)
            .map(|(_, p)| *p)
            .collect(),
        granted_at: row.granted_at.0,
        ends_at: row.ends_at.map(|at| at.0),
        rule: rule.map(|rule| (rule.connection, rule.position)),
    }
}
