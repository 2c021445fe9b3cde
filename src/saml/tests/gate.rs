//! What the gate says of a message beside the corpus: encrypted ones, and what it counts.

use super::*;
use crate::saml::gate;

/// The gate alone: xmlsec is not asked.
#[track_caller]
fn gated(xml: &str) -> &'static str {
    received(xml)
        .and_then(gate::check)
        .expect_err("the gate refuses")
        .reason()
}

#[test]
fn comments_are_counted_and_instructions_are_signed() {
    let xml = signed(Sign::Both);
    let commented = with(&xml, "<saml:Subject>", "<!-- x --><saml:Subject>");
    let message = gate::check(received(&commented).unwrap()).unwrap();
    assert_eq!(message.remarks(), 1);
    assert_eq!(
        reason(&with(&xml, "<saml:Subject>", "<?x y?><saml:Subject>")),
        "signature_invalid"
    );
}

#[test]
fn encrypted_assertions_have_their_place() {
    let xml = signed(Sign::Assertion);
    let assertion = part(&xml, "<saml:Assertion", "</saml:Assertion>");
    let encrypted = "<saml:EncryptedAssertion></saml:EncryptedAssertion>";
    for (children, expected) in [
        (encrypted.to_owned(), "structure"),
        (format!("{assertion}{encrypted}"), "several_assertions"),
        (format!("{encrypted}{encrypted}"), "several_assertions"),
        (
            format!("{encrypted}<saml:Subject></saml:Subject>"),
            "structure",
        ),
    ] {
        assert_eq!(gated(&xml.replace(assertion, &children)), expected);
    }
}
