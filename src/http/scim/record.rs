//! What the request log is told of a request. The request pays for a few copies of pointers, and
//! for texts only where they are kept.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::Clock;
use crate::http::Gateway;
use crate::http::client::nearest;
use crate::http::reply::scim::Told;
use crate::http::scim::request::bearer;
use crate::http::state::RequestId;
use crate::id::{ConnectionId, ScimRequestId};
use crate::limits;
use crate::provisioning::request_log::{Entry, Octets, RequestLog, Witness, is_read};

/// The headers that bear on the answer, or say who asks.
const HEADERS: [HeaderName; 5] = [
    header::ACCEPT,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::USER_AGENT,
];
/// Characters of a header that are kept.
const HEADER: usize = 200;
/// Characters that a bearer must have for its last four to tell nothing.
const LONG: usize = 16;
/// What a client is taken for that did not wait for its answer.
const GONE: u16 = 499;

/// A request that is being answered.
pub(super) struct Recording {
    seen: Option<Seen>,
    /// What the transactions of the request tell.
    pub(super) witness: Witness,
}

struct Seen {
    log: RequestLog,
    clock: Clock,
    id: ScimRequestId,
    connection: ConnectionId,
    at: Timestamp,
    token: Option<String>,
    client: Option<IpAddr>,
    method: Method,
    uri: Uri,
    headers: [Option<HeaderValue>; 5],
    body: Option<Bytes>,
    body_bytes: usize,
}

impl Recording {
    /// Begins: a path that names no connection is nobody's, and is not recorded.
    pub(super) fn begin(gateway: &Gateway, connection: &str, parts: &Parts) -> Self {
        let id = parts.extensions.get::<RequestId>();
        let id = id.and_then(|id| Uuid::try_parse(&id.0).ok());
        let named = connection.parse().ok().zip(id);
        let seen = named.map(|(connection, id)| Seen {
            log: gateway.log.clone(),
            clock: gateway.ids.clock().clone(),
            id: id.into(),
            connection,
            at: gateway.ids.clock().now(),
            token: bearer(&parts.headers).map(looks),
            client: nearest(parts, gateway),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: HEADERS.map(|name| parts.headers.get(name).cloned()),
            body: None,
            body_bytes: announced(&parts.headers),
        });
        Self {
            seen,
            witness: Witness::default(),
        }
    }

    /// The body that arrived.
    pub(super) fn body(&mut self, body: &Bytes) {
        if let Some(seen) = &mut self.seen {
            seen.body_bytes = body.len();
            seen.body = (body.len() <= limits::REQUEST_LOG_BODY).then(|| body.clone());
        }
    }

    /// Tells the log how the request was answered.
    pub(super) fn finish(mut self, response: &Response) {
        let told = response.extensions().get::<Told>();
        let ignored = response.headers().get("usher-ignored");
        self.tell(response.status(), told, ignored);
    }

    fn tell(&mut self, status: StatusCode, told: Option<&Told>, ignored: Option<&HeaderValue>) {
        let Some(seen) = self.seen.take() else { return };
        let is_good = status.as_u16() < 400 && told.is_none();
        let path = below(&seen.uri);
        if is_good && is_read(seen.method.as_str(), path) {
            let met = self.witness.met();
            // What anybody may read is nobody's.
            if !met.is_some_and(|met| seen.log.is_told(&met, seen.at)) {
                return;
            }
        }
        let now = seen.clock.now();
        let text = |value: &HeaderValue| {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.chars().take(HEADER).collect::<String>()
        };
        let headers = NAMES.iter().zip(&seen.headers);
        let headers = headers.filter_map(|(name, value)| Some((*name, text(value.as_ref()?))));
        let entry = Entry {
            id: seen.id,
            connection: seen.connection,
            at: seen.at,
            token: seen.token,
            client: seen.client,
            method: seen.method.as_str().to_owned(),
            path: path.to_owned(),
            query: seen.uri.query().map(str::to_owned),
            headers: headers.collect(),
            body: seen.body.map(|body| Arc::new(body) as Octets),
            body_bytes: seen.body_bytes,
            status: status.as_u16(),
            scim_type: told.and_then(|told| told.scim_type),
            detail: told.map(|told| told.detail.clone()),
            ignored: ignored.map(text),
            took: now.duration_since(seen.at).try_into().unwrap_or_default(),
            witness: self.witness.clone(),
        };
        seen.log.note(entry);
    }
}

/// The names of [`HEADERS`].
const NAMES: [&str; 5] = [
    "accept",
    "content-type",
    "if-match",
    "if-none-match",
    "user-agent",
];

impl Drop for Recording {
    /// An answer that never came: a handler panicked, or the client went away.
    fn drop(&mut self) {
        if self.seen.is_some() {
            let (status, detail) = if std::thread::panicking() {
                (StatusCode::INTERNAL_SERVER_ERROR, "something failed here")
            } else {
                let gone = StatusCode::from_u16(GONE).unwrap_or(StatusCode::REQUEST_TIMEOUT);
                (gone, "the client went away before it was answered")
            };
            let told = Told {
                scim_type: None,
                detail: detail.to_owned(),
            };
            self.tell(status, Some(&told), None);
        }
    }
}

/// How a bearer looks: what ours start with, and its last four characters where they tell nothing.
fn looks(token: &str) -> String {
    let start = if token.starts_with("scim_") {
        "scim_"
    } else {
        ""
    };
    let all: Vec<char> = token.chars().collect();
    let last = all.len().checked_sub(4).filter(|_| all.len() >= LONG);
    let last: String = last
        .and_then(|at| all.get(at..))
        .unwrap_or_default()
        .iter()
        .collect();
    let shown = last.replace(|c: char| !c.is_ascii_graphic(), "?");
    format!("{start}...{shown}")
}

/// The path below the connection.
fn below(uri: &Uri) -> &str {
    let mut slashes = uri.path().match_indices('/').skip(2);
    let at = slashes.next().map_or(0, |(at, _)| at);
    uri.path().get(at..).unwrap_or_default()
}

fn announced(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|it| it.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_is_known_by_its_ends() {
        for (token, expected) in [
            ("scim_0123456789abcdef", "scim_...cdef"),
            ("something-else-wxyz", "...wxyz"),
            ("short", "..."),
            ("scim_short", "scim_..."),
        ] {
            assert_eq!(looks(token), expected);
        }
    }

    #[test]
    fn a_path_is_told_below_the_connection() {
        let uri = Uri::from_static("/scim/0192f1b0-5b1e-7c3a-9f00-0123456789ab/v2/Users?count=1");
        assert_eq!(below(&uri), "/v2/Users");
        for (name, known) in HEADERS.iter().zip(NAMES) {
            assert_eq!(name.as_str(), known);
        }
    }
}
