//! Signatures that a connection demands, around what is encrypted and inside of it.

use super::*;
use crate::saml::demands::Signatures;

fn demanding(xml: &str, signatures: Signatures) -> Result<Assertion, Error> {
    let expected = Expected {
        demands: Demands {
            signatures,
            require_encryption: true,
            ..Demands::NONE
        },
        ..EXPECTED
    };
    let keys = saml::Keys {
        certificates: &[certificate(idp())],
        decryption: &[ours().key.clone()],
        allow_cbc: true,
        failures: &Failures::default(),
    };
    saml::receive(
        received(xml)?,
        &keys,
        &expected,
        now(),
        &mut Trace::default(),
    )
}

#[test]
fn a_signature_around_the_ciphertext_is_none_of_the_assertion() {
    let lacks = |what: &str| Some(format!("signature_missing_on_{what}"));
    for encryption in [gcm(), cbc()] {
        for (what, signatures, expected) in [
            (Sign::Assertion, Signatures::Any, None),
            (Sign::Assertion, Signatures::Assertion, None),
            (Sign::Assertion, Signatures::Response, lacks("response")),
            (Sign::Assertion, Signatures::Both, lacks("response")),
            (Sign::Response, Signatures::Any, None),
            (Sign::Response, Signatures::Assertion, lacks("assertion")),
            (Sign::Response, Signatures::Response, None),
            (Sign::Response, Signatures::Both, lacks("assertion")),
            (Sign::Both, Signatures::Any, None),
            (Sign::Both, Signatures::Assertion, None),
            (Sign::Both, Signatures::Response, None),
            (Sign::Both, Signatures::Both, None),
        ] {
            let found = demanding(&message(what, &encryption), signatures);
            let reason = found.as_ref().err().map(|error| error.reason().to_owned());
            assert_eq!(reason, expected, "{what:?} {signatures:?}");
            if let Ok(read) = found {
                assert_eq!(read.name_id.as_ref().unwrap().value, ADA);
                assert_eq!(read.response_id.is_some(), what != Sign::Assertion);
            }
        }
    }
}

#[test]
fn a_signature_inside_that_is_demanded_verifies_by_the_signer_around_it() {
    let inside = signed(Sign::Assertion);
    let tampered = with(&inside, "Staff", "Owners");
    let strange = stranger().sign_template(&unsigned(), Sign::Assertion);
    for encryption in [gcm(), cbc()] {
        let sealed = |xml: &str| {
            let sealed = encryption.encrypt(xml, &ours().private);
            idp().sign_template(&sealed, Sign::Response)
        };
        for signatures in [Signatures::Assertion, Signatures::Both] {
            demanding(&sealed(&inside), signatures).unwrap();
            for attack in [&tampered, &strange] {
                let error = demanding(&sealed(attack), signatures).unwrap_err();
                assert_eq!(error.reason(), "signature_invalid");
            }
        }
        // Who signed around it answers for it where nothing more is demanded.
        demanding(&sealed(&tampered), Signatures::Response).unwrap();
    }
}
