//! Signatures with parts twice, or with parts where none belongs.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = twice();
    cases.extend(elsewhere());
    cases.extend(several_references());
    cases
}

/// The parts of a signature.
pub(super) const PARTS: [[&str; 2]; 9] = [
    ["<ds:SignedInfo>", "</ds:SignedInfo>"],
    ["<ds:SignatureValue>", "</ds:SignatureValue>"],
    ["<ds:KeyInfo>", "</ds:KeyInfo>"],
    ["<ds:Reference ", "</ds:Reference>"],
    ["<ds:DigestValue>", "</ds:DigestValue>"],
    ["<ds:DigestMethod ", "</ds:DigestMethod>"],
    ["<ds:SignatureMethod ", "</ds:SignatureMethod>"],
    [
        "<ds:CanonicalizationMethod ",
        "</ds:CanonicalizationMethod>",
    ],
    ["<ds:Transforms>", "</ds:Transforms>"],
];

/// A part's name.
pub(super) fn name(start: &str) -> &str {
    start
        .trim_matches(['<', '>', ' '])
        .trim_start_matches("ds:")
}

/// Each part twice: the genuine one first, then a forged one first where that could be read.
#[expect(clippy::too_many_lines, reason = "a table")]
fn twice() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let mut cases = against(
        Class::SeveralParts,
        xml,
        PARTS.map(|[start, end]| {
            let once = part(xml, start, end);
            let twice = xml.replace(once, &format!("{once}{once}"));
            (format!("{} twice", name(start)), "structure", Broken, twice)
        }),
    );
    let forged = "<ds:DigestValue>AAAA</ds:DigestValue>";
    let info = part(xml, "<ds:SignedInfo>", "</ds:SignedInfo>");
    let evil_info = info.replace("#_a", "#_r");
    let value = part(xml, VALUE[0], VALUE[1]);
    cases.extend(edited(
        Class::SeveralParts,
        xml,
        [
            (
                "forged DigestValue first",
                "structure",
                Broken,
                "<ds:DigestValue>",
                &*format!("{forged}<ds:DigestValue>"),
            ),
            (
                "forged DigestValue last",
                "structure",
                Broken,
                "</ds:DigestValue>",
                &*format!("</ds:DigestValue>{forged}"),
            ),
            (
                "forged SignedInfo first",
                "structure",
                Broken,
                "<ds:SignedInfo>",
                &*format!("{evil_info}<ds:SignedInfo>"),
            ),
            (
                "forged SignedInfo behind the value",
                "structure",
                Broken,
                value,
                &*format!("{value}{evil_info}"),
            ),
            (
                "forged SignedInfo last",
                "structure",
                Broken,
                "</ds:Signature>",
                &*format!("{evil_info}</ds:Signature>"),
            ),
            (
                "SignatureValue first",
                "structure",
                Broken,
                "<ds:SignedInfo>",
                &*format!("{value}<ds:SignedInfo>"),
            ),
            (
                "signature methods within each other",
                "structure",
                Broken,
                "</ds:SignatureMethod>",
                "<ds:SignatureMethod></ds:SignatureMethod></ds:SignatureMethod>",
            ),
        ],
    ));
    // xmlsec takes the first attribute of a name, whatever its namespace.
    let namespaced = |name: &str, listed: &str, other: &str| {
        let old = format!("{name}=\"{listed}\"");
        (
            old.clone(),
            format!("xmlns:x=\"urn:x\" x:{name}=\"{other}\" {old}"),
        )
    };
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let rows = [
        (
            "method",
            namespaced(
                "Algorithm",
                "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            ),
        ),
        (
            "transform",
            namespaced(
                "Algorithm",
                exclusive,
                "http://www.w3.org/TR/1999/REC-xslt-19991116",
            ),
        ),
        (
            "digest",
            namespaced(
                "Algorithm",
                "http://www.w3.org/2001/04/xmlenc#sha256",
                "http://www.w3.org/2000/09/xmldsig#sha1",
            ),
        ),
        ("reference", namespaced("URI", "#_a", "#_r")),
        (
            "reference's type",
            (
                " URI=\"#_a\"".to_owned(),
                " xmlns:x=\"urn:x\" x:Type=\"urn:x\" URI=\"#_a\"".to_owned(),
            ),
        ),
    ];
    cases.extend(edited(
        Class::SeveralParts,
        xml,
        rows.map(|(name, (old, new))| {
            (
                format!("an attribute in a namespace before it: {name}"),
                "structure",
                Unasked,
                old,
                new,
            )
        }),
    ));
    cases
}

/// Signatures, or parts of them, where none belongs.
#[expect(clippy::too_many_lines, reason = "a table")]
fn elsewhere() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let signature = part(xml, "<ds:Signature", "</ds:Signature>");
    let info = part(xml, "<ds:SignedInfo>", "</ds:SignedInfo>");
    let moved = |place: &str, to: &str| with(&xml.replace(signature, ""), place, to);
    let object = |inner: &str| {
        with(
            xml,
            "</ds:Signature>",
            &format!("<ds:Object>{inner}</ds:Object></ds:Signature>"),
        )
    };
    against(
        Class::SeveralParts,
        xml,
        [
            (
                "twice in its place",
                "structure",
                Broken,
                xml.replace(signature, &format!("{signature}{signature}")),
            ),
            (
                "in its KeyInfo",
                "structure",
                Signed,
                with(xml, "<ds:KeyInfo>", &format!("<ds:KeyInfo>{signature}")),
            ),
            ("in its Object", "structure", Signed, object(signature)),
            ("SignedInfo in an Object", "structure", Signed, object(info)),
            (
                "SignedInfo in KeyInfo",
                "structure",
                Signed,
                with(xml, "<ds:KeyInfo>", &format!("<ds:KeyInfo>{info}")),
            ),
            ("an empty Object", "structure", Signed, object("")),
            (
                "a Manifest",
                "structure",
                Signed,
                object("<ds:Manifest></ds:Manifest>"),
            ),
            (
                "SignatureProperties",
                "structure",
                Signed,
                object("<ds:SignatureProperties></ds:SignatureProperties>"),
            ),
            (
                "of the assertion at the response",
                "structure",
                Signed,
                moved("<samlp:Status>", &format!("{signature}<samlp:Status>")),
            ),
            (
                "behind the Status",
                "structure",
                Signed,
                moved("</samlp:Status>", &format!("</samlp:Status>{signature}")),
            ),
            (
                "in the Status",
                "structure",
                Signed,
                moved("</samlp:Status>", &format!("{signature}</samlp:Status>")),
            ),
            (
                "in the Subject",
                "structure",
                Signed,
                moved("</saml:Subject>", &format!("{signature}</saml:Subject>")),
            ),
            (
                "at the end of the assertion",
                "structure",
                Signed,
                moved(
                    "</saml:Assertion>",
                    &format!("{signature}</saml:Assertion>"),
                ),
            ),
            (
                "behind the Subject",
                "structure",
                Signed,
                moved("</saml:Subject>", &format!("</saml:Subject>{signature}")),
            ),
            (
                "at the end of the response",
                "structure",
                Signed,
                moved(
                    "</samlp:Response>",
                    &format!("{signature}</samlp:Response>"),
                ),
            ),
            (
                "before the Issuer",
                "structure",
                Signed,
                moved(
                    "<saml:Issuer>https://idp.example/saml</saml:Issuer><saml:Subject>",
                    &format!(
                        "{signature}<saml:Issuer>https://idp.example/saml</saml:Issuer><saml:Subject>"
                    ),
                ),
            ),
        ],
    )
}

/// One SignedInfo with several References, all of them good.
fn several_references() -> Vec<Attack> {
    let made = template("_a");
    let reference = part(&made, "<ds:Reference ", "</ds:Reference>");
    let both = format!("{reference}{}", reference.replace("#_a", "#_r"));
    let twice = format!("{reference}{reference}");
    let many = reference.repeat(20);
    against(
        Class::SeveralParts,
        seal_as(&made),
        [
            ("assertion and response", both),
            ("the assertion twice", twice),
            ("twenty", many),
        ]
        .map(|(name, references)| {
            (
                format!("references to {name}"),
                "structure",
                Signed,
                sealed(&[(reference, &references)]),
            )
        }),
    )
}
