//! A client's public keys (RFC 7517 §5, RFC 7518 §6, RFC 8037 §2): which of them an assertion may
//! be verified with. A key brings what it is good for; what an assertion says only chooses.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Value, json};

use super::crypto::{self, Curve};
use crate::limits;

/// Every algorithm that a client's assertion may be signed with, by its registered name (RFC 7518
/// §3.1, RFC 8037 §3.1). None is symmetric, and `none` is none.
pub const ALGORITHMS: [&str; 9] = [
    "ES256", "ES384", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
];

/// Bits of the modulus of an RSA key (RFC 7518 §3.3 names the least; more than the most costs too
/// much).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Octets of the exponent of an RSA key: a large one makes verifying dear.
const RSA_EXPONENT: usize = 4;

/// What is wrong with a set of keys, or why none of its keys is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The assertion does not say which of several keys it was signed with.
    #[error("several keys are good for this algorithm, and the assertion names none by kid")]
    Ambiguous,
    /// It is no JWK Set.
    #[error("it is no JWK Set: {{\"keys\": [...]}}")]
    Malformed,
    /// It has a key that nobody else may know.
    #[error("it holds a private or a symmetric key; register the public keys alone")]
    Secret,
    /// It has more keys than are looked at.
    #[error("it holds more than {} keys", limits::JWKS_KEYS)]
    TooMany,
    /// No key of it is good for the algorithm, or has the kid.
    #[error("no key has this kid and is good for this algorithm")]
    Unknown,
    /// No key of it can be used.
    #[error(
        "it holds no key that can be used: EC on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits, for signatures"
    )]
    Unusable,
}

/// The public keys of a client.
#[derive(Clone, Debug)]
pub struct PublicKeys(Vec<PublicKey>);

#[derive(Clone, Debug)]
struct PublicKey {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
    jwk: Value,
}

/// The members of a JWK that say something here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

impl PublicKeys {
    /// A set that somebody registers: it must hold a key that can be used, and none that is a
    /// secret.
    pub fn registered(text: &str) -> Result<Self, Fault> {
        let all = keys(text.as_bytes())?;
        if all.iter().any(is_secret) {
            return Err(Fault::Secret);
        }
        let read = Self::of(&all);
        if read.0.is_empty() {
            return Err(Fault::Unusable);
        }
        Ok(read)
    }

    /// A set as its owner publishes it, or as it was kept: what cannot be used is passed over
    /// (RFC 7517 §5), and so is a key whose secret part is there for all to see.
    pub fn published(text: &[u8]) -> Result<Self, Fault> {
        let mut all = keys(text)?;
        all.retain(|key| !is_secret(key));
        Ok(Self::of(&all))
    }

    fn of(keys: &[Value]) -> Self {
        crypto::install();
        Self(keys.iter().filter_map(PublicKey::read).collect())
    }

    /// The set as it is kept: the public members of the keys that can be used.
    pub fn document(&self) -> Value {
        json!({ "keys": self.0.iter().map(|key| &key.jwk).collect::<Vec<_>>() })
    }

    /// The one key for an assertion that names this kid and this algorithm. One without a kid is
    /// taken where a single key is good for it (OpenID Connect Core §10.1).
    pub(super) fn choose(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<&DecodingKey, Fault> {
        let named = |key: &&PublicKey| kid.is_none_or(|kid| key.kid.as_deref() == Some(kid));
        let good = |key: &&PublicKey| key.algorithms.contains(&algorithm);
        let mut found = self.0.iter().filter(named).filter(good);
        match (found.next(), found.next()) {
            (Some(key), None) => Ok(&key.decoding),
            (Some(_), Some(_)) => Err(Fault::Ambiguous),
            (None, _) => Err(Fault::Unknown),
        }
    }
}

fn keys(text: &[u8]) -> Result<Vec<Value>, Fault> {
    let set: Set = serde_json::from_slice(text).map_err(|_| Fault::Malformed)?;
    if set.keys.len() > limits::JWKS_KEYS {
        return Err(Fault::TooMany);
    }
    Ok(set.keys)
}

/// Whether a key has a member that is nobody else's (RFC 7518 §6.2.2, §6.3.2, §6.4).
fn is_secret(key: &Value) -> bool {
    let has = |name| key.get(name).is_some();
    has("d") || has("k") || key.get("kty").and_then(Value::as_str) == Some("oct")
}

impl PublicKey {
    fn read(value: &Value) -> Option<Self> {
        let jwk = Jwk::deserialize(value).ok()?;
        let signs = jwk.purpose.as_deref().is_none_or(|it| it == "sig")
            && jwk
                .key_ops
                .as_ref()
                .is_none_or(|it| it.iter().any(|operation| operation == "verify"));
        if !signs {
            return None;
        }
        // No store keeps a NUL, and no kid needs to be long.
        let is_odd = |kid: &String| kid.contains('\0') || kid.len() > limits::JTI;
        if jwk.kid.as_ref().is_some_and(is_odd) {
            return None;
        }
        let (all, decoding, mut public) = parts(&jwk)?;
        let allowed = |it: &Algorithm| jwk.alg.as_deref().is_none_or(|alg| name(*it) == Some(alg));
        let algorithms: Vec<_> = all.iter().copied().filter(allowed).collect();
        if algorithms.is_empty() {
            return None;
        }
        let members = [("kid", &jwk.kid), ("alg", &jwk.alg)];
        for (name, value) in members {
            if let (Some(value), Some(object)) = (value, public.as_object_mut()) {
                object.insert(name.to_owned(), json!(value));
            }
        }
        Some(Self {
            kid: jwk.kid,
            algorithms,
            decoding,
            jwk: public,
        })
    }
}

/// The key itself: what it can verify, and its public members.
fn parts(jwk: &Jwk) -> Option<(&'static [Algorithm], DecodingKey, Value)> {
    let octets = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
    match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("EC", Some(crv)) => {
            let (curve, algorithms): (_, &[_]) = match crv {
                "P-256" => (Curve::P256, &[Algorithm::ES256]),
                "P-384" => (Curve::P384, &[Algorithm::ES384]),
                _ => return None,
            };
            let (x, y) = (octets(&jwk.x)?, octets(&jwk.y)?);
            if x.len() != curve.octets() || y.len() != curve.octets() {
                return None;
            }
            let point = [&[4], &x[..], &y[..]].concat();
            crypto::ec_public(curve, &point).ok()?;
            let public = json!({"kty": "EC", "crv": crv, "x": jwk.x, "y": jwk.y});
            Some((algorithms, DecodingKey::from_ec_der(&point), public))
        }
        ("OKP", Some("Ed25519")) => {
            let x = octets(&jwk.x).filter(|x| x.len() == 32)?;
            let public = json!({"kty": "OKP", "crv": "Ed25519", "x": jwk.x});
            Some((&[Algorithm::EdDSA], DecodingKey::from_ed_der(&x), public))
        }
        ("RSA", _) => {
            let (n, e) = (
                without_zeros(octets(&jwk.n)?),
                without_zeros(octets(&jwk.e)?),
            );
            let zeros = n.first().map_or(0, |first| first.leading_zeros() as usize);
            let is_odd = e.last().is_some_and(|last| last % 2 == 1) && e != [1];
            let bits = (n.len() * 8).saturating_sub(zeros);
            if !RSA_BITS.contains(&bits) || e.len() > RSA_EXPONENT || !is_odd {
                return None;
            }
            let written = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
            let public = json!({"kty": "RSA", "n": written(&n), "e": written(&e)});
            Some((RSA, DecodingKey::from_rsa_raw_components(&n, &e), public))
        }
        _ => None,
    }
}

/// A number without the zeros that some libraries write before it (RFC 7518 §6.3.1.1).
fn without_zeros(mut octets: Vec<u8>) -> Vec<u8> {
    let zeros = octets.iter().take_while(|it| **it == 0).count();
    octets.drain(..zeros);
    octets
}

/// What an RSA key can verify.
const RSA: &[Algorithm] = &[
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
];

/// The registered name of an algorithm that clients may use.
pub(super) fn name(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::ES256 => Some("ES256"),
        Algorithm::ES384 => Some("ES384"),
        Algorithm::EdDSA => Some("EdDSA"),
        Algorithm::PS256 => Some("PS256"),
        Algorithm::PS384 => Some("PS384"),
        Algorithm::PS512 => Some("PS512"),
        Algorithm::RS256 => Some("RS256"),
        Algorithm::RS384 => Some("RS384"),
        Algorithm::RS512 => Some("RS512"),
        _ => None,
    }
}
