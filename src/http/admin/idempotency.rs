//! `Idempotency-Key` on POSTs of the admin API: for a day, the same request by the same key is
//! answered as it was answered first, and nothing is done twice.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::http::auth::admin::{Admin, presented};
use crate::http::reply::problem::{self, Problem, Type};
use crate::http::{Gateway, RequestId, body};
use crate::id::ApiKeyId;
use crate::limits;
use crate::provisioning::Error;
use crate::provisioning::access::Credential;
use crate::provisioning::idempotency::{self, Known, Named};
use crate::secret::Hash;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What an answer is kept with: one line of JSON, which its body follows as it is.
#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

/// The layer around the admin API's routes.
pub(in crate::http) async fn once(
    State(gateway): State<Gateway>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match named(&gateway, request).await {
        Ok(Asked::Named(named, request)) => {
            // Who hangs up meanwhile does not cut the work off from its answer.
            let worked = tokio::spawn(work(gateway, named, request, next));
            worked.await.unwrap_or_else(|_| {
                Problem::new(Type::Internal, "something failed here").into_response()
            })
        }
        // The route says it in its own words.
        Ok(Asked::Stranger(request)) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// A request that was read.
enum Asked {
    Named(Named, Request),
    Stranger(Request),
}

/// The request by its name, its body read: of a stranger only what is taken from anybody.
async fn named(gateway: &Gateway, request: Request) -> Result<Asked, Problem> {
    let name = name(request.headers())?;
    let Some(presented) = presented(request.headers()) else {
        return Ok(Asked::Stranger(request));
    };
    let (parts, body) = request.into_parts();
    let known = async {
        let admin = Admin::of(gateway, Credential::Key(presented));
        admin.read_any(|_, _, _| Box::pin(async { Ok(()) })).await
    };
    let limit = limits::IMPORT_BODY;
    let taken = body::read(&gateway.large_bodies, body, limit, known).await?;
    let taken = taken.map_err(|fault| match fault {
        body::Fault::Busy => Problem::new(Type::Unavailable, "too much is being read; try again"),
        body::Fault::Incomplete => Problem::new(Type::MalformedBody, "the body is cut off"),
        body::Fault::TooLarge => Problem::new(Type::BodyTooLarge, "the body is too large"),
        body::Fault::TooSlow => Problem::new(Type::BodyTooSlow, "the body did not arrive in time"),
    })?;
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let kind = kind.map(HeaderValue::as_bytes).unwrap_or_default();
    let digest = digest(&[parts.uri.to_string().as_bytes(), kind, &taken.bytes]);
    let named = Named {
        presented,
        name,
        digest,
    };
    let request = Request::from_parts(parts, Body::from(taken.bytes));
    Ok(Asked::Named(named, request))
}

fn name(headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all(KEY).iter();
    let text = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    };
    let good = |text: &&str| {
        let all = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        (1..=limits::IDEMPOTENCY_KEY).contains(&text.len()) && all
    };
    text.filter(good).map(str::to_owned).ok_or_else(|| {
        let most = limits::IDEMPOTENCY_KEY;
        let detail =
            format!("Idempotency-Key is one text of 1 to {most} printable ASCII characters");
        Problem::new(Type::MalformedRequest, detail)
    })
}

/// A digest of parts, each with its length, so that no two lists have the same.
fn digest(parts: &[&[u8]]) -> Hash {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

async fn work(gateway: Gateway, named: Named, request: Request, next: Next) -> Response {
    let (store, ids, keys) = (&gateway.store, &gateway.ids, &gateway.links.secrets);
    let key = match idempotency::claim(store, ids, keys, &named).await {
        Ok(Known::New(key)) => key,
        Ok(Known::Answered(answer)) => return replayed(&answer),
        Ok(Known::Asked) => {
            let detail = "a request with this Idempotency-Key is being worked on, or was cut off; \
                where no answer comes, look at what it did and use another key";
            return Problem::new(Type::IdempotencyInFlight, detail).into_response();
        }
        Ok(Known::Other) => {
            let detail = "this Idempotency-Key was used for another request in the last 24 hours";
            return Problem::new(Type::IdempotencyMismatch, detail).into_response();
        }
        // The route tells a stranger so.
        Err(Error::Unauthorized) => return next.run(request).await,
        Err(error) => return Problem::from(error).into_response(),
    };
    let id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    let id = id.map(|it| it.0).unwrap_or_default();
    let now = ids.clock().now();
    let problem = response.extensions().get::<Problem>();
    let end = End::of(response.status(), problem.map(Problem::kind));
    let response = problem::finished(response, &gateway.public_url, &id, now);
    match end {
        End::CutOff => response,
        End::Final => keep(&gateway, (key, &named.name), response, true).await,
        End::GivenUp => keep(&gateway, (key, &named.name), response, false).await,
    }
}

/// What an answer means for the claim of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nobody knows what was done: the claim stays as it is.
    CutOff,
    /// Asking again could not be answered differently, but by what was changed in between.
    Final,
    /// Nothing was done, and asking again may do it.
    GivenUp,
}

impl End {
    /// The end that an answer of this status is, and of this type where it is a problem.
    fn of(status: StatusCode, problem: Option<Type>) -> Self {
        let again = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::PRECONDITION_FAILED,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        match problem {
            Some(Type::OutcomeUnknown) => Self::CutOff,
            // Whoever is too busy has done nothing.
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Self::GivenUp,
            // What failed here may have failed after the work.
            _ if status.is_server_error() => Self::CutOff,
            _ if again.contains(&status) => Self::GivenUp,
            _ => Self::Final,
        }
    }
}

/// Keeps an answer, or gives the claim up.
async fn keep(
    gateway: &Gateway,
    claimed: (ApiKeyId, &str),
    response: Response,
    is_final: bool,
) -> Response {
    let (head, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Problem::new(Type::Internal, "the answer was cut off").into_response();
    };
    let answer = is_final.then(|| written(head.status, &head.headers, &bytes));
    let (store, ids, keys) = (&gateway.store, &gateway.ids, &gateway.links.secrets);
    let kept = idempotency::answered(store, ids, keys, claimed, answer.as_deref()).await;
    if let Err(error) = kept {
        tracing::error!(%error, key.id = %claimed.0, "An answer could not be kept");
    }
    Response::from_parts(head, Body::from(bytes))
}

/// An answer, as it is kept.
fn written(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.to_string(), value.to_str().ok()?.to_owned()))
    };
    let head = json!(Head {
        status: status.as_u16(),
        headers: headers.iter().filter_map(text).collect(),
    });
    [head.to_string().as_bytes(), b"\n", body].concat()
}

/// An answer by what was [`written`].
fn read(answer: &[u8]) -> Option<(Head, Bytes)> {
    let end = answer.iter().position(|byte| *byte == b'\n')?;
    let (head, body) = answer.split_at_checked(end)?;
    let head = serde_json::from_slice(head).ok()?;
    Some((head, Bytes::copy_from_slice(body.strip_prefix(b"\n")?)))
}

fn replayed(answer: &[u8]) -> Response {
    let Some((head, body)) = read(answer) else {
        return Problem::new(Type::Internal, "the kept answer cannot be read").into_response();
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or_default();
    for (name, value) in head.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    problem::written_down(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_ends_as_its_answer_says() {
        for (status, problem, end) in [
            (201, None, End::Final),
            (409, Some(Type::InvitationExists), End::Final),
            (422, Some(Type::ImportRefused), End::Final),
            (401, Some(Type::Unauthorized), End::GivenUp),
            (403, Some(Type::InsufficientScope), End::GivenUp),
            (408, Some(Type::BodyTooSlow), End::GivenUp),
            (412, Some(Type::Stale), End::GivenUp),
            (429, None, End::GivenUp),
            (503, Some(Type::Unavailable), End::GivenUp),
            (503, None, End::GivenUp),
            (500, Some(Type::Internal), End::CutOff),
            (502, None, End::CutOff),
            (500, Some(Type::OutcomeUnknown), End::CutOff),
            (500, None, End::CutOff),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(End::of(status, problem), end, "{status} {problem:?}");
        }
    }

    #[test]
    fn an_answer_is_kept_as_it_is() {
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("text/csv")),
            (header::LOCATION, HeaderValue::from_static("/a\"b")),
        ]);
        for body in [&b""[..], b"\n\n", b"{\"a\": 1}\n\xff\0", &[0xfe; 9_000]] {
            let kept = written(StatusCode::CREATED, &headers, body);
            assert!(kept.len() < body.len() + 200);
            let (head, read) = read(&kept).unwrap();
            assert_eq!((head.status, &*read), (201, body));
            let replayed = replayed(&kept);
            assert_eq!(replayed.status(), StatusCode::CREATED);
            for (name, value) in &headers {
                assert_eq!(replayed.headers().get(name), Some(value));
            }
        }
        assert!(read(b"").is_none() && read(b"{}").is_none() && read(b"\n").is_none());
    }
}
