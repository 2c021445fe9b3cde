//! Signature wrapping (Somorovsky et al., 2012): a signed part is kept somewhere, and another put where it
//! is read.

use super::{Claim::*, *};

pub(super) const EVE: &str = "eve@acme.example";

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = eight();
    cases.extend(beside());
    cases.extend(hidden(Sign::Assertion));
    cases.extend(hidden(Sign::Both));
    cases
}

/// An honest message in its parts, and what an attacker makes of them.
struct Parts {
    xml: &'static str,
    /// The assertion as it is signed.
    genuine: String,
    /// Its signature.
    signature: String,
    /// The assertion without it.
    bare: String,
    /// An unsigned one that says Eve.
    evil: String,
}

impl Parts {
    fn of(what: Sign) -> Self {
        let xml = honest(what);
        let genuine = part(xml, "<saml:Assertion", "</saml:Assertion>").to_owned();
        let signature = part(&genuine, "<ds:Signature", "</ds:Signature>").to_owned();
        let bare = genuine.replace(&signature, "");
        let evil = bare.replace(ADA, EVE).replace("\"_a\"", "\"_evil\"");
        Self {
            xml,
            genuine,
            signature,
            bare,
            evil,
        }
    }

    /// The message with this in the place of the genuine assertion.
    fn instead(&self, assertions: &str) -> String {
        self.xml.replace(&self.genuine, assertions)
    }

    /// The evil assertion with the genuine signature, changed, in its place.
    fn evil_with(&self, signature: &str) -> String {
        with(
            &self.evil,
            "</saml:Issuer>",
            &format!("</saml:Issuer>{signature}"),
        )
    }

    /// The genuine signature with something in a new ds:Object.
    fn object(&self, inner: &str) -> String {
        self.signature.replace(
            "</ds:Signature>",
            &format!("<ds:Object>{inner}</ds:Object></ds:Signature>"),
        )
    }
}

/// The message with something in Extensions.
pub(super) fn extended(xml: &str, inner: &str) -> String {
    with(
        xml,
        "<samlp:Status>",
        &format!("<samlp:Extensions>{inner}</samlp:Extensions><samlp:Status>"),
    )
}

/// The eight of the paper, by its numbers: two on a signed response, six on a signed assertion.
fn eight() -> Vec<Attack> {
    let class = Class::Wrapping;
    let response = honest(Sign::Response);
    let outer = part(response, "<ds:Signature", "</ds:Signature>");
    let whole = response.replace(outer, "");
    let tampered = with(response, ADA, EVE).replace("\"_r\"", "\"_evil\"");
    let one = tampered.replace(
        "</ds:Signature>",
        &format!("<ds:Object>{whole}</ds:Object></ds:Signature>"),
    );
    let two = extended(&tampered, &whole);
    let p = Parts::of(Sign::Assertion);
    let around = with(
        &p.evil,
        "</saml:Assertion>",
        &format!("{}</saml:Assertion>", p.genuine),
    );
    let five = format!("{}{}", p.evil_with(&p.signature), p.bare);
    let six = p.evil_with(&p.object(&p.bare));
    let seven = extended(&p.instead(&p.evil), &p.genuine);
    let eight = p.evil_with(&p.object(&p.genuine));
    let mut cases = against(
        class,
        response,
        [
            ("xsw 1", "structure", Broken, one),
            ("xsw 2", "structure", Signed, two),
        ],
    );
    cases.extend(against(
        class,
        p.xml,
        [
            (
                "xsw 3",
                "several_assertions",
                Signed,
                p.instead(&format!("{}{}", p.evil, p.genuine)),
            ),
            ("xsw 4", "several_assertions", Signed, p.instead(&around)),
            ("xsw 5", "several_assertions", Signed, p.instead(&five)),
            ("xsw 6", "several_assertions", Broken, p.instead(&six)),
            ("xsw 7", "several_assertions", Signed, seven),
            ("xsw 8", "several_assertions", Broken, p.instead(&eight)),
        ],
    ));
    cases
}

/// Two assertions side by side, in every order and with every ID.
fn beside() -> Vec<Attack> {
    let p = Parts::of(Sign::Assertion);
    let twin = p.evil.replace("\"_evil\"", "\"_a\"");
    let two = |first: &str, second: &str| p.instead(&format!("{first}{second}"));
    let foreign = "<x:Assertion xmlns:x=\"urn:x\" ID=\"_x\"></x:Assertion>";
    let nameless = p.evil.replace(" ID=\"_evil\"", "");
    let signed_eve = part(
        &resigned(Sign::Assertion, &[(ADA, EVE), (" ID=\"_a\"", " ID=\"_b\"")]),
        "<saml:Assertion",
        "</saml:Assertion>",
    )
    .to_owned();
    against(
        Class::Wrapping,
        p.xml,
        [
            (
                "evil behind",
                "several_assertions",
                Signed,
                two(&p.genuine, &p.evil),
            ),
            ("twin before", "structure", Broken, two(&twin, &p.genuine)),
            ("twin behind", "structure", Signed, two(&p.genuine, &twin)),
            (
                "without an ID",
                "several_assertions",
                Signed,
                two(&nameless, &p.genuine),
            ),
            (
                "of a foreign namespace",
                "several_assertions",
                Signed,
                two(&p.genuine, foreign),
            ),
            (
                "twice the same",
                "structure",
                Signed,
                two(&p.genuine, &p.genuine),
            ),
            (
                "both signed",
                "several_assertions",
                Signed,
                two(&p.genuine, &signed_eve),
            ),
            (
                "signature alone kept",
                "structure",
                Broken,
                p.instead(&p.evil_with(&p.signature)),
            ),
        ],
    )
}

/// Where the genuine assertion can hide inside of the evil one, or the evil one inside of the message.
#[expect(clippy::too_many_lines, reason = "a table")]
fn hidden(what: Sign) -> Vec<Attack> {
    let p = Parts::of(what);
    let inside = |place: &str, open: &str, close: &str| {
        let (start, end) = place.split_once('|').unwrap_or((place, ""));
        p.instead(&with(
            &p.evil,
            &format!("{start}{end}"),
            &format!("{start}{open}{}{close}{end}", p.genuine),
        ))
    };
    let key_info = |open: &str, close: &str| {
        let hiding = with(
            &p.signature,
            "<ds:KeyInfo>",
            &format!("<ds:KeyInfo>{open}{}{close}", p.genuine),
        );
        p.instead(&p.evil_with(&hiding))
    };
    let status = with(
        &p.instead(&p.evil),
        "</samlp:StatusCode>",
        &format!(
            "</samlp:StatusCode><samlp:StatusDetail>{}</samlp:StatusDetail>",
            p.genuine
        ),
    );
    let message = status.replace("StatusDetail>", "StatusMessage>");
    let code = with(
        &p.instead(&p.evil),
        "</samlp:StatusCode>",
        &format!("{}</samlp:StatusCode>", p.genuine),
    );
    // The genuine one stays; Eve's is put where a careless reader may find it first.
    let evil_in = |place: &str, open: &str, close: &str| {
        with(p.xml, place, &format!("{open}{}{close}{place}", p.evil))
    };
    let name = |text: &str| format!("{text}, {what:?}");
    // Where the response is signed as well, the first signature is the response's, and it breaks. What is
    // inside of an enveloped signature is not covered by it.
    let claim = if what == Sign::Both { Broken } else { Signed };
    let several = "several_assertions";
    against(
        Class::Wrapping,
        p.xml,
        [
            (
                name("advice"),
                several,
                claim,
                inside("</saml:Conditions>|", "<saml:Advice>", "</saml:Advice>"),
            ),
            (
                name("attribute value"),
                several,
                claim,
                inside("<saml:AttributeValue>|SEO", "", ""),
            ),
            (
                name("confirmation data"),
                several,
                claim,
                inside("|</saml:SubjectConfirmationData>", "", ""),
            ),
            (
                name("subject"),
                several,
                claim,
                inside("<saml:Subject>|", "", ""),
            ),
            (
                name("conditions"),
                several,
                claim,
                inside("|</saml:Conditions>", "", ""),
            ),
            (
                name("audience restriction"),
                several,
                claim,
                inside("|</saml:AudienceRestriction>", "", ""),
            ),
            (
                name("authn context"),
                several,
                claim,
                inside(
                    "|</saml:AuthnContext>",
                    "<saml:AuthnContextDecl>",
                    "</saml:AuthnContextDecl>",
                ),
            ),
            (
                name("attribute"),
                several,
                claim,
                inside("|</saml:Attribute>", "", ""),
            ),
            (
                name("name id"),
                several,
                claim,
                inside(&format!("{EVE}|"), "", ""),
            ),
            (name("key info"), several, Broken, key_info("", "")),
            (
                name("key value"),
                several,
                Broken,
                key_info("<ds:KeyValue>", "</ds:KeyValue>"),
            ),
            (
                name("x509 data"),
                several,
                Broken,
                key_info("<ds:X509Data>", "</ds:X509Data>"),
            ),
            (name("status detail"), several, claim, status),
            (name("status message"), several, claim, message),
            (name("status code"), several, claim, code),
            (
                name("object"),
                several,
                Broken,
                p.instead(&p.evil_with(&p.object(&p.genuine))),
            ),
            (
                name("manifest"),
                several,
                Broken,
                p.instead(
                    &p.evil_with(&p.object(&format!("<ds:Manifest>{}</ds:Manifest>", p.genuine))),
                ),
            ),
            (
                name("extensions of the evil"),
                several,
                claim,
                extended(&p.instead(&p.evil), &p.genuine),
            ),
            (
                name("evil in extensions"),
                several,
                claim,
                extended(p.xml, &p.evil),
            ),
            (
                name("evil in status"),
                several,
                claim,
                evil_in(
                    "</samlp:Status>",
                    "<samlp:StatusDetail>",
                    "</samlp:StatusDetail>",
                ),
            ),
            (
                name("evil in key info"),
                several,
                Signed,
                evil_in("</ds:KeyInfo>", "", ""),
            ),
            (
                name("evil in issuer"),
                several,
                claim,
                evil_in("</saml:Issuer>", "", ""),
            ),
        ],
    )
}
