//! What can go wrong in the store, and the bridge from an engine's unique violation to the key
//! that was taken.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind};

/// A unique key of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A connection's name in its organization.
    ConnectionName,
    /// A live grant of one person from one source.
    Grant,
    /// A SAML subject of a connection.
    Identity,
    /// An organization's slug.
    OrganizationSlug,
    /// An organization's owner.
    Owner,
    /// A project's slug in its organization.
    ProjectSlug,
    /// A rank in an organization.
    RoleRank,
    /// A role's slug in its organization.
    RoleSlug,
    /// A message of a connection's identity provider, seen before.
    SamlMessage,
    /// A group's displayName in its connection.
    ScimGroupName,
    /// A person's resource in a connection.
    ScimUserLink,
    /// A userName in its connection.
    ScimUserName,
    /// A person's sign-in address in an organization.
    UserEmail,
}

/// Key, PostgreSQL's constraint, SQLite's table and columns after `org_id`.
const KEYS: [(Key, &str, &str); 13] = [
    (
        Key::ConnectionName,
        "connections_org_id_name_folded_key",
        "connections.org_id, connections.name_folded",
    ),
    (
        Key::Grant,
        "grants_live",
        "grants.org_id, grants.user_id, grants.source, grants.source_ref",
    ),
    (
        Key::Identity,
        "identities_org_id_connection_id_subject_key_key",
        "identities.org_id, identities.connection_id, identities.subject_key",
    ),
    (
        Key::OrganizationSlug,
        "organizations_slug_key",
        "organizations.slug",
    ),
    (Key::Owner, "users_org_id_owner", "users.org_id"),
    (
        Key::ProjectSlug,
        "projects_org_id_slug_key",
        "projects.org_id, projects.slug",
    ),
    (
        Key::RoleRank,
        "roles_org_id_rank_key",
        "roles.org_id, roles.rank",
    ),
    (
        Key::RoleSlug,
        "roles_org_id_slug_key",
        "roles.org_id, roles.slug",
    ),
    (
        Key::SamlMessage,
        "saml_replays_pkey",
        "saml_replays.org_id, saml_replays.connection_id, saml_replays.message_id",
    ),
    (
        Key::ScimGroupName,
        "scim_groups_org_id_connection_id_display_name_folded_key",
        "scim_groups.org_id, scim_groups.connection_id, scim_groups.display_name_folded",
    ),
    (
        Key::ScimUserLink,
        "scim_users_org_id_connection_id_user_id_key",
        "scim_users.org_id, scim_users.connection_id, scim_users.user_id",
    ),
    (
        Key::ScimUserName,
        "scim_users_org_id_connection_id_user_name_folded_key",
        "scim_users.org_id, scim_users.connection_id, scim_users.user_name_folded",
    ),
    (
        Key::UserEmail,
        "users_org_id_email_norm",
        "users.org_id, users.email_norm",
    ),
];

/// Something went wrong in the store. A missing row is none of these: it is an `Option`.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The store is of another version than this program.
    #[error("the store is behind this program: run `usher migrate up`")]
    Behind,
    /// A row holds what it cannot hold.
    #[error("a row of {table} holds an impossible {column}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The engine said something unforeseen.
    #[error("the database failed: {0}")]
    Engine(String),
    /// The master key is missing or another one.
    #[error("{0}")]
    MasterKey(String),
    /// A transaction lost against another and may be tried again.
    #[error("the transaction lost against another")]
    Lost,
    /// A unique key is taken.
    #[error("{0:?} is taken")]
    Taken(Key),
    /// The search would read more rows than a request may.
    #[error("the search would read too many rows")]
    TooMany,
    /// The connection was lost while the transaction was committed: it stands, or it does not.
    #[error("the database was lost at the commit, and whether the change stands is not known: {0}")]
    Uncertain(String),
    /// The store cannot take the operation now.
    #[error("the store cannot take the operation now: {0}")]
    Unavailable(String),
}

/// An error that a job may end with.
pub trait Failure: From<Error> + Send + 'static {
    /// Whether running the same job again may succeed.
    fn is_lost(&self) -> bool;
}

impl Failure for Error {
    fn is_lost(&self) -> bool {
        matches!(self, Self::Lost)
    }
}

impl Error {
    /// What a failed `COMMIT` means: where the server said that a rule or another transaction
    /// forbade it nothing stands, and else nobody knows.
    pub(in crate::store) fn of_commit(error: diesel::result::Error) -> Self {
        use DatabaseErrorKind as Kind;
        let definite = match &error {
            diesel::result::Error::DatabaseError(kind, information) => match kind {
                Kind::CheckViolation
                | Kind::ExclusionViolation
                | Kind::ForeignKeyViolation
                | Kind::NotNullViolation
                | Kind::ReadOnlyTransaction
                | Kind::RestrictViolation
                | Kind::SerializationFailure
                | Kind::UniqueViolation => true,
                _ => matches!(engine(information.message()), Self::Lost),
            },
            _ => false,
        };
        if definite {
            error.into()
        } else {
            Self::Uncertain(error.to_string())
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::Error as E;
        match error {
            E::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
                taken(&*information)
            }
            E::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Self::Lost,
            E::DatabaseError(DatabaseErrorKind::ClosedConnection, information) => {
                Self::Unavailable(information.message().to_owned())
            }
            E::DatabaseError(_, information) => engine(information.message()),
            other => Self::Engine(other.to_string()),
        }
    }
}

/// Engines tell a lost race or a full disk only by their words.
fn engine(message: &str) -> Error {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["deadlock detected"]) {
        Error::Lost
    } else if says(&[
        "database is locked",
        "database or disk is full",
        "disk I/O error",
        "connection closed",
        "terminating connection",
        "the database system is",
        "statement timeout",
        "too many clients",
    ]) {
        Error::Unavailable(message.to_owned())
    } else {
        Error::Engine(message.to_owned())
    }
}

fn taken(information: &dyn DatabaseErrorInformation) -> Error {
    let message = information.message();
    let columns = message.strip_prefix("UNIQUE constraint failed: ");
    KEYS.iter()
        .find(|(_, constraint, key)| {
            columns.map_or(information.constraint_name() == Some(constraint), |c| {
                c == *key
            })
        })
        .map_or_else(
            || Error::Engine(message.to_owned()),
            |(key, _, _)| Error::Taken(*key),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_nobody_answered_is_uncertain() {
        use DatabaseErrorKind as Kind;
        for (kind, said, uncertain) in [
            (Kind::UnableToSendCommand, "connection closed", true),
            (Kind::ClosedConnection, "connection closed", true),
            (
                Kind::Unknown,
                "terminating connection due to administrator command",
                true,
            ),
            (Kind::Unknown, "something new", true),
            (Kind::Unknown, "deadlock detected", false),
            (Kind::SerializationFailure, "could not serialize", false),
            (Kind::ForeignKeyViolation, "violates foreign key", false),
            (Kind::UniqueViolation, "duplicate key value", false),
        ] {
            let said = Box::new(said.to_owned());
            let error = Error::of_commit(diesel::result::Error::DatabaseError(kind, said));
            assert_eq!(matches!(error, Error::Uncertain(_)), uncertain, "{error}");
        }
    }
}
