//! A SCIM request, read: who asks, for what, in which media type, with which body.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use serde_json::Value;

use crate::http::body::{self, Fault};
use crate::http::scim::record::Recording;
use crate::http::scim::task::Task;
use crate::http::scim::{Endpoint, let_in};
use crate::http::state::{Gateway, RequestId};
use crate::limits;
use crate::provisioning::Error;
use crate::provisioning::scim_client::{Conditions, Credentials};
use crate::store::Reach;
use crate::{scim, secret};

/// The media type of the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    /// Whether the client takes `application/json` and not SCIM's own type.
    pub(super) is_json: bool,
}

/// A request below the SCIM base.
#[derive(Clone, Debug)]
pub(super) struct ScimRequest {
    pub(super) credentials: Credentials,
    pub(super) task: Task,
    /// The decoded query.
    pub(super) pairs: Vec<(String, String)>,
    pub(super) media_type: Answered,
    pub(super) cause: String,
    /// The URL under which the connection's resources are seen.
    pub(super) base: String,
    /// The place of a large body, held until the request is answered.
    _place: Option<body::Place>,
    acceptable: bool,
}

impl ScimRequest {
    /// Whether it only asks.
    pub(super) fn is_get(&self) -> bool {
        self.task.method == Method::GET || self.task.method == Method::HEAD
    }

    /// How much a question reads. Only where it is answered hangs on this: whatever is not told apart goes the long way.
    pub(super) fn reach(&self) -> Reach {
        let filter = || parameter(&self.pairs, "filter");
        match self.task.endpoint {
            Endpoint::User(_) => Reach::One,
            Endpoint::Users if filter().is_some_and(|it| names_one(&it)) => Reach::One,
            _ => Reach::Many,
        }
    }

    /// What is wrong with the request whoever sends it.
    pub(super) fn refusal(&self) -> Option<scim::Error> {
        if let Some(refusal) = self.task.endpoint.refusal() {
            return Some(refusal);
        }
        let allowed = self.task.endpoint.methods();
        if !allowed
            .split(", ")
            .any(|method| method == self.task.method.as_str())
        {
            return Some(scim::Error::method_not_allowed(format!(
                "this endpoint takes {allowed}"
            )));
        }
        (!self.acceptable && self.task.method != Method::DELETE).then(|| {
            scim::Error::not_acceptable("answers are application/scim+json or application/json")
        })
    }
}

/// Whether a filter asks for a user by the name that nobody else has, as directories do before they create somebody.
fn names_one(filter: &str) -> bool {
    let mut words = filter.splitn(3, ' ');
    let is_next = |words: &mut std::str::SplitN<'_, char>, word| {
        words.next().is_some_and(|it| it.eq_ignore_ascii_case(word))
    };
    let asked = is_next(&mut words, "userName") && is_next(&mut words, "eq");
    let value = words
        .next()
        .and_then(|it| it.strip_prefix('"')?.strip_suffix('"'));
    asked && value.is_some_and(|it| !it.contains('"'))
}

/// Whether a client wants no safeguard to hold what it asks.
fn wants_now(headers: &HeaderMap) -> bool {
    let value = headers.get("usher-apply").and_then(|it| it.to_str().ok());
    value.is_some_and(|it| it.trim().eq_ignore_ascii_case("now"))
}

/// Reads a request. Without a bearer its body is not even looked at, and a large one only when the
/// bearer is a good one.
pub(super) async fn read(
    gateway: &Gateway,
    segments: &[(String, String)],
    (parts, body): (Parts, Body),
    recording: &mut Recording,
) -> Result<ScimRequest, Error> {
    let segment = |name: &str| {
        let found = segments.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let bearer = bearer(&parts.headers).map(secret::hash);
    let query = parts.uri.query().unwrap_or_default();
    let cause = parts
        .extensions
        .get::<RequestId>()
        .map(|id| id.0.to_string());
    let connection = segment("connection");
    let credentials = Credentials {
        connection: connection.clone(),
        bearer,
        public_url: std::sync::Arc::clone(&gateway.public_url),
        witness: recording.witness.clone(),
        apply_now: wants_now(&parts.headers),
    };
    let has_body = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
    let (body, place) = if has_body && bearer.is_some() {
        let admit = let_in(gateway, credentials.clone());
        match body::read(&gateway.large_bodies, body, limits::SCIM_BODY, admit).await? {
            Ok(taken) => {
                recording.body(&taken.bytes);
                (Some(json(&parts.headers, &taken.bytes)), taken.place)
            }
            Err(fault) => (Some(Err(refused(fault))), None),
        }
    } else {
        (None, None)
    };
    let (is_json, acceptable) = accepted(&parts.headers);
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    Ok(ScimRequest {
        base: gateway.link(&format!("/scim/{connection}/v2")),
        credentials,
        task: Task {
            endpoint: Endpoint::of(&segment("version"), &segment("rest")),
            method: parts.method,
            body,
            conditions: Conditions {
                if_match: text(&parts.headers, &header::IF_MATCH),
                if_none_match: text(&parts.headers, &header::IF_NONE_MATCH),
            },
            attributes: parameter(&pairs, "attributes"),
            excluded: parameter(&pairs, "excludedAttributes"),
            id: None,
            is_blind: false,
        },
        pairs,
        media_type: Answered { is_json },
        cause: cause.unwrap_or_default(),
        _place: place,
        acceptable,
    })
}

/// The value of a query parameter; names match in any case.
fn parameter(pairs: &[(String, String)], name: &str) -> Option<String> {
    let mut pairs = pairs.iter();
    let pair = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
    pair.map(|(_, value)| value.clone())
}

/// The bearer of the `Authorization` header (RFC 6750 §2.1), and of nowhere else.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn json(headers: &HeaderMap, body: &[u8]) -> Result<Value, scim::Error> {
    if let Some(media_type) = headers.get(header::CONTENT_TYPE)
        && !media_type.to_str().is_ok_and(is_scim)
    {
        return Err(scim::Error::unsupported_media_type(
            "the body must be application/scim+json or application/json, in UTF-8",
        ));
    }
    scim::validate::parse_body(body)
}

/// Whether a media type is SCIM's own or plain JSON, in UTF-8.
fn is_scim(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let known = ["application/scim+json", "application/json"];
    let charset = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    known.iter().any(|known| name.eq_ignore_ascii_case(known)) && parts.all(charset)
}

fn refused(fault: Fault) -> scim::Error {
    match fault {
        Fault::Busy => {
            scim::Error::unavailable("many large requests are being worked on; try again")
        }
        Fault::Incomplete => scim::Error::invalid_syntax("the body could not be read"),
        Fault::TooLarge => {
            scim::Error::payload_too_large(format!("a body may have {} bytes", limits::SCIM_BODY))
        }
        Fault::TooSlow => scim::Error {
            status: 408,
            scim_type: None,
            detail: "the body came too slowly".to_owned(),
        },
    }
}

/// Whether the client wants plain JSON, and whether it takes anything that we can give.
fn accepted(headers: &HeaderMap) -> (bool, bool) {
    let Some(accept) = text(headers, &header::ACCEPT) else {
        return (false, true);
    };
    let ranges: Vec<_> = accept
        .split(',')
        .filter(|range| {
            let zero = |p: &str| matches!(p.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            !range.split(';').skip(1).any(zero)
        })
        .filter_map(|range| range.split(';').next())
        .map(|range| range.trim().to_ascii_lowercase())
        .collect();
    let takes = |names: &[&str]| ranges.iter().any(|range| names.contains(&range.as_str()));
    let scim = takes(&["*/*", "application/*", "application/scim+json"]);
    let json = takes(&["application/json"]);
    (json && !scim, scim || json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_one_name_reads_little() {
        for (filter, little) in [
            (r#"userName eq "a@b""#, true),
            (r#"USERNAME EQ "a b""#, true),
            (r#"userName eq "a" or title pr"#, false),
            (r#"userName eq "a" or title eq "b""#, false),
            (r#"userName sw "a""#, false),
            (r#"title eq "a""#, false),
            ("userName eq 1", false),
            (r#"userName eq ""#, false),
            ("userName", false),
        ] {
            assert_eq!(names_one(filter), little, "{filter}");
        }
    }

    #[test]
    fn media_types_are_compared_whole() {
        for (media_type, ok) in [
            ("application/scim+json", true),
            ("application/json", true),
            ("Application/SCIM+JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/json5", false),
            ("text/json", false),
            ("application/xml", false),
        ] {
            assert_eq!(is_scim(media_type), ok, "{media_type}");
        }
    }

    #[test]
    fn the_answer_is_in_a_type_that_the_client_takes() {
        for (accept, expected) in [
            ("*/*", (false, true)),
            ("application/scim+json", (false, true)),
            ("application/json", (true, true)),
            ("application/json, application/scim+json", (false, true)),
            ("application/json, text/plain, */*", (false, true)),
            ("text/html", (false, false)),
            ("application/scim+json;q=0", (false, false)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(accepted(&headers), expected, "{accept}");
        }
    }
}
