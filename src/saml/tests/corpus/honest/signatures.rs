//! Signatures of every kind on the lists, and everything about them that says nothing.

use super::*;
use crate::demo::idp::{Algorithm, Signing};

const CANONICAL: [(&str, &str); 4] = [
    ("exclusive", "http://www.w3.org/2001/10/xml-exc-c14n#"),
    (
        "exclusive with comments",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ),
    (
        "inclusive 1.0",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    ),
    ("inclusive 1.1", "http://www.w3.org/2006/12/xml-c14n11"),
];

pub(super) fn cases() -> Vec<Honest> {
    let mut cases = algorithms();
    cases.extend(canonical());
    cases.extend(looks());
    cases.extend(key_infos());
    cases.extend(trusted());
    cases
}

/// Three kinds of keys, three hashes, three things to sign.
fn algorithms() -> Vec<Honest> {
    let [p256, p384] = curves();
    let mut cases = Vec::new();
    for (key, idp) in [("RSA", idp()), ("P-256", p256), ("P-384", p384)] {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
            for what in [Sign::Assertion, Sign::Response, Sign::Both] {
                let xml = ada(idp).sign(what).algorithm(algorithm).signed();
                let message = Message::from(xml).trusting(vec![certificate(idp)]);
                let name = format!("{key} {algorithm:?}, {what:?}");
                cases.push(Honest::new("algorithms", name, message));
            }
        }
    }
    let digest = "http://www.w3.org/2001/04/xmlenc#sha256";
    let sha512 = "http://www.w3.org/2001/04/xmlenc#sha512";
    let mixed = sealed(&[(digest, sha512)]);
    cases.push(Honest::new(
        "algorithms",
        "another hash for the digest",
        mixed,
    ));
    cases
}

/// Every canonicalization of the list, for SignedInfo and for what is signed, with a comment about.
fn canonical() -> Vec<Honest> {
    let exclusive = CANONICAL[0].1;
    let method = format!("<ds:CanonicalizationMethod Algorithm=\"{exclusive}\">");
    let transform = format!("<ds:Transform Algorithm=\"{exclusive}\">");
    let listed = format!(
        "<ec:InclusiveNamespaces xmlns:ec=\"{exclusive}\" PrefixList=\"saml #default xs\"></ec:InclusiveNamespaces>"
    );
    let mut cases = Vec::new();
    for (outer, of_info) in CANONICAL {
        for (inner, of_element) in CANONICAL {
            let xml = sealed(&[
                (&transform, &transform.replace(exclusive, of_element)),
                (&method, &method.replace(exclusive, of_info)),
            ]);
            let commented = with(&xml, "<saml:Conditions", "<!-- x --><saml:Conditions");
            let name = format!("{outer} over {inner}");
            cases.push(Honest::new(
                "canonicalization",
                format!("{name}, a comment"),
                commented,
            ));
            cases.push(Honest::new("canonicalization", name, xml));
        }
        let alone = format!("{transform}</ds:Transform>");
        let xml = sealed(&[(&alone, ""), (&method, &method.replace(exclusive, of_info))]);
        cases.push(Honest::new(
            "canonicalization",
            format!("{outer} over enveloped alone"),
            xml,
        ));
    }
    for (name, changes) in [
        ("prefixes of what is signed", vec![&transform]),
        ("prefixes of SignedInfo", vec![&method]),
        ("prefixes of both", vec![&transform, &method]),
    ] {
        let changes: Vec<_> = changes
            .iter()
            .map(|old| (old.as_str(), format!("{old}{listed}")))
            .collect();
        let changes: Vec<_> = changes
            .iter()
            .map(|(old, new)| (*old, new.as_str()))
            .collect();
        cases.push(Honest::new("canonicalization", name, sealed(&changes)));
    }
    let typed = sealed(&[(
        "URI=\"#_a\"",
        "Type=\"http://www.w3.org/2000/09/xmldsig#Object\" URI=\"#_a\"",
    )]);
    cases.push(Honest::new(
        "canonicalization",
        "a Reference with a type",
        typed,
    ));
    cases
}

/// Prefixes, identifiers and line breaks.
#[expect(clippy::too_many_lines, reason = "a table")]
fn looks() -> Vec<Honest> {
    let group = "looks of a signature";
    let like = |name: &str, prefix, id, broken_lines| {
        let signing = Signing {
            what: Sign::Assertion,
            prefix,
            id,
            broken_lines,
            ..Signing::default()
        };
        Honest::new(group, name, idp().sign_with(&unsigned(), &signing))
    };
    let mut cases = vec![
        like("the default namespace", "", None, false),
        like("a prefix ns0", "ns0", None, false),
        like("a prefix dsig", "dsig", None, true),
        like("an Id", "ds", Some("Signature1"), false),
        like("line breaks", "ds", None, true),
        like("line breaks, an Id and no prefix", "", Some("_s"), true),
    ];
    let xml = honest(Sign::Both);
    let value = part(xml, VALUE[0], "==");
    let inner = honest(Sign::Assertion);
    let certificate = part(inner, "<ds:X509Certificate>", "</ds:X509Certificate>");
    let every = |text: &str, between: &str| {
        let (start, end) = text.split_at(text.find('>').unwrap() + 1);
        let letters: Vec<char> = end.chars().collect();
        let lines: Vec<String> = letters
            .chunks(64)
            .map(|line| line.iter().collect())
            .collect();
        format!("{start}{}", lines.join(between))
    };
    for (name, between) in [
        ("line breaks", "\n"),
        ("carriage returns by reference", "&#13;\n"),
        ("carriage returns by hexadecimal reference", "&#xD;\n"),
        ("tabs", "\t"),
        ("blanks", "  "),
    ] {
        let broken = xml.replace(value, &every(value, between));
        cases.push(Honest::new(group, format!("{name} in the value"), broken));
        let broken = inner.replace(certificate, &every(certificate, between));
        cases.push(Honest::new(
            group,
            format!("{name} in the certificate"),
            broken,
        ));
    }
    for (name, old, new) in [
        (
            "an Id of SignatureValue",
            "<ds:SignatureValue>",
            "<ds:SignatureValue Id=\"_v\">",
        ),
        ("an Id of KeyInfo", "<ds:KeyInfo>", "<ds:KeyInfo Id=\"_k\">"),
        (
            "white space between the parts",
            "</ds:SignedInfo>",
            "</ds:SignedInfo>\n  \t",
        ),
        (
            "a comment between the parts",
            "</ds:SignedInfo>",
            "</ds:SignedInfo><!-- x -->",
        ),
    ] {
        cases.push(Honest::new(group, name, with(inner, old, new)));
    }
    for (name, old, new) in [
        (
            "an Id of SignedInfo",
            "<ds:SignedInfo>",
            "<ds:SignedInfo Id=\"_i\">",
        ),
        (
            "an Id of the Reference",
            "<ds:Reference ",
            "<ds:Reference Id=\"_f\" ",
        ),
        (
            "white space within SignedInfo",
            "<ds:DigestMethod",
            "\n  <ds:DigestMethod",
        ),
    ] {
        cases.push(Honest::new(group, name, sealed(&[(old, new)])));
    }
    cases
}

/// KeyInfo is not looked at.
fn key_infos() -> Vec<Honest> {
    let xml = honest(Sign::Assertion);
    let info = part(xml, "<ds:KeyInfo>", "</ds:KeyInfo>");
    let strange = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        stranger().keys().certificate_base64()
    );
    [
        ("none", ""),
        ("empty", "<ds:KeyInfo></ds:KeyInfo>"),
        ("closed", "<ds:KeyInfo/>"),
        ("a name", "<ds:KeyInfo><ds:KeyName>CN=x</ds:KeyName></ds:KeyInfo>"),
        ("a value", "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"),
        ("issuer and serial", "<ds:KeyInfo><ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data></ds:KeyInfo>"),
        ("a subject", "<ds:KeyInfo><ds:X509Data><ds:X509SubjectName>CN=x</ds:X509SubjectName><ds:X509SKI>AQAB</ds:X509SKI></ds:X509Data></ds:KeyInfo>"),
        ("an address", "<ds:KeyInfo><ds:RetrievalMethod URI=\"http://x.example/\"></ds:RetrievalMethod></ds:KeyInfo>"),
        ("a token's reference", "<ds:KeyInfo><w:SecurityTokenReference xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\"><w:KeyIdentifier>x</w:KeyIdentifier></w:SecurityTokenReference></ds:KeyInfo>"),
        ("a certificate that is none", "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>!</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"),
        ("a stranger's certificate", strange.as_str()),
    ]
    .map(|(name, other)| Honest::new("KeyInfo", name, xml.replace(info, other)))
    .into()
}

/// Several certificates, in any order.
fn trusted() -> Vec<Honest> {
    let [p256, p384] = curves();
    let (ours, other, ec) = (ours().clone(), certificate(stranger()), certificate(p256));
    let xml = honest(Sign::Both);
    let mut cases: Vec<_> = [
        ("ours and another", vec![ours.clone(), other.clone()]),
        ("another and ours", vec![other.clone(), ours.clone()]),
        ("one on a curve and ours", vec![ec.clone(), ours.clone()]),
        (
            "another, one on a curve, ours",
            vec![other, ec, ours.clone()],
        ),
    ]
    .into_iter()
    .map(|(name, trusted)| Honest::new("trust", name, Message::from(xml).trusting(trusted)))
    .collect();
    let curved = ada(p384).signed();
    let both = vec![ours, certificate(p256), certificate(p384)];
    cases.push(Honest::new(
        "trust",
        "on one of two curves",
        Message::from(curved).trusting(both),
    ));
    cases
}
