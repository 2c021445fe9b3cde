//! Whose word an encrypted assertion is (SAML Core 5.4.6, 6.1): of who signed the Response around its
//! ciphertext, or of who signed the assertion inside of it.
//!
//! A signature around it is verified first, and nothing is decrypted before. Without one anybody may have
//! made the ciphertext or changed it, so that only what is signed inside is read, and until that verifies no
//! error tells of the plaintext. Where the Response is signed its names have the meaning that is signed with
//! them; where the assertion is signed its own signature says whether they have the right one.

use jiff::Timestamp;
use roxmltree::{Document, Node};

use super::{
    super::{
        Keys,
        certificate::Certificate,
        demands::Demands,
        encryption::{Brake, Plaintext, Scope, Sealed},
        error::Error,
        gate::{self, Element, Gated, Signed, shape},
        xml,
    },
    Verified, covered, covers, other, signed_octets,
};

/// Verifies and decrypts.
pub(super) fn verify(
    gated: &Gated,
    sealed: &Sealed,
    keys: &Keys<'_>,
    demands: &Demands<'_>,
    now: Timestamp,
) -> Result<Verified, Error> {
    sealed.permitted(keys.allow_cbc)?;
    if keys.decryption.is_empty() {
        return Err(Error::DecryptionKeyMissing);
    }
    if keys.certificates.is_empty() {
        return Err(Error::CertificateMissing);
    }
    let received = xml::parse(&gated.xml)?;
    let place = Place::of(&received)?;
    match gated.signed().first() {
        Some(outermost) => signed_around(gated, outermost, &place, keys, demands),
        None => signed_inside(gated, sealed, &place, keys, now),
    }
}

/// Where an encrypted assertion was received.
struct Place<'a, 'i> {
    document: &'a Document<'i>,
    /// In scope of the Response.
    response: Scope,
    /// In scope of the EncryptedAssertion.
    encrypted: Scope,
}

impl<'a, 'i: 'a> Place<'a, 'i> {
    fn of(document: &'a Document<'i>) -> Result<Self, Error> {
        let root = document.root_element();
        Ok(Self {
            document,
            response: Scope::of(root),
            encrypted: Scope::of(encrypted(shape::response(root)?.assertion)?),
        })
    }
}

/// Reads what is encrypted in the signed octets, and what these say around it. Where the connection
/// demands the assertion's own signature, that is read which it covers, and its signer is the same.
fn signed_around(
    gated: &Gated,
    outermost: &Signed,
    place: &Place<'_, '_>,
    keys: &Keys<'_>,
    demands: &Demands<'_>,
) -> Result<Verified, Error> {
    let (octets, certificate) = signed_octets(&gated.xml, gated.signed(), keys.certificates)?;
    let document = xml::parse(&octets)?;
    let root = covered(&document, outermost)?;
    let shape = shape::response(root)?;
    let node = encrypted(shape.assertion)?;
    let sealed = Sealed::read(node)?;
    sealed.permitted(keys.allow_cbc)?;
    let opened = sealed.open(keys.decryption, None);
    let plaintext = Plaintext::read(opened.ok_or(Error::DecryptionFailed)?.octets)?;
    let scope = plaintext.needed_safely(&Scope::of(node), &place.encrypted);
    let of_its_own = || inner(&plaintext, place, std::slice::from_ref(certificate));
    let read = if demands.signatures.of_assertion() {
        of_its_own().map_err(|error| match error {
            Error::SignatureMissing => Error::AssertionSignatureMissing,
            error => error,
        })
    } else {
        match gate::decrypted(plaintext.within(&scope), place.document) {
            Ok(decrypted) => Ok(Inner {
                octets: decrypted.xml,
                assertion_id: decrypted.assertion_id,
                certificate,
            }),
            // Its own signature may say what its names mean, where nothing that is signed around it
            // does; if it is of the same signer, as with two signatures of a plain message.
            Err(error) => of_its_own().map_err(|_| error),
        }
    };
    let Inner {
        octets,
        assertion_id,
        ..
    } = read?;
    Ok(Verified {
        octets,
        element: Element::Response,
        assertion_id,
        around: shape.fields,
        fingerprint: certificate.fingerprint(),
    })
}

/// Reads what is signed inside of a ciphertext that anybody may have made.
fn signed_inside(
    gated: &Gated,
    sealed: &Sealed,
    place: &Place<'_, '_>,
    keys: &Keys<'_>,
    now: Timestamp,
) -> Result<Verified, Error> {
    let brake = sealed.is_cbc().then_some(Brake {
        failures: keys.failures,
        now,
    });
    let opened = sealed.open(keys.decryption, brake.as_ref());
    let opened = opened.ok_or(Error::DecryptionFailed)?;
    let inner = Plaintext::read(opened.octets)
        .and_then(|plaintext| inner(&plaintext, place, keys.certificates))
        .map_err(|error| untold(error, sealed))?;
    if let Some(brake) = brake {
        brake.succeeded(&opened.key);
    }
    Ok(Verified {
        octets: inner.octets,
        element: Element::Assertion,
        assertion_id: inner.assertion_id,
        around: gated.response.clone(),
        fingerprint: inner.certificate.fingerprint(),
    })
}

/// What may be said of a fault of the plaintext. Who sends GCM knows what they encrypted, so that they may
/// know what is wrong with their signature; CBC answers nobody.
fn untold(error: Error, sealed: &Sealed) -> Error {
    match error {
        Error::CertificateKeyType { .. }
        | Error::SignatureAlgorithmUnsupported { .. }
        | Error::SignatureInvalid { .. }
        | Error::SignatureMissing
            if !sealed.is_cbc() =>
        {
            error
        }
        _ => Error::DecryptionFailed,
    }
}

/// An assertion by its own signature: the octets that it covers.
struct Inner<'c> {
    octets: String,
    assertion_id: String,
    certificate: &'c Certificate,
}

/// Verifies the assertion's own signature. Which declarations it was made with depends on who encrypted it
/// when: those it needs, those of the Response, or all around it. The first that verifies is read.
fn inner<'c>(
    plaintext: &Plaintext,
    place: &Place<'_, '_>,
    certificates: &'c [Certificate],
) -> Result<Inner<'c>, Error> {
    let needed = plaintext.needed(&place.encrypted);
    let first = plaintext.within(&needed);
    let (fault, of_its_scope) = match verified(first.clone(), place, certificates) {
        Ok(inner) => return Ok(inner),
        Err(fault) => fault,
    };
    if of_its_scope {
        let response = place.response.shared_with(&place.encrypted).and(&needed);
        let mut tried = vec![first];
        for scope in [&response, &place.encrypted] {
            let xml = plaintext.within(scope);
            if !tried.contains(&xml) {
                tried.push(xml.clone());
                if let Ok(inner) = verified(xml, place, certificates) {
                    return Ok(inner);
                }
            }
        }
    }
    Err(fault)
}

/// Verifies one reading of it. A fault says whether another reading may be the one that was signed.
fn verified<'c>(
    xml: String,
    place: &Place<'_, '_>,
    certificates: &'c [Certificate],
) -> Result<Inner<'c>, (Error, bool)> {
    let decrypted = gate::decrypted(xml, place.document).map_err(|error| (error, false))?;
    let Some(signed) = decrypted.signed else {
        return Err((Error::SignatureMissing, false));
    };
    let fault = |error| (error, signed.of_its_scope);
    let list = std::slice::from_ref(&signed);
    let (octets, certificate) = signed_octets(&decrypted.xml, list, certificates).map_err(fault)?;
    covers(&octets, &signed, &decrypted.assertion_id).map_err(fault)?;
    Ok(Inner {
        octets,
        assertion_id: decrypted.assertion_id,
        certificate,
    })
}

/// What is encrypted is encrypted still.
fn encrypted<'a, 'i>(node: Node<'a, 'i>) -> Result<Node<'a, 'i>, Error> {
    if xml::is(node, xml::ASSERTION, "EncryptedAssertion") {
        Ok(node)
    } else {
        Err(other("it covers another assertion"))
    }
}
