//! Signature wrapping with whole responses: in other responses, beside them, and under other roots.

use super::{
    Claim::*,
    wrapping::{EVE, extended},
    *,
};

pub(super) fn cases() -> Vec<Attack> {
    let xml = honest(Sign::Response);
    let other = unsigned()
        .replace(ADA, EVE)
        .replace("\"_r\"", "\"_s\"")
        .replace("\"_a\"", "\"_b\"");
    let assertion = part(&other, "<saml:Assertion", "</saml:Assertion>");
    let around = |inner: &str| with(&other, assertion, inner);
    let in_response = with(
        xml,
        "</samlp:Response>",
        &format!("{other}</samlp:Response>"),
    );
    let foreign = extended(xml, "<x:Response xmlns:x=\"urn:x\"></x:Response>");
    let root = format!("<x xmlns=\"urn:x\">{xml}</x>");
    let artifact = format!(
        "<samlp:ArtifactResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">{xml}</samlp:ArtifactResponse>"
    );
    against(
        Class::Wrapping,
        xml,
        [
            ("signed for an assertion", "structure", Signed, around(xml)),
            (
                "signed in extensions",
                "several_assertions",
                Signed,
                extended(&other, xml),
            ),
            (
                "signed in its assertion",
                "several_assertions",
                Signed,
                with(
                    &other,
                    "</saml:Assertion>",
                    &format!("{xml}</saml:Assertion>"),
                ),
            ),
            ("evil at the end", "several_assertions", Broken, in_response),
            ("foreign response", "structure", Broken, foreign),
            ("under another root", "structure", Signed, root),
            ("in an artifact response", "structure", Signed, artifact),
            (
                "second root",
                "malformed_xml",
                Unasked,
                format!("{xml}{other}"),
            ),
            (
                "first root",
                "malformed_xml",
                Unasked,
                format!("{other}{xml}"),
            ),
        ],
    )
}
