//! What of a request may be kept: the attributes that the schemas know, and nothing else. Values
//! that are never shown, octets, and what a filter compares with go; what went is told by name.
//! However large a request is, what is told of it is bounded.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::catalog::custom::Types;
use super::catalog::{COMMON, ResourceType};
use super::fold;
use super::path::Name;
use super::schema::Attribute;

mod resource;
mod tasks;
#[cfg(test)]
mod tests;
mod values;

/// What stands where something was.
pub const GONE: &str = "…";
/// People and members that are told of one request.
pub const MOST: usize = 1_000;
/// Characters of a text that is kept; a longer one is a picture or worse.
const LONGEST: usize = 2_000;
/// Characters of the name of something.
const NAME: usize = 300;
/// Names that are told.
const TOLD: usize = 50;
/// Texts that went and are sought in the answer.
const REMOVED: usize = 1_000;
/// Parameters of a query (RFC 7644 §3.4.2, §3.9) whose values are kept as they are.
const KEPT: [&str; 6] = [
    "attributes",
    "count",
    "excludedattributes",
    "sortby",
    "sortorder",
    "startindex",
];

/// What was taken out, and who the request was about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    /// Where something went.
    pub dropped: Vec<String>,
    /// The texts that went: they may stand in an answer, too.
    removed: Vec<String>,
    /// The folded names and addresses of people, at most [`MOST`].
    pub names: BTreeSet<String>,
    /// Ids of members, at most [`MOST`].
    pub members: BTreeSet<String>,
    /// Whether it was about more than are told, so that nobody could find what is kept of them.
    pub is_crowded: bool,
}

impl Redaction {
    /// Takes out of a body what may not be kept; `path` is below the base URL.
    pub fn body(&mut self, types: Types, method: &str, path: &str, body: &mut Value) {
        let segments: Vec<_> = path.split('/').filter(|it| !it.is_empty()).collect();
        let first = segments.first().copied().unwrap_or_default();
        let searches = segments.iter().any(|it| it.eq_ignore_ascii_case(".search"));
        if searches {
            self.search(types, body);
        } else if first.eq_ignore_ascii_case("bulk") {
            self.bulk(types, body);
        } else if let Some(kind) = kind(types, first) {
            self.task(kind, method, "", body);
        } else {
            self.drop("", body);
        }
    }

    /// A query string without what it compares with, without parameters that nobody knows, and not
    /// longer than a page needs.
    pub fn query(&mut self, types: Types, query: &str) -> String {
        let mut kept = url::form_urlencoded::Serializer::new(String::new());
        let mut room = LONGEST;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let is_filter = name.eq_ignore_ascii_case("filter");
            let said = if is_filter {
                self.filter(types, &value)
            } else if is_kept(&name) && value.chars().count() <= LONGEST {
                value.into_owned()
            } else {
                self.went(&name, &value);
                GONE.to_owned()
            };
            let known = is_filter || is_kept(&name);
            let name = if known { name.as_ref() } else { GONE };
            let Some(left) = room.checked_sub(name.len() + said.len()) else {
                self.went("query", "");
                break;
            };
            room = left;
            kept.append_pair(name, &said);
        }
        kept.finish()
    }

    /// A filter without the values that it compares with.
    pub fn filter(&mut self, types: Types, filter: &str) -> String {
        let (kept, gone) = values::without(filter, |word| is_attribute(types, word));
        for value in &gone {
            self.went("filter", value);
        }
        kept
    }

    /// A path without what stands in the place of an id and is none: it may be anybody's name.
    pub fn path(&mut self, path: &str) -> String {
        let said = path.split('/').map(|segment| {
            if is_said(segment) {
                return segment;
            }
            self.went("path", segment);
            GONE
        });
        said.collect::<Vec<_>>().join("/")
    }

    /// Takes everything.
    fn drop(&mut self, at: &str, value: &mut Value) {
        let at = if at.is_empty() { "body" } else { at };
        let gone = std::mem::take(value);
        self.went_all(at, &gone);
    }

    fn went(&mut self, at: &str, text: &str) {
        // What a path compares with is no part of its name.
        let at = at
            .split_once('[')
            .map_or_else(|| at.to_owned(), |(at, _)| format!("{at}[{GONE}]"));
        let at: String = at.chars().take(NAME).collect();
        if self.dropped.len() < TOLD && !self.dropped.contains(&at) {
            self.dropped.push(at);
        }
        // One more than are sought says that some are not.
        if self.removed.len() <= REMOVED && text.chars().count() > 2 {
            self.removed.push(text.to_owned());
        }
    }

    fn went_all(&mut self, at: &str, value: &Value) {
        match value {
            Value::Array(list) => list.iter().for_each(|it| self.went_all(at, it)),
            Value::Object(map) => map.values().for_each(|it| self.went_all(at, it)),
            Value::String(text) => self.went(at, text),
            other => self.went(at, &other.to_string()),
        }
        if *value == json!([]) || *value == json!({}) {
            self.went(at, "");
        }
    }

    /// A text of an answer, without what went.
    pub fn cleaned(&self, text: &str) -> String {
        if self.removed.len() > REMOVED {
            return GONE.to_owned();
        }
        let mut gone: Vec<_> = self.removed.iter().collect();
        gone.sort_by_key(|it| std::cmp::Reverse(it.len()));
        gone.into_iter().fold(text.to_owned(), |text, gone| {
            // Refusals quote some texts as code does.
            let quoted = format!("{gone:?}");
            let quoted = quoted.trim_matches('"');
            text.replace(gone, GONE).replace(quoted, GONE)
        })
    }

    fn name(&mut self, name: &str) {
        self.is_crowded |= !told(&mut self.names, fold(name));
    }

    fn member(&mut self, id: &str) {
        if uuid::Uuid::try_parse(id).is_err() {
            // Whoever sends something else may send an address.
            return self.name(id);
        }
        self.is_crowded |= !told(&mut self.members, id.to_owned());
    }
}

fn told(all: &mut BTreeSet<String>, one: String) -> bool {
    all.contains(&one) || (all.len() < MOST && all.insert(one))
}

fn is_kept(parameter: &str) -> bool {
    KEPT.iter().any(|it| it.eq_ignore_ascii_case(parameter))
}

/// The resource type whose endpoint a segment is.
fn kind(types: Types, segment: &str) -> Option<&'static ResourceType> {
    let mut kinds = [types.user, types.group].into_iter();
    kinds.find(|kind| {
        kind.endpoint
            .trim_start_matches('/')
            .eq_ignore_ascii_case(segment)
    })
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

/// Whether a segment of a path says nothing but where a request went.
fn is_said(segment: &str) -> bool {
    let is_one = |words: &[&str]| words.iter().any(|it| it.eq_ignore_ascii_case(segment));
    segment.is_empty()
        || uuid::Uuid::try_parse(segment).is_ok()
        || is_one(&WORDS)
        || is_urn(segment)
}

/// Whether a text looks like the URN of a schema.
fn is_urn(text: &str) -> bool {
    let start = text.get(..4).unwrap_or_default();
    let part = |c: char| c.is_ascii_alphanumeric() || ":._-".contains(c);
    start.eq_ignore_ascii_case("urn:") && text.len() <= NAME && text.chars().all(part)
}

/// Segments of the paths that there are (RFC 7644 §3.2), and names of resource types.
const WORDS: [&str; 14] = [
    ".search",
    "Bulk",
    "Group",
    "Groups",
    "Me",
    "ResourceTypes",
    "Role",
    "Roles",
    "Schemas",
    "ServiceProviderConfig",
    "User",
    "Users",
    "scim",
    "v2",
];

/// Whether a word of a filter is the notation of an attribute or of a part of one.
fn is_attribute(types: Types, word: &str) -> bool {
    let kinds = [types.user, types.group];
    let name = word.rsplit(':').next().unwrap_or_default();
    let is_urn = name.len() < word.len();
    if is_urn && !kinds.iter().any(|kind| Name::resolve(kind, word).is_ok()) {
        return false;
    }
    let all = || kinds.iter().flat_map(|kind| kind.schemas());
    let attributes = || all().flat_map(|it| it.attributes).chain(&COMMON);
    let is_one = |part: &str, it: &Attribute| it.name.eq_ignore_ascii_case(part);
    let known = |part: &str| attributes().any(|it| is_one(part, it) || it.sub(part).is_some());
    is_urn || name.trim_start_matches('.').split('.').all(known)
}

/// Whether an object says one thing twice, by names that differ in case alone: nobody knows which.
fn is_ambiguous(map: &Map<String, Value>) -> bool {
    let names: BTreeSet<_> = map.keys().map(|it| it.to_ascii_lowercase()).collect();
    names.len() < map.len()
}
