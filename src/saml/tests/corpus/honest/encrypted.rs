//! Encrypted assertions: every algorithm of the list, every place of a key, whoever signs.

use super::*;
use crate::{
    demo::idp::encrypt::{Encryption, Hash, Place, Transport},
    saml::tests::encryption::{
        CONTENTS, another, around, cipher_value, gcm, holding, message, ours as our_key,
    },
};

const SIGNS: [Sign; 3] = [Sign::Assertion, Sign::Response, Sign::Both];

const TRANSPORTS: [Transport; 5] = [
    Transport::Mgf1p(Hash::Default),
    Transport::Mgf1p(Hash::Sha256),
    Transport::Oaep(Hash::Default, Hash::Default),
    Transport::Oaep(Hash::Sha1, Hash::Sha256),
    Transport::Oaep(Hash::Sha256, Hash::Sha256),
];

pub(super) fn cases() -> Vec<Honest> {
    let mut cases = algorithms();
    cases.extend(keys());
    cases.extend(looks());
    cases.extend(scopes());
    cases
}

fn algorithms() -> Vec<Honest> {
    let mut cases = Vec::new();
    for content in CONTENTS {
        for what in SIGNS {
            let xml = message(what, &Encryption { content, ..gcm() });
            let name = format!("{content:?}, {what:?}");
            cases.push(Honest::new("encryption", name, xml));
        }
    }
    for transport in TRANSPORTS {
        let xml = message(Sign::Assertion, &Encryption { transport, ..gcm() });
        cases.push(Honest::new("encryption", format!("{transport:?}"), xml));
    }
    cases
}

/// Where the key lies, with a label or not, and whose it is during a rollover.
fn keys() -> Vec<Honest> {
    let mut cases = Vec::new();
    for place in [Place::Beside, Place::Inside, Place::Retrieved] {
        for label in [b"".as_slice(), b"label"] {
            let encryption = Encryption {
                place,
                label,
                ..gcm()
            };
            let xml = message(Sign::Assertion, &encryption);
            let name = format!("{place:?}, a label of {} octets", label.len());
            cases.push(Honest::new("encryption", name, xml));
        }
    }
    let ours = message(Sign::Assertion, &gcm());
    let next = gcm().encrypt(&signed(Sign::Assertion), &another().private);
    for (name, xml) in [
        ("for the key in use, during a rollover", ours),
        ("for the next key", next),
    ] {
        cases.push(Honest::new(
            "encryption",
            name,
            Message::from(xml).in_rollover(),
        ));
    }
    cases
}

/// What stands around the ciphertext.
fn looks() -> Vec<Honest> {
    let xml = message(Sign::Assertion, &gcm());
    let value = cipher_value(&xml);
    let broken = value.replace('A', "&#13;\n A");
    let info = "<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">";
    let named = format!("{info}<ds:KeyName>x</ds:KeyName>");
    let recipient = "<xenc:EncryptedKey Recipient=\"https://x.example/\" ";
    let size = "aes256-gcm\"><xenc:KeySize>256</xenc:KeySize>";
    let rows = [
        ("lines of base64", value, broken.as_str()),
        ("a KeyName", info, &named),
        ("a Recipient", "<xenc:EncryptedKey ", recipient),
        ("a key size", "aes256-gcm\">", size),
        (
            "no Type",
            " Type=\"http://www.w3.org/2001/04/xmlenc#Element\"",
            "",
        ),
        (
            "white space inside",
            "<xenc:EncryptedData ",
            "\n<xenc:EncryptedData ",
        ),
        (
            "another ID of a response that nobody signs",
            " ID=\"_r\"",
            " ID=\"_other\"",
        ),
        (
            "an instruction beside the value",
            "<xenc:CipherData>",
            "<xenc:CipherData><?x y?>",
        ),
    ];
    let mut cases = Vec::new();
    for (name, old, new) in rows {
        let changed = with(&xml, old, new);
        let signed = around(Sign::Response, &changed);
        cases.push(Honest::new("encryption", name, changed));
        let name = format!("{name}, signed around");
        cases.push(Honest::new("encryption", name, signed));
    }
    let inside = signed(Sign::Assertion);
    let plain = part(&inside, "<saml:Assertion", "</saml:Assertion>");
    let spaced = format!("\r\n {plain}\t");
    let sealed = gcm().seal(spaced.as_bytes(), &our_key().private);
    let xml = holding(&sealed);
    cases.push(Honest::new(
        "encryption",
        "white space around the assertion",
        xml,
    ));
    cases
}

/// Signed in the scope of the response, by canonicalizations that sign all of it or prefixes of it; then
/// encrypted.
fn scopes() -> Vec<Honest> {
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let transform = format!("<ds:Transform Algorithm=\"{exclusive}\">");
    let listed = format!(
        "{transform}<ec:InclusiveNamespaces xmlns:ec=\"{exclusive}\" PrefixList=\"saml samlp\"></ec:InclusiveNamespaces>"
    );
    let mut cases = Vec::new();
    for (name, new) in [
        (
            "inclusive 1.0",
            transform.replace(exclusive, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        ),
        (
            "inclusive 1.1",
            transform.replace(exclusive, "http://www.w3.org/2006/12/xml-c14n11"),
        ),
        ("a list of prefixes", listed),
    ] {
        let inside = sealed(&[(&transform, &new)]);
        let xml = gcm().encrypt(&inside, &our_key().private);
        let name = format!("{name}, encrypted");
        let signed = around(Sign::Response, &xml);
        cases.push(Honest::new("encryption", name.clone(), xml));
        let name = format!("{name}, signed around");
        cases.push(Honest::new("encryption", name, signed));
    }
    cases
}
