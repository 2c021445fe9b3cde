//! Algorithms that are taken from nobody, and octets that ask a decryption what it thinks of them.

use super::*;

const ENCRYPTION: &str = "http://www.w3.org/2001/04/xmlenc#";
const ENCRYPTION11: &str = "http://www.w3.org/2009/xmlenc11#";

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = algorithms();
    cases.extend(flipped());
    cases.extend(shortened());
    cases.extend(lengths());
    cases.extend(keys());
    cases
}

/// Names that are not on the list: no key is touched for them.
#[expect(clippy::too_many_lines, reason = "a table")]
fn algorithms() -> Vec<Attack> {
    let oaep = Encryption {
        transport: Transport::Oaep(Hash::Sha256, Hash::Sha256),
        ..gcm()
    };
    let (mgf1p, gcm256) = ("rsa-oaep-mgf1p", format!("{ENCRYPTION11}aes256-gcm"));
    let in_old = |name: &str| format!("{ENCRYPTION}{name}");
    let in_new = |name: &str| format!("{ENCRYPTION11}{name}");
    let class = Class::EncryptionAlgorithms;
    let mut cases = Vec::new();
    for (name, encryption, old, new) in [
        ("RSA 1.5", gcm(), in_old(mgf1p), in_old("rsa-1_5")),
        ("a wrapped key", gcm(), in_old(mgf1p), in_old("kw-aes256")),
        ("a key by no name", gcm(), in_old(mgf1p), String::new()),
        ("3DES", gcm(), gcm256.clone(), in_old("tripledes-cbc")),
        (
            "AES-192 in CBC",
            gcm(),
            gcm256.clone(),
            in_old("aes192-cbc"),
        ),
        (
            "AES-192 in GCM",
            gcm(),
            gcm256.clone(),
            in_new("aes192-gcm"),
        ),
        (
            "a cipher that nobody knows",
            gcm(),
            gcm256,
            "urn:x".to_owned(),
        ),
        ("SHA-512 for OAEP", oaep, in_old("sha256"), in_old("sha512")),
        (
            "a mask by SHA-512",
            oaep,
            in_new("mgf1sha256"),
            in_new("mgf1sha512"),
        ),
        (
            "the older OAEP with a newer mask",
            oaep,
            in_new("rsa-oaep"),
            in_old(mgf1p),
        ),
    ] {
        let twin = message(Sign::Assertion, &encryption);
        let attack = with(&twin, &format!("\"{old}\""), &format!("\"{new}\""));
        let reason = "encryption_algorithm_unsupported";
        cases.extend(both(class, name, [reason; 2], &attack, &twin));
    }
    for content in [Content::Aes128Cbc, Content::Aes256Cbc] {
        for what in [Sign::Assertion, Sign::Both] {
            let xml = message(what, &Encryption { content, ..gcm() });
            let claim = if what == Sign::Both { Signed } else { Unsigned };
            cases.push(Attack::new(
                class,
                format!("{content:?} where GCM is asked for, {what:?}"),
                "encryption_algorithm_unsupported",
                claim,
                Message::from(xml.clone()).without_cbc(),
                xml,
            ));
        }
    }
    cases
}

/// One bit at each place where it tells something: the vector, the first blocks, the last, the tag.
fn flipped() -> Vec<Attack> {
    let class = Class::EncryptedOctets;
    let mut cases = Vec::new();
    for content in CONTENTS {
        let encryption = Encryption { content, ..gcm() };
        for at in [0, 11, 15, 16, 40, 1000] {
            let twin = message(Sign::Assertion, &encryption);
            let attack = changed_octets(&twin, |octets| octets[at] ^= 1);
            let name = format!("{content:?}, octet {at}");
            cases.push(Attack::new(class, name, FAILED, Unsigned, attack, twin));
        }
        // CBC's padding may be of any octets; its last octet says how many they are.
        let last: &[usize] = match content {
            Content::Aes128Gcm | Content::Aes256Gcm => &[1, 8, 16, 17],
            Content::Aes128Cbc | Content::Aes256Cbc => &[17],
        };
        for back in last {
            let twin = message(Sign::Assertion, &encryption);
            let attack = changed_octets(&twin, |octets| {
                let at = octets.len() - back;
                octets[at] ^= 0x80;
            });
            let name = format!("{content:?}, octet {back} from behind");
            cases.push(Attack::new(class, name, FAILED, Unsigned, attack, twin));
        }
        let twin = message(Sign::Response, &encryption);
        let attack = changed_octets(&twin, |octets| octets[40] ^= 1);
        let name = format!("{content:?}, an octet that is signed around");
        let reason = "signature_invalid";
        cases.push(Attack::new(class, name, reason, Broken, attack, twin));
    }
    cases
}

/// Too short for a vector, for a block, for a tag; and not of whole blocks.
fn shortened() -> Vec<Attack> {
    let class = Class::EncryptedOctets;
    let mut cases = Vec::new();
    for content in CONTENTS {
        let encryption = Encryption { content, ..gcm() };
        for length in [0, 1, 12, 16, 17, 28, 29, 32] {
            let twin = message(Sign::Assertion, &encryption);
            let attack = changed_octets(&twin, |octets| octets.truncate(length));
            let name = format!("{content:?}, {length} octets");
            cases.extend(both(class, &name, [FAILED; 2], &attack, &twin));
        }
        for cut in [1, 4, 12, 16] {
            let twin = message(Sign::Assertion, &encryption);
            let attack = changed_octets(&twin, |octets| octets.truncate(octets.len() - cut));
            let name = format!("{content:?}, {cut} octets less");
            cases.push(Attack::new(class, name, FAILED, Unsigned, attack, twin));
        }
    }
    cases
}

/// Content keys that are too short or too long for their cipher.
fn lengths() -> Vec<Attack> {
    let xml = signed(Sign::Assertion);
    let mut cases = Vec::new();
    for content in CONTENTS {
        let encryption = Encryption { content, ..gcm() };
        let fitting = match content {
            Content::Aes128Cbc | Content::Aes128Gcm => 16,
            Content::Aes256Cbc | Content::Aes256Gcm => 32,
        };
        let key = [3; 64];
        let octets = content.encrypt(&key[..fitting], assertion(&xml).as_bytes());
        let of = |length: usize| {
            let key = &key[..length];
            let key = encryption.transport.encrypt(key, b"", &our_key().private);
            holding(&encryption.element(&octets, &[key]))
        };
        for length in [0, 1, 15, 17, 24, 31, 33, 64, 48 - fitting] {
            let name = format!("{content:?}, a key of {length} octets");
            let class = Class::EncryptedOctets;
            cases.extend(both(class, &name, [FAILED; 2], &of(length), &of(fitting)));
        }
    }
    cases
}

/// Keys of somebody else, with another label, changed, too many.
fn keys() -> Vec<Attack> {
    let class = Class::EncryptedOctets;
    let xml = signed(Sign::Assertion);
    let mut cases = Vec::new();
    for place in [Place::Beside, Place::Inside, Place::Retrieved] {
        let encryption = Encryption { place, ..gcm() };
        let twin = encryption.encrypt(&xml, &our_key().private);
        let theirs = encryption.encrypt(&xml, &another().private);
        let name = format!("for another's key, {place:?}");
        cases.extend(both(class, &name, [FAILED; 2], &theirs, &twin));
        let content_key = [7; 32];
        let for_us = encryption
            .transport
            .encrypt(&content_key, b"", &our_key().private);
        let content = Content::Aes256Gcm.encrypt(&content_key, assertion(&xml).as_bytes());
        let of = |count| holding(&encryption.element(&content, &vec![for_us.clone(); count]));
        let name = format!("five keys, {place:?}");
        cases.extend(both(class, &name, ["too_large"; 2], &of(5), &of(4)));
    }
    let labelled = Encryption {
        label: b"label",
        ..gcm()
    };
    let twin = message(Sign::Assertion, &labelled);
    let label = part(&twin, "<xenc:OAEPparams>", "</xenc:OAEPparams>");
    let without = twin.replace(label, "");
    cases.extend(both(class, "no label", [FAILED; 2], &without, &twin));
    let other = twin.replace(label, "<xenc:OAEPparams>eA==</xenc:OAEPparams>");
    cases.extend(both(class, "another label", [FAILED; 2], &other, &twin));
    for place in [Place::Beside, Place::Inside] {
        for content in [Content::Aes256Cbc, Content::Aes256Gcm] {
            let encryption = Encryption {
                content,
                place,
                ..gcm()
            };
            let twin = message(Sign::Assertion, &encryption);
            let value = part(&twin, "<xenc:CipherValue>", "</xenc:CipherValue>");
            let value = if place == Place::Beside {
                // The content stands before its key.
                let behind = &twin[twin.find(value).unwrap() + value.len()..];
                part(behind, "<xenc:CipherValue>", "</xenc:CipherValue>")
            } else {
                value
            };
            let start = "<xenc:CipherValue>";
            let turned = if value[start.len()..].starts_with('A') {
                "B"
            } else {
                "A"
            };
            let other = format!("{start}{turned}{}", &value[start.len() + 1..]);
            let attack = twin.replace(value, &other);
            let name = format!("{content:?}, a changed key, {place:?}");
            cases.extend(both(class, &name, [FAILED; 2], &attack, &twin));
        }
    }
    cases
}
