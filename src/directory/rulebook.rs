//! The rulebook: everything that an organization's rules say about roles, as one value. It is kept at each
//! revision, so that a role of the past is explained by the rules of its time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::directory::connection::Mode;
use crate::directory::grant::Standing;
use crate::directory::mapping::MatchKind;
use crate::directory::role::Catalogue;
use crate::directory::user::UserState;
use crate::id::{ConnectionId, MappingId, ProjectId, RoleId};

/// The rules of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rulebook {
    /// The roles.
    pub roles: Catalogue,
    /// The role of those whom nothing else gives one.
    pub default_role: RoleId,
    /// The projects' slugs.
    pub projects: BTreeMap<ProjectId, String>,
    /// How each connection's directory weighs.
    pub connections: BTreeMap<ConnectionId, Weight>,
    /// Which group gives what.
    pub rules: BTreeMap<MappingId, Rule>,
}

/// How a connection's directory weighs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// The connection's name.
    pub name: String,
    /// Before what people gave, or beside it.
    pub mode: Mode,
    /// The role of its people whom nothing else gives one.
    pub default_role: Option<RoleId>,
    /// The highest that its rules may give.
    pub max_role: RoleId,
}

/// A group gives a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The connection.
    pub connection: ConnectionId,
    /// By what the group is known.
    pub match_kind: MatchKind,
    /// The group.
    pub match_text: String,
    /// The role.
    pub role: RoleId,
    /// Where; empty means the whole organization.
    pub projects: BTreeSet<ProjectId>,
    /// Its place among the connection's rules.
    pub position: i64,
    /// Whether it counts.
    pub enabled: bool,
    /// The revision that brought it; 0 for rules from before revisions were kept.
    pub rev: i64,
}

/// What ties a person to the rules, beside their grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    /// What the person is.
    pub state: UserState,
    /// Whether the person holds the owner's title.
    pub owner: bool,
    /// The connection whose settings are for the person.
    pub home: Option<ConnectionId>,
    /// Connections in which the person has a live SCIM resource and whose directory has pushed groups.
    pub governed_by: BTreeSet<ConnectionId>,
}

impl Rulebook {
    /// What holds of a person of this tie beside the grants.
    pub fn standing(&self, tie: &Tie) -> Standing {
        let home = tie.home.and_then(|id| self.connections.get(&id));
        let ceiling =
            |(id, weight): (&ConnectionId, &Weight)| (*id, self.roles.rank(weight.max_role));
        Standing {
            active: tie.state == UserState::Active,
            owner: tie.owner,
            governed_by: tie.governed_by.clone(),
            connection_default: home.and_then(|weight| weight.default_role),
            organization_default: self.default_role,
            mode: home.map_or(Mode::Authoritative, |weight| weight.mode),
            ceilings: self.connections.iter().map(ceiling).collect(),
        }
    }

    /// The slug of a role.
    pub fn role_slug(&self, role: Option<RoleId>) -> Option<&str> {
        self.roles.role(role?).map(|role| role.slug.as_str())
    }
}
