//! Encrypted assertions: each attack beside an honest twin.

mod accepted;
mod brake;
mod demanded;
mod names;
mod refused;

use jiff::SignedDuration;
use openssl::{
    pkey::{PKey, Private},
    rsa::Rsa,
};

use super::*;
use crate::{
    demo::idp::encrypt::{Content, Encryption, Hash, Place, Transport},
    saml,
};

pub(super) const CONTENTS: [Content; 4] = [
    Content::Aes128Cbc,
    Content::Aes128Gcm,
    Content::Aes256Cbc,
    Content::Aes256Gcm,
];

/// Who signs: inside, around, both.
const SIGNS: [Sign; 3] = [Sign::Assertion, Sign::Response, Sign::Both];

/// A key pair of ours.
pub(super) struct Pair {
    pub(super) private: PKey<Private>,
    pub(super) key: DecryptionKey,
}

impl Pair {
    fn generate() -> Self {
        let private = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let der = private.private_key_to_pkcs8().unwrap();
        Self {
            key: DecryptionKey::from_pkcs8_der(&der).unwrap(),
            private,
        }
    }
}

pub(super) fn ours() -> &'static Pair {
    static OURS: OnceLock<Pair> = OnceLock::new();
    OURS.get_or_init(Pair::generate)
}

/// Another key: of somebody else, or the next of ours.
pub(super) fn another() -> &'static Pair {
    static ANOTHER: OnceLock<Pair> = OnceLock::new();
    ANOTHER.get_or_init(Pair::generate)
}

/// GCM, which every connection takes.
pub(super) fn gcm() -> Encryption<'static> {
    Encryption::default()
}

pub(super) fn cbc() -> Encryption<'static> {
    Encryption {
        content: Content::Aes128Cbc,
        ..gcm()
    }
}

/// Ada's message: signed, encrypted, signed.
pub(super) fn message(what: Sign, encryption: &Encryption<'_>) -> String {
    let inside = matches!(what, Sign::Assertion | Sign::Both);
    let xml = if inside {
        signed(Sign::Assertion)
    } else {
        unsigned()
    };
    around(what, &encryption.encrypt(&xml, &ours().private))
}

/// Signs the response, where it is to be signed.
pub(super) fn around(what: Sign, xml: &str) -> String {
    match what {
        Sign::Both | Sign::Response => idp().sign_template(xml, Sign::Response),
        Sign::Assertion | Sign::Neither => xml.to_owned(),
    }
}

/// Ada's response with this in the place of her assertion.
pub(super) fn holding(encrypted: &str) -> String {
    let xml = unsigned();
    let assertion = part(&xml, "<saml:Assertion", "</saml:Assertion>");
    xml.replace(assertion, encrypted)
}

/// Ada's assertion as it stands in a document.
pub(super) fn assertion(xml: &str) -> &str {
    part(xml, "<saml:Assertion", "</saml:Assertion>")
}

/// Opens with these keys; CBC is taken.
fn open_with(xml: &str, decryption: &[DecryptionKey]) -> Result<Assertion, Error> {
    open_at(xml, decryption, true, &Failures::default(), now())
}

fn open(xml: &str) -> Result<Assertion, Error> {
    open_with(xml, &[ours().key.clone()])
}

fn open_at(
    xml: &str,
    decryption: &[DecryptionKey],
    allow_cbc: bool,
    failures: &Failures,
    now: Timestamp,
) -> Result<Assertion, Error> {
    let keys = saml::Keys {
        certificates: &[certificate(idp())],
        decryption,
        allow_cbc,
        failures,
    };
    saml::receive(received(xml)?, &keys, &EXPECTED, now, &mut Trace::default())
}

/// Why it is refused.
#[track_caller]
fn no(xml: &str) -> &'static str {
    open(xml).expect_err("the message is refused").reason()
}

/// It is Ada who signs in, with her groups.
#[track_caller]
fn is_ada(read: Result<Assertion, Error>) -> Assertion {
    let assertion = read.expect("the message is accepted");
    assert_eq!(assertion.name_id.as_ref().unwrap().value, ADA);
    let groups = assertion.values("groups");
    assert_eq!(groups, Some(vec!["SEO_Editors", "Staff"]));
    assertion
}

/// The value of the last CipherValue, which is the content's where its key lies inside.
pub(super) fn cipher_value(xml: &str) -> &str {
    let begin = xml.rfind("<xenc:CipherValue>").unwrap();
    part(&xml[begin..], "<xenc:CipherValue>", "</xenc:CipherValue>")
}

/// Changes the octets of the content.
pub(super) fn changed(xml: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    use ::base64::{Engine, engine::general_purpose::STANDARD};
    let value = cipher_value(xml);
    let text = value.replace("<xenc:CipherValue>", "");
    let mut octets = STANDARD
        .decode(text.replace("</xenc:CipherValue>", ""))
        .unwrap();
    change(&mut octets);
    let new = STANDARD.encode(octets);
    xml.replace(
        value,
        &format!("<xenc:CipherValue>{new}</xenc:CipherValue>"),
    )
}
