//! Canonicalization that comes to nothing.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = void();
    cases.extend(digest_of_nothing());
    cases
}

/// Namespaces that are no absolute URIs make canonicalization fail; who takes the failure for an empty
/// result digests nothing.
#[expect(clippy::too_many_lines, reason = "a table")]
fn void() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let subject = [
        "relative",
        "../x",
        "./x",
        "x/y:z",
        "#x",
        "?x",
        "1:x",
        ":x",
        " urn:x",
        "urn:x y",
        "urn:\u{e9}",
    ];
    let mut cases = against(
        Class::VoidCanonicalization,
        xml,
        subject.map(|uri| {
            let old = "<samlp:Status>";
            let new = format!("<samlp:Status xmlns:x=\"{uri}\">");
            (
                format!("namespace {uri:?}"),
                "structure",
                Unasked,
                with(xml, old, &new),
            )
        }),
    );
    cases.extend(edited(
        Class::VoidCanonicalization,
        xml,
        [
            (
                "at the root",
                "structure",
                Unasked,
                "<samlp:Response ",
                "<samlp:Response xmlns:x=\"x\" ",
            ),
            (
                "in the assertion",
                "structure",
                Unasked,
                "<saml:Conditions ",
                "<saml:Conditions xmlns:x=\"x\" ",
            ),
            (
                "in SignedInfo",
                "structure",
                Unasked,
                "<ds:SignedInfo>",
                "<ds:SignedInfo xmlns:x=\"x\">",
            ),
            (
                "in a transform",
                "structure",
                Unasked,
                "<ds:Transforms>",
                "<ds:Transforms xmlns:x=\"x\">",
            ),
            (
                "as the default",
                "structure",
                Unasked,
                "<samlp:Status>",
                "<samlp:Status xmlns=\"x\">",
            ),
            (
                "a prefix taken back",
                "structure",
                Unasked,
                "<samlp:Status>",
                "<samlp:Status xmlns:x=\"\">",
            ),
        ],
    ));
    cases
}

/// Digests of no octets at all, under a signature of the right key.
fn digest_of_nothing() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let digest = part(xml, "<ds:DigestValue>", "</ds:DigestValue>");
    let nothing = "<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue>";
    let of_nothing = stamped(
        &with(xml, digest, nothing),
        openssl::hash::MessageDigest::sha256(),
    );
    let void = with(
        &of_nothing,
        "<saml:Subject>",
        "<saml:Subject xmlns:x=\"x\">",
    );
    let evil = void.replace(ADA, "eve@acme.example");
    against(
        Class::VoidCanonicalization,
        xml,
        [
            ("digest of nothing", "signature_invalid", Broken, of_nothing),
            ("digest of nothing, void", "structure", Unasked, void),
            (
                "digest of nothing, void, for Eve",
                "structure",
                Unasked,
                evil,
            ),
        ],
    )
}
