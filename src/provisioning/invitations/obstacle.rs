//! Why an address cannot be invited as things stand.

use jiff::{SignedDuration, Timestamp};

use crate::directory::invitation::Refusal;
use crate::id::{InvitationId, UserId};

/// What stands in the way; the text says what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Somebody with the address is a member.
    #[error("a member has this address; change their role instead")]
    AlreadyMember(UserId),
    /// The directory turned the person away.
    #[error("the organization's directory deactivated this person; reactivate them there")]
    Deprovisioned(UserId),
    /// The organization invites people of other domains only.
    #[error("this organization invites people of these domains only: {0}")]
    DomainNotAllowed(String),
    /// The text is no address.
    #[error("this is no e-mail address")]
    InvalidEmail,
    /// There is an open invitation to the address.
    #[error("there is an invitation to this address; resend it, or change its role")]
    InvitationExists(InvitationId),
    /// The invitation has expired, and what is asked for takes one that lives.
    #[error("the invitation has expired; extend it first")]
    InvitationExpired,
    /// A directory manages the domain, and the organization wants its people to come from there.
    #[error("a directory manages {0}; provision the person there")]
    ManagedDomain(String),
    /// An admin suspended the person.
    #[error("this person is suspended; reactivate them instead")]
    MemberSuspended(UserId),
    /// Nobody asks for another address, or it was decided already.
    #[error("nobody asks to be invited at another address, or somebody has decided about it")]
    NoAddressChange,
    /// The directory's word stands: the organization does not let its owner put another there.
    #[error(
        "this organization does not let its owner invite whom the directory turned away; its \
         policy `allow_directory_override` says so"
    )]
    OverrideNotAllowed,
    /// Nobody says why the directory's word is not to stand.
    #[error("say in `reason` why the directory's word is not to stand")]
    OverrideUnexplained,
    /// A rule about invitations.
    #[error(transparent)]
    Rule(#[from] Refusal),
    /// So many invitations were made that no more are, for a while.
    #[error("{}; try again at {again_at}", quota.what)]
    TooMany {
        /// Which bound was met.
        quota: Quota,
        /// When more may be made.
        again_at: Timestamp,
    },
}

/// So many invitations in so long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Its name: whose it is.
    pub name: &'static str,
    /// How many in all.
    pub most: u64,
    /// In how long.
    pub window: SignedDuration,
    /// How many are left now.
    pub left: u64,
    /// What is said where it is used up.
    pub what: &'static str,
}

impl Obstacle {
    /// The stable name.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::AlreadyMember(_) => "already_member",
            Self::Deprovisioned(_) => "deprovisioned_by_directory",
            Self::DomainNotAllowed(_) => "domain_not_allowed",
            Self::InvalidEmail => "invalid_email",
            Self::InvitationExists(_) => "invitation_exists",
            Self::InvitationExpired => "invitation_expired",
            Self::ManagedDomain(_) => "managed_domain",
            Self::MemberSuspended(_) => "member_suspended",
            Self::NoAddressChange => "no_address_change",
            Self::OverrideNotAllowed => "override_not_allowed",
            Self::OverrideUnexplained => "override_unexplained",
            Self::Rule(rule) => rule.slug(),
            Self::TooMany { .. } => "too_many_invitations",
        }
    }

    /// The person or the invitation that stands in the way.
    pub fn instance(&self) -> Option<String> {
        match self {
            Self::AlreadyMember(id) | Self::Deprovisioned(id) | Self::MemberSuspended(id) => {
                Some(id.to_string())
            }
            Self::InvitationExists(id) => Some(id.to_string()),
            _ => None,
        }
    }

    /// When the same would be done, where only time is in the way.
    pub fn again_at(&self) -> Option<Timestamp> {
        match self {
            Self::Rule(rule) => rule.again_at(),
            Self::TooMany { again_at, .. } => Some(*again_at),
            _ => None,
        }
    }

    /// The quota that is used up, where that is in the way.
    pub fn quota(&self) -> Option<&Quota> {
        match self {
            Self::TooMany { quota, .. } => Some(quota),
            _ => None,
        }
    }
}
