//! What tokens say, as an app reads them, and which of them are taken back.

use serde_json::{Value, json};

use super::super::keys::{Algorithm, SigningKey, State};
use super::*;

const ISSUER: &str = "https://usher.example";
const NOW: &str = "2026-03-01T10:00:00Z";
const AT: i64 = 1_772_359_200;

fn id(last: u8) -> Uuid {
    format!("0192f1b0-5b1e-7c3a-9f00-0000000000{last:02}")
        .parse()
        .unwrap()
}

fn facts() -> Facts {
    Facts {
        user_id: id(1),
        email: Some("ada@acme.example".to_owned()),
        email_verified: true,
        name: Some("Ada Lovelace".to_owned()),
        organization_id: id(2),
        organization_slug: "acme".to_owned(),
        role: Some("editor".to_owned()),
        projects: vec![ProjectRole {
            slug: "site".to_owned(),
            role: "admin".to_owned(),
        }],
        roles_version: 7,
        directory_roles: vec!["seat".to_owned()],
        session_id: id(3),
        auth_time: "2026-03-01T09:59:00.5Z".parse().unwrap(),
        acr: Some("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned()),
    }
}

fn issue() -> Issue<'static> {
    Issue {
        issuer: ISSUER,
        client_id: "app",
        at: NOW.parse().unwrap(),
    }
}

fn keys() -> KeySet {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    KeySet::new(vec![(State::Current, key)]).unwrap()
}

/// The pair in the hybrid example of OpenID Connect Core, appendix A.4.
const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
const AT_HASH: &str = "77QmUPtjPfzWtF2AnpK9RQ";

#[test]
fn an_id_token_says_who_and_as_what() {
    let token = facts().id_token(issue(), Some("n"), ACCESS_TOKEN);
    let expected = json!({
        "iss": ISSUER,
        "sub": "0192f1b0-5b1e-7c3a-9f00-000000000001",
        "aud": "app",
        "exp": AT + 300,
        "iat": AT,
        "auth_time": AT - 60,
        "nonce": "n",
        "sid": "0192f1b0-5b1e-7c3a-9f00-000000000003",
        "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "amr": ["pwd"],
        "at_hash": AT_HASH,
        "org": "0192f1b0-5b1e-7c3a-9f00-000000000002",
        "org_slug": "acme",
        "role": "editor",
        "projects": [{"slug": "site", "role": "admin"}],
        "roles_version": 7,
        "directory_roles": ["seat"],
        "email": "ada@acme.example",
        "email_verified": true,
        "name": "Ada Lovelace",
    });
    assert_eq!(serde_json::to_value(&token).unwrap(), expected);
    let mut names: Vec<_> = expected
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    let mut supported = SUPPORTED;
    supported.sort_unstable();
    assert_eq!(names, supported);
}

#[test]
fn what_is_not_known_is_left_out_and_no_role_is_null() {
    let bare = Facts {
        email: None,
        name: None,
        role: None,
        projects: vec![],
        directory_roles: vec![],
        acr: None,
        ..facts()
    };
    let token = serde_json::to_value(bare.id_token(issue(), None, "x")).unwrap();
    for absent in ["nonce", "acr", "amr", "email", "name", "directory_roles"] {
        assert_eq!(token.get(absent), None, "{absent}");
    }
    assert_eq!(token["role"], Value::Null);
    assert!(token.as_object().unwrap().contains_key("role"));
    assert_eq!(token["projects"], json!([]));
    assert_eq!(token["email_verified"], false);
}

#[test]
fn an_access_token_names_no_address() {
    let scope = Scope {
        email: true,
        profile: true,
    };
    let token = facts().access_token(issue(), "https://api.app.example", scope, [id(4), id(5)]);
    let expected = json!({
        "iss": ISSUER,
        "sub": "0192f1b0-5b1e-7c3a-9f00-000000000001",
        "aud": "https://api.app.example",
        "client_id": "app",
        "exp": AT + 300,
        "iat": AT,
        "jti": "0192f1b0-5b1e-7c3a-9f00-000000000004",
        "scope": "openid email profile",
        "org": "0192f1b0-5b1e-7c3a-9f00-000000000002",
        "sid": "0192f1b0-5b1e-7c3a-9f00-000000000003",
        "role": "editor",
        "projects": [{"slug": "site", "role": "admin"}],
        "roles_version": 7,
        "family": "0192f1b0-5b1e-7c3a-9f00-000000000005",
    });
    assert_eq!(serde_json::to_value(&token).unwrap(), expected);
}

#[test]
fn user_info_keeps_to_the_scope() {
    let table = [
        (
            Scope {
                email: false,
                profile: false,
            },
            vec![],
        ),
        (
            Scope {
                email: true,
                profile: false,
            },
            vec!["email", "email_verified"],
        ),
        (
            Scope {
                email: false,
                profile: true,
            },
            vec!["name"],
        ),
    ];
    for (scope, expected) in table {
        let info = serde_json::to_value(facts().user_info(scope)).unwrap();
        for name in ["email", "email_verified", "name"] {
            assert_eq!(
                info.get(name).is_some(),
                expected.contains(&name),
                "{scope} {name}"
            );
        }
        assert_eq!(info["role"], "editor");
    }
}

#[test]
fn the_method_follows_from_the_class() {
    let saml = |class: &str| format!("urn:oasis:names:tc:SAML:2.0:ac:classes:{class}");
    let table = [
        (saml("Password"), &["pwd"][..]),
        (saml("SmartcardPKI"), &["sc"]),
        (
            "http://schemas.microsoft.com/claims/multipleauthn".to_owned(),
            &["mfa"],
        ),
        (saml("unspecified"), &[]),
        (String::new(), &[]),
    ];
    for (class, methods) in table {
        assert_eq!(amr(&class), methods, "{class}");
    }
}

#[test]
fn an_access_token_is_taken_back_until_it_expires() {
    let keys = keys();
    let claims = facts().access_token(issue(), "api", Scope::default(), [id(4), id(5)]);
    let token = keys
        .sign(Algorithm::Es256, ACCESS_TOKEN_TYPE, &claims)
        .unwrap();
    let table = [
        (ISSUER, 0, None, true),
        (ISSUER, 299, Some("api"), true),
        (ISSUER, 300, None, false),
        (ISSUER, -120, None, true),
        (ISSUER, -121, None, false),
        (ISSUER, 0, Some("other"), false),
        ("https://other.example", 0, None, false),
        ("https://usher.example/", 0, None, false),
    ];
    for (issuer, seconds, audience, taken) in table {
        let now = Timestamp::from_second(AT + seconds).unwrap();
        let read = verify_access_token(&keys, &token, issuer, now, audience);
        assert_eq!(
            read.as_ref().ok(),
            taken.then_some(&claims),
            "{issuer} {seconds} {audience:?}"
        );
    }
    let now = Timestamp::from_second(AT).unwrap();
    let id_token = facts().id_token(issue(), None, "x");
    let id_token = keys
        .sign(Algorithm::Es256, ID_TOKEN_TYPE, &id_token)
        .unwrap();
    let as_access = keys
        .sign(Algorithm::Es256, ACCESS_TOKEN_TYPE, &json!({"iss": ISSUER}))
        .unwrap();
    for (name, token) in [("an ID token", &id_token), ("no claims", &as_access)] {
        let error = verify_access_token(&keys, token, ISSUER, now, None).unwrap_err();
        assert_eq!(error.code(), Code::InvalidToken, "{name}");
    }
}

#[test]
fn a_claim_of_the_wrong_type_does_not_count_as_absent() {
    let keys = keys();
    let claims = facts().access_token(issue(), "api", Scope::default(), [id(4), id(5)]);
    let good = serde_json::to_value(claims).unwrap();
    let table = [
        ("exp", json!("9999999999")),
        ("exp", json!(9_999_999_999.5)),
        ("exp", json!([9_999_999_999_i64])),
        ("exp", Value::Null),
        ("iat", json!("0")),
        ("iss", json!([ISSUER, "x"])),
        ("aud", json!(["api"])),
        ("aud", Value::Null),
        ("sub", json!(1)),
        ("sub", json!("ada")),
        ("roles_version", json!("7")),
    ];
    for (name, value) in table {
        let mut claims = good.clone();
        claims[name] = value.clone();
        let token = keys
            .sign(Algorithm::Es256, ACCESS_TOKEN_TYPE, &claims)
            .unwrap();
        let read = verify_access_token(&keys, &token, ISSUER, issue().at, None);
        assert!(read.is_err(), "{name}={value}");
        claims.as_object_mut().unwrap().remove(name);
        let token = keys
            .sign(Algorithm::Es256, ACCESS_TOKEN_TYPE, &claims)
            .unwrap();
        assert!(
            verify_access_token(&keys, &token, ISSUER, issue().at, None).is_err(),
            "{name}"
        );
    }
}

#[test]
fn a_hint_is_an_id_token_of_this_client_however_old() {
    let keys = keys();
    let claims = facts().id_token(issue(), None, "x");
    let token = keys.sign(Algorithm::Es256, ID_TOKEN_TYPE, &claims).unwrap();
    let hint = verify_id_token_hint(&keys, &token, ISSUER, "app").unwrap();
    assert_eq!((hint.sub, hint.org, hint.sid), (id(1), id(2), id(3)));
    let access = facts().access_token(issue(), "app", Scope::default(), [id(4), id(5)]);
    let access = keys
        .sign(Algorithm::Es256, ACCESS_TOKEN_TYPE, &access)
        .unwrap();
    let table = [
        (&token, "https://other.example", "app"),
        (&token, ISSUER, "other"),
        (&access, ISSUER, "app"),
    ];
    for (token, issuer, client) in table {
        assert!(
            verify_id_token_hint(&keys, token, issuer, client).is_err(),
            "{issuer} {client}"
        );
    }
}
