//! Elements around the ciphertext: moved, doubled, left out, mixed with what is not encrypted.

use super::*;

const DATA: &str = "<xenc:EncryptedData ";
const VALUE: &str = "<xenc:CipherValue>";
const CLASS: Class = Class::EncryptedWrapper;

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = elements();
    cases.extend(texts());
    cases.extend(retrieved());
    cases.extend(exchanged());
    cases
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn elements() -> Vec<Attack> {
    let twin = message(Sign::Assertion, &gcm());
    let whole = part(
        &twin,
        "<saml:EncryptedAssertion",
        "</saml:EncryptedAssertion>",
    );
    let data = part(&twin, DATA, "</xenc:EncryptedData>");
    let key = part(&twin, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
    let value = cipher_value(&twin);
    let signed = signed(Sign::Assertion);
    let plain = assertion(&signed).replace("\"_a\"", "\"_b\"");
    let signature = part(&signed, "<ds:Signature ", "</ds:Signature>");
    let issued = format!("<saml:Issuer>{IDP}</saml:Issuer>{signature}{data}");
    let reference = "<xenc:CipherReference URI=\"http://x.example/\"></xenc:CipherReference>";
    let other_ids = whole.replace("_k0", "_k1");
    let key_before = format!("{key}{}", data.replace(key, ""));
    let shape = "structure";
    let several = "several_assertions";
    let rows = [
        ("twice the same", several, whole, format!("{whole}{whole}")),
        ("two of them", several, whole, format!("{whole}{other_ids}")),
        (
            "a plain one behind",
            several,
            whole,
            format!("{whole}{plain}"),
        ),
        (
            "a plain one before",
            several,
            whole,
            format!("{plain}{whole}"),
        ),
        ("a CipherReference", shape, value, reference.to_owned()),
        (
            "a CipherReference, too",
            shape,
            value,
            format!("{value}{reference}"),
        ),
        ("no CipherValue", shape, value, String::new()),
        ("two CipherValues", shape, value, format!("{value}{value}")),
        ("no EncryptedData", shape, data, String::new()),
        ("two EncryptedData", shape, data, format!("{data}{data}")),
        ("no EncryptedKey", shape, key, String::new()),
        ("the key before its data", shape, data, key_before),
        ("an Issuer and a Signature inside", shape, data, issued),
        (
            "a Signature inside",
            shape,
            data,
            format!("{data}{signature}"),
        ),
    ];
    let rows = rows.iter();
    rows.flat_map(|(name, reason, old, new)| {
        let attack = with(&twin, old, new);
        let alone = Attack::new(CLASS, *name, reason, Unasked, attack, twin.as_str());
        vec![alone]
    })
    .collect()
}

fn texts() -> Vec<Attack> {
    let twin = message(Sign::Assertion, &gcm());
    let (gcm, oaep) = ("aes256-gcm\">", "rsa-oaep-mgf1p\">");
    let kept = |old: &str, new: &str| (old.to_owned(), format!("{old}{new}"));
    let replaced = |old: &str, new: &str| (old.to_owned(), new.to_owned());
    let shape = "structure";
    let rows = [
        ("a text inside", shape, replaced(DATA, &format!("x{DATA}"))),
        (
            "the type Content",
            shape,
            replaced("xmlenc#Element", "xmlenc#Content"),
        ),
        ("an element in the method", shape, kept(gcm, "<a></a>")),
        (
            "a key size that is none",
            shape,
            kept(gcm, "<xenc:KeySize>128</xenc:KeySize>"),
        ),
        (
            "an element in the key's method",
            shape,
            kept(oaep, "<a></a>"),
        ),
        (
            "a label that is none",
            shape,
            kept(oaep, "<xenc:OAEPparams>!</xenc:OAEPparams>"),
        ),
        ("no base64", shape, kept(VALUE, "!")),
        ("an element in base64", shape, kept(VALUE, "<a></a>")),
        (
            "a comment in base64",
            "comment_in_value",
            kept(VALUE, "<!---->"),
        ),
        ("the response's ID", shape, kept(DATA, "ID=\"_r\" ")),
        ("the response's ID as Id", shape, kept(DATA, "Id=\"_r\" ")),
    ];
    let rows = rows.iter();
    rows.flat_map(|(name, reason, (old, new))| {
        let attack = with(&twin, old, new);
        both(CLASS, name, [reason; 2], &attack, &twin)
    })
    .collect()
}

/// A key that is pointed at.
fn retrieved() -> Vec<Attack> {
    let encryption = Encryption {
        place: Place::Retrieved,
        ..gcm()
    };
    let twin = message(Sign::Assertion, &encryption);
    let uri = "URI=\"#_k0\"";
    let end = "</ds:RetrievalMethod>";
    let transforms = format!("<ds:Transforms></ds:Transforms>{end}");
    let beside = part(&twin, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
    let doubled = format!("{beside}{beside}");
    let rows = [
        ("points at nobody", uri, "URI=\"#_k1\""),
        ("points at everything", uri, "URI=\"\""),
        ("points at an empty ID", uri, "URI=\"#\""),
        ("points at the response", uri, "URI=\"#_r\""),
        (
            "points at the network",
            uri,
            "URI=\"http://x.example/#_k0\"",
        ),
        ("points at a file", uri, "URI=\"file:///etc/passwd\""),
        ("transforms what it points at", end, &transforms),
        ("points at two", beside, &doubled),
    ];
    let rows = rows.iter();
    rows.map(|(name, old, new)| {
        let attack = with(&twin, old, new);
        Attack::new(CLASS, *name, "structure", Unsigned, attack, twin.as_str())
    })
    .collect()
}

/// Eve encrypts an assertion of hers, which everybody can, and puts it where the signed one is read.
#[expect(clippy::too_many_lines, reason = "a table")]
fn exchanged() -> Vec<Attack> {
    let bare = unsigned().replace(ADA, wrapping::EVE);
    let evil = assertion(&bare);
    let other = evil.replace("\"_a\"", "\"_b\"");
    let sealed = gcm().seal(evil.as_bytes(), &our_key().private);
    let beside = gcm()
        .seal(other.as_bytes(), &our_key().private)
        .replace("_k0", "_k1");
    let (start, end) = ("<saml:EncryptedAssertion", "</saml:EncryptedAssertion>");
    let mut cases = Vec::new();
    for what in [Sign::Response, Sign::Both] {
        let twin = message(what, &gcm());
        let genuine = part(&twin, start, end);
        let rows = [
            ("Eve's in its place", "signature_invalid", sealed.clone()),
            (
                "Eve's before it",
                "several_assertions",
                format!("{beside}{genuine}"),
            ),
            (
                "Eve's behind it",
                "several_assertions",
                format!("{genuine}{beside}"),
            ),
            ("Eve's, not encrypted", "signature_invalid", evil.to_owned()),
            (
                "Eve's, not encrypted, before it",
                "several_assertions",
                format!("{other}{genuine}"),
            ),
        ];
        for (name, reason, new) in rows {
            let attack = with(&twin, genuine, &new);
            let name = format!("{name}, {what:?}");
            cases.push(Attack::new(
                CLASS,
                name,
                reason,
                Broken,
                attack,
                twin.as_str(),
            ));
        }
        let hidden = wrapping::extended(&twin, &beside);
        let name = format!("Eve's in Extensions, {what:?}");
        let reason = "several_assertions";
        cases.push(Attack::new(
            CLASS,
            name,
            reason,
            Broken,
            hidden,
            twin.as_str(),
        ));
    }
    // Signed inside, and Eve's beside it or in its place.
    let twin = message(Sign::Assertion, &gcm());
    let genuine = part(&twin, start, end);
    for (name, reason, new) in [
        ("Eve's in its place", "signature_missing", sealed.clone()),
        (
            "Eve's before it",
            "several_assertions",
            format!("{beside}{genuine}"),
        ),
        ("Eve's, not encrypted", "signature_missing", evil.to_owned()),
    ] {
        let attack = with(&twin, genuine, &new);
        cases.push(Attack::new(
            CLASS,
            name,
            reason,
            Unsigned,
            attack,
            twin.as_str(),
        ));
    }
    cases
}
