//! Safeguards: how much one directory may take away, or give, within an hour before somebody looks.

use jiff::SignedDuration;

use crate::directory::words::words;

words! {
    /// What is counted.
    Danger {
        /// People become admins.
        Promotions = "promotions",
        /// People are suspended, deleted, or lose the last of what the directory gave.
        Removals = "removals",
    }
}

words! {
    /// What became of a safeguard that tripped.
    SafeguardState {
        /// What it held was done, since somebody said yes.
        Approved = "approved",
        /// Nobody decided in time: removals were done, promotions were not.
        Expired = "expired",
        /// What is beyond the limit waits.
        Held = "held",
        /// Everything was done, and an alarm went out.
        Observed = "observed",
        /// What it held is not done, since somebody said no.
        Rejected = "rejected",
    }
}

words! {
    /// What the directory says of a person that is not in force.
    WaiverKind {
        /// It deleted them.
        Deletion = "deletion",
        /// It took them out of a group whose rule gave something.
        Kept = "kept",
        /// It deactivated them.
        Suspension = "suspension",
        /// It put them into a group whose rule gives something.
        Withheld = "withheld",
    }
}

words! {
    /// Why it is not in force.
    WaiverState {
        /// A promotion that nobody approved in time.
        Expired = "expired",
        /// A safeguard holds it.
        Held = "held",
        /// Somebody refused what the safeguard held.
        Rejected = "rejected",
        /// Somebody undid it.
        Undone = "undone",
    }
}

/// How far back is counted.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(60);

/// A removal so long after the one before is no part of a burst.
pub const APART: SignedDuration = SignedDuration::from_mins(10);

/// How long a hold waits for a decision unless said.
pub const HOLD_MINUTES: i64 = 15;

/// How long at most.
pub const LONGEST_HOLD_MINUTES: i64 = 60;

impl Danger {
    /// How many are few enough, of so many active people.
    pub fn threshold(self, active: i64) -> i64 {
        let (least, percent) = match self {
            Self::Promotions => (3, 5),
            Self::Removals => (10, 20),
        };
        least.max(active.saturating_mul(percent) / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_always_few_and_many_are_a_share() {
        for (danger, active, expected) in [
            (Danger::Removals, 0, 10),
            (Danger::Removals, 50, 10),
            (Danger::Removals, 60, 12),
            (Danger::Removals, 1000, 200),
            (Danger::Promotions, 0, 3),
            (Danger::Promotions, 79, 3),
            (Danger::Promotions, 100, 5),
        ] {
            assert_eq!(danger.threshold(active), expected, "{danger} of {active}");
        }
    }
}
