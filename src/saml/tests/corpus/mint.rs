//! How the messages are made: from one unsigned response about Ada, by changing its text before or after
//! it is signed. What our own identity provider does not sign, xmlsec does.

use std::sync::OnceLock;

use ::base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{hash::MessageDigest, pkey::PKey, sign::Signer};
use samael::crypto::{CertificateDer, CryptoProvider, XmlSec};

use super::*;
use crate::saml::quiet;

/// The beginning and the end of a signature's value.
pub(super) const VALUE: [&str; 2] = ["<ds:SignatureValue>", "</ds:SignatureValue>"];

/// The certificate of the connection.
pub(super) fn ours() -> &'static Certificate {
    static OURS: OnceLock<Certificate> = OnceLock::new();
    OURS.get_or_init(|| certificate(idp()))
}

/// Identity providers of the same name with keys on curves: P-256, P-384.
pub(super) fn curves() -> &'static [TestIdp; 2] {
    static CURVES: OnceLock<[TestIdp; 2]> = OnceLock::new();
    CURVES.get_or_init(|| [curve(Kind::P256), curve(Kind::P384)])
}

/// The honest message that most attacks are made of, signed once.
pub(super) fn honest(what: Sign) -> &'static str {
    static HONEST: OnceLock<[String; 3]> = OnceLock::new();
    let [assertion, response, both] =
        HONEST.get_or_init(|| [Sign::Assertion, Sign::Response, Sign::Both].map(signed));
    match what {
        Sign::Assertion => assertion,
        Sign::Response => response,
        Sign::Both => both,
        Sign::Neither => unreachable!("an honest message is signed"),
    }
}

/// Ada's response, changed, then signed.
#[track_caller]
pub(super) fn resigned(what: Sign, changes: &[(&str, &str)]) -> String {
    idp().sign_template(&changed(&unsigned(), changes), what)
}

/// A text with each of these replaced once.
#[track_caller]
pub(super) fn changed(xml: &str, changes: &[(&str, &str)]) -> String {
    changes
        .iter()
        .fold(xml.to_owned(), |xml, (old, new)| with(&xml, old, new))
}

/// A signature of this ID that is not made yet.
pub(super) fn template(id: &str) -> String {
    format!(
        r##"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue></ds:Signature>"##
    )
}

/// Ada's response with a signature of the assertion that was changed before xmlsec made it.
#[track_caller]
pub(super) fn sealed(changes: &[(&str, &str)]) -> String {
    seal_as(&changed(&template("_a"), changes))
}

/// Ada's response with this signature of the assertion, made by xmlsec.
#[track_caller]
pub(super) fn seal_as(signature: &str) -> String {
    seal(&with(
        &unsigned(),
        "</saml:Issuer><saml:Subject>",
        &format!("</saml:Issuer>{signature}<saml:Subject>"),
    ))
}

/// Has xmlsec make the first signature of a document, whatever it says, and writes down its values.
#[track_caller]
pub(super) fn seal(xml: &str) -> String {
    quiet::initialise();
    let made = XmlSec::sign_xml(xml, &private_key())
        .unwrap_or_else(|error| panic!("xmlsec does not sign it: {error:?}: {xml}"));
    let document = roxmltree::Document::parse(&made).unwrap();
    let signature = document
        .descendants()
        .find(|node| node.has_tag_name((crate::saml::xml::SIGNATURE, "Signature")))
        .unwrap();
    let values = |name: &'static str| {
        signature
            .descendants()
            .filter(move |node| node.tag_name().name() == name)
            .map(|node| node.text().unwrap_or_default().to_owned())
    };
    let mut sealed = xml.to_owned();
    for name in ["DigestValue", "SignatureValue"] {
        for value in values(name) {
            let empty = format!("<ds:{name}></ds:{name}>");
            sealed = sealed.replacen(&empty, &format!("<ds:{name}>{value}</ds:{name}>"), 1);
        }
    }
    sealed
}

/// The trusted private key, as DER.
fn private_key() -> Vec<u8> {
    let (key, _) = idp().keys().to_pem().unwrap();
    PKey::private_key_from_pem(&key)
        .unwrap()
        .private_key_to_der()
        .unwrap()
}

/// Signs the SignedInfo of a document anew with the trusted key, over the octets as they stand.
#[track_caller]
pub(super) fn stamped(xml: &str, hash: MessageDigest) -> String {
    let key = PKey::private_key_from_der(&private_key()).unwrap();
    let mut signer = Signer::new(hash, &key).unwrap();
    valued(xml, &signer.sign_oneshot_to_vec(&info(xml)).unwrap())
}

/// Makes the MAC of the SignedInfo of a document its value.
#[track_caller]
pub(super) fn maced(xml: &str, hash: MacHash, key: &[u8]) -> String {
    valued(xml, &mac(xml, hash, key))
}

/// The MAC of a document's SignedInfo.
pub(super) fn mac(xml: &str, hash: MacHash, key: &[u8]) -> Vec<u8> {
    let key = PKey::hmac(key).unwrap();
    let mut signer = Signer::new(hash(), &key).unwrap();
    signer.sign_oneshot_to_vec(&info(xml)).unwrap()
}

/// Whether the value of a document's signature is these octets.
pub(super) fn has_value(xml: &str, octets: &[u8]) -> bool {
    xml.contains(&STANDARD.encode(octets))
}

fn valued(xml: &str, octets: &[u8]) -> String {
    let [start, end] = VALUE;
    let value = part(xml, start, end);
    xml.replacen(
        value,
        &format!("{start}{}{end}", STANDARD.encode(octets)),
        1,
    )
}

/// The canonical form of the first SignedInfo, which is written so but for its namespace.
fn info(xml: &str) -> Vec<u8> {
    part(xml, "<ds:SignedInfo>", "</ds:SignedInfo>")
        .replacen(
            "<ds:SignedInfo>",
            "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
            1,
        )
        .into_bytes()
}

/// Whether xmlsec, asked without a gate and without a list of algorithms, verifies the first signature.
pub(super) fn xmlsec_verifies(xml: &str, certificate: &Certificate) -> bool {
    quiet::initialise();
    let certificate = CertificateDer::from(certificate.der().to_vec());
    let verified = XmlSec::verify_signed_xml(xml, &certificate, Some("ID")).is_ok();
    let _ = openssl::error::ErrorStack::get();
    verified
}

/// Attacks of one class on one message.
pub(super) fn against<N: Into<String>, M: Into<Message>>(
    class: Class,
    twin: impl Into<Message>,
    rows: impl IntoIterator<Item = (N, &'static str, Claim, M)>,
) -> Vec<Attack> {
    let twin = twin.into();
    rows.into_iter()
        .map(|(name, expected, claim, attack)| {
            Attack::new(class, name, expected, claim, attack, twin.clone())
        })
        .collect()
}

/// Attacks of one class that change a text of the honest message before the right key signs it.
#[track_caller]
pub(super) fn said<N: Into<String>, O: AsRef<str>, W: AsRef<str>>(
    class: Class,
    rows: impl IntoIterator<Item = (N, &'static str, O, W)>,
) -> Vec<Attack> {
    against(
        class,
        honest(Sign::Response),
        rows.into_iter().map(|(name, expected, old, new)| {
            let xml = resigned(Sign::Response, &[(old.as_ref(), new.as_ref())]);
            (name, expected, Claim::Signed, xml)
        }),
    )
}

/// Attacks of one class that change a text of a message as it was signed.
#[track_caller]
pub(super) fn edited<N: Into<String>, O: AsRef<str>, W: AsRef<str>>(
    class: Class,
    twin: &str,
    rows: impl IntoIterator<Item = (N, &'static str, Claim, O, W)>,
) -> Vec<Attack> {
    against(
        class,
        twin,
        rows.into_iter().map(|(name, expected, claim, old, new)| {
            (
                name,
                expected,
                claim,
                with(twin, old.as_ref(), new.as_ref()),
            )
        }),
    )
}
