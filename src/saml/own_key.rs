//! Our own key of a connection: it signs what we ask of the identity provider, and decrypts what
//! the provider encrypts for us. Its certificate says nothing but the key (SAML2Int 2.1.2): nobody
//! but its holder signed it.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    sign::Signer,
    x509::{X509, X509Name},
};
use samael::crypto::{CryptoProvider, XmlSec};

use super::{quiet, xml::SIGNATURE};

/// The algorithm of our signatures.
pub const ALGORITHM: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// Bits of the modulus: what every product takes.
const BITS: u32 = 2048;
/// How long the certificate lasts, some ten years: rolling over is what ends a key, not this.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 3650);
/// The certificate begins before it is made: whoever reads it may have a clock that is behind.
const EARLIER: SignedDuration = SignedDuration::from_hours(24);
/// Random bits of the serial number.
const SERIAL: i32 = 120;

/// A private key and its certificate.
#[derive(Clone)]
pub struct OwnKey {
    key: PKey<Private>,
    certificate: Vec<u8>,
}

impl std::fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnKey(redacted)")
    }
}

impl OwnKey {
    /// A new key, with a certificate in this name from this time on. Takes a fraction of a second.
    pub fn generate(name: &str, now: Timestamp) -> Result<Self, ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(BITS)?)?;
        let certificate = certify(&key, name, now)?.to_der()?;
        Ok(Self { key, certificate })
    }

    /// A key that was kept: PKCS #8 and the certificate, both DER.
    pub fn from_der(pkcs8: &[u8], certificate: &[u8]) -> Result<Self, ErrorStack> {
        let key = PKey::private_key_from_pkcs8(pkcs8)?;
        Ok(Self {
            key,
            certificate: certificate.to_vec(),
        })
    }

    /// The private key as PKCS #8, to be sealed.
    pub fn pkcs8(&self) -> Result<Vec<u8>, ErrorStack> {
        self.key.private_key_to_pkcs8()
    }

    /// The certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Signs octets: those of a query (Bindings 3.4.4.1).
    pub fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key)?;
        signer.sign_oneshot_to_vec(octets)
    }

    /// Signs a document whose root holds the [`OwnKey::template`] of its ID (XML Signature 3.1).
    /// `None` where the document is not as it should be.
    pub fn sign_xml(&self, document: &str) -> Option<String> {
        quiet::initialise();
        let key = self.key.private_key_to_der().ok()?;
        let signed = XmlSec::sign_xml(document, &key);
        if signed.is_err() {
            // What OpenSSL kept of it belongs to nobody.
            let _ = ErrorStack::get();
        }
        signed.ok()
    }

    /// An enveloped signature of the element with this ID, to be filled in.
    pub fn template(&self, id: &str) -> String {
        let certificate = STANDARD.encode(&self.certificate);
        format!(
            "<ds:Signature xmlns:ds=\"{SIGNATURE}\"><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
             <ds:SignatureMethod Algorithm=\"{ALGORITHM}\"/><ds:Reference URI=\"#{id}\">\
             <ds:Transforms>\
             <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
             <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
             <ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>\
             <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo></ds:Signature>"
        )
    }
}

fn certify(key: &PKey<Private>, name: &str, now: Timestamp) -> Result<X509, ErrorStack> {
    let mut subject = X509Name::builder()?;
    subject.append_entry_by_nid(Nid::COMMONNAME, name)?;
    let subject = subject.build();
    let mut serial = BigNum::new()?;
    serial.rand(SERIAL, MsbOption::MAYBE_ZERO, false)?;
    let serial = serial.to_asn1_integer()?;
    let until = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
    let mut certificate = X509::builder()?;
    certificate.set_version(2)?;
    certificate.set_serial_number(&serial)?;
    certificate.set_subject_name(&subject)?;
    certificate.set_issuer_name(&subject)?;
    let from = now.checked_sub(EARLIER).unwrap_or(Timestamp::MIN);
    let from = Asn1Time::from_unix(from.as_second())?;
    let until = Asn1Time::from_unix(until.as_second())?;
    certificate.set_not_before(&from)?;
    certificate.set_not_after(&until)?;
    certificate.set_pubkey(key)?;
    certificate.sign(key, MessageDigest::sha256())?;
    Ok(certificate.build())
}
