//! Filters by table: what is read, what is refused, what matches.

use serde_json::json;

use super::*;
use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};
use crate::scim::error::ScimType;
use crate::scim::urn;

fn user() -> Map {
    let value = json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER],
        "id": "2819c223-7f76-453a-919d-413861904646",
        "externalId": "Ext-1",
        "userName": "Bjensen@Example.com",
        "name": {"familyName": "O\"Hara", "givenName": "Barbára"},
        "title": "100% sure_",
        "active": true,
        "emails": [
            {"value": "bj@example.com", "type": "work", "primary": true},
            {"value": "babs@home.org", "type": "home"}
        ],
        "addresses": [{"country": "DE"}],
        "groups": [{"value": "g1", "display": "Staff", "type": "direct"}],
        "x509Certificates": [{"value": "MIIB"}],
        "meta": {
            "resourceType": "User",
            "created": "2026-01-01T00:00:00Z",
            "lastModified": "2026-01-02T00:00:00.5Z",
            "version": "W/\"3\""
        },
        urn::ENTERPRISE_USER: {"department": "Ops", "manager": {"value": "M1"}}
    });
    value.as_object().unwrap().clone()
}

fn parse(text: &str) -> Result<Filter, Error> {
    Filter::parse(&USER_TYPE, text, Strictness::Lenient)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_filter_matches_as_the_standard_says() {
    let user = user();
    for (text, expected) in [
        ("userName eq \"bjensen@example.com\"", true),
        (
            "USERNAME Eq \"ＢJENSEN@example.com\" AND Active EQ TRUE",
            true,
        ),
        ("userName ne \"bjensen@example.com\"", false),
        ("userName co \"JENSEN\"", true),
        ("userName sw \"bj\"", true),
        ("userName ew \".COM\"", true),
        ("userName co \"\"", true),
        ("userName gt \"a\" and userName lt \"c\"", true),
        (
            "userName ge \"bjensen@example.com\" and userName le \"bjensen@example.com\"",
            true,
        ),
        ("externalId eq \"Ext-1\"", true),
        ("externalId eq \"ext-1\"", false),
        ("id eq \"2819C223-7f76-453a-919d-413861904646\"", false),
        ("name.familyName eq \"O\\\"Hara\"", true),
        ("name.familyName sw \"o\\u0022h\"", true),
        ("name.givenName eq \"BARBA\u{301}RA\"", true),
        ("title co \"%\"", true),
        ("title co \"0_\"", false),
        ("title pr", true),
        ("nickName pr", false),
        ("name pr", true),
        ("addresses pr", true),
        ("photos pr", false),
        ("emails pr", true),
        ("nickName ne \"x\"", true),
        ("nickName eq \"x\"", false),
        ("nickName eq null", true),
        ("title eq null", false),
        ("title ne null", true),
        ("name eq null", false),
        ("photos eq null", true),
        ("emails ne null", true),
        ("not (title pr)", false),
        ("active eq true", true),
        ("active eq \"False\"", false),
        ("active ne false", true),
        ("emails co \"example\"", true),
        ("emails eq \"BABS@home.org\"", true),
        ("emails.type eq \"work\" and emails.value co \"babs\"", true),
        ("emails[type eq \"work\" and value co \"babs\"]", false),
        ("emails[type eq \"home\" and value co \"babs\"]", true),
        ("emails[type eq \"work\"].value eq \"bj@example.com\"", true),
        (
            "emails[type eq \"home\"].value eq \"bj@example.com\"",
            false,
        ),
        ("emails[type eq \"home\"].value pr", true),
        ("emails[not (type eq \"work\")]", true),
        ("emails.primary eq true", true),
        ("emails.primary ne true", true),
        ("emails.type ne \"work\"", true),
        ("photos.type ne \"photo\"", true),
        ("photos[type ne \"photo\"]", false),
        (
            "emails[primary eq true and type eq \"work\" or type eq \"x\"]",
            true,
        ),
        ("addresses.country eq \"de\"", true),
        ("groups eq \"g1\"", true),
        ("groups[value eq \"g1\"]", true),
        ("name[familyName pr]", true),
        ("x509Certificates eq \"MIIB\"", true),
        ("x509Certificates eq \"miib\"", false),
        ("meta.resourceType eq \"User\"", true),
        ("meta.resourceType eq User", true),
        ("meta.created ge \"2026-01-01T02:00:00+02:00\"", true),
        ("meta.created gt \"2026-01-01T02:00:00+02:00\"", false),
        (
            "meta.lastModified ge \"0001-01-03T00:00:00.0000000Z\"",
            true,
        ),
        ("meta.version eq \"W/\\\"3\\\"\"", true),
        (
            "schemas eq \"URN:ietf:params:scim:schemas:core:2.0:User\"",
            true,
        ),
        ("schemas eq \"urn:x\"", false),
        ("manager eq \"M1\"", true),
        ("manager eq \"m1\"", false),
        (
            "id eq \"2819c223-7f76-453a-919d-413861904646\" and manager eq \"M1\"",
            true,
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"M1\"",
            true,
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"ops\"",
            true,
        ),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"b\"",
            true,
        ),
        ("externalId eq Ext-1", true),
        ("userName eq 12", false),
    ] {
        let filter = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.matches(&user), expected, "{text}");
        let shown = filter.to_string();
        assert_eq!(parse(&shown).unwrap(), filter, "{text} as {shown}");
        assert_eq!(
            Filter::parse(&USER_TYPE, &shown, Strictness::Rfc).unwrap(),
            filter,
            "{text} as {shown}"
        );
    }
}

#[test]
fn words_bind_in_their_order() {
    let user = user();
    for a in [true, false] {
        for b in [true, false] {
            for c in [true, false] {
                let word = |value| {
                    if value {
                        "active eq true"
                    } else {
                        "active eq false"
                    }
                };
                let (x, y, z) = (word(a), word(b), word(c));
                for (text, expected) in [
                    (format!("{x} or {y} and not ({z})"), a || (b && !c)),
                    (format!("({x} or {y}) and {z}"), (a || b) && c),
                    (format!("not ({x} or {y}) and {z}"), !(a || b) && c),
                    (format!("{x} and {y} or {z}"), (a && b) || c),
                    (format!("NOT({x}) OR ({y} AND ({z}))"), !a || (b && c)),
                ] {
                    let filter = parse(&text).unwrap();
                    assert_eq!(filter.matches(&user), expected, "{text}");
                    assert_eq!(parse(&filter.to_string()).unwrap(), filter, "{text}");
                }
            }
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_bad_filter_is_refused() {
    for text in [
        "",
        " ",
        "userName",
        "userName eq",
        "eq \"x\"",
        "userName xx \"x\"",
        "userName eq \"x\" and",
        "and userName pr",
        "userName eq \"x\" userName pr",
        "userName pr pr",
        "not userName pr",
        "not",
        "not ()",
        "()",
        "(userName pr",
        "userName pr)",
        "userName eq \"x",
        "userName eq \"\\x\"",
        "userName eq \"\\ud800\"",
        "userName eq \"\\u0000\"",
        "userName eq (\"x\")",
        "userName eq 'x' and title pr",
        "userName eq x and title pr",
        "foo eq \"x\"",
        "name.foo eq \"x\"",
        "members eq \"x\"",
        "name eq \"x\"",
        "addresses eq \"x\"",
        "meta eq \"x\"",
        "active gt true",
        "active co \"t\"",
        "active eq \"yes\"",
        "active eq 1",
        "active gt null",
        "title gt null",
        "x509Certificates gt \"a\"",
        "meta.created eq \"yesterday\"",
        "meta.created co \"2026\"",
        "meta.created gt \"2026-01-01\"",
        "password eq \"x\"",
        "password pr",
        "emails[type eq \"work\"",
        "emails[]",
        "emails[type]",
        "emails[foo eq \"x\"]",
        "emails[emails[type eq \"x\"]]",
        "emails[type eq \"work\"].foo eq \"x\"",
        "emails[type eq \"work\"].value",
        "emails[type eq \"work\"] eq \"x\"",
        "emails.value[type eq \"x\"]",
        "userName[value eq \"x\"]",
        "schemas[value eq \"x\"]",
        "urn:ietf:params:scim:schemas:core:2.0:User eq \"x\"",
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(
            error.scim_type,
            Some(ScimType::InvalidFilter),
            "{text}: {error}"
        );
    }
}

#[test]
fn the_strict_reading_takes_no_dialect() {
    for text in [
        "active eq \"true\"",
        "externalId eq jyoung",
        "userName eq 12",
    ] {
        assert!(parse(text).is_ok(), "{text}");
        assert!(
            Filter::parse(&USER_TYPE, text, Strictness::Rfc).is_err(),
            "{text}"
        );
    }
}

#[test]
fn the_limits_hold() {
    let refused =
        |text: String| parse(&text).unwrap_err().scim_type == Some(ScimType::InvalidFilter);
    assert!(refused("(".repeat(1 << 20)));
    assert!(refused("(".repeat(16_000)));
    assert!(refused("not (".repeat(3_000)));
    assert!(refused("emails[".repeat(2_000)));
    let nested = |depth| format!("{}title pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(32)).is_ok());
    assert!(refused(nested(33)));
    let terms = |n| vec!["title pr"; n].join(" or ");
    assert!(parse(&terms(200)).is_ok());
    assert!(refused(terms(201)));
    assert!(refused(format!("title eq \"{}\"", "x".repeat(17_000))));
    let edge = |depth: usize| {
        let (open, close) = ("not (".repeat(depth), ")".repeat(depth));
        format!("{open}emails[type eq \"a\" or type eq \"b\"].value eq \"c\"{close}")
    };
    for depth in 28..34 {
        if let Ok(filter) = parse(&edge(depth)) {
            assert_eq!(parse(&filter.to_string()).unwrap(), filter);
        }
    }
}

#[test]
fn an_entra_probe_of_a_member_is_read() {
    let group = json!({"displayName": "G", "members": [{"value": "u1", "type": "User"}]});
    let group = group.as_object().unwrap();
    for (text, expected) in [
        ("displayName eq \"g\"", true),
        ("members eq \"u1\"", true),
        ("members.value eq \"u1\"", true),
        ("members[value eq \"u2\"]", false),
        ("members[value eq \"u1\" and type eq \"user\"]", true),
    ] {
        let filter = Filter::parse(&GROUP_TYPE, text, Strictness::Rfc).unwrap();
        assert_eq!(filter.matches(group), expected, "{text}");
    }
}

#[test]
fn a_chain_of_values_is_known() {
    let parse = |text| Filter::parse(&GROUP_TYPE, text, Strictness::Rfc).unwrap();
    let Filter::Within { filter, .. } = parse("members[value eq \"a\" or value eq \"b\"]") else {
        panic!("brackets")
    };
    assert_eq!(filter.values().unwrap(), ["a", "b"]);
    let Filter::Within { filter, .. } = parse("members[value eq \"a\" and type eq \"User\"]")
    else {
        panic!("brackets")
    };
    assert_eq!(filter.values(), None);
    assert_eq!(parse("displayName eq \"a\"").values(), None);
}

#[test]
fn no_text_makes_the_parser_panic() {
    let pieces = [
        "(",
        ")",
        "[",
        "]",
        "\"",
        "\\",
        "not",
        " ",
        "emails",
        ".",
        "value",
        "eq",
        "\"x\"",
        "é",
        "pr",
        "and",
        "or",
        "null",
        "-1",
        "urn:ietf:params:scim:schemas:core:2.0:User",
        ":",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(pieces[(state % pieces.len() as u64) as usize]);
            if state & (1 << 40) != 0 {
                text.push(' ');
            }
        }
        if let Ok(filter) = parse(&text) {
            assert_eq!(parse(&filter.to_string()).unwrap(), filter, "{text}");
        }
    }
}
