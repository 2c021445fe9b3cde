//! What the standard says of add, remove and replace (RFC 7644 §3.5.2.1 to §3.5.2.3).

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn both_readings_do_what_the_standard_says() {
    let dept = format!("{E}:department");
    let cases: Vec<(&str, Value, Value)> = vec![
        (
            "P02",
            op("REPLACE", "title", json!("N")),
            with(&[("/title", json!("N"))]),
        ),
        (
            "P03",
            json!([{"OP": "Add", "Path": "title", "VALUE": "N"}]),
            with(&[("/title", json!("N"))]),
        ),
        (
            "P04",
            json!([
                {"op": "add", "path": "emails", "value": [{"value": "o@x", "type": "other"}]},
                {"op": "replace", "path": "emails[type eq \"other\"].value", "value": "p@x"},
            ]),
            with(&[("/emails/-", json!({"value": "p@x", "type": "other"}))]),
        ),
        (
            "P06",
            json!([
                {"op": "remove", "path": "userName"},
                {"op": "add", "path": "userName", "value": "new"},
            ]),
            with(&[("/userName", json!("new"))]),
        ),
        (
            "P10",
            json!([{"op": "add", "value": {"nickName": "N", "name": {"middleName": "M"}}}]),
            with(&[("/nickName", json!("N")), ("/name/middleName", json!("M"))]),
        ),
        (
            "P12",
            op("add", "name", json!({"familyName": "X"})),
            with(&[("/name/familyName", json!("X"))]),
        ),
        (
            "P13",
            op(
                "add",
                "emails",
                json!([{"value": "W@X", "type": "work"}, {"value": "n@x", "type": "x"}]),
            ),
            with(&[
                ("/emails/0/value", json!("W@X")),
                ("/emails/-", json!({"value": "n@x", "type": "x"})),
            ]),
        ),
        (
            "P13 one alone",
            op("add", "emails", json!({"value": "n@x", "type": "x"})),
            with(&[("/emails/-", json!({"value": "n@x", "type": "x"}))]),
        ),
        (
            "P14",
            op("add", "phoneNumbers[type eq \"mobile\"].value", json!("1")),
            with(&[("/phoneNumbers", json!([{"type": "mobile", "value": "1"}]))]),
        ),
        (
            "P14 primary",
            op("add", "phoneNumbers[primary eq true].value", json!("1")),
            with(&[("/phoneNumbers", json!([{"primary": true, "value": "1"}]))]),
        ),
        (
            "P14 spelling",
            op("add", "ims[type eq \"Büro\"].value", json!("1")),
            with(&[("/ims", json!([{"type": "Büro", "value": "1"}]))]),
        ),
        (
            "P16 simple",
            json!([{"op": "remove", "path": "title"}]),
            with(&[("/title", Value::Null)]),
        ),
        (
            "P16 complex",
            json!([{"op": "remove", "path": "name"}]),
            with(&[("/name", Value::Null)]),
        ),
        (
            "P16 parts",
            json!([{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}]),
            with(&[("/name", Value::Null)]),
        ),
        (
            "P17",
            json!([{"op": "remove", "path": "emails"}]),
            with(&[("/emails", Value::Null)]),
        ),
        (
            "P18",
            json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]),
            with(&[("/emails/1", Value::Null)]),
        ),
        (
            "P18 last",
            json!([{"op": "remove", "path": "emails[value pr]"}]),
            with(&[("/emails", Value::Null)]),
        ),
        (
            "P19",
            json!([{"op": "remove", "path": "emails[type eq \"work\"].primary"}]),
            with(&[("/emails/0/primary", Value::Null)]),
        ),
        (
            "P20",
            op("remove", "emails", json!([{"value": "H@x"}])),
            with(&[("/emails/1", Value::Null)]),
        ),
        ("P20 empty", op("remove", "emails", json!([])), user()),
        (
            "P20 type",
            op(
                "remove",
                "emails",
                json!([{"value": "h@x", "type": "work"}]),
            ),
            user(),
        ),
        (
            "P22",
            json!([{"op": "remove", "path": "emails[type eq \"fax\"]"}, {"op": "remove", "path": "nickName"}]),
            user(),
        ),
        (
            "P24",
            json!([{"op": "replace", "value": {"active": false}}]),
            with(&[("/active", json!(false))]),
        ),
        (
            "P25",
            op("replace", "nickName", json!("N")),
            with(&[("/nickName", json!("N"))]),
        ),
        (
            "P26",
            op("replace", "name", json!({"givenName": "X"})),
            with(&[("/name/givenName", json!("X"))]),
        ),
        (
            "P26 null",
            op("replace", "name", json!({"givenName": null})),
            with(&[("/name/givenName", Value::Null)]),
        ),
        (
            "P27",
            op("replace", "emails", json!([{"value": "n@x"}])),
            with(&[("/emails", json!([{"value": "n@x"}]))]),
        ),
        (
            "P27 empty",
            op("replace", "emails", json!([])),
            with(&[("/emails", Value::Null)]),
        ),
        (
            "P28 value",
            op(
                "replace",
                "emails[type eq \"home\"]",
                json!({"value": "n@x", "type": "home"}),
            ),
            with(&[("/emails/1", json!({"value": "n@x", "type": "home"}))]),
        ),
        (
            "P28 all",
            op("replace", "emails[value co \"@\"].display", json!("D")),
            with(&[
                ("/emails/0/display", json!("D")),
                ("/emails/1/display", json!("D")),
            ]),
        ),
        (
            "P28 no filter",
            op("replace", "emails.display", json!("D")),
            with(&[
                ("/emails/0/display", json!("D")),
                ("/emails/1/display", json!("D")),
            ]),
        ),
        (
            "P31",
            json!([{"op": "replace", "value": {"id": "42", "schemas": [urn::USER], "meta": {"x": 1}, "groups": [], "title": "N"}}]),
            with(&[("/title", json!("N"))]),
        ),
        ("P31 path", op("replace", "id", json!("42")), user()),
        (
            "P32",
            op("replace", &dept, json!("X")),
            with(&[(&format!("/{E}/department"), json!("X"))]),
        ),
        (
            "P32 core",
            op(
                "replace",
                "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName",
                json!("X"),
            ),
            with(&[("/name/familyName", json!("X"))]),
        ),
        (
            "P32 whole",
            op("add", E, json!({"costCenter": "C"})),
            with(&[(&format!("/{E}/costCenter"), json!("C"))]),
        ),
        (
            "R40",
            json!([{"op": "remove", "path": E}]),
            with(&[(&format!("/{E}"), Value::Null)]),
        ),
        (
            "R40 null",
            op("replace", E, Value::Null),
            with(&[(&format!("/{E}"), Value::Null)]),
        ),
        (
            "P30",
            json!([{"op": "replace", "value": {"name.givenName": "X", &dept: "Y", "emails[type eq \"work\"].value": "z@x"}}]),
            with(&[
                ("/name/givenName", json!("X")),
                (&format!("/{E}/department"), json!("Y")),
                ("/emails/0/value", json!("z@x")),
            ]),
        ),
        (
            "P33 add",
            op("add", "emails", json!([{"value": "n@x", "primary": true}])),
            with(&[
                ("/emails/0/primary", json!(false)),
                ("/emails/-", json!({"value": "n@x", "primary": true})),
            ]),
        ),
        (
            "P33 sub",
            op("replace", "emails[type eq \"home\"].primary", json!(true)),
            with(&[
                ("/emails/0/primary", json!(false)),
                ("/emails/1/primary", json!(true)),
            ]),
        ),
        (
            "P37 null",
            op("replace", "title", Value::Null),
            with(&[("/title", Value::Null)]),
        ),
        (
            "P41",
            op(
                "replace",
                "emails[type eq \"work\" and primary eq true].value",
                json!("z"),
            ),
            with(&[("/emails/0/value", json!("z"))]),
        ),
        (
            "P41 not",
            json!([{"op": "remove", "path": "emails[not (type eq \"work\")]"}]),
            with(&[("/emails/1", Value::Null)]),
        ),
        (
            "P42",
            op("replace", "name[familyName eq \"f\"].givenName", json!("X")),
            with(&[("/name/givenName", json!("X"))]),
        ),
        (
            "P45",
            op(
                "add",
                "emails[value eq \"a\\\"b\\u00e9\"].type",
                json!("work"),
            ),
            with(&[("/emails/-", json!({"value": "a\"bé", "type": "work"}))]),
        ),
        ("P46", op("add", "schemas", json!([E])), user()),
        ("password", op("replace", "password", json!("p")), user()),
        (
            "active goes, and counts as true",
            json!([{"op": "remove", "path": "active"}]),
            with(&[("/active", Value::Null)]),
        ),
        (
            "externalId",
            op("add", "externalId", json!("x")),
            with(&[("/externalId", json!("x"))]),
        ),
    ];
    for (row, operations, expected) in cases {
        for strictness in [Strictness::Lenient, Strictness::Rfc] {
            let after = run_in(strictness, &user(), &operations)
                .unwrap_or_else(|error| panic!("{row} {strictness:?}: {error}"));
            assert_eq!(after, expected, "{row} {strictness:?}");
            if row != "P04" && row != "P06" {
                assert_eq!(
                    run_in(strictness, &after, &operations).unwrap(),
                    after,
                    "{row} twice"
                );
            }
        }
    }
}
