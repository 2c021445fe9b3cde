//! Proof Key for Code Exchange (RFC 7636), with S256 alone: the app shows a hash when it asks for
//! a code and the text behind it when it redeems the code.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What came with the authorization request: the SHA-256 of the verifier (§4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads base64url without padding, of exactly 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The challenge that the store kept.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether this verifier hashes to the challenge (§4.6), in a time that does not tell how
    /// nearly it did.
    pub fn is_met_by(&self, verifier: &Verifier) -> bool {
        self.0.ct_eq(&verifier.challenge().0).into()
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// What comes with the token request (§4.1). `Debug` never shows it.
#[derive(Clone)]
pub struct Verifier(String);

impl Verifier {
    /// Reads 43 to 128 unreserved characters.
    pub fn parse(text: &str) -> Option<Self> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        ((43..=128).contains(&text.len()) && text.bytes().all(unreserved))
            .then(|| Self(text.to_owned()))
    }

    /// The challenge that this verifier meets.
    pub fn challenge(&self) -> Challenge {
        Challenge(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The pair of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_challenge_is_met_by_its_verifier_alone() {
        let challenge = Challenge::parse(CHALLENGE).unwrap();
        let verifier = Verifier::parse(VERIFIER).unwrap();
        assert!(challenge.is_met_by(&verifier));
        assert_eq!(verifier.challenge().to_string(), CHALLENGE);
        assert_eq!(Challenge::from_bytes(*challenge.as_bytes()), challenge);
        let other = Verifier::parse(&VERIFIER.replace('d', "e")).unwrap();
        assert!(!challenge.is_met_by(&other));
        // The challenge itself has a verifier's form; it must not pass as one (method plain).
        assert!(!challenge.is_met_by(&Verifier::parse(CHALLENGE).unwrap()));
    }

    #[test]
    fn malformed_verifiers_and_challenges_are_refused() {
        let lengths = [(42, false), (43, true), (128, true), (129, false)];
        for (length, fits) in lengths {
            assert_eq!(
                Verifier::parse(&"~".repeat(length)).is_some(),
                fits,
                "{length}"
            );
        }
        for odd in ["+", "=", " ", "é", "%", "\0"] {
            assert!(
                Verifier::parse(&format!("{VERIFIER}{odd}")).is_none(),
                "{odd:?}"
            );
        }
        let long = format!("{CHALLENGE}A");
        let padded = format!("{CHALLENGE}=");
        for odd in [
            "",
            VERIFIER.get(1..).unwrap(),
            &long,
            &padded,
            &CHALLENGE.replace('-', "+"),
        ] {
            assert!(Challenge::parse(odd).is_none(), "{odd}");
        }
    }
}
