//! What is refused, and by which keyword (RFC 7644 table 9).

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_cannot_be_done_is_refused_by_its_name() {
    use ScimType::*;
    let both = [
        (
            "P02",
            json!([{"op": "move", "path": "title", "value": "x"}]),
            InvalidSyntax,
        ),
        ("P15", json!([{"op": "remove"}]), NoTarget),
        (
            "P15 empty",
            json!([{"op": "remove", "value": {}}]),
            NoTarget,
        ),
        (
            "P23",
            json!([{"op": "remove", "path": "userName"}]),
            Mutability,
        ),
        (
            "P23 read-only",
            json!([{"op": "remove", "path": "groups"}]),
            Mutability,
        ),
        (
            "P23 id",
            json!([{"op": "remove", "path": "id"}]),
            Mutability,
        ),
        (
            "P23 schemas",
            json!([{"op": "remove", "path": "schemas"}]),
            Mutability,
        ),
        ("R17", op("replace", "meta.created", json!("x")), Mutability),
        (
            "R17 groups",
            op("add", "groups", json!([{"value": "g"}])),
            Mutability,
        ),
        (
            "R17 name",
            op("replace", "manager.displayName", json!("x")),
            Mutability,
        ),
        (
            "P31",
            json!([{"op": "replace", "value": {"id": "43"}}]),
            Mutability,
        ),
        ("P31 path", op("replace", "id", json!("43")), Mutability),
        ("P37", json!([{"op": "add", "path": "title"}]), InvalidValue),
        ("P37 root", json!([{"op": "replace"}]), InvalidValue),
        ("P10", json!([{"op": "add", "value": "x"}]), InvalidValue),
        ("R07", op("replace", "title", json!({"a": 1})), InvalidValue),
        ("R07 number", op("replace", "title", json!(1)), InvalidValue),
        ("R07 name", op("replace", "name", json!("x")), InvalidValue),
        (
            "R07 active",
            op("replace", "active", json!("maybe")),
            InvalidValue,
        ),
        (
            "R07 active 1",
            op("replace", "active", json!(1)),
            InvalidValue,
        ),
        ("H11", op("replace", "userName", json!("  ")), InvalidValue),
        (
            "H11 null",
            op("replace", "userName", Value::Null),
            InvalidValue,
        ),
        ("E07", op("replace", "foo[", json!("x")), InvalidPath),
        (
            "E07 dots",
            op("replace", "name..x", json!("x")),
            InvalidPath,
        ),
        (
            "E02",
            op("replace", "emails[type zz 1].value", json!("x")),
            InvalidFilter,
        ),
        (
            "E02 or",
            op(
                "replace",
                "emails[type eq \"a\" or type eq \"b\"].value",
                json!("x"),
            ),
            NoTarget,
        ),
        (
            "P42",
            op(
                "replace",
                "name[familyName eq \"zz\"].givenName",
                json!("x"),
            ),
            NoTarget,
        ),
        ("X02", op("replace", "actve", json!(false)), InvalidPath),
        (
            "X02 sub",
            op("replace", "active.value", json!(false)),
            InvalidPath,
        ),
        (
            "X02 key",
            json!([{"op": "replace", "value": {"Actived": false}}]),
            InvalidPath,
        ),
        (
            "X02 name",
            json!([{"op": "replace", "value": {"user_name": "x"}}]),
            InvalidPath,
        ),
        ("null", op("replace", "title", json!("a\0b")), InvalidValue),
        (
            "R10",
            op("add", "x509Certificates", json!([{"value": "***"}])),
            InvalidValue,
        ),
    ];
    for (row, operations, expected) in both {
        for strictness in [Strictness::Lenient, Strictness::Rfc] {
            let error = run_in(strictness, &user(), &operations).unwrap_err();
            assert_eq!(
                error.scim_type,
                Some(expected),
                "{row} {strictness:?} {error}"
            );
        }
    }
    for (row, operations, expected) in [
        (
            "P29",
            op("replace", "emails[type eq \"fax\"].value", json!("x")),
            NoTarget,
        ),
        ("P35", op("replace", "shoeSize", json!("x")), InvalidPath),
        ("P37", op("add", "title", Value::Null), InvalidValue),
        ("R08", op("replace", "active", json!("False")), InvalidValue),
        ("R16", op("add", "emails", json!(["a@b"])), InvalidValue),
        ("R38", op("replace", "manager", json!("x")), InvalidValue),
        (
            "P15",
            json!([{"op": "remove", "value": {"title": "x"}}]),
            NoTarget,
        ),
        (
            "R13",
            op(
                "replace",
                "emails",
                json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}]),
            ),
            InvalidValue,
        ),
        (
            "P33",
            op("replace", "emails.primary", json!(true)),
            InvalidValue,
        ),
        (
            "R41",
            op("replace", "name", json!({"foo": "x"})),
            InvalidSyntax,
        ),
    ] {
        let error = run_in(Strictness::Rfc, &user(), &operations).unwrap_err();
        assert_eq!(error.scim_type, Some(expected), "{row} {error}");
    }
}
