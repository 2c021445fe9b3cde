//! Whom an assertion is about, and how that is confirmed.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = subjects();
    cases.extend(attributes());
    cases
}

const BAD: &str = "structure";

/// Names and confirmations that are missing, there twice, or of another kind.
#[expect(clippy::too_many_lines, reason = "a table")]
fn subjects() -> Vec<Attack> {
    let xml = unsigned();
    let of = |start: &str, end: &str| part(&xml, start, end).to_owned();
    let subject = of("<saml:Subject>", "</saml:Subject>");
    let name_id = of("<saml:NameID", "</saml:NameID>");
    let confirmation = of("<saml:SubjectConfirmation ", "</saml:SubjectConfirmation>");
    let data = of(
        "<saml:SubjectConfirmationData",
        "</saml:SubjectConfirmationData>",
    );
    let include = "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"></xi:include>";
    let long = "a".repeat(1025);
    let (confirmed, named) = ("subject_confirmation", "name_id");
    said(
        Class::Shape,
        [
            ("no Subject", confirmed, &*subject, ""),
            ("no confirmation", confirmed, &confirmation, ""),
            ("no data of the confirmation", confirmed, &data, ""),
            ("data twice", BAD, &data, &data.repeat(2)),
            (
                "data of another namespace",
                confirmed,
                &data,
                &data.replace("saml:", "samlp:"),
            ),
            (
                "sender vouches",
                confirmed,
                "cm:bearer",
                "cm:sender-vouches",
            ),
            ("holder of key", confirmed, "cm:bearer", "cm:holder-of-key"),
            (
                "bearer of SAML 1.0",
                confirmed,
                "SAML:2.0:cm:bearer",
                "SAML:1.0:cm:bearer",
            ),
            (
                "no method",
                confirmed,
                " Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"",
                "",
            ),
            (
                "confirmation of another namespace",
                confirmed,
                &confirmation,
                &confirmation.replace("saml:SubjectConfirmation", "samlp:SubjectConfirmation"),
            ),
            (
                "two NameIDs",
                named,
                &name_id,
                &format!("{name_id}<saml:NameID>eve@acme.example</saml:NameID>"),
            ),
            (
                "an evil NameID first",
                named,
                &name_id,
                &format!("<saml:NameID>eve@acme.example</saml:NameID>{name_id}"),
            ),
            ("a BaseID", named, &name_id, "<saml:BaseID></saml:BaseID>"),
            ("an empty NameID", named, ADA, ""),
            ("a NameID of blanks", named, ADA, " \n "),
            (
                "a NameID with a control",
                named,
                ADA,
                "ada\u{7f}@acme.example",
            ),
            (
                "a NameID with a line break",
                named,
                ADA,
                "ada@acme.example\nx",
            ),
            (
                "a NameID with an escaped control",
                named,
                ADA,
                "ada&#9;@acme.example",
            ),
            (
                "a NameID with a control of Latin-1",
                named,
                ADA,
                "ada\u{85}@acme.example",
            ),
            ("a NameID that is long", named, ADA, &long),
            (
                "an element in the NameID",
                BAD,
                ADA,
                "ada<x xmlns=\"urn:x\">@</x>acme.example",
            ),
            ("an inclusion for the NameID", BAD, ADA, include),
            ("a NameID in the NameID", BAD, ADA, &name_id),
        ],
    )
}

/// Where the connection names the subject by an attribute.
fn attributes() -> Vec<Attack> {
    let class = Class::Shape;
    let said = |values: &[&str]| {
        let response = ada(idp()).ids("_r", "_a").sign(Sign::Response);
        let response = response.attribute("oid", values.iter().copied());
        Message::from(response.signed()).named_by("oid")
    };
    let bad = "subject_attribute";
    let mut cases = against(
        class,
        said(&["7"]),
        [
            (
                "two values of the subject's attribute",
                bad,
                Signed,
                said(&["7", "8"]),
            ),
            (
                "an empty value of the subject's attribute",
                bad,
                Signed,
                said(&[" "]),
            ),
            (
                "no value of the subject's attribute",
                bad,
                Signed,
                said(&[]),
            ),
            (
                "no attribute of the subject",
                bad,
                Signed,
                Message::from(honest(Sign::Response)).named_by("oid"),
            ),
        ],
    );
    let transient = idp()
        .response(ACS, SP, now())
        .name_id("t1", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient");
    let named = transient.clone().attribute("oid", ["7"]).signed();
    let transient = transient.signed();
    cases.push(Attack::new(
        class,
        "a transient NameID and no attribute",
        bad,
        Signed,
        Message::from(transient).named_by("oid"),
        Message::from(named).named_by("oid"),
    ));
    cases
}
