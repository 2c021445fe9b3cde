//! Refresh tokens (RFC 6749 §6, RFC 9700 §4.14, OpenID Connect Core §12): what a request says, and
//! what a token that is presented stands for. Each is used once, and brings its successor.
//!
//! Every app gets one with its code: apps are confidential clients, and the token lives no longer
//! than the session, so that it is no offline access and takes no `offline_access` (Core §11).

use std::fmt;

use jiff::Timestamp;

use super::parameters::Parameters;
use super::scope::Scope;
use super::{Code, Error};
use crate::limits;

/// The one answer for a token that is unknown, used, expired, revoked or another's.
pub const REFUSED: Error = Code::InvalidGrant.because("the refresh token is good for nothing");

/// A refresh token, and what goes with it.
#[derive(Clone)]
pub struct RefreshGrant {
    /// The token as presented.
    pub token: String,
    /// The scope of the access token, where it is to be less than what was granted.
    pub scope: Option<Scope>,
}

impl fmt::Debug for RefreshGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grant = f.debug_struct("RefreshGrant");
        grant.field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl RefreshGrant {
    pub(super) fn parse(form: Parameters<'_>) -> Result<Self, Error> {
        let missing = Code::InvalidRequest.because("refresh_token is missing");
        Ok(Self {
            token: form.text("refresh_token").ok_or(missing)?,
            scope: form.value("scope").map(str::parse).transpose()?,
        })
    }

    /// The scope of the new access token: what was granted, or the part of it that is asked for
    /// (RFC 6749 §6). The successor is good for all that was granted.
    pub fn narrowed(&self, granted: Scope) -> Result<Scope, Error> {
        match self.scope {
            None => Ok(granted),
            Some(asked) if granted.covers(asked) => Ok(asked),
            Some(_) => Err(Code::InvalidScope.because("the scope is more than what was granted")),
        }
    }
}

/// What is known of a token that is presented.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// From when on it is good for nothing.
    pub expires_at: Timestamp,
    /// When it was used, if it was.
    pub used_at: Option<Timestamp>,
    /// Whether its successor is as good as on the day it was made: neither used nor gone.
    pub successor_is_fresh: bool,
}

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was used a moment ago, and its successor was not: the answer was lost, or two asked at
    /// once. It brings the very same successor.
    Again,
    /// It was not used in time.
    Expired,
    /// It is good, once.
    Good,
    /// It was used before: two have it, and one of them should not (RFC 9700 §4.14.2).
    Reused,
}

impl Known {
    /// What it stands for at this instant.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.used_at {
            None if now < self.expires_at => Standing::Good,
            None => Standing::Expired,
            Some(at)
                if self.successor_is_fresh && now.duration_since(at) < limits::REFRESH_RETRY =>
            {
                Standing::Again
            }
            Some(_) => Standing::Reused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::pairs;
    use super::*;

    #[test]
    fn a_token_is_good_once_and_a_moment_longer_while_its_successor_is_fresh() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (day, used) = ("2026-01-01T00:00:00Z", Some("2026-01-01T00:00:00Z"));
        for (now, used, fresh, expected) in [
            (day, None, false, Standing::Good),
            ("2026-01-07T23:59:59Z", None, false, Standing::Good),
            ("2026-01-08T00:00:00Z", None, false, Standing::Expired),
            ("2026-01-01T00:00:09Z", used, true, Standing::Again),
            ("2026-01-01T00:00:09Z", used, false, Standing::Reused),
            ("2026-01-01T00:00:10Z", used, true, Standing::Reused),
            ("2026-02-01T00:00:00Z", used, true, Standing::Reused),
        ] {
            let known = Known {
                expires_at: at("2026-01-08T00:00:00Z"),
                used_at: used.map(at),
                successor_is_fresh: fresh,
            };
            assert_eq!(known.standing(at(now)), expected, "{now} {used:?} {fresh}");
        }
    }

    #[test]
    fn the_scope_gets_narrower_and_never_wider() {
        for (granted, asked, expected) in [
            ("openid email", "", Ok("openid email")),
            ("openid email", "openid", Ok("openid")),
            ("openid email", "email openid", Ok("openid email")),
            ("openid email", "openid offline_access", Ok("openid")),
            ("openid email", "openid profile", Err(Code::InvalidScope)),
            ("openid", "openid email", Err(Code::InvalidScope)),
            ("openid email", "email", Err(Code::InvalidScope)),
            ("openid email", "openid  email", Err(Code::InvalidScope)),
        ] {
            let form = pairs(&[("refresh_token", "rt_hush"), ("scope", asked)]);
            let read = RefreshGrant::parse(Parameters::new(&form));
            let scope = read.and_then(|read| {
                assert!(!format!("{read:?}").contains("hush"));
                read.narrowed(granted.parse().unwrap())
            });
            let found = scope.map(|scope| scope.to_string());
            let found = found.as_deref().map_err(Error::code);
            assert_eq!(found, expected, "{granted}: {asked}");
        }
    }
}
