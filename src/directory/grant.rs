//! Grants and what they add up to: `resolve` folds a person's grants into one entitlement, the
//! same whatever order they come in, and says of each grant why it counted or not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::connection::Mode;
use crate::directory::role::Catalogue;
use crate::directory::words::words;
use crate::id::{ConnectionId, GrantId, ProjectId, RoleId, UserId};

words! {
    /// Where a grant comes from.
    GrantSource {
        /// The organization's creation.
        Bootstrap = "bootstrap",
        /// A CSV import.
        Csv = "csv",
        /// Membership in a mapped SCIM group.
        DirectoryGroup = "directory_group",
        /// An accepted invitation.
        Invite = "invite",
        /// An admin.
        Manual = "manual",
        /// The owner, against the directory, for a while.
        Override = "override",
        /// A mapped group named at sign-in.
        SamlGroup = "saml_group",
    }
}

impl GrantSource {
    /// Whether a rule gives it, as long as the group is there.
    pub fn is_by_rule(self) -> bool {
        matches!(self, Self::DirectoryGroup | Self::SamlGroup)
    }
}

/// A role that a person has from one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Whose it is.
    pub user_id: UserId,
    /// The role.
    pub role_id: RoleId,
    /// Where it comes from.
    pub source: GrantSource,
    /// What exactly it comes from: mapping and group, an invitation, an admin.
    pub source_ref: String,
    /// Where it counts; empty means the whole organization.
    pub projects: Vec<ProjectId>,
    /// Since when.
    pub granted_at: Timestamp,
    /// Until when, if not for good.
    pub ends_at: Option<Timestamp>,
    /// The connection and the rule's position, for a grant that a mapping gave.
    pub rule: Option<(ConnectionId, i64)>,
}

/// What holds of the person beside the grants.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Whether the person may act at all.
    pub active: bool,
    /// Whether the person holds the owner's title.
    pub owner: bool,
    /// Connections in which the person has a live SCIM resource and whose directory has pushed
    /// groups: there, groups named at sign-in no longer count.
    pub governed_by: BTreeSet<ConnectionId>,
    /// The default of the person's connection.
    pub connection_default: Option<RoleId>,
    /// The default of the organization.
    pub organization_default: RoleId,
    /// How the directory's layer weighs.
    pub mode: Mode,
    /// The highest rank that each connection's rules may give.
    pub ceilings: BTreeMap<ConnectionId, i64>,
}

words! {
    /// Why a grant counted or did not.
    Verdict {
        /// Above its connection's ceiling.
        AboveCeiling = "above_ceiling",
        /// The person is not active; the grant sleeps.
        Dormant = "dormant",
        /// Its time is over.
        Expired = "expired",
        /// A higher layer decided.
        LowerLayer = "lower_layer",
        /// A higher role of the same layer decided.
        LowerRank = "lower_rank",
        /// It is over: its group, its rule or whoever gave it took it back.
        Retired = "retired",
        /// The directory's own groups govern this person.
        Stale = "stale",
        /// Decides the role, or a project's.
        Won = "won",
    }
}

/// What the grants add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entitlement {
    /// The organization-wide role; none for people who only hold project roles, or nothing.
    pub role: Option<RoleId>,
    /// The role in each project.
    pub projects: BTreeMap<ProjectId, RoleId>,
}

/// What decided the organization-wide role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The connection's default.
    ConnectionDefault,
    /// This grant.
    Grant(GrantId),
    /// The person is not active.
    Inactive,
    /// Only project grants are live.
    NoOrganizationGrant,
    /// The organization's default.
    OrganizationDefault,
    /// The title of owner.
    Owner,
}

/// The entitlement and how it came about.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The answer.
    pub entitlement: Entitlement,
    /// What decided the role.
    pub because: Because,
    /// Each grant's verdict, by id.
    pub verdicts: BTreeMap<GrantId, Verdict>,
}

/// The layers, the first to decide before the others.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// What the owner says against the directory.
    Override,
    /// The directory's groups; where a connection adds, everything but overrides.
    Directory,
    /// What people gave.
    Manual,
    /// What people came by.
    Invitation,
}

impl Layer {
    /// The layer of a source, as the person's connection weighs its directory.
    pub fn of(source: GrantSource, mode: Mode) -> Self {
        match (source, mode) {
            (GrantSource::Override, _) => Self::Override,
            (_, Mode::Additive) | (GrantSource::DirectoryGroup | GrantSource::SamlGroup, _) => {
                Self::Directory
            }
            (GrantSource::Manual | GrantSource::Bootstrap, _) => Self::Manual,
            (GrantSource::Invite | GrantSource::Csv, _) => Self::Invitation,
        }
    }
}

/// Folds the grants: guards first, then the first layer (override, directory, manual, invitation)
/// with a live organization-wide grant decides, by rank, then by the rule's position, then by id.
/// Project grants of every layer add up, the highest rank a project. Defaults only reach people
/// without any live grant.
pub fn resolve(
    standing: &Standing,
    grants: &[Grant],
    roles: &Catalogue,
    now: Timestamp,
) -> Resolution {
    let mut verdicts: BTreeMap<_, _> = grants
        .iter()
        .map(|g| (g.id, verdict(standing, g, roles, now)))
        .collect();
    let live: Vec<_> = grants
        .iter()
        .filter(|g| verdicts.get(&g.id) == Some(&Verdict::LowerLayer))
        .collect();
    if !standing.active {
        for verdict in verdicts.values_mut() {
            *verdict = Verdict::Dormant;
        }
        return Resolution {
            entitlement: Entitlement::default(),
            because: Because::Inactive,
            verdicts,
        };
    }
    let projects = project_roles(&live, roles, &mut verdicts);
    if standing.owner {
        let role = roles.owner().map(|role| role.id);
        let entitlement = Entitlement { role, projects };
        return Resolution {
            entitlement,
            because: Because::Owner,
            verdicts,
        };
    }
    let (role, because) = organization_role(standing, &live, roles, &mut verdicts);
    Resolution {
        entitlement: Entitlement { role, projects },
        because,
        verdicts,
    }
}

/// A grant that may count starts as `LowerLayer`, until something makes it win.
fn verdict(standing: &Standing, grant: &Grant, roles: &Catalogue, now: Timestamp) -> Verdict {
    if grant.ends_at.is_some_and(|end| end <= now) {
        return Verdict::Expired;
    }
    if !standing.owner && is_owners(roles, grant.role_id) {
        return Verdict::AboveCeiling;
    }
    let Some((connection, _)) = grant.rule else {
        return Verdict::LowerLayer;
    };
    let ceiling = standing.ceilings.get(&connection).copied().unwrap_or(0);
    if roles.rank(grant.role_id) > ceiling {
        return Verdict::AboveCeiling;
    }
    if grant.source == GrantSource::SamlGroup && standing.governed_by.contains(&connection) {
        return Verdict::Stale;
    }
    Verdict::LowerLayer
}

/// Whether a role is the owner's: its title makes an owner, never a grant or a default, whatever a
/// row may say.
fn is_owners(roles: &Catalogue, role: RoleId) -> bool {
    roles.owner().is_some_and(|owner| owner.id == role)
}

fn project_roles(
    live: &[&Grant],
    roles: &Catalogue,
    verdicts: &mut BTreeMap<GrantId, Verdict>,
) -> BTreeMap<ProjectId, RoleId> {
    let mut best: BTreeMap<ProjectId, &Grant> = BTreeMap::new();
    for grant in live.iter().filter(|grant| !grant.projects.is_empty()) {
        verdicts.insert(grant.id, Verdict::LowerRank);
        for project in &grant.projects {
            let holder = best.entry(*project).or_insert(grant);
            let rank = |g: &Grant| (roles.rank(g.role_id), std::cmp::Reverse(g.id));
            if rank(grant) > rank(holder) {
                *holder = grant;
            }
        }
    }
    best.into_iter()
        .map(|(project, grant)| {
            verdicts.insert(grant.id, Verdict::Won);
            (project, grant.role_id)
        })
        .collect()
}

fn organization_role(
    standing: &Standing,
    live: &[&Grant],
    roles: &Catalogue,
    verdicts: &mut BTreeMap<GrantId, Verdict>,
) -> (Option<RoleId>, Because) {
    let wide = || live.iter().filter(|grant| grant.projects.is_empty());
    let Some(decisive) = wide()
        .map(|grant| Layer::of(grant.source, standing.mode))
        .min()
    else {
        let grantable = |role: &RoleId| !is_owners(roles, *role);
        return match standing.connection_default.filter(grantable) {
            _ if !live.is_empty() => (None, Because::NoOrganizationGrant),
            Some(role) => (Some(role), Because::ConnectionDefault),
            None => (
                Some(standing.organization_default).filter(grantable),
                Because::OrganizationDefault,
            ),
        };
    };
    let candidates = || wide().filter(|grant| Layer::of(grant.source, standing.mode) == decisive);
    candidates().for_each(|grant| {
        verdicts.insert(grant.id, Verdict::LowerRank);
    });
    let order = |grant: &&&Grant| {
        let position = grant.rule.map_or(i64::MAX, |(_, position)| position);
        (
            std::cmp::Reverse(roles.rank(grant.role_id)),
            position,
            grant.id,
        )
    };
    match candidates().min_by_key(order) {
        Some(winner) => {
            verdicts.insert(winner.id, Verdict::Won);
            (Some(winner.role_id), Because::Grant(winner.id))
        }
        None => (None, Because::NoOrganizationGrant),
    }
}

#[cfg(test)]
#[path = "grant_tests.rs"]
mod tests;
