//! Queries and their answers (RFC 7644 §3.4.2, §3.4.3): filter, sort, page, attributes.

use serde::Serialize;
use serde_json::Value;

use crate::limits;
use crate::scim::catalog::ResourceType;
use crate::scim::path::AttributePath;
use crate::scim::projection::Projection;
use crate::scim::schema::Returned;
use crate::scim::tolerance::{Latitude, Tolerance, Tolerances};
use crate::scim::{Error, Filter, Strictness, urn};

/// A query over resources of one type.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// Which resources; all of them when absent.
    pub filter: Option<Filter>,
    /// The attribute that orders them.
    pub sort_by: Option<AttributePath>,
    /// Whether the order is reversed.
    pub descending: bool,
    /// Where the page begins.
    pub start: Start,
    /// How many the client wants, cut to what a page may have.
    pub count: Option<u64>,
    /// Which attributes.
    pub projection: Projection,
    /// The tolerances that it took to read it.
    pub tolerated: Tolerances,
    /// The type of the resources; several where there are others.
    scope: (&'static str, bool),
    /// What is asked of the other types.
    also: Option<String>,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// With a resource counted from one (RFC 7644 §3.4.2.4).
    Index(u64),
    /// With the first resource, and the next page has a cursor (RFC 9865 §2).
    First,
    /// Where a cursor says.
    Cursor(String),
}

impl ListQuery {
    /// Reads the decoded parameters of a URL. Names match in any case, those of others are passed over.
    pub fn parse(
        kind: &'static ResourceType,
        pairs: &[(String, String)],
        strictness: Strictness,
    ) -> Result<Self, Error> {
        Self::parse_among(kind, &[], pairs, strictness)
    }

    /// The same for a query over resources of several types, as it bears on one of them: what only
    /// the `others` have is absent there (RFC 7644 §3.4.2.1).
    pub fn parse_among(
        kind: &'static ResourceType,
        others: &[&'static ResourceType],
        pairs: &[(String, String)],
        strictness: Strictness,
    ) -> Result<Self, Error> {
        let given = |name: &str| {
            let pair = pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            pair.map(|(_, value)| value.as_str())
        };
        let filled = |name: &str| given(name).filter(|value| !value.trim().is_empty());
        let filter =
            filled("filter").map(|text| Filter::parse_among(kind, others, text, strictness));
        let start = start(given("cursor"), filled("startIndex"))?;
        let count = count(filled("count"), &start)?;
        let filter = filter.transpose()?;
        let mut latitude = Latitude::new(strictness);
        let strictly = |text| Filter::parse_among(kind, others, text, Strictness::Rfc);
        if filled("filter").is_some_and(|text| strictly(text).is_err()) {
            latitude.allows(Tolerance::FilterSpelling);
        }
        if given("attributes").is_some() && given("excludedAttributes").is_some() {
            latitude.allows(Tolerance::BothProjections);
        }
        Ok(Self {
            filter,
            tolerated: latitude.used,
            sort_by: filled("sortBy")
                .map(|text| sort_path_among(kind, others, text))
                .transpose()?,
            descending: filled("sortOrder").map_or(Ok(false), is_descending)?,
            start,
            count,
            projection: Projection::parse(
                kind,
                given("attributes"),
                given("excludedAttributes"),
                strictness,
            )?,
            scope: (kind.name, others.is_empty()),
            also: None,
        })
    }

    /// The same question from the beginning of its order.
    #[must_use]
    pub fn from_first(&self) -> Self {
        Self {
            start: Start::First,
            ..self.clone()
        }
    }

    /// Whether its pages have cursors.
    pub fn is_by_cursor(&self) -> bool {
        !matches!(self.start, Start::Index(_))
    }

    /// What the choice and the order of resources depend on, as text: equal for equal questions.
    pub fn question(&self) -> String {
        let filter = self.filter.as_ref().map(ToString::to_string);
        let sort = self.sort_by.map(|path| path.key());
        let (scope, also) = (&self.scope, &self.also);
        format!("{scope:?} {filter:?} {sort:?} {} {also:?}", self.descending)
    }

    /// The same as one question with what is asked of another type.
    #[must_use]
    pub fn asked_with(self, other: &Self) -> Self {
        Self {
            also: Some(other.question()),
            ..self
        }
    }

    /// How many resources the page has at most.
    pub fn limit(&self) -> u64 {
        self.count.unwrap_or(limits::PAGE_DEFAULT)
    }

    /// How many resources come before the page, or behind the place that its cursor means.
    pub fn offset(&self) -> u64 {
        match self.start {
            Start::Index(index) => index.saturating_sub(1),
            Start::First | Start::Cursor(_) => 0,
        }
    }
}

/// Parameters, and the tolerances that it took to read them.
pub type Searched = (Vec<(String, String)>, Tolerances);

/// Whether a SearchRequest has text under this name, and nothing else.
fn is_text(name: &str) -> bool {
    const TEXTS: [&str; 6] = [
        "attributes",
        "cursor",
        "excludedAttributes",
        "filter",
        "sortBy",
        "sortOrder",
    ];
    TEXTS.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// The parameters in a SearchRequest, and the tolerances that it took to read it; the root search
/// reads them once for each type.
pub fn search_pairs(body: Value, strictness: Strictness) -> Result<Searched, Error> {
    let mut latitude = Latitude::new(strictness);
    let Value::Object(mut body) = body else {
        return Err(Error::invalid_syntax("the body is a JSON object"));
    };
    crate::scim::body::check_message(&mut body, urn::SEARCH_REQUEST, &mut latitude)?;
    let pairs: Result<_, _> = body
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) if !is_text(&name) => number.to_string(),
                Value::Array(list) if list.iter().all(Value::is_string) => list
                    .iter()
                    .filter_map(Value::as_str)
                    .collect::<Vec<_>>()
                    .join(","),
                _ => {
                    return Err(Error::invalid_syntax(format!(
                        "{name:?} is not of its type"
                    )));
                }
            };
            Ok((name, text))
        })
        .collect();
    Ok((pairs?, latitude.used))
}

/// The answer to a query (RFC 7644 §3.4.2): a page of representations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListResponse<T> {
    schemas: [&'static str; 1],
    total_results: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_index: Option<u64>,
    items_per_page: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(rename = "Resources")]
    resources: Vec<T>,
}

impl<T> ListResponse<T> {
    /// A page that begins with the resource of this number.
    pub fn new(total: u64, start_index: u64, resources: Vec<T>) -> Self {
        Self {
            schemas: [urn::LIST_RESPONSE],
            total_results: total,
            start_index: Some(start_index),
            items_per_page: resources.len(),
            next_cursor: None,
            resources,
        }
    }

    /// A page of a query by cursor (RFC 9865 §2); the last one has no next cursor.
    pub fn by_cursor(total: u64, next: Option<String>, resources: Vec<T>) -> Self {
        Self {
            start_index: None,
            next_cursor: next,
            ..Self::new(total, 1, resources)
        }
    }
}

fn start(cursor: Option<&str>, index: Option<&str>) -> Result<Start, Error> {
    match (cursor.map(str::trim), index) {
        (Some(_), Some(_)) => Err(Error::invalid_value(
            "a page begins at a cursor or at a startIndex, not at both",
        )),
        (Some(""), None) => Ok(Start::First),
        (Some(cursor), None) => Ok(Start::Cursor(cursor.to_owned())),
        (None, index) => {
            let index = index.map(|text| number("startIndex", text)).transpose()?;
            Ok(Start::Index(index.unwrap_or(1).max(1).unsigned_abs()))
        }
    }
}

/// How many a page has: by index, too few means none; by cursor it is refused (RFC 9865 §2.1).
fn count(text: Option<&str>, start: &Start) -> Result<Option<u64>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    let count = match (number("count", text), start) {
        (count, Start::Index(_)) => count?.max(0),
        (Ok(count), _) if count > 0 => count,
        _ => {
            return Err(Error::invalid_count(
                "count is a whole number greater than zero where pages have cursors",
            ));
        }
    };
    Ok(Some(count.unsigned_abs().min(limits::PAGE_MAX)))
}

/// A whole number; one that is too large is the largest.
fn number(name: &str, text: &str) -> Result<i64, Error> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::invalid_value(format!(
            "{name} is an integer, not {text:?}"
        )));
    }
    let most = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Ok(text.parse().unwrap_or(most))
}

/// The path in the type that has it; where only another one does, one without a key.
fn sort_path_among(
    kind: &'static ResourceType,
    others: &[&'static ResourceType],
    text: &str,
) -> Result<AttributePath, Error> {
    sort_path(kind, text).or_else(|error| {
        let elsewhere = others.iter().any(|other| sort_path(other, text).is_ok());
        if elsewhere {
            AttributePath::parse(kind, KEYLESS)
        } else {
            Err(error)
        }
    })
}

/// What every resource has and none is sorted by.
const KEYLESS: &str = "schemas";

fn sort_path(kind: &'static ResourceType, text: &str) -> Result<AttributePath, Error> {
    let path = AttributePath::parse(kind, text)?.or_value();
    let hidden = [path.attribute, path.leaf()]
        .iter()
        .any(|it| it.returned == Returned::Never);
    if hidden || path.leaf().is_complex() {
        return Err(Error::invalid_path(format!("nothing is sorted by {path}")));
    }
    Ok(path)
}

fn is_descending(text: &str) -> Result<bool, Error> {
    match text.trim() {
        it if it.eq_ignore_ascii_case("ascending") => Ok(false),
        it if it.eq_ignore_ascii_case("descending") => Ok(true),
        _ => Err(Error::invalid_value("sortOrder is ascending or descending")),
    }
}

#[cfg(test)]
mod tests;
