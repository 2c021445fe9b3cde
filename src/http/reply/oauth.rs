//! Answers of the OpenID provider's own endpoints: JSON, errors in the form of RFC 6749 §5.2 and
//! RFC 6750 §3, and what lets a browser's script read them (CORS), which carries no cookies.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::http::RequestId;
use crate::limits;
use crate::oidc::{self, Code};
use crate::provisioning::Error;
use crate::provisioning::hand_off::Failure;
use crate::store;

/// An answer that nobody keeps (RFC 6749 §5.1).
pub(in crate::http) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let mut response = body(status, value);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A document that changes with a rotation of keys, and may be kept for a while.
pub(in crate::http) fn document(value: &impl Serialize) -> Response {
    let mut response = body(StatusCode::OK, value);
    let keep = format!("public, max-age={}", limits::JWKS_MAX_AGE.as_secs());
    if let Ok(keep) = HeaderValue::from_str(&keep) {
        response.headers_mut().insert(header::CACHE_CONTROL, keep);
    }
    response
}

fn body(status: StatusCode, value: &impl Serialize) -> Response {
    let text = serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        String::new()
    });
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    open(headers);
    response
}

/// Lets scripts of any origin read the answer: it depends on what they present, not on cookies.
fn open(headers: &mut HeaderMap) {
    let any = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    let exposed = HeaderValue::from_static("WWW-Authenticate, X-Request-Id");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// The answer of an endpoint that no script of another origin has business with.
pub(in crate::http) fn closed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
    response
}

/// The answer to a browser that asks first.
pub(in crate::http) async fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    open(headers);
    let fixed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Asks for an access token of whoever showed nothing, which is no error (RFC 6750 §3.1).
pub(in crate::http) fn unauthenticated() -> Response {
    let mut response = json(StatusCode::UNAUTHORIZED, &serde_json::json!({}));
    let challenge = HeaderValue::from_static(r#"Bearer realm="usher""#);
    let headers = response.headers_mut();
    headers.insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// An error of the protocol.
pub(in crate::http) fn refusal(error: &oidc::Error) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    refusal_as(status, error)
}

/// An error of the protocol that HTTP has a closer status for.
pub(in crate::http) fn refusal_as(status: StatusCode, error: &oidc::Error) -> Response {
    let mut response = json(status, &error.to_json());
    let headers = response.headers_mut();
    if let Some(challenge) = error
        .challenge()
        .and_then(|c| HeaderValue::from_str(&c).ok())
    {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Whatever went wrong, in OAuth's words; a fault of ours is logged here.
pub(in crate::http) fn translated(failure: Failure, request: &RequestId) -> oidc::Error {
    match failure {
        Failure::Refused(error) => error,
        Failure::Inner(Error::Store(store::Error::Lost | store::Error::Unavailable(_))) => {
            tracing::warn!(request.id = %request.0, "the store could not take an operation");
            Code::TemporarilyUnavailable.because("the store is busy")
        }
        Failure::Inner(error @ Error::Store(_)) => {
            tracing::error!(%error, request.id = %request.0, "the store failed");
            Code::ServerError.because("something failed here")
        }
        Failure::Inner(
            Error::Forbidden(_)
            | Error::Invitation(_)
            | Error::NotFound(_)
            | Error::OwnerKept(_)
            | Error::Paused
            | Error::Plan(..)
            | Error::Rule(_)
            | Error::Scim(_)
            | Error::SignIn(_)
            | Error::SignInAnew
            | Error::Stale
            | Error::Taken(_)
            | Error::Unauthorized,
        ) => Code::AccessDenied.because("a rule of the provider refused"),
    }
}
