//! What is not opened, or not read though it opens.

use super::*;

const DATA: &str = "<xenc:EncryptedData ";
const CIPHER: &str = "<xenc:CipherData>";

#[test]
fn algorithms_are_refused_by_name_before_any_key_is_touched() {
    let key = |hash, mask| Encryption {
        transport: Transport::Oaep(hash, mask),
        ..gcm()
    };
    let oaep = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    let content = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
    let sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    let mask = "http://www.w3.org/2009/xmlenc11#mgf1sha256";
    let both = key(Hash::Sha256, Hash::Sha256);
    for (encryption, old, new) in [
        (gcm(), oaep, "http://www.w3.org/2001/04/xmlenc#rsa-1_5"),
        (gcm(), oaep, "http://www.w3.org/2001/04/xmlenc#kw-aes256"),
        (gcm(), oaep, ""),
        (
            gcm(),
            content,
            "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
        ),
        (
            gcm(),
            content,
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
        ),
        (gcm(), content, "http://www.w3.org/2009/xmlenc11#aes192-gcm"),
        (gcm(), content, "urn:x"),
        (both, sha256, "http://www.w3.org/2001/04/xmlenc#sha512"),
        (both, mask, "http://www.w3.org/2009/xmlenc11#mgf1sha512"),
    ] {
        for what in SIGNS {
            let honest = message(what, &encryption);
            is_ada(open(&honest));
            let at = honest.rfind(old).unwrap();
            let (before, behind) = honest.split_at(at);
            let xml = format!("{before}{}", with(behind, old, new));
            for keys in [vec![], vec![ours().key.clone()]] {
                let error = open_with(&xml, &keys).unwrap_err();
                assert_eq!(error.reason(), "encryption_algorithm_unsupported", "{new}");
                assert!(error.to_string().contains(new), "{error}");
            }
            is_ada(open(&honest));
        }
    }
    // The older identifier has no other mask.
    let xml = message(Sign::Assertion, &both);
    let older = with(&xml, "http://www.w3.org/2009/xmlenc11#rsa-oaep", oaep);
    assert_eq!(no(&older), "encryption_algorithm_unsupported");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_shape_of_an_encrypted_assertion() {
    let honest = message(Sign::Assertion, &gcm());
    let retrieved = message(
        Sign::Assertion,
        &Encryption {
            place: Place::Retrieved,
            ..gcm()
        },
    );
    is_ada(open(&honest));
    let whole = part(
        &honest,
        "<saml:EncryptedAssertion",
        "</saml:EncryptedAssertion>",
    );
    let data = part(&honest, DATA, "</xenc:EncryptedData>");
    let key = part(&honest, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
    let value = cipher_value(&honest);
    let plain = assertion(&signed(Sign::Assertion)).replace("\"_a\"", "\"_b\"");
    let signature = signed(Sign::Assertion);
    let signature = part(&signature, "<ds:Signature ", "</ds:Signature>");
    let reference = "<xenc:CipherReference URI=\"http://x.example/\"></xenc:CipherReference>";
    let uri = "URI=\"#_k0\"";
    let transforms = "<ds:Transforms></ds:Transforms></ds:RetrievalMethod>";
    let beside = part(&retrieved, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
    let cases = [
        (
            honest.replace(whole, &format!("{whole}{whole}")),
            "structure several_assertions",
        ),
        (
            honest.replace(whole, &format!("{whole}{}", whole.replace("_k0", "_k1"))),
            "several_assertions",
        ),
        (
            honest.replace(whole, &format!("{whole}{plain}")),
            "several_assertions structure",
        ),
        (
            honest.replace(whole, &format!("{plain}{whole}")),
            "several_assertions",
        ),
        (honest.replace(value, reference), "structure"),
        (
            honest.replace(value, &format!("{value}{reference}")),
            "structure",
        ),
        (honest.replace(value, ""), "structure"),
        (
            honest.replace(value, &format!("{value}{value}")),
            "structure",
        ),
        (honest.replace(data, ""), "structure"),
        (honest.replace(data, &format!("{data}{data}")), "structure"),
        (honest.replace(key, ""), "structure"),
        (
            honest
                .replace(key, "")
                .replace(data, &format!("{key}{}", data.replace(key, ""))),
            "structure",
        ),
        (
            honest.replace(
                data,
                &format!("<saml:Issuer>{IDP}</saml:Issuer>{signature}{data}"),
            ),
            "structure",
        ),
        (
            honest.replace(data, &format!("{data}{signature}")),
            "structure",
        ),
        (with(&honest, DATA, &format!("x{DATA}")), "structure"),
        (
            with(&honest, "xmlenc#Element", "xmlenc#Content"),
            "structure",
        ),
        (
            with(&honest, "aes256-gcm\">", "aes256-gcm\"><a></a>"),
            "structure",
        ),
        (
            with(
                &honest,
                "aes256-gcm\">",
                "aes256-gcm\"><xenc:KeySize>128</xenc:KeySize>",
            ),
            "structure",
        ),
        (
            with(&honest, "rsa-oaep-mgf1p\">", "rsa-oaep-mgf1p\"><a></a>"),
            "structure",
        ),
        (
            with(
                &honest,
                "rsa-oaep-mgf1p\">",
                "rsa-oaep-mgf1p\"><xenc:OAEPparams>!</xenc:OAEPparams>",
            ),
            "structure",
        ),
        (
            with(&honest, "<xenc:CipherValue>", "<xenc:CipherValue>!"),
            "structure",
        ),
        (
            with(&honest, "<xenc:CipherValue>", "<xenc:CipherValue><a></a>"),
            "structure",
        ),
        (
            with(&honest, "<xenc:CipherValue>", "<xenc:CipherValue><!---->"),
            "comment_in_value",
        ),
        (
            with(&honest, CIPHER, "<xenc:CipherData><?x y?>"),
            "comment_in_value ada",
        ),
        (
            with(&honest, DATA, "<xenc:EncryptedData ID=\"_r\" "),
            "structure",
        ),
        (
            with(&honest, DATA, "<xenc:EncryptedData Id=\"_r\" "),
            "structure",
        ),
        (with(&retrieved, uri, "URI=\"#_k1\""), "structure"),
        (with(&retrieved, uri, "URI=\"\""), "structure"),
        (with(&retrieved, uri, "URI=\"#\""), "structure"),
        (with(&retrieved, uri, "URI=\"#_r\""), "structure"),
        (
            with(&retrieved, uri, "URI=\"http://x.example/#_k0\""),
            "structure",
        ),
        (
            with(&retrieved, "</ds:RetrievalMethod>", transforms),
            "structure",
        ),
        (
            retrieved.replace(beside, &format!("{beside}{beside}")),
            "structure",
        ),
    ];
    for (index, (xml, reasons)) in cases.iter().enumerate() {
        let reason = open(xml).map_or_else(|error| error.reason(), |_| "ada");
        assert!(
            reasons.split(' ').any(|known| known == reason),
            "case {index}: {reason}"
        );
    }
    is_ada(open(&honest));
    is_ada(open(&retrieved));
}

#[test]
fn a_ciphertext_bears_no_change() {
    for content in CONTENTS {
        let encryption = Encryption { content, ..gcm() };
        for what in SIGNS {
            let honest = message(what, &encryption);
            is_ada(open(&honest));
            let reason = if what == Sign::Assertion {
                "decryption_failed"
            } else {
                "signature_invalid"
            };
            let is_gcm = content.identifier().ends_with("gcm");
            for at in [0, 5, 11, 12, 15, 16, 40, 100, 500, 1000] {
                let xml = changed(&honest, |octets| octets[at] ^= 1);
                assert_eq!(no(&xml), reason, "{content:?} {what:?} {at}");
            }
            for back in [1, 2, 8, 15, 16, 17] {
                let xml = changed(&honest, |octets| {
                    let at = octets.len() - back;
                    octets[at] ^= 1;
                });
                // A change of CBC's padding changes nothing, were there a padding that long.
                if is_gcm || back > 16 || what != Sign::Assertion {
                    assert_eq!(no(&xml), reason, "{content:?} {what:?} {back}");
                }
            }
            is_ada(open(&honest));
        }
    }
}

#[test]
fn a_short_ciphertext_is_none() {
    for content in CONTENTS {
        let encryption = Encryption { content, ..gcm() };
        let xml = signed(Sign::Assertion);
        let sealed = encryption.seal(assertion(&xml).as_bytes(), &ours().private);
        let honest = holding(&sealed);
        is_ada(open(&honest));
        for length in [0, 1, 11, 12, 13, 15, 16, 17, 27, 28, 29, 31, 32, 33, 48] {
            let xml = changed(&honest, |octets| octets.truncate(length));
            for what in [Sign::Assertion, Sign::Response] {
                let reason = no(&around(what, &xml));
                assert_eq!(reason, "decryption_failed", "{content:?} {length}");
            }
        }
        for cut in [1, 4, 8, 12, 15, 16] {
            let xml = changed(&honest, |octets| octets.truncate(octets.len() - cut));
            assert_eq!(no(&xml), "decryption_failed", "{content:?} {cut}");
        }
    }
}

#[test]
fn a_key_has_the_length_of_its_algorithm() {
    let xml = signed(Sign::Assertion);
    for content in CONTENTS {
        let encryption = Encryption { content, ..gcm() };
        for length in [0, 1, 15, 16, 17, 24, 31, 32, 33, 64] {
            let key = vec![3; length];
            let fitting = if content.identifier().contains("128") {
                16
            } else {
                32
            };
            let octets = content.encrypt(&[3; 32][..fitting], assertion(&xml).as_bytes());
            let key = encryption.transport.encrypt(&key, b"", &ours().private);
            let xml = holding(&encryption.element(&octets, &[key]));
            if length == fitting {
                is_ada(open(&xml));
            } else {
                assert_eq!(no(&xml), "decryption_failed");
            }
        }
    }
}

#[test]
fn a_label_is_part_of_the_key() {
    let encryption = Encryption {
        label: b"label",
        ..gcm()
    };
    let honest = message(Sign::Assertion, &encryption);
    is_ada(open(&honest));
    let label = part(&honest, "<xenc:OAEPparams>", "</xenc:OAEPparams>");
    assert_eq!(no(&honest.replace(label, "")), "decryption_failed");
    let other = "<xenc:OAEPparams>bGFiZWw=</xenc:OAEPparams>";
    is_ada(open(&honest.replace(label, other)));
    let other = "<xenc:OAEPparams>eA==</xenc:OAEPparams>";
    assert_eq!(no(&honest.replace(label, other)), "decryption_failed");
}

/// Says of a plaintext: sealed in GCM and in CBC without a signature around, then with one.
fn reasons(plaintext: &[u8]) -> [&'static str; 3] {
    let seal = |encryption: Encryption<'_>| holding(&encryption.seal(plaintext, &ours().private));
    let reason = |xml: &str| open(xml).map_or_else(|error| error.reason(), |_| "ok");
    [
        reason(&seal(gcm())),
        reason(&seal(cbc())),
        reason(&around(Sign::Response, &seal(gcm()))),
    ]
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_plaintext_is_one_assertion_and_nothing_else() {
    let whole = signed(Sign::Assertion);
    let honest = assertion(&whole);
    let bare = unsigned();
    let bare = assertion(&bare);
    let nested = gcm().seal(honest.as_bytes(), &ours().private);
    let twins = format!("{honest}{}", honest.replace("\"_a\"", "\"_b\""));
    let id = |id: &str| {
        let xml = ada(idp()).ids("_q", id).signed();
        assertion(&xml).to_owned()
    };
    let after_issuer = |inner: &str| {
        bare.replace(
            "</saml:Conditions>",
            &format!("</saml:Conditions><saml:Advice>{inner}</saml:Advice>"),
        )
    };
    assert_eq!(reasons(honest.as_bytes()), ["ok"; 3]);
    assert_eq!(reasons(format!("\r\n {honest}\t").as_bytes()), ["ok"; 3]);
    assert_eq!(reasons(id("_other").as_bytes()), ["ok"; 3]);
    for (plaintext, reason) in [
        (whole.clone(), "structure"),
        (twins, "malformed_xml"),
        (format!("<!DOCTYPE x>{honest}"), "doctype"),
        (
            format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{honest}"),
            "doctype",
        ),
        (nested.clone(), "structure"),
        (after_issuer(&nested), "several_assertions"),
        (after_issuer(honest), "structure"),
        (
            after_issuer(&honest.replace("_a", "_b")),
            "several_assertions",
        ),
        (id("_r"), "structure"),
        (String::new(), "structure"),
        ("x".to_owned(), "structure"),
        (format!("<?xml version=\"1.0\"?>{honest}"), "structure"),
        (format!("<!-- x -->{honest}"), "structure"),
        (format!("{honest}<!-- x -->"), "structure"),
        (format!("{honest}<?x y?>"), "structure"),
        (format!("x{honest}"), "structure"),
        (format!("{honest}x"), "malformed_xml"),
        (
            honest.replace(ADA, "ada<!-- x -->@acme.example"),
            "comment_in_value",
        ),
        (honest.replace("saml:Conditions", "saml:Other"), "structure"),
        (honest.replace("\"2.0\"", "\"1.1\""), "structure"),
        (
            honest.replace("<saml:Subject>", "<saml:Subject xmlns:y=\"y\">"),
            "structure",
        ),
        (honest.replace("</saml:Assertion>", ""), "malformed_xml"),
        (
            honest.replace("<saml:Subject>", "<saml:Subject a:b=\"\">"),
            "malformed_xml",
        ),
        ("<a>".repeat(100) + &"</a>".repeat(100), "too_large"),
        (format!("<a{}/>", " b=''".repeat(65)), "too_large"),
    ] {
        let arrived = reasons(plaintext.as_bytes());
        let failed = "decryption_failed";
        assert_eq!(arrived, [failed, failed, reason], "{plaintext}");
    }
    for octets in [
        [0xff].as_slice(),
        &[honest.as_bytes(), &[0]].concat(),
        b"<\0/>",
    ] {
        let [gcm, cbc, around] = reasons(octets);
        assert_eq!([gcm, cbc], ["decryption_failed"; 2]);
        assert_eq!(around, "malformed_encoding");
    }
    assert_eq!(reasons(honest.as_bytes()), ["ok"; 3]);
}

#[test]
fn somebody_of_trust_signs_around_or_inside() {
    let bare = unsigned();
    let theirs = stranger().sign_template(&bare, Sign::Assertion);
    let sha1 = ada(idp()).ids("_r", "_a");
    let sha1 = sha1.algorithm(crate::demo::idp::Algorithm::Sha1).signed();
    let curve = ada(&curve(Kind::P256)).ids("_r", "_a").signed();
    for (xml, gcm, around) in [
        (signed(Sign::Assertion), "ok", "ok"),
        (bare.clone(), "signature_missing", "ok"),
        // What is signed around the ciphertext is our provider's word, whoever else signed inside.
        (theirs, "signature_invalid", "ok"),
        (curve, "certificate_key_type", "ok"),
        (
            sha1,
            "signature_algorithm_unsupported",
            "signature_algorithm_unsupported",
        ),
    ] {
        let cbc = if gcm == "ok" {
            "ok"
        } else {
            "decryption_failed"
        };
        assert_eq!(reasons(assertion(&xml).as_bytes()), [gcm, cbc, around]);
    }
    // A signature around that is none is not made good by one inside, and nothing is decrypted then.
    for encryption in [gcm(), cbc()] {
        let inside = message(Sign::Assertion, &encryption);
        is_ada(open(&idp().sign_template(&inside, Sign::Response)));
        let by_stranger = stranger().sign_template(&inside, Sign::Response);
        assert_eq!(no(&by_stranger), "signature_invalid");
        let error = open_with(&by_stranger, &[another().key.clone()]).unwrap_err();
        assert_eq!(error.reason(), "signature_invalid");
    }
    let none = saml::Keys {
        certificates: &[],
        decryption: &[ours().key.clone()],
        allow_cbc: true,
        failures: &Failures::default(),
    };
    for what in SIGNS {
        let xml = received(&message(what, &gcm())).unwrap();
        let error = saml::receive(xml, &none, &EXPECTED, now(), &mut Trace::default()).unwrap_err();
        assert_eq!(error.reason(), "certificate_missing");
    }
}

#[test]
fn a_response_that_is_not_signed_may_only_refuse() {
    let honest = message(Sign::Assertion, &gcm());
    let assertion = is_ada(open(&with(&honest, " ID=\"_r\"", " ID=\"_other\"")));
    assert_eq!(assertion.response_id, None);
    let destination = format!("Destination=\"{ACS}\"");
    let other = with(&honest, &destination, "Destination=\"https://x.example/\"");
    assert_eq!(no(&other), "destination_mismatch");
    let signed = message(Sign::Response, &gcm());
    let other = with(&signed, &destination, "Destination=\"https://x.example/\"");
    assert_eq!(no(&other), "signature_invalid");
}

#[test]
fn encrypted_identifiers_and_attributes_are_refused_clearly() {
    for (old, new) in [
        (
            "<saml:SubjectConfirmation ",
            "<saml:EncryptedID></saml:EncryptedID><saml:SubjectConfirmation ",
        ),
        (
            "<saml:AttributeStatement>",
            "<saml:AttributeStatement><saml:EncryptedAttribute></saml:EncryptedAttribute>",
        ),
    ] {
        let xml = idp().sign_template(&with(&unsigned(), old, new), Sign::Assertion);
        let reason = "encrypted_element_unsupported";
        assert_eq!(reasons(assertion(&xml).as_bytes()), [reason; 3]);
    }
}

#[test]
fn the_signed_ciphertext_is_the_one_that_is_read() {
    // Eve seals an assertion of hers, and puts it where the signed one was.
    let eve = unsigned().replace(ADA, "eve@acme.example");
    let sealed = gcm().seal(assertion(&eve).as_bytes(), &ours().private);
    let honest = message(Sign::Response, &gcm());
    let genuine = part(
        &honest,
        "<saml:EncryptedAssertion",
        "</saml:EncryptedAssertion>",
    );
    for xml in [
        honest.replace(genuine, &sealed),
        honest.replace(genuine, &format!("{sealed}{genuine}")),
        honest.replace(genuine, assertion(&eve)),
        honest.replace(
            "<samlp:Status>",
            &format!("<samlp:Extensions>{sealed}</samlp:Extensions><samlp:Status>"),
        ),
    ] {
        assert!(open(&xml).is_err());
    }
    is_ada(open(&honest));
}

#[test]
fn large_plaintexts_end_soon() {
    let whole = signed(Sign::Assertion);
    let honest = assertion(&whole);
    let inside = |filling: &str| {
        let advice = format!("</saml:Conditions><saml:Advice>{filling}</saml:Advice>");
        honest.replace("</saml:Conditions>", &advice)
    };
    let prefixes: Vec<String> = (0..20_000).map(|i| format!("<p{i}:a/>")).collect();
    let attributes: Vec<String> = (0..20_000).map(|i| format!("<a p{i}:b=''/>")).collect();
    for (filling, reason) in [
        (prefixes.concat(), "malformed_xml"),
        (attributes.concat(), "malformed_xml"),
        ("<a/>".repeat(45_000), "too_large"),
        ("<a>".repeat(30_000), "too_large"),
        ("<!---->".repeat(30_000), "ok"),
    ] {
        let arrived = reasons(inside(&filling).as_bytes());
        // What was added is not what was signed inside.
        let failed = match reason {
            "ok" => "signature_invalid",
            _ => "decryption_failed",
        };
        assert_eq!(arrived, [failed, "decryption_failed", reason]);
    }
    // A long value is no fault of the message.
    let long = with(&unsigned(), "SEO_Editors", &"x".repeat(200_000));
    let long = idp().sign_template(&long, Sign::Assertion);
    assert_eq!(reasons(assertion(&long).as_bytes()), ["ok"; 3]);
}
