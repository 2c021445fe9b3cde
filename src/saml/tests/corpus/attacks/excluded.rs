//! Signatures that are not there, whose parts are not there, or whose values say nothing.

use super::{
    Claim::*,
    parts::{PARTS, name},
    *,
};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = missing();
    cases.extend(empty());
    cases.extend(excluded());
    cases
}

/// Each part left out.
fn missing() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let required = PARTS.iter().filter(|[start, _]| *start != "<ds:KeyInfo>");
    against(
        Class::SignatureExclusion,
        xml,
        required.map(|[start, end]| {
            let without = xml.replace(part(xml, start, end), "");
            (format!("no {}", name(start)), "structure", Broken, without)
        }),
    )
}

/// Parts that are there and say nothing.
#[expect(clippy::too_many_lines, reason = "a table")]
fn empty() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let value = part(xml, VALUE[0], VALUE[1]);
    let digest = part(xml, "<ds:DigestValue>", "</ds:DigestValue>");
    let info = part(xml, "<ds:SignedInfo>", "</ds:SignedInfo>");
    let transforms = part(xml, "<ds:Transforms>", "</ds:Transforms>");
    let signature = part(xml, "<ds:Signature", "</ds:Signature>");
    let nothing = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:Signature>";
    let invalid = "signature_invalid";
    edited(
        Class::SignatureExclusion,
        xml,
        [
            (
                "an empty Signature",
                "structure",
                Broken,
                signature,
                nothing,
            ),
            (
                "an empty SignedInfo",
                "structure",
                Broken,
                info,
                "<ds:SignedInfo></ds:SignedInfo>",
            ),
            (
                "no transform",
                "structure",
                Broken,
                transforms,
                "<ds:Transforms></ds:Transforms>",
            ),
            (
                "an empty value",
                invalid,
                Broken,
                value,
                "<ds:SignatureValue></ds:SignatureValue>",
            ),
            (
                "an empty value, closed",
                invalid,
                Broken,
                value,
                "<ds:SignatureValue/>",
            ),
            (
                "a value of white space",
                invalid,
                Broken,
                value,
                "<ds:SignatureValue>\n \n</ds:SignatureValue>",
            ),
            (
                "a value of four letters",
                invalid,
                Broken,
                value,
                "<ds:SignatureValue>AAAA</ds:SignatureValue>",
            ),
            (
                "a value that is no base64",
                invalid,
                Broken,
                value,
                "<ds:SignatureValue>!</ds:SignatureValue>",
            ),
            (
                "an empty digest",
                invalid,
                Broken,
                digest,
                "<ds:DigestValue></ds:DigestValue>",
            ),
            (
                "a digest of white space",
                invalid,
                Broken,
                digest,
                "<ds:DigestValue>\n</ds:DigestValue>",
            ),
            (
                "a short digest",
                invalid,
                Broken,
                digest,
                "<ds:DigestValue>AAAA</ds:DigestValue>",
            ),
            (
                "text before SignedInfo",
                "structure",
                Signed,
                "<ds:SignedInfo>",
                "x<ds:SignedInfo>",
            ),
        ],
    )
}

/// No signature, or one that only looks like it.
#[expect(clippy::too_many_lines, reason = "a table")]
fn excluded() -> Vec<Attack> {
    let evil = |xml: &str| xml.replace(ADA, "eve@acme.example");
    let namespace = "http://www.w3.org/2000/09/xmldsig#";
    let xml = honest(Sign::Assertion);
    let signature = part(xml, "<ds:Signature", "</ds:Signature>");
    let instead = |with: &str| evil(&xml.replace(signature, with));
    let both = honest(Sign::Both);
    let outer = part(both, "<ds:Signature", "</ds:Signature>");
    let inner = part(both, "<saml:Assertion", "</saml:Assertion>");
    let inner = part(inner, "<ds:Signature", "</ds:Signature>");
    let mut cases = against(
        Class::SignatureExclusion,
        xml,
        [
            ("unsigned", "signature_missing", Unsigned, evil(&unsigned())),
            (
                "unsigned, unchanged",
                "signature_missing",
                Unsigned,
                unsigned(),
            ),
            (
                "commented out",
                "signature_missing",
                Unasked,
                instead(&format!("<!--{signature}-->")),
            ),
            (
                "in a CDATA section",
                "signature_missing",
                Unasked,
                instead(&format!("<![CDATA[{signature}]]>")),
            ),
            (
                "as escaped text",
                "signature_missing",
                Unasked,
                instead(&crate::saml::xml::escaped(signature)),
            ),
            (
                "of another namespace",
                "signature_missing",
                Broken,
                instead(&signature.replace(namespace, "http://www.w3.org/2000/09/xmldsig")),
            ),
            (
                "of XML Signature 1.1",
                "signature_missing",
                Broken,
                instead(&signature.replace(namespace, "http://www.w3.org/2009/xmldsig11#")),
            ),
            (
                "of another name",
                "structure",
                Unasked,
                instead(
                    &signature
                        .replace("ds:Signature ", "ds:Sig ")
                        .replace("ds:Signature>", "ds:Sig>"),
                ),
            ),
        ],
    );
    cases.extend(against(
        Class::SignatureExclusion,
        both,
        [
            (
                "the response's cut out",
                "signature_invalid",
                Broken,
                evil(&both.replace(outer, "")),
            ),
            (
                "the assertion's cut out",
                "signature_invalid",
                Broken,
                both.replace(inner, ""),
            ),
            (
                "both cut out",
                "signature_missing",
                Unsigned,
                evil(&both.replace(outer, "").replace(inner, "")),
            ),
        ],
    ));
    cases
}
