//! Safeguards: how much one directory may take away, or give, within an hour before somebody looks.

use crate::directory::connection::Safeguard;
use crate::directory::words::words;
use crate::limits;

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

words! {
    /// What a safeguard does about what is counted.
    Reaction {
        /// An alarm goes out, and everything is done.
        Alarm = "alarm",
        /// It waits for a decision.
        Hold = "hold",
        /// Nothing: it is few enough, or nobody watches.
        Nothing = "nothing",
    }
}

impl Danger {
    /// How many are few enough, of so many active people.
    pub fn threshold(self, active: i64) -> i64 {
        let (least, percent) = match self {
            Self::Promotions => limits::SAFEGUARD_PROMOTIONS,
            Self::Removals => limits::SAFEGUARD_REMOVALS,
        };
        least.max(active.saturating_mul(percent) / 100)
    }

    /// What a connection does about so many people within the window, of so many active ones.
    pub fn reaction(self, mode: Safeguard, people: i64, active: i64) -> Reaction {
        if mode == Safeguard::Off || people <= self.threshold(active) {
            return Reaction::Nothing;
        }
        match (self, mode) {
            (Self::Promotions, _) | (Self::Removals, Safeguard::Hold) => Reaction::Hold,
            (Self::Removals, Safeguard::Observe | Safeguard::Off) => Reaction::Alarm,
        }
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
    #[test]
    fn what_is_too_much_waits_or_is_told_as_the_mode_has_it() {
        use Reaction::{Alarm, Hold, Nothing};
        for (danger, people, [off, observe, hold]) in [
            (Danger::Removals, 12, [Nothing; 3]),
            (Danger::Removals, 13, [Nothing, Alarm, Hold]),
            (Danger::Promotions, 3, [Nothing; 3]),
            (Danger::Promotions, 4, [Nothing, Hold, Hold]),
        ] {
            for (mode, expected) in [
                (Safeguard::Off, off),
                (Safeguard::Observe, observe),
                (Safeguard::Hold, hold),
            ] {
                assert_eq!(
                    danger.reaction(mode, people, 60),
                    expected,
                    "{danger} {mode}"
                );
            }
        }
    }
}
