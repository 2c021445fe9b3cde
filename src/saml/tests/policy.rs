//! Who, for whom, where and when: each rule with one fault.

use super::*;
use crate::saml::{binding::Received, conditions, gate, signature};

/// Changes the document, signs all of it, and gives the reason; `ok` if it is accepted.
fn outcome(changes: &[(&str, &str)]) -> &'static str {
    outcome_at(changes, now(), &EXPECTED)
}

fn outcome_at(changes: &[(&str, &str)], now: Timestamp, expected: &Expected<'_>) -> &'static str {
    let xml = changes
        .iter()
        .fold(unsigned(), |xml, (old, new)| with(&xml, old, new));
    let xml = idp().sign_template(&xml, Sign::Response);
    let read = || {
        let gated = gate::check(Received::decode(base64(&xml).as_bytes())?)?;
        let certificates = [certificate(idp())];
        let verified = signature::verify(gated, &trusting(&certificates), now)?;
        conditions::accept(&verified, expected, now)
    };
    read().map_or_else(|error| error.reason(), |_| "ok")
}

const RESTRICTION: &str = "</saml:AudienceRestriction>";
const SECOND: &str = "</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>urn:other</saml:Audience></saml:AudienceRestriction>";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_rule_has_its_reason() {
    let destination = format!(" Destination=\"{ACS}\"");
    let recipient = format!(" Recipient=\"{ACS}\"");
    let audience = format!("<saml:Audience>{SP}</saml:Audience>");
    let restriction = format!("<saml:AudienceRestriction>{audience}</saml:AudienceRestriction>");
    let two = format!("{audience}<saml:Audience>urn:other</saml:Audience>");
    let spaced = format!("<saml:Audience>\n  {SP}\n</saml:Audience>");
    let slash = format!("<saml:Audience>{SP}/</saml:Audience>");
    let evil = format!("<saml:Audience>{SP}.evil.example</saml:Audience>");
    let xml = unsigned();
    let conditions = part(&xml, "<saml:Conditions", "</saml:Conditions>");
    let authn = part(&xml, "<saml:AuthnStatement", "</saml:AuthnStatement>");
    let name_id = part(&xml, "<saml:NameID", "</saml:NameID>");
    let names = format!("{name_id}{name_id}");
    let foreign = "<NameID xmlns=\"urn:x\">eve</NameID>".to_owned();
    let confirmation = part(
        &xml,
        "<saml:SubjectConfirmation ",
        "</saml:SubjectConfirmation>",
    );
    let other_first = format!(
        "{}{confirmation}",
        confirmation.replace(ACS, "https://x.example/")
    );
    let data = part(
        &xml,
        "<saml:SubjectConfirmationData",
        "</saml:SubjectConfirmationData>",
    );
    let subject = part(&xml, "<saml:Subject>", "</saml:Subject>");
    let idp_twice = format!("<saml:Issuer>{IDP}/</saml:Issuer><saml:Subject>");
    let idp_once = format!("<saml:Issuer>{IDP}</saml:Issuer><saml:Subject>");
    let encrypted_attribute =
        "<saml:AttributeStatement><saml:EncryptedAttribute></saml:EncryptedAttribute>";
    for (old, new, expected) in [
        ("", "", "ok"),
        ("status:Success", "status:Responder", "status_responder"),
        (&idp_once, &idp_twice, "issuer_mismatch"),
        (&destination, "", "destination_mismatch"),
        (
            &destination,
            " Destination=\"https://usher.example/saml/8/acs\"",
            "destination_mismatch",
        ),
        (&destination, " Destination=\"\"", "destination_mismatch"),
        (conditions, "", "conditions_missing"),
        (&restriction, "", "audience_mismatch"),
        (&audience, "", "audience_mismatch"),
        (&audience, &slash, "audience_mismatch"),
        (&audience, &evil, "audience_mismatch"),
        (&audience, &two, "ok"),
        (&audience, &spaced, "ok"),
        (RESTRICTION, SECOND, "audience_mismatch"),
        (
            RESTRICTION,
            "</saml:AudienceRestriction><saml:OneTimeUse></saml:OneTimeUse>",
            "ok",
        ),
        (
            RESTRICTION,
            "</saml:AudienceRestriction><saml:ProxyRestriction></saml:ProxyRestriction>",
            "ok",
        ),
        (
            RESTRICTION,
            "</saml:AudienceRestriction><saml:Condition></saml:Condition>",
            "condition_unknown",
        ),
        (
            RESTRICTION,
            "</saml:AudienceRestriction><x:OneTimeUse xmlns:x=\"urn:x\"></x:OneTimeUse>",
            "condition_unknown",
        ),
        (subject, "", "subject_confirmation"),
        (confirmation, "", "subject_confirmation"),
        (data, "", "subject_confirmation"),
        ("cm:bearer", "cm:sender-vouches", "subject_confirmation"),
        (confirmation, &other_first, "ok"),
        (&recipient, "", "recipient_mismatch"),
        (
            &recipient,
            " Recipient=\"https://usher.example/saml/8/acs\"",
            "recipient_mismatch",
        ),
        (
            &recipient,
            &format!("{recipient} NotBefore=\"2026-07-01T09:00:00Z\""),
            "subject_confirmation",
        ),
        (
            " NotOnOrAfter=\"2026-07-01T10:05:00Z\" Recipient",
            " Recipient",
            "subject_confirmation",
        ),
        (
            " NotOnOrAfter=\"2026-07-01T10:05:00Z\" Recipient",
            " NotOnOrAfter=\"soon\" Recipient",
            "malformed_time",
        ),
        (authn, "", "authn_statement_missing"),
        (
            "SessionNotOnOrAfter=\"2026-07-01T18",
            "SessionNotOnOrAfter=\"2026-07-01T08",
            "expired",
        ),
        (
            "NotBefore=\"2026-07-01T09:55:00Z\"",
            "NotBefore=\"2026-07-01T10:02:01Z\"",
            "not_yet_valid",
        ),
        (
            "NotBefore=\"2026-07-01T09:55:00Z\"",
            "NotBefore=\"2026-07-01T10:02:00Z\"",
            "ok",
        ),
        ("NotBefore=\"2026-07-01T09:55:00Z\" ", "", "ok"),
        (
            "NotBefore=\"2026-07-01T09:55:00Z\"",
            "NotBefore=\"2026-07-01T09:55:00+09:00\"",
            "malformed_time",
        ),
        (
            "\"_a\" IssueInstant=\"2026-07-01T10:00",
            "\"_a\" IssueInstant=\"2026-07-01T10:03",
            "issue_instant",
        ),
        (
            "\"_a\" IssueInstant=\"2026-07-01T10:00",
            "\"_a\" IssueInstant=\"2026-07-01T09:47",
            "issue_instant",
        ),
        (
            "\"_a\" IssueInstant=\"2026-07-01T10:00",
            "\"_a\" IssueInstant=\"2026-07-01T09:48",
            "ok",
        ),
        (
            "\"_r\" IssueInstant=\"2026-07-01T10:00",
            "\"_r\" IssueInstant=\"2026-07-01T10:03",
            "issue_instant",
        ),
        (name_id, &names, "name_id"),
        (name_id, &foreign, "ok"),
        (name_id, "", "ok"),
        (ADA, " ", "name_id"),
        (ADA, "a\u{7f}", "name_id"),
        (name_id, "<saml:BaseID></saml:BaseID>", "name_id"),
        (
            name_id,
            "<saml:EncryptedID></saml:EncryptedID>",
            "encrypted_element_unsupported",
        ),
        (
            "<saml:AttributeStatement>",
            encrypted_attribute,
            "encrypted_element_unsupported",
        ),
        (
            " ID=\"_r\"",
            " ID=\"_r\" InResponseTo=\"_q\"",
            "in_response_to_unknown",
        ),
        (
            " ID=\"_r\"",
            " ID=\"_r\" InResponseTo=\"\"",
            "in_response_to_unknown",
        ),
        (
            "<saml:SubjectConfirmationData",
            "<saml:SubjectConfirmationData InResponseTo=\"_q\"",
            "in_response_to_unknown",
        ),
    ] {
        assert_eq!(outcome(&[(old, new)]), expected, "{old} -> {new}");
    }
}

#[test]
fn the_window_moves_with_the_clock() {
    for (at, skew, expected) in [
        ("2026-07-01T09:57:59Z", 120, "issue_instant"),
        ("2026-07-01T09:58:00Z", 120, "ok"),
        ("2026-07-01T10:06:59Z", 120, "ok"),
        ("2026-07-01T10:07:00Z", 120, "expired"),
        ("2026-07-01T10:05:00Z", 0, "expired"),
        ("2026-07-01T10:04:59Z", -5, "ok"),
        ("2026-07-01T10:10:00Z", 86_400, "expired"),
        ("2026-07-01T10:09:59Z", 86_400, "ok"),
    ] {
        let expectation = Expected {
            skew_seconds: skew,
            ..EXPECTED
        };
        let outcome = outcome_at(&[], at.parse().unwrap(), &expectation);
        assert_eq!(outcome, expected, "{at} with {skew}");
    }
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
    let (open, others) = (["_p".to_owned(), "_q".to_owned()], ["_p".to_owned()]);
    let expecting = Expected {
        outstanding: &open,
        ..EXPECTED
    };
    let other = Expected {
        outstanding: &others,
        ..EXPECTED
    };
    let trusted = [certificate(idp())];
    let accepted = receive_with(&answer, &trusted, &expecting).unwrap();
    assert_eq!(accepted.in_response_to.as_deref(), Some("_q"));
    // Nobody asked for this one; whether that may be is the connection's to say.
    let unasked = receive_with(&unsolicited, &trusted, &expecting).unwrap();
    assert_eq!(unasked.in_response_to, None);
    // The response and what it confirms name one request.
    let mixed = ada(idp()).in_response_to("_q").signed();
    let mixed = mixed.replacen("InResponseTo=\"_q\"", "InResponseTo=\"_p\"", 1);
    let bare = mixed.replacen(" InResponseTo=\"_p\"", "", 1);
    for (xml, expected) in [
        (&answer, &EXPECTED),
        (&answer, &other),
        (&mixed, &expecting),
        (&bare, &expecting),
    ] {
        let error = receive_with(xml, &trusted, expected).unwrap_err();
        assert_eq!(error.reason(), "in_response_to_unknown");
    }
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
    let twice = with(
        &xml,
        "<samlp:StatusCode",
        "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode><samlp:StatusCode",
    );
    assert_eq!(reason(&twice), "structure");
    assert_eq!(
        reason(&with(
            &xml,
            part(&xml, "<samlp:Status>", "</samlp:Status>"),
            ""
        )),
        "structure"
    );
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
