//! Bodies of POST and PUT by table, in both readings.

use serde_json::json;

use super::*;
use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};
use crate::scim::error::ScimType;
use crate::scim::members::MemberKind;
use crate::scim::urn;

const E: &str = urn::ENTERPRISE_USER;

fn object(value: Value) -> Map {
    let Value::Object(map) = value else {
        panic!("an object")
    };
    map
}

fn body(more: Value) -> Value {
    let mut map = object(json!({"schemas": [urn::USER], "userName": "bob"}));
    map.extend(object(more));
    Value::Object(map)
}

fn document(more: Value) -> Map {
    let mut map = object(json!({"userName": "bob", "active": true}));
    map.extend(object(more));
    map
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_body_becomes_a_document() {
    for (row, more, expected) in [
        ("plain", json!({}), json!({})),
        (
            "R03",
            json!({"TITLE": "T", "Name": {"FAMILYNAME": "F"}}),
            json!({"title": "T", "name": {"familyName": "F"}}),
        ),
        (
            "R06",
            json!({"title": null, "emails": [], "name": {}, "addresses": null, "roles": []}),
            json!({}),
        ),
        (
            "R06 parts",
            json!({"name": {"familyName": null}, "emails": [null]}),
            json!({}),
        ),
        (
            "R14",
            json!({"emails": [{"value": "a@B", "type": "work"}, {"value": "A@b", "type": "Work", "primary": true}]}),
            json!({"emails": [{"value": "a@B", "type": "work", "primary": true}]}),
        ),
        (
            "R15",
            json!({"phoneNumbers": [{"value": "+1 555"}]}),
            json!({"phoneNumbers": [{"value": "+1 555"}]}),
        ),
        (
            "R17",
            json!({"id": "x", "meta": {"resourceType": "User"}, "groups": [{"value": "g"}]}),
            json!({}),
        ),
        ("R24", json!({"externalId": ""}), json!({})),
        (
            "R24 kept",
            json!({"externalId": "X"}),
            json!({"externalId": "X"}),
        ),
        ("R30", json!({"password": {"any": ["thing"]}}), json!({})),
        ("H16", json!({"active": false}), json!({"active": false})),
        (
            "R37",
            json!({E: {"department": "D", "manager": {"value": "m", "displayName": "M", "$ref": "../Users/m"}}}),
            json!({E: {"department": "D", "manager": {"value": "m"}}}),
        ),
        ("R40", json!({E: {"department": null}}), json!({})),
        ("R40 null", json!({E: null}), json!({})),
        (
            "R44",
            json!({"schemas": [urn::USER, E, urn::USER]}),
            json!({}),
        ),
        (
            "R10",
            json!({"x509Certificates": [{"value": "MIIB-_8"}]}),
            json!({"x509Certificates": [{"value": "MIIB-_8"}]}),
        ),
        (
            "empty element",
            json!({"emails": [{"value": "", "type": "work", "primary": true}, {"value": "a@b", "primary": true}]}),
            json!({"emails": [{"value": "a@b", "primary": true}]}),
        ),
    ] {
        for strictness in [Strictness::Lenient, Strictness::Rfc] {
            let draft = create(&USER_TYPE, body(more.clone()), strictness)
                .unwrap_or_else(|error| panic!("{row}: {error}"));
            assert_eq!(
                *draft.resource.document(),
                document(expected.clone()),
                "{row}"
            );
            assert!(draft.ignored.is_empty() && draft.members.is_none(), "{row}");
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_lenient_reading_understands_the_dialects() {
    let manager = || json!({E: {"manager": {"value": "m"}}});
    for (row, more, expected, ignored) in [
        (
            "R08",
            json!({"active": "False", "emails": [{"value": "a", "primary": "TRUE"}]}),
            json!({"active": false, "emails": [{"value": "a", "primary": true}]}),
            vec![],
        ),
        (
            "R16",
            json!({"emails": ["a@b"]}),
            json!({"emails": [{"value": "a@b"}]}),
            vec![],
        ),
        (
            "one",
            json!({"emails": {"value": "a@b"}}),
            json!({"emails": [{"value": "a@b"}]}),
            vec![],
        ),
        ("R38", json!({E: {"manager": "m"}}), manager(), vec![]),
        ("R38 empty", json!({E: {"manager": ""}}), json!({}), vec![]),
        (
            "C09",
            json!({E: {"manager": [{"$ref": "http://x/Users/m"}]}}),
            manager(),
            vec![],
        ),
        (
            "C04",
            json!({"urn:ietf:params:scim:schemas:extension:enterprise:2.0User": {"manager": "m"}}),
            manager(),
            vec![],
        ),
        (
            "C51",
            json!({"schemas": ["urn:scim:schemas:core:1.0"], "urn:scim:schemas:extension:enterprise:1.0": {"manager": "m"}}),
            manager(),
            vec![],
        ),
        (
            "C54",
            json!({"emails": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}),
            json!({"emails": [{"value": "a", "primary": true}, {"value": "b", "primary": false}]}),
            vec![],
        ),
        (
            "R41",
            json!({"foo": 1, "name": {"nick": "x"}, E: {"shoe": 4}, "urn:x": {}}),
            json!({}),
            vec![
                "foo",
                "name.nick",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:shoe",
                "urn:x",
            ],
        ),
        (
            "R02",
            json!({"schemas": [urn::USER, "http://schemas.microsoft.com/x"]}),
            json!({}),
            vec!["http://schemas.microsoft.com/x"],
        ),
        (
            "R47",
            json!({"addresses": [{"country": "Germany"}]}),
            json!({"addresses": [{"country": "Germany"}]}),
            vec![],
        ),
        (
            "profileUrl",
            json!({"profileUrl": "my page"}),
            json!({"profileUrl": "my page"}),
            vec![],
        ),
    ] {
        let draft = create(&USER_TYPE, body(more.clone()), Strictness::Lenient)
            .unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(*draft.resource.document(), document(expected), "{row}");
        let mut found = draft.ignored;
        found.sort();
        assert_eq!(found, ignored, "{row}");
        let strict = create(&USER_TYPE, body(more), Strictness::Rfc);
        assert_eq!(strict.map_err(|error| error.status), Err(400), "{row}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_bad_body_is_refused() {
    use ScimType::*;
    for (row, body, expected) in [
        ("R01", json!({"userName": "b"}), InvalidSyntax),
        (
            "R01 empty",
            json!({"schemas": [], "userName": "b"}),
            InvalidSyntax,
        ),
        (
            "R01 extension",
            json!({"schemas": [E], "userName": "b"}),
            InvalidSyntax,
        ),
        (
            "R01 unknown",
            json!({"schemas": ["urn:x"], "userName": "b"}),
            InvalidSyntax,
        ),
        (
            "R01 type",
            json!({"schemas": [1], "userName": "b"}),
            InvalidSyntax,
        ),
        ("array", json!([]), InvalidSyntax),
        ("H11", json!({"schemas": [urn::USER]}), InvalidValue),
        ("H11 empty", body(json!({"userName": ""})), InvalidValue),
        ("H11 blank", body(json!({"userName": " \t"})), InvalidValue),
        ("H11 null", body(json!({"userName": null})), InvalidValue),
        ("R07", body(json!({"userName": 1})), InvalidValue),
        ("R07 title", body(json!({"title": {"a": 1}})), InvalidValue),
        ("R07 name", body(json!({"name": "x"})), InvalidValue),
        (
            "R07 active",
            body(json!({"active": "perhaps"})),
            InvalidValue,
        ),
        ("R07 emails", body(json!({"emails": [1]})), InvalidValue),
        ("R07 extension", body(json!({E: "x"})), InvalidValue),
        (
            "R10",
            body(json!({"x509Certificates": [{"value": "no base64!"}]})),
            InvalidValue,
        ),
        ("null", body(json!({"title": "a\0"})), InvalidValue),
        ("R33", json!({"schemas": [urn::GROUP]}), InvalidSyntax),
    ] {
        for strictness in [Strictness::Lenient, Strictness::Rfc] {
            let error = create(&USER_TYPE, body.clone(), strictness).unwrap_err();
            assert_eq!(error.scim_type, Some(expected), "{row} {error}");
        }
    }
    for (row, more) in [
        (
            "R47 country",
            json!({"addresses": [{"country": "Germany"}]}),
        ),
        (
            "R47 certificate",
            json!({"x509Certificates": [{"value": "AAAA"}]}),
        ),
        ("R11", json!({"profileUrl": "my page"})),
    ] {
        assert!(
            create(&USER_TYPE, body(more), Strictness::Rfc).is_err(),
            "{row}"
        );
    }
}

#[test]
fn a_put_keeps_the_flag_it_does_not_name() {
    let current = Resource::from_document(
        &USER_TYPE,
        object(json!({"userName": "bob", "active": false, "title": "T", "externalId": "x"})),
    );
    for (more, active) in [
        (json!({}), false),
        (json!({"active": null}), false),
        (json!({"active": true}), true),
    ] {
        let draft = replace(&USER_TYPE, &current, body(more), Strictness::Rfc).unwrap();
        assert_eq!(
            *draft.resource.document(),
            document(json!({"active": active}))
        );
    }
    let echoed = body(json!({"id": "42", "meta": {"location": "Users/42"}, "groups": []}));
    let draft = replace(&USER_TYPE, &current, echoed, Strictness::Rfc).unwrap();
    assert_eq!(draft.client_id.as_deref(), Some("42"));
}

#[test]
fn the_members_of_a_group_are_read() {
    let read = |members: Value, strictness| {
        let mut body = json!({"schemas": [urn::GROUP], "displayName": "G"});
        if !members.is_null() {
            body["Members"] = members;
        }
        create(&GROUP_TYPE, body, strictness)
    };
    let values = |members: Value| -> Option<Vec<String>> {
        let draft = read(members, Strictness::Lenient).unwrap();
        assert_eq!(
            *draft.resource.document(),
            object(json!({"displayName": "G"}))
        );
        Some(
            draft
                .members?
                .into_iter()
                .map(|member| member.value)
                .collect(),
        )
    };
    assert_eq!(values(Value::Null), None);
    assert_eq!(values(json!([])), Some(vec![]));
    assert_eq!(
        values(json!([{"value": "a"}, {"value": "a"}, "b"])),
        Some(vec!["a".into(), "b".into()])
    );
    let typed = read(json!([{"value": "a", "type": "GROUP"}]), Strictness::Rfc).unwrap();
    assert_eq!(typed.members.unwrap()[0].kind, Some(MemberKind::Group));
    assert!(read(json!([{"display": "a"}]), Strictness::Lenient).is_err());
    assert!(read(json!(["a"]), Strictness::Rfc).is_err());
    let many: Vec<Value> = (0..20_001)
        .map(|i| json!({"value": i.to_string()}))
        .collect();
    assert_eq!(
        read(Value::Array(many), Strictness::Lenient)
            .unwrap_err()
            .status,
        413
    );
    let nameless = json!({"schemas": [urn::GROUP], "members": []});
    let error = create(&GROUP_TYPE, nameless, Strictness::Lenient).unwrap_err();
    assert_eq!(error.scim_type, Some(ScimType::InvalidValue));
}

#[test]
fn the_bodies_of_okta_and_entra_are_taken() {
    let okta = json!({
        "schemas": [urn::USER], "userName": "test.user@okta.local",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": true, "value": "test.user@okta.local", "type": "work"}],
        "displayName": "Test User", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [], "password": "1mz050nq", "active": true,
    });
    let draft = create(&USER_TYPE, okta, Strictness::Rfc).unwrap();
    assert!(draft.ignored.is_empty() && !draft.resource.document().contains_key("password"));
    assert_eq!(
        draft.resource.sign_in_address(),
        Some("test.user@okta.local")
    );
    let entra = json!({
        "schemas": [urn::USER, E], "externalId": "0a21f0f2", "userName": "Test_User", "active": true,
        "addresses": null, "phoneNumbers": null, "roles": [], "meta": {"resourceType": "User"},
        "emails": [{"primary": true, "type": "work", "value": "T@testuser.com"}],
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
        E: {"manager": "123456"},
    });
    let draft = create(&USER_TYPE, entra, Strictness::Lenient).unwrap();
    assert_eq!(draft.resource.manager(), Some("123456"));
    assert_eq!(draft.resource.schemas(), [urn::USER, E]);
    let group = json!({
        "schemas": [urn::GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0", "displayName": "displayName", "meta": {"resourceType": "Group"},
    });
    let draft = create(&GROUP_TYPE, group, Strictness::Lenient).unwrap();
    assert_eq!(draft.resource.schemas(), [urn::GROUP]);
    assert_eq!(draft.ignored.len(), 1);
}
