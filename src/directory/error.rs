//! Rules that said no.

use jiff::Timestamp;

/// A rule of the product refused a change. The text tells the person at fault what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The role is above the connection's ceiling.
    #[error(
        "the role {role} is above this connection's highest role {ceiling}; raise --max-role or choose a lower role"
    )]
    AboveCeiling {
        /// The role asked for.
        role: String,
        /// The connection's highest.
        ceiling: String,
    },
    /// The project is archived.
    #[error("the project {0} is archived; choose a live one")]
    ArchivedProject(String),
    /// It was decided already.
    #[error("this was decided already: {0}")]
    Decided(&'static str),
    /// The record that proves a domain is being looked for, or was a moment ago.
    #[error("the record is not looked for before {again_at}; publish it, and try again then")]
    DomainTooSoon {
        /// When somebody may look again.
        again_at: Timestamp,
    },
    /// The record that proves a domain is not there.
    #[error("publish {name}. TXT {value:?}, and try again in a while: {found}")]
    DomainUnverified {
        /// The record's name.
        name: String,
        /// Its text.
        value: String,
        /// What is there.
        found: String,
    },
    /// A setting contradicts another.
    #[error("{0}")]
    Invalid(String),
    /// The owner cannot be demoted or removed by hand.
    #[error("the owner's title moves only by a transfer of ownership")]
    LastOwner,
    /// A resource of a directory cannot be that person's as things stand.
    #[error("{0}")]
    LinkImpossible(String),
    /// A directory group decides this person's role.
    #[error("the directory decides this; change it at the identity provider")]
    ManagedByDirectory,
    /// Who may act is not erased.
    #[error("the person is active; suspend them first")]
    MustBeSuspended,
    /// The ownership cannot go to that person, or not that way, as things stand.
    #[error("{0}")]
    NotTransferable(String),
    /// The owner cannot be let in without a connection as things stand.
    #[error("{0}")]
    NoWayIn(String),
    /// Nobody grants the owner's role.
    #[error("no one can be granted the role owner; ownership is transferred")]
    OwnerNotGrantable,
    /// Something uses the role.
    #[error("the role {role} is used: {}; say in replace_with which role takes its place",
        .uses.iter().map(|it| it.1.as_str()).collect::<Vec<_>>().join("; "))]
    RoleInUse {
        /// The role.
        role: String,
        /// What uses it: a stable word, and a sentence.
        uses: Vec<(&'static str, String)>,
    },
    /// A group of the directory decides this person's role.
    #[error(
        "the group {group} decides this role, by rule {position} of the connection {connection}; change the group at the identity provider, or let the owner override it for a while"
    )]
    RoleManagedByDirectory {
        /// The group, as the rule calls it.
        group: String,
        /// The rule's place.
        position: i64,
        /// The connection's name.
        connection: String,
    },
    /// The role is one that every organization needs.
    #[error("the role {0} stays: every organization needs it")]
    RoleReserved(String),
    /// Roles that this depends on are being computed.
    #[error(
        "roles that this depends on are being computed after a change of the rules; try again when that is done (`usher mapping recomputes` tells)"
    )]
    RolesBeingComputed,
    /// An admin's role covers the whole organization.
    #[error("the role admin covers the whole organization and takes no projects")]
    ScopeNotAllowed,
    /// Two OAuth clients of the connection are live already.
    #[error("this connection has two live OAuth clients; revoke one first")]
    TooManyClients,
    /// Two tokens of the connection are live already.
    #[error("this connection has two live tokens; revoke one first")]
    TooManyTokens,
    /// A transfer of ownership is under way already.
    #[error("a transfer of ownership is under way already; cancel it first")]
    TransferOpen,
    /// More people than a slip may touch depend on it.
    #[error(
        "{people} people come by the connection {name}; to go on, say its name as well (--confirm {name:?}), or the digest of what was shown"
    )]
    Unconfirmed {
        /// How many.
        people: usize,
        /// What is to be typed.
        name: String,
    },
    /// There is no such app.
    #[error("there is no app {0}; create it with `usher app create`")]
    UnknownApp(String),
    /// There is no such project.
    #[error("there is no project {0} in this organization; create it with `usher project create`")]
    UnknownProject(String),
    /// There is no such role.
    #[error("there is no role {0} in this organization; `usher role list` shows them")]
    UnknownRole(String),
}

impl Violation {
    /// The rule's stable name, the last part of a problem's `type`.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::AboveCeiling { .. } => "role_above_ceiling",
            Self::ArchivedProject(_) => "archived_project",
            Self::Decided(_) => "decided",
            Self::DomainTooSoon { .. } => "domain_too_soon",
            Self::DomainUnverified { .. } => "domain_unverified",
            Self::Invalid(_) => "invalid",
            Self::LastOwner => "last_owner",
            Self::LinkImpossible(_) => "link_impossible",
            Self::ManagedByDirectory => "managed_by_directory",
            Self::MustBeSuspended => "must_be_suspended",
            Self::NotTransferable(_) => "not_transferable",
            Self::NoWayIn(_) => "no_way_in",
            Self::OwnerNotGrantable => "owner_not_grantable",
            Self::RoleInUse { .. } => "role_in_use",
            Self::RoleManagedByDirectory { .. } => "role_managed_by_directory",
            Self::RoleReserved(_) => "role_reserved",
            Self::RolesBeingComputed => "roles_being_computed",
            Self::ScopeNotAllowed => "scope_not_allowed",
            Self::TooManyClients => "too_many_clients",
            Self::TooManyTokens => "too_many_tokens",
            Self::TransferOpen => "transfer_open",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::UnknownApp(_) => "unknown_app",
            Self::UnknownProject(_) => "unknown_project",
            Self::UnknownRole(_) => "unknown_role",
        }
    }
}
