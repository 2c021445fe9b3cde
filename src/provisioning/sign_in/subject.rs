//! What an assertion says of who it is, in the forms in which the store is asked: the subject's
//! key, the names by which a directory may know it, the address.

use crate::directory::email::Address;
use crate::provisioning::{Error, Refusal};
use crate::saml::Assertion;
use crate::saml::profile::Profile;
use crate::scim;

/// The longest subject key taken: an index holds it whole.
const KEY_LIMIT: usize = 1_024;

/// The subject of an assertion.
pub(super) struct Subject {
    /// The key inside the connection.
    pub(super) key: String,
    /// The directory's own identifier, where the product asserts it.
    pub(super) external_id: Option<String>,
    /// The NameID as a userName compares.
    pub(super) name: Option<String>,
    /// The address.
    pub(super) address: Option<Address>,
}

impl Subject {
    /// Reads the subject; one that no link could be kept for is refused.
    pub(super) fn read(assertion: &Assertion, profile: &Profile) -> Result<Self, Error> {
        let key = profile
            .subject_key
            .clone()
            .filter(|key| key.len() <= KEY_LIMIT);
        let name = assertion
            .name_id
            .as_ref()
            .map(|id| id.value.as_str())
            .filter(|n| is_plain(n));
        let address = profile.email.as_deref().filter(|email| is_plain(email));
        Ok(Self {
            key: key.ok_or(Error::SignIn(Refusal::SubjectMissing))?,
            external_id: profile.external_id.as_deref().map(scim::exact_form),
            name: name.map(scim::fold),
            address: address.and_then(Address::parse),
        })
    }

    /// The address as a userName compares.
    pub(super) fn address_name(&self) -> Option<String> {
        self.norm().map(scim::fold)
    }

    /// The address as it identifies a person.
    pub(super) fn norm(&self) -> Option<&str> {
        self.address.as_ref().map(Address::norm)
    }

    /// Whether the subject is known by an address: then another address is another subject.
    pub(super) fn is_by_address(&self) -> bool {
        kind(&self.key) == EMAIL
    }

    /// Whether this key is of the same kind as the subject's: one person has one of a kind.
    pub(super) fn is_of_kind(&self, key: &str) -> bool {
        kind(&self.key) == kind(key)
    }
}

const EMAIL: &str = "email";

/// The kind of a key: what stands before the value (see `saml::profile`).
fn kind(key: &str) -> &str {
    if key.starts_with("email:") {
        EMAIL
    } else {
        key.split(',').next().unwrap_or(key)
    }
}

/// Whether no letter of the text turns into a plain one when it is folded: a Kelvin sign is not a
/// k, and whoever is called by one is not whoever is called by the other.
fn is_plain(text: &str) -> bool {
    let mut buffer = [0; 4];
    text.chars().filter(|c| !c.is_ascii()).all(|c| {
        !scim::fold(c.encode_utf8(&mut buffer)).contains(|f: char| f.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_what_stands_before_the_value() {
        for (a, b, same) in [
            ("email:a@b.example", "email:c@b.example", true),
            ("email:a@b.example", "name:10:persistent,1:a,0:,0:,", false),
            (
                "name:10:persistent,1:a,0:,0:,",
                "name:10:persistent,1:b,0:,0:,",
                true,
            ),
            (
                "name:10:persistent,1:a,0:,0:,",
                "name:11:unspecified,1:a,0:,0:,",
                false,
            ),
        ] {
            assert_eq!(kind(a) == kind(b), same, "{a} {b}");
        }
    }

    #[test]
    fn folding_never_makes_a_plain_name_of_another() {
        for (text, plain) in [
            ("Ada@Acme.Example", true),
            ("\u{c9}ve@acme.example", true),
            ("e\u{301}ve@acme.example", true),
            ("\u{212a}ate@acme.example", false),
            ("\u{e9}\u{212a}@acme.example", false),
            ("ad\u{ff41}@acme.example", false),
            ("\u{fb01}n@acme.example", false),
        ] {
            assert_eq!(is_plain(text), plain, "{text}");
        }
    }
}
