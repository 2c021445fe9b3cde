//! Questions about a token: what it is worth (RFC 7662), and that it shall be worth nothing any more
//! (RFC 7009). Both come from the app that has it, which proves who it is as at the token endpoint.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::claims::{AccessToken, Facts};
use super::client::Credentials;
use super::parameters::{Pairs, Parameters};
use super::{Code, Error};

/// A request about a token. What kind of token it is, is told by the token: a `token_type_hint` is
/// passed over (RFC 7009 §2.1, RFC 7662 §2.1).
#[derive(Clone)]
pub struct TokenQuery {
    /// Who asks.
    pub credentials: Credentials,
    /// The token as presented.
    pub token: String,
}

impl fmt::Debug for TokenQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut query = f.debug_struct("TokenQuery");
        query
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

impl TokenQuery {
    /// Reads the form. What is wrong with the client comes before what is wrong with the token.
    pub fn parse(authorization: Option<&str>, pairs: &Pairs) -> Result<Self, Error> {
        let form = Parameters::new(pairs);
        if let Some(fault) = form.fault() {
            return Err(Code::InvalidRequest.because(fault));
        }
        let credentials = Credentials::parse(authorization, pairs)?;
        let missing = Code::InvalidRequest.because("token is missing");
        let token = form.text("token").ok_or(missing)?;
        Ok(Self { credentials, token })
    }
}

/// A refresh token that is good.
#[derive(Clone, Debug)]
pub struct GoodRefreshToken {
    /// The person.
    pub user_id: Uuid,
    /// The organization.
    pub organization_id: Uuid,
    /// The session.
    pub session_id: Uuid,
    /// What was granted.
    pub scope: String,
    /// Since when it is there.
    pub issued_at: Timestamp,
    /// Until when it is good, unless it is used before.
    pub expires_at: Timestamp,
}

/// The answer about a token that is good for nothing, or about which nobody else has to know
/// (RFC 7662 §2.2).
pub fn inactive() -> Value {
    json!({"active": false})
}

/// The answer about a good access token: what it says of itself, and the role as it is now.
pub fn of_access_token(token: &AccessToken, facts: &Facts) -> Value {
    json!({
        "active": true,
        "token_type": "Bearer",
        "iss": token.iss,
        "sub": token.sub,
        "aud": token.aud,
        "client_id": token.client_id,
        "exp": token.exp,
        "iat": token.iat,
        "jti": token.jti,
        "scope": token.scope,
        "org": token.org,
        "sid": token.sid,
        "role": facts.role,
        "projects": facts.projects,
        "roles_version": facts.roles_version,
    })
}

/// The answer about a good refresh token of this client.
pub fn of_refresh_token(token: &GoodRefreshToken, issuer: &str, client_id: &str) -> Value {
    json!({
        "active": true,
        "iss": issuer,
        "sub": token.user_id,
        "client_id": client_id,
        "exp": token.expires_at.as_second(),
        "iat": token.issued_at.as_second(),
        "scope": token.scope,
        "org": token.organization_id,
        "sid": token.session_id,
    })
}

#[cfg(test)]
mod tests {
    use super::super::parameters::pairs;
    use super::*;

    #[test]
    fn a_question_names_one_token_and_who_asks() {
        let app = [("client_id", "app"), ("client_secret", "hush")];
        for (more, expected) in [
            (vec![("token", "t")], Ok(())),
            (
                vec![("token", "t"), ("token_type_hint", "anything")],
                Ok(()),
            ),
            (vec![], Err(Code::InvalidRequest)),
            (vec![("token", "")], Err(Code::InvalidRequest)),
            (
                vec![("token", "t"), ("token", "t")],
                Err(Code::InvalidRequest),
            ),
            (vec![("token", "t\0")], Err(Code::InvalidRequest)),
        ] {
            let given = pairs(&[&app[..], &more].concat());
            let read = TokenQuery::parse(None, &given);
            let found = read.map(|read| assert!(!format!("{read:?}").contains("hush")));
            assert_eq!(found.map_err(|error| error.code()), expected, "{more:?}");
        }
        let nobody = TokenQuery::parse(None, &pairs(&[("token", "t")])).unwrap_err();
        assert_eq!(nobody.code(), Code::InvalidClient);
    }
}
