//! What is read of the messages of products beside what the corpus looks at.

use super::*;
use crate::demo::idp::Signing;

const OKTA: &str = include_str!("corpus/honest/products/okta.xml");
const ENTRA: &str = include_str!("corpus/honest/products/entra.xml");

/// Reads a template that answers our request.
fn answer(template: &str, signing: &Signing<'_>) -> Assertion {
    let filled = template
        .replace("{{acs}}", ACS)
        .replace("{{audience}}", SP)
        .replace("{{idp}}", IDP);
    let asked = ["_q".to_owned()];
    let expected = Expected {
        outstanding: &asked,
        ..EXPECTED
    };
    let xml = idp().sign_with(&filled, signing);
    receive_with(&xml, &[certificate(idp())], &expected).unwrap()
}

#[test]
fn okta_signs_both() {
    let signing = Signing {
        what: Sign::Both,
        broken_lines: true,
        ..Signing::default()
    };
    let assertion = answer(OKTA, &signing);
    assert_eq!(assertion.name_id.as_ref().unwrap().value, ADA);
    assert_eq!(assertion.values("groups"), Some(vec!["Everyone", "R&D"]));
    assert_eq!(assertion.session_index.as_deref(), Some("_q"));
    assert_eq!(assertion.response_id.as_deref(), Some("id1"));
    assert_eq!(assertion.assertion_id, "id2");
    assert_eq!(assertion.certificate, certificate(idp()).fingerprint());
    assert_eq!(
        assertion.replay_until,
        "2026-07-01T10:07:00.123Z".parse().unwrap()
    );
    let debugged = format!("{assertion:?}");
    assert!(
        !debugged.contains("ada") && !debugged.contains("Everyone"),
        "{debugged}"
    );
}

#[test]
fn entra_signs_the_assertion_without_prefixes() {
    let signing = Signing {
        prefix: "",
        ..Signing::default()
    };
    let assertion = answer(ENTRA, &signing);
    assert_eq!(assertion.name_id.as_ref().unwrap().value, "k3xGf0");
    assert_eq!(assertion.response_id, None);
    assert_eq!(assertion.received_response_id, "_r");
    assert_eq!(
        assertion.replay_until,
        "2026-07-01T11:02:00.123Z".parse().unwrap()
    );
}
