//! Document types and entities: there is no honest use for them here.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = doctypes();
    cases.extend(without_a_doctype());
    cases
}

/// Ten entities, each of ten of the one before: ten thousand million letters.
fn laughs() -> String {
    let entity = |level: i32| {
        let ten = format!("&e{};", level - 1).repeat(10);
        format!("<!ENTITY e{level} \"{ten}\">")
    };
    let entities = (1..10).map(entity).collect::<Vec<_>>().concat();
    format!("<!DOCTYPE x [<!ENTITY e0 \"lol\">{entities}]>")
}

/// Each before an honest message, and before one that makes use of it.
#[expect(clippy::too_many_lines, reason = "a table")]
fn doctypes() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let laughs = laughs();
    let long = format!("<!DOCTYPE x [<!ENTITY e \"{}\">]>", "a".repeat(50_000));
    let used = |entity: &str| with(xml, ADA, entity);
    let rows: Vec<(&str, &str, String)> = vec![
        ("bare", "<!DOCTYPE x>", xml.to_owned()),
        (
            "of the root's name",
            "<!DOCTYPE samlp:Response>",
            xml.to_owned(),
        ),
        (
            "external",
            "<!DOCTYPE x SYSTEM \"http://x.example/x.dtd\">",
            xml.to_owned(),
        ),
        (
            "external, local",
            "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">",
            xml.to_owned(),
        ),
        (
            "public",
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://x.example/x.dtd\">",
            xml.to_owned(),
        ),
        ("internal, empty", "<!DOCTYPE x []>", xml.to_owned()),
        (
            "an entity for the NameID",
            "<!DOCTYPE x [<!ENTITY e \"ada@acme.example\">]>",
            used("&e;"),
        ),
        (
            "a file for the NameID",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
            used("&e;"),
        ),
        (
            "an address for the NameID",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"http://x.example/\">]>",
            used("&e;"),
        ),
        (
            "a parameter entity",
            "<!DOCTYPE x [<!ENTITY % p SYSTEM \"file:///etc/passwd\">%p;]>",
            xml.to_owned(),
        ),
        (
            "a parameter entity within one",
            "<!DOCTYPE x [<!ENTITY % a \"<!ENTITY &#x25; b SYSTEM 'http://x.example/'>\">%a;%b;]>",
            xml.to_owned(),
        ),
        (
            "an unparsed entity",
            "<!DOCTYPE x [<!NOTATION n SYSTEM \"n\"><!ENTITY e SYSTEM \"e\" NDATA n>]>",
            xml.to_owned(),
        ),
        (
            "a default attribute",
            "<!DOCTYPE x [<!ATTLIST samlp:Response Destination CDATA \"x\">]>",
            xml.to_owned(),
        ),
        (
            "a declared ID",
            "<!DOCTYPE x [<!ATTLIST saml:Subject x ID #IMPLIED>]>",
            xml.to_owned(),
        ),
        (
            "an element that is declared",
            "<!DOCTYPE x [<!ELEMENT x ANY>]>",
            xml.to_owned(),
        ),
        (
            "an entity that shadows &amp;",
            "<!DOCTYPE x [<!ENTITY amp \"<\">]>",
            xml.to_owned(),
        ),
        ("billion laughs", &laughs, used("&e9;")),
        ("billion laughs, unused", &laughs, xml.to_owned()),
        ("quadratic blow-up", &long, used(&"&e;".repeat(5_000))),
        (
            "an entity of itself",
            "<!DOCTYPE x [<!ENTITY e \"&e;\">]>",
            used("&e;"),
        ),
        ("never closed", "<!DOCTYPE x [", xml.to_owned()),
        ("in lower case", "<!doctype x>", xml.to_owned()),
        ("in two lines", "<!DOCTYPE\nx>", xml.to_owned()),
        (
            "behind a declaration",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE x>",
            xml.to_owned(),
        ),
        ("behind a comment", "<!-- x --><!DOCTYPE x>", xml.to_owned()),
        (
            "behind an instruction",
            "<?x y?><!DOCTYPE x>",
            xml.to_owned(),
        ),
        ("behind white space", "\n <!DOCTYPE x>", xml.to_owned()),
        (
            "behind an order mark",
            "\u{feff}<!DOCTYPE x>",
            xml.to_owned(),
        ),
        (
            "an element declaration alone",
            "<!ELEMENT x ANY>",
            xml.to_owned(),
        ),
        (
            "a conditional section",
            "<![INCLUDE[<!ENTITY e \"x\">]]>",
            xml.to_owned(),
        ),
    ];
    let inside = with(xml, "<samlp:Status>", "<!DOCTYPE x><samlp:Status>");
    let behind = format!("{xml}<!DOCTYPE x>");
    let mut cases = against(
        Class::Entities,
        xml,
        rows.into_iter()
            .map(|(name, doctype, xml)| (name, "doctype", Unasked, format!("{doctype}{xml}"))),
    );
    cases.extend(against(
        Class::Entities,
        xml,
        [
            ("within the root", "doctype", Unasked, inside),
            ("behind the root", "doctype", Unasked, behind),
        ],
    ));
    cases
}

/// Entities that nothing declares.
fn without_a_doctype() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    edited(
        Class::Entities,
        xml,
        [
            (
                "an entity that is not declared",
                "malformed_xml",
                ADA,
                "&e;",
            ),
            (
                "an entity of HTML",
                "malformed_xml",
                ADA,
                "ada&commat;acme.example",
            ),
            (
                "an entity without its end",
                "malformed_xml",
                ADA,
                "ada&amp@acme.example",
            ),
            ("a reference to NUL", "malformed_xml", ADA, "ada&#0;"),
            ("a reference to a control", "malformed_xml", ADA, "ada&#1;"),
            (
                "a reference beyond Unicode",
                "malformed_xml",
                ADA,
                "ada&#x110000;@acme.example",
            ),
            (
                "a reference to half a character",
                "malformed_xml",
                ADA,
                "ada&#xD800;@acme.example",
            ),
            (
                "a reference to half a character in an attribute",
                "malformed_xml",
                " SessionIndex=\"",
                " SessionIndex=\"&#55296;",
            ),
            (
                "a reference to no number",
                "malformed_xml",
                ADA,
                "ada&#;@acme.example",
            ),
            (
                "a reference to a large number",
                "malformed_xml",
                ADA,
                "ada&#x100000040;acme.example",
            ),
        ]
        .map(|(name, expected, old, new)| (name, expected, Unasked, old, new)),
    )
}
