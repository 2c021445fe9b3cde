//! E-mail addresses: how one is read and how two are compared.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// The longest address taken, in characters (RFC 5321 §4.5.3.1.3).
const LONGEST: usize = 254;

/// An address as it was typed, and the form in which addresses are compared: the domain as
/// A-labels in lower case, the local part in lower case, no dots folded, `+tag` kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    typed: String,
    norm: String,
}

impl Address {
    /// Reads an address; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let typed: String = text.trim().nfc().collect();
        let (local, domain) = typed.rsplit_once('@')?;
        let domain = domain_form(domain)?;
        let odd = |c: char| c.is_control() || c.is_whitespace() || "\"(),:;<>@[\\]".contains(c);
        if local.is_empty() || local.chars().any(odd) || local.split('.').any(str::is_empty) {
            return None;
        }
        let norm: String = format!("{}@{domain}", local.to_lowercase()).nfc().collect();
        if norm.chars().count() > LONGEST || typed.chars().count() > LONGEST {
            return None;
        }
        Some(Self { typed, norm })
    }

    /// The address as it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The form that is compared and kept unique.
    pub fn norm(&self) -> &str {
        &self.norm
    }

    /// The domain, as it is compared.
    pub fn domain(&self) -> &str {
        domain_of(&self.norm)
    }
}

/// An address is personal: `Debug` shows its domain only.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address(..@{})", self.domain())
    }
}

/// The domain of a normalized address.
pub fn domain_of(norm: &str) -> &str {
    norm.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// A domain in the form in which domains are compared (IDNA A-labels, lower case), or `None`.
pub fn domain_form(text: &str) -> Option<String> {
    let domain = idna::domain_to_ascii_strict(text.trim()).ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let labels = domain.split('.').all(|l| !l.is_empty() && l.len() <= 63);
    (labels && domain.len() <= 253 && domain.chars().all(plain)).then_some(domain)
}

/// An address of which only enough is shown for its owner to know it.
pub fn masked(email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}***@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_by_their_norm() {
        for (typed, norm) in [
            ("Ada@Acme.Example", Some("ada@acme.example")),
            ("  ada+tag@acme.example ", Some("ada+tag@acme.example")),
            ("a.d.a@acme.example", Some("a.d.a@acme.example")),
            ("ada@b\u{fc}cher.example", Some("ada@xn--bcher-kva.example")),
            ("\u{c9}ve@acme.example", Some("\u{e9}ve@acme.example")),
            ("E\u{301}ve@acme.example", Some("\u{e9}ve@acme.example")),
            ("ada", None),
            ("@acme.example", None),
            ("ada@", None),
            ("a da@acme.example", None),
            ("ada@acme.example\u{0}", None),
            ("ada@evil.example,acme.example", None),
            ("a@b@acme.example", None),
        ] {
            assert_eq!(
                Address::parse(typed).as_ref().map(Address::norm),
                norm,
                "{typed}"
            );
        }
    }

    #[test]
    fn a_masked_address_keeps_its_domain() {
        for (email, expected) in [
            ("grace@acme.example", "g***@acme.example"),
            ("\u{e9}@acme.example", "\u{e9}***@acme.example"),
            ("\"a@b\"@acme.example", "\"***@acme.example"),
        ] {
            assert_eq!(masked(email), expected);
        }
    }

    #[test]
    fn a_look_alike_domain_is_another_domain() {
        let latin = Address::parse("ada@acme.example").unwrap();
        let cyrillic = Address::parse("ada@\u{430}cme.example").unwrap();
        assert_ne!(latin.domain(), cyrillic.domain());
    }
}
