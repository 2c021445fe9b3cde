//! Queries and their answers (RFC 7644 §3.4.2, §3.4.3): filter, sort, page, attributes.

use serde_json::{Value, json};

use super::catalog::ResourceType;
use super::path::AttributePath;
use super::projection::Projection;
use super::schema::Returned;
use super::{Error, Filter, Map, Strictness, urn};
use crate::limits;

/// A query over resources of one type.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// Which resources; all of them when absent.
    pub filter: Option<Filter>,
    /// The attribute that orders them.
    pub sort_by: Option<AttributePath>,
    /// Whether the order is reversed.
    pub descending: bool,
    /// The first resource of the page, counted from one.
    pub start_index: u64,
    /// How many the client wants, cut to what a page may have.
    pub count: Option<u64>,
    /// Which attributes.
    pub projection: Projection,
}

impl ListQuery {
    /// Reads the decoded parameters of a URL. Names match in any case, those of others are passed over.
    pub fn parse(
        kind: &'static ResourceType,
        pairs: &[(String, String)],
        strictness: Strictness,
    ) -> Result<Self, Error> {
        let given = |name: &str| {
            let pair = pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            pair.map(|(_, value)| value.as_str())
        };
        let filled = |name: &str| given(name).filter(|value| !value.trim().is_empty());
        if given("cursor").is_some() {
            return Err(Error::not_implemented(
                "pages are counted here, they have no cursor",
            ));
        }
        let filter = filled("filter").map(|text| Filter::parse(kind, text, strictness));
        let count = filled("count")
            .map(|text| number("count", text))
            .transpose()?;
        let start = filled("startIndex")
            .map(|text| number("startIndex", text))
            .transpose()?;
        Ok(Self {
            filter: filter.transpose()?,
            sort_by: filled("sortBy")
                .map(|text| sort_path(kind, text))
                .transpose()?,
            descending: filled("sortOrder").map_or(Ok(false), is_descending)?,
            start_index: start.unwrap_or(1).max(1).unsigned_abs(),
            count: count.map(|count| count.max(0).unsigned_abs().min(limits::PAGE_MAX)),
            projection: Projection::parse(
                kind,
                given("attributes"),
                given("excludedAttributes"),
                strictness,
            )?,
        })
    }

    /// Reads the body of a query by POST (RFC 7644 §3.4.3), which asks the same in JSON.
    pub fn from_search(
        kind: &'static ResourceType,
        body: Value,
        strictness: Strictness,
    ) -> Result<Self, Error> {
        Self::parse(kind, &search_pairs(body, strictness)?, strictness)
    }

    /// How many resources the page has at most.
    pub fn limit(&self) -> u64 {
        self.count.unwrap_or(limits::PAGE_DEFAULT)
    }

    /// How many resources come before the page.
    pub fn offset(&self) -> u64 {
        self.start_index.saturating_sub(1)
    }
}

/// The parameters in a SearchRequest; the root search reads them once for each type.
pub fn search_pairs(body: Value, strictness: Strictness) -> Result<Vec<(String, String)>, Error> {
    let Value::Object(mut body) = body else {
        return Err(Error::invalid_syntax("the body is a JSON object"));
    };
    super::body::check_message(&mut body, urn::SEARCH_REQUEST, strictness)?;
    body.into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
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
        .collect()
}

/// The answer to a query (RFC 7644 §3.4.2).
pub fn response(total: u64, start_index: u64, resources: Vec<Map>) -> Value {
    json!({
        "schemas": [urn::LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
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
mod tests {
    use super::*;
    use crate::scim::ScimType;
    use crate::scim::catalog::USER_TYPE;

    fn parse(pairs: &[(&str, &str)]) -> Result<ListQuery, Error> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        ListQuery::parse(&USER_TYPE, &pairs, Strictness::Lenient)
    }

    #[test]
    fn pages_are_counted_from_one() {
        for (start, count, expected) in [
            ("1", "10", (1, Some(10))),
            ("0", "0", (1, Some(0))),
            ("-5", "-5", (1, Some(0))),
            ("999999", "5000", (999_999, Some(1000))),
            (
                "99999999999999999999999",
                "99999999999999999999999",
                (i64::MAX as u64, Some(1000)),
            ),
            ("", "", (1, None)),
        ] {
            let query = parse(&[("startindex", start), ("COUNT", count)]).unwrap();
            assert_eq!((query.start_index, query.count), expected);
        }
        assert_eq!(parse(&[]).unwrap().limit(), 100);
        for bad in ["a", "1.5", "--1", "1 2", "-"] {
            let error = parse(&[("startIndex", bad)]).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidValue), "{bad}");
        }
    }

    #[test]
    fn a_query_is_read() {
        let query = parse(&[
            ("aadOptscim062020", ""),
            ("Filter", "userName eq \"x\""),
            ("sortBy", "EMAILS"),
            ("sortOrder", "Descending"),
            ("attributes", "id"),
        ])
        .unwrap();
        assert_eq!(query.filter.unwrap().to_string(), "userName eq \"x\"");
        assert_eq!(query.sort_by.unwrap().key(), "emails.value");
        assert!(query.descending && !query.projection.is_default());
        assert_eq!(parse(&[("cursor", "")]).unwrap_err().status, 501);
        for bad in ["foo", "password", "name", "meta"] {
            let error = parse(&[("sortBy", bad)]).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidPath), "{bad}");
        }
        assert!(parse(&[("sortOrder", "up")]).is_err());
    }

    #[test]
    fn a_search_asks_the_same() {
        let body = json!({
            "schemas": [urn::SEARCH_REQUEST], "Attributes": ["id", "userName"], "filter": "title pr",
            "startIndex": 2, "count": 3, "sortBy": null,
        });
        let query = ListQuery::from_search(&USER_TYPE, body, Strictness::Rfc).unwrap();
        assert_eq!((query.offset(), query.limit()), (1, 3));
        assert!(query.projection.wants("userName") && !query.projection.wants("title"));
        for bad in [
            json!([]),
            json!({}),
            json!({"schemas": [urn::SEARCH_REQUEST], "filter": {}}),
        ] {
            assert!(ListQuery::from_search(&USER_TYPE, bad, Strictness::Rfc).is_err());
        }
    }

    #[test]
    fn an_answer_counts_what_it_has() {
        assert_eq!(
            response(7, 3, vec![Map::new()]),
            json!({
                "schemas": [urn::LIST_RESPONSE], "totalResults": 7, "startIndex": 3,
                "itemsPerPage": 1, "Resources": [{}],
            })
        );
    }
}
