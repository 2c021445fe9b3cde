//! Signatures: a gated message becomes [`Verified`], which holds nothing but the octets that were signed.
//!
//! samael is asked for one thing, the pre-digest: the very octets whose digest the signature covers. It is
//! asked with one certificate at a time, because it gives up at the first key of another type, and only
//! behind the gate. Its own reading of responses and of metadata is not used: ours knows the connection's
//! certificates and refuses where there are none. KeyInfo is never looked at.
//!
//! An encrypted assertion is verified around its ciphertext or inside of it, see `decrypted`.

mod decrypted;

use jiff::Timestamp;
use roxmltree::{Document, Node};
use samael::crypto::{
    AllowedSignatureAlgorithm as Allowed, CertificateDer, CryptoProvider, ReduceMode, XmlSec,
};

use super::{
    Keys,
    certificate::Certificate,
    demands::Demands,
    error::Error,
    gate::{self, Element, Gated, Held, Signed, shape, shape::ResponseFields},
    quiet, xml,
};

const ALLOWED: [Allowed; 6] = [
    Allowed::RsaSha256,
    Allowed::RsaSha384,
    Allowed::RsaSha512,
    Allowed::EcdsaSha256,
    Allowed::EcdsaSha384,
    Allowed::EcdsaSha512,
];

/// Signed octets, and which certificate said so. Of an assertion that was decrypted, and whose ciphertext
/// was signed, the plaintext takes their place.
#[derive(Clone)]
pub struct Verified {
    pub(super) octets: String,
    pub(super) element: Element,
    pub(super) assertion_id: String,
    /// What the Response says around the assertion: as it was signed, where [`Element::Response`] is what is
    /// signed; else it may only refuse.
    pub(super) around: ResponseFields,
    fingerprint: String,
}

impl Verified {
    /// The outermost element that is signed.
    pub fn element(&self) -> Element {
        self.element
    }

    /// The fingerprint of the certificate that verified.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified")
            .field("element", &self.element)
            .finish_non_exhaustive()
    }
}

/// Verifies every signature of the message with one of the connection's certificates; an encrypted assertion
/// is decrypted on the way. What the connection demands to be signed or encrypted is refused otherwise,
/// before anything is computed where that can be known.
pub fn verify(
    gated: Gated,
    keys: &Keys<'_>,
    demands: &Demands<'_>,
    now: Timestamp,
) -> Result<Verified, Error> {
    demands.admit(&gated)?;
    let assertion_id = match &gated.held {
        Held::Assertion(id) => id.clone(),
        Held::Encrypted(sealed) => return decrypted::verify(&gated, sealed, keys, demands, now),
    };
    let (octets, certificate) = signed_octets(&gated.xml, gated.signed(), keys.certificates)?;
    let outermost = gated.signed().first().ok_or(Error::SignatureMissing)?;
    let around = covers(&octets, outermost, &assertion_id)?;
    Ok(Verified {
        octets,
        element: outermost.element,
        assertion_id,
        around: around.unwrap_or(gated.response),
        fingerprint: certificate.fingerprint(),
    })
}

/// Verifies the signature of a logout message; gives the octets that it covers, and whose it is.
pub(super) fn logout<'c>(
    message: &gate::logout::Message,
    certificates: &'c [Certificate],
) -> Result<(String, &'c Certificate), Error> {
    let signed = message.signed.as_ref().ok_or(Error::SignatureMissing)?;
    let list = std::slice::from_ref(signed);
    let (octets, certificate) = signed_octets(&message.xml, list, certificates)?;
    let document = xml::parse(&octets)?;
    gate::logout::shape(covered(&document, signed)?, message.element)?;
    drop(document);
    Ok((octets, certificate))
}

/// The octets under the outermost of all signatures of a document, the first of the list, and the
/// certificate with which all of them verify.
fn signed_octets<'c>(
    xml: &str,
    signed: &[Signed],
    certificates: &'c [Certificate],
) -> Result<(String, &'c Certificate), Error> {
    let outermost = signed.first().ok_or(Error::SignatureMissing)?;
    if certificates.is_empty() {
        return Err(Error::CertificateMissing);
    }
    let fits = |it: &&Certificate| signed.iter().all(|s| s.algorithm.fits(it.key()));
    let fitting: Vec<&Certificate> = certificates.iter().filter(fits).collect();
    if fitting.is_empty() {
        let algorithm = outermost.algorithm.name().to_owned();
        return Err(Error::CertificateKeyType { algorithm });
    }
    quiet::initialise();
    let found = fitting
        .iter()
        .find_map(|certificate| Some((predigest(xml, certificate)?, *certificate)));
    found.ok_or(Error::SignatureInvalid {
        tried: fitting.len(),
        why: "no certificate fits",
    })
}

/// The octets under the outermost signature, if all signatures verify with this certificate.
fn predigest(xml: &str, certificate: &Certificate) -> Option<String> {
    let octets = XmlSec::reduce_xml_to_signed_with_allowed_algorithms(
        xml,
        &[CertificateDer::from(certificate.der().to_vec())],
        ReduceMode::PreDigest,
        Some(&ALLOWED),
    );
    if octets.is_err() {
        // What OpenSSL kept of it belongs to nobody.
        let _ = openssl::error::ErrorStack::get();
    }
    octets.ok()
}

/// The signed octets are the element that the gate saw, and of the shape that the gate lets through. Gives
/// what a Response says around its assertion.
fn covers(
    octets: &str,
    outermost: &Signed,
    assertion_id: &str,
) -> Result<Option<ResponseFields>, Error> {
    let document = xml::parse(octets)?;
    let root = covered(&document, outermost)?;
    let (around, assertion) = match outermost.element {
        Element::Response => {
            let shape = shape::response(root)?;
            (Some(shape.fields), shape.assertion)
        }
        Element::Assertion | Element::LogoutRequest | Element::LogoutResponse => (None, root),
    };
    shape::alone(root)?;
    if !xml::is(assertion, xml::ASSERTION, "Assertion")
        || shape::assertion(assertion)? != assertion_id
    {
        return Err(other("it covers another assertion"));
    }
    Ok(around)
}

/// The root of signed octets, which is the element that was said to be signed.
fn covered<'a, 'i: 'a>(
    octets: &'a Document<'i>,
    outermost: &Signed,
) -> Result<Node<'a, 'i>, Error> {
    let root = octets.root_element();
    let (namespace, name) = outermost.element.qualified();
    if !xml::is(root, namespace, name) || xml::attribute(root, "ID") != Some(outermost.id.as_str())
    {
        return Err(other("it covers another element"));
    }
    Ok(root)
}

fn other(why: &'static str) -> Error {
    Error::SignatureInvalid { tried: 1, why }
}
