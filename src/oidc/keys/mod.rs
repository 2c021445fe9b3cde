//! Signing keys and the set that is published (RFC 7517, RFC 7638, RFC 8725 §3). The algorithm
//! always comes from the key, never from a token. A key is published before it signs (next) and
//! after it has signed (retired), so that a rotation refuses no token.

pub mod rotation;

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::crypto;

/// The size of a new RSA key, and the least that is taken (RFC 7518 §3.3).
const RSA_BITS: u32 = 2048;

/// What is wrong with a key, a key set or a token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The set has no current key of this algorithm.
    #[error("there is no current {0} key")]
    NoCurrent(Algorithm),
    /// OpenSSL failed.
    #[error("OpenSSL: {0}")]
    OpenSsl(#[from] ErrorStack),
    /// Two current keys of one algorithm, or one key twice.
    #[error("the key set holds a key twice or two current keys of one algorithm")]
    Repeated,
    /// A key does not verify what it signed.
    #[error("the key {0} does not verify what it signed")]
    SelfCheck(String),
    /// The token could not be signed.
    #[error("signing: {0}")]
    Signing(#[source] jsonwebtoken::errors::Error),
    /// The key is of another kind, on another curve, or too small.
    #[error("a P-256 key or an RSA key of at least 2048 bits is expected")]
    Unfit,
    /// The token is not one of ours.
    #[error("the token is not acceptable: {0}")]
    Untrusted(&'static str),
}

/// The signature algorithms that Usher uses (RFC 7518 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Es256, Self::Rs256];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    const fn jose(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|a| a.as_str() == name)
            .ok_or(Error::Unfit)
    }
}

/// A private key, its public half and its name. `Debug` shows the name alone.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    private: PKey<Private>,
    public: Public,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl SigningKey {
    /// A fresh key, from OpenSSL's own source of randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        Self::new(match algorithm {
            Algorithm::Es256 => {
                let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
                PKey::from_ec_key(EcKey::generate(&group)?)?
            }
            Algorithm::Rs256 => PKey::from_rsa(Rsa::generate(RSA_BITS)?)?,
        })
    }

    /// Reads a private key in PEM; one under a passphrase is refused.
    pub fn from_private_pem(pem: &[u8]) -> Result<Self, Error> {
        // With no passphrase given, OpenSSL would ask for one at the terminal.
        Self::new(PKey::private_key_from_pem_passphrase(pem, b"").map_err(|_| Error::Unfit)?)
    }

    /// The private key as PKCS #8 in PEM, unencrypted: to be sealed before it is kept.
    pub fn to_private_pem(&self) -> Result<Vec<u8>, Error> {
        Ok(self.private.private_key_to_pem_pkcs8()?)
    }

    fn new(private: PKey<Private>) -> Result<Self, Error> {
        crypto::install();
        let public = Public::of(&private)?;
        let encoding = match public.algorithm() {
            Algorithm::Es256 => EncodingKey::from_ec_der(&private.ec_key()?.private_key_to_der()?),
            Algorithm::Rs256 => EncodingKey::from_rsa_der(&private.rsa()?.private_key_to_der()?),
        };
        Ok(Self {
            kid: public.thumbprint(),
            decoding: public.decoding(),
            private,
            public,
            encoding,
        })
    }

    /// The name: the SHA-256 thumbprint of the public key (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The only algorithm that this key is used with.
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The public key as a JWK (RFC 7517 §4).
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.public {
            Public::Ec { x, y } => json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}),
            Public::Rsa { n, e } => json!({"kty": "RSA", "n": n, "e": e}),
        };
        if let Value::Object(members) = &mut jwk {
            members.insert("kid".to_owned(), json!(self.kid));
            members.insert("use".to_owned(), json!("sig"));
            members.insert("alg".to_owned(), json!(self.algorithm().as_str()));
        }
        jwk
    }

    fn sign<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, Error> {
        let mut header = Header::new(self.algorithm().jose());
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        encode(&header, claims, &self.encoding).map_err(Error::Signing)
    }

    /// Only the signature and the form: times, issuer and audience are `claims.rs`'s to check, by
    /// our own clock.
    fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<T, Error> {
        let mut validation = Validation::new(self.algorithm().jose());
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let verified = decode(token, &self.decoding, &validation);
        verified
            .map(|data| data.claims)
            .map_err(|_| Error::Untrusted("signature or claims"))
    }

    /// Signs, verifies, and sees an altered token refused: a broken provider shows at the start
    /// and not at the first sign-in.
    fn self_check(&self) -> Result<(), Error> {
        let claims = json!({"sub": "self-check"});
        let token = self.sign("JWT", &claims)?;
        let altered = match token.split_once('.') {
            Some((header, rest)) => {
                format!("{header}.e30.{}", rest.rsplit('.').next().unwrap_or(""))
            }
            None => String::new(),
        };
        let good = self
            .verify::<Value>(&token)
            .is_ok_and(|read| read == claims);
        if good && self.verify::<Value>(&altered).is_err() {
            Ok(())
        } else {
            Err(Error::SelfCheck(self.kid.clone()))
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm(), self.kid)
    }
}

/// The public half, in the base64url of a JWK (RFC 7518 §6).
#[derive(Clone, Debug)]
enum Public {
    Ec { x: String, y: String },
    Rsa { n: String, e: String },
}

impl Public {
    fn of(private: &PKey<Private>) -> Result<Self, Error> {
        if let Ok(key) = private.ec_key() {
            let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
            if key.group().curve_name() != Some(Nid::X9_62_PRIME256V1) || key.check_key().is_err() {
                return Err(Error::Unfit);
            }
            let mut context = BigNumContext::new()?;
            key.public_key()
                .affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
            let encode = |n: &BigNum| n.to_vec_padded(crypto::P256_OCTETS);
            let (x, y) = (encode(&x)?, encode(&y)?);
            return Ok(Self::Ec {
                x: URL_SAFE_NO_PAD.encode(x),
                y: URL_SAFE_NO_PAD.encode(y),
            });
        }
        let key = private.rsa().map_err(|_| Error::Unfit)?;
        // No primality test: it takes most of a start, and whether the parts belong together is
        // what signing and verifying shows.
        if key.size() * 8 < RSA_BITS {
            return Err(Error::Unfit);
        }
        let encode = |octets: Vec<u8>| URL_SAFE_NO_PAD.encode(octets);
        Ok(Self::Rsa {
            n: encode(key.n().to_vec()),
            e: encode(key.e().to_vec()),
        })
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ec { .. } => Algorithm::Es256,
            Self::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// RFC 7638 §3: the required members in lexicographic order, hashed.
    fn thumbprint(&self) -> String {
        let members = match self {
            Self::Ec { x, y } => format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(Sha256::digest(members))
    }

    fn decoding(&self) -> DecodingKey {
        match self {
            Self::Ec { x, y } => DecodingKey::from_ec_components(x, y),
            Self::Rsa { n, e } => DecodingKey::from_rsa_components(n, e),
        }
        .expect("both halves were encoded as base64url when the key was read")
    }
}

/// Where a key is in its life; the first of each algorithm in the published set is the current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Signs.
    Current,
    /// Published, so that caches know it before it signs.
    Next,
    /// Published until the last token that it signed has expired.
    Retired,
}

/// The keys of the provider.
#[derive(Clone, Debug)]
pub struct KeySet(Vec<(State, SigningKey)>);

impl KeySet {
    /// A set whose every key has just signed and verified (RFC 8725 §3.1), with no key twice and at
    /// most one current key an algorithm.
    pub fn new(mut keys: Vec<(State, SigningKey)>) -> Result<Self, Error> {
        keys.sort_by_key(|(state, _)| *state);
        for (index, (state, key)) in keys.iter().enumerate() {
            let clashes = |(s, k): &(State, SigningKey)| {
                let signs = *s == State::Current && *state == State::Current;
                k.kid == key.kid || (signs && k.algorithm() == key.algorithm())
            };
            if keys.iter().skip(index + 1).any(clashes) {
                return Err(Error::Repeated);
            }
            key.self_check()?;
        }
        Ok(Self(keys))
    }

    /// What `jwks_uri` answers (RFC 7517 §5): every key, the current ones first.
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.0.iter().map(|(_, key)| key.jwk()).collect::<Vec<_>>() })
    }

    /// Every key, with where it is in its life.
    pub fn keys(&self) -> impl Iterator<Item = (State, &SigningKey)> {
        self.0.iter().map(|(state, key)| (*state, key))
    }

    /// Signs with the current key of this algorithm; `typ` goes into the header.
    pub fn sign<T: Serialize>(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: &T,
    ) -> Result<String, Error> {
        let mut current = self.0.iter().filter(|(state, _)| *state == State::Current);
        let key = current.find(|(_, key)| key.algorithm() == algorithm);
        key.ok_or(Error::NoCurrent(algorithm))?.1.sign(typ, claims)
    }

    /// The claims of a token with this `typ` which a key of the set has signed. The `kid` chooses
    /// among our keys and the key brings its algorithm; a token that names extensions of its own
    /// is refused (RFC 7515 §4.1.11).
    pub fn verify<T: DeserializeOwned>(&self, typ: &str, token: &str) -> Result<T, Error> {
        let header = decode_header(token).map_err(|_| Error::Untrusted("header"))?;
        if header.crit.is_some() {
            return Err(Error::Untrusted("critical extensions"));
        }
        if !header
            .typ
            .as_deref()
            .is_some_and(|given| same_type(given, typ))
        {
            return Err(Error::Untrusted("typ"));
        }
        let key = self
            .0
            .iter()
            .find(|(_, key)| header.kid.as_deref() == Some(&key.kid));
        key.ok_or(Error::Untrusted("kid"))?.1.verify(token)
    }
}

/// Media types are compared without regard to case, and `application/` may be left out (RFC 7515
/// §4.1.9).
fn same_type(given: &str, typ: &str) -> bool {
    let given = given.to_ascii_lowercase();
    let bare = given.strip_prefix("application/").unwrap_or(&given);
    bare.eq_ignore_ascii_case(typ)
}

#[cfg(test)]
mod tests;
