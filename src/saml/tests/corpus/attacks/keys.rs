//! Keys: those of the connection are trusted, whatever a message brings along.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = brought();
    cases.extend(trusted());
    cases.extend(mixed());
    cases
}

const INVALID: &str = "signature_invalid";

/// The same KeyInfo in a message that the stranger signed and in one that the right key signed.
fn brought() -> Vec<Attack> {
    let strange = stranger().sign_template(&unsigned(), Sign::Assertion);
    let strange_response = stranger().sign_template(&unsigned(), Sign::Response);
    let honest_info = part(honest(Sign::Assertion), "<ds:KeyInfo>", "</ds:KeyInfo>");
    let strange_info = part(&strange, "<ds:KeyInfo>", "</ds:KeyInfo>");
    let [our_text, strange_text] = [idp(), stranger()].map(|idp| idp.keys().certificate_base64());
    let data = |inner: &str| format!("<ds:KeyInfo><ds:X509Data>{inner}</ds:X509Data></ds:KeyInfo>");
    let x509 = |text: &str| format!("<ds:X509Certificate>{text}</ds:X509Certificate>");
    let (our, their) = (x509(&our_text), x509(&strange_text));
    let key_value = "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>".to_owned();
    let retrieval = "<ds:KeyInfo><ds:RetrievalMethod URI=\"http://x.example/key\" Type=\"http://www.w3.org/2000/09/xmldsig#rawX509Certificate\"></ds:RetrievalMethod></ds:KeyInfo>".to_owned();
    let mut cases: Vec<_> = [
        ("the stranger's certificate", data(&their)),
        ("our certificate", data(&our)),
        ("ours, then theirs", data(&format!("{our}{their}"))),
        ("theirs, then ours", data(&format!("{their}{our}"))),
        (
            "in two X509Data",
            format!(
                "{}{}",
                data(&our).trim_end_matches("</ds:KeyInfo>"),
                data(&their).trim_start_matches("<ds:KeyInfo>")
            ),
        ),
        (
            "a KeyName",
            "<ds:KeyInfo><ds:KeyName>https://idp.example/saml</ds:KeyName></ds:KeyInfo>".to_owned(),
        ),
        ("a KeyValue", key_value),
        ("a RetrievalMethod", retrieval),
        ("nothing", String::new()),
    ]
    .into_iter()
    .map(|(name, info)| {
        Attack::new(
            Class::KeyTrust,
            format!("the stranger's signature with {name}"),
            INVALID,
            Strange,
            strange.replace(strange_info, &info),
            honest(Sign::Assertion).replace(honest_info, &info),
        )
    })
    .collect();
    let twin = honest(Sign::Response);
    let name = "the stranger's signature of the response";
    cases.push(Attack::new(
        Class::KeyTrust,
        name,
        INVALID,
        Strange,
        strange_response,
        twin,
    ));
    cases
}

/// The same message at connections that trust other keys, or none.
fn trusted() -> Vec<Attack> {
    let [p256, p384] = curves();
    let xml = honest(Sign::Both);
    let mut cases: Vec<_> = [
        ("no certificate", "certificate_missing", vec![]),
        (
            "another certificate",
            INVALID,
            vec![certificate(stranger())],
        ),
        (
            "a key of another kind",
            "certificate_key_type",
            vec![certificate(p256)],
        ),
        (
            "keys of other kinds",
            "certificate_key_type",
            vec![certificate(p256), certificate(p384)],
        ),
        (
            "another and a key of another kind",
            INVALID,
            vec![certificate(stranger()), certificate(p256)],
        ),
    ]
    .into_iter()
    .map(|(name, expected, trusted)| {
        let attack = Message::from(xml).trusting(trusted);
        Attack::new(
            Class::KeyTrust,
            format!("trusting {name}"),
            expected,
            Signed,
            attack,
            xml,
        )
    })
    .collect();
    let curved = ada(p256).signed();
    let twin = Message::from(&*curved).trusting(vec![certificate(p256)]);
    for (name, expected, trusted) in [
        ("an RSA key", "certificate_key_type", ours().clone()),
        ("another curve", INVALID, certificate(p384)),
    ] {
        let attack = Message::from(&*curved).trusting(vec![trusted]);
        let name = format!("signed on a curve, trusting {name}");
        cases.push(Attack::new(
            Class::KeyTrust,
            name,
            expected,
            Broken,
            attack,
            twin.clone(),
        ));
    }
    cases
}

/// Two signatures by two keys: each is good, and no one key is behind both.
fn mixed() -> Vec<Attack> {
    let both = vec![ours().clone(), certificate(stranger())];
    let trusting = |xml: &str| Message::from(xml).trusting(both.clone());
    let inner = honest(Sign::Assertion);
    let outer_strange = stranger().sign_template(inner, Sign::Response);
    let strange = stranger().sign_template(&unsigned(), Sign::Assertion);
    let inner_strange = idp().sign_template(&strange, Sign::Response);
    let twin = honest(Sign::Both);
    let mut cases = against(
        Class::KeyTrust,
        trusting(twin),
        [
            (
                "both trusted, the response by the stranger",
                INVALID,
                Strange,
                trusting(&outer_strange),
            ),
            (
                "both trusted, the assertion by the stranger",
                INVALID,
                Signed,
                trusting(&inner_strange),
            ),
        ],
    );
    cases.extend(against(
        Class::KeyTrust,
        twin,
        [
            (
                "the response by a stranger",
                INVALID,
                Strange,
                &*outer_strange,
            ),
            (
                "the assertion by a stranger",
                INVALID,
                Signed,
                &*inner_strange,
            ),
        ],
    ));
    cases
}
