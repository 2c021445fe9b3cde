//! How long an invitation lives: what may be asked for at first, and how it is extended.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::{Refusal, State, later};
use crate::limits;

/// When an invitation expires of which at most one of the two was said: a number of days, or a
/// time (RFC 3339), or a date, which means the end of that day in UTC.
pub fn expiry(
    in_days: Option<i64>,
    at: Option<&str>,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    match (in_days, at) {
        (None, None) => Ok(later(now, limits::INVITATION_LIFE)),
        (Some(_), Some(_)) => Err(Refusal::AmbiguousExpiry),
        (Some(days), None) => bounded(later(now, days_long(days)), now),
        (None, Some(at)) => bounded(time(at.trim()).ok_or(Refusal::InvalidExpiry)?, now),
    }
}

fn bounded(expiry: Timestamp, now: Timestamp) -> Result<Timestamp, Refusal> {
    let [earliest, latest] = limits::INVITATION_LIVES.map(|life| later(now, life));
    if expiry < now {
        Err(Refusal::ExpiryInPast)
    } else if expiry < earliest {
        Err(Refusal::ExpiryTooSoon { earliest })
    } else if expiry > latest {
        Err(Refusal::ExpiryTooFar { latest })
    } else {
        Ok(expiry)
    }
}

fn time(text: &str) -> Option<Timestamp> {
    let digits = |c: char| c.is_ascii_digit() || c == '-';
    if text.len() == 10 && text.chars().all(digits) {
        let day: Date = text.parse().ok()?;
        let end = day.at(23, 59, 59, 0);
        return Offset::UTC.to_timestamp(end).ok();
    }
    text.parse().ok()
}

/// The three lengths by which an invitation is extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// Seven days.
    Seven,
    /// Fourteen days.
    Fourteen,
    /// Thirty days.
    Thirty,
}

impl Extension {
    /// Its days.
    pub fn days(self) -> i64 {
        match self {
            Self::Seven => 7,
            Self::Fourteen => 14,
            Self::Thirty => 30,
        }
    }
}

impl TryFrom<i64> for Extension {
    type Error = Refusal;

    fn try_from(days: i64) -> Result<Self, Refusal> {
        [Self::Seven, Self::Fourteen, Self::Thirty]
            .into_iter()
            .find(|extension| extension.days() == days)
            .ok_or(Refusal::InvalidExtension)
    }
}

/// When an invitation expires that is extended: from its expiry on, or from now on where that has
/// passed, which revives it.
pub fn extended(
    state: State,
    expires_at: Timestamp,
    by: Extension,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    state.may_change()?;
    let expiry = later(expires_at.max(now), days_long(by.days()));
    let latest = later(now, limits::INVITATION_EXTENSION);
    if expiry > latest {
        return Err(Refusal::ExtensionLimit { latest });
    }
    Ok(expiry)
}

/// When a link expires that is shared outside of mail: not after the invitation, and soon.
pub fn shared(expires_at: Timestamp, now: Timestamp) -> Timestamp {
    expires_at.min(later(now, limits::SHARED_LINK_LIFE))
}

fn days_long(days: i64) -> SignedDuration {
    SignedDuration::from_secs(days.saturating_mul(24 * 60 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_expiry_is_read_and_kept_within_its_bounds() {
        let now = at("2026-11-22T10:00:00Z");
        for (days, time, expected) in [
            (None, None, Ok("2026-11-29T10:00:00Z")),
            (Some(1), None, Ok("2026-11-23T10:00:00Z")),
            (Some(30), None, Ok("2026-12-22T10:00:00Z")),
            (Some(31), None, Err("expiry_too_far")),
            (Some(0), None, Err("expiry_too_soon")),
            (Some(-1), None, Err("expiry_in_past")),
            (Some(i64::MAX), None, Err("expiry_too_far")),
            (Some(7), Some("2026-11-29"), Err("ambiguous_expiry")),
            (None, Some("2026-11-22"), Ok("2026-11-22T23:59:59Z")),
            (None, Some("2026-11-21"), Err("expiry_in_past")),
            (None, Some("2026-12-22"), Err("expiry_too_far")),
            (
                None,
                Some(" 2026-11-22T11:00:00Z "),
                Ok("2026-11-22T11:00:00Z"),
            ),
            (None, Some("2026-11-22T10:59:59Z"), Err("expiry_too_soon")),
            (
                None,
                Some("2026-11-22T13:00:00+01:00"),
                Ok("2026-11-22T12:00:00Z"),
            ),
            (None, Some("2026-11-22T09:59:59Z"), Err("expiry_in_past")),
            (None, Some("2026-12-22T10:00:01Z"), Err("expiry_too_far")),
            (None, Some("2026-11-25T10:00:00"), Err("invalid_expiry")),
            (None, Some("2026-02-30"), Err("invalid_expiry")),
            (None, Some("tomorrow"), Err("invalid_expiry")),
            (None, Some(""), Err("invalid_expiry")),
        ] {
            let found = expiry(days, time, now).map_err(|refusal| refusal.slug());
            assert_eq!(found, expected.map(at), "{days:?} {time:?}");
        }
    }

    #[test]
    fn an_extension_counts_from_the_later_of_now_and_the_expiry() {
        let now = at("2026-11-22T10:00:00Z");
        for (expires_at, days, expected) in [
            ("2026-11-25T10:00:00Z", 7, Ok("2026-12-02T10:00:00Z")),
            ("2026-11-01T10:00:00Z", 14, Ok("2026-12-06T10:00:00Z")),
            ("2027-01-21T10:00:00Z", 30, Ok("2027-02-20T10:00:00Z")),
            ("2027-01-21T10:00:01Z", 30, Err("extension_limit")),
            ("2026-11-25T10:00:00Z", 8, Err("invalid_extension")),
            ("2026-11-25T10:00:00Z", 0, Err("invalid_extension")),
            ("2026-11-25T10:00:00Z", -7, Err("invalid_extension")),
        ] {
            for state in [State::NeedsAttention, State::Pending] {
                let found = Extension::try_from(days)
                    .and_then(|by| extended(state, at(expires_at), by, now))
                    .map_err(|refusal| refusal.slug());
                assert_eq!(found, expected.map(at), "{state} {expires_at} {days}");
            }
        }
        let latest = at("2027-02-20T10:00:00Z");
        let found = extended(State::Pending, latest, Extension::Seven, now);
        assert_eq!(found, Err(Refusal::ExtensionLimit { latest }));
    }

    #[test]
    fn a_shared_link_lives_three_days_at_most() {
        let now = at("2026-11-22T10:00:00Z");
        for (expires_at, expected) in [
            ("2026-11-29T10:00:00Z", "2026-11-25T10:00:00Z"),
            ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"),
        ] {
            assert_eq!(shared(at(expires_at), now), at(expected));
        }
    }

    #[test]
    fn what_is_closed_is_not_extended() {
        let now = at("2026-11-22T10:00:00Z");
        for state in [
            State::Accepted,
            State::Declined,
            State::Revoked,
            State::Superseded,
        ] {
            let found = extended(state, now, Extension::Seven, now);
            assert_eq!(found, Err(Refusal::Closed(state)));
        }
    }
}
