//! Comments and processing instructions inside of values.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = truncated();
    cases.extend(instructed());
    cases.extend(in_signature_values());
    cases
}

const COMMENT: &str = "comment_in_value";
const LONG: &str = "ada@acme.example.evil.example";

/// An honest message whose values are longer than what the attacker wants read; comments leave its
/// signature as it is.
#[expect(clippy::too_many_lines, reason = "a table")]
fn truncated() -> Vec<Attack> {
    let twin = resigned(
        Sign::Both,
        &[
            (ADA, LONG),
            ("SEO_Editors", "Owners_of_cats"),
            (
                "</saml:AuthnContextClassRef>",
                "</saml:AuthnContextClassRef><saml:AuthenticatingAuthority>urn:authority:x</saml:AuthenticatingAuthority>",
            ),
        ],
    );
    let nested = "<saml:Attribute Name=\"urn:oid:1.3.6.1.4.1.5923.1.1.1.10\"><saml:AttributeValue><saml:NameID>eppn.evil</saml:NameID></saml:AttributeValue></saml:Attribute></saml:AttributeStatement>";
    let detailed = resigned(
        Sign::Both,
        &[
            ("</saml:AttributeStatement>", nested),
            (
                "</samlp:StatusCode>",
                "</samlp:StatusCode><samlp:StatusMessage>all well</samlp:StatusMessage><samlp:StatusDetail><x xmlns=\"urn:x\">more</x></samlp:StatusDetail>",
            ),
        ],
    );
    let mut cases = edited(
        Class::CommentTruncation,
        &twin,
        [
            (
                "NameID, truncated",
                COMMENT,
                Signed,
                ".evil.example",
                "<!---->.evil.example",
            ),
            (
                "NameID, at the start",
                COMMENT,
                Signed,
                LONG,
                "<!-- x -->ada@acme.example.evil.example",
            ),
            (
                "NameID, at the end",
                COMMENT,
                Signed,
                LONG,
                "ada@acme.example.evil.example<!-- x -->",
            ),
            (
                "NameID, twice",
                COMMENT,
                Signed,
                "@acme.example",
                "<!-- x -->@acme.<!-- y -->example",
            ),
            (
                "NameID, a comment that hides an end tag",
                COMMENT,
                Signed,
                ".evil",
                "<!-- </saml:NameID> -->.evil",
            ),
            (
                "Issuer of the response",
                COMMENT,
                Signed,
                "https://idp.example/saml",
                "https://idp.example<!-- x -->/saml",
            ),
            (
                "Issuer of the assertion",
                COMMENT,
                Signed,
                "ID=\"_a\" IssueInstant=\"2026-07-01T10:00:00Z\" Version=\"2.0\"><saml:Issuer>",
                "ID=\"_a\" IssueInstant=\"2026-07-01T10:00:00Z\" Version=\"2.0\"><saml:Issuer><!-- x -->",
            ),
            (
                "Audience",
                COMMENT,
                Signed,
                "<saml:Audience>https://usher.example",
                "<saml:Audience>https://usher.example<!-- x -->",
            ),
            (
                "AttributeValue, truncated",
                COMMENT,
                Signed,
                "Owners_of_cats",
                "Owners<!-- x -->_of_cats",
            ),
            (
                "AttributeValue, at the start",
                COMMENT,
                Signed,
                "Owners_of_cats",
                "<!-- x -->Owners_of_cats",
            ),
            (
                "AuthnContextClassRef",
                COMMENT,
                Signed,
                "ac:classes",
                "ac:<!-- x -->classes",
            ),
            (
                "AuthenticatingAuthority",
                COMMENT,
                Signed,
                "urn:authority:x",
                "urn:authority<!-- x -->:x",
            ),
        ],
    );
    cases.extend(edited(
        Class::CommentTruncation,
        &detailed,
        [
            (
                "NameID within a value",
                COMMENT,
                Signed,
                "eppn.evil",
                "eppn<!-- x -->.evil",
            ),
            (
                "between value and NameID",
                COMMENT,
                Signed,
                "<saml:NameID>eppn",
                "<!-- x --><saml:NameID>eppn",
            ),
            (
                "StatusMessage",
                COMMENT,
                Signed,
                "all well",
                "all<!-- x --> well",
            ),
            ("StatusDetail", COMMENT, Signed, ">more", "><!-- x -->more"),
        ],
    ));
    cases
}

/// Processing instructions are part of what is signed: the identity provider itself would have to be led
/// to write them.
fn instructed() -> Vec<Attack> {
    said(
        Class::CommentTruncation,
        [
            (
                "NameID, an instruction",
                COMMENT,
                ADA,
                "ada<?x y?>@acme.example",
            ),
            (
                "NameID, an instruction at the end",
                COMMENT,
                ADA,
                "ada@acme.example<?x?>",
            ),
            (
                "Issuer, an instruction",
                COMMENT,
                "https://idp.example",
                "https://idp<?x y?>.example",
            ),
            (
                "Audience, an instruction",
                COMMENT,
                "<saml:Audience>",
                "<saml:Audience><?x y?>",
            ),
            (
                "AttributeValue, an instruction",
                COMMENT,
                "SEO_Editors",
                "SEO_<?x y?>Editors",
            ),
        ],
    )
}

/// In the values of the signature itself: one parser digests what another does not see.
#[expect(clippy::too_many_lines, reason = "a table")]
fn in_signature_values() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let digest = part(xml, "<ds:DigestValue>", "</ds:DigestValue>");
    let forged = digest.replace("<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->");
    let split = digest.replacen('=', "<!-- x -->=", 1);
    let mut cases = edited(
        Class::DigestComment,
        xml,
        [
            (
                "forged digest in a comment",
                COMMENT,
                digest,
                forged.as_str(),
            ),
            ("within the digest", COMMENT, digest, &split),
            (
                "behind the digest",
                COMMENT,
                "</ds:DigestValue>",
                "<!-- x --></ds:DigestValue>",
            ),
            (
                "an instruction before the digest",
                COMMENT,
                "<ds:DigestValue>",
                "<ds:DigestValue><?x y?>",
            ),
            (
                "before the signature's value",
                COMMENT,
                "<ds:SignatureValue>",
                "<ds:SignatureValue><!-- x -->",
            ),
            (
                "behind the signature's value",
                COMMENT,
                "</ds:SignatureValue>",
                "<!-- x --></ds:SignatureValue>",
            ),
            (
                "in the certificate",
                COMMENT,
                "<ds:X509Certificate>",
                "<ds:X509Certificate><!-- x -->",
            ),
            (
                "an element in the digest",
                "structure",
                "<ds:DigestValue>",
                "<ds:DigestValue><x xmlns=\"urn:x\"></x>",
            ),
            (
                "an element in the signature's value",
                "structure",
                "<ds:SignatureValue>",
                "<ds:SignatureValue><x xmlns=\"urn:x\"></x>",
            ),
            (
                "an element in the certificate",
                "structure",
                "<ds:X509Certificate>",
                "<ds:X509Certificate><x xmlns=\"urn:x\"></x>",
            ),
        ]
        .map(|(name, expected, old, new)| (name, expected, Unasked, old, new)),
    );
    let nothing =
        "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\">";
    cases.extend(edited(
        Class::DigestComment,
        xml,
        [(
            "in an empty method",
            COMMENT,
            Unasked,
            nothing,
            format!("{nothing}<!-- x -->"),
        )],
    ));
    cases
}
