use serde_json::json;

use super::*;

#[test]
fn only_what_the_schemas_know_is_kept() {
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for (method, path, body, kept, dropped) in [
        (
            "POST",
            "/Users",
            json!({"userName": "ada", "password": "s3cret", "shoe": {"size": 41},
                "name": {"givenName": "Ada", "pet": "Rex"}, urn: {"department": "R", "x": 1}}),
            json!({"userName": "ada", "name": {"givenName": "Ada"}, urn: {"department": "R"}}),
            vec!["password", "shoe", "name.pet", &format!("{urn}.x")],
        ),
        (
            "PATCH",
            "/Users/1",
            json!({"Operations": [
                {"op": "replace", "path": "password", "value": "s3cret"},
                {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "a@x"},
                {"op": "replace", "value": {"active": false, "name.givenName": "A", "pin": 1}},
            ]}),
            json!({"Operations": [
                {"op": "replace", "path": "password"},
                {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "a@x"},
                {"op": "replace", "value": {"active": false, "name.givenName": "A"}},
            ]}),
            vec!["password", "pin"],
        ),
        (
            "POST",
            "/Bulk",
            json!({"Operations": [
                {"method": "POST", "path": "/Users", "bulkId": "1",
                    "data": {"userName": "ada", "password": "s3cret"}},
            ], "token": "t0p"}),
            json!({"Operations": [
                {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "ada"}},
            ]}),
            vec!["token", "data.password"],
        ),
        (
            "POST",
            "/Users/.search",
            json!({"filter": "userName eq \"ada\"", "count": 1, "x": "y"}),
            json!({"filter": "userName eq \"…\"", "count": 1}),
            vec!["filter", "x"],
        ),
        (
            "POST",
            "/Me",
            json!({"userName": "ada"}),
            json!(null),
            vec!["body"],
        ),
    ] {
        let (mut redaction, mut found) = (Redaction::default(), body);
        redaction.body(Types::STANDARD, method, path, &mut found);
        assert_eq!(found, kept, "{method} {path}");
        redaction.dropped.sort();
        let mut dropped: Vec<String> = dropped.into_iter().map(str::to_owned).collect();
        dropped.sort();
        assert_eq!(redaction.dropped, dropped, "{method} {path}");
    }
}

#[test]
fn who_it_is_about_is_told() {
    let mut redaction = Redaction::default();
    let mut body = json!({"userName": "Ada@X.example", "externalId": "E1",
        "emails": [{"value": "ada@x.example", "type": "work"}], "nickName": "A"});
    redaction.body(Types::STANDARD, "POST", "/Users", &mut body);
    redaction.names.sort();
    assert_eq!(redaction.names, ["ada@x.example", "ada@x.example", "e1"]);
    let mut body = json!({"displayName": "G", "members": [{"value": "m1", "display": "Ada"}]});
    redaction.body(Types::STANDARD, "POST", "/Groups", &mut body);
    assert_eq!(redaction.members, ["m1"]);
}

#[test]
fn a_filter_is_kept_without_its_values() {
    for (filter, kept) in [
        ("userName eq \"ada@x.example\"", "userName eq \"…\""),
        ("active eq true and (a pr)", "active eq true and (a pr)"),
        ("emails[value co \"a\\\"b\"]", "emails[value co \"…\"]"),
        ("userName eq ada@x.example", "userName eq \"…\""),
        ("userName eq \"never ends", "userName eq \"…\""),
        ("n gt 12", "n gt \"…\""),
        ("name EQ correct-horse", "name EQ \"…\""),
    ] {
        let mut redaction = Redaction::default();
        assert_eq!(redaction.filter(filter), kept);
    }
}

#[test]
fn a_query_keeps_what_is_known() {
    let mut redaction = Redaction::default();
    let query = "filter=userName+eq+%22ada%22&count=3&access_token=t0psecret";
    let kept = redaction.query(query);
    let kept = url::form_urlencoded::parse(kept.as_bytes()).into_owned();
    let kept: Vec<_> = kept
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        kept,
        ["filter=userName eq \"…\"", "count=3", "access_token=…"]
    );
    assert_eq!(redaction.dropped, ["filter", "access_token"]);
    assert_eq!(redaction.cleaned("found t0psecret"), "found …");
}
