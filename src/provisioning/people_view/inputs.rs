//! What a resolution is made of beside the grants: with it, and with the grants, whoever reads an
//! explanation can come to the role by the written rules alone.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::connection::Mode;
use crate::directory::grant::Standing;
use crate::directory::rulebook::{Rulebook, Tie};
use crate::id::{ConnectionId, RoleId};

/// What holds of a person and of the rules, beside the grants.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Inputs {
    /// When the resolution was made: grants that end by then do not count.
    #[schema(value_type = String, format = "date-time")]
    pub at: Timestamp,
    /// The revision of the organization's rules by which it was made.
    pub policy_rev: i64,
    /// Whether the person may act at all.
    pub active: bool,
    /// Whether the person holds the owner's title, which decides the role.
    pub owner: bool,
    /// How the directory's layer weighs: `authoritative`, it comes before what people gave, or `additive`,
    /// all but an override are one layer.
    pub mode: Mode,
    /// Connections whose directory has pushed groups and names the person: there, groups that sign-ins
    /// name do not count.
    #[schema(value_type = Vec<String>)]
    pub governed_by: Vec<ConnectionId>,
    /// The role of those without any live grant, where the person's connection has one.
    pub connection_default: Option<String>,
    /// The role of those without any live grant otherwise; null where nobody may be given it.
    pub organization_default: Option<String>,
    /// The highest rank that each connection's rules may give.
    pub ceilings: Vec<Ceiling>,
    /// The roles.
    pub roles: Vec<RankedRole>,
}

/// The highest rank that a connection's rules may give.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ceiling {
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// The rank.
    pub rank: i64,
}

/// A role and its rank.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RankedRole {
    /// The slug.
    pub slug: String,
    /// The rank: the higher, the more a role may.
    pub rank: i64,
    /// Whether it is the owner's, which no grant and no default gives.
    pub owner: bool,
}

impl Inputs {
    pub(super) fn of((book, rev): (&Rulebook, i64), tie: &Tie, at: Timestamp) -> Self {
        let Standing {
            active,
            owner,
            governed_by,
            connection_default,
            organization_default,
            mode,
            ceilings,
        } = book.standing(tie);
        let slug = |role: RoleId| book.role_slug(Some(role)).map(str::to_owned);
        let owners = book.roles.owner().map(|role| role.id);
        let ceilings = ceilings.into_iter();
        let role = |role: &crate::directory::role::Role| RankedRole {
            slug: role.slug.clone(),
            rank: role.rank,
            owner: Some(role.id) == owners,
        };
        Self {
            at,
            policy_rev: rev,
            active,
            owner,
            mode,
            governed_by: governed_by.into_iter().collect(),
            connection_default: connection_default.and_then(slug),
            organization_default: slug(organization_default),
            ceilings: ceilings
                .map(|(connection_id, rank)| Ceiling {
                    connection_id,
                    rank,
                })
                .collect(),
            roles: book.roles.iter().map(role).collect(),
        }
    }
}
