//! What Okta, Entra and others send beside the standard.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_lenient_reading_understands_the_dialects() {
    let manager = format!("{E}:manager");
    let boss = with(&[(&format!("/{E}/manager/value"), json!("b"))]);
    let no_boss = with(&[(&format!("/{E}/manager"), Value::Null)]);
    let cases: Vec<(&str, Value, Value)> = vec![
        (
            "C06",
            op("Replace", "active", json!("False")),
            with(&[("/active", json!(false))]),
        ),
        (
            "C06 key",
            json!([{"op": "Replace", "value": {"ActiVe": "FALSE"}}]),
            with(&[("/active", json!(false))]),
        ),
        (
            "C08",
            op(
                "Replace",
                "phoneNumbers[type eq \"mobile\"].value",
                json!("1"),
            ),
            with(&[("/phoneNumbers", json!([{"type": "mobile", "value": "1"}]))]),
        ),
        (
            "C08 address",
            op(
                "Add",
                "addresses[type eq \"work\"].streetAddress",
                json!("S"),
            ),
            with(&[(
                "/addresses",
                json!([{"type": "work", "streetAddress": "S"}]),
            )]),
        ),
        (
            "C09",
            op(
                "Add",
                "manager",
                json!([{"$ref": "http://x/Users/b", "value": "b"}]),
            ),
            boss.clone(),
        ),
        (
            "C09 bare",
            op("Replace", &manager, json!("b")),
            boss.clone(),
        ),
        (
            "C09 link",
            op("Replace", &manager, json!({"$ref": "../Users/b"})),
            boss.clone(),
        ),
        (
            "C09 object",
            op(
                "Replace",
                &manager,
                json!({"value": "b", "displayName": "B"}),
            ),
            boss.clone(),
        ),
        (
            "C09 value",
            op("Replace", &format!("{manager}.value"), json!("b")),
            boss.clone(),
        ),
        (
            "C24 dot",
            op("replace", &format!("{E}.manager"), json!("b")),
            boss,
        ),
        (
            "C09 empty",
            op("Replace", &manager, json!("")),
            no_boss.clone(),
        ),
        (
            "C09 added empty",
            op("Add", "manager", json!("")),
            no_boss.clone(),
        ),
        (
            "C09 null",
            op("Replace", &manager, Value::Null),
            no_boss.clone(),
        ),
        (
            "C09 none",
            op("Replace", &manager, json!([])),
            no_boss.clone(),
        ),
        (
            "C09 empty object",
            op("Replace", &manager, json!({"value": ""})),
            no_boss,
        ),
        (
            "C26",
            op("Replace", "emails[primary eq true].value", json!("z@x")),
            with(&[("/emails/0/value", json!("z@x"))]),
        ),
        (
            "P15",
            json!([{"op": "remove", "value": {"title": "T", "nickName": null}}]),
            with(&[("/title", Value::Null)]),
        ),
        (
            "P20 strings",
            op("Remove", "emails", json!(["h@x"])),
            with(&[("/emails/1", Value::Null)]),
        ),
        (
            "P20 string",
            op("Remove", "emails", json!("h@x")),
            with(&[("/emails/1", Value::Null)]),
        ),
        (
            "P20 object",
            op("Remove", "emails", json!({"value": "h@x", "display": null})),
            with(&[("/emails/1", Value::Null)]),
        ),
        (
            "P20 nothing",
            op("Remove", "emails", json!([{}, null])),
            user(),
        ),
        (
            "P29 sub",
            op("replace", "emails[type eq \"other\"].value", json!("o")),
            with(&[("/emails/-", json!({"type": "other", "value": "o"}))]),
        ),
        (
            "P29 bare",
            op("replace", "emails[type eq \"home\"]", json!("o")),
            with(&[("/emails/1/value", json!("o"))]),
        ),
        ("P37 add", op("add", "title", Value::Null), user()),
        (
            "P38",
            op("replace", "title", json!(["N"])),
            with(&[("/title", json!("N"))]),
        ),
        (
            "P38 value",
            op("replace", "title", json!([{"value": "N"}])),
            with(&[("/title", json!("N"))]),
        ),
        (
            "cleared",
            op("replace", "title", json!("")),
            with(&[("/title", Value::Null)]),
        ),
        (
            "U03",
            json!([
                {"op": "Replace", "path": "urn:x:custom:2.0:User:shoe", "value": "44"},
                {"op": "Add", "path": "emails[type eq \"other\"].value", "value": "o"},
                {"op": "Replace", "path": "active", "value": "False"},
            ]),
            with(&[
                ("/active", json!(false)),
                ("/emails/-", json!({"type": "other", "value": "o"})),
            ]),
        ),
        (
            "bare e-mail",
            op("add", "emails", json!("n@x")),
            with(&[("/emails/-", json!({"value": "n@x"}))]),
        ),
        (
            "two primary",
            op(
                "add",
                "emails",
                json!([{"value": "a", "primary": "True"}, {"value": "b", "primary": "True"}]),
            ),
            with(&[
                ("/emails/0/primary", json!(false)),
                ("/emails/-", json!({"value": "a", "primary": true})),
                ("/emails/-", json!({"value": "b", "primary": false})),
            ]),
        ),
    ];
    for (row, operations, expected) in cases {
        let after = run_in(Strictness::Lenient, &user(), &operations);
        let after = after.unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(after, expected, "{row}");
    }
}
