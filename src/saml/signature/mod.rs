//! Signatures: a gated message becomes [`Verified`], which holds nothing but the octets that were signed.
//!
//! samael is asked for one thing, the pre-digest: the very octets whose digest the signature covers. It is
//! asked with one certificate at a time, because it gives up at the first key of another type, and only
//! behind the gate. Its own reading of responses and of metadata is not used: ours knows the connection's
//! certificates and refuses where there are none. KeyInfo is never looked at.

use samael::crypto::{
    AllowedSignatureAlgorithm as Allowed, CertificateDer, CryptoProvider, ReduceMode, XmlSec,
};

use super::{
    certificate::Certificate,
    error::Error,
    gate::{Element, Gated, Signed, shape, shape::ResponseFields},
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

/// Signed octets, and which certificate said so.
#[derive(Clone)]
pub struct Verified {
    pub(super) octets: String,
    pub(super) element: Element,
    pub(super) assertion_id: String,
    /// What the Response said around the assertion; where it is not signed itself it may only refuse.
    pub(super) unsigned: ResponseFields,
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

/// Verifies every signature of the message with one of these certificates.
pub fn verify(gated: Gated, certificates: &[Certificate]) -> Result<Verified, Error> {
    let outermost = gated
        .signed()
        .first()
        .cloned()
        .ok_or(Error::SignatureMissing)?;
    if certificates.is_empty() {
        return Err(Error::CertificateMissing);
    }
    let fitting: Vec<&Certificate> = certificates
        .iter()
        .filter(|certificate| {
            gated
                .signed()
                .iter()
                .all(|s| s.algorithm.fits(certificate.key()))
        })
        .collect();
    if fitting.is_empty() {
        let algorithm = outermost.algorithm.name().to_owned();
        return Err(Error::CertificateKeyType { algorithm });
    }
    quiet::initialise();
    let found = fitting
        .iter()
        .find_map(|certificate| Some((predigest(&gated.xml, certificate)?, certificate)));
    let Some((octets, certificate)) = found else {
        return Err(Error::SignatureInvalid {
            tried: fitting.len(),
            why: "no certificate fits",
        });
    };
    covers(&octets, &outermost, &gated.assertion_id)?;
    Ok(Verified {
        octets,
        element: outermost.element,
        assertion_id: gated.assertion_id,
        unsigned: gated.response,
        fingerprint: certificate.fingerprint(),
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

/// The signed octets are the element that the gate saw, and of the shape that the gate lets through.
fn covers(octets: &str, outermost: &Signed, assertion_id: &str) -> Result<(), Error> {
    let other = |why| Error::SignatureInvalid { tried: 1, why };
    let document = xml::parse(octets)?;
    let root = document.root_element();
    let (namespace, name) = outermost.element.qualified();
    if !xml::is(root, namespace, name) || root.attribute("ID") != Some(outermost.id.as_str()) {
        return Err(other("it covers another element"));
    }
    let assertion = match outermost.element {
        Element::Response => shape::response(root)?.assertion,
        Element::Assertion => root,
    };
    shape::alone(root)?;
    if !xml::is(assertion, xml::ASSERTION, "Assertion")
        || shape::assertion(assertion)? != assertion_id
    {
        return Err(other("it covers another assertion"));
    }
    Ok(())
}
