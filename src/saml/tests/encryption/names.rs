//! What the plaintext's names mean: it is read in the namespaces around it, and nobody else says which.

use samael::crypto::{CryptoProvider, XmlSec};

use super::*;
use crate::{demo::idp::Signing, saml::quiet};

const SAML: &str = "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";

/// An EncryptedAssertion that binds no prefix the plaintext uses.
fn foreign(xml: &str) -> String {
    let start = format!("<saml:EncryptedAssertion {SAML}");
    let other = start
        .replace("saml:E", "a:E")
        .replace("xmlns:saml", "xmlns:a");
    with(xml, &start, &other).replace("</saml:EncryptedAssertion>", "</a:EncryptedAssertion>")
}

/// Puts the encrypted assertion of a signed document in its place, with declarations of its own.
fn sealed_with(xml: &str, declarations: &str, encryption: &Encryption<'_>) -> String {
    let sealed = encryption.seal(assertion(xml).as_bytes(), &ours().private);
    let start = "<a:EncryptedAssertion ";
    let sealed = with(&foreign(&sealed), start, &format!("{start}{declarations} "));
    xml.replace(assertion(xml), &sealed)
}

#[test]
fn prefixes_may_be_declared_on_the_response_alone() {
    for encryption in [gcm(), cbc()] {
        let bare = foreign(&message(Sign::Neither, &encryption));
        let inside = foreign(&message(Sign::Assertion, &encryption));
        assert!(!assertion(&signed(Sign::Assertion)).contains(SAML));
        is_ada(open(&inside));
        // What is signed around it declares no `saml`: the signature inside says what it means.
        is_ada(open(&around(Sign::Both, &inside)));
        // Two signers are no signer, even if both are trusted.
        let mixed = stranger().sign_template(&inside, Sign::Response);
        let keys = saml::Keys {
            certificates: &[certificate(stranger()), certificate(idp())],
            decryption: &[ours().key.clone()],
            allow_cbc: true,
            failures: &Failures::default(),
        };
        let error = saml::receive(
            received(&mixed).unwrap(),
            &keys,
            &EXPECTED,
            now(),
            &mut Trace::default(),
        );
        assert_eq!(error.unwrap_err().reason(), "malformed_xml");
        assert_eq!(no(&around(Sign::Response, &bare)), "malformed_xml");
        let declared = with(
            &bare,
            "<a:EncryptedAssertion ",
            &format!("<a:EncryptedAssertion {SAML} "),
        );
        // Unused, it is not signed there either.
        assert_eq!(no(&around(Sign::Response, &declared)), "malformed_xml");
        let signing = Signing {
            what: Sign::Response,
            inclusive_prefixes: "saml",
            ..Signing::default()
        };
        is_ada(open(&idp().sign_with(&bare, &signing)));
    }
}

#[test]
fn what_says_nothing_to_us_may_be_declared_anywhere() {
    let typed = with(
        &unsigned(),
        "<saml:AttributeValue>",
        "<saml:AttributeValue xsi:type=\"xs:string\">",
    );
    let schema = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let typed = with(
        &typed,
        "<samlp:Response ",
        &format!("<samlp:Response {schema} "),
    );
    for what in SIGNS {
        let xml = match what {
            Sign::Response => typed.clone(),
            _ => idp().sign_template(&typed, Sign::Assertion),
        };
        let xml = around(what, &gcm().encrypt(&xml, &ours().private));
        is_ada(open(&xml));
    }
}

#[test]
fn an_unsigned_declaration_makes_no_name_id_of_a_foreign_element() {
    let name_id = format!(
        "<saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{ADA}</saml:NameID>"
    );
    let hidden = "<x:NameID>root@acme.example</x:NameID>";
    let saml = "urn:oasis:names:tc:SAML:2.0:assertion";
    for visible in ["", &name_id] {
        let inner = with(&unsigned(), &name_id, &format!("{hidden}{visible}"));
        for declaring in ["<samlp:Response ", "<saml:EncryptedAssertion "] {
            let declared = with(
                &inner,
                "<samlp:Response ",
                "<samlp:Response xmlns:x=\"urn:x\" ",
            );
            let sealed = gcm().encrypt(&declared, &ours().private);
            let sealed = with(&sealed, "xmlns:x=\"urn:x\" ", "");
            let sealed = with(
                &sealed,
                declaring,
                &format!("{declaring}xmlns:x=\"urn:x\" "),
            );
            let honest = around(Sign::Response, &sealed);
            let read = || {
                open(&honest)
                    .unwrap()
                    .name_id
                    .as_ref()
                    .map(|it| it.value.clone())
            };
            let expected = (!visible.is_empty()).then(|| ADA.to_owned());
            assert_eq!(read(), expected);
            for namespace in [
                saml,
                "urn:oasis:names:tc:SAML:2.0:protocol",
                "urn:oasis:names:tc:SAML:2.0:metadata",
                "http://www.w3.org/2000/09/xmldsig#",
                "http://www.w3.org/2001/04/xmlenc#",
                "http://www.w3.org/2009/xmlenc11#",
                "http://www.w3.org/2009/xmldsig11#",
            ] {
                let attack =
                    honest.replace("xmlns:x=\"urn:x\"", &format!("xmlns:x=\"{namespace}\""));
                assert_eq!(no(&attack), "malformed_xml", "{namespace}");
            }
            assert_eq!(
                no(&honest.replace("xmlns:x=\"urn:x\" ", "")),
                "malformed_xml"
            );
            assert_eq!(read(), expected);
        }
    }
}

#[test]
fn no_default_namespace_is_slipped_under_names_without_prefix() {
    let hidden = "<NameID>root@acme.example</NameID>";
    let inner = with(
        &unsigned(),
        "<saml:Subject>",
        &format!("<saml:Subject>{hidden}"),
    );
    let sealed = gcm().encrypt(&inner, &ours().private);
    let honest = around(Sign::Response, &sealed);
    is_ada(open(&honest));
    let default = "<samlp:Response xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ";
    is_ada(open(&with(&honest, "<samlp:Response ", default)));
    // Signed inside, the declaration would change what is signed.
    let inner = idp().sign_template(&inner, Sign::Assertion);
    let honest = gcm().encrypt(&inner, &ours().private);
    is_ada(open(&honest));
    assert_eq!(
        no(&with(&honest, "<samlp:Response ", default)),
        "signature_invalid"
    );
}

#[test]
fn a_signature_inside_holds_its_names_fast() {
    let honest = foreign(&message(Sign::Assertion, &gcm()));
    is_ada(open(&honest));
    // The EncryptedAssertion may bind the prefix as the plaintext needs it, and as nothing else.
    let start = "<a:EncryptedAssertion ";
    is_ada(open(&with(&honest, start, &format!("{start}{SAML} "))));
    for namespace in ["urn:x", "urn:oasis:names:tc:SAML:2.0:protocol"] {
        let attack = with(
            &honest,
            start,
            &format!("{start}xmlns:saml=\"{namespace}\" "),
        );
        assert_eq!(no(&attack), "decryption_failed");
    }
}

/// A response whose assertion is signed by xmlsec, with these transforms, in the scope of this start tag.
fn signed_by_xmlsec(xml: &str, method: &str, transform: &str) -> String {
    let signature = format!(
        r##"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{method}"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#_a"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>{transform}</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"##
    );
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer>");
    let template = with(
        xml,
        &format!("{issuer}<saml:Subject>"),
        &format!("{issuer}{signature}<saml:Subject>"),
    );
    let (key, _) = idp().keys().to_pem().unwrap();
    let key = PKey::private_key_from_pem(&key)
        .unwrap()
        .private_key_to_der()
        .unwrap();
    quiet::initialise();
    XmlSec::sign_xml(template, &key).unwrap()
}

const INCLUSIVE: [&str; 2] = [
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
];
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Each way to sign more namespaces than names use, and one that does not.
fn methods() -> Vec<(&'static str, String)> {
    let transform = |algorithm: &str, inside: &str| {
        format!("<ds:Transform Algorithm=\"{algorithm}\">{inside}</ds:Transform>")
    };
    let list =
        format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"xs y #default\"/>");
    let mut methods = vec![
        (EXCLUSIVE, transform(EXCLUSIVE, "")),
        (EXCLUSIVE, transform(EXCLUSIVE, &list)),
        (EXCLUSIVE, String::new()),
    ];
    for inclusive in INCLUSIVE {
        methods.push((EXCLUSIVE, transform(inclusive, "")));
        methods.push((inclusive, transform(EXCLUSIVE, "")));
        methods.push((inclusive, transform(inclusive, "")));
    }
    methods
}

#[test]
fn the_scope_that_was_signed_is_found() {
    let schema = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:y=\"urn:y\" xmlns=\"urn:z\"";
    let inner = with(
        &unsigned(),
        "<samlp:Response ",
        &format!("<samlp:Response {schema} "),
    );
    let standing = with(
        &unsigned(),
        "<saml:Assertion ",
        &format!("<saml:Assertion {SAML} "),
    );
    for (method, transform) in methods() {
        // Signed in the response, then encrypted in an element that declares more.
        let xml = signed_by_xmlsec(&inner, method, &transform);
        is_ada(receive(&xml));
        for encryption in [gcm(), cbc()] {
            is_ada(open(&sealed_with(&xml, "xmlns:w=\"urn:w\"", &encryption)));
        }
        // A prefix that the EncryptedAssertion rebinds was another one where it was signed.
        if method != EXCLUSIVE
            || transform != format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform>")
        {
            let rebound = sealed_with(&xml, "xmlns:y=\"urn:other\"", &gcm());
            assert_eq!(no(&rebound), "signature_invalid", "{method} {transform}");
        }

        // Signed inside of the EncryptedAssertion already.
        let scope = "xmlns:w=\"urn:w\" xmlns:y=\"urn:other\"";
        let open_tag = format!(
            "<a:EncryptedAssertion {scope} {}>",
            SAML.replace(":saml=", ":a=")
        );
        let wrapped = with(
            &inner,
            "<saml:Assertion ",
            &format!("{open_tag}<saml:Assertion "),
        );
        let end = "</saml:Assertion>";
        let wrapped = with(&wrapped, end, &format!("{end}</a:EncryptedAssertion>"));
        let xml = signed_by_xmlsec(&wrapped, method, &transform);
        let xml = inner.replace(assertion(&inner), assertion(&xml));
        is_ada(open(&sealed_with(&xml, scope, &gcm())));

        // Signed standing alone, in no scope at all.
        let alone = signed_by_xmlsec(assertion(&standing), method, &transform);
        let alone = assertion(&alone).to_owned();
        let xml = inner.replace(assertion(&inner), &alone);
        is_ada(open(&sealed_with(&xml, "xmlns:w=\"urn:w\"", &gcm())));
    }
}
