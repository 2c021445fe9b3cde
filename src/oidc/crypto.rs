//! The signatures of RFC 7518 §3.3 to §3.5 and RFC 8037 by OpenSSL, as the provider that
//! jsonwebtoken calls: the one cryptographic library of Usher signs tokens too. It signs with ES256
//! and RS256 alone; what clients sign may be more.
//!
//! Private keys come as SEC 1 or PKCS #1 DER, public ones as an uncompressed point, as modulus and
//! exponent, or as the octets of an Ed25519 key. Symmetric algorithms do not exist here.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha256;
use openssl::sign::{self, RsaPssSaltlen};

/// Octets of one coordinate and of one half of a signature on P-256 (RFC 7518 §3.4).
pub(super) const P256_OCTETS: i32 = 32;

/// Makes OpenSSL the provider of this process. Calling it again does nothing.
pub fn install() {
    static ONCE: Once = Once::new();
    // Fails only where another provider came first; the self-check of each key set would show it.
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| signer(*algorithm, key),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    // For jsonwebtoken's own JWK type, which Usher does not use: `keys.rs` prints its JWKs.
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| unsupported(),
        rsa_pub_components_from_public_key: |_| unsupported(),
        ec_pub_components_from_private_key: |_, _| unsupported(),
        ed_pub_components_from_private_key: |_, _| unsupported(),
        compute_digest: |_, _| unsupported(),
    },
};

fn unsupported<T>() -> Result<T> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn signer(algorithm: Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match (algorithm, key.family()) {
        (Algorithm::ES256, AlgorithmFamily::Ec) => {
            let key = EcKey::private_key_from_der(key.as_bytes())
                .map_err(|_| ErrorKind::InvalidEcdsaKey)?;
            Ok(Box::new(Es256(key)))
        }
        (Algorithm::RS256, AlgorithmFamily::Rsa) => {
            let key = Rsa::private_key_from_der(key.as_bytes())
                .and_then(PKey::from_rsa)
                .map_err(|e| ErrorKind::InvalidRsaKey(e.to_string()))?;
            Ok(Box::new(Rs256(key)))
        }
        _ => unsupported(),
    }
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match (algorithm.family(), key.family(), key.kind()) {
        (AlgorithmFamily::Ec, AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => {
            let (curve, digest) = ecdsa(algorithm)?;
            let key = ec_public(curve, point).map_err(|_| ErrorKind::InvalidEcdsaKey)?;
            Ok(Box::new(Ecdsa {
                algorithm,
                digest,
                key,
            }))
        }
        (
            AlgorithmFamily::Rsa,
            AlgorithmFamily::Rsa,
            DecodingKeyKind::RsaModulusExponent { n, e },
        ) => {
            let key = rsa_public(n, e).map_err(|e| ErrorKind::InvalidRsaKey(e.to_string()))?;
            Ok(Box::new(RsaKey { algorithm, key }))
        }
        (AlgorithmFamily::Ed, AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(octets)) => {
            let key = PKey::public_key_from_raw_bytes(octets, Id::ED25519);
            let key = key.map_err(|_| ErrorKind::InvalidKeyFormat)?;
            Ok(Box::new(Ed25519(key)))
        }
        _ => unsupported(),
    }
}

/// The curve of an algorithm, and the digest that is signed.
fn ecdsa(algorithm: Algorithm) -> Result<(Curve, MessageDigest)> {
    match algorithm {
        Algorithm::ES256 => Ok((Curve::P256, MessageDigest::sha256())),
        Algorithm::ES384 => Ok((Curve::P384, MessageDigest::sha384())),
        _ => unsupported(),
    }
}

/// A curve that keys may be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
}

impl Curve {
    /// Octets of one coordinate, and of one half of a signature (RFC 7518 §3.4, §6.2.1.2).
    pub(super) const fn octets(self) -> usize {
        match self {
            Self::P256 => P256_OCTETS as usize,
            Self::P384 => 48,
        }
    }

    const fn nid(self) -> Nid {
        match self {
            Self::P256 => Nid::X9_62_PRIME256V1,
            Self::P384 => Nid::SECP384R1,
        }
    }
}

/// The public key at this point; fails where the point is not on the curve.
pub(super) fn ec_public(
    curve: Curve,
    point: &[u8],
) -> std::result::Result<EcKey<Public>, ErrorStack> {
    let group = EcGroup::from_curve_name(curve.nid())?;
    let point = EcPoint::from_bytes(&group, point, &mut *BigNumContext::new()?)?;
    let key = EcKey::from_public_key(&group, &point)?;
    key.check_key()?;
    Ok(key)
}

fn rsa_public(n: &[u8], e: &[u8]) -> std::result::Result<PKey<Public>, ErrorStack> {
    let rsa = Rsa::from_public_components(BigNum::from_slice(n)?, BigNum::from_slice(e)?)?;
    PKey::from_rsa(rsa)
}

/// ECDSA on P-256 with SHA-256; the signature is R and S side by side, not DER.
struct Es256(EcKey<Private>);

impl Signer<Vec<u8>> for Es256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        let sign = || {
            let signature = EcdsaSig::sign(&sha256(message), &self.0)?;
            let r = signature.r().to_vec_padded(P256_OCTETS)?;
            let s = signature.s().to_vec_padded(P256_OCTETS)?;
            Ok::<_, ErrorStack>([r, s].concat())
        };
        sign().map_err(Error::from_source)
    }
}

/// ECDSA with the digest that goes with the curve; the signature is R and S side by side.
struct Ecdsa {
    algorithm: Algorithm,
    digest: MessageDigest,
    key: EcKey<Public>,
}

impl Verifier<Vec<u8>> for Ecdsa {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let (curve, _) = ecdsa(self.algorithm).map_err(Error::from_source)?;
        let octets = curve.octets();
        let (r, s) = signature.split_at_checked(octets).ok_or_else(Error::new)?;
        if s.len() != octets {
            return Err(Error::new());
        }
        let verify = || {
            let (r, s) = (BigNum::from_slice(r)?, BigNum::from_slice(s)?);
            let digest = hash(self.digest, message)?;
            EcdsaSig::from_private_components(r, s)?.verify(&digest, &self.key)
        };
        verdict(verify())
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-256.
struct Rs256(PKey<Private>);

impl Signer<Vec<u8>> for Rs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        let sign =
            || sign::Signer::new(MessageDigest::sha256(), &self.0)?.sign_oneshot_to_vec(message);
        sign().map_err(Error::from_source)
    }
}

/// RSASSA-PKCS1-v1_5, or RSASSA-PSS whose salt is as long as the digest (RFC 7518 §3.5).
struct RsaKey {
    algorithm: Algorithm,
    key: PKey<Public>,
}

impl Verifier<Vec<u8>> for RsaKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let (digest, is_pss) = match self.algorithm {
            Algorithm::PS256 => (MessageDigest::sha256(), true),
            Algorithm::PS384 => (MessageDigest::sha384(), true),
            Algorithm::PS512 => (MessageDigest::sha512(), true),
            Algorithm::RS256 => (MessageDigest::sha256(), false),
            Algorithm::RS384 => (MessageDigest::sha384(), false),
            Algorithm::RS512 => (MessageDigest::sha512(), false),
            _ => return Err(Error::new()),
        };
        let verify = || {
            let mut verifier = sign::Verifier::new(digest, &self.key)?;
            if is_pss {
                verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            }
            verifier.verify_oneshot(signature, message)
        };
        verdict(verify())
    }
}

/// EdDSA on Curve25519 (RFC 8037 §3.1).
struct Ed25519(PKey<Public>);

impl Verifier<Vec<u8>> for Ed25519 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let verify =
            || sign::Verifier::new_without_digest(&self.0)?.verify_oneshot(signature, message);
        verdict(verify())
    }
}

fn verdict(verified: std::result::Result<bool, ErrorStack>) -> std::result::Result<(), Error> {
    match verified {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::new()),
        Err(fault) => Err(Error::from_source(fault)),
    }
}

impl JwtSigner for Es256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

impl JwtVerifier for Ecdsa {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl JwtSigner for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl JwtVerifier for RsaKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl JwtVerifier for Ed25519 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::crypto::verify;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    // The example of RFC 7515, appendix A.3.
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    const MESSAGE: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    #[test]
    fn the_published_es256_example_verifies_and_its_variants_do_not() {
        install();
        install();
        let key = DecodingKey::from_ec_components(X, Y).unwrap();
        let check = |signature: &str| {
            verify(signature, MESSAGE.as_bytes(), &key, Algorithm::ES256).unwrap()
        };
        assert!(check(SIGNATURE));
        let raw = bytes(SIGNATURE);
        let (r, s) = raw.split_at(32);
        let zero = [0; 32];
        let table: [(&str, Vec<u8>); 7] = [
            ("empty", vec![]),
            ("zeros", [zero, zero].concat()),
            ("swapped", [s, r].concat()),
            ("cut", raw[..63].to_vec()),
            ("long", [&raw[..], &[0]].concat()),
            ("padded", [&[0][..], &raw[..]].concat()),
            ("DER", {
                let number = |half| BigNum::from_slice(half).unwrap();
                let signature = EcdsaSig::from_private_components(number(r), number(s)).unwrap();
                signature.to_der().unwrap()
            }),
        ];
        for (name, signature) in table {
            assert!(!check(&URL_SAFE_NO_PAD.encode(signature)), "{name}");
        }
    }

    #[test]
    fn keys_of_another_kind_are_refused() {
        install();
        let ec = DecodingKey::from_ec_components(X, Y).unwrap();
        let off_curve = DecodingKey::from_ec_components(X, X).unwrap();
        let secret = DecodingKey::from_secret(b"secret");
        let table = [
            (&ec, Algorithm::RS256),
            (&ec, Algorithm::ES384),
            (&ec, Algorithm::HS256),
            (&off_curve, Algorithm::ES256),
            (&secret, Algorithm::HS256),
            (&secret, Algorithm::ES256),
        ];
        for (key, algorithm) in table {
            let answer = verify(SIGNATURE, MESSAGE.as_bytes(), key, algorithm);
            assert!(answer.is_err(), "{algorithm:?}");
        }
    }
}
