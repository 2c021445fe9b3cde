//! Signatures that cover less than what is read, or something else that the identity provider once signed.

use openssl::{base64::encode_block, hash::MessageDigest};

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = partial();
    cases.extend(reused());
    cases.extend(unchecked());
    cases
}

const SAML: &str = "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
const SAMLP: &str = "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"";

/// xmlsec signs a part of the assertion, and nothing signs the rest.
fn partial() -> Vec<Attack> {
    let part_of = |name: &str| {
        let marked = with(
            &unsigned(),
            &format!("<saml:{name}"),
            &format!("<saml:{name} ID=\"_p\""),
        );
        let end = format!("</saml:{name}>");
        with(&marked, &end, &format!("{}{end}", template("_p")))
    };
    // In its place, but about a part.
    let pointing = |name: &str| {
        let marked = with(
            &unsigned(),
            &format!("<saml:{name}"),
            &format!("<saml:{name} ID=\"_p\""),
        );
        let place = "</saml:Issuer><saml:Subject";
        with(
            &marked,
            place,
            &format!("</saml:Issuer>{}<saml:Subject", template("_p")),
        )
    };
    let names = [
        "Subject",
        "NameID",
        "Conditions",
        "AuthnStatement",
        "AttributeStatement",
    ];
    let inside = names.map(|name| {
        (
            format!("signed {name}, inside of it"),
            "structure",
            Signed,
            seal(&part_of(name)),
        )
    });
    let above = names.map(|name| {
        (
            format!("signed {name}, above it"),
            "structure",
            Signed,
            seal(&pointing(name)),
        )
    });
    against(
        Class::PartialSignature,
        honest(Sign::Assertion),
        inside.into_iter().chain(above),
    )
}

/// Messages of other kinds and signatures of other messages, all by the right key.
#[expect(clippy::too_many_lines, reason = "a table")]
fn reused() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let assertion = part(xml, "<saml:Assertion", "</saml:Assertion>");
    let signature = part(assertion, "<ds:Signature", "</ds:Signature>");
    let alone = with(
        assertion,
        "<saml:Assertion",
        &format!("<saml:Assertion {SAML}"),
    );
    let issuer = "<saml:Issuer>https://idp.example/saml</saml:Issuer>";
    let other = resigned(Sign::Assertion, &[(ADA, "bob@acme.example")]);
    let of_other = part(&other, "<ds:Signature", "</ds:Signature>");
    let response = honest(Sign::Response);
    let of_response = part(response, "<ds:Signature", "</ds:Signature>");
    let message = |name: &str, inner: &str| {
        let made = template("_r");
        seal(&format!(
            "<samlp:{name} {SAMLP} {SAML} ID=\"_r\" IssueInstant=\"2026-07-01T10:00:00Z\" Version=\"2.0\">{issuer}{made}{inner}</samlp:{name}>"
        ))
    };
    let name_id = "<saml:NameID>ada@acme.example</saml:NameID>";
    let status = part(response, "<samlp:Status>", "</samlp:Status>");
    let descriptor = seal(&format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_r\" entityID=\"{IDP}\">{}</md:EntityDescriptor>",
        template("_r")
    ));
    let query = message("AssertionIDRequest", "");
    let error = with(xml, "status:Success", "status:Responder");
    let bob = other
        .replace("\"_r\"", "\"_q\"")
        .replace("\"_a\"", "\"_b\"")
        .replace("#_a\"", "#_b\"");
    let claims_ada = with(&bob, "bob@acme.example", ADA);
    let mut cases = against(
        Class::PartialSignature,
        xml,
        [
            ("an assertion alone", "structure", Signed, alone),
            (
                "a LogoutResponse",
                "structure",
                Signed,
                message("LogoutResponse", status),
            ),
            (
                "a LogoutRequest",
                "structure",
                Signed,
                message("LogoutRequest", name_id),
            ),
            (
                "an AuthnRequest",
                "structure",
                Signed,
                message("AuthnRequest", ""),
            ),
            (
                "an ArtifactResponse",
                "structure",
                Signed,
                message("ArtifactResponse", status),
            ),
            ("an AssertionIDRequest", "structure", Signed, query),
            (
                "a Response without an assertion",
                "structure",
                Signed,
                message("Response", status),
            ),
            ("metadata", "structure", Signed, descriptor),
            (
                "a signature of another person's",
                "signature_invalid",
                Broken,
                xml.replace(signature, of_other),
            ),
            (
                "a signature of another message",
                "signature_invalid",
                Broken,
                claims_ada,
            ),
            (
                "a signature of the response over an assertion",
                "structure",
                Signed,
                xml.replace(signature, of_response),
            ),
            (
                "in a response that failed",
                "status_responder",
                Signed,
                error,
            ),
        ],
    );
    for what in [Sign::Assertion, Sign::Response, Sign::Both] {
        cases.extend(edited(
            Class::PartialSignature,
            honest(what),
            [
                ("NameID", ADA, "eve@acme.example"),
                ("attribute", "SEO_Editors", "Owners"),
                ("session", "SessionIndex=\"", "SessionIndex=\"x"),
                (
                    "one value more",
                    "</saml:AttributeValue>",
                    "</saml:AttributeValue><saml:AttributeValue>Owners</saml:AttributeValue>",
                ),
                ("a blank", "<saml:Subject>", "<saml:Subject> "),
            ]
            .map(|(name, old, new)| {
                (
                    format!("changed: {name}, {what:?}"),
                    "signature_invalid",
                    Broken,
                    old,
                    new,
                )
            }),
        ));
    }
    cases.extend(edited(
        Class::PartialSignature,
        honest(Sign::Both),
        [
            (
                "the response's ID",
                "structure",
                Broken,
                " ID=\"_r\"",
                " ID=\"_q\"",
            ),
            (
                "the destination's letter",
                "signature_invalid",
                Broken,
                "/saml/7/acs\" ID",
                "/saml/8/acs\" ID",
            ),
        ],
    ));
    cases
}

/// The reference is right for what the attacker wrote; only the signature's value gives it away.
fn unchecked() -> Vec<Attack> {
    let mut cases = Vec::new();
    for what in [Sign::Assertion, Sign::Response] {
        let twin = honest(what);
        let evil = resigned(what, &[(ADA, "eve@acme.example")]);
        let [own, other] = [twin, &evil].map(|xml| part(xml, VALUE[0], VALUE[1]));
        let zero = encode_block(&[0; 256]);
        let longer = other.replace("</", &format!("{}</", encode_block(&[0; 3])));
        let sha1 = stamped(&evil, MessageDigest::sha1());
        let sha512 = stamped(&evil, MessageDigest::sha512());
        cases.extend(against(
            Class::ValueUnchecked,
            twin,
            [
                ("the old value", with(&evil, other, own)),
                (
                    "a value of zeros",
                    with(&evil, other, &format!("{}{zero}{}", VALUE[0], VALUE[1])),
                ),
                ("a value that is longer", with(&evil, other, &longer)),
                ("a value over SHA-1 that says SHA-256", sha1),
                ("a value over SHA-512 that says SHA-256", sha512),
                (
                    "the stranger's value",
                    stranger().sign_template(&unsigned().replace(ADA, "eve@acme.example"), what),
                ),
            ]
            .map(|(name, attack)| {
                (
                    format!("{name}, {what:?}"),
                    "signature_invalid",
                    Broken,
                    attack,
                )
            }),
        ));
    }
    cases
}
