//! The token request and its answer (RFC 6749 §4.1.3, §4.4.2, §5.1, §6; RFC 7636 §4.5; OpenID
//! Connect Core §3.1.3, §12): from a client that proves who it is, an authorization code or a refresh
//! token for tokens, or nothing but itself for an access token of its own.

use std::fmt;

use serde::Serialize;

use super::client::Credentials;
use super::parameters::{Pairs, Parameters};
use super::pkce::Verifier;
use super::refresh::RefreshGrant;
use super::scope::Scope;
use super::{Code, Error};

/// The grants that are taken, by their registered names.
pub const GRANTS: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];

/// The scope of a SCIM client's access token: the one that it can ask for, and what it gets where
/// it asks for none (RFC 6749 §3.3).
pub const SCIM_SCOPE: &str = "scim";

/// A token request that can be served if its credentials and its grant are good.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// Who asks.
    pub credentials: Credentials,
    /// For what.
    pub grant: Grant,
}

/// What is to become a token.
#[derive(Clone, Debug)]
pub enum Grant {
    /// The client itself, for the scope [`SCIM_SCOPE`] (RFC 6749 §4.4).
    ClientCredentials,
    /// An authorization code.
    Code(CodeGrant),
    /// A refresh token.
    Refresh(RefreshGrant),
}

/// An authorization code, and what goes with it.
#[derive(Clone)]
pub struct CodeGrant {
    /// The code as presented.
    pub code: String,
    /// Must be the one that the code was sent to.
    pub redirect_uri: String,
    /// Must meet the challenge that the code was issued with.
    pub verifier: Verifier,
}

impl fmt::Debug for CodeGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeGrant").finish_non_exhaustive()
    }
}

impl TokenRequest {
    /// Reads the form. What is wrong with the client comes before what is wrong with the grant.
    pub fn parse(authorization: Option<&str>, pairs: &Pairs) -> Result<Self, Error> {
        let form = Parameters::new(pairs);
        if let Some(fault) = form.fault() {
            return Err(Code::InvalidRequest.because(fault));
        }
        let credentials = Credentials::parse(authorization, pairs)?;
        let grant = match form.value("grant_type") {
            Some("authorization_code") => Grant::Code(CodeGrant::parse(form)?),
            Some("refresh_token") => Grant::Refresh(RefreshGrant::parse(form)?),
            Some("client_credentials") => client_credentials(form)?,
            None => return Err(Code::InvalidRequest.because("grant_type is missing")),
            Some(_) => {
                let why = "only authorization_code, refresh_token and client_credentials are taken";
                return Err(Code::UnsupportedGrantType.because(why));
            }
        };
        Ok(Self { credentials, grant })
    }
}

impl CodeGrant {
    fn parse(form: Parameters<'_>) -> Result<Self, Error> {
        let missing = |why| Code::InvalidRequest.because(why);
        let verifier = form
            .value("code_verifier")
            .ok_or(missing("code_verifier is missing"))?;
        Ok(Self {
            code: form.text("code").ok_or(missing("code is missing"))?,
            redirect_uri: form
                .text("redirect_uri")
                .ok_or(missing("redirect_uri is missing"))?,
            verifier: Verifier::parse(verifier)
                .ok_or(Code::InvalidGrant.because("code_verifier is malformed"))?,
        })
    }
}

fn client_credentials(form: Parameters<'_>) -> Result<Grant, Error> {
    match form.value("scope") {
        None | Some(SCIM_SCOPE) => Ok(Grant::ClientCredentials),
        Some(_) => Err(Code::InvalidScope.because("the only scope of a SCIM client is scim")),
    }
}

/// The answer to a good token request; it goes out with `Cache-Control: no-store`.
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl TokenResponse {
    /// An access token and an ID token, signed, the scope that was granted, and the refresh token by
    /// which they can be had anew.
    pub fn new(
        access_token: String,
        id_token: String,
        scope: Scope,
        refresh_token: String,
    ) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in: super::claims::ACCESS_TOKEN_SECONDS,
            scope: scope.to_string(),
            id_token: Some(id_token),
            refresh_token: Some(refresh_token),
        }
    }

    /// A SCIM client's access token, and for how many seconds it is good. No refresh token goes
    /// with it: the client asks again (RFC 6749 §4.4.3).
    pub fn of_scim_client(access_token: String, expires_in: i64) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in,
            scope: SCIM_SCOPE.to_owned(),
            id_token: None,
            refresh_token: None,
        }
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::pairs;
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn good() -> Vec<(String, String)> {
        pairs(&[
            ("grant_type", "authorization_code"),
            ("code", "c"),
            ("redirect_uri", "https://app.example/cb"),
            ("code_verifier", VERIFIER),
        ])
    }

    /// `app` with the secret `s`.
    const AUTHORIZATION: &str = "Basic YXBwOnM=";

    #[test]
    fn each_parameter_of_the_grant_is_needed_once() {
        let read = TokenRequest::parse(Some(AUTHORIZATION), &good()).unwrap();
        let Grant::Code(read) = read.grant else {
            panic!("a code is a code");
        };
        assert_eq!(
            (&*read.code, &*read.redirect_uri),
            ("c", "https://app.example/cb")
        );
        let table = [
            ("grant_type", "", Code::InvalidRequest),
            ("grant_type", "password", Code::UnsupportedGrantType),
            ("grant_type", "refresh_token", Code::InvalidRequest),
            ("grant_type", "Refresh_token", Code::UnsupportedGrantType),
            ("code", "", Code::InvalidRequest),
            ("redirect_uri", "", Code::InvalidRequest),
            ("code_verifier", "", Code::InvalidRequest),
            ("code_verifier", "short", Code::InvalidGrant),
        ];
        for (name, value, code) in table {
            let mut given = good();
            given.retain(|(n, _)| n != name);
            given.push((name.to_owned(), value.to_owned()));
            let error = TokenRequest::parse(Some(AUTHORIZATION), &given).unwrap_err();
            assert_eq!(error.code(), code, "{name}={value}");
        }
        for (name, value) in good() {
            let given = [good(), vec![(name.clone(), value)]].concat();
            let error = TokenRequest::parse(Some(AUTHORIZATION), &given).unwrap_err();
            assert_eq!(error.code(), Code::InvalidRequest, "{name} twice");
        }
    }

    #[test]
    fn a_client_gets_a_token_for_scim_alone() {
        for (scope, expected) in [
            (None, Ok(())),
            (Some(""), Ok(())),
            (Some("scim"), Ok(())),
            (Some("openid"), Err(Code::InvalidScope)),
            (Some("scim openid"), Err(Code::InvalidScope)),
            (Some("SCIM"), Err(Code::InvalidScope)),
        ] {
            let mut given = pairs(&[("grant_type", "client_credentials")]);
            given.extend(scope.map(|scope| ("scope".to_owned(), scope.to_owned())));
            let read = TokenRequest::parse(Some(AUTHORIZATION), &given);
            let read = read.map(|read| assert!(matches!(read.grant, Grant::ClientCredentials)));
            assert_eq!(read.map_err(|error| error.code()), expected, "{scope:?}");
        }
        let answer = TokenResponse::of_scim_client("hush".to_owned(), 3600);
        let shown = serde_json::to_value(&answer).unwrap();
        let told = serde_json::json!({
            "access_token": "hush", "token_type": "Bearer", "expires_in": 3600, "scope": "scim",
        });
        assert_eq!(shown, told);
        assert!(!format!("{answer:?}").contains("hush"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let given = [
            good(),
            pairs(&[("client_id", "app"), ("client_secret", "hush")]),
        ]
        .concat();
        let shown = format!("{:?}", TokenRequest::parse(None, &given).unwrap());
        assert!(shown.contains("app"));
        for secret in ["hush", VERIFIER, "\"c\""] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
