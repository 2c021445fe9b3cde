//! Logout: what an app asks when somebody signs out there (OpenID Connect RP-Initiated Logout 1.0
//! §2), and what apps are told when a session ends (OpenID Connect Back-Channel Logout 1.0 §2.4).

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::claims::Issue;
use super::parameters::{Pairs, Parameters};
use super::redirect::with_query;
use super::{Code, Error};

/// The `typ` of a logout token.
pub const LOGOUT_TOKEN_TYPE: &str = "logout+jwt";
/// How long a logout token is good: it is made at the moment of its delivery.
pub const LOGOUT_TOKEN_SECONDS: i64 = 120;
/// What a logout token tells (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What an app asks of the end-session endpoint. `logout_hint` and `ui_locales` are passed over.
#[derive(Clone, Debug)]
pub struct LogoutRequest {
    /// An ID token of ours about the session that is to end; not yet verified.
    pub id_token_hint: Option<String>,
    /// Which app asks.
    pub client_id: Option<String>,
    /// Where the browser is to go then; not yet compared with what the app registered.
    pub post_logout_redirect_uri: Option<String>,
    /// What the app wants to see again there.
    pub state: Option<String>,
}

impl LogoutRequest {
    /// Reads the query or the form.
    pub fn parse(pairs: &Pairs) -> Result<Self, Error> {
        let parameters = Parameters::new(pairs);
        if let Some(fault) = parameters.fault() {
            return Err(Code::InvalidRequest.because(fault));
        }
        Ok(Self {
            id_token_hint: parameters.text("id_token_hint"),
            client_id: parameters.text("client_id"),
            post_logout_redirect_uri: parameters.text("post_logout_redirect_uri"),
            state: parameters.text("state"),
        })
    }

    /// Where the browser goes if that is, character for character, one of the addresses that the app
    /// registered for it (§3.1); `state` goes along.
    pub fn back(&self, registered: &[String]) -> Option<String> {
        let uri = self.post_logout_redirect_uri.as_ref()?;
        if !registered.contains(uri) {
            return None;
        }
        Some(match &self.state {
            Some(state) => with_query(uri, &[("state", state)]),
            None => uri.clone(),
        })
    }
}

/// The claims of a logout token: whose session ended, and which. It has no `nonce`, so that nobody
/// takes it for an ID token (§2.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogoutToken {
    iss: String,
    sub: Uuid,
    aud: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
    sid: Uuid,
    events: Value,
}

impl LogoutToken {
    /// A token with this identifier that tells this app of the end of a person's session.
    pub fn new(issue: Issue<'_>, [user, session, jti]: [Uuid; 3]) -> Self {
        let iat = issue.at.as_second();
        Self {
            iss: issue.issuer.to_owned(),
            sub: user,
            aud: issue.client_id.to_owned(),
            iat,
            exp: iat + LOGOUT_TOKEN_SECONDS,
            jti,
            sid: session,
            events: json!({ EVENT: {} }),
        }
    }
}

/// The body of the request that brings a logout token (§2.5): a form.
pub fn form(token: &str) -> String {
    format!("logout_token={token}")
}

#[cfg(test)]
mod tests {
    use super::super::parameters::pairs;
    use super::*;

    #[test]
    fn the_browser_goes_back_to_registered_addresses_alone() {
        let registered = [
            "https://app.example/bye".to_owned(),
            "https://app.example/bye?a=b".to_owned(),
        ];
        for (uri, state, expected) in [
            (
                "https://app.example/bye",
                "",
                Some("https://app.example/bye"),
            ),
            (
                "https://app.example/bye",
                "a b&c",
                Some("https://app.example/bye?state=a+b%26c"),
            ),
            (
                "https://app.example/bye?a=b",
                "s",
                Some("https://app.example/bye?a=b&state=s"),
            ),
            ("https://app.example/bye/", "s", None),
            ("https://app.example/BYE", "s", None),
            ("https://app.example/bye?", "s", None),
            ("https://app.example/bye#x", "s", None),
            ("https://app.example.evil.example/bye", "s", None),
            ("https://app.example/bye@evil.example", "s", None),
            ("//app.example/bye", "s", None),
            ("javascript:alert(1)", "s", None),
            ("", "s", None),
        ] {
            let given = pairs(&[("post_logout_redirect_uri", uri), ("state", state)]);
            let asked = LogoutRequest::parse(&given).unwrap();
            assert_eq!(asked.back(&registered).as_deref(), expected, "{uri}");
        }
        for given in [
            pairs(&[("state", "a"), ("state", "b")]),
            pairs(&[("state", "\0")]),
        ] {
            assert!(LogoutRequest::parse(&given).is_err());
        }
    }

    #[test]
    fn a_logout_token_says_what_the_standard_wants() {
        let id = Uuid::from_u128;
        let issue = Issue {
            issuer: "https://usher.example",
            client_id: "docs",
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        let token = LogoutToken::new(issue, [id(1), id(2), id(3)]);
        assert_eq!(
            serde_json::to_value(token).unwrap(),
            json!({
                "iss": "https://usher.example",
                "sub": id(1),
                "aud": "docs",
                "iat": 1_767_225_600,
                "exp": 1_767_225_720,
                "jti": id(3),
                "sid": id(2),
                "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            })
        );
    }
}
