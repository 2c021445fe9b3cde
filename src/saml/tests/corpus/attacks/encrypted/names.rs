//! The response around a ciphertext says what prefixes mean, and nobody signs what no name uses.

use super::*;

const NAMESPACES: [(&str, &str); 7] = [
    ("assertion", "urn:oasis:names:tc:SAML:2.0:assertion"),
    ("protocol", "urn:oasis:names:tc:SAML:2.0:protocol"),
    ("metadata", "urn:oasis:names:tc:SAML:2.0:metadata"),
    ("signature", "http://www.w3.org/2000/09/xmldsig#"),
    ("signature 1.1", "http://www.w3.org/2009/xmldsig11#"),
    ("encryption", "http://www.w3.org/2001/04/xmlenc#"),
    ("encryption 1.1", "http://www.w3.org/2009/xmlenc11#"),
];

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = foreign_made_ours();
    cases.extend(default_slipped_under());
    cases.extend(rebound());
    cases
}

/// The provider put an element of a foreign vocabulary beside the NameID; somebody else declares that its
/// prefix is SAML's.
fn foreign_made_ours() -> Vec<Attack> {
    let hidden = "<x:NameID>root@acme.example</x:NameID>";
    let inner = with(
        &unsigned(),
        "<saml:Subject>",
        &format!("<saml:Subject>{hidden}"),
    );
    let foreign = "xmlns:x=\"urn:x\" ";
    let start = "<samlp:Response ";
    let declared = with(&inner, start, &format!("{start}{foreign}"));
    let sealed = gcm().encrypt(&declared, &our_key().private);
    let sealed = with(&sealed, foreign, "");
    let class = Class::EncryptedNames;
    let mut cases = Vec::new();
    for declaring in [start, "<saml:EncryptedAssertion "] {
        let place = declaring.trim_matches(['<', ' ']);
        let sealed = with(&sealed, declaring, &format!("{declaring}{foreign}"));
        let twin = around(Sign::Response, &sealed);
        let mut rows: Vec<_> = NAMESPACES
            .iter()
            .map(|(name, namespace)| {
                let other = format!("xmlns:x=\"{namespace}\" ");
                (
                    format!("x is {name}, on {place}"),
                    with(&twin, foreign, &other),
                )
            })
            .collect();
        rows.push((
            format!("x is nobody's, on {place}"),
            with(&twin, foreign, ""),
        ));
        let rows = rows.into_iter();
        cases.extend(rows.map(|(name, attack)| {
            let attack = Message::from(attack);
            Attack::new(class, name, "malformed_xml", Unasked, attack, twin.as_str())
        }));
    }
    cases
}

/// Names without a prefix are in no namespace, and are to stay there.
fn default_slipped_under() -> Vec<Attack> {
    let hidden = "<NameID>root@acme.example</NameID>";
    let inner = with(
        &unsigned(),
        "<saml:Subject>",
        &format!("<saml:Subject>{hidden}"),
    );
    let inner = idp().sign_template(&inner, Sign::Assertion);
    let twin = gcm().encrypt(&inner, &our_key().private);
    let rows = NAMESPACES.iter().map(|(name, namespace)| {
        let default = format!("<samlp:Response xmlns=\"{namespace}\" ");
        let attack = with(&twin, "<samlp:Response ", &default);
        let name = format!("the default is {name}");
        let reason = "signature_invalid";
        Attack::new(
            Class::EncryptedNames,
            name,
            reason,
            Unsigned,
            attack,
            twin.as_str(),
        )
    });
    rows.collect()
}

/// A prefix of the plaintext, bound by its EncryptedAssertion to something else.
fn rebound() -> Vec<Attack> {
    let saml = NAMESPACES[0].1;
    let start = format!("<saml:EncryptedAssertion xmlns:saml=\"{saml}\"");
    let open = format!("<a:EncryptedAssertion xmlns:a=\"{saml}\"");
    let sealed = message(Sign::Assertion, &gcm());
    let twin = with(&sealed, &start, &open)
        .replace("</saml:EncryptedAssertion>", "</a:EncryptedAssertion>");
    let mut rows = Vec::from(&NAMESPACES[1..]);
    rows.push(("urn:x", "urn:x"));
    let rows = rows.into_iter().map(|(name, namespace)| {
        let attack = with(&twin, &open, &format!("{open} xmlns:saml=\"{namespace}\""));
        let name = format!("saml is {name}");
        Attack::new(
            Class::EncryptedNames,
            name,
            FAILED,
            Unsigned,
            attack,
            twin.as_str(),
        )
    });
    rows.collect()
}
