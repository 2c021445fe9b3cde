//! What a request asks for beside its path: query parameters, a body of JSON, and the media types
//! that it takes. Whatever is wrong with them is a problem that says so.

use std::convert::Infallible;
use std::error::Error as StdError;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use crate::http::Gateway;
use crate::http::body::{self, Fault, Place};
use crate::http::reply::problem::{Problem, Type};
use crate::{limits, serve};

/// The query parameters.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> Asked<T> {
    fn from_uri(uri: &Uri) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::new(Type::InvalidParameter, rejection.body_text())),
        }
    }

    /// What the query of an address asks for.
    pub(in crate::http) fn of(query: &str) -> Result<Self, Problem> {
        let uri = Uri::try_from(format!("/?{query}"));
        let uri = uri.map_err(|error| Problem::new(Type::InvalidParameter, error))?;
        Self::from_uri(&uri)
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::from_uri(&parts.uri)
    }
}

/// A body of JSON.
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "the body must be JSON: Content-Type: application/json";
            return Err(Problem::new(Type::UnsupportedMediaType, detail));
        }
        let body = Bytes::from_request(request, state).await.map_err(unread)?;
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(Problem::new(Type::MalformedBody, error)),
        }
    }
}

/// A body that is read once the key has been judged.
pub struct Unread(Request);

impl<S: Send + Sync> FromRequest<S> for Unread {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        Ok(Self(request))
    }
}

impl Unread {
    /// A body that says this.
    pub(in crate::http) fn of(value: &serde_json::Value) -> Self {
        let mut request = Request::new(Body::from(value.to_string()));
        let kind = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        Self(request)
    }

    /// The body as JSON; where there is none and none is needed, what an empty object says.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let (head, body) = self.0.into_parts();
        let limit = limits::JSON_BODY;
        let body = to_bytes(body, limit)
            .await
            .map_err(|error| broken(&error, limit))?;
        parsed(&head.headers, &body)
    }

    /// A body as JSON that may be large: its sender was let in already, and takes one of the places for such, which is
    /// theirs until they let go of it.
    pub(in crate::http) async fn large_json<T: DeserializeOwned>(
        self,
        gateway: &Gateway,
        limit: usize,
    ) -> Result<(T, Option<Place>), Problem> {
        let (head, body) = self.0.into_parts();
        let admitted = async { Ok::<_, Problem>(()) };
        let taken = body::read(&gateway.large_bodies, body, limit, admitted).await?;
        let taken = taken.map_err(|fault| match fault {
            Fault::Busy => Problem::new(Type::Unavailable, "too much is being read; try again"),
            Fault::Incomplete => Problem::new(Type::MalformedBody, "the body is cut off"),
            Fault::TooLarge => {
                Problem::new(Type::BodyTooLarge, format!("a body may have {limit} bytes"))
            }
            Fault::TooSlow => Problem::new(Type::BodyTooSlow, "the body did not arrive in time"),
        })?;
        Ok((parsed(&head.headers, &taken.bytes)?, taken.place))
    }
}

/// A body as JSON; an empty one says what an empty object does.
fn parsed<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let malformed = |error| Problem::new(Type::MalformedBody, error);
    if body.is_empty() {
        return serde_json::from_str("{}").map_err(malformed);
    }
    if !is_json(headers) {
        let detail = "the body must be JSON: Content-Type: application/json";
        return Err(Problem::new(Type::UnsupportedMediaType, detail));
    }
    serde_json::from_slice(body).map_err(malformed)
}

fn broken(error: &axum::Error, limit: usize) -> Problem {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            let detail = format!("a body may have {limit} bytes");
            return Problem::new(Type::BodyTooLarge, detail);
        }
        if error.is::<serve::BodyTooSlow>() {
            return Problem::new(Type::BodyTooSlow, "the body did not arrive in time");
        }
        cause = error.source();
    }
    Problem::new(Type::MalformedBody, "the body ended before it was complete")
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    value.is_some_and(|value| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
    })
}

fn unread(rejection: BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Type::BodyTooLarge, "the body is too large"),
        _ => Problem::new(Type::MalformedBody, "the body ended before it was complete"),
    }
}

/// Refuses requests that do not take JSON.
pub(in crate::http) async fn takes_json(request: Request, next: Next) -> Response {
    if accepts_json(request.headers()) {
        return next.run(request).await;
    }
    Problem::new(
        Type::NotAcceptable,
        "the answer is JSON: Accept: application/json",
    )
    .into_response()
}

/// Whether `Accept` leaves room for JSON (RFC 9110 §12.5.1): the most specific range decides, and
/// a weight of nought excludes.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut best: Option<(usize, bool)> = None;
    for value in headers.get_all(header::ACCEPT) {
        let Ok(value) = value.to_str() else { continue };
        for range in value.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let known = ["", "*/*", "application/*", "application/json"];
            let specific = known.iter().position(|known| *known == kind);
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let wanted = weight.is_none_or(|q| q.parse().is_ok_and(|q: f32| q > 0.0));
            let place = specific.map_or((0, false), |specific| (specific, wanted && specific > 0));
            if best.is_none_or(|best| place.0 >= best.0) && !kind.is_empty() {
                best = Some(place);
            }
        }
    }
    best.is_none_or(|(_, wanted)| wanted)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::DefaultBodyLimit;
    use axum::routing::post;
    use serde::Deserialize;
    use tower::ServiceExt;

    use super::*;

    #[test]
    fn json_is_what_is_answered() {
        for (accept, expected) in [
            (None, true),
            (Some(""), true),
            (Some("*/*"), true),
            (Some("application/json"), true),
            (Some("text/html, application/json;q=0.1"), true),
            (Some("text/html, */*;q=0.8"), true),
            (Some("Application/*"), true),
            (Some("text/html"), false),
            (Some("application/xml"), false),
            (Some("application/json;q=0, */*"), false),
            (Some("*/*;q=0"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(accepts_json(&headers), expected, "{accept:?}");
        }
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        name: String,
    }

    #[tokio::test]
    async fn a_body_is_json_of_the_right_shape_and_size() {
        async fn echo(Sent(named): Sent<Named>) -> String {
            named.name
        }
        let app: Router = Router::new()
            .route("/", post(echo))
            .layer(DefaultBodyLimit::max(64));
        for (kind, body, status) in [
            (Some("application/json"), r#"{"name":"a"}"#.to_owned(), 200),
            (
                Some("application/json; charset=utf-8"),
                r#"{"name":"a"}"#.to_owned(),
                200,
            ),
            (Some("text/plain"), r#"{"name":"a"}"#.to_owned(), 415),
            (None, r#"{"name":"a"}"#.to_owned(), 415),
            (Some("application/json"), r#"{"name":"#.to_owned(), 400),
            (Some("application/json"), String::new(), 400),
            (Some("application/json"), r#"{"name":1}"#.to_owned(), 400),
            (
                Some("application/json"),
                r#"{"name":"a","more":1}"#.to_owned(),
                400,
            ),
            (Some("application/json"), "[".repeat(60), 400),
            (Some("application/json"), " ".repeat(65), 413),
        ] {
            let mut request = Request::builder().method("POST").uri("/");
            if let Some(kind) = kind {
                request = request.header(header::CONTENT_TYPE, kind);
            }
            let request = request.body(Body::from(body.clone())).unwrap();
            let answer = app.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{kind:?} {body}");
        }
    }
}
