//! Links by which somebody without an account sets up a connection: what one covers, and how long it lasts.

use jiff::{SignedDuration, Timestamp};

use crate::directory::words::words;

words! {
    /// What a link covers.
    Purpose {
        /// The directory alone: SCIM and groups.
        Directory = "directory",
        /// All of it.
        Everything = "everything",
        /// Signing in alone: domains and SAML.
        SignIn = "sign_in",
    }
}

words! {
    /// How a link stands.
    LinkState {
        /// Its time is over.
        Expired = "expired",
        /// Whoever has it said that all is done.
        Finished = "finished",
        /// It is good.
        Open = "open",
        /// It was taken back.
        Revoked = "revoked",
    }
}

words! {
    /// One step of setting up a connection.
    Step {
        /// Prove the domains of the people who sign in.
        Domain = "domain",
        /// Tell each side about the other.
        Saml = "saml",
        /// Sign in once.
        Test = "test",
        /// Push people and groups.
        Scim = "scim",
        /// Say which group gives which role.
        Groups = "groups",
        /// Hand over.
        Done = "done",
    }
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [
        Self::Domain,
        Self::Saml,
        Self::Test,
        Self::Scim,
        Self::Groups,
        Self::Done,
    ];
}

impl Purpose {
    /// Whether a step is covered.
    pub fn covers(self, step: Step) -> bool {
        match step {
            Step::Done => true,
            Step::Domain | Step::Saml | Step::Test => self != Self::Directory,
            Step::Scim | Step::Groups => self != Self::SignIn,
        }
    }
}

/// Hours that a link lasts where nobody says.
pub const HOURS: u16 = 72;
/// Hours that it lasts at most: thirty days.
pub const HOURS_AT_MOST: u16 = 30 * 24;

/// How long a link lasts that somebody wants to last so long; nothing where it cannot.
pub fn life(hours: Option<u16>) -> Option<SignedDuration> {
    let hours = hours.unwrap_or(HOURS);
    (1..=HOURS_AT_MOST)
        .contains(&hours)
        .then(|| SignedDuration::from_hours(hours.into()))
}

/// How a link stands at an instant.
pub fn state(
    (revoked, finished): (bool, bool),
    expires_at: Timestamp,
    now: Timestamp,
) -> LinkState {
    if revoked {
        LinkState::Revoked
    } else if finished {
        LinkState::Finished
    } else if expires_at <= now {
        LinkState::Expired
    } else {
        LinkState::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_covers_what_it_is_for() {
        for (purpose, expected) in [
            (Purpose::Everything, "domain saml test scim groups done"),
            (Purpose::SignIn, "domain saml test done"),
            (Purpose::Directory, "scim groups done"),
        ] {
            let steps = Step::ALL.iter().filter(|step| purpose.covers(**step));
            let steps: Vec<_> = steps.map(|step| step.as_str()).collect();
            assert_eq!(steps.join(" "), expected);
        }
    }

    #[test]
    fn a_link_lasts_an_hour_to_thirty_days() {
        for (hours, expected) in [
            (None, Some(72)),
            (Some(1), Some(1)),
            (Some(720), Some(720)),
            (Some(0), None),
            (Some(721), None),
        ] {
            assert_eq!(life(hours).map(|life| life.as_hours()), expected);
        }
    }
}
