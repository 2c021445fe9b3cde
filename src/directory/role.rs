//! Roles: an ordered catalogue of each organization. A higher rank may do more; one rank, one role.

use serde::{Deserialize, Serialize};

use crate::id::RoleId;

/// The owner's rank. No other role reaches it, and no channel grants it.
pub const OWNER_RANK: i64 = 100;
/// From this rank on a role is privileged: people who hold one are not adopted by themselves.
pub const ADMIN_RANK: i64 = 80;

/// The roles of a new organization: slug, name, rank.
pub const SEEDED: [(&str, &str, i64); 4] = [
    ("owner", "Owner", OWNER_RANK),
    ("admin", "Admin", ADMIN_RANK),
    ("editor", "Editor", 50),
    ("viewer", "Viewer", 10),
];
/// The default role of a new organization.
pub const DEFAULT: &str = "viewer";
/// The highest role that a new connection may make somebody.
pub const DEFAULT_MAXIMUM: &str = "admin";

/// A role of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name on the wire, fixed for life.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Its place in the order, 1 to 100, unique.
    pub rank: i64,
}

/// The roles of one organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue(Vec<Role>);

impl Catalogue {
    /// The catalogue of these roles, highest first.
    pub fn new(mut roles: Vec<Role>) -> Self {
        roles.sort_by_key(|role| std::cmp::Reverse(role.rank));
        Self(roles)
    }

    /// The role of this id.
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.0.iter().find(|role| role.id == id)
    }

    /// The role of this slug.
    pub fn by_slug(&self, slug: &str) -> Option<&Role> {
        self.0.iter().find(|role| role.slug == slug)
    }

    /// The rank of a role, 0 of none; a role that is not in the catalogue has none.
    pub fn rank(&self, id: impl Into<Option<RoleId>>) -> i64 {
        let role = id.into().and_then(|id| self.role(id));
        role.map_or(0, |role| role.rank)
    }

    /// The owner's role.
    pub fn owner(&self) -> Option<&Role> {
        self.0.iter().find(|role| role.rank == OWNER_RANK)
    }

    /// All roles, highest first.
    pub fn iter(&self) -> impl Iterator<Item = &Role> {
        self.0.iter()
    }
}
