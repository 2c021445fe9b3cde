//! Messages that make a reader work: each within the limits on octets or over them, none within all others.

use super::{Claim::*, *};
use crate::saml::binding::MESSAGE_LIMIT;

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = filled();
    cases.extend(compressed());
    cases.extend(large());
    cases
}

fn repeated(times: usize, text: impl Fn(usize) -> String) -> String {
    (0..times).map(text).collect::<Vec<_>>().concat()
}

/// Things that are many, inside of Extensions, which an unsigned response may have.
#[expect(clippy::too_many_lines, reason = "a table")]
fn filled() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let extended = |filling: &str| {
        with(
            xml,
            "<samlp:Status>",
            &format!("<samlp:Extensions>{filling}</samlp:Extensions><samlp:Status>"),
        )
    };
    let signature = part(xml, "<ds:Signature", "</ds:Signature>");
    let assertion = part(xml, "<saml:Assertion", "</saml:Assertion>");
    let large = "too_large";
    let rows = [
        ("100 levels", large, "<a>".repeat(100) + &"</a>".repeat(100)),
        (
            "63 levels below two",
            large,
            "<a>".repeat(63) + &"</a>".repeat(63),
        ),
        ("100,000 levels", large, "<a>".repeat(100_000)),
        ("levels without an end", large, "<a>".repeat(65)),
        (
            "65 attributes",
            large,
            format!("<a{}/>", repeated(65, |i| format!(" a{i}=\"\""))),
        ),
        (
            "20,000 attributes",
            large,
            format!("<a{}/>", repeated(20_000, |i| format!(" a{i}=\"\""))),
        ),
        (
            "one attribute 50,000 times",
            large,
            format!("<a{}/>", " a=\"\"".repeat(50_000)),
        ),
        (
            "31 namespaces below two",
            large,
            format!("<a{}/>", repeated(31, |i| format!(" xmlns:n{i}=\"urn:n\""))),
        ),
        (
            "namespaces at every level",
            large,
            repeated(60, |i| format!("<a xmlns:n{i}=\"urn:n\">")) + &"</a>".repeat(60),
        ),
        ("45,000 elements", large, "<a/>".repeat(45_000)),
        ("45,000 comments", large, "<!---->".repeat(45_000)),
        ("45,000 instructions", large, "<?a?>".repeat(45_000)),
        ("100,000 elements", large, "<a/>".repeat(100_000)),
        ("200 signatures", "structure", signature.repeat(200)),
        (
            "200 SignedInfo",
            "structure",
            part(xml, "<ds:SignedInfo>", "</ds:SignedInfo>")
                .replace("ds:", "d:")
                .replace(
                    "<d:SignedInfo>",
                    "<d:SignedInfo xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\">",
                )
                .repeat(200),
        ),
        ("150 assertions", "structure", assertion.repeat(150)),
        (
            "10,000 assertions",
            "several_assertions",
            "<Assertion/>".repeat(10_000),
        ),
        (
            "10,000 responses",
            "structure",
            "<Response/>".repeat(10_000),
        ),
        (
            "10,000 identifiers",
            "structure",
            repeated(10_000, |i| format!("<a ID=\"i{i}\"/>")) + "<a ID=\"_a\"/>",
        ),
        (
            "10,000 lower-case identifiers",
            "structure",
            repeated(10_000, |i| format!("<a id=\"i{i}\"/>")) + "<a id=\"_a\"/>",
        ),
        (
            "a namespace of 300,000 letters",
            "structure",
            format!("<a xmlns=\"{}\"/>", "a".repeat(300_000)),
        ),
        (
            "a namespace of 300,000 letters around 30,000 elements",
            "structure",
            format!(
                "<a xmlns=\"u:{}\">{}</a>",
                "a".repeat(300_000),
                "<b/>".repeat(30_000)
            ),
        ),
        (
            "a name of 300,000 letters without a prefix",
            "malformed_xml",
            format!("<{}:b/>", "a".repeat(300_000)),
        ),
        (
            "an attribute without its end",
            "malformed_xml",
            format!("<a b=\"{}", "a".repeat(300_000)),
        ),
        (
            "comments that never end",
            "malformed_xml",
            "<!-- ".repeat(50_000),
        ),
        (
            "sections that never end",
            "malformed_xml",
            "<![CDATA[".repeat(50_000),
        ),
    ];
    let mut cases = against(
        Class::AlgorithmicDos,
        xml,
        rows.into_iter().map(|(name, expected, filling)| {
            // `signature.repeat` keeps one ID, and the signatures' parents decide first.
            (name, expected, Unasked, extended(&filling))
        }),
    );
    let transforms = "<ds:Transform Algorithm=\"urn:x\"></ds:Transform>".repeat(5_000);
    let codes = "<samlp:StatusCode Value=\"x\">".repeat(62) + &"</samlp:StatusCode>".repeat(62);
    let reference = part(xml, "<ds:Reference ", "</ds:Reference>");
    let declarations = repeated(40, |i| format!(" xmlns:n{i}=\"urn:n\""));
    cases.extend(edited(
        Class::AlgorithmicDos,
        xml,
        [
            (
                "5,000 transforms",
                "transform_refused",
                "<ds:Transforms>",
                format!("<ds:Transforms>{transforms}"),
            ),
            (
                "1,000 references",
                "structure",
                reference,
                reference.repeat(1_000),
            ),
            (
                "status codes in status codes",
                "too_large",
                "</samlp:StatusCode>",
                format!("{codes}</samlp:StatusCode>"),
            ),
            (
                "namespaces at the root",
                "too_large",
                "<samlp:Response ",
                format!("<samlp:Response{declarations} "),
            ),
            (
                "a prefix list with elements",
                "structure",
                "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">",
                format!(
                    "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">{}",
                    "<x xmlns=\"urn:x\"></x>".repeat(10_000)
                ),
            ),
        ]
        .map(|(name, expected, old, new)| (name, expected, Unasked, old, new)),
    ));
    cases
}

/// Nothing that is posted is inflated, however small it is.
fn compressed() -> Vec<Attack> {
    use std::io::Write as _;
    let xml = honest(Sign::Assertion);
    let zeros = vec![b' '; 10_000_000];
    let deflated = |octets: &[u8]| {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    };
    against(
        Class::AlgorithmicDos,
        xml,
        [
            ("deflated", deflated(xml.as_bytes())),
            ("a bomb", deflated(&zeros)),
            (
                "the beginning of gzip",
                [b"\x1f\x8b\x08".as_slice(), &deflated(&zeros)].concat(),
            ),
        ]
        .map(|(name, octets)| (name, "malformed_encoding", Unasked, octets)),
    )
}

/// Over the limit on octets, by one and by many.
fn large() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let padded = |length: usize| xml.to_owned() + &" ".repeat(length - xml.len());
    let long = resigned(Sign::Response, &[(ADA, &"a".repeat(MESSAGE_LIMIT))]);
    against(
        Class::AlgorithmicDos,
        padded(MESSAGE_LIMIT),
        [
            (
                "one octet too many",
                "too_large",
                Unasked,
                padded(MESSAGE_LIMIT + 1),
            ),
            ("a name too long for a message", "too_large", Unasked, long),
        ],
    )
}
