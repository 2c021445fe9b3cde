//! Who asks again and again, and who changes what they can.

use super::*;

#[test]
fn a_key_of_cbc_fails_five_times() {
    let keys = [ours().key.clone()];
    let failures = Failures::default();
    let at = |xml: &str, minutes| {
        let now = now() + SignedDuration::from_mins(minutes);
        open_at(xml, &keys, true, &failures, now)
    };
    let honest = message(Sign::Assertion, &cbc());
    let asked = |number: usize| changed(&honest, |octets| octets[40 + number] ^= 1);
    let reason = |xml: &str, minutes| at(xml, minutes).unwrap_err().reason();
    for number in 0..4 {
        assert_eq!(reason(&asked(number), 0), "decryption_failed");
        is_ada(at(&honest, 0));
    }
    // Another name for the same method, or another place, makes no other key of it.
    let other = with(
        &asked(9),
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        "http://www.w3.org/2009/xmlenc11#rsa-oaep",
    );
    assert_eq!(reason(&other, 0), "decryption_failed");
    for minutes in [0, 1] {
        assert_eq!(reason(&honest, minutes), "decryption_failed");
        is_ada(at(&message(Sign::Assertion, &cbc()), minutes));
    }
    // What is signed around the ciphertext cannot be changed, so that nobody can ask with it.
    is_ada(at(&idp().sign_template(&honest, Sign::Response), 1));
    assert_eq!(reason(&honest, 29), "decryption_failed");
    assert_eq!(reason(&honest, 30), "expired", "it is decrypted again");
}

#[test]
fn gcm_needs_no_brake() {
    let keys = [ours().key.clone()];
    let failures = Failures::default();
    let honest = message(Sign::Assertion, &gcm());
    for at in 40..60 {
        let xml = changed(&honest, |octets| octets[at] ^= 1);
        let error = open_at(&xml, &keys, false, &failures, now()).unwrap_err();
        assert_eq!(error.reason(), "decryption_failed");
    }
    is_ada(open_at(&honest, &keys, false, &failures, now()));
}

#[test]
fn cbc_of_a_key_that_came_with_gcm_tells_nothing() {
    // "One bad apple": the key of a GCM message, brought back with CBC.
    let xml = message(
        Sign::Assertion,
        &Encryption {
            content: Content::Aes128Gcm,
            ..gcm()
        },
    );
    let xml = with(
        &xml,
        "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
    );
    let failures = Failures::default();
    for at in 0..64 {
        let xml = changed(&xml, |octets| {
            octets.truncate(64);
            octets[at] ^= 1;
        });
        let keys = [ours().key.clone()];
        let error = open_at(&xml, &keys, true, &failures, now()).unwrap_err();
        assert_eq!(error.reason(), "decryption_failed");
    }
}

/// How far one change is from the next: with `PROOF` set there is one at every position.
fn step() -> usize {
    if std::env::var_os("PROOF").is_some() {
        1
    } else {
        29
    }
}

#[test]
fn no_single_octet_makes_another_person() {
    for (what, encryption) in [
        (Sign::Assertion, gcm()),
        (Sign::Assertion, cbc()),
        (Sign::Response, cbc()),
        (Sign::Both, gcm()),
    ] {
        let xml = message(what, &encryption);
        is_ada(open(&xml));
        let mut accepted = 0;
        for at in (0..xml.len()).step_by(step()) {
            let new = match xml.as_bytes()[at] {
                b'A' => 'B',
                b'"' => '<',
                _ => 'A',
            };
            let changed = format!("{}{new}{}", &xml[..at], &xml[at + 1..]);
            if let Ok(assertion) = open(&changed) {
                accepted += 1;
                is_ada(Ok(assertion));
            }
        }
        let some = what == Sign::Assertion && step() == 1;
        assert!(accepted > 0 || !some, "names of prefixes");
        is_ada(open(&xml));
    }
}

#[test]
fn no_single_octet_of_the_plaintext_makes_another_person() {
    let xml = signed(Sign::Assertion);
    let honest = assertion(&xml);
    for at in (0..honest.len()).step_by(step()) {
        let new = ["<", "A", "\u{e9}", ""][at % 4];
        let plaintext = format!("{}{new}{}", &honest[..at], &honest[at + 1..]);
        let sealed = gcm().seal(plaintext.as_bytes(), &ours().private);
        if let Ok(assertion) = open(&holding(&sealed)) {
            is_ada(Ok(assertion));
        }
    }
    for at in (0..honest.len()).step_by(step()) {
        for plaintext in [&honest[..at], &honest[at..]] {
            let sealed = cbc().seal(plaintext.as_bytes(), &ours().private);
            assert!(open(&holding(&sealed)).is_err() || at == 0);
        }
    }
}
