//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1), read in two stages:
//! first who asks and where the answer would go, whose faults are shown on a page of ours; then
//! the rest, whose faults go back to the app by redirect.

use jiff::Timestamp;

use super::parameters::{Pairs, Parameters};
use super::pkce::Challenge;
use super::redirect::{self, ReturnTo};
use super::scope::Scope;
use super::{Code, Error};

/// Why the browser must not be sent anywhere: the person sees a page instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// There is no `client_id`.
    #[error("the app did not say who it is")]
    ClientMissing,
    /// No app has this `client_id`.
    #[error("no app is registered under this client_id")]
    ClientUnknown,
    /// There is no `redirect_uri`.
    #[error("the app did not say where to return to")]
    RedirectMissing,
    /// The `redirect_uri` is not one of the app's.
    #[error("the redirect_uri is not one that the app has registered")]
    RedirectUnknown,
    /// `client_id`, `redirect_uri` or `state` is there twice, so it is unclear whom to answer.
    #[error("client_id, redirect_uri or state is there more than once")]
    Repeated,
}

impl PageError {
    /// The stable public reason code.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::ClientMissing => "client_missing",
            Self::ClientUnknown => "client_unknown",
            Self::RedirectMissing => "redirect_missing",
            Self::RedirectUnknown => "redirect_unknown",
            Self::Repeated => "parameter_repeated",
        }
    }
}

/// The first stage: who asks, and where the answer would go if that is the client's own address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientPart {
    /// Under which the app is looked up.
    pub client_id: String,
    /// Claimed, not yet compared with what the app registered.
    pub redirect_uri: String,
    state: Option<String>,
}

impl ClientPart {
    /// Compares the address with those that the app registered; see [`redirect::matches`].
    pub fn return_to(self, registered: &[String], native: bool) -> Result<ReturnTo, PageError> {
        if redirect::matches(registered, &self.redirect_uri, native) {
            Ok(ReturnTo::new(self.redirect_uri, self.state))
        } else {
            Err(PageError::RedirectUnknown)
        }
    }
}

/// What the app wants of the person (`prompt`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Nothing may be shown: answer from a session at hand or with an error.
    pub none: bool,
    /// Authenticate afresh, whatever session there is.
    pub login: bool,
    /// Let the person choose among sessions, or say yes to the only one: `select_account`, and
    /// `consent`, since the organization's admin consents to what an app learns, and the person only
    /// to going on as who they are.
    pub select_account: bool,
}

/// The second stage: a request that can be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizeRequest {
    /// What to hand out; unknown scopes are already gone.
    pub scope: Scope,
    /// What the verifier of the token request must meet.
    pub challenge: Challenge,
    /// Goes into the ID token as it is.
    pub nonce: Option<String>,
    /// What may or must be shown.
    pub prompt: Prompt,
    /// How many seconds ago the person may at most have authenticated.
    pub max_age: Option<u32>,
    /// Whom the app expects: an address, or whatever Usher sent to its initiate-login URI.
    pub login_hint: Option<String>,
    /// An ID token of ours about the person the app expects; not yet verified.
    pub id_token_hint: Option<String>,
    /// The organization to sign in to, by slug or id.
    pub organization: Option<String>,
    /// The connection to sign in through.
    pub connection: Option<String>,
}

impl AuthorizeRequest {
    /// The first stage. Its caller looks the client up and goes on with [`ClientPart::return_to`].
    pub fn client(pairs: &Pairs) -> Result<ClientPart, PageError> {
        let parameters = Parameters::new(pairs);
        if ["client_id", "redirect_uri", "state"]
            .into_iter()
            .any(|name| parameters.repeats(name))
        {
            return Err(PageError::Repeated);
        }
        Ok(ClientPart {
            client_id: parameters
                .text("client_id")
                .ok_or(PageError::ClientMissing)?,
            redirect_uri: parameters
                .text("redirect_uri")
                .ok_or(PageError::RedirectMissing)?,
            state: parameters.text("state"),
        })
    }

    /// The second stage; its error goes back by [`ReturnTo::with_error`].
    pub fn parse(pairs: &Pairs) -> Result<Self, Error> {
        let parameters = Parameters::new(pairs);
        supported(parameters)?;
        let scope = parameters
            .value("scope")
            .ok_or(Code::InvalidScope.because("the scope must contain openid"))?;
        Ok(Self {
            scope: scope.parse()?,
            challenge: challenge(parameters)?,
            nonce: parameters.text("nonce"),
            prompt: parameters
                .value("prompt")
                .map(prompt)
                .transpose()?
                .unwrap_or_default(),
            max_age: parameters.value("max_age").map(max_age).transpose()?,
            login_hint: parameters.text("login_hint"),
            id_token_hint: parameters.text("id_token_hint"),
            organization: parameters.text("organization"),
            connection: parameters.text("connection"),
        })
    }

    /// Whether an authentication at `auth_time` is still recent enough for `max_age`. None is for a
    /// `max_age` of 0, which asks for a new one whenever the last was.
    pub fn takes_authentication_of(&self, auth_time: Timestamp, now: Timestamp) -> bool {
        let age = now.as_second().saturating_sub(auth_time.as_second());
        self.max_age
            .is_none_or(|most| most > 0 && age <= i64::from(most))
    }
}

/// Refuses what the profile leaves out (RFC 9700 §2.1, OpenID Connect Core §3.1.2.6).
fn supported(parameters: Parameters<'_>) -> Result<(), Error> {
    if let Some(fault) = parameters.fault() {
        return Err(Code::InvalidRequest.because(fault));
    }
    let absent = [
        ("request", Code::RequestNotSupported),
        ("request_uri", Code::RequestUriNotSupported),
        ("registration", Code::RegistrationNotSupported),
    ];
    for (name, code) in absent {
        if parameters.value(name).is_some() {
            return Err(code.because("this parameter is not supported"));
        }
    }
    match parameters.value("response_type") {
        Some("code") => {}
        None => return Err(Code::InvalidRequest.because("response_type is missing")),
        Some(_) => return Err(Code::UnsupportedResponseType.because("only code is supported")),
    }
    match parameters.value("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(Code::InvalidRequest.because("only the response mode query is supported")),
    }
}

/// The method must be named: left out it would mean `plain` (RFC 7636 §4.3), which is not taken.
fn challenge(parameters: Parameters<'_>) -> Result<Challenge, Error> {
    let invalid = |why| Code::InvalidRequest.because(why);
    let text = parameters
        .value("code_challenge")
        .ok_or(invalid("code_challenge is missing"))?;
    if parameters.value("code_challenge_method") != Some("S256") {
        return Err(invalid("code_challenge_method must be S256"));
    }
    Challenge::parse(text).ok_or(invalid("code_challenge is not a SHA-256 in base64url"))
}

fn prompt(text: &str) -> Result<Prompt, Error> {
    let mut prompt = Prompt::default();
    for word in text.split(' ') {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "select_account" | "consent" => prompt.select_account = true,
            _ => return Err(Code::InvalidRequest.because("prompt holds an unsupported value")),
        }
    }
    if prompt.none && (prompt.login || prompt.select_account) {
        return Err(Code::InvalidRequest.because("prompt=none stands alone"));
    }
    Ok(prompt)
}

/// Digits alone; a number beyond reach means the same as the largest within it.
fn max_age(text: &str) -> Result<u32, Error> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Code::InvalidRequest.because("max_age is not a number of seconds"));
    }
    Ok(text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::parameters::pairs;
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn good() -> Vec<(String, String)> {
        pairs(&[
            ("client_id", "app"),
            ("redirect_uri", "https://app.example/cb"),
            ("state", "s"),
            ("response_type", "code"),
            ("scope", "openid email"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
    }

    /// The good request with one parameter changed; an empty value leaves it out.
    fn with(name: &str, value: &str) -> Vec<(String, String)> {
        let mut given = good();
        given.retain(|(n, _)| n != name);
        given.push((name.to_owned(), value.to_owned()));
        given
    }

    #[test]
    fn who_asks_is_known_before_anything_is_redirected() {
        let part = AuthorizeRequest::client(&good()).unwrap();
        assert_eq!(part.client_id, "app");
        let registered = ["https://app.example/cb".to_owned()];
        let other = ["https://app.example/other".to_owned()];
        assert_eq!(
            part.clone().return_to(&other, false),
            Err(PageError::RedirectUnknown)
        );
        let to = part.return_to(&registered, false).unwrap();
        assert_eq!(to.uri(), "https://app.example/cb");
        assert_eq!(
            to.with_code("c", "i"),
            "https://app.example/cb?code=c&state=s&iss=i"
        );

        let mut twice = good();
        twice.push((
            "redirect_uri".to_owned(),
            "https://app.example/cb".to_owned(),
        ));
        let mut two_states = good();
        two_states.push(("state".to_owned(), String::new()));
        let table = [
            (with("client_id", ""), PageError::ClientMissing),
            (with("redirect_uri", ""), PageError::RedirectMissing),
            (twice, PageError::Repeated),
            (two_states, PageError::Repeated),
        ];
        for (given, expected) in table {
            assert_eq!(AuthorizeRequest::client(&given), Err(expected));
        }
    }

    #[test]
    fn a_full_request_is_read() {
        let mut given = good();
        given.extend(pairs(&[
            ("nonce", "n"),
            ("prompt", "login select_account"),
            ("max_age", "60"),
            ("login_hint", "ada@acme.example"),
            ("id_token_hint", "e.e.e"),
            ("organization", "acme"),
            ("connection", "okta"),
            ("response_mode", "query"),
            ("ui_locales", "de"),
            ("claims", "{}"),
        ]));
        let request = AuthorizeRequest::parse(&given).unwrap();
        let expected = AuthorizeRequest {
            scope: Scope {
                email: true,
                profile: false,
            },
            challenge: Challenge::parse(CHALLENGE).unwrap(),
            nonce: Some("n".to_owned()),
            prompt: Prompt {
                none: false,
                login: true,
                select_account: true,
            },
            max_age: Some(60),
            login_hint: Some("ada@acme.example".to_owned()),
            id_token_hint: Some("e.e.e".to_owned()),
            organization: Some("acme".to_owned()),
            connection: Some("okta".to_owned()),
        };
        assert_eq!(request, expected);
    }

    #[test]
    fn what_the_profile_leaves_out_is_refused_by_redirect() {
        let table = [
            ("response_type", "", Code::InvalidRequest),
            ("response_type", "token", Code::UnsupportedResponseType),
            (
                "response_type",
                "code id_token",
                Code::UnsupportedResponseType,
            ),
            ("response_mode", "fragment", Code::InvalidRequest),
            ("response_mode", "form_post", Code::InvalidRequest),
            ("scope", "", Code::InvalidScope),
            ("scope", "email", Code::InvalidScope),
            ("code_challenge", "", Code::InvalidRequest),
            ("code_challenge", "short", Code::InvalidRequest),
            ("code_challenge_method", "", Code::InvalidRequest),
            ("code_challenge_method", "plain", Code::InvalidRequest),
            ("code_challenge_method", "s256", Code::InvalidRequest),
            ("prompt", "none login", Code::InvalidRequest),
            ("prompt", "none consent", Code::InvalidRequest),
            ("prompt", "create", Code::InvalidRequest),
            ("prompt", "None", Code::InvalidRequest),
            ("max_age", "-1", Code::InvalidRequest),
            ("max_age", "+1", Code::InvalidRequest),
            ("max_age", "1.5", Code::InvalidRequest),
            ("request", "e30.e30.", Code::RequestNotSupported),
            ("request_uri", "urn:x", Code::RequestUriNotSupported),
            ("registration", "{}", Code::RegistrationNotSupported),
        ];
        for (name, value, code) in table {
            let error = AuthorizeRequest::parse(&with(name, value)).unwrap_err();
            assert_eq!(error.code(), code, "{name}={value}");
        }
        for name in ["scope", "nonce", "unheard_of"] {
            let mut given = with(name, "openid");
            given.push((name.to_owned(), "openid".to_owned()));
            let error = AuthorizeRequest::parse(&given).unwrap_err();
            assert_eq!(error.code(), Code::InvalidRequest, "{name} twice");
        }
    }

    #[test]
    fn max_age_bounds_the_authentication() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let auth_time = at("2026-01-01T00:00:00Z");
        let table = [
            ("", "2026-01-02T00:00:00Z", true),
            ("60", "2026-01-01T00:01:00Z", true),
            ("60", "2026-01-01T00:01:01Z", false),
            ("0", "2026-01-01T00:00:01Z", false),
            ("99999999999999999999999", "2026-01-02T00:00:00Z", true),
        ];
        for (max_age, now, taken) in table {
            let request = AuthorizeRequest::parse(&with("max_age", max_age)).unwrap();
            assert_eq!(
                request.takes_authentication_of(auth_time, at(now)),
                taken,
                "{max_age}"
            );
        }
    }
}
