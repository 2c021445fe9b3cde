//! What is there at all of many kinds, without any of it.

use diesel::prelude::Queryable;

/// Of what kinds anything is there already that a new resource could be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Meeting {
    /// A resource of the connection has the userName.
    pub user_name: bool,
    /// Somebody left the connection who had the externalId.
    pub tombstone: bool,
    /// Somebody who is there has the address.
    pub address: bool,
    /// An open invitation went to the address.
    pub invitation: bool,
}

/// Of what kinds some people have anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Queryable)]
pub struct Belongings {
    /// Grants, live ones.
    pub grants: bool,
    /// Identities.
    pub identities: bool,
    /// Roles in projects that are in force.
    pub projects: bool,
    /// Waivers.
    pub waivers: bool,
}
