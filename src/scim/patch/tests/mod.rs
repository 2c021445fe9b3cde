//! PATCH by table: what a request makes of a resource, in both readings.

use serde_json::json;

use super::*;
use crate::scim::Map;
use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};
use crate::scim::error::ScimType;
use crate::scim::urn;

mod applied;
mod dialects;
mod members;
mod refused;

const E: &str = urn::ENTERPRISE_USER;

fn object(value: Value) -> Map {
    let Value::Object(map) = value else {
        panic!("an object")
    };
    map
}

fn resource(document: Value) -> Resource {
    Resource::from_document(&USER_TYPE, object(document))
}

fn request(operations: Value) -> Value {
    json!({"schemas": [urn::PATCH_OP], "Operations": operations})
}

fn run_in(strictness: Strictness, before: &Value, operations: &Value) -> Result<Value, Error> {
    let patch = Patch::parse(&USER_TYPE, request(operations.clone()), strictness)?;
    let after = patch.apply(&resource(before.clone()), "42")?;
    Ok(Value::Object(after.into_document()))
}

fn user() -> Value {
    json!({
        "userName": "bob", "active": true, "title": "T",
        "name": {"familyName": "F", "givenName": "G"},
        "emails": [
            {"value": "w@x", "type": "work", "primary": true},
            {"value": "h@x", "type": "home"}
        ],
        E: {"department": "D", "manager": {"value": "m"}},
    })
}

/// The user with the value at each JSON pointer put in its place; `null` takes it away.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut user = user();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = user.pointer_mut(parent).unwrap();
        match (parent, value) {
            (Value::Object(map), Value::Null) => drop(map.remove(name)),
            (Value::Object(map), value) => drop(map.insert(name.to_owned(), value.clone())),
            (Value::Array(list), Value::Null) => drop(list.remove(name.parse().unwrap())),
            (Value::Array(list), value) if name == "-" => list.push(value.clone()),
            (Value::Array(list), value) => list[name.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("{pointer}"),
        }
    }
    user
}

fn op(op: &str, path: &str, value: Value) -> Value {
    json!([{"op": op, "path": path, "value": value}])
}

#[test]
fn a_request_is_shaped_as_its_message() {
    let parse = |body, strictness| Patch::parse(&USER_TYPE, body, strictness);
    let good = json!([{"op": "replace", "path": "title", "value": "x"}]);
    let unnamed = json!({"operations": good});
    assert!(parse(unnamed.clone(), Strictness::Lenient).is_ok());
    assert!(parse(unnamed, Strictness::Rfc).is_err());
    for body in [
        json!([]),
        json!({}),
        json!({"schemas": [urn::PATCH_OP]}),
        json!({"schemas": [urn::PATCH_OP], "Operations": []}),
        json!({"schemas": [urn::PATCH_OP], "Operations": {}}),
        json!({"schemas": [urn::PATCH_OP], "Operations": ["x"]}),
        json!({"schemas": [urn::PATCH_OP], "Operations": [{"path": "title", "value": "x"}]}),
        json!({"schemas": [urn::USER], "Operations": good}),
    ] {
        let error = parse(body, Strictness::Lenient).unwrap_err();
        assert_eq!(error.scim_type, Some(ScimType::InvalidSyntax));
    }
    let many = |n| request(Value::Array(vec![good[0].clone(); n]));
    assert!(parse(many(1_000), Strictness::Rfc).is_ok());
    assert_eq!(parse(many(1_001), Strictness::Rfc).unwrap_err().status, 413);
}

#[test]
fn what_was_left_out_is_named() {
    let body = request(json!([
        {"op": "add", "path": "shoeSize", "value": 1},
        {"op": "add", "value": {"foo bar": 1, "title": "N", "name": {"nick": "x"}}},
    ]));
    let patch = Patch::parse(&USER_TYPE, body, Strictness::Lenient).unwrap();
    assert_eq!(patch.ignored(), ["shoeSize", "foo?bar", "name.nick"]);
    assert!(!patch.is_empty());
}

#[test]
fn a_failed_request_changes_nothing() {
    let before = resource(user());
    let body = request(json!([
        {"op": "replace", "path": "title", "value": "N"},
        {"op": "remove", "path": "userName"},
    ]));
    let patch = Patch::parse(&USER_TYPE, body, Strictness::Lenient).unwrap();
    assert!(patch.apply(&before, "42").is_err());
    assert_eq!(before, resource(user()));
}

#[test]
fn okta_renames_a_group_with_its_id() {
    let group = Resource::from_document(&GROUP_TYPE, object(json!({"displayName": "old"})));
    let body = request(json!([{"op": "replace", "value": {"id": "42", "displayName": "new"}}]));
    let (changes, rest) = Patch::parse(&GROUP_TYPE, body, Strictness::Lenient)
        .unwrap()
        .split();
    assert!(changes.is_empty());
    assert_eq!(
        rest.apply(&group, "42").unwrap().display_name(),
        Some("new")
    );
    assert_eq!(
        rest.apply(&group, "43").unwrap_err().scim_type,
        Some(ScimType::Mutability)
    );
    assert_eq!(group.document().get("active"), None);
}

#[test]
fn a_flag_that_is_taken_away_lets_nobody_in() {
    let out = json!({"userName": "b", "active": false});
    for taken in [
        json!([{"op": "remove", "path": "active"}]),
        json!([{"op": "replace", "path": "active", "value": null}]),
        json!([{"op": "replace", "value": {"active": null, "title": "T"}}]),
    ] {
        let run = |before, operations| run_in(Strictness::Rfc, before, operations).unwrap();
        let after = run(&out, &taken);
        assert!(!resource(after.clone()).active(), "{taken}");
        let again = json!([{"op": "add", "path": "title", "value": "U"}]);
        assert!(run(&after, &again)["active"].is_null(), "{taken}");
        let back = run(&after, &op("add", "active", json!(true)));
        assert_eq!(back["active"], true, "{taken}");
    }
}

#[test]
fn a_costly_request_is_refused() {
    let emails: Vec<Value> = (0..1_000)
        .map(|i| json!({"value": format!("{i}@x")}))
        .collect();
    let before = json!({"userName": "b", "active": true, "emails": emails});
    let filter = vec!["value eq \"none\""; 200].join(" or ");
    let operation = json!({"op": "remove", "path": format!("emails[{filter}]")});
    let operations = Value::Array(vec![operation; 100]);
    assert_eq!(
        run_in(Strictness::Lenient, &before, &operations)
            .unwrap_err()
            .status,
        413
    );
    let more: Vec<Value> = (0..1_001)
        .map(|i| json!({"value": format!("{i}@y")}))
        .collect();
    let operations = op("add", "emails", Value::Array(more));
    assert_eq!(
        run_in(Strictness::Lenient, &before, &operations)
            .unwrap_err()
            .status,
        413
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "two tables and a loop")]
fn no_request_makes_the_engine_panic() {
    let paths = [
        "",
        "emails",
        "emails[type eq \"work\"]",
        "emails[type eq \"x\" or value pr].value",
        "name",
        "emails[primary eq true].primary",
        "name[givenName pr].familyName",
        "manager",
        "active",
        E,
        "id",
        "emails.primary",
        "userName",
        "[",
        "emails[]",
        "schemas",
        "meta",
        "addresses[country eq \"de\"]",
    ];
    let values = [
        json!(null),
        json!(""),
        json!("True"),
        json!(true),
        json!(1),
        json!([]),
        json!({}),
        json!([[]]),
        json!("x@y"),
        json!({"value": "x"}),
        json!([{"value": "x", "primary": true}, "y"]),
        json!([null]),
        json!({"type": "work", "primary": "true"}),
        json!({"name.givenName": "G", "emails": "e"}),
        json!({"emails[type eq \"work\"].value": "x", "id": "42"}),
        json!({"department": ["D"]}),
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    let mut done = 0;
    for _ in 0..20_000 {
        let operations: Vec<Value> = (0..=next(3))
            .map(|_| {
                let (path, value) = (paths[next(paths.len())], &values[next(values.len())]);
                let op = ["add", "remove", "replace"][next(3)];
                json!({"op": op, "path": path, "value": value})
            })
            .collect();
        let operations = Value::Array(operations);
        for strictness in [Strictness::Lenient, Strictness::Rfc] {
            let Ok(after) = run_in(strictness, &user(), &operations) else {
                continue;
            };
            done += 1;
            // What comes out would be taken as a body, unchanged: it is in the canonical form.
            let mut body = after.clone();
            // Without the flag it would say true.
            let mut after = after;
            if after["active"].is_null() {
                after["active"] = true.into();
            }
            body["schemas"] = json!([urn::USER]);
            let draft = crate::scim::validate::create(&USER_TYPE, body, strictness).unwrap();
            assert_eq!(
                Value::Object(draft.resource.into_document()),
                after,
                "{operations}"
            );
        }
    }
    assert!(done > 1_000);
}
