//! What can go wrong in a change, in the product's words.

use crate::directory::Violation;
use crate::provisioning::invitations::Obstacle;
use crate::provisioning::owner_kept::Kept;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::settings::plan::Plan;
use crate::{scim, store};

/// A kind of thing that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An app.
    App,
    /// The owner's way in without a connection.
    BreakGlass,
    /// A connection.
    Connection,
    /// A link that lets in at the console.
    ConsoleLink,
    /// A domain, trusted or to prove.
    Domain,
    /// A grant.
    Grant,
    /// A SCIM Group.
    Group,
    /// A committed import.
    Import,
    /// The rows of a committed import.
    ImportResult,
    /// An invitation.
    Invitation,
    /// A key of the admin API.
    Key,
    /// A resource of a directory that is nobody's.
    Link,
    /// A mapping.
    Mapping,
    /// An organization.
    Organization,
    /// A project.
    Project,
    /// Roles that are computed anew.
    Recompute,
    /// A role.
    Role,
    /// A safeguard that tripped.
    Safeguard,
    /// A registered SCIM schema.
    Schema,
    /// A request in the request log.
    ScimRequest,
    /// A session.
    Session,
    /// A link to set up a connection.
    SetupLink,
    /// A sign-in in the log.
    SignIn,
    /// A SCIM token.
    Token,
    /// A transfer of ownership.
    Transfer,
    /// A user.
    User,
    /// A webhook.
    Webhook,
}

impl Kind {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::BreakGlass => "break-glass sign-in",
            Self::Connection => "connection",
            Self::ConsoleLink => "link to the console",
            Self::Domain => "domain",
            Self::Grant => "grant",
            Self::Group => "group",
            Self::Import => "import",
            Self::ImportResult => "result: the rows of an import are kept for 30 days",
            Self::Invitation => "invitation",
            Self::Key => "key",
            Self::Link => "resource of a directory",
            Self::Mapping => "mapping",
            Self::Organization => "organization",
            Self::Project => "project",
            Self::Recompute => "recompute",
            Self::Role => "role",
            Self::Safeguard => "safeguard",
            Self::Schema => "schema",
            Self::ScimRequest => "SCIM request in the log",
            Self::Session => "session",
            Self::SetupLink => "set-up link",
            Self::SignIn => "sign-in",
            Self::Token => "token",
            Self::Transfer => "transfer of ownership",
            Self::User => "user",
            Self::Webhook => "webhook",
        }
    }
}

/// A change, or a question, that could not be done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The credential is good for something else.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// The address cannot be invited, or the invitation cannot be changed, as things stand.
    #[error(transparent)]
    Invitation(Obstacle),
    /// There is no such thing in this organization.
    #[error("there is no such {}", .0.word())]
    NotFound(Kind),
    /// A directory wanted to turn the owner away, and the organization does not let it.
    #[error("the owner of the organization is neither deactivated nor deleted by a directory here")]
    OwnerKept(Kept),
    /// An admin paused the connection.
    #[error("the connection is paused")]
    Paused,
    /// What would happen is not what was shown, or was not shown though it is a lot.
    #[error("{} people's roles would change{}", .0.count(), if *.1 {
        ": look at the plan, and apply it with its digest"
    } else {
        ", which is not what was shown"
    })]
    Plan(Box<Plan>, bool),
    /// A rule of the product said no.
    #[error(transparent)]
    Rule(#[from] Violation),
    /// The SCIM request is wrong.
    #[error("{}", .0.detail)]
    Scim(scim::Error),
    /// Whoever asks is to say anew who they are.
    #[error("this takes a sign-in within the last minutes")]
    SignInAnew,
    /// The sign-in is refused.
    #[error("the sign-in is refused: {}", .0.reason())]
    SignIn(Refusal),
    /// The thing was changed meanwhile.
    #[error("it was changed meanwhile; read it again")]
    Stale,
    /// The store.
    #[error(transparent)]
    Store(store::Error),
    /// The name is taken.
    #[error("{0} is taken; choose another name")]
    Taken(&'static str),
    /// No credential, or none that is good.
    #[error("the credential is missing, unknown, expired or revoked")]
    Unauthorized,
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Taken(store::Key::ConnectionName) => {
                Self::Taken("this connection's name")
            }
            store::Error::Taken(store::Key::OrganizationSlug) => {
                Self::Taken("this organization's slug")
            }
            store::Error::Taken(store::Key::ProjectSlug) => Self::Taken("this project's slug"),
            store::Error::Taken(store::Key::RoleRank) => Self::Taken("this rank"),
            store::Error::Taken(store::Key::RoleSlug) => Self::Taken("this role's slug"),
            other => Self::Store(other),
        }
    }
}

impl From<scim::Error> for Error {
    fn from(error: scim::Error) -> Self {
        Self::Scim(error)
    }
}

impl store::Failure for Error {
    fn is_lost(&self) -> bool {
        matches!(self, Self::Store(store::Error::Lost))
    }
}
