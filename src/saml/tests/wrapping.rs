//! Signature wrapping (Somorovsky et al., 2012): a signed part is kept, and another put where it is read.

use super::*;

const EVIL: &str = "eve@acme.example";

/// The signed assertion, and an unsigned one that says Eve.
fn parts(xml: &str) -> (String, String) {
    let genuine = part(xml, "<saml:Assertion", "</saml:Assertion>").to_owned();
    let signature = part(&genuine, "<ds:Signature", "</ds:Signature>").to_owned();
    let evil = genuine
        .replace(&signature, "")
        .replace(ADA, EVIL)
        .replace("\"_a\"", "\"_evil\"");
    (genuine, evil)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn eight_wrappings_are_refused() {
    let xml = signed(Sign::Assertion);
    let (genuine, evil) = parts(&xml);
    let signature = part(&genuine, "<ds:Signature", "</ds:Signature>").to_owned();
    let bare = genuine.replace(&signature, "");
    let response = idp().sign_template(&unsigned(), Sign::Response);
    let outer = part(&response, "<ds:Signature", "</ds:Signature>").to_owned();
    let whole = response.replace(&outer, "");
    let object = |inner: &str| format!("<ds:Object>{inner}</ds:Object></ds:Signature>");
    let declared = "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
    let tampered = with(&response, ADA, EVIL).replace("\"_r\"", "\"_evil\"");

    let wrapped = [
        // The signed response inside the signature of the evil one, or beside it.
        ("1", tampered.replace("</ds:Signature>", &object(&whole))),
        (
            "2",
            with(
                &tampered,
                "<samlp:Status>",
                &format!("<samlp:Extensions>{whole}</samlp:Extensions><samlp:Status>"),
            ),
        ),
        // The signed assertion behind the evil one, inside of it, or around it.
        ("3", xml.replace(&genuine, &format!("{evil}{genuine}"))),
        (
            "3 turned",
            xml.replace(&genuine, &format!("{genuine}{evil}")),
        ),
        (
            "4",
            xml.replace(
                &genuine,
                &evil.replace("</saml:Assertion>", &format!("{genuine}</saml:Assertion>")),
            ),
        ),
        (
            "5",
            xml.replace(
                &genuine,
                &format!(
                    "{}{bare}",
                    with(
                        &evil,
                        "</saml:Issuer>",
                        &format!("</saml:Issuer>{signature}")
                    )
                ),
            ),
        ),
        (
            "6",
            xml.replace(
                &genuine,
                &with(
                    &evil,
                    "</saml:Issuer>",
                    &format!(
                        "</saml:Issuer>{}",
                        signature.replace("</ds:Signature>", &object(&bare))
                    ),
                ),
            ),
        ),
        (
            "7",
            xml.replace(&genuine, &evil).replace(
                "<samlp:Status>",
                &format!("<samlp:Extensions {declared}>{genuine}</samlp:Extensions><samlp:Status>"),
            ),
        ),
        (
            "8",
            xml.replace(
                &genuine,
                &with(
                    &evil,
                    "</saml:Issuer>",
                    &format!(
                        "</saml:Issuer>{}",
                        signature.replace("</ds:Signature>", &object(&genuine))
                    ),
                ),
            ),
        ),
        // Twins with one ID, and hiding places.
        (
            "twins",
            xml.replace(
                &genuine,
                &format!("{}{genuine}", evil.replace("_evil", "_a")),
            ),
        ),
        (
            "advice",
            xml.replace(
                &genuine,
                &evil.replace(
                    "</saml:Conditions>",
                    &format!("</saml:Conditions><saml:Advice>{genuine}</saml:Advice>"),
                ),
            ),
        ),
        (
            "value",
            xml.replace(&genuine, &evil.replace("SEO_Editors", &genuine)),
        ),
        (
            "status",
            xml.replace(&genuine, &evil).replace(
                "</samlp:StatusCode>",
                &format!("</samlp:StatusCode><samlp:StatusDetail>{genuine}</samlp:StatusDetail>"),
            ),
        ),
        (
            "key info",
            xml.replace(
                &genuine,
                &with(
                    &evil,
                    "</saml:Issuer>",
                    &format!(
                        "</saml:Issuer>{}",
                        signature.replace("<ds:KeyInfo>", &format!("<ds:KeyInfo>{genuine}"))
                    ),
                ),
            ),
        ),
        (
            "foreign",
            xml.replace(
                &genuine,
                &format!("{genuine}<x:Assertion xmlns:x=\"urn:x\" ID=\"_x\"></x:Assertion>"),
            ),
        ),
        ("other root", format!("<x xmlns=\"urn:x\">{xml}</x>")),
        ("second root", format!("{xml}{xml}")),
    ];
    for (name, message) in wrapped {
        let error = receive(&message).expect_err(name);
        let reasons = [
            "structure",
            "several_assertions",
            "signature_missing",
            "malformed_xml",
        ];
        assert!(reasons.contains(&error.reason()), "{name}: {error}");
    }
}

#[test]
fn an_unsigned_response_around_a_signed_assertion_may_only_refuse() {
    let xml = signed(Sign::Assertion);
    assert!(receive(&with(&xml, " ID=\"_r\"", " ID=\"_other\"")).is_ok());
    assert!(receive(&with(&xml, &format!(" Destination=\"{ACS}\""), "")).is_ok());
    let other = with(
        &xml,
        &format!("Destination=\"{ACS}\""),
        "Destination=\"https://x.example/\"",
    );
    assert_eq!(reason(&other), "destination_mismatch");
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer><samlp:Status>");
    assert_eq!(
        reason(&with(
            &xml,
            &issuer,
            "<saml:Issuer>x</saml:Issuer><samlp:Status>"
        )),
        "issuer_mismatch"
    );
    assert!(receive(&with(&xml, &issuer, "<samlp:Status>")).is_ok());
}

#[test]
fn a_signature_covers_its_parent_and_nothing_else() {
    let xml = signed(Sign::Assertion);
    for (old, new) in [
        ("URI=\"#_a\"", "URI=\"\""),
        ("URI=\"#_a\"", "URI=\"#_r\""),
        ("URI=\"#_a\"", "URI=\"#xpointer(id('_a'))\""),
        ("URI=\"#_a\"", "URI=\"#xpointer(/)\""),
        ("URI=\"#_a\"", "URI=\"http://x.example/\""),
        (" URI=\"#_a\"", ""),
    ] {
        assert_eq!(reason(&with(&xml, old, new)), "structure", "{new}");
    }
    let signature = part(&xml, "<ds:Signature", "</ds:Signature>");
    let moved = xml
        .replace(signature, "")
        .replace("</samlp:Status>", &format!("</samlp:Status>{signature}"));
    assert_eq!(reason(&moved), "structure");
    let last = xml.replace(signature, "").replace(
        "</saml:Assertion>",
        &format!("{signature}</saml:Assertion>"),
    );
    assert_eq!(reason(&last), "structure");
    assert_eq!(
        reason(&xml.replace(signature, &format!("{signature}{signature}"))),
        "structure"
    );
    let of_response = xml
        .replace(signature, "")
        .replace("<samlp:Status>", &format!("{signature}<samlp:Status>"));
    assert_eq!(reason(&of_response), "structure");
}
