//! The life of a signing key (OpenID Connect Core §10.1.1, RFC 8725 §3.1): it is published as the
//! next one before it signs, for as long as anybody may keep an older set, and as a retired one for
//! as long as a token that it signed may be shown, be it as a hint.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::{Algorithm, Error, State};
use crate::limits;

impl State {
    /// The word by which it is kept and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Retired => "retired",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        [Self::Current, Self::Next, Self::Retired]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or(Error::Unfit)
    }
}

/// The next key was published so short a time ago that caches of the set may not have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the next {algorithm} key is published since {since}, and apps may keep a set without it until \
     {until}: rotate then, or with --now if the current key is compromised"
)]
pub struct TooSoon {
    /// Whose turn it is.
    pub algorithm: Algorithm,
    /// Since when it is published.
    pub since: Timestamp,
    /// From when on everybody has it.
    pub until: Timestamp,
}

/// Whether a next key may sign by now.
pub fn may_sign(algorithm: Algorithm, since: Timestamp, now: Timestamp) -> Result<(), TooSoon> {
    let until = since + limits::JWKS_MAX_AGE;
    if now < until {
        return Err(TooSoon {
            algorithm,
            since,
            until,
        });
    }
    Ok(())
}

/// Until when a key is published that signs no more from now on: as long as an ID token of a session
/// that lives can come back as a hint (OpenID Connect Core §3.1.2.1), long after it has expired.
pub fn published_until(now: Timestamp) -> Timestamp {
    now + limits::SESSION + limits::CLOCK_SKEW
}

/// Whether a key belongs into the set.
pub fn is_published(state: State, until: Option<Timestamp>, now: Timestamp) -> bool {
    state != State::Retired || until.is_some_and(|until| now < until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_key_signs_once_every_cache_has_it() {
        let age = limits::JWKS_MAX_AGE.as_secs();
        for (now, may) in [(0, false), (age - 1, false), (age, true), (age * 9, true)] {
            let judged = may_sign(Algorithm::Es256, at(0), at(now));
            assert_eq!(judged.is_ok(), may, "{now}");
            if let Err(soon) = judged {
                assert_eq!(soon.until, at(age));
            }
        }
    }

    #[test]
    fn a_retired_key_is_published_until_no_hint_of_it_can_come() {
        let until = published_until(at(0));
        let day = 24 * 60 * 60 + 120;
        assert_eq!(until, at(day));
        for (state, until, now, published) in [
            (State::Current, None, 9_999, true),
            (State::Next, None, 9_999, true),
            (State::Retired, Some(until), day - 1, true),
            (State::Retired, Some(until), day, false),
            (State::Retired, None, 0, false),
        ] {
            assert_eq!(
                is_published(state, until, at(now)),
                published,
                "{state} {now}"
            );
        }
    }

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in [State::Current, State::Next, State::Retired] {
            assert_eq!(state.as_str().parse::<State>().unwrap(), state);
        }
        assert!("gone".parse::<State>().is_err());
    }
}
