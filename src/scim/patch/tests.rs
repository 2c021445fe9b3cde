//! PATCH by table: what a request makes of a resource, in both readings.

use serde_json::json;

use super::*;
use crate::scim::Map;
use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};
use crate::scim::error::ScimType;
use crate::scim::members::MemberKind;
use crate::scim::urn;

const E: &str = urn::ENTERPRISE_USER;

fn object(value: Value) -> Map {
    let Value::Object(map) = value else { panic!("an object") };
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
fn both_readings_do_what_the_standard_says() {
    let dept = format!("{E}:department");
    let cases: Vec<(&str, Value, Value)> = vec![
        ("P02", op("REPLACE", "title", json!("N")), with(&[("/title", json!("N"))])),
        ("P03", json!([{"OP": "Add", "Path": "title", "VALUE": "N"}]), with(&[("/title", json!("N"))])),
        ("P04", json!([
            {"op": "add", "path": "emails", "value": [{"value": "o@x", "type": "other"}]},
            {"op": "replace", "path": "emails[type eq \"other\"].value", "value": "p@x"},
        ]), with(&[("/emails/-", json!({"value": "p@x", "type": "other"}))])),
        ("P06", json!([
            {"op": "remove", "path": "userName"},
            {"op": "add", "path": "userName", "value": "new"},
        ]), with(&[("/userName", json!("new"))])),
        ("P10", json!([{"op": "add", "value": {"nickName": "N", "name": {"middleName": "M"}}}]),
            with(&[("/nickName", json!("N")), ("/name/middleName", json!("M"))])),
        ("P12", op("add", "name", json!({"familyName": "X"})), with(&[("/name/familyName", json!("X"))])),
        ("P13", op("add", "emails", json!([{"value": "W@X", "type": "work"}, {"value": "n@x", "type": "x"}])),
            with(&[("/emails/0/value", json!("W@X")), ("/emails/-", json!({"value": "n@x", "type": "x"}))])),
        ("P14", op("add", "phoneNumbers[type eq \"mobile\"].value", json!("1")),
            with(&[("/phoneNumbers", json!([{"type": "mobile", "value": "1"}]))])),
        ("P14 primary", op("add", "phoneNumbers[primary eq true].value", json!("1")),
            with(&[("/phoneNumbers", json!([{"primary": true, "value": "1"}]))])),
        ("P14 spelling", op("add", "ims[type eq \"Büro\"].value", json!("1")),
            with(&[("/ims", json!([{"type": "Büro", "value": "1"}]))])),
        ("P16 simple", json!([{"op": "remove", "path": "title"}]), with(&[("/title", Value::Null)])),
        ("P16 complex", json!([{"op": "remove", "path": "name"}]), with(&[("/name", Value::Null)])),
        ("P16 parts", json!([{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}]),
            with(&[("/name", Value::Null)])),
        ("P17", json!([{"op": "remove", "path": "emails"}]), with(&[("/emails", Value::Null)])),
        ("P18", json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]), with(&[("/emails/1", Value::Null)])),
        ("P18 last", json!([{"op": "remove", "path": "emails[value pr]"}]), with(&[("/emails", Value::Null)])),
        ("P19", json!([{"op": "remove", "path": "emails[type eq \"work\"].primary"}]), with(&[("/emails/0/primary", Value::Null)])),
        ("P20", op("remove", "emails", json!([{"value": "H@x"}])), with(&[("/emails/1", Value::Null)])),
        ("P20 empty", op("remove", "emails", json!([])), user()),
        ("P20 type", op("remove", "emails", json!([{"value": "h@x", "type": "work"}])), user()),
        ("P22", json!([{"op": "remove", "path": "emails[type eq \"fax\"]"}, {"op": "remove", "path": "nickName"}]), user()),
        ("P24", json!([{"op": "replace", "value": {"active": false}}]), with(&[("/active", json!(false))])),
        ("P25", op("replace", "nickName", json!("N")), with(&[("/nickName", json!("N"))])),
        ("P26", op("replace", "name", json!({"givenName": "X"})), with(&[("/name/givenName", json!("X"))])),
        ("P26 null", op("replace", "name", json!({"givenName": null})), with(&[("/name/givenName", Value::Null)])),
        ("P27", op("replace", "emails", json!([{"value": "n@x"}])), with(&[("/emails", json!([{"value": "n@x"}]))])),
        ("P27 empty", op("replace", "emails", json!([])), with(&[("/emails", Value::Null)])),
        ("P28 value", op("replace", "emails[type eq \"home\"]", json!({"value": "n@x", "type": "home"})),
            with(&[("/emails/1", json!({"value": "n@x", "type": "home"}))])),
        ("P28 all", op("replace", "emails[value co \"@\"].display", json!("D")),
            with(&[("/emails/0/display", json!("D")), ("/emails/1/display", json!("D"))])),
        ("P28 no filter", op("replace", "emails.display", json!("D")),
            with(&[("/emails/0/display", json!("D")), ("/emails/1/display", json!("D"))])),
        ("P31", json!([{"op": "replace", "value": {"id": "42", "schemas": [urn::USER], "meta": {"x": 1}, "groups": [], "title": "N"}}]),
            with(&[("/title", json!("N"))])),
        ("P31 path", op("replace", "id", json!("42")), user()),
        ("P32", op("replace", &dept, json!("X")), with(&[(&format!("/{E}/department"), json!("X"))])),
        ("P32 core", op("replace", "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName", json!("X")),
            with(&[("/name/familyName", json!("X"))])),
        ("P32 whole", op("add", E, json!({"costCenter": "C"})), with(&[(&format!("/{E}/costCenter"), json!("C"))])),
        ("R40", json!([{"op": "remove", "path": E}]), with(&[(&format!("/{E}"), Value::Null)])),
        ("R40 null", op("replace", E, Value::Null), with(&[(&format!("/{E}"), Value::Null)])),
        ("P30", json!([{"op": "replace", "value": {"name.givenName": "X", &dept: "Y", "emails[type eq \"work\"].value": "z@x"}}]),
            with(&[("/name/givenName", json!("X")), (&format!("/{E}/department"), json!("Y")), ("/emails/0/value", json!("z@x"))])),
        ("P33 add", op("add", "emails", json!([{"value": "n@x", "primary": true}])),
            with(&[("/emails/0/primary", json!(false)), ("/emails/-", json!({"value": "n@x", "primary": true}))])),
        ("P33 sub", op("replace", "emails[type eq \"home\"].primary", json!(true)),
            with(&[("/emails/0/primary", json!(false)), ("/emails/1/primary", json!(true))])),
        ("P37 null", op("replace", "title", Value::Null), with(&[("/title", Value::Null)])),
        ("P41", op("replace", "emails[type eq \"work\" and primary eq true].value", json!("z")), with(&[("/emails/0/value", json!("z"))])),
        ("P41 not", json!([{"op": "remove", "path": "emails[not (type eq \"work\")]"}]), with(&[("/emails/1", Value::Null)])),
        ("P42", op("replace", "name[familyName eq \"f\"].givenName", json!("X")), with(&[("/name/givenName", json!("X"))])),
        ("P45", op("add", "emails[value eq \"a\\\"b\\u00e9\"].type", json!("work")),
            with(&[("/emails/-", json!({"value": "a\"bé", "type": "work"}))])),
        ("P46", op("add", "schemas", json!([E])), user()),
        ("password", op("replace", "password", json!("p")), user()),
        ("active stays", json!([{"op": "remove", "path": "active"}]), user()),
        ("externalId", op("add", "externalId", json!("x")), with(&[("/externalId", json!("x"))])),
    ];
    for (row, operations, expected) in cases {
        for strictness in [Strictness::Lenient, Strictness::Rfc] {
            let after = run_in(strictness, &user(), &operations)
                .unwrap_or_else(|error| panic!("{row} {strictness:?}: {error}"));
            assert_eq!(after, expected, "{row} {strictness:?}");
            if row != "P04" && row != "P06" {
                assert_eq!(run_in(strictness, &after, &operations).unwrap(), after, "{row} twice");
            }
        }
    }
}

#[test]
fn the_lenient_reading_understands_the_dialects() {
    let manager = format!("{E}:manager");
    let boss = with(&[(&format!("/{E}/manager/value"), json!("b"))]);
    let no_boss = with(&[(&format!("/{E}/manager"), Value::Null)]);
    let cases: Vec<(&str, Value, Value)> = vec![
        ("C06", op("Replace", "active", json!("False")), with(&[("/active", json!(false))])),
        ("C06 key", json!([{"op": "Replace", "value": {"ActiVe": "FALSE"}}]), with(&[("/active", json!(false))])),
        ("C08", op("Replace", "phoneNumbers[type eq \"mobile\"].value", json!("1")),
            with(&[("/phoneNumbers", json!([{"type": "mobile", "value": "1"}]))])),
        ("C08 address", op("Add", "addresses[type eq \"work\"].streetAddress", json!("S")),
            with(&[("/addresses", json!([{"type": "work", "streetAddress": "S"}]))])),
        ("C09", op("Add", "manager", json!([{"$ref": "http://x/Users/b", "value": "b"}])), boss.clone()),
        ("C09 bare", op("Replace", &manager, json!("b")), boss.clone()),
        ("C09 link", op("Replace", &manager, json!({"$ref": "../Users/b"})), boss.clone()),
        ("C09 object", op("Replace", &manager, json!({"value": "b", "displayName": "B"})), boss.clone()),
        ("C09 value", op("Replace", &format!("{manager}.value"), json!("b")), boss.clone()),
        ("C24 dot", op("replace", &format!("{E}.manager"), json!("b")), boss),
        ("C09 empty", op("Replace", &manager, json!("")), no_boss.clone()),
        ("C09 added empty", op("Add", "manager", json!("")), no_boss.clone()),
        ("C09 null", op("Replace", &manager, Value::Null), no_boss.clone()),
        ("C09 none", op("Replace", &manager, json!([])), no_boss.clone()),
        ("C09 empty object", op("Replace", &manager, json!({"value": ""})), no_boss),
        ("C26", op("Replace", "emails[primary eq true].value", json!("z@x")), with(&[("/emails/0/value", json!("z@x"))])),
        ("P15", json!([{"op": "remove", "value": {"title": "T", "nickName": null}}]), with(&[("/title", Value::Null)])),
        ("P20 strings", op("Remove", "emails", json!(["h@x"])), with(&[("/emails/1", Value::Null)])),
        ("P20 string", op("Remove", "emails", json!("h@x")), with(&[("/emails/1", Value::Null)])),
        ("P20 object", op("Remove", "emails", json!({"value": "h@x", "display": null})), with(&[("/emails/1", Value::Null)])),
        ("P20 nothing", op("Remove", "emails", json!([{}, null])), user()),
        ("P29 sub", op("replace", "emails[type eq \"other\"].value", json!("o")),
            with(&[("/emails/-", json!({"type": "other", "value": "o"}))])),
        ("P29 bare", op("replace", "emails[type eq \"home\"]", json!("o")), with(&[("/emails/1/value", json!("o"))])),
        ("P37 add", op("add", "title", Value::Null), user()),
        ("P38", op("replace", "title", json!(["N"])), with(&[("/title", json!("N"))])),
        ("P38 value", op("replace", "title", json!([{"value": "N"}])), with(&[("/title", json!("N"))])),
        ("cleared", op("replace", "title", json!("")), with(&[("/title", Value::Null)])),
        ("U03", json!([
            {"op": "Replace", "path": "urn:x:custom:2.0:User:shoe", "value": "44"},
            {"op": "Add", "path": "emails[type eq \"other\"].value", "value": "o"},
            {"op": "Replace", "path": "active", "value": "False"},
        ]), with(&[("/active", json!(false)), ("/emails/-", json!({"type": "other", "value": "o"}))])),
        ("bare e-mail", op("add", "emails", json!("n@x")), with(&[("/emails/-", json!({"value": "n@x"}))])),
        ("two primary", op("add", "emails", json!([{"value": "a", "primary": "True"}, {"value": "b", "primary": "True"}])),
            with(&[("/emails/0/primary", json!(false)), ("/emails/-", json!({"value": "a", "primary": true})), ("/emails/-", json!({"value": "b", "primary": false}))])),
    ];
    for (row, operations, expected) in cases {
        let after = run_in(Strictness::Lenient, &user(), &operations);
        let after = after.unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(after, expected, "{row}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_its_name() {
    use ScimType::*;
    let both = [
        ("P02", json!([{"op": "move", "path": "title", "value": "x"}]), InvalidSyntax),
        ("P15", json!([{"op": "remove"}]), NoTarget),
        ("P15 empty", json!([{"op": "remove", "value": {}}]), NoTarget),
        ("P23", json!([{"op": "remove", "path": "userName"}]), Mutability),
        ("P23 read-only", json!([{"op": "remove", "path": "groups"}]), Mutability),
        ("P23 id", json!([{"op": "remove", "path": "id"}]), Mutability),
        ("P23 schemas", json!([{"op": "remove", "path": "schemas"}]), Mutability),
        ("R17", op("replace", "meta.created", json!("x")), Mutability),
        ("R17 groups", op("add", "groups", json!([{"value": "g"}])), Mutability),
        ("R17 name", op("replace", "manager.displayName", json!("x")), Mutability),
        ("P31", json!([{"op": "replace", "value": {"id": "43"}}]), Mutability),
        ("P31 path", op("replace", "id", json!("43")), Mutability),
        ("P37", json!([{"op": "add", "path": "title"}]), InvalidValue),
        ("P37 root", json!([{"op": "replace"}]), InvalidValue),
        ("P10", json!([{"op": "add", "value": "x"}]), InvalidValue),
        ("R07", op("replace", "title", json!({"a": 1})), InvalidValue),
        ("R07 number", op("replace", "title", json!(1)), InvalidValue),
        ("R07 name", op("replace", "name", json!("x")), InvalidValue),
        ("R07 active", op("replace", "active", json!("maybe")), InvalidValue),
        ("R07 active 1", op("replace", "active", json!(1)), InvalidValue),
        ("H11", op("replace", "userName", json!("  ")), InvalidValue),
        ("H11 null", op("replace", "userName", Value::Null), InvalidValue),
        ("E07", op("replace", "foo[", json!("x")), InvalidPath),
        ("E07 dots", op("replace", "name..x", json!("x")), InvalidPath),
        ("E02", op("replace", "emails[type zz 1].value", json!("x")), InvalidFilter),
        ("E02 or", op("replace", "emails[type eq \"a\" or type eq \"b\"].value", json!("x")), NoTarget),
        ("P42", op("replace", "name[familyName eq \"zz\"].givenName", json!("x")), NoTarget),
        ("X02", op("replace", "actve", json!(false)), InvalidPath),
        ("X02 sub", op("replace", "active.value", json!(false)), InvalidPath),
        ("X02 key", json!([{"op": "replace", "value": {"Actived": false}}]), InvalidPath),
        ("X02 name", json!([{"op": "replace", "value": {"user_name": "x"}}]), InvalidPath),
        ("null", op("replace", "title", json!("a\0b")), InvalidValue),
        ("R10", op("add", "x509Certificates", json!([{"value": "***"}])), InvalidValue),
    ];
    for (row, operations, expected) in both {
        for strictness in [Strictness::Lenient, Strictness::Rfc] {
            let error = run_in(strictness, &user(), &operations).unwrap_err();
            assert_eq!(error.scim_type, Some(expected), "{row} {strictness:?} {error}");
        }
    }
    for (row, operations, expected) in [
        ("P29", op("replace", "emails[type eq \"fax\"].value", json!("x")), NoTarget),
        ("P35", op("replace", "shoeSize", json!("x")), InvalidPath),
        ("P37", op("add", "title", Value::Null), InvalidValue),
        ("R08", op("replace", "active", json!("False")), InvalidValue),
        ("R16", op("add", "emails", json!(["a@b"])), InvalidValue),
        ("R38", op("replace", "manager", json!("x")), InvalidValue),
        ("P15", json!([{"op": "remove", "value": {"title": "x"}}]), NoTarget),
        ("R13", op("replace", "emails", json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}])), InvalidValue),
        ("P33", op("replace", "emails.primary", json!(true)), InvalidValue),
        ("R41", op("replace", "name", json!({"foo": "x"})), InvalidSyntax),
    ] {
        let error = run_in(Strictness::Rfc, &user(), &operations).unwrap_err();
        assert_eq!(error.scim_type, Some(expected), "{row} {error}");
    }
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

fn changes_in(strictness: Strictness, operations: Value) -> Result<Vec<MemberChange>, Error> {
    Ok(Patch::parse(&GROUP_TYPE, request(operations), strictness)?.split().0)
}

fn new(value: &str) -> NewMember {
    NewMember { value: value.into(), kind: None }
}

fn ids(values: &[&str]) -> Vec<String> {
    values.iter().map(|it| (*it).to_owned()).collect()
}

#[test]
fn operations_on_members_become_changes() {
    use MemberChange::*;
    let one = || Remove(ids(&["a"]));
    let cases: Vec<(&str, Value, Vec<MemberChange>)> = vec![
        ("C12", op("Add", "members", json!([{"$ref": null, "value": "a"}])), vec![Add(vec![new("a")])]),
        ("C37 type", op("add", "members", json!([{"value": "a", "type": "group", "display": "x"}])),
            vec![Add(vec![NewMember { value: "a".into(), kind: Some(MemberKind::Group) }])]),
        ("P17", json!([{"op": "remove", "path": "members"}]), vec![RemoveAll]),
        ("P18", json!([{"op": "remove", "path": "members[value eq \"a\"]"}]), vec![one()]),
        ("P41", json!([{"op": "remove", "path": "members[value eq \"a\" or value eq \"b\"]"}]), vec![Remove(ids(&["a", "b"]))]),
        ("P20", op("Remove", "members", json!([{"value": "a"}])), vec![one()]),
        ("P21 object", op("Remove", "members", json!({"$ref": null, "value": "a", "display": "x"})), vec![one()]),
        ("P21 strings", op("Remove", "members", json!(["a", "b"])), vec![Remove(ids(&["a", "b"]))]),
        ("P21 string", op("Remove", "members", json!("a")), vec![one()]),
        ("P21 empty", op("Remove", "members", json!([])), vec![]),
        ("P21 nulls", op("Remove", "members", json!([null])), vec![]),
        ("P21 link", op("Remove", "members", json!([{"$ref": "https://x/Users/a"}])), vec![one()]),
        ("P15", json!([{"op": "remove", "value": {"members": [{"value": "a"}]}}]), vec![one()]),
        ("P27", op("replace", "members", json!([{"value": "a"}, {"value": "a"}])), vec![Set(vec![new("a")])]),
        ("P27 empty", op("replace", "members", json!([])), vec![RemoveAll]),
        ("P24", json!([{"op": "replace", "value": {"members": [{"value": "a"}]}}]), vec![Set(vec![new("a")])]),
        ("P14", op("add", "members[value eq \"a\"]", json!({"value": "a"})), vec![Add(vec![new("a")])]),
        ("add none", op("add", "members", json!([])), vec![]),
        ("display", op("add", "members[value eq \"a\"].display", json!("x")), vec![]),
        ("C37", json!([
            {"op": "remove", "path": "members[value eq \"a\"]"},
            {"op": "remove", "path": "members[value eq \"b\"]"},
            {"op": "add", "path": "members", "value": [{"value": "c"}]},
            {"op": "add", "path": "members", "value": [{"value": "d"}]},
            {"op": "remove", "path": "members", "value": [{"value": "c"}]},
        ]), vec![Remove(ids(&["a", "b"])), Add(vec![new("c"), new("d")]), Remove(ids(&["c"]))]),
        ("overruled", json!([
            {"op": "add", "path": "members", "value": [{"value": "c"}]},
            {"op": "replace", "path": "members", "value": [{"value": "d"}]},
        ]), vec![Set(vec![new("d")])]),
        ("urn", op("add", "urn:ietf:params:scim:schemas:core:2.0:Group:members", json!([{"value": "a"}])), vec![Add(vec![new("a")])]),
    ];
    for (row, operations, expected) in cases {
        let changes = changes_in(Strictness::Lenient, operations);
        assert_eq!(changes.unwrap_or_else(|e| panic!("{row}: {e}")), expected, "{row}");
    }
    let by_type = json!([{"op": "remove", "path": "members[type eq \"User\"]"}]);
    let changes = changes_in(Strictness::Rfc, by_type).unwrap();
    let [RemoveWhere(filter)] = changes.as_slice() else { panic!("{changes:?}") };
    assert!(filter.matches_element(&object(json!({"value": "a", "type": "User"}))));
    assert!(!filter.matches_element(&object(json!({"value": "a", "type": "Group"}))));
}

#[test]
fn bad_operations_on_members_are_refused() {
    use ScimType::*;
    for (operations, expected) in [
        (op("remove", "members", json!([{"display": "x"}])), InvalidValue),
        (op("remove", "members", json!([{"value": 1}])), InvalidValue),
        (op("remove", "members", json!([{"value": ""}])), InvalidValue),
        (op("add", "members", json!([{}])), InvalidValue),
        (json!([{"op": "add", "path": "members"}]), InvalidValue),
        (op("replace", "members[value eq \"a\"]", json!({"value": "b"})), Mutability),
        (op("replace", "members[value eq \"a\"].value", json!("b")), Mutability),
        (json!([{"op": "remove", "path": "members.value"}]), Mutability),
        (op("add", "membres", json!([{"value": "a"}])), InvalidPath),
        (op("add", "Member", json!([{"value": "a"}])), InvalidPath),
        (json!([{"op": "remove", "path": "members[value eq]"}]), InvalidFilter),
    ] {
        let error = changes_in(Strictness::Lenient, operations.clone()).unwrap_err();
        assert_eq!(error.scim_type, Some(expected), "{operations} {error}");
    }
    let many = |n: usize| (0..n).map(|i| json!({"value": i.to_string()})).collect::<Vec<_>>();
    let add = |n| op("add", "members", Value::Array(many(n)));
    assert!(changes_in(Strictness::Rfc, add(20_000)).is_ok());
    assert_eq!(changes_in(Strictness::Rfc, add(20_001)).unwrap_err().status, 413);
}

#[test]
fn okta_renames_a_group_with_its_id() {
    let group = Resource::from_document(&GROUP_TYPE, object(json!({"displayName": "old"})));
    let body = request(json!([{"op": "replace", "value": {"id": "42", "displayName": "new"}}]));
    let (changes, rest) = Patch::parse(&GROUP_TYPE, body, Strictness::Lenient).unwrap().split();
    assert!(changes.is_empty());
    assert_eq!(rest.apply(&group, "42").unwrap().display_name(), Some("new"));
    assert_eq!(rest.apply(&group, "43").unwrap_err().scim_type, Some(ScimType::Mutability));
    assert_eq!(group.document().get("active"), None);
}

#[test]
fn a_costly_request_is_refused() {
    let emails: Vec<Value> = (0..1_000).map(|i| json!({"value": format!("{i}@x")})).collect();
    let before = json!({"userName": "b", "active": true, "emails": emails});
    let filter = vec!["value eq \"none\""; 200].join(" or ");
    let operation = json!({"op": "remove", "path": format!("emails[{filter}]")});
    let operations = Value::Array(vec![operation; 100]);
    assert_eq!(run_in(Strictness::Lenient, &before, &operations).unwrap_err().status, 413);
    let more: Vec<Value> = (0..1_001).map(|i| json!({"value": format!("{i}@y")})).collect();
    let operations = op("add", "emails", Value::Array(more));
    assert_eq!(run_in(Strictness::Lenient, &before, &operations).unwrap_err().status, 413);
}
