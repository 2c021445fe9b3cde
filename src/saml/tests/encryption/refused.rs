//! What is not opened, or not read though it opens: what the corpus has no place for.

use super::*;

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
