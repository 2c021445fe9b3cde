//! Conditional requests (RFC 9110 §13): whatever is read has a tag, who has it already is told so, and a change goes
//! on only while the thing is what its asker has read.
//!
//! A tag is a digest of the representation, so that it is another one as soon as anything of it is. A change looks
//! at it in its own transaction, once it holds the organization's row: nobody comes in between.

use std::fmt;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::http::admin::openapi;
use crate::http::reply::problem::{Problem, Type};
use crate::id::OrganizationId;
use crate::provisioning::{Error, Kind};
use crate::store::Tx;

/// The condition of a change, as the description tells of it.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes what `Tags` reads")]
pub(in crate::http) struct IfMatch {
    /// Tags between commas, as ETag of a GET had them, or `*`: where the thing has none of them any more, nothing is
    /// changed (412).
    #[param(rename = "If-Match", value_type = String, required = false)]
    pub(in crate::http) if_match: Option<String>,
}

/// A strong tag (RFC 9110 §8.8.3): that of one representation, byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct EntityTag(String);

impl EntityTag {
    /// That of what is shown as JSON.
    pub(in crate::http) fn of(shown: &impl Serialize) -> Self {
        Self::of_bytes(&serde_json::to_vec(shown).unwrap_or_default())
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(bytes)))
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// The tags that a condition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) enum Tags {
    /// Whichever it is.
    Any,
    /// One of these.
    These(Vec<Named>),
}

/// A tag as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct Named {
    weak: bool,
    opaque: Vec<u8>,
}

impl Tags {
    /// What a header names, where it is there; several lines of it are one list (RFC 9110 §5.3).
    pub(in crate::http) fn read(
        headers: &HeaderMap,
        name: &HeaderName,
    ) -> Result<Option<Self>, Problem> {
        let lines = headers.get_all(name).iter().map(HeaderValue::as_bytes);
        let lines: Vec<&[u8]> = lines.collect();
        if lines.is_empty() {
            return Ok(None);
        }
        let tags = Self::parsed(&lines.join(&b", "[..]));
        tags.map(Some).ok_or_else(|| {
            let detail = format_args!("{name} is * or entity tags between commas, such as \"abc\"");
            Problem::new(Type::MalformedRequest, detail)
        })
    }

    /// What a form of the console names: where that cannot be read, what nothing has.
    pub(in crate::http) fn of_form(text: &str) -> Self {
        Self::parsed(text.as_bytes()).unwrap_or(Self::These(Vec::new()))
    }

    fn parsed(text: &[u8]) -> Option<Self> {
        if text.trim_ascii() == b"*" {
            return Some(Self::Any);
        }
        let (mut tags, mut rest) = (Vec::new(), element(text));
        while !rest.is_empty() {
            let (tag, behind) = Named::first(rest)?;
            tags.push(tag);
            let behind = behind.trim_ascii_start();
            if !behind.is_empty() && !behind.starts_with(b",") {
                return None;
            }
            rest = element(behind);
        }
        (!tags.is_empty()).then_some(Self::These(tags))
    }

    /// Whether they name this one, for a change: a weak tag names none (RFC 9110 §8.8.3.2).
    fn name(&self, tag: &EntityTag) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|it| !it.weak && it.is(tag)),
        }
    }

    /// Whether they name this one, for a reader.
    fn name_weakly(&self, tag: &EntityTag) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|it| it.is(tag)),
        }
    }
}

/// What of a list follows white space and empty elements.
fn element(text: &[u8]) -> &[u8] {
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b',');
    let start = text.iter().position(|byte| !is_between(byte));
    start.and_then(|it| text.get(it..)).unwrap_or_default()
}

impl Named {
    /// The tag that a text begins with, and what is behind it.
    fn first(text: &[u8]) -> Option<(Self, &[u8])> {
        let behind_mark = text.strip_prefix(b"W/");
        let inner = behind_mark.unwrap_or(text).strip_prefix(b"\"")?;
        let end = inner.iter().position(|byte| *byte == b'"')?;
        let (opaque, behind) = inner.split_at_checked(end)?;
        let is_plain = |byte: &u8| matches!(byte, 0x21..=0x7e | 0x80..=0xff);
        let tag = Self {
            weak: behind_mark.is_some(),
            opaque: opaque.to_vec(),
        };
        let behind = behind.get(1..).unwrap_or_default();
        opaque.iter().all(is_plain).then_some((tag, behind))
    }

    fn is(&self, tag: &EntityTag) -> bool {
        self.opaque == tag.0.as_bytes()
    }
}

/// Where and when a change happens.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Moment {
    /// The organization; none for what is of the whole installation.
    pub(in crate::http) org: Option<OrganizationId>,
    /// The instant.
    pub(in crate::http) now: Timestamp,
}

impl Moment {
    /// The organization of what is of one.
    pub(super) fn org(&self) -> Result<OrganizationId, Error> {
        self.org.ok_or(Error::NotFound(Kind::Organization))
    }
}

/// How to tell the tag of a thing at that moment.
type Telling =
    dyn for<'t> Fn(&'t mut Tx, Moment) -> BoxFuture<'t, Result<EntityTag, Error>> + Send + Sync;

/// A thing that is read and then changed: as a GET of it shows it.
#[derive(Clone)]
pub(in crate::http) struct Seen(Arc<Telling>);

impl Seen {
    /// The thing that is shown so.
    pub(super) fn of<V, F>(shown: F) -> Self
    where
        F: for<'t> Fn(&'t mut Tx, Moment) -> BoxFuture<'t, Result<V, Error>>
            + Send
            + Sync
            + 'static,
        V: Serialize + Send + 'static,
    {
        Self(telling(move |tx, moment| {
            let shown = shown(tx, moment);
            async move { Ok(EntityTag::of(&shown.await?)) }.boxed()
        }))
    }

    /// Refuses where the thing has none of these tags.
    pub(in crate::http) async fn must_be(
        &self,
        tags: &Tags,
        tx: &mut Tx,
        moment: Moment,
    ) -> Result<(), Error> {
        let tag = (self.0)(tx, moment).await?;
        if tags.name(&tag) {
            Ok(())
        } else {
            Err(Error::Stale)
        }
    }
}

fn telling<F>(tell: F) -> Arc<Telling>
where
    F: for<'t> Fn(&'t mut Tx, Moment) -> BoxFuture<'t, Result<EntityTag, Error>>
        + Send
        + Sync
        + 'static,
{
    Arc::new(tell)
}

/// The layer around the operations: reads the conditions, and judges those of whoever reads. A condition that an
/// operation does not look at is refused: it is not to seem to hold.
pub(super) async fn judged(request: Request, next: Next) -> Response {
    let conditions = match Conditions::of(&request) {
        Ok(conditions) => conditions,
        Err(problem) => return problem.into_response(),
    };
    let is_read = request.method().is_safe();
    if !is_read && let Some(problem) = conditions.unheard(&request) {
        return problem.into_response();
    }
    let has_tag = openapi::has_tag(request.method(), path(&request));
    let response = next.run(request).await;
    match has_tag {
        true if is_read => conditions.answer(response).await,
        true => Conditions::NONE.answer(response).await,
        false => response,
    }
}

/// The path as the router has it.
fn path(request: &Request) -> &str {
    let path = request.extensions().get::<MatchedPath>();
    path.map(MatchedPath::as_str).unwrap_or_default()
}

struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

impl Conditions {
    /// None is left to be judged: a change did that itself.
    const NONE: Self = Self {
        if_match: None,
        if_none_match: None,
    };

    fn of(request: &Request) -> Result<Self, Problem> {
        Ok(Self {
            if_match: Tags::read(request.headers(), &header::IF_MATCH)?,
            if_none_match: Tags::read(request.headers(), &header::IF_NONE_MATCH)?,
        })
    }

    /// What is wrong with them for a request that is to change something.
    fn unheard(&self, request: &Request) -> Option<Problem> {
        let wrong = match (&self.if_match, &self.if_none_match) {
            (None, None) => return None,
            (_, Some(_)) => "If-None-Match is for reading",
            (Some(_), None) if openapi::takes_if_match(request.method(), path(request)) => {
                return None;
            }
            (Some(_), None) => "this operation takes no If-Match; nothing was done",
        };
        Some(Problem::new(Type::MalformedRequest, wrong))
    }

    /// An answer with its tag, or that it is the one that the reader has already.
    async fn answer(self, response: Response) -> Response {
        let kind = response.headers().get(header::CONTENT_TYPE);
        let is_json = kind.is_some_and(|it| it == "application/json");
        if response.status() != StatusCode::OK || !is_json {
            return response;
        }
        let (mut head, body) = response.into_parts();
        let Ok(bytes) = to_bytes(body, usize::MAX).await else {
            return Problem::new(Type::Internal, "the answer was cut off").into_response();
        };
        let tag = EntityTag::of_bytes(&bytes);
        if self.if_match.is_some_and(|tags| !tags.name(&tag)) {
            return Problem::from(Error::Stale).into_response();
        }
        if let Ok(value) = HeaderValue::try_from(tag.to_string()) {
            head.headers.insert(header::ETAG, value);
        }
        if self
            .if_none_match
            .is_some_and(|tags| tags.name_weakly(&tag))
        {
            head.status = StatusCode::NOT_MODIFIED;
            head.headers.remove(header::CONTENT_TYPE);
            return Response::from_parts(head, Body::empty());
        }
        Response::from_parts(head, Body::from(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text names: each tag as it stands, `*` for any; `None` where it is none.
    fn named(text: &[u8]) -> Option<Vec<String>> {
        let written = |it: &Named| {
            let weak = if it.weak { "W/" } else { "" };
            format!("{weak}{}", String::from_utf8_lossy(&it.opaque))
        };
        Tags::parsed(text).map(|tags| match tags {
            Tags::Any => vec!["*".to_owned()],
            Tags::These(tags) => tags.iter().map(written).collect(),
        })
    }

    #[test]
    fn conditions_are_read_as_the_standard_writes_them() {
        for (text, expected) in [
            (&b"*"[..], Some(vec!["*"])),
            (b" * ", Some(vec!["*"])),
            (b"\"a\"", Some(vec!["a"])),
            (b"\"a\", W/\"b\",\"c\"", Some(vec!["a", "W/b", "c"])),
            (b", ,\"a\" ,, \"b\",", Some(vec!["a", "b"])),
            (b"\"a,b\"", Some(vec!["a,b"])),
            (b"\"\"", Some(vec![""])),
            (b"\"\xe9\"", Some(vec!["\u{fffd}"])),
            (b"", None),
            (b",", None),
            (b"a", None),
            (b"\"a", None),
            (b"\"a b\"", None),
            (b"\"a\" \"b\"", None),
            (b"\"a\"b", None),
            (b"w/\"a\"", None),
            (b"W/ \"a\"", None),
            (b"*, \"a\"", None),
            (b"\"a\", *", None),
        ] {
            let expected = expected.map(|all| all.into_iter().map(str::to_owned).collect());
            assert_eq!(named(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn lines_are_one_list() {
        let mut headers = HeaderMap::new();
        assert_eq!(Tags::read(&headers, &header::IF_MATCH).unwrap(), None);
        for line in ["\"a\"", "\"b\""] {
            headers.append(header::IF_MATCH, HeaderValue::from_static(line));
        }
        let tags = Tags::read(&headers, &header::IF_MATCH).unwrap();
        assert_eq!(tags, Tags::parsed(b"\"a\",\"b\""));
        headers.append(header::IF_MATCH, HeaderValue::from_static("*"));
        let refused = Tags::read(&headers, &header::IF_MATCH).unwrap_err();
        assert_eq!(refused.kind(), Type::MalformedRequest);
    }

    #[test]
    fn a_change_compares_strongly_and_a_reader_weakly() {
        let tag = EntityTag::of(&serde_json::json!({"a": 1}));
        assert_eq!(tag, EntityTag::of_bytes(b"{\"a\":1}"));
        assert_ne!(tag, EntityTag::of_bytes(b"{\"a\":2}"));
        for (text, strongly, weakly) in [
            ("*".to_owned(), true, true),
            (tag.to_string(), true, true),
            (format!("\"x\", {tag}"), true, true),
            (format!("W/{tag}"), false, true),
            ("\"x\"".to_owned(), false, false),
        ] {
            let tags = Tags::parsed(text.as_bytes()).unwrap();
            let found = (tags.name(&tag), tags.name_weakly(&tag));
            assert_eq!(found, (strongly, weakly), "{text}");
        }
    }
}
