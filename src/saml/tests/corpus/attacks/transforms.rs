//! What a Reference points to and what is done to it: nothing but the lists of the gate, and none of it is
//! run before the gate has looked.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = made();
    cases.extend(listed());
    cases.extend(pointed());
    cases
}

const EXCLUSIVE: &str =
    "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>";
const ENVELOPED: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>";
const METHOD: &str =
    "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
const REFUSED: &str = "transform_refused";

/// Signatures that xmlsec makes and verifies, with transforms that change what is signed.
#[expect(clippy::too_many_lines, reason = "a table")]
fn made() -> Vec<Attack> {
    let transform = |algorithm: &str, inner: &str| {
        format!("<ds:Transform Algorithm=\"{algorithm}\">{inner}</ds:Transform>")
    };
    let xpath = |expression: &str| {
        transform(
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            &format!("<ds:XPath>{expression}</ds:XPath>"),
        )
    };
    let filter = |expression: &str| {
        transform(
            "http://www.w3.org/2002/06/xmldsig-filter2",
            &format!(
                "<x:XPath xmlns:x=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"intersect\">{expression}</x:XPath>"
            ),
        )
    };
    let xslt = transform(
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"><xsl:template match=\"/\"><nothing></nothing></xsl:template></xsl:stylesheet>",
    );
    let before = |text: &str| format!("{text}{EXCLUSIVE}");
    let hole = xpath("not(ancestor-or-self::*[local-name()='NameID'])");
    let nothing = xpath("false()");
    let commented = transform(
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "",
    );
    let commented11 = transform("http://www.w3.org/2006/12/xml-c14n11#WithComments", "");
    let rows: Vec<(&str, &str, &str, String)> = vec![
        ("XSLT", REFUSED, EXCLUSIVE, before(&xslt)),
        ("XPath that leaves the NameID out", REFUSED, EXCLUSIVE, before(&hole)),
        ("XPath that leaves everything out", REFUSED, EXCLUSIVE, before(&nothing)),
        ("XPath behind", REFUSED, EXCLUSIVE, format!("{EXCLUSIVE}{hole}{EXCLUSIVE}")),
        ("XPath filter", REFUSED, EXCLUSIVE, before(&filter("//*[local-name()='Conditions']"))),
        ("canonicalization twice", REFUSED, EXCLUSIVE, EXCLUSIVE.repeat(2)),
        ("fifty canonicalizations", REFUSED, EXCLUSIVE, EXCLUSIVE.repeat(50)),
        ("enveloped twice", REFUSED, EXCLUSIVE, format!("{ENVELOPED}{EXCLUSIVE}")),
        ("inclusive with comments", REFUSED, EXCLUSIVE, commented.clone()),
        ("C14N 1.1 with comments", REFUSED, EXCLUSIVE, commented11.clone()),
        (
            "method inclusive with comments",
            REFUSED,
            METHOD,
            "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments\">".to_owned(),
        ),
        ("URI that is empty", "structure", "URI=\"#_a\"", "URI=\"\"".to_owned()),
        ("URI that is the root's", "structure", "URI=\"#_a\"", "URI=\"#_r\"".to_owned()),
        ("URI that is an xpointer", "structure", "URI=\"#_a\"", "URI=\"#xpointer(id('_a'))\"".to_owned()),
        ("URI that is the root's xpointer", "structure", "URI=\"#_a\"", "URI=\"#xpointer(/)\"".to_owned()),
        ("no URI", "structure", " URI=\"#_a\"", String::new()),
    ];
    let twin = sealed(&[]);
    against(
        Class::Transforms,
        &*twin,
        rows.into_iter().map(|(name, expected, old, new)| {
            (
                format!("made: {name}"),
                expected,
                Signed,
                sealed(&[(old, &new)]),
            )
        }),
    )
}

/// Algorithms that are on no list, put into an honest message: as a transform, and as a method.
#[expect(clippy::too_many_lines, reason = "a table")]
fn listed() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let algorithms = [
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2002/07/decrypt#XML",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
        "http://www.w3.org/TR/1999/WD-xml-c14n-19990729",
        "urn:x",
        "",
    ];
    let mut cases = Vec::new();
    for algorithm in algorithms {
        let other = format!("<ds:Transform Algorithm=\"{algorithm}\"></ds:Transform>");
        let method = format!("<ds:CanonicalizationMethod Algorithm=\"{algorithm}\">");
        let first = format!("<ds:Transforms>{other}");
        let third = format!("{EXCLUSIVE}{other}");
        let rows = [
            ("last", EXCLUSIVE, &other),
            ("first", "<ds:Transforms>", &first),
            ("third", EXCLUSIVE, &third),
            ("method", METHOD, &method),
        ];
        cases.extend(edited(
            Class::Transforms,
            xml,
            rows.map(|(place, old, new)| {
                (
                    format!("{place}: {algorithm:?}"),
                    REFUSED,
                    Unasked,
                    old,
                    new.as_str(),
                )
            }),
        ));
    }
    let inside = |inner: &str| EXCLUSIVE.replace("></", &format!(">{inner}</"));
    let list = "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs\"></ec:InclusiveNamespaces>";
    let inclusive = inside(list).replace(
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
        "<ds:Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"",
    );
    let sheet =
        "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\"></xsl:stylesheet>";
    let enveloped = ENVELOPED.replace("></", "><ds:XPath>1</ds:XPath></");
    let foreign = EXCLUSIVE
        .replace("ds:Transform ", "ds:Other ")
        .replace("ds:Transform>", "ds:Other>");
    let first = ENVELOPED
        .replace("ds:Transform ", "ds:Other ")
        .replace("ds:Transform>", "ds:Other>");
    cases.extend(edited(
        Class::Transforms,
        xml,
        [(
            "canonicalization before enveloped",
            REFUSED,
            Unasked,
            ENVELOPED,
            format!("{EXCLUSIVE}{ENVELOPED}"),
        )],
    ));
    let nested = list.replace("></ec", "><x xmlns=\"urn:x\"></x></ec");
    cases.extend(edited(
        Class::Transforms,
        xml,
        [
            ("a sheet inside canonicalization", EXCLUSIVE, inside(sheet)),
            ("two lists of prefixes", EXCLUSIVE, inside(&list.repeat(2))),
            (
                "something in the list of prefixes",
                EXCLUSIVE,
                inside(&nested),
            ),
            (
                "a list of prefixes where none belongs",
                EXCLUSIVE,
                inclusive,
            ),
            ("an XPath inside enveloped", ENVELOPED, enveloped),
            ("no Transform but another", EXCLUSIVE, foreign),
            ("no Transform but another, first", ENVELOPED, first),
            (
                "an element in the digest's method",
                "</ds:DigestMethod>",
                "<x xmlns=\"urn:x\"></x></ds:DigestMethod>".to_owned(),
            ),
            (
                "text among transforms' reference",
                "<ds:Transforms>",
                "x<ds:Transforms>".to_owned(),
            ),
        ]
        .map(|(name, old, new)| (name, "structure", Unasked, old, new)),
    ));
    cases
}

/// References to what is not the signature's parent. Some would be fetched: xmlsec is not asked.
fn pointed() -> Vec<Attack> {
    let mut cases = Vec::new();
    for (what, id) in [(Sign::Assertion, "_a"), (Sign::Response, "_r")] {
        let own = format!("URI=\"#{id}\"");
        cases.extend(edited(
            Class::Transforms,
            honest(what),
            [
                "http://x.example/",
                "file:///etc/passwd",
                "#",
                "#_",
                "_a",
                " #_a",
                "#_a ",
                "#%5Fa",
                "#xmlns(s=urn:x)xpointer(//s:x)",
                "#element(/1/3)",
                "cid:x",
            ]
            .map(|uri| {
                (
                    format!("URI {uri:?} in {id}"),
                    "structure",
                    Unasked,
                    own.clone(),
                    format!("URI=\"{uri}\""),
                )
            }),
        ));
    }
    cases
}
