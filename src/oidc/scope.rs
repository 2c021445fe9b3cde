//! The scopes that an app can ask for (OpenID Connect Core §5.4): `openid` always, `email` and
//! `profile` if it wants them; others are ignored (§3.1.2.1).

use std::fmt;
use std::str::FromStr;

use super::{Code, Error};

/// Every scope there is, in the order in which they are printed.
pub const SUPPORTED: [&str; 3] = ["openid", "email", "profile"];

/// A granted scope: `openid` and what else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// `email`: the address, and whether it is verified.
    pub email: bool,
    /// `profile`: the name.
    pub profile: bool,
}

impl Scope {
    /// Whether the other scope is this one or a part of it.
    pub const fn covers(self, other: Self) -> bool {
        (self.email || !other.email) && (self.profile || !other.profile)
    }
}

impl FromStr for Scope {
    type Err = Error;

    /// Reads a list of names separated by single spaces (RFC 6749 §3.3).
    fn from_str(text: &str) -> Result<Self, Error> {
        let name = |b: u8| (0x21..=0x7e).contains(&b) && b != b'"' && b != b'\\';
        if text
            .split(' ')
            .any(|part| part.is_empty() || !part.bytes().all(name))
        {
            return Err(Code::InvalidScope.because("the scope is malformed"));
        }
        let has = |wanted| text.split(' ').any(|part| part == wanted);
        if !has("openid") {
            return Err(Code::InvalidScope.because("the scope must contain openid"));
        }
        Ok(Self {
            email: has("email"),
            profile: has("profile"),
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("openid")?;
        f.write_str(if self.email { " email" } else { "" })?;
        f.write_str(if self.profile { " profile" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_scopes_are_granted_and_unknown_ones_ignored() {
        let table = [
            ("openid", Some("openid")),
            ("profile openid email", Some("openid email profile")),
            ("openid offline_access openid", Some("openid")),
            ("email profile", None),
            ("OpenID", None),
            ("openid  email", None),
            ("openid\temail", None),
            ("openid \"x\"", None),
            ("", None),
        ];
        for (asked, granted) in table {
            let scope = asked.parse::<Scope>();
            assert_eq!(
                scope.ok().map(|s| s.to_string()).as_deref(),
                granted,
                "{asked:?}"
            );
        }
    }
}
