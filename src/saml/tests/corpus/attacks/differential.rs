//! Documents that two parsers may read in two ways (CVE-2025-25291, CVE-2025-66567, CVE-2020-29509 and their
//! like): one of ours mends, one does not, and nothing that needs mending comes past the first.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = ill_formed();
    cases.extend(encoded());
    cases.extend(identified());
    cases
}

const BAD: &str = "malformed_xml";

/// What libxml2 in its recovering mode takes, among others.
#[expect(clippy::too_many_lines, reason = "a table")]
fn ill_formed() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let inside = "<samlp:Status>";
    let status = |new: &str| with(xml, inside, new);
    let rows = [
        ("without its end", BAD, xml.replace("</samlp:Response>", "")),
        (
            "with an end too many",
            BAD,
            format!("{xml}</samlp:Response>"),
        ),
        ("text behind", BAD, format!("{xml}x")),
        ("text before", BAD, format!("x{xml}")),
        ("a CDATA section behind", BAD, format!("{xml}<![CDATA[x]]>")),
        ("a second root", BAD, format!("{xml}<x/>")),
        (
            "ends crossed",
            BAD,
            status("<samlp:Status><x xmlns=\"urn:x\"><y></x></y>"),
        ),
        (
            "another end's name",
            BAD,
            xml.replace("</saml:Subject>", "</saml:subject>"),
        ),
        (
            "a prefix not declared",
            BAD,
            status("<samlp:Status><a:b></a:b>"),
        ),
        (
            "an attribute's prefix not declared",
            BAD,
            status("<samlp:Status a:b=\"c\">"),
        ),
        (
            "an attribute twice",
            BAD,
            xml.replacen(" ID=\"_r\"", " ID=\"_r\" ID=\"_r\"", 1),
        ),
        (
            "an attribute twice by two prefixes",
            BAD,
            status("<samlp:Status xmlns:a=\"urn:x\" xmlns:b=\"urn:x\" a:c=\"1\" b:c=\"2\">"),
        ),
        (
            "a namespace twice",
            BAD,
            status("<samlp:Status xmlns:a=\"urn:x\" xmlns:a=\"urn:y\">"),
        ),
        (
            "xmlns as a prefix's namespace",
            BAD,
            status("<samlp:Status xmlns:a=\"http://www.w3.org/2000/xmlns/\">"),
        ),
        (
            "xml for another namespace",
            BAD,
            status("<samlp:Status xmlns:xml=\"urn:x\">"),
        ),
        (
            "xmlns declared",
            BAD,
            status("<samlp:Status xmlns:xmlns=\"urn:x\">"),
        ),
        (
            "two colons",
            BAD,
            status("<samlp:Status><samlp:a:b></samlp:a:b>"),
        ),
        ("a colon first", BAD, status("<samlp:Status><:a></:a>")),
        (
            "a colon last",
            BAD,
            status("<samlp:Status><samlp:></samlp:>"),
        ),
        (
            "a value without quotes",
            BAD,
            xml.replacen("ID=\"_r\"", "ID=_r", 1),
        ),
        (
            "an attribute without a value",
            BAD,
            status("<samlp:Status a>"),
        ),
        (
            "attributes without a blank",
            BAD,
            xml.replacen("\" ID=", "\"ID=", 1),
        ),
        (
            "a less-than in a value",
            BAD,
            status("<samlp:Status xmlns:a=\"urn:x\" a:b=\"<\">"),
        ),
        ("an ampersand", BAD, xml.replace("SEO_Editors", "R&D")),
        (
            "the end of a section in text",
            BAD,
            xml.replace("SEO_Editors", "a]]>b"),
        ),
        (
            "two dashes in a comment",
            BAD,
            status("<!-- a -- b --><samlp:Status>"),
        ),
        (
            "a comment without its end",
            BAD,
            status("<!-- <samlp:Status>"),
        ),
        (
            "a section without its end",
            BAD,
            xml.replace("SEO_Editors", "<![CDATA[SEO_Editors"),
        ),
        (
            "an instruction named xml",
            BAD,
            status("<?xml version=\"1.0\"?><samlp:Status>"),
        ),
        (
            "an instruction without its end",
            BAD,
            status("<?x <samlp:Status>"),
        ),
        (
            "an instruction without a name",
            BAD,
            status("<? x?><samlp:Status>"),
        ),
        (
            "a blank before the declaration",
            BAD,
            format!(" <?xml version=\"1.0\"?>{xml}"),
        ),
        ("XML 1.1", BAD, format!("<?xml version=\"1.1\"?>{xml}")),
        (
            "XML without a version",
            BAD,
            format!("<?xml encoding=\"UTF-8\"?>{xml}"),
        ),
        (
            "a declaration without its end",
            BAD,
            format!("<?xml version=\"1.0\" {xml}"),
        ),
        (
            "a name that begins with a digit",
            BAD,
            status("<samlp:Status><1></1>"),
        ),
        (
            "a control in text",
            BAD,
            xml.replace("SEO_Editors", "SEO\u{1}Editors"),
        ),
        (
            "a non-character in text",
            BAD,
            xml.replace("SEO_Editors", "SEO\u{fffe}Editors"),
        ),
        (
            "a blank in an end's name",
            BAD,
            xml.replace("</saml:Subject>", "</ saml:Subject>"),
        ),
        ("a slash in a tag", BAD, status("<samlp:Status / >")),
        ("nothing", BAD, String::new()),
        ("white space", BAD, " \n".to_owned()),
        ("no XML", BAD, "{\"SAMLResponse\": true}".to_owned()),
        (
            "a directive in a directive",
            "doctype",
            status("<!x <!-- -->><samlp:Status>"),
        ),
        ("a directive", "doctype", status("<!x><samlp:Status>")),
    ];
    against(
        Class::Differential,
        xml,
        rows.map(|(name, expected, attack)| (name, expected, Unasked, attack)),
    )
}

/// Octets that are one text here and another there.
fn encoded() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let bad = "malformed_encoding";
    let declared = |encoding: &str| {
        format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{xml}").into_bytes()
    };
    let wide = |order: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter()
            .chain(xml.encode_utf16())
            .flat_map(order)
            .collect()
    };
    let instead = |octets: &[u8]| -> Vec<u8> {
        let (before, behind) = xml.split_once("SEO_Editors").unwrap();
        [before.as_bytes(), octets, behind.as_bytes()].concat()
    };
    against(
        Class::Differential,
        xml,
        [
            ("says UTF-16", declared("UTF-16")),
            ("says ISO-8859-1", declared("ISO-8859-1")),
            ("says UTF-7", declared("UTF-7")),
            ("says nothing as its encoding", declared("")),
            ("UTF-16, little end first", wide(u16::to_le_bytes, true)),
            ("UTF-16, big end first", wide(u16::to_be_bytes, true)),
            ("UTF-16 without a mark", wide(u16::to_le_bytes, false)),
            (
                "two order marks",
                format!("\u{feff}\u{feff}{xml}").into_bytes(),
            ),
            ("a NUL behind", format!("{xml}\0").into_bytes()),
            ("a NUL in a value", instead(b"SEO\0Editors")),
            ("Latin-1", instead(b"caf\xe9")),
            ("an overlong NUL", instead(b"SEO\xc0\x80Editors")),
            ("an overlong less-than", instead(b"SEO\xc0\xbcEditors")),
            ("half a pair", instead(b"SEO\xed\xa0\x80Editors")),
            ("beyond Unicode", instead(b"SEO\xf4\x90\x80\x80Editors")),
            ("cut in a character", instead(b"SEO\xe2\x82")),
        ]
        .map(|(name, octets)| (format!("octets: {name}"), bad, Unasked, octets)),
    )
}

/// Identifiers that two lists of identifiers take for two things.
fn identified() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let (bad, subject) = ("structure", "<samlp:Status>");
    let mut cases = against(
        Class::Differential,
        xml,
        [
            "ID=\"_a\"",
            "ID=\"_r\"",
            "ID=\"element(/1/2)\"",
            "ID=\"\"",
            "ID=\"1\"",
            "ID=\"a b\"",
            "ID=\"a:b\"",
            "ID=\"\u{e9}\"",
            "Id=\"_x\"",
            "Id=\"_a\"",
            "id=\"_a\"",
            "iD=\"_a\"",
            "xml:id=\"_a\"",
            "x:ID=\"_x\" xmlns:x=\"urn:x\"",
            "x:id=\"_a\" xmlns:x=\"urn:x\"",
            "x:Id=\"_a\" xmlns:x=\"urn:x\"",
        ]
        .map(|attribute| {
            let attack = with(xml, subject, &format!("<samlp:Status {attribute}>"));
            (format!("identifier {attribute}"), bad, Unasked, attack)
        }),
    );
    cases.extend(edited(
        Class::Differential,
        xml,
        [
            (
                "the signature's Id",
                "<ds:Signature ",
                "<ds:Signature Id=\"_a\" ",
            ),
            (
                "SignedInfo's Id",
                "<ds:SignedInfo>",
                "<ds:SignedInfo Id=\"_a\">",
            ),
            ("an Object's Id", "<ds:KeyInfo>", "<ds:KeyInfo Id=\"_r\">"),
            (
                "an ID in a namespace at the assertion",
                "<saml:Assertion ",
                "<saml:Assertion saml:ID=\"_a\" ",
            ),
            (
                "an xml:id at the response",
                "<samlp:Response ",
                "<samlp:Response xml:id=\"_a\" ",
            ),
        ]
        .map(|(name, old, new)| (name, bad, Unasked, old, new)),
    ));
    cases
}
