//! Webhooks: where an organization's events are posted to, in the form of Standard Webhooks 1.0, and
//! when a post that failed is tried again.

use jiff::{SignedDuration, Timestamp};

use crate::directory::event::{EventKind, Visibility};
use crate::directory::words::words;
use crate::limits;

/// The type of the post that only tries a webhook.
pub const TEST: &str = "webhook.test";

/// What a webhook is asked to hear of that hears only of people who may come in no more.
const DEACTIVATIONS: [EventKind; 2] = [EventKind::UserDeleted, EventKind::UserSuspended];

words! {
    /// Whether anything is posted.
    WebhookState {
        /// Events are posted.
        Active = "active",
        /// Nothing is, until somebody enables it again.
        Disabled = "disabled",
    }
}

words! {
    /// How a webhook hears of things.
    Format {
        /// People who may come in no more, as security event tokens (CAEP session-revoked).
        Caep = "caep",
        /// Events as the feed shows them, as Standard Webhooks has it.
        Standard = "standard",
    }
}

words! {
    /// Why nothing is posted to a webhook any more.
    Disabling {
        /// Every post failed for days.
        Failing = "failing",
        /// It answered that it is gone (410).
        Gone = "gone",
    }
}

words! {
    /// How far a post got.
    Posting {
        /// The receiver took it.
        Delivered = "delivered",
        /// Every try failed, or the webhook was disabled.
        Failed = "failed",
        /// It waits to be posted, for the first time or again.
        Waiting = "waiting",
    }
}

/// The waits after the first try that failed, the second, and so on; after the last there is none.
const WAITS: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(12),
    SignedDuration::from_hours(24),
    SignedDuration::from_hours(24),
];

/// How long to wait after so many tries that failed: up to a fifth more or less than the schedule has it,
/// as chance says, so that what failed together does not come again together. `None` where that was
/// the last.
pub fn wait(tries: i64, chance: u16) -> Option<SignedDuration> {
    let index = usize::try_from(tries.checked_sub(1)?).ok()?;
    let whole = WAITS.get(index)?.as_millis();
    let share = i128::from(chance) * 400 / i128::from(u16::MAX);
    let millis = whole * (800 + share) / 1000;
    i64::try_from(millis).ok().map(SignedDuration::from_millis)
}

/// Whether a webhook has failed for so long that nothing is posted to it any more.
pub fn is_given_up(failing_since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(failing_since) >= limits::WEBHOOK_FAILING
}

/// The types of events that a webhook hears of, as they are stored: between spaces, with one on either
/// side; none means all.
pub fn types(asked: Option<&[String]>, format: Format) -> Result<Option<String>, String> {
    let mut kinds = match (asked, format) {
        (Some(asked), _) => asked.iter().map(|it| kind(it)).collect::<Result<_, _>>()?,
        (None, Format::Caep) => DEACTIVATIONS.to_vec(),
        (None, Format::Standard) => return Ok(None),
    };
    if kinds.is_empty() {
        return Err("name one type at least, or leave them out for all".to_owned());
    }
    let odd = kinds.iter().find(|it| !DEACTIVATIONS.contains(*it));
    if let Some(odd) = odd.filter(|_| format == Format::Caep) {
        return Err(format!(
            "{odd} is told by the format standard; caep tells of user.deleted and user.suspended"
        ));
    }
    kinds.sort_unstable();
    kinds.dedup();
    let words: Vec<_> = kinds.iter().map(|it| it.as_str()).collect();
    Ok(Some(format!(" {} ", words.join(" "))))
}

fn kind(text: &str) -> Result<EventKind, String> {
    let kind: EventKind = text
        .parse()
        .map_err(|_| format!("{text:?} is no type of events"))?;
    if kind.visibility() == Visibility::Feed {
        Ok(kind)
    } else {
        Err(format!("{kind} is for admins, and not told to webhooks"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spread_over_three_days_with_some_chance() {
        let waits = |chance| {
            let all = (1..).map_while(move |tries| wait(tries, chance));
            all.map(|it| it.as_millis()).collect::<Vec<_>>()
        };
        let minute = 60_000;
        let hour = 60 * minute;
        let schedule = [
            5_000,
            minute,
            5 * minute,
            30 * minute,
            2 * hour,
            6 * hour,
            12 * hour,
            24 * hour,
            24 * hour,
        ];
        let (least, most) = (waits(0), waits(u16::MAX));
        assert_eq!(least.len(), schedule.len());
        for ((least, most), middle) in least.iter().zip(&most).zip(&schedule) {
            assert_eq!(least * 10, middle * 8);
            assert_eq!(most * 10, middle * 12);
        }
        assert_eq!(
            (wait(0, 0), wait(10, 0), wait(i64::MIN, 0)),
            (None, None, None)
        );
    }

    #[test]
    fn types_are_those_of_the_feed() {
        let asked = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        for (words, format, expected) in [
            (None, Format::Standard, Ok(None)),
            (
                None,
                Format::Caep,
                Ok(Some(" user.deleted user.suspended ")),
            ),
            (
                Some(asked(&["user.updated", "user.created", "user.updated"])),
                Format::Standard,
                Ok(Some(" user.created user.updated ")),
            ),
            (
                Some(asked(&["user.suspended"])),
                Format::Caep,
                Ok(Some(" user.suspended ")),
            ),
            (Some(asked(&["user.created"])), Format::Caep, Err(())),
            (Some(asked(&[])), Format::Standard, Err(())),
            (Some(asked(&["user.*"])), Format::Standard, Err(())),
            (Some(asked(&["token.issued"])), Format::Standard, Err(())),
        ] {
            let found = types(words.as_deref(), format).map_err(drop);
            assert_eq!(
                found.as_ref().map(Option::as_deref),
                expected.as_ref().copied(),
                "{words:?}"
            );
        }
    }

    #[test]
    fn five_days_of_failures_are_enough() {
        let since: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let day = SignedDuration::from_hours(24);
        assert!(!is_given_up(
            since,
            since + day * 5 - SignedDuration::from_secs(1)
        ));
        assert!(is_given_up(since, since + day * 5));
    }
}
