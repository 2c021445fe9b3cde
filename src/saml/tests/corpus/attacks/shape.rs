//! What a message must have, may have once, and must have in the right namespace and version.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = names();
    cases.extend(responses());
    cases.extend(assertions());
    cases.extend(conditions());
    cases
}

const BAD: &str = "structure";

/// Names that are right in namespaces that are not.
fn names() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let protocol = "urn:oasis:names:tc:SAML:2.0:protocol";
    let assertion = "urn:oasis:names:tc:SAML:2.0:assertion";
    let all = |old: &str, new: &str| xml.replace(old, new);
    against(
        Class::Shape,
        xml,
        [
            ("a protocol of another namespace", all(protocol, "urn:x")),
            (
                "a protocol of SAML 1.1",
                all(protocol, "urn:oasis:names:tc:SAML:1.1:protocol"),
            ),
            (
                "a protocol with a slash",
                all(protocol, "urn:oasis:names:tc:SAML:2.0:protocol/"),
            ),
            ("an assertion of another namespace", all(assertion, "urn:x")),
            (
                "an assertion of SAML 1.0",
                all(assertion, "urn:oasis:names:tc:SAML:1.0:assertion"),
            ),
            (
                "namespaces exchanged",
                all(protocol, "urn:y")
                    .replace(assertion, protocol)
                    .replace("urn:y", assertion),
            ),
            (
                "an assertion of the protocol",
                all("saml:Assertion", "samlp:Assertion"),
            ),
            (
                "a response of the assertion",
                all("samlp:Response", "saml:Response"),
            ),
            (
                "another root",
                all("samlp:Response", "samlp:LogoutResponse"),
            ),
            (
                "a root in lower case",
                all("samlp:Response", "samlp:response"),
            ),
            (
                "a Subject of the protocol",
                all("saml:Subject>", "samlp:Subject>"),
            ),
            (
                "Conditions of another name",
                all("saml:Conditions", "saml:Other"),
            ),
        ]
        .map(|(name, attack)| (name, BAD, Unasked, attack)),
    )
}

/// The response around the assertion.
#[expect(clippy::too_many_lines, reason = "a table")]
fn responses() -> Vec<Attack> {
    let xml = unsigned();
    let status = part(&xml, "<samlp:Status>", "</samlp:Status>");
    let assertion = part(&xml, "<saml:Assertion", "</saml:Assertion>");
    let extensions = "<samlp:Extensions></samlp:Extensions>";
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer><samlp:Status>");
    let turned = format!("{assertion}{status}");
    let straight = format!("{status}{assertion}");
    let mut cases = said(
        Class::Shape,
        [
            (
                "response: version 1.1",
                " Version=\"2.0\"",
                " Version=\"1.1\"",
            ),
            (
                "response: version 3.0",
                " Version=\"2.0\"",
                " Version=\"3.0\"",
            ),
            ("response: version 2", " Version=\"2.0\"", " Version=\"2\""),
            (
                "response: version and a blank",
                " Version=\"2.0\"",
                " Version=\"2.0 \"",
            ),
            ("response: no version", " Version=\"2.0\"", ""),
            (
                "response: a version in a namespace",
                " Version=\"2.0\"",
                " samlp:Version=\"2.0\"",
            ),
            (
                "response: no IssueInstant",
                " ID=\"_r\" IssueInstant=\"2026-07-01T10:00:00Z\"",
                " ID=\"_r\"",
            ),
            (
                "response: an empty IssueInstant",
                " ID=\"_r\" IssueInstant=\"2026-07-01T10:00:00Z\"",
                " ID=\"_r\" IssueInstant=\"\"",
            ),
            ("response: no assertion", assertion, ""),
            ("response: the assertion first", &straight, &turned),
            (
                "response: extensions behind",
                "</samlp:Status>",
                &format!("</samlp:Status>{extensions}"),
            ),
            (
                "response: extensions twice",
                "<samlp:Status>",
                &format!("{extensions}{extensions}<samlp:Status>"),
            ),
            ("response: text", "</samlp:Status>", "</samlp:Status>x"),
            (
                "response: something foreign",
                "</samlp:Status>",
                "</samlp:Status><x xmlns=\"urn:x\"></x>",
            ),
            (
                "response: a Subject",
                "</samlp:Status>",
                "</samlp:Status><saml:Subject></saml:Subject>",
            ),
        ]
        .map(|(name, old, new)| (name, BAD, old, new)),
    );
    let unnamed = [
        (
            "response: no ID",
            with(honest(Sign::Assertion), " ID=\"_r\"", ""),
        ),
        (
            "response: an Issuer with an element",
            with(
                honest(Sign::Assertion),
                &issuer,
                &issuer.replace(IDP, "<x xmlns=\"urn:x\"></x>"),
            ),
        ),
        (
            "response: no Issuer to sign behind",
            with(
                honest(Sign::Response),
                &format!("<saml:Issuer>{IDP}</saml:Issuer>"),
                "",
            ),
        ),
    ];
    cases.extend(against(
        Class::Shape,
        honest(Sign::Assertion),
        unnamed.map(|(name, attack)| (name, BAD, Unasked, attack)),
    ));
    cases
}

/// The assertion.
#[expect(clippy::too_many_lines, reason = "a table")]
fn assertions() -> Vec<Attack> {
    let xml = unsigned();
    let of = |start: &str, end: &str| part(&xml, start, end).to_owned();
    let subject = of("<saml:Subject>", "</saml:Subject>");
    let conditions = of("<saml:Conditions", "</saml:Conditions>");
    let authn = of("<saml:AuthnStatement", "</saml:AuthnStatement>");
    let advice = "<saml:Advice></saml:Advice>";
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer><saml:Subject>");
    let head = "ID=\"_a\" IssueInstant=\"2026-07-01T10:00:00Z\" Version=\"2.0\"";
    said(
        Class::Shape,
        [
            (
                "assertion: version 1.1",
                BAD,
                head,
                &*head.replace("2.0", "1.1"),
            ),
            (
                "assertion: no version",
                BAD,
                head,
                &head.replace(" Version=\"2.0\"", ""),
            ),
            (
                "assertion: no ID",
                BAD,
                head,
                &head.replace("ID=\"_a\" ", ""),
            ),
            (
                "assertion: no IssueInstant",
                BAD,
                head,
                &head.replace(" IssueInstant=\"2026-07-01T10:00:00Z\"", ""),
            ),
            ("assertion: no Issuer", BAD, &issuer, "<saml:Subject>"),
            (
                "assertion: two Issuers",
                BAD,
                &issuer,
                &format!("<saml:Issuer>x</saml:Issuer>{issuer}"),
            ),
            (
                "assertion: an Issuer of the protocol",
                BAD,
                &issuer,
                &issuer.replace("saml:Issuer", "samlp:Issuer"),
            ),
            ("assertion: two Subjects", BAD, &subject, &subject.repeat(2)),
            (
                "assertion: no Conditions",
                "conditions_missing",
                &conditions,
                "",
            ),
            (
                "assertion: two Conditions",
                BAD,
                &conditions,
                &conditions.repeat(2),
            ),
            (
                "assertion: Conditions before the Subject",
                BAD,
                &format!("{subject}{conditions}"),
                &format!("{conditions}{subject}"),
            ),
            (
                "assertion: two Advices",
                BAD,
                &authn,
                &format!("{advice}{advice}{authn}"),
            ),
            (
                "assertion: Advice behind",
                BAD,
                "</saml:AuthnStatement>",
                &format!("</saml:AuthnStatement>{advice}"),
            ),
            (
                "assertion: a Subject behind",
                BAD,
                "</saml:AuthnStatement>",
                "</saml:AuthnStatement><saml:Subject></saml:Subject>",
            ),
            (
                "assertion: no AuthnStatement",
                "authn_statement_missing",
                &authn,
                "",
            ),
            (
                "assertion: an AuthnStatement of another namespace",
                BAD,
                &authn,
                &authn.replace("saml:AuthnStatement", "samlp:AuthnStatement"),
            ),
            (
                "assertion: a Statement",
                BAD,
                &authn,
                &format!("{authn}<saml:Statement></saml:Statement>"),
            ),
            (
                "assertion: text",
                BAD,
                "</saml:Conditions>",
                "</saml:Conditions>x",
            ),
            (
                "assertion: two contexts",
                BAD,
                "</saml:AuthnContext>",
                "</saml:AuthnContext><saml:AuthnContext></saml:AuthnContext>",
            ),
            (
                "assertion: two classes",
                BAD,
                "</saml:AuthnContext>",
                "<saml:AuthnContextClassRef>x</saml:AuthnContextClassRef></saml:AuthnContext>",
            ),
            (
                "assertion: an element in the class",
                BAD,
                "<saml:AuthnContextClassRef>",
                "<saml:AuthnContextClassRef><x xmlns=\"urn:x\"></x>",
            ),
        ],
    )
}

/// Conditions that we cannot judge.
fn conditions() -> Vec<Attack> {
    let end = "</saml:Conditions>";
    let and = |condition: &str| format!("{condition}{end}");
    said(
        Class::Shape,
        [
            ("an unknown condition", and("<saml:Condition></saml:Condition>")),
            ("a typed condition", and("<saml:Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:x=\"urn:x\" xsi:type=\"x:Delegation\"></saml:Condition>")),
            ("OneTimeUse of another namespace", and("<x:OneTimeUse xmlns:x=\"urn:x\"></x:OneTimeUse>")),
            ("OneTimeUse of the protocol", and("<samlp:OneTimeUse></samlp:OneTimeUse>")),
            ("a condition of SAML 1.1", and("<saml:DoNotCacheCondition></saml:DoNotCacheCondition>")),
            ("a condition of another name", and("<saml:OneTimeuse></saml:OneTimeuse>")),
        ]
        .map(|(name, new)| (name, "condition_unknown", end, new)),
    )
}
