//! What may change in a document after it was signed, without a change of what it says.

use super::*;

pub(super) fn cases() -> Vec<Honest> {
    let mut cases = documents();
    cases.extend(within());
    cases.extend(around());
    cases
}

/// Before the root and behind it.
fn documents() -> Vec<Honest> {
    let xml = honest(Sign::Both);
    [
        ("an order mark", format!("\u{feff}{xml}")),
        ("a declaration", format!("<?xml version=\"1.0\"?>{xml}")),
        (
            "a declaration in apostrophes",
            format!("<?xml version='1.0' encoding='utf-8'?>\n{xml}"),
        ),
        (
            "a declaration that stands alone",
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>{xml}"),
        ),
        (
            "an order mark and a declaration",
            format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>{xml}"),
        ),
        ("white space around", format!("\n\t {xml}\r\n ")),
        ("a comment before", format!("<!-- x -->\n{xml}")),
        ("a comment behind", format!("{xml}<!-- x -->")),
        (
            "an instruction before",
            format!("<?xml version=\"1.0\"?><?x y?>{xml}"),
        ),
        ("an instruction behind", format!("{xml}<?x y?>")),
    ]
    .map(|(name, xml)| Honest::new("documents", name, xml))
    .into()
}

/// Canonicalization makes one of these.
#[expect(clippy::too_many_lines, reason = "a table")]
fn within() -> Vec<Honest> {
    let xml = honest(Sign::Both);
    let edit = |old: &str, new: &str| with(xml, old, new);
    let crossed = edit(
        "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode>",
        "<samlp:StatusCode\n  Value='urn:oasis:names:tc:SAML:2.0:status:Success' />",
    );
    let broken = resigned(Sign::Both, &[("<saml:Subject>", "\n<saml:Subject>\n\t")]);
    [
        (
            "comments between elements",
            edit("<saml:Subject>", "<!-- a --><saml:Subject><!-- b -->"),
        ),
        (
            "a comment with a tag",
            edit(
                "<saml:Subject>",
                "<!-- <saml:NameID>eve</saml:NameID> --><saml:Subject>",
            ),
        ),
        (
            "a comment with a document type",
            edit("<saml:Subject>", "<!-- <!DOCTYPE x> --><saml:Subject>"),
        ),
        (
            "300 comments",
            edit(
                "<saml:Subject>",
                &format!("{}<saml:Subject>", "<!-- x -->".repeat(300)),
            ),
        ),
        ("elements closed in themselves", crossed),
        (
            "apostrophes for quotes",
            edit("SessionIndex=\"_a\"", "SessionIndex='_a'"),
        ),
        (
            "attributes in another order",
            edit(
                "ID=\"_a\" IssueInstant=\"2026-07-01T10:00:00Z\"",
                "IssueInstant=\"2026-07-01T10:00:00Z\" ID=\"_a\"",
            ),
        ),
        (
            "blanks in tags",
            edit("</saml:Subject>", "</saml:Subject \n>"),
        ),
        (
            "a decimal reference in the NameID",
            edit(ADA, "ada&#64;acme.example"),
        ),
        (
            "a hexadecimal reference in the NameID",
            edit(ADA, "&#x61;da@acme.example"),
        ),
        (
            "a reference in an attribute",
            edit("SessionIndex=\"_a\"", "SessionIndex=\"&#95;a\""),
        ),
        (
            "a CDATA section for the NameID",
            edit(ADA, "<![CDATA[ada@acme.example]]>"),
        ),
        (
            "a CDATA section within the NameID",
            edit(ADA, "ada<![CDATA[@]]>acme.example"),
        ),
        (
            "an empty CDATA section",
            edit(ADA, "<![CDATA[]]>ada@acme.example"),
        ),
        (
            "a CDATA section for a value",
            edit("SEO_Editors", "<![CDATA[SEO]]>_Editors"),
        ),
        (
            "a namespace that is not used",
            edit(
                "<samlp:Response ",
                "<samlp:Response xmlns:unused=\"urn:x\" ",
            ),
        ),
        (
            "a namespace twice",
            edit(
                "<saml:Subject>",
                "<saml:Subject xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
            ),
        ),
        (
            "carriage returns in line breaks",
            broken.replace('\n', "\r\n"),
        ),
    ]
    .map(|(name, xml)| Honest::new("text", name, xml))
    .into()
}

/// Around a signed assertion the response is not signed, and says what it likes.
#[expect(clippy::too_many_lines, reason = "a table")]
fn around() -> Vec<Honest> {
    let xml = honest(Sign::Assertion);
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer><samlp:Status>");
    let extended =
        |inner: &str| format!("<samlp:Extensions>{inner}</samlp:Extensions><samlp:Status>");
    let (comments, sections) = ("<!---->".repeat(39_000), "x<![CDATA[y]]>".repeat(40_000));
    let declared = format!(
        "<a xmlns:b=\"urn:b\">{}</a>",
        "<c xmlns:d=\"urn:d\"/>".repeat(25_000)
    );
    let spaced = format!("<saml:Issuer>\n{IDP} </saml:Issuer><samlp:Status>");
    let destination = format!(" Destination=\"{ACS}\"");
    [
        ("another ID", " ID=\"_r\"", " ID=\"_other\""),
        ("no Destination", destination.as_str(), ""),
        ("no Issuer", &issuer, "<samlp:Status>"),
        ("an Issuer in white space", &issuer, &spaced),
        (
            "Consent",
            " ID=\"_r\"",
            " Consent=\"urn:oasis:names:tc:SAML:2.0:consent:obtained\" ID=\"_r\"",
        ),
        (
            "a foreign attribute",
            " ID=\"_r\"",
            " xmlns:x=\"urn:x\" x:y=\"z\" ID=\"_r\"",
        ),
        (
            "a foreign attribute of a known name",
            " Version=\"2.0\"",
            " xmlns:x=\"urn:x\" x:Version=\"1.1\" Version=\"2.0\"",
        ),
        (
            "a foreign Destination",
            " Destination",
            " xmlns:x=\"urn:x\" x:Destination=\"https://x.example/\" Destination",
        ),
        (
            "an attribute that is not known",
            " ID=\"_r\"",
            " Other=\"x\" ID=\"_r\"",
        ),
        (
            "extensions",
            "<samlp:Status>",
            "<samlp:Extensions><x xmlns=\"urn:x\"><y/></x></samlp:Extensions><samlp:Status>",
        ),
        (
            "a StatusMessage",
            "</samlp:Status>",
            "<samlp:StatusMessage>well done</samlp:StatusMessage></samlp:Status>",
        ),
        (
            "a StatusDetail",
            "</samlp:Status>",
            "<samlp:StatusDetail><x xmlns=\"urn:x\"/></samlp:StatusDetail></samlp:Status>",
        ),
        (
            "a second code",
            "</samlp:StatusCode>",
            "<samlp:StatusCode Value=\"urn:x\"/></samlp:StatusCode>",
        ),
        (
            "white space between elements",
            "<samlp:Status>",
            "\n  <samlp:Status>\n",
        ),
        (
            "an instruction between elements",
            "<samlp:Status>",
            "<?x y?><samlp:Status>",
        ),
        ("39,000 comments", "<samlp:Status>", &extended(&comments)),
        ("40,000 sections", "<samlp:Status>", &extended(&sections)),
        (
            "25,000 declarations",
            "<samlp:Status>",
            &extended(&declared),
        ),
        (
            "an empty default namespace",
            "<samlp:Status>",
            "<samlp:Status xmlns=\"\">",
        ),
    ]
    .map(|(name, old, new)| Honest::new("around a signed assertion", name, with(xml, old, new)))
    .into()
}
