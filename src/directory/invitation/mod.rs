//! Invitations: what state one is in, and what may be done to it. What its link consists of is in
//! [`link`]; how long it lives in [`expiry`].
//!
//! Only a pending invitation can be accepted. That one has expired is not written anywhere: it
//! follows from the time.

pub mod change;
pub mod digits;
pub mod expiry;
pub mod link;
mod message;
mod phrase;
mod refusal;

use jiff::{SignedDuration, Timestamp};

use crate::directory::role::{ADMIN_RANK, OWNER_RANK, Role};
use crate::directory::words::words;
use crate::limits;

pub use message::Message;
pub use phrase::phrase;
pub use refusal::Refusal;

words! {
    /// What was done with an invitation: what the store keeps.
    State {
        /// The person came.
        Accepted = "accepted",
        /// The person said no.
        Declined = "declined",
        /// It cannot be accepted until an admin looks at it.
        NeedsAttention = "needs_attention",
        /// Nothing yet.
        Pending = "pending",
        /// It was taken back.
        Revoked = "revoked",
        /// Another one, or the directory, took its place.
        Superseded = "superseded",
    }
}

words! {
    /// How an invitation stands at some time: its state, or that it expired.
    Standing {
        /// The person came.
        Accepted = "accepted",
        /// The person said no.
        Declined = "declined",
        /// It is pending, but too late.
        Expired = "expired",
        /// It cannot be accepted until an admin looks at it.
        NeedsAttention = "needs_attention",
        /// It can be accepted.
        Pending = "pending",
        /// It was taken back.
        Revoked = "revoked",
        /// Another one, or the directory, took its place.
        Superseded = "superseded",
    }
}

impl State {
    /// How an invitation in this state stands at `now`. It can be accepted until just before it
    /// expires.
    pub fn at(self, expires_at: Timestamp, now: Timestamp) -> Standing {
        match self {
            Self::Accepted => Standing::Accepted,
            Self::Declined => Standing::Declined,
            Self::NeedsAttention => Standing::NeedsAttention,
            Self::Pending if expires_at <= now => Standing::Expired,
            Self::Pending => Standing::Pending,
            Self::Revoked => Standing::Revoked,
            Self::Superseded => Standing::Superseded,
        }
    }

    /// Whether it can still become a membership, perhaps after some help.
    pub fn is_open(self) -> bool {
        matches!(self, Self::NeedsAttention | Self::Pending)
    }

    /// Whether its role, projects and expiry may be changed: also when it has expired.
    pub fn may_change(self) -> Result<(), Refusal> {
        if self.is_open() {
            Ok(())
        } else {
            Err(Refusal::Closed(self))
        }
    }

    /// Whether revoking changes it: once revoked, doing it again is well and does nothing.
    pub fn revocation(self) -> Result<bool, Refusal> {
        match self {
            Self::NeedsAttention | Self::Pending => Ok(true),
            Self::Revoked => Ok(false),
            Self::Accepted | Self::Declined | Self::Superseded => Err(Refusal::Closed(self)),
        }
    }
}

/// What resending does besides mailing the same link again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resending {
    /// When it expires now.
    pub expires_at: Timestamp,
    /// Whether that is later than before: people resend just when it has expired.
    pub extended: bool,
    /// Whether so little time is left that it should be said.
    pub ends_soon: bool,
}

/// Whether it may be sent again. `resent` are the times of its earlier resendings, in any order;
/// those of the last 24 hours suffice.
pub fn resending(
    state: State,
    expires_at: Timestamp,
    resent: &[Timestamp],
    now: Timestamp,
) -> Result<Resending, Refusal> {
    if state != State::Pending {
        return Err(Refusal::Closed(state));
    }
    may_go_again(resent, now)?;
    let extended = expires_at <= now;
    let expires_at = if extended {
        later(now, limits::INVITATION_LIFE)
    } else {
        expires_at
    };
    Ok(Resending {
        expires_at,
        extended,
        ends_soon: expires_at.duration_since(now) < limits::INVITATION_ENDING,
    })
}

/// Whether what went out at these times, in any order, may go out again: not right after the last
/// one, and not too often in 24 hours.
pub fn may_go_again(times: &[Timestamp], now: Timestamp) -> Result<(), Refusal> {
    let ago = |time: &Timestamp| now.duration_since(*time);
    let mut lately: Vec<_> = times.iter().filter(|time| ago(time) < DAY).collect();
    lately.sort_unstable_by(|a, b| b.cmp(a));
    if let Some(last) = lately.first().filter(|time| ago(time) < limits::RESEND_GAP) {
        let again_at = later(**last, limits::RESEND_GAP);
        return Err(Refusal::ResendTooSoon { again_at });
    }
    if let Some(oldest) = lately.get(limits::RESENDS_PER_DAY - 1) {
        let again_at = later(**oldest, DAY);
        return Err(Refusal::ResendTooOften { again_at });
    }
    Ok(())
}

/// Whether a person of this rank may invite at all.
pub fn may_invite(inviter_rank: i64) -> bool {
    inviter_rank >= ADMIN_RANK
}

/// Whether a person of this rank may hand out this role in so many projects; none means in the
/// whole organization. An operator has the owner's rank.
pub fn may_grant(role: &Role, projects: usize, inviter_rank: i64) -> Result<(), Refusal> {
    if role.rank >= OWNER_RANK {
        return Err(Refusal::OwnerNotGrantable);
    }
    if role.rank > inviter_rank {
        return Err(Refusal::RoleAboveInviter(role.slug.clone()));
    }
    if role.rank >= ADMIN_RANK && projects > 0 {
        return Err(Refusal::ScopeNotAllowed(role.slug.clone()));
    }
    if projects > limits::INVITATION_PROJECTS {
        return Err(Refusal::TooManyProjects);
    }
    Ok(())
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// So much later, or the end of time.
fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-22T10:00:00Z";

    #[test]
    fn only_a_pending_invitation_expires() {
        let now = at(NOW);
        let second = SignedDuration::from_secs(1);
        for word in State::WORDS {
            let state: State = word.parse().unwrap();
            let before = state.at(later(now, second), now);
            assert_eq!(before.as_str(), *word);
            let expected = if *word == "pending" { "expired" } else { word };
            assert_eq!(state.at(now, now).as_str(), expected);
        }
    }

    #[test]
    fn what_may_be_done_follows_from_the_state() {
        for (state, open, revocation) in [
            (State::Accepted, false, Err("already_accepted")),
            (State::Declined, false, Err("invitation_closed")),
            (State::NeedsAttention, true, Ok(true)),
            (State::Pending, true, Ok(true)),
            (State::Revoked, false, Ok(false)),
            (State::Superseded, false, Err("invitation_closed")),
        ] {
            assert_eq!(state.may_change().is_ok(), open, "{state}");
            let revoked = state.revocation();
            assert_eq!(revoked.map_err(|it| it.slug()), revocation, "{state}");
        }
    }

    #[test]
    fn resending_keeps_the_expiry_of_a_live_one_and_revives_an_expired_one() {
        let now = at(NOW);
        for (expires_at, after, extended, ends_soon) in [
            ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z", false, false),
            ("2026-11-23T09:59:59Z", "2026-11-23T09:59:59Z", false, true),
            ("2026-11-22T10:00:00Z", "2026-11-29T10:00:00Z", true, false),
            ("2026-01-01T00:00:00Z", "2026-11-29T10:00:00Z", true, false),
        ] {
            let expected = Resending {
                expires_at: at(after),
                extended,
                ends_soon,
            };
            let found = resending(State::Pending, at(expires_at), &[], now);
            assert_eq!(found, Ok(expected), "{expires_at}");
        }
        for state in [State::Accepted, State::NeedsAttention, State::Revoked] {
            let found = resending(state, at("2026-11-24T10:00:00Z"), &[], now);
            assert_eq!(found, Err(Refusal::Closed(state)));
        }
    }

    #[test]
    fn resending_has_a_pace() {
        let now = at(NOW);
        let times = |minutes: &[i64]| -> Vec<_> {
            let ago = |it: &i64| later(now, -SignedDuration::from_mins(*it));
            minutes.iter().map(ago).collect()
        };
        for (ago, expected) in [
            (&[][..], None),
            (&[10], None),
            (&[60, 9], Some(("resend_too_soon", "2026-11-22T10:01:00Z"))),
            (&[0], Some(("resend_too_soon", "2026-11-22T10:10:00Z"))),
            (&[20, 40, 60, 80], None),
            (&[20, 40, 60, 80, 1440], None),
            (
                &[1439, 20, 40, 60, 80],
                Some(("resend_too_often", "2026-11-22T10:01:00Z")),
            ),
            (
                &[90, 100, 20, 40, 60, 80],
                Some(("resend_too_often", "2026-11-23T08:30:00Z")),
            ),
        ] {
            let found = resending(State::Pending, later(now, DAY), &times(ago), now);
            let refused = found
                .err()
                .map(|refusal| (refusal.slug(), refusal.again_at()));
            let expected = expected.map(|(slug, time)| (slug, Some(at(time))));
            assert_eq!(refused, expected, "{ago:?}");
        }
    }

    #[test]
    fn nobody_grants_more_than_they_have() {
        let role = |slug: &str, rank| Role {
            id: uuid::Uuid::from_u128(rank as u128).into(),
            slug: slug.to_owned(),
            name: slug.to_owned(),
            rank,
        };
        for (slug, rank, projects, inviter, expected) in [
            ("owner", 100, 0, 100, Some("owner_not_grantable")),
            ("owner", 100, 1, 80, Some("owner_not_grantable")),
            ("admin", 80, 0, 100, None),
            ("admin", 80, 0, 80, None),
            ("admin", 80, 1, 80, Some("scope_not_allowed")),
            ("chief", 90, 0, 80, Some("role_above_inviter")),
            ("chief", 90, 1, 80, Some("role_above_inviter")),
            ("editor", 50, 100, 80, None),
            ("editor", 50, 101, 80, Some("too_many_projects")),
        ] {
            let found = may_grant(&role(slug, rank), projects, inviter).err();
            assert_eq!(found.map(|it| it.slug()), expected, "{slug} {inviter}");
        }
        assert!(may_invite(ADMIN_RANK) && !may_invite(50));
    }
}
