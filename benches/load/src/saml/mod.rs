//! What a sign-in by SAML needs: an identity provider that signs, and an app that exchanges the code.

mod exchange;
mod response;

pub(crate) use exchange::Exchange;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::x509::X509;

use crate::failure::Failure;
use crate::http::{Origin, encoded};
use crate::saml::response::Response;

/// An identity provider, and the assertion consumer service that it speaks to.
pub(crate) struct IdentityProvider {
    key: PKey<Private>,
    certificate: String,
    entity_id: String,
    acs_url: String,
    acs: Origin,
    audience: String,
    size: usize,
}

/// Of whom an identity provider is made.
pub(crate) struct Parts<'a> {
    pub(crate) key: &'a Path,
    pub(crate) certificate: &'a Path,
    pub(crate) entity_id: &'a str,
    pub(crate) acs_url: &'a str,
    pub(crate) audience: &'a str,
    /// Bytes of a response, as XML.
    pub(crate) size: usize,
}

impl IdentityProvider {
    /// Reads key and certificate.
    pub(crate) fn read(parts: &Parts<'_>) -> Result<Self, Failure> {
        let failed = |path: &Path, error: String| {
            let path = path.display();
            Failure::new(format!(
                "{path}: {error}; make both by `openssl req -x509 -newkey rsa:2048 -nodes -keyout idp.key -out idp.pem -subj /CN=load -days 365`"
            ))
        };
        let file =
            |path: &Path| std::fs::read(path).map_err(|error| failed(path, error.to_string()));
        let key = PKey::private_key_from_pem(&file(parts.key)?)
            .map_err(|error| failed(parts.key, error.to_string()))?;
        let certificate = X509::from_pem(&file(parts.certificate)?)
            .and_then(|certificate| certificate.to_der())
            .map_err(|error| failed(parts.certificate, error.to_string()))?;
        Ok(Self {
            key,
            certificate: STANDARD.encode(certificate),
            entity_id: parts.entity_id.to_owned(),
            acs_url: parts.acs_url.to_owned(),
            acs: Origin::parse(parts.acs_url)?,
            audience: parts.audience.to_owned(),
            size: parts.size,
        })
    }

    /// Where responses are posted.
    pub(crate) fn acs(&self) -> &Origin {
        &self.acs
    }

    /// A form with a new signed response that says who signs in (IdP-initiated: it answers no request).
    pub(crate) fn form(&self, address: &str, now: Timestamp) -> Result<String, Failure> {
        let response = Response {
            idp: self,
            address,
            now,
            id: identifier()?,
            assertion_id: identifier()?,
        };
        let document = response.signed()?;
        Ok(format!(
            "SAMLResponse={}&RelayState=",
            encoded(&STANDARD.encode(document))
        ))
    }

    /// The digest and the signature of octets, as XML has them.
    fn digest(octets: &str) -> Result<String, Failure> {
        let digest = hash(MessageDigest::sha256(), octets.as_bytes()).map_err(broken)?;
        Ok(STANDARD.encode(digest))
    }

    fn signature(&self, octets: &str) -> Result<String, Failure> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).map_err(broken)?;
        let signature = signer
            .sign_oneshot_to_vec(octets.as_bytes())
            .map_err(broken)?;
        Ok(STANDARD.encode(signature))
    }
}

/// 160 random bits (SAML Core 1.3.4).
fn identifier() -> Result<String, Failure> {
    let mut bytes = [0; 20];
    openssl::rand::rand_bytes(&mut bytes).map_err(broken)?;
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("_{}", digits.concat()))
}

fn broken(error: ErrorStack) -> Failure {
    Failure::new(format!("OpenSSL does not sign: {error}"))
}

#[cfg(test)]
mod tests {
    use openssl::rsa::Rsa;

    use super::*;
    use crate::http::decoded;

    #[test]
    fn a_response_has_its_size_and_no_other_is_the_same() {
        let acs_url = "http://127.0.0.1:8080/saml/01a22cd2-b417-7116-94fd-c0f82bc83347/acs";
        let idp = IdentityProvider {
            key: PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
            certificate: STANDARD.encode([0; 800]),
            entity_id: "https://idp.load.example/metadata".to_owned(),
            acs_url: acs_url.to_owned(),
            acs: Origin::parse(acs_url).unwrap(),
            audience: acs_url.replace("acs", "metadata"),
            size: 6_700,
        };
        let form = || {
            idp.form("user-0000001@load.example", crate::clock::now())
                .unwrap()
        };
        let (one, other) = (form(), form());
        assert_ne!(one, other);
        let (_, value) = one.split_once('=').unwrap();
        let document = STANDARD
            .decode(decoded(value.split('&').next().unwrap()))
            .unwrap();
        assert!(document.len().abs_diff(6_700) < 200, "{}", document.len());
    }
}
