use serde_json::json;

use super::*;
use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};
use crate::scim::{Map, ScimType};

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
        assert_eq!((query.offset() + 1, query.count), expected);
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
    for bad in ["foo", "password", "name", "meta"] {
        let error = parse(&[("sortBy", bad)]).unwrap_err();
        assert_eq!(error.scim_type, Some(ScimType::InvalidPath), "{bad}");
    }
    assert!(parse(&[("sortOrder", "up")]).is_err());
}

#[test]
fn a_cursor_takes_the_place_of_an_index() {
    for (pairs, start) in [
        (vec![("cursor", "")], Start::First),
        (
            vec![("Cursor", "abc"), ("count", "5000")],
            Start::Cursor("abc".into()),
        ),
    ] {
        let query = parse(&pairs).unwrap();
        assert_eq!((query.offset(), &query.start), (0, &start));
    }
    for (pairs, expected) in [
        (
            [("cursor", ""), ("startIndex", "1")],
            ScimType::InvalidValue,
        ),
        ([("cursor", ""), ("count", "0")], ScimType::InvalidCount),
        ([("cursor", "x"), ("count", "-1")], ScimType::InvalidCount),
        ([("cursor", "x"), ("count", "abc")], ScimType::InvalidCount),
    ] {
        assert_eq!(parse(&pairs).unwrap_err().scim_type, Some(expected));
    }
}

#[test]
fn what_only_another_type_has_is_absent() {
    let parse = |name: &str, value: &str| {
        let pairs = [(name.to_owned(), value.to_owned())];
        ListQuery::parse_among(&GROUP_TYPE, &[&USER_TYPE], &pairs, Strictness::Lenient)
    };
    let group = Map::from_iter([("displayName".to_owned(), json!("Editors"))]);
    for (filter, expected) in [
        ("userName eq \"x\"", false),
        ("userName ne \"x\"", true),
        ("title pr", false),
        ("title eq null", true),
        ("title ne null", false),
        ("emails[value eq \"x\"]", false),
        ("not (title pr) and displayName eq \"editors\"", true),
        ("userName eq \"x\" or displayName eq \"editors\"", true),
    ] {
        let query = parse("filter", filter).unwrap();
        let found = query.filter.unwrap().matches(&group);
        assert_eq!(found, expected, "{filter}");
    }
    for bad in ["nobody eq 1", "password eq \"x\"", "userName gt"] {
        assert!(parse("filter", bad).is_err(), "{bad}");
    }
    let sorted = parse("sortBy", "userName").unwrap().sort_by;
    assert_eq!(sorted.unwrap().key(), KEYLESS);
    assert!(parse("sortBy", "nothing").is_err());
}

#[test]
fn a_search_asks_the_same() {
    let body = json!({
        "schemas": [urn::SEARCH_REQUEST], "Attributes": ["id", "userName"], "filter": "title pr",
        "startIndex": 2, "count": 3, "sortBy": null,
    });
    let search = |body| {
        let (pairs, _) = search_pairs(body, Strictness::Rfc)?;
        ListQuery::parse(&USER_TYPE, &pairs, Strictness::Rfc)
    };
    let query = search(body).unwrap();
    assert_eq!((query.offset(), query.limit()), (1, 3));
    assert!(query.projection.wants("userName") && !query.projection.wants("title"));
    for bad in [
        json!([]),
        json!({}),
        json!({"schemas": [urn::SEARCH_REQUEST], "filter": {}}),
        json!({"schemas": [urn::SEARCH_REQUEST], "attributes": 5}),
    ] {
        assert!(search(bad).is_err());
    }
}

#[test]
fn an_answer_counts_what_it_has() {
    assert_eq!(
        json!(ListResponse::new(7, 3, vec![json!({})])),
        json!({
            "schemas": [urn::LIST_RESPONSE], "totalResults": 7, "startIndex": 3,
            "itemsPerPage": 1, "Resources": [{}],
        })
    );
    let by_cursor = |next: Option<&str>| {
        let next = next.map(str::to_owned);
        json!(ListResponse::by_cursor(7, next, vec![json!({})]))
    };
    let mut last = json!({
        "schemas": [urn::LIST_RESPONSE], "totalResults": 7, "itemsPerPage": 1, "Resources": [{}],
    });
    assert_eq!(by_cursor(None), last);
    last["nextCursor"] = json!("c");
    assert_eq!(by_cursor(Some("c")), last);
}
