//! The key of a subject inside a connection: stable, and two subjects never share one (SAML Core 8.3).

use super::super::assertion::NameId;

const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// The formats that say nothing of the value.
pub(in crate::saml) const UNSPECIFIED: [&str; 2] = [
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:unspecified",
];

/// The key of a NameID. Addresses are known by themselves, in lower case; a persistent identifier by its
/// qualifiers too; a transient one is nobody's.
pub(super) fn key(name_id: &NameId) -> Option<String> {
    if is_transient(name_id) {
        return None;
    }
    if let Some(address) = address_of(name_id) {
        return Some(format!("email:{address}"));
    }
    let format = name_id
        .format
        .as_deref()
        .filter(|format| !UNSPECIFIED.contains(format));
    let kind = match format {
        Some(PERSISTENT) => "persistent",
        Some(other) => other,
        None => "unspecified",
    };
    let qualifier = name_id.name_qualifier.as_deref().unwrap_or_default();
    let sp_qualifier = name_id.sp_name_qualifier.as_deref().unwrap_or_default();
    Some(joined(
        "name",
        &[kind, &name_id.value, qualifier, sp_qualifier],
    ))
}

/// The key of an attribute that a connection names in place of the NameID.
pub(super) fn key_of_attribute(name: &str, value: &str) -> String {
    joined("attribute", &[name, value])
}

/// Parts with their lengths, so that no two lists of parts make one text.
fn joined(kind: &str, parts: &[&str]) -> String {
    parts.iter().fold(format!("{kind}:"), |text, part| {
        format!("{text}{}:{part},", part.len())
    })
}

pub(super) fn is_transient(name_id: &NameId) -> bool {
    name_id.format.as_deref() == Some(TRANSIENT)
}

/// The address that a NameID is, where its format says so or says nothing.
pub(in crate::saml) fn address_of(name_id: &NameId) -> Option<String> {
    match name_id.format.as_deref() {
        None | Some(EMAIL) => address(&name_id.value),
        Some(format) if UNSPECIFIED.contains(&format) => address(&name_id.value),
        Some(_) => None,
    }
}

/// A mail address as text that compares: ASCII letters in lower case, the domain in ASCII. Other letters
/// are left alone, since some of them fold into ASCII ones.
pub fn address(text: &str) -> Option<String> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let (local, domain) = text.rsplit_once('@')?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || "@,;:<>()[]\\\"".contains(c);
    if local.is_empty() || local.len() > 64 || local.contains(odd) || text.len() > 254 {
        return None;
    }
    let domain = if domain.is_ascii() {
        domain.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii_strict(domain).ok()?
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    domain
        .split('.')
        .all(label)
        .then(|| format!("{}@{domain}", local.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_id(value: &str, format: Option<&str>, qualifiers: [Option<&str>; 2]) -> NameId {
        let [name_qualifier, sp_name_qualifier] = qualifiers.map(|q| q.map(ToOwned::to_owned));
        NameId {
            value: value.to_owned(),
            format: format.map(ToOwned::to_owned),
            name_qualifier,
            sp_name_qualifier,
        }
    }

    #[test]
    fn a_key_is_stable_and_nobody_elses() {
        let none = [None, None];
        let ada = Some("email:ada@acme.example".to_owned());
        assert_eq!(key(&name_id("Ada@ACME.example", Some(EMAIL), none)), ada);
        assert_eq!(key(&name_id("ada@acme.example", None, none)), ada);
        assert_eq!(
            key(&name_id("ada@acme.example", Some(UNSPECIFIED[0]), none)),
            ada
        );
        assert_eq!(key(&name_id("x", Some(TRANSIENT), none)), None);
        assert_eq!(
            key(&name_id("ada@acme.example", Some(TRANSIENT), none)),
            None
        );

        let keys: Vec<Option<String>> = [
            name_id("a", Some(PERSISTENT), none),
            name_id("a", Some(PERSISTENT), [Some("b"), None]),
            name_id("a", Some(PERSISTENT), [None, Some("b")]),
            name_id("a", Some(PERSISTENT), [Some("b"), Some("b")]),
            name_id("A", Some(PERSISTENT), none),
            name_id("ada@acme.example", Some(PERSISTENT), none),
            name_id("a", None, none),
            name_id("a,1:b", None, none),
            name_id("a", Some("urn:x"), none),
        ]
        .iter()
        .map(key)
        .collect();
        let different: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }

    #[test]
    fn addresses_do_not_fold_into_others() {
        for (text, expected) in [
            ("Ada@Acme.Example", Some("ada@acme.example")),
            (" ada+x@acme.example ", Some("ada+x@acme.example")),
            ("ada@b\u{fc}cher.example", Some("ada@xn--bcher-kva.example")),
            ("\u{212a}ate@acme.example", Some("\u{212a}ate@acme.example")),
            ("ada", None),
            ("@acme.example", None),
            ("ada@", None),
            ("ada@.example", None),
            ("ada@acme..example", None),
            ("a b@acme.example", None),
            ("a@b@acme.example", None),
            ("a\u{0}@acme.example", None),
            ("a@acme.example,b@x", None),
        ] {
            assert_eq!(address(text).as_deref(), expected, "{text}");
        }
    }
}
