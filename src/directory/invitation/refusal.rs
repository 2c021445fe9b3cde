//! Why something cannot be done with an invitation.

use jiff::Timestamp;

use super::State;
use crate::limits;

/// A rule about invitations said no. The text tells what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The expiry was said in two ways.
    #[error("say either expires_at or expires_in_days, not both")]
    AmbiguousExpiry,
    /// It is accepted, declined, revoked or superseded, or it first needs attention.
    #[error("{}", closed(*.0))]
    Closed(State),
    /// The expiry has passed.
    #[error("the expiry is in the past")]
    ExpiryInPast,
    /// The expiry is too far ahead.
    #[error("the expiry is more than 30 days ahead; the latest is {latest}")]
    ExpiryTooFar {
        /// The latest that can be asked for.
        latest: Timestamp,
    },
    /// The expiry is too near.
    #[error("the expiry is less than an hour ahead; the earliest is {earliest}")]
    ExpiryTooSoon {
        /// The earliest that can be asked for.
        earliest: Timestamp,
    },
    /// It would live too long.
    #[error("an invitation lives until {latest} at most; extend it by less, or later")]
    ExtensionLimit {
        /// The latest expiry that is possible.
        latest: Timestamp,
    },
    /// The expiry is no time.
    #[error(
        "expires_at takes a date as in 2026-11-22, or a time with its zone as in 2026-11-22T10:00:00Z"
    )]
    InvalidExpiry,
    /// An extension has one of three lengths.
    #[error("an invitation is extended by 7, 14 or 30 days")]
    InvalidExtension,
    /// The message is too long.
    #[error(
        "the message has {length} characters; it may have {}",
        limits::INVITATION_MESSAGE
    )]
    MessageTooLong {
        /// How long it is.
        length: usize,
    },
    /// Nobody grants the owner's role.
    #[error("no one can be invited as owner; ownership is transferred")]
    OwnerNotGrantable,
    /// It was sent as often as may be.
    #[error(
        "it was sent {} times in 24 hours; try again at {again_at}",
        limits::RESENDS_PER_DAY
    )]
    ResendTooOften {
        /// When it may be sent again.
        again_at: Timestamp,
    },
    /// It was sent just now.
    #[error("it was sent less than 10 minutes ago; try again at {again_at}")]
    ResendTooSoon {
        /// When it may be sent again.
        again_at: Timestamp,
    },
    /// The role is above that of the person who grants it.
    #[error("the role {0} is above your own")]
    RoleAboveInviter(String),
    /// The role covers the whole organization.
    #[error("the role {0} covers the whole organization and takes no projects")]
    ScopeNotAllowed(String),
    /// The invitation is for too many projects.
    #[error(
        "an invitation is for at most {} projects",
        limits::INVITATION_PROJECTS
    )]
    TooManyProjects,
}

impl Refusal {
    /// The rule's stable name.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::AmbiguousExpiry => "ambiguous_expiry",
            Self::Closed(State::Accepted) => "already_accepted",
            Self::Closed(State::NeedsAttention) => "needs_attention",
            Self::Closed(_) => "invitation_closed",
            Self::ExpiryInPast => "expiry_in_past",
            Self::ExpiryTooFar { .. } => "expiry_too_far",
            Self::ExpiryTooSoon { .. } => "expiry_too_soon",
            Self::ExtensionLimit { .. } => "extension_limit",
            Self::InvalidExpiry => "invalid_expiry",
            Self::InvalidExtension => "invalid_extension",
            Self::MessageTooLong { .. } => "too_long",
            Self::OwnerNotGrantable => "owner_not_grantable",
            Self::ResendTooOften { .. } => "resend_too_often",
            Self::ResendTooSoon { .. } => "resend_too_soon",
            Self::RoleAboveInviter(_) => "role_above_inviter",
            Self::ScopeNotAllowed(_) => "scope_not_allowed",
            Self::TooManyProjects => "too_many_projects",
        }
    }

    /// When the same would be done, where only time is in the way.
    pub fn again_at(&self) -> Option<Timestamp> {
        match self {
            Self::ResendTooOften { again_at } | Self::ResendTooSoon { again_at } => Some(*again_at),
            _ => None,
        }
    }
}

fn closed(state: State) -> &'static str {
    match state {
        State::Accepted => {
            "the invitation was accepted; change the person's role or suspend them instead"
        }
        State::Declined => "the invitation was declined; invite the person again",
        State::NeedsAttention => "the invitation needs attention first: set its role and projects",
        State::Pending => "the invitation is pending",
        State::Revoked => "the invitation was revoked; invite the person again",
        State::Superseded => "the invitation was superseded by a newer one",
    }
}
