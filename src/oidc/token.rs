//! The token request and its answer (RFC 6749 §4.1.3, §5.1; RFC 7636 §4.5; OpenID Connect Core
//! §3.1.3): an authorization code for tokens, from a client that proves who it is (§2.3.1).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::parameters::{Pairs, Parameters};
use super::pkce::Verifier;
use super::scope::Scope;
use super::{Code, Error};

/// How a client proves itself; each app is registered with one and bound to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `client_secret_basic`: in the `Authorization` header.
    Basic,
    /// `client_secret_post`: in the form.
    Post,
}

impl Method {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }
}

/// What a client says to prove itself; not yet compared with anything.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Under which the app is looked up.
    pub client_id: String,
    /// The secret as presented.
    pub client_secret: String,
    /// Where it stood.
    pub method: Method,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Credentials({}, {}, redacted)",
            self.client_id,
            self.method.as_str()
        )
    }
}

impl Credentials {
    /// Reads the `Authorization` header or the form, never both (RFC 6749 §2.3). A `client_id`
    /// beside the header is no second method, but must be the same (§3.2.1).
    pub fn parse(authorization: Option<&str>, pairs: &Pairs) -> Result<Self, Error> {
        let form = Parameters::new(pairs);
        let posted = (form.value("client_id"), form.value("client_secret"));
        match (authorization, posted) {
            (Some(_), (_, Some(_))) => {
                Err(Code::InvalidRequest.because("the client authenticates in two ways at once"))
            }
            (Some(header), (named, None)) => basic(header)
                .filter(|credentials| named.is_none_or(|name| name == credentials.client_id))
                .ok_or(Code::InvalidClient.because("the Authorization header is malformed")),
            (None, (Some(id), Some(secret))) => Ok(Self {
                client_id: id.to_owned(),
                client_secret: secret.to_owned(),
                method: Method::Post,
            }),
            (None, _) => Err(Code::InvalidClient.because("client authentication is missing")),
        }
    }
}

/// The Basic scheme with both halves form-encoded (RFC 6749 §2.3.1, RFC 7617 §2).
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, token) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(token.trim_matches(' ')).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let (client_id, client_secret) = (form_decoded(id)?, form_decoded(secret)?);
    (!client_id.is_empty() && !client_secret.is_empty()).then_some(Credentials {
        client_id,
        client_secret,
        method: Method::Basic,
    })
}

/// One form-encoded value; `None` where an escape is cut short or is not UTF-8.
fn form_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

/// A token request that can be served if its credentials and its code are good.
#[derive(Clone)]
pub struct TokenRequest {
    /// Who asks.
    pub credentials: Credentials,
    /// The code as presented.
    pub code: String,
    /// Must be the one that the code was sent to.
    pub redirect_uri: String,
    /// Must meet the challenge that the code was issued with.
    pub verifier: Verifier,
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
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
        match form.value("grant_type") {
            Some("authorization_code") => {}
            None => return Err(Code::InvalidRequest.because("grant_type is missing")),
            Some(_) => {
                let why = "only authorization_code is supported";
                return Err(Code::UnsupportedGrantType.because(why));
            }
        }
        let missing = |why| Code::InvalidRequest.because(why);
        let verifier = form
            .value("code_verifier")
            .ok_or(missing("code_verifier is missing"))?;
        Ok(Self {
            credentials,
            code: form.text("code").ok_or(missing("code is missing"))?,
            redirect_uri: form
                .text("redirect_uri")
                .ok_or(missing("redirect_uri is missing"))?,
            verifier: Verifier::parse(verifier)
                .ok_or(Code::InvalidGrant.because("code_verifier is malformed"))?,
        })
    }
}

/// The answer to a good token request; it goes out with `Cache-Control: no-store`.
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    id_token: String,
}

impl TokenResponse {
    /// Both tokens, signed, and the scope that was granted.
    pub fn new(access_token: String, id_token: String, scope: Scope) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in: super::claims::ACCESS_TOKEN_SECONDS,
            scope: scope.to_string(),
            id_token,
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

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    fn read(authorization: Option<&str>, form: &[(&str, &str)]) -> Result<Credentials, Code> {
        let given = [good(), pairs(form)].concat();
        TokenRequest::parse(authorization, &given)
            .map(|r| r.credentials)
            .map_err(|e| e.code())
    }

    #[test]
    fn a_client_proves_itself_in_exactly_one_way() {
        let (id, secret) = (("client_id", "app"), ("client_secret", "s"));
        let table = [
            (Some("app:s"), vec![], Ok(Method::Basic)),
            (Some("app:s"), vec![id], Ok(Method::Basic)),
            (
                Some("app:s"),
                vec![("client_id", "other")],
                Err(Code::InvalidClient),
            ),
            (Some("app:s"), vec![id, secret], Err(Code::InvalidRequest)),
            (Some("app:s"), vec![secret], Err(Code::InvalidRequest)),
            (None, vec![id, secret], Ok(Method::Post)),
            (None, vec![id], Err(Code::InvalidClient)),
            (
                None,
                vec![id, ("client_secret", "")],
                Err(Code::InvalidClient),
            ),
            (None, vec![secret], Err(Code::InvalidClient)),
            (None, vec![], Err(Code::InvalidClient)),
        ];
        for (basic, form, method) in table {
            let expected = method.map(|method| Credentials {
                client_id: "app".to_owned(),
                client_secret: "s".to_owned(),
                method,
            });
            assert_eq!(
                read(basic.map(header).as_deref(), &form),
                expected,
                "{basic:?} {form:?}"
            );
        }
    }

    #[test]
    fn both_halves_of_the_header_are_form_encoded() {
        let encoded = header("a%3Ab+c:%C3%A4:x%25");
        for given in [encoded.clone(), encoded.replace("Basic", "bASIC")] {
            let credentials = read(Some(&given), &[]).unwrap();
            assert_eq!(credentials.client_id, "a:b c");
            assert_eq!(credentials.client_secret, "ä:x%");
        }
        for text in [
            "app", "app:", ":s", ":", "app:%4", "app:%", "app:%zz", "app:%+1", "app:%ff",
        ] {
            assert_eq!(
                read(Some(&header(text)), &[]),
                Err(Code::InvalidClient),
                "{text}"
            );
        }
        for odd in [
            "Basic !",
            "Basic",
            "Basic ",
            "",
            "Bearer YXBwOnM=",
            "Basic YXBwOnM",
        ] {
            assert_eq!(read(Some(odd), &[]), Err(Code::InvalidClient), "{odd}");
        }
    }

    #[test]
    fn each_parameter_of_the_grant_is_needed_once() {
        let authorization = header("app:s");
        let read = TokenRequest::parse(Some(&authorization), &good()).unwrap();
        assert_eq!(
            (&*read.code, &*read.redirect_uri),
            ("c", "https://app.example/cb")
        );
        let table = [
            ("grant_type", "", Code::InvalidRequest),
            ("grant_type", "password", Code::UnsupportedGrantType),
            ("grant_type", "refresh_token", Code::UnsupportedGrantType),
            ("code", "", Code::InvalidRequest),
            ("redirect_uri", "", Code::InvalidRequest),
            ("code_verifier", "", Code::InvalidRequest),
            ("code_verifier", "short", Code::InvalidGrant),
        ];
        for (name, value, code) in table {
            let mut given = good();
            given.retain(|(n, _)| n != name);
            given.push((name.to_owned(), value.to_owned()));
            let error = TokenRequest::parse(Some(&authorization), &given).unwrap_err();
            assert_eq!(error.code(), code, "{name}={value}");
        }
        for (name, value) in good() {
            let given = [good(), vec![(name.clone(), value)]].concat();
            let error = TokenRequest::parse(Some(&authorization), &given).unwrap_err();
            assert_eq!(error.code(), Code::InvalidRequest, "{name} twice");
        }
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
