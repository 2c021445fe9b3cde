//! What is there at all of many kinds, without any of it.

use diesel::prelude::Queryable;

use crate::id::ConnectionId;
use crate::store::rows::{
    ConnectionRow, IdentityRow, SafeguardSettingsRow, SafeguardTallyRow, ScimUserRow, SessionRow,
    UserRow,
};

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

/// A person with what bears on their roles.
#[derive(Clone, Debug, Queryable)]
pub struct Bearing {
    /// The person.
    pub user: UserRow,
    /// Of what kinds they have anything.
    pub has: Belongings,
    /// A connection with a resource of theirs: there is one bearing for each, and one where there is none.
    pub connection: Option<ConnectionId>,
    /// The stamp of the organization's settings.
    pub stamp: i64,
}

/// A User as it is shown.
#[derive(Clone, Debug)]
pub struct ShownUser {
    /// What the directory last said.
    pub row: ScimUserRow,
    /// Whether a group may have it as a member.
    pub is_member: bool,
}

/// A User that is to be changed, and whose it is.
#[derive(Clone, Debug, Queryable)]
pub struct HeldUser {
    /// What the directory last said.
    pub row: ScimUserRow,
    /// The person.
    pub user: Option<UserRow>,
    /// Whether a group has it as a member.
    pub is_member: bool,
    /// Whether anything that a directory says of the person is not in force.
    pub is_waived: bool,
}

/// By what a person is in, or about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Openings {
    /// Sessions that have not ended.
    pub sessions: bool,
    /// Sessions at the console that have not ended.
    pub console_sessions: bool,
    /// Sessions that ended for a cause which is told: those that have yet to begin are among them.
    pub waiting: bool,
}

/// What is set of a connection's safeguard, and what it counted last.
#[derive(Clone, Debug, Queryable)]
pub struct Watched {
    /// What is set; nothing where all is as it was made.
    pub settings: Option<SafeguardSettingsRow>,
    /// What was counted last.
    pub tally: Option<SafeguardTallyRow>,
}

/// A session, and what stands behind it.
#[derive(Clone, Debug, Queryable)]
pub struct SessionBehind {
    /// The session.
    pub session: SessionRow,
    /// Its person.
    pub user: UserRow,
    /// Whether they have roles in projects.
    pub has_projects: bool,
    /// The connection through which it was made.
    pub connection: Option<ConnectionRow>,
    /// By which link.
    pub link: Option<IdentityRow>,
    /// The stamp of the organization's settings.
    pub stamp: i64,
}

/// A subject of a connection, and whose it is.
#[derive(Clone, Debug, Queryable)]
pub struct SubjectBehind {
    /// The link.
    pub link: IdentityRow,
    /// The person.
    pub user: UserRow,
    /// What else there is of them.
    pub there: There,
}

/// What there is of somebody who has signed in before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct There {
    /// Anything that is not in force of what directories say of them.
    pub waivers: bool,
    /// A resource of the connection that is not active.
    pub inactive: bool,
    /// Groups that a sign-in through the connection named, or a mark that it did not tell them.
    pub groups: bool,
}
