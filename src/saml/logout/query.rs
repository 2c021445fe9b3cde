//! The signature of a query (SAML Bindings 3.4.4.1): over octets, so that XML has no part in it.

use openssl::{
    bn::BigNum, ecdsa::EcdsaSig, error::ErrorStack, hash::MessageDigest, sign::Verifier, x509::X509,
};

use super::{
    super::{
        certificate::{Certificate, KeyKind},
        error::Error,
        gate::Algorithm,
    },
    incoming::QuerySignature,
};

/// The certificate that verifies a query, of those whose keys can have made such a signature.
pub(super) fn verify<'c>(
    signature: &QuerySignature,
    certificates: &'c [Certificate],
) -> Result<&'c Certificate, Error> {
    if certificates.is_empty() {
        return Err(Error::CertificateMissing);
    }
    let fits = |it: &&Certificate| signature.algorithm.fits(it.key());
    let fitting: Vec<&Certificate> = certificates.iter().filter(fits).collect();
    if fitting.is_empty() {
        let algorithm = signature.algorithm.name().to_owned();
        return Err(Error::CertificateKeyType { algorithm });
    }
    let verifies = |certificate: &&&Certificate| {
        let found = is_by(signature, certificate);
        if found.is_err() {
            // What OpenSSL kept of it belongs to nobody.
            let _ = ErrorStack::get();
        }
        found.unwrap_or(false)
    };
    let found = fitting.iter().find(verifies).copied();
    found.ok_or(Error::SignatureInvalid {
        tried: fitting.len(),
        why: "no certificate fits the query",
    })
}

fn is_by(signature: &QuerySignature, certificate: &Certificate) -> Result<bool, ErrorStack> {
    let key = X509::from_der(certificate.der())?.public_key()?;
    let mut verifier = Verifier::new(digest(signature.algorithm), &key)?;
    let value = match certificate.key() {
        KeyKind::Rsa(_) => signature.value.clone(),
        KeyKind::Ec(bits) => der(&signature.value, bits)?,
    };
    verifier.verify_oneshot(&value, &signature.octets)
}

/// A signature of ECDSA as DER. Some send the two numbers one behind the other, as XML Signature
/// has them (RFC 4050 3.3).
fn der(value: &[u8], bits: u32) -> Result<Vec<u8>, ErrorStack> {
    let width = bits.div_ceil(8) as usize;
    if value.len() != 2 * width {
        return Ok(value.to_vec());
    }
    let Some((r, s)) = value.split_at_checked(width) else {
        return Ok(value.to_vec());
    };
    let (r, s) = (BigNum::from_slice(r)?, BigNum::from_slice(s)?);
    EcdsaSig::from_private_components(r, s)?.to_der()
}

fn digest(algorithm: Algorithm) -> MessageDigest {
    match algorithm {
        Algorithm::EcdsaSha256 | Algorithm::RsaSha256 => MessageDigest::sha256(),
        Algorithm::EcdsaSha384 | Algorithm::RsaSha384 => MessageDigest::sha384(),
        Algorithm::EcdsaSha512 | Algorithm::RsaSha512 => MessageDigest::sha512(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_are_as_good_as_der() {
        for (width, bits) in [(32, 256), (48, 384)] {
            let raw: Vec<u8> = (1..=2 * width).collect();
            let written = der(&raw, bits).unwrap();
            assert_ne!(written, raw);
            let read = EcdsaSig::from_der(&written).unwrap();
            let both = [read.r().to_vec(), read.s().to_vec()].concat();
            assert_eq!(both, raw);
            assert_eq!(der(&written, bits).unwrap(), written);
        }
    }
}
