//! Paths by table.

use super::*;
use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};

#[test]
fn names_resolve_to_one_spelling() {
    const E: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for (text, key) in [
        ("userName", "userName"),
        ("USERNAME", "userName"),
        ("Name.FamilyName", "name.familyName"),
        ("meta.lastmodified", "meta.lastModified"),
        ("id", "id"),
        ("externalID", "externalId"),
        ("schemas", "schemas"),
        ("emails", "emails"),
        ("emails.type", "emails.type"),
        ("groups.$ref", "groups.$ref"),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:userName",
            "userName",
        ),
        (
            "URN:ietf:params:scim:SCHEMAS:core:2.0:user:name.givenname",
            "name.givenName",
        ),
        ("urn:ietf:params:scim:schemas:core:2.0:User:id", "id"),
        (&format!("{E}:department"), &format!("{E}:department")),
        (&format!("{E}:manager.value"), &format!("{E}:manager.value")),
        (&format!("{E}.manager"), &format!("{E}:manager")),
        (&format!("{E}.manager.value"), &format!("{E}:manager.value")),
        ("manager", &format!("{E}:manager")),
        ("urn:scim:schemas:core:1.0:emails.value", "emails.value"),
        (
            "urn:scim:schemas:extension:enterprise:1.0:department",
            &format!("{E}:department"),
        ),
    ] {
        assert_eq!(
            AttributePath::parse(&USER_TYPE, text).unwrap().key(),
            key,
            "{text}"
        );
    }
}

#[test]
fn what_names_nothing_is_told_apart() {
    for text in [
        "",
        ".",
        "a..b",
        "name.",
        "na me",
        "emails.value.x",
        "2x",
        "na%e",
        "é",
    ] {
        let fault = AttributePath::resolve(&USER_TYPE, text).unwrap_err();
        assert!(matches!(fault, Fault::Malformed(_)), "{text:?} {fault:?}");
    }
    for text in [
        "foo",
        "name.foo",
        "userName.x",
        "members",
        "urn:x:y:z",
        "urn:ietf:params:scim:schemas:core:2.0:Group:members",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName",
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:core:2.0:Username",
    ] {
        let fault = AttributePath::resolve(&USER_TYPE, text).unwrap_err();
        assert!(matches!(fault, Fault::Unknown(_)), "{text:?} {fault:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn patch_paths_are_read() {
    let read = |text| PatchPath::resolve(&USER_TYPE, text, Strictness::Lenient);
    let shown = |text| match read(text).unwrap() {
        PatchPath::Schema(schema) => schema.urn.to_owned(),
        PatchPath::Attribute {
            path,
            selection: None,
        } => path.key(),
        PatchPath::Attribute {
            path,
            selection: Some(selection),
        } => {
            format!("{} {}", path.key(), selection.filter)
        }
    };
    for (text, expected) in [
        (
            "emails[type eq \"work\"].value",
            "emails.value emails.type eq \"work\"",
        ),
        (
            "emails[type eq \"a]\\\"b\"]",
            "emails emails.type eq \"a]\\\"b\"",
        ),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:emails[primary eq True].value",
            "emails.value emails.primary eq true",
        ),
        (
            "name[familyName eq \"x\"].givenName",
            "name.givenName name.familyName eq \"x\"",
        ),
        (urn::ENTERPRISE_USER, urn::ENTERPRISE_USER),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
    for text in [
        "foo[",
        "emails[",
        "emails[type eq \"work\"",
        "emails[type eq \"w\"]x",
        "emails[type eq \"w\"].",
        "userName[a eq 1]",
        "emails.type[a eq 1]",
    ] {
        assert!(
            matches!(read(text), Err(Fault::Malformed(_))),
            "{text} {:?}",
            read(text)
        );
    }
    for text in [
        "emails[]",
        "emails[foo eq 1]",
        "emails[type]",
        "emails[type zz 1]",
    ] {
        assert!(
            matches!(read(text), Err(Fault::Filter(_))),
            "{text} {:?}",
            read(text)
        );
    }
    assert!(
        PatchPath::resolve(
            &GROUP_TYPE,
            "members[value eq \"1\" or value eq \"2\"]",
            Strictness::Rfc
        )
        .is_ok()
    );
}
