use serde_json::json;

use super::*;

const M1: &str = "0192f1b0-5b1e-7c3a-9f00-000000000001";

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
    assert!(redaction.names.iter().eq(["ada@x.example", "e1"]));
    let mut body = json!({"displayName": "G", "members": [
        {"value": M1, "display": "Ada"}, {"value": "Bob@x.example"}]});
    redaction.body(Types::STANDARD, "POST", "/Groups", &mut body);
    assert!(redaction.members.iter().eq([M1]));
    // Whom a path selects is named, too.
    for (kind, path) in [
        (
            "Groups",
            "members[value eq \"0192f1b0-5b1e-7c3a-9f00-000000000002\"]",
        ),
        ("Users", "emails[value eq \"Eve@x.example\"].type"),
    ] {
        let mut body = json!({"Operations": [{"op": "remove", "path": path}]});
        let before = body.clone();
        redaction.body(Types::STANDARD, "PATCH", &format!("/{kind}/1"), &mut body);
        assert_eq!(body, before);
    }
    assert!(redaction.members.len() == 2);
    assert!(redaction.names.contains("eve@x.example"));
    assert!(redaction.names.contains("bob@x.example"), "no id: a name");
}

#[test]
fn a_filter_is_kept_without_its_values() {
    for (filter, kept) in [
        ("userName eq \"ada@x.example\"", "userName eq \"…\""),
        (
            "active eq true and (title pr)",
            "active eq true and (title pr)",
        ),
        (
            "emails[type eq true].value pr",
            "emails[type eq true].value pr",
        ),
        ("userName = ada", "userName \"…\" \"…\""),
        ("ada", "\"…\""),
        ("password-of-ada pr", "\"…\" pr"),
        ("urn:secret:x eq 1", "\"…\" eq \"…\""),
        ("emails[value co \"a\\\"b\"]", "emails[value co \"…\"]"),
        ("userName eq ada@x.example", "userName eq \"…\""),
        ("userName eq \"never ends", "userName eq \"…\""),
        ("title gt 12", "title gt \"…\""),
        ("userName eq eq", "userName eq \"…\""),
        ("name EQ correct-horse", "name EQ \"…\""),
    ] {
        let mut redaction = Redaction::default();
        assert_eq!(redaction.filter(Types::STANDARD, filter), kept);
    }
}

#[test]
fn a_query_keeps_what_is_known() {
    let mut redaction = Redaction::default();
    let query = "filter=userName+eq+%22ada%22&count=3&access_token=t0psecret";
    let kept = redaction.query(Types::STANDARD, query);
    let kept = url::form_urlencoded::parse(kept.as_bytes()).into_owned();
    let kept: Vec<_> = kept
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(kept, ["filter=userName eq \"…\"", "count=3", "…=…"]);
    assert_eq!(redaction.dropped, ["filter", "access_token"]);
    assert_eq!(redaction.cleaned("found t0psecret"), "found …");
}

#[test]
fn what_has_no_place_in_a_message_goes() {
    for (method, path, body, kept) in [
        (
            "PATCH",
            "/Users/1",
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp", "s3cret"],
            "Operations": [
                {"op": "s3cret", "path": "title", "value": "T"},
                {"op": "add", "path": "s3cret", "value": "x"},
                {"op": "add", "path": {"s3cret": 1}, "value": "x"},
                {"op": "add", "path": "emails[s3cret eq \"x\"]", "value": "x"},
                {"op": "add", "path": "emails[value sw \"s3cret\"].value", "value": "a@x"},
                {"op": "add", "path": "title", "PATH": "password", "value": "s3cret"},
                {"op": "replace", "path": "password", "Value": "s3cret", "value": "s3cret"},
            ]}),
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [
                {"path": "title", "value": "T"},
                {"op": "add"},
                {"op": "add"},
                {"op": "add"},
                {"op": "add", "value": "a@x"},
                null,
                null,
            ]}),
        ),
        (
            "POST",
            "/Bulk",
            json!({"failOnErrors": "s3cret", "Operations": [
                {"method": "s3cret", "path": "/Users/s3cret", "bulkId": {"s3cret": 1}},
                {"method": "PUT", "path": "/Users/bulkId:1?a=s3cret", "version": "W/\"1\""},
                {"method": "POST", "path": "/s3cret", "data": {"userName": "s3cret"}},
                {"method": "POST", "path": "/Users", "Path": "/Groups", "data": "s3cret"},
            ]}),
            json!({"Operations": [
                {"path": "/Users/…"},
                {"method": "PUT", "path": "/Users/bulkId:1", "version": "W/\"1\""},
                {"method": "POST", "path": "/…", "data": null},
                null,
            ]}),
        ),
        (
            "POST",
            "/.search",
            json!({"count": {"s3cret": 1}, "x": "s3cret", "sortBy": "s3cret".repeat(100), "startIndex": 1}),
            json!({"startIndex": 1}),
        ),
    ] {
        let (mut redaction, mut found) = (Redaction::default(), body);
        redaction.body(Types::STANDARD, method, path, &mut found);
        assert_eq!(found, kept, "{method} {path}");
        assert_eq!(redaction.cleaned("a s3cret"), "a …");
    }
}

#[test]
fn a_path_is_kept_without_anybody_s_name() {
    let mut redaction = Redaction::default();
    let id = "0192f1b0-5b1e-7c3a-9f00-0123456789ab";
    for (path, kept) in [
        ("/v2/Users", "/v2/Users"),
        (&format!("/v2/groups/{id}"), &*format!("/v2/groups/{id}")),
        ("/v2/%55sers/ada@x.example", "/v2/…/…"),
        (
            "/v2/Schemas/urn:a:b:2.0:User",
            "/v2/Schemas/urn:a:b:2.0:User",
        ),
        ("/v2/Users/ada/", "/v2/Users/…/"),
    ] {
        assert_eq!(redaction.path(path), kept);
    }
}

#[test]
fn however_much_comes_what_is_told_is_bounded() {
    let mut redaction = Redaction::default();
    let members: Vec<_> = (0..2 * MOST)
        .map(|it| json!({"value": format!("m{it}")}))
        .collect();
    let mut body = json!({"displayName": "G", "members": members});
    redaction.body(Types::STANDARD, "POST", "/Groups", &mut body);
    assert_eq!(redaction.names.len(), MOST);
    assert!(redaction.is_crowded);

    let mut redaction = Redaction::default();
    let emails: Vec<_> = (0..MOST)
        .map(|it| json!({"value": format!("p{it}@x")}))
        .collect();
    let mut body = json!({"emails": emails, "shoes": vec!["size"; 3 * REMOVED]});
    redaction.body(Types::STANDARD, "POST", "/Users", &mut body);
    assert!(!redaction.is_crowded, "as many as are told");
    assert_eq!(redaction.removed.len(), REMOVED + 1);
    assert_eq!(redaction.cleaned("what was not sought might be here"), GONE);

    let mut redaction = Redaction::default();
    let query = format!(
        "attributes={}&count=1&filter={}",
        "x".repeat(1_900),
        "y".repeat(5_000)
    );
    let kept = redaction.query(Types::STANDARD, &query);
    assert!(kept.len() < 2_500, "{kept}");
    let many = (0..2_000).map(|it| it.to_string()).collect::<Vec<_>>();
    let many = many.join("=x&");
    assert!(redaction.query(Types::STANDARD, &many).len() < 20_000);
    assert!(redaction.dropped.len() <= TOLD);
}

#[test]
fn what_a_path_compares_with_is_told_nowhere() {
    let path = "password[value eq \"s3cret\"]";
    let mut body = json!({"Operations": [{"op": "replace", "path": path, "value": "x"}]});
    let mut redaction = Redaction::default();
    redaction.body(Types::STANDARD, "PATCH", "/Users/1", &mut body);
    assert_eq!(body, json!({"Operations": [{"op": "replace"}]}));
    let told = format!("{:?}", redaction.dropped);
    assert!(!told.contains("s3cret"), "{told}");
    let detail = format!("{path:?} is not a path");
    assert_eq!(redaction.cleaned(&detail), "\"…\" is not a path");
    // The longer text goes before the shorter one that is a part of it.
    let mut redaction = Redaction::default();
    redaction.query(Types::STANDARD, "a=ada&b=ada@x.example");
    assert_eq!(redaction.cleaned("ada@x.example"), "…");
}
