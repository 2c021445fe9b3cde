//! Statuses that are not Success, with an assertion inside.

use super::{Claim::*, *};

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Attack> {
    let code = |value: &str, inner: &str| {
        format!(
            "<samlp:Status><samlp:StatusCode Value=\"{value}\">{inner}</samlp:StatusCode></samlp:Status>"
        )
    };
    let urn = |name: &str| format!("urn:oasis:names:tc:SAML:2.0:status:{name}");
    let second = |name: &str| {
        format!(
            "<samlp:StatusCode Value=\"{}\"></samlp:StatusCode>",
            urn(name)
        )
    };
    let success = urn("Success");
    let inner = format!("<samlp:StatusCode Value=\"{success}\"></samlp:StatusCode>");
    let own = code(&success, "");
    let two = code(&success, "").replace(
        "</samlp:Status>",
        &format!("{}</samlp:Status>", second("Responder")),
    );
    let three = code(&success, "").replace(
        "<samlp:Status>",
        &format!("<samlp:Status>{}", second("Responder")),
    );
    let foreign = own.replace("samlp:", "saml:");
    let rows = vec![
        ("Responder", "status_responder", code(&urn("Responder"), "")),
        ("Requester", "status_requester", code(&urn("Requester"), "")),
        (
            "VersionMismatch",
            "status_version_mismatch",
            code(&urn("VersionMismatch"), ""),
        ),
        (
            "AuthnFailed",
            "status_authn_failed",
            code(&urn("Responder"), &second("AuthnFailed")),
        ),
        (
            "AuthnFailed on top",
            "status_other",
            code(&urn("AuthnFailed"), ""),
        ),
        (
            "RequestDenied",
            "status_request_denied",
            code(&urn("Responder"), &second("RequestDenied")),
        ),
        (
            "NoPassive",
            "status_no_passive",
            code(&urn("Responder"), &second("NoPassive")),
        ),
        (
            "NoAuthnContext",
            "status_no_authn_context",
            code(&urn("Responder"), &second("NoAuthnContext")),
        ),
        (
            "InvalidNameIDPolicy",
            "status_invalid_name_id_policy",
            code(&urn("Requester"), &second("InvalidNameIDPolicy")),
        ),
        (
            "Success within Responder",
            "status_responder",
            code(&urn("Responder"), &inner),
        ),
        ("unknown", "status_other", code("urn:x", "")),
        ("empty", "status_other", code("", "")),
        (
            "Success in lower case",
            "status_other",
            code(&urn("success"), ""),
        ),
        (
            "Success and more",
            "status_other",
            code(&urn("Success2"), ""),
        ),
        (
            "Success and a blank",
            "status_other",
            code(&format!("{success} "), ""),
        ),
        (
            "Success of another URN",
            "status_other",
            code("urn:x:status:Success", ""),
        ),
        (
            "Success of SAML 1.1",
            "status_other",
            code("samlp:Success", ""),
        ),
        (
            "no Value",
            "status_other",
            own.replace(&format!(" Value=\"{success}\""), ""),
        ),
        (
            "a Value in a namespace",
            "status_other",
            own.replace(" Value=", " samlp:Value="),
        ),
        (
            "no code",
            "structure",
            "<samlp:Status></samlp:Status>".to_owned(),
        ),
        ("two codes, Success first", "structure", two),
        ("two codes, Success last", "structure", three),
        (
            "two second codes",
            "structure",
            code(&success, &inner.repeat(2)),
        ),
        ("no Status", "structure", String::new()),
        ("two Statuses", "structure", own.repeat(2)),
        ("a Status of another namespace", "structure", foreign),
        (
            "a code of another namespace",
            "structure",
            own.replace("samlp:StatusCode", "saml:StatusCode"),
        ),
    ];
    let mut cases = said(
        Class::Status,
        rows.into_iter()
            .map(|(name, expected, new)| (name, expected, own.clone(), new)),
    );
    let failed = code(&urn("Responder"), &second("AuthnFailed"));
    cases.extend(edited(
        Class::Status,
        honest(Sign::Assertion),
        [(
            "around a signed assertion",
            "status_authn_failed",
            Signed,
            own,
            failed,
        )],
    ));
    cases
}
