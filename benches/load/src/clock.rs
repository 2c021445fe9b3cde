//! The machine's clock: what is asked of a running server carries the time of day.

use jiff::{SignedDuration, Timestamp};

/// The present second.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the machine; the server asked runs by the same clock"
)]
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// A moment so many minutes after another.
pub(crate) fn minutes_after(moment: Timestamp, minutes: i64) -> Timestamp {
    moment
        .checked_add(SignedDuration::from_mins(minutes))
        .unwrap_or(moment)
}

/// A short text that another run, a second later, does not have: names of what is created carry it.
pub(crate) fn tag() -> String {
    format!("{:x}", now().as_second())
}
