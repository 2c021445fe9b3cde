//! The app behind a sign-in: it asks with the session's cookie, gets a code, and exchanges it for tokens
//! (OpenID Connect Core §3.1, RFC 7636).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hyper::header::{AUTHORIZATION, COOKIE, LOCATION};
use openssl::hash::{MessageDigest, hash};
use serde::Deserialize;

use crate::failure::{Failure, Wrong, ensure};
use crate::http::{Asked, Connection, encoded, parameter};
use crate::saml::{broken, identifier};

/// A registered app.
pub(crate) struct Exchange {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) redirect_uri: String,
}

/// What the token endpoint answers.
#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    id_token: String,
}

impl Exchange {
    /// The whole exchange, for a browser that has these cookies.
    pub(crate) async fn perform(
        &self,
        connection: &mut Connection,
        cookies: &str,
    ) -> Result<(), Wrong> {
        let secret = |failure: Failure| Wrong::new(failure.to_string());
        let (state, verifier) = (identifier().map_err(secret)?, verifier().map_err(secret)?);
        let challenge = hash(MessageDigest::sha256(), verifier.as_bytes());
        let challenge = challenge.map_err(|error| Wrong::new(error.to_string()))?;
        let query = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid email profile"),
            ("state", &state),
            ("nonce", &state),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(challenge)),
            ("code_challenge_method", "S256"),
        ];
        let asked = Asked::get(format!("/oauth/authorize?{}", pairs(&query)));
        let asked = asked.header(COOKIE, cookies);
        let answer = connection.ask(asked).await?.expect(&[302, 303])?;
        let location = answer.header(LOCATION).unwrap_or_default();
        let same = parameter(location, "state").as_deref() == Some(state.as_str());
        let is_ours = location.starts_with(&self.redirect_uri);
        ensure(is_ours && same, || {
            format!("the browser is sent to {location}")
        })?;
        let missing = || Wrong::new(format!("no code came: {location}"));
        let code = parameter(location, "code").ok_or_else(missing)?;
        self.redeem(connection, &code, &verifier).await
    }

    async fn redeem(
        &self,
        connection: &mut Connection,
        code: &str,
        verifier: &str,
    ) -> Result<(), Wrong> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", verifier),
        ];
        let basic = STANDARD.encode(format!("{}:{}", self.client_id, self.client_secret));
        let asked = Asked::form("/oauth/token", pairs(&form))
            .header(AUTHORIZATION, format!("Basic {basic}"));
        let tokens: Tokens = connection.ask(asked).await?.expect(&[200])?.json()?;
        let is_signed = tokens.id_token.split('.').count() == 3;
        ensure(is_signed && !tokens.access_token.is_empty(), || {
            "these are no tokens".to_owned()
        })
    }
}

fn pairs(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    pairs.join("&")
}

/// 256 random bits (RFC 7636 §4.1).
fn verifier() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    openssl::rand::rand_bytes(&mut bytes).map_err(broken)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
