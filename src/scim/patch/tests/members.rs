//! Operations on the members of a group, which become changes of a relation.

use super::*;
use crate::scim::members::MemberKind;

fn changes_in(strictness: Strictness, operations: Value) -> Result<Vec<MemberChange>, Error> {
    Ok(Patch::parse(&GROUP_TYPE, request(operations), strictness)?
        .split()
        .0)
}

fn new(value: &str) -> NewMember {
    NewMember {
        value: value.into(),
        kind: None,
    }
}

fn ids(values: &[&str]) -> Vec<String> {
    values.iter().map(|it| (*it).to_owned()).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn operations_on_members_become_changes() {
    use MemberChange::*;
    let one = || Remove(ids(&["a"]));
    let cases: Vec<(&str, Value, Vec<MemberChange>)> = vec![
        (
            "C12",
            op("Add", "members", json!([{"$ref": null, "value": "a"}])),
            vec![Add(vec![new("a")])],
        ),
        (
            "C37 type",
            op(
                "add",
                "members",
                json!([{"value": "a", "type": "group", "display": "x"}]),
            ),
            vec![Add(vec![NewMember {
                value: "a".into(),
                kind: Some(MemberKind::Group),
            }])],
        ),
        (
            "P17",
            json!([{"op": "remove", "path": "members"}]),
            vec![RemoveAll],
        ),
        (
            "P18",
            json!([{"op": "remove", "path": "members[value eq \"a\"]"}]),
            vec![one()],
        ),
        (
            "P41",
            json!([{"op": "remove", "path": "members[value eq \"a\" or value eq \"b\"]"}]),
            vec![Remove(ids(&["a", "b"]))],
        ),
        (
            "P20",
            op("Remove", "members", json!([{"value": "a"}])),
            vec![one()],
        ),
        (
            "P21 object",
            op(
                "Remove",
                "members",
                json!({"$ref": null, "value": "a", "display": "x"}),
            ),
            vec![one()],
        ),
        (
            "P21 strings",
            op("Remove", "members", json!(["a", "b"])),
            vec![Remove(ids(&["a", "b"]))],
        ),
        (
            "P21 string",
            op("Remove", "members", json!("a")),
            vec![one()],
        ),
        ("P21 empty", op("Remove", "members", json!([])), vec![]),
        ("P21 nulls", op("Remove", "members", json!([null])), vec![]),
        (
            "P21 link",
            op("Remove", "members", json!([{"$ref": "https://x/Users/a"}])),
            vec![one()],
        ),
        (
            "P15",
            json!([{"op": "remove", "value": {"members": [{"value": "a"}]}}]),
            vec![one()],
        ),
        (
            "P27",
            op(
                "replace",
                "members",
                json!([{"value": "a"}, {"value": "a"}]),
            ),
            vec![Set(vec![new("a")])],
        ),
        (
            "P27 empty",
            op("replace", "members", json!([])),
            vec![RemoveAll],
        ),
        (
            "P24",
            json!([{"op": "replace", "value": {"members": [{"value": "a"}]}}]),
            vec![Set(vec![new("a")])],
        ),
        (
            "P14",
            op("add", "members[value eq \"a\"]", json!({"value": "a"})),
            vec![Add(vec![new("a")])],
        ),
        ("add none", op("add", "members", json!([])), vec![]),
        (
            "display",
            op("add", "members[value eq \"a\"].display", json!("x")),
            vec![],
        ),
        (
            "C37",
            json!([
                {"op": "remove", "path": "members[value eq \"a\"]"},
                {"op": "remove", "path": "members[value eq \"b\"]"},
                {"op": "add", "path": "members", "value": [{"value": "c"}]},
                {"op": "add", "path": "members", "value": [{"value": "d"}]},
                {"op": "remove", "path": "members", "value": [{"value": "c"}]},
            ]),
            vec![
                Remove(ids(&["a", "b"])),
                Add(vec![new("c"), new("d")]),
                Remove(ids(&["c"])),
            ],
        ),
        (
            "overruled",
            json!([
                {"op": "add", "path": "members", "value": [{"value": "c"}]},
                {"op": "replace", "path": "members", "value": [{"value": "d"}]},
            ]),
            vec![Set(vec![new("d")])],
        ),
        (
            "urn",
            op(
                "add",
                "urn:ietf:params:scim:schemas:core:2.0:Group:members",
                json!([{"value": "a"}]),
            ),
            vec![Add(vec![new("a")])],
        ),
    ];
    for (row, operations, expected) in cases {
        let changes = changes_in(Strictness::Lenient, operations);
        assert_eq!(
            changes.unwrap_or_else(|e| panic!("{row}: {e}")),
            expected,
            "{row}"
        );
    }
    let by_type = json!([{"op": "remove", "path": "members[type eq \"User\"]"}]);
    let changes = changes_in(Strictness::Rfc, by_type).unwrap();
    let [RemoveWhere(filter)] = changes.as_slice() else {
        panic!("{changes:?}")
    };
    assert!(filter.matches_element(&object(json!({"value": "a", "type": "User"}))));
    assert!(!filter.matches_element(&object(json!({"value": "a", "type": "Group"}))));
}

#[test]
fn bad_operations_on_members_are_refused() {
    use ScimType::*;
    for (operations, expected) in [
        (
            op("remove", "members", json!([{"display": "x"}])),
            InvalidValue,
        ),
        (op("remove", "members", json!([{"value": 1}])), InvalidValue),
        (
            op("remove", "members", json!([{"value": ""}])),
            InvalidValue,
        ),
        (op("add", "members", json!([{}])), InvalidValue),
        (json!([{"op": "add", "path": "members"}]), InvalidValue),
        (
            op("replace", "members[value eq \"a\"]", json!({"value": "b"})),
            Mutability,
        ),
        (
            op("replace", "members[value eq \"a\"].value", json!("b")),
            Mutability,
        ),
        (
            json!([{"op": "remove", "path": "members.value"}]),
            Mutability,
        ),
        (op("add", "membres", json!([{"value": "a"}])), InvalidPath),
        (op("add", "Member", json!([{"value": "a"}])), InvalidPath),
        (
            json!([{"op": "remove", "path": "members[value eq]"}]),
            InvalidFilter,
        ),
    ] {
        let error = changes_in(Strictness::Lenient, operations.clone()).unwrap_err();
        assert_eq!(error.scim_type, Some(expected), "{operations} {error}");
    }
    let many = |n: usize| {
        (0..n)
            .map(|i| json!({"value": i.to_string()}))
            .collect::<Vec<_>>()
    };
    let add = |n| op("add", "members", Value::Array(many(n)));
    assert!(changes_in(Strictness::Rfc, add(20_000)).is_ok());
    assert_eq!(
        changes_in(Strictness::Rfc, add(20_001)).unwrap_err().status,
        413
    );
}
