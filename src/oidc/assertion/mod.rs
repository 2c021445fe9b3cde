//! The assertion by which a client proves itself without a secret (RFC 7523 §2.2, §3; OpenID
//! Connect Core §9, `private_key_jwt`), in three steps that cannot be taken in another order: it is
//! [read](Assertion::parse), [judged](Assertion::admit) by what it says of itself, and
//! [verified](Admitted::verify) with the client's keys. What the first two refuse depends on
//! nothing but the request, so that the client is told.

use std::fmt;

use jiff::Timestamp;
use jsonwebtoken::dangerous::insecure_decode;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::jwks::{self, Fault, PublicKeys};
use super::{Code, Error};
use crate::limits;

/// Who assertions are for.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    /// Our issuer.
    pub issuer: &'a str,
    /// The URL of our token endpoint.
    pub token_endpoint: &'a str,
}

/// An assertion that can be read. Nothing of it is believed.
#[derive(Clone)]
pub struct Assertion {
    text: String,
    algorithm: Algorithm,
    kid: Option<String>,
    claims: Claims,
}

/// An assertion that is for us and for now, if its signature is good.
#[derive(Clone)]
pub struct Admitted(Assertion);

/// What must be remembered of an assertion that was verified, so that it is good only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The hash of its `jti`.
    pub jti: [u8; 32],
    /// From when on it would not be admitted any more.
    pub until: Timestamp,
}

#[derive(Clone, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audiences,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
    jti: String,
}

/// One value may stand alone (RFC 7519 §4.1.3).
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Audiences {
    Many(Vec<String>),
    One(String),
}

/// What such an assertion may say it is, if anything: nothing else that the client signs passes
/// for one (RFC 8725 §3.11).
const TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

const fn refused(why: &'static str) -> Error {
    Code::InvalidClient.because(why)
}

impl Assertion {
    /// Reads an assertion.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let unreadable =
            refused("the assertion cannot be read, or lacks iss, sub, aud, exp or jti");
        let algorithm = "the assertion is signed with an algorithm that is not supported";
        // One whose algorithm has no name here is not read at all: `none`, say.
        let header = decode_header(text).map_err(|_| refused(algorithm))?;
        if jwks::name(header.alg).is_none() {
            return Err(refused(algorithm));
        }
        if header.crit.is_some() {
            return Err(refused("the assertion has critical extensions"));
        }
        let known = |typ: String| {
            let typ = typ.to_ascii_lowercase();
            TYPES.contains(&typ.strip_prefix("application/").unwrap_or(&typ))
        };
        if !header.typ.is_none_or(known) {
            return Err(refused("the token is of another type than an assertion"));
        }
        let claims: Claims = insecure_decode(text).map_err(|_| unreadable)?.claims;
        if claims.iss != claims.sub {
            return Err(refused(
                "iss and sub of the assertion must both be the client id",
            ));
        }
        if !(1..=limits::JTI).contains(&claims.jti.len()) {
            return Err(refused("the jti of the assertion is empty or too long"));
        }
        Ok(Self {
            text: text.to_owned(),
            algorithm: header.alg,
            kid: header.kid,
            claims,
        })
    }

    /// The client that it speaks of.
    pub fn client_id(&self) -> &str {
        &self.claims.sub
    }

    /// Judges what it says: that it is for us and nobody else, and good now and not for long.
    pub fn admit(self, audience: Audience<'_>, now: Timestamp) -> Result<Admitted, Error> {
        let ours = |it: &String| *it == audience.issuer || *it == audience.token_endpoint;
        let for_us = match &self.claims.aud {
            Audiences::One(it) => ours(it),
            Audiences::Many(all) => !all.is_empty() && all.iter().all(ours),
        };
        if !for_us {
            let why = "the aud of the assertion is not our issuer or our token endpoint alone";
            return Err(refused(why));
        }
        let (now, skew) = (now.as_duration().as_secs_f64(), skew());
        if self.claims.exp <= now - skew {
            return Err(refused("the assertion has expired"));
        }
        let life = limits::ASSERTION_LIFE.as_secs_f64();
        if self.claims.exp > now + life + skew {
            return Err(refused(
                "the exp of the assertion is more than 5 minutes ahead",
            ));
        }
        let starts = [self.claims.nbf, self.claims.iat];
        if starts.into_iter().flatten().any(|at| at > now + skew) {
            return Err(refused("the assertion is not good yet"));
        }
        Ok(Admitted(self))
    }
}

/// How far the client's clock may be from ours, in seconds.
fn skew() -> f64 {
    limits::CLOCK_SKEW.as_secs_f64()
}

impl Admitted {
    /// The client that it speaks of.
    pub fn client_id(&self) -> &str {
        self.0.client_id()
    }

    /// Whether a key of the set is the one that it names.
    pub fn is_for(&self, keys: &PublicKeys) -> bool {
        keys.choose(self.0.kid.as_deref(), self.0.algorithm).is_ok()
    }

    /// Verifies the signature with the one key that it can be of.
    pub fn verify(&self, keys: &PublicKeys) -> Result<Proven, Unproven> {
        let Assertion {
            text,
            algorithm,
            kid,
            claims,
        } = &self.0;
        let key = keys.choose(kid.as_deref(), *algorithm)?;
        let mut validation = Validation::new(*algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        decode::<IgnoredAny>(text, key, &validation).map_err(|_| Unproven::Signature)?;
        let until = Timestamp::from_second((claims.exp + skew()).ceil() as i64);
        Ok(Proven {
            jti: Sha256::digest(&claims.jti).into(),
            until: until.map_err(|_| Unproven::Signature)?,
        })
    }
}

/// Why an assertion proves nothing: for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// No key of the client can have signed it.
    #[error(transparent)]
    Key(#[from] Fault),
    /// The signature is not good.
    #[error("the signature is not the client's")]
    Signature,
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assertion({}, redacted)", self.claims.sub)
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
