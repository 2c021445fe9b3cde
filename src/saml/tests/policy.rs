//! Who, for whom, where and when: what is read of it, and what is told.

use super::*;
use crate::saml::gate;

#[test]
fn what_is_encrypted_within_an_assertion_is_not_supported() {
    let xml = unsigned();
    let name_id = part(&xml, "<saml:NameID", "</saml:NameID>");
    for (old, new) in [
        (name_id, "<saml:EncryptedID></saml:EncryptedID>"),
        (
            "<saml:AttributeStatement>",
            "<saml:AttributeStatement><saml:EncryptedAttribute></saml:EncryptedAttribute>",
        ),
    ] {
        let xml = idp().sign_template(&with(&xml, old, new), Sign::Response);
        assert_eq!(reason(&xml), "encrypted_element_unsupported");
    }
}

#[test]
fn an_id_is_remembered_for_a_day_at_most() {
    let far = [
        (
            "NotOnOrAfter=\"2026-07-01T10:05:00Z\" Recipient",
            "NotOnOrAfter=\"2099-07-01T10:05:00Z\" Recipient",
        ),
        (
            "NotOnOrAfter=\"2026-07-01T10:05:00Z\"><saml:Audience",
            "NotOnOrAfter=\"2099-07-01T10:05:00Z\"><saml:Audience",
        ),
    ];
    let xml = far
        .iter()
        .fold(unsigned(), |xml, (old, new)| with(&xml, old, new));
    let assertion = receive(&idp().sign_template(&xml, Sign::Assertion)).unwrap();
    assert_eq!(
        assertion.replay_until,
        "2026-07-02T10:02:00Z".parse().unwrap()
    );
}

#[test]
fn an_answer_answers_the_open_request() {
    let answer = ada(idp()).in_response_to("_q").signed();
    let unsolicited = ada(idp()).signed();
    let open = ["_p".to_owned(), "_q".to_owned()];
    let expecting = Expected {
        outstanding: &open,
        ..EXPECTED
    };
    let trusted = [certificate(idp())];
    let accepted = receive_with(&answer, &trusted, &expecting).unwrap();
    assert_eq!(accepted.in_response_to.as_deref(), Some("_q"));
    // Nobody asked for this one; whether that may be is the connection's to say.
    let unasked = receive_with(&unsolicited, &trusted, &expecting).unwrap();
    assert_eq!(unasked.in_response_to, None);
    let gated = gate::check(received(&answer).unwrap()).unwrap();
    assert_eq!(gated.in_response_to(), Some("_q"));
    assert_eq!(gated.issuer(), Some(IDP));
}

#[test]
fn a_status_is_told_with_or_without_a_signature() {
    let xml = unsigned();
    let assertion = part(&xml, "<saml:Assertion", "</saml:Assertion>");
    for (top, second, expected) in [
        ("Responder", "AuthnFailed", "status_authn_failed"),
        ("Responder", "RequestDenied", "status_request_denied"),
        ("Responder", "NoPassive", "status_no_passive"),
        ("Responder", "NoAuthnContext", "status_no_authn_context"),
        (
            "Requester",
            "InvalidNameIDPolicy",
            "status_invalid_name_id_policy",
        ),
        ("Requester", "x", "status_requester"),
        ("VersionMismatch", "x", "status_version_mismatch"),
        ("x", "y", "status_other"),
    ] {
        let code = format!(
            "status:{top}\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{second}\"></samlp:StatusCode></samlp:StatusCode>"
        );
        let failed = with(&xml, "status:Success\"></samlp:StatusCode>", &code);
        let alone = failed.replace(assertion, "");
        for message in [
            &failed,
            &alone,
            &idp().sign_template(&alone, Sign::Response),
        ] {
            let error = receive(message).unwrap_err();
            assert_eq!(error.reason(), expected);
            assert_eq!(error.help().is_some(), expected != "status_other");
        }
    }
}

#[test]
fn a_near_miss_is_named_in_the_log() {
    for (audience, hint) in [
        (format!("{SP}/"), "slash"),
        (SP.to_uppercase(), "case"),
        (SP.replace("https", "http"), "http and https"),
    ] {
        let error = receive(&idp().response(ACS, audience, now()).email(ADA).signed()).unwrap_err();
        assert!(error.to_string().contains(hint), "{error}");
        assert!(error.help().is_some());
    }
}
