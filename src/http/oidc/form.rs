//! Forms and queries as pairs (RFC 6749 appendix B): decoded, in their order, nothing merged.

use axum::extract::Request;
use axum::http::{StatusCode, header, request};

use crate::oidc::{Code, Error};

/// Bytes in a form: a code, a verifier and two names need far less.
const LIMIT: usize = 64 * 1024;

/// The media type of a form.
pub(in crate::http) const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// Names and values.
pub(in crate::http) type Pairs = Vec<(String, String)>;

/// What a form says under a name, the first of several.
pub(in crate::http) fn said<'p>(pairs: &'p Pairs, name: &str) -> Option<&'p str> {
    let pair = pairs.iter().find(|(given, _)| given == name);
    pair.map(|(_, value)| value.as_str())
}

/// The pairs of a query or of a form's body.
pub(in crate::http) fn pairs(text: &[u8]) -> Pairs {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// The pairs of a posted form, or the status and the error that it deserves.
pub(in crate::http) async fn read(
    posted: Request,
) -> Result<(request::Parts, Pairs), (StatusCode, Error)> {
    let (head, body) = posted.into_parts();
    let media = head
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media = media
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    if !media.is_some_and(|media| media.eq_ignore_ascii_case(MEDIA_TYPE)) {
        let error = Code::InvalidRequest.because("the body must be a form");
        return Err((StatusCode::BAD_REQUEST, error));
    }
    let body = axum::body::to_bytes(body, LIMIT).await.map_err(|_| {
        let error = Code::InvalidRequest.because("the form is too large or incomplete");
        (StatusCode::PAYLOAD_TOO_LARGE, error)
    })?;
    Ok((head, pairs(&body)))
}
