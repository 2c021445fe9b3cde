//! Answers to SCIM clients, and refusals (RFC 7644 §3.12): one exhaustive match over what can go
//! wrong, so that a new error does not compile until it has said how it looks here.

use axum::body::Body;
use axum::http::{HeaderValue, Response as HttpResponse, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::provisioning::Error;
use crate::{scim, store};

/// The media type of SCIM (RFC 7644 §8.1).
pub(in crate::http) const MEDIA_TYPE: &str = "application/scim+json";

/// Seconds after which a client that met a busy store should come again.
const RETRY_AFTER: &str = "1";

/// What a refusal says, beside the answer: for the request log.
#[derive(Clone, Debug)]
pub(in crate::http) struct Told {
    /// Its scimType.
    pub(in crate::http) scim_type: Option<&'static str>,
    /// Its detail.
    pub(in crate::http) detail: String,
}

impl Told {
    /// What this error says.
    pub(in crate::http) fn of(error: &scim::Error) -> Self {
        Self {
            scim_type: error.scim_type.map(scim::ScimType::word),
            detail: error.detail.clone(),
        }
    }
}

/// A SCIM error as an answer.
pub(in crate::http) fn refusal(error: &scim::Error) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(status, error.to_json().to_string());
    response.extensions_mut().insert(Told::of(error));
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"SCIM\""),
        );
    }
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    response
}

/// Whatever went wrong in a change or a question, as a SCIM error.
pub(in crate::http) fn error(error: Error) -> Response {
    refusal(&translated(error))
}

/// Whatever went wrong, in the words of a SCIM error.
pub(in crate::http) fn translated(error: Error) -> scim::Error {
    match error {
        Error::Scim(error) => error,
        Error::Forbidden(why) => scim::Error::forbidden(why),
        Error::Invitation(obstacle) => scim::Error::invalid_value(obstacle.to_string()),
        Error::NotFound(kind) => {
            scim::Error::not_found(format!("there is no such {}", kind.word()))
        }
        error @ Error::OwnerKept(_) => scim::Error::immutable(format!(
            "{error} (policy owner_deprovision); transfer the ownership first. Nothing of this was done"
        )),
        Error::Paused => scim::Error::forbidden(
            "connection paused: an administrator stopped this connection; resume it to go on",
        ),
        error @ Error::Plan(..) => scim::Error::invalid_value(error.to_string()),
        Error::Rule(violation) => scim::Error::invalid_value(violation.to_string()),
        Error::SignIn(refusal) => scim::Error::forbidden(refusal.reason()),
        error @ Error::SignInAnew => scim::Error::forbidden(error.to_string()),
        Error::Stale => scim::Error::precondition_failed("the resource was changed meanwhile"),
        Error::Store(error) => of_store(&error),
        Error::Taken(what) => scim::Error::uniqueness(format!("{what} is taken")),
        Error::Unauthorized => {
            scim::Error::unauthorized("a live SCIM token is needed: Authorization: Bearer scim_...")
        }
    }
}

fn of_store(error: &store::Error) -> scim::Error {
    match error {
        store::Error::Taken(key) => scim::Error::uniqueness(taken(*key)),
        store::Error::TooMany => {
            scim::Error::too_many("the search would read too many resources; narrow the filter")
        }
        store::Error::Lost | store::Error::Unavailable(_) => {
            tracing::warn!(%error, "the store could not take an operation");
            scim::Error::unavailable("the store is busy; try again")
        }
        store::Error::Uncertain(_) => {
            tracing::error!(%error, "the store failed");
            scim::Error::unavailable(
                "whether this was done is not known; look before you try again",
            )
        }
        store::Error::Behind
        | store::Error::Corrupt { .. }
        | store::Error::Engine(_)
        | store::Error::MasterKey(_) => {
            tracing::error!(%error, "the store failed");
            scim::Error::internal("something failed here; the request id leads to the log")
        }
    }
}

fn taken(key: store::Key) -> &'static str {
    match key {
        store::Key::ScimUserName => "userName is taken in this connection",
        store::Key::ScimGroupName => "displayName is taken in this connection",
        store::Key::UserEmail => "the e-mail address is another person's",
        _ => "a value that must be unique is taken",
    }
}

/// A refusal of the frame, for answers that no handler gave: unknown paths, panics.
pub(in crate::http) fn bare(status: StatusCode) -> Response {
    refusal(&match status {
        StatusCode::NOT_FOUND => scim::Error::not_found("there is no such SCIM endpoint"),
        StatusCode::PAYLOAD_TOO_LARGE => scim::Error::payload_too_large("the body is too large"),
        StatusCode::SERVICE_UNAVAILABLE => scim::Error::unavailable("try again"),
        status if status.is_client_error() => scim::Error {
            status: status.as_u16(),
            scim_type: None,
            detail: status.canonical_reason().unwrap_or("refused").to_owned(),
        },
        _ => scim::Error::internal("something failed here; the request id leads to the log"),
    })
}

/// A body of SCIM JSON that says this.
pub(in crate::http) fn said(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(body) => json(status, body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            bare(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// A body of SCIM JSON.
pub(in crate::http) fn json(status: StatusCode, body: String) -> Response {
    let mut response = HttpResponse::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.into_response()
}
