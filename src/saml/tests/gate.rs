//! What the gate refuses before any signature is computed.

use super::*;
use crate::saml::gate;

const EXCLUSIVE: &str =
    "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>";

/// The gate alone: xmlsec is not asked.
#[track_caller]
fn gated(xml: &str) -> &'static str {
    received(xml)
        .and_then(gate::check)
        .expect_err("the gate refuses")
        .reason()
}

#[test]
fn only_listed_transforms_pass_and_nothing_is_run() {
    let xml = signed(Sign::Assertion);
    for algorithm in [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "urn:x",
        "",
    ] {
        let transform = format!("<ds:Transform Algorithm=\"{algorithm}\"></ds:Transform>");
        assert_eq!(
            gated(&with(&xml, EXCLUSIVE, &transform)),
            "transform_refused",
            "{algorithm}"
        );
        let third = format!("{EXCLUSIVE}{transform}");
        assert_eq!(
            gated(&with(&xml, EXCLUSIVE, &third)),
            "transform_refused",
            "{algorithm}"
        );
        let first = with(
            &xml,
            "<ds:Transforms>",
            &format!("<ds:Transforms>{transform}"),
        );
        assert_eq!(gated(&first), "transform_refused", "{algorithm}");
        let method =
            "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
        let other = format!("<ds:CanonicalizationMethod Algorithm=\"{algorithm}\">");
        assert_eq!(
            gated(&with(&xml, method, &other)),
            "transform_refused",
            "{algorithm}"
        );
    }
    let sheet =
        "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\"></xsl:stylesheet>";
    let inside = EXCLUSIVE.replace("></", &format!(">{sheet}</"));
    assert_eq!(gated(&with(&xml, EXCLUSIVE, &inside)), "structure");
}

#[test]
fn only_listed_algorithms_pass() {
    let xml = signed(Sign::Assertion);
    let method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    for algorithm in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "",
    ] {
        let other = with(&xml, method, algorithm);
        assert_eq!(
            gated(&other),
            "signature_algorithm_unsupported",
            "{algorithm}"
        );
    }
    let digest = "http://www.w3.org/2001/04/xmlenc#sha256";
    for algorithm in ["http://www.w3.org/2000/09/xmldsig#sha1", "urn:x", ""] {
        let other = with(&xml, digest, algorithm);
        assert_eq!(
            gated(&other),
            "signature_algorithm_unsupported",
            "{algorithm}"
        );
    }
    let length = "</ds:SignatureMethod>";
    let truncated = format!("<ds:HMACOutputLength>0</ds:HMACOutputLength>{length}");
    assert_eq!(gated(&with(&xml, length, &truncated)), "structure");
}

#[test]
fn a_signature_has_each_part_once() {
    let xml = signed(Sign::Assertion);
    for (start, end) in [
        ("<ds:SignedInfo>", "</ds:SignedInfo>"),
        ("<ds:SignatureValue>", "</ds:SignatureValue>"),
        ("<ds:KeyInfo>", "</ds:KeyInfo>"),
        ("<ds:Reference ", "</ds:Reference>"),
        ("<ds:DigestValue>", "</ds:DigestValue>"),
        ("<ds:DigestMethod ", "</ds:DigestMethod>"),
        ("<ds:SignatureMethod ", "</ds:SignatureMethod>"),
        (
            "<ds:CanonicalizationMethod ",
            "</ds:CanonicalizationMethod>",
        ),
        ("<ds:Transforms>", "</ds:Transforms>"),
    ] {
        let once = part(&xml, start, end);
        assert_eq!(
            gated(&xml.replace(once, &format!("{once}{once}"))),
            "structure",
            "{start}"
        );
        if start != "<ds:KeyInfo>" {
            assert_eq!(gated(&xml.replace(once, "")), "structure", "{start}");
        }
    }
    let object = "<ds:Object>x</ds:Object></ds:Signature>";
    assert_eq!(gated(&with(&xml, "</ds:Signature>", object)), "structure");
    assert_eq!(
        gated(&with(&xml, "<ds:SignedInfo>", "x<ds:SignedInfo>")),
        "structure"
    );
    let child = "<ds:DigestValue><x xmlns=\"u:r\"></x>";
    assert_eq!(gated(&with(&xml, "<ds:DigestValue>", child)), "structure");
}

#[test]
fn comments_stand_between_elements_only() {
    let xml = signed(Sign::Both);
    for remark in ["<!-- x -->", "<?x y?>"] {
        let name = ADA.replace('@', &format!("{remark}@"));
        let value = part(&xml, "<ds:DigestValue>", "</ds:DigestValue>");
        let digest = value.replace("</", &format!("{remark}</"));
        for broken in [
            xml.replace(ADA, &name),
            with(&xml, IDP, &IDP.replace("idp", &format!("idp{remark}"))),
            with(&xml, SP, &format!("{SP}{remark}")),
            with(&xml, "SEO_Editors", &format!("SEO_{remark}Editors")),
            with(
                &xml,
                "<saml:AttributeValue>",
                &format!("<saml:AttributeValue>{remark}"),
            ),
            with(&xml, "ac:classes", &format!("ac:{remark}classes")),
            with(&xml, value, &digest),
            with(
                &xml,
                "<ds:SignatureValue>",
                &format!("<ds:SignatureValue>{remark}"),
            ),
            with(
                &xml,
                "<ds:X509Certificate>",
                &format!("<ds:X509Certificate>{remark}"),
            ),
        ] {
            assert_eq!(gated(&broken), "comment_in_value");
        }
    }
    let message =
        gate::check(received(&with(&xml, "<saml:Subject>", "<!-- x --><saml:Subject>")).unwrap());
    assert_eq!(message.unwrap().remarks(), 1);
    let commented = with(&xml, "<saml:Subject>", "<!-- x --><saml:Subject>");
    assert_eq!(
        receive(&commented).unwrap().name_id.as_ref().unwrap().value,
        ADA
    );
    assert_eq!(
        reason(&with(&xml, "<saml:Subject>", "<?x y?><saml:Subject>")),
        "signature_invalid"
    );
}

#[test]
fn no_document_type_no_entities() {
    let xml = signed(Sign::Assertion);
    for doctype in [
        "<!DOCTYPE x>",
        "<!DOCTYPE x SYSTEM \"http://x.example/x.dtd\">",
        "<!DOCTYPE x [<!ENTITY % p SYSTEM \"file:///etc/passwd\">%p;]>",
        "<!DOCTYPE x [<!ATTLIST y z ID #IMPLIED>]>",
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>",
    ] {
        assert_eq!(gated(&format!("{doctype}{xml}")), "doctype");
        assert_eq!(
            gated(&format!(
                "<?xml version=\"1.0\"?>\n<!-- x -->{doctype}{xml}"
            )),
            "doctype"
        );
    }
    assert_eq!(gated(&xml.replace(ADA, "&ada;")), "malformed_xml");
}

#[test]
fn identifiers_are_unique_and_plain() {
    let xml = signed(Sign::Assertion);
    let on_subject = |attribute: &str| {
        with(
            &xml,
            "<saml:Subject>",
            &format!("<saml:Subject {attribute}>"),
        )
    };
    for attribute in [
        "ID=\"_a\"",
        "ID=\"_r\"",
        "ID=\"element(/1/2)\"",
        "ID=\"\"",
        "ID=\"1\"",
        "Id=\"_x\"",
        "id=\"_a\"",
        "xml:id=\"_a\"",
        "x:ID=\"_x\" xmlns:x=\"urn:x\"",
        "x:id=\"_a\" xmlns:x=\"urn:x\"",
        "xmlns:x=\"relative\"",
        "xmlns:x=\"../x\"",
    ] {
        assert_eq!(gated(&on_subject(attribute)), "structure", "{attribute}");
    }
    let signature = with(&xml, "<ds:SignedInfo>", "<ds:SignedInfo Id=\"_a\">");
    assert_eq!(gated(&signature), "structure");
}

#[test]
fn the_shape_of_a_response() {
    let xml = signed(Sign::Assertion);
    let assertion = part(&xml, "<saml:Assertion", "</saml:Assertion>");
    let encrypted = "<saml:EncryptedAssertion></saml:EncryptedAssertion>";
    let cases = [
        (unsigned(), "signature_missing"),
        (xml.replace(assertion, ""), "structure"),
        (xml.replace(assertion, encrypted), "structure"),
        (
            xml.replace(assertion, &format!("{assertion}{encrypted}")),
            "several_assertions",
        ),
        (
            xml.replace(assertion, &format!("{encrypted}{encrypted}")),
            "several_assertions",
        ),
        (
            xml.replace(
                assertion,
                &format!("{encrypted}<saml:Subject></saml:Subject>"),
            ),
            "structure",
        ),
        (
            with(&xml, "Version=\"2.0\"", "Version=\"1.1\""),
            "structure",
        ),
        (with(&xml, " ID=\"_r\"", ""), "structure"),
        (
            with(&xml, "</samlp:Status>", "</samlp:Status>x"),
            "structure",
        ),
        (
            with(
                &xml,
                "</samlp:Status>",
                "</samlp:Status><samlp:Extensions></samlp:Extensions>",
            ),
            "structure",
        ),
        (xml.replace("saml:Conditions", "saml:Other"), "structure"),
        (
            xml.replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:x"),
            "structure",
        ),
        (
            xml.replace("samlp:Response", "samlp:LogoutResponse"),
            "structure",
        ),
        (xml.replace("</samlp:Response>", ""), "malformed_xml"),
        (
            xml.replace("<saml:Subject>", "<saml:Subject><a:b></a:b>"),
            "malformed_xml",
        ),
        (format!("{xml}x"), "malformed_xml"),
    ];
    for (index, (message, expected)) in cases.iter().enumerate() {
        assert_eq!(gated(message), *expected, "case {index}");
    }
}

#[test]
fn large_and_deep_messages_end_soon() {
    let xml = signed(Sign::Assertion);
    let inside = |filling: String| {
        with(
            &xml,
            "<samlp:Status>",
            &format!("<samlp:Extensions>{filling}</samlp:Extensions><samlp:Status>"),
        )
    };
    let repeated = |times: usize, text: &dyn Fn(usize) -> String| {
        (0..times).map(text).collect::<Vec<_>>().concat()
    };
    let scope = repeated(25, &|i| format!(" xmlns:n{i}=\"urn:n{i}\""));
    let messages = [
        inside("<a/>".repeat(45_000)),
        inside("<!---->".repeat(39_000)),
        inside("x<![CDATA[y]]>".repeat(40_000)),
        inside("<a>".repeat(100) + &"</a>".repeat(100)),
        inside(format!(
            "<a{}/>",
            repeated(5000, &|i| format!(" a{i}=\"\""))
        )),
        inside(format!(
            "<a{scope}>{}</a>",
            "<b xmlns:c=\"u:r\"/>".repeat(30_000)
        )),
        inside(
            xml[xml.find("<ds:Signature").unwrap()..xml.find("<saml:Subject>").unwrap()]
                .repeat(200),
        ),
    ];
    for (index, message) in messages.iter().enumerate() {
        let refused = receive(message).is_err();
        assert!(refused || [1, 2, 5].contains(&index), "case {index}");
    }
}
