//! What the provider says when it says no: the error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750
//! §3.1 and OpenID Connect Core §3.1.2.6.

use serde_json::{Value, json};

/// An error code, by its registered name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The person or a rule of Usher's refused.
    AccessDenied,
    /// `prompt=none`, and the person would have to choose between sessions.
    AccountSelectionRequired,
    /// The access token lacks the scope that this resource asks for.
    InsufficientScope,
    /// `prompt=none`, and the person would have to do something.
    InteractionRequired,
    /// Client authentication is missing or wrong.
    InvalidClient,
    /// The code or its verifier is wrong, expired, used, or another client's.
    InvalidGrant,
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The scope is malformed or lacks `openid`.
    InvalidScope,
    /// The access token is malformed, expired or revoked.
    InvalidToken,
    /// `prompt=none`, and nobody is signed in.
    LoginRequired,
    /// The `registration` parameter is not taken.
    RegistrationNotSupported,
    /// The `request` parameter is not taken.
    RequestNotSupported,
    /// The `request_uri` parameter is not taken.
    RequestUriNotSupported,
    /// The fault is ours.
    ServerError,
    /// Try again later.
    TemporarilyUnavailable,
    /// The client may not do this.
    UnauthorizedClient,
    /// Another grant than an authorization code.
    UnsupportedGrantType,
    /// Another response type than `code`.
    UnsupportedResponseType,
}

impl Code {
    /// An error with this code. The description is for developers and holds neither quotes nor
    /// backslashes (RFC 6749 §5.2); it is ours alone, so that nothing a stranger sent is echoed.
    pub const fn because(self, description: &'static str) -> Error {
        Error {
            code: self,
            description,
        }
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::InsufficientScope => "insufficient_scope",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidToken => "invalid_token",
            Self::LoginRequired => "login_required",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }
}

/// An error of the provider: a code and a sentence for the app's developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct Error {
    code: Code,
    description: &'static str,
}

impl Error {
    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The sentence.
    pub const fn description(&self) -> &'static str {
        self.description
    }

    /// The body of RFC 6749 §5.2.
    pub fn to_json(&self) -> Value {
        json!({ "error": self.code.as_str(), "error_description": self.description })
    }

    /// The HTTP status where the error is answered directly and not by redirect.
    pub const fn status(&self) -> u16 {
        match self.code {
            Code::InvalidClient | Code::InvalidToken => 401,
            Code::InsufficientScope => 403,
            Code::ServerError => 500,
            Code::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }

    /// The `WWW-Authenticate` header that goes with the status (RFC 6749 §5.2, RFC 6750 §3).
    pub fn challenge(&self) -> Option<String> {
        match self.code {
            Code::InvalidClient => Some(r#"Basic realm="usher", charset="UTF-8""#.to_owned()),
            Code::InsufficientScope | Code::InvalidToken => Some(format!(
                r#"Bearer realm="usher", error="{}", error_description="{}""#,
                self.code.as_str(),
                self.description
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_answers_as_its_code_demands() {
        let table = [
            (Code::InvalidClient, 401, "invalid_client", Some("Basic ")),
            (Code::InvalidGrant, 400, "invalid_grant", None),
            (Code::InvalidToken, 401, "invalid_token", Some("Bearer ")),
            (
                Code::InsufficientScope,
                403,
                "insufficient_scope",
                Some("Bearer "),
            ),
            (
                Code::TemporarilyUnavailable,
                503,
                "temporarily_unavailable",
                None,
            ),
            (
                Code::UnsupportedGrantType,
                400,
                "unsupported_grant_type",
                None,
            ),
        ];
        for (code, status, name, scheme) in table {
            let error = code.because("why");
            assert_eq!(error.status(), status, "{name}");
            assert_eq!(
                error.to_json(),
                json!({"error": name, "error_description": "why"})
            );
            let challenge = error.challenge();
            assert_eq!(challenge.is_some(), scheme.is_some(), "{name}");
            assert!(
                challenge
                    .unwrap_or_default()
                    .starts_with(scheme.unwrap_or_default())
            );
        }
    }
}
