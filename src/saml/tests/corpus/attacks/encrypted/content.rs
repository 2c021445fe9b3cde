//! What opens, and is no assertion, more than one, another's, or not what its signature says.

use super::*;
use crate::demo::idp::Algorithm;

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = plaintexts();
    cases.extend(octets());
    cases.extend(signers());
    cases.extend(encrypted_elements());
    cases
}

/// A plaintext thrice: in GCM, in CBC, and signed around. Only the last is told more.
fn sealed(name: &str, signed: &'static str, plaintext: &[u8], twin: &[u8]) -> Vec<Attack> {
    let seal = |encryption: Encryption<'_>, plaintext: &[u8]| {
        holding(&encryption.seal(plaintext, &our_key().private))
    };
    let class = Class::EncryptedContent;
    let reasons = [FAILED, signed];
    let mut cases = Vec::from(both(
        class,
        name,
        reasons,
        &seal(gcm(), plaintext),
        &seal(gcm(), twin),
    ));
    cases.push(Attack::new(
        class,
        format!("{name}, CBC"),
        FAILED,
        Unsigned,
        seal(cbc(), plaintext),
        seal(cbc(), twin),
    ));
    cases
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn plaintexts() -> Vec<Attack> {
    let whole = signed(Sign::Assertion);
    let honest = assertion(&whole);
    let bare = unsigned();
    let bare = assertion(&bare);
    let nested = gcm().seal(honest.as_bytes(), &our_key().private);
    let advised = |inner: &str| {
        let advice = format!("</saml:Conditions><saml:Advice>{inner}</saml:Advice>");
        bare.replace("</saml:Conditions>", &advice)
    };
    let same_id = ada(idp()).ids("_q", "_r").signed();
    let subject = |new: &str| honest.replace("<saml:Subject>", new);
    let rows: &[(&str, &'static str, String)] = &[
        ("a whole response", "structure", whole.clone()),
        (
            "two assertions",
            "malformed_xml",
            format!("{honest}{}", honest.replace("\"_a\"", "\"_b\"")),
        ),
        (
            "a document type",
            "doctype",
            format!("<!DOCTYPE x>{honest}"),
        ),
        (
            "an entity",
            "doctype",
            format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{honest}"),
        ),
        ("what is encrypted again", "structure", nested.clone()),
        (
            "an encrypted one in Advice",
            "several_assertions",
            advised(&nested),
        ),
        ("one of the same ID in Advice", "structure", advised(honest)),
        (
            "another in Advice",
            "several_assertions",
            advised(&honest.replace("_a", "_b")),
        ),
        (
            "the ID of the response",
            "structure",
            assertion(&same_id).to_owned(),
        ),
        ("nothing", "structure", String::new()),
        ("a text", "structure", "x".to_owned()),
        (
            "an XML declaration",
            "structure",
            format!("<?xml version=\"1.0\"?>{honest}"),
        ),
        (
            "a comment before",
            "structure",
            format!("<!-- x -->{honest}"),
        ),
        (
            "a comment behind",
            "structure",
            format!("{honest}<!-- x -->"),
        ),
        (
            "an instruction behind",
            "structure",
            format!("{honest}<?x y?>"),
        ),
        ("a text before", "structure", format!("x{honest}")),
        ("a text behind", "malformed_xml", format!("{honest}x")),
        (
            "a comment in the name",
            "comment_in_value",
            honest.replace(ADA, "ada<!-- x -->@acme.example"),
        ),
        (
            "another element for Conditions",
            "structure",
            honest.replace("saml:Conditions", "saml:Other"),
        ),
        (
            "version 1.1",
            "structure",
            honest.replace("\"2.0\"", "\"1.1\""),
        ),
        (
            "a relative namespace",
            "structure",
            subject("<saml:Subject xmlns:y=\"y\">"),
        ),
        (
            "no end",
            "malformed_xml",
            honest.replace("</saml:Assertion>", ""),
        ),
        (
            "a prefix of nobody",
            "malformed_xml",
            subject("<saml:Subject a:b=\"\">"),
        ),
        (
            "too deep",
            "too_large",
            "<a>".repeat(100) + &"</a>".repeat(100),
        ),
        (
            "too many attributes",
            "too_large",
            format!("<a{}/>", " b=''".repeat(65)),
        ),
    ];
    let rows = rows.iter().flat_map(|(name, reason, plaintext)| {
        sealed(name, reason, plaintext.as_bytes(), honest.as_bytes())
    });
    rows.collect()
}

/// Octets that are no text.
fn octets() -> Vec<Attack> {
    let whole = signed(Sign::Assertion);
    let honest = assertion(&whole).as_bytes();
    let zero = [honest, &[0]].concat();
    let long = [honest, &[0xc3]].concat();
    let rows: [(&str, &[u8]); 4] = [
        ("no UTF-8", &[0xff]),
        ("a zero behind", &zero),
        ("half a letter behind", &long),
        ("a zero in a name", b"<\0/>"),
    ];
    let rows = rows.into_iter();
    rows.flat_map(|(name, octets)| sealed(name, "malformed_encoding", octets, honest))
        .collect()
}

/// Nobody of trust signed inside, and nobody around.
#[expect(clippy::too_many_lines, reason = "a table")]
fn signers() -> Vec<Attack> {
    let twin = message(Sign::Assertion, &gcm());
    let seal = |encryption: Encryption<'_>, xml: &str| encryption.encrypt(xml, &our_key().private);
    let class = Class::EncryptedContent;
    let whole = signed(Sign::Assertion);
    let strange = stranger().sign_template(&unsigned(), Sign::Assertion);
    let sha1 = ada(idp())
        .ids("_r", "_a")
        .algorithm(Algorithm::Sha1)
        .signed();
    let on_curve = ada(&curves()[0]).ids("_r", "_a").signed();
    let mut cases = Vec::new();
    for (name, reason, xml) in [
        ("nobody signs", "signature_missing", unsigned()),
        ("a stranger signs", "signature_invalid", strange),
        (
            "a key of another kind signs",
            "certificate_key_type",
            on_curve,
        ),
        (
            "SHA-1 signs",
            "signature_algorithm_unsupported",
            sha1.clone(),
        ),
        (
            "it is changed after it was signed",
            "signature_invalid",
            with(&whole, "Staff", "Owners"),
        ),
        (
            "it says Eve",
            "signature_invalid",
            whole.replace(ADA, wrapping::EVE),
        ),
    ] {
        let attack = seal(gcm(), &xml);
        cases.push(Attack::new(
            class,
            name,
            reason,
            Unsigned,
            attack,
            twin.as_str(),
        ));
        // A wrong padding and a wrong signature are answered alike.
        let name = format!("{name}, CBC");
        let twin = message(Sign::Assertion, &cbc());
        cases.push(Attack::new(
            class,
            name,
            FAILED,
            Unsigned,
            seal(cbc(), &xml),
            twin,
        ));
    }
    // A signature inside on no list is refused whoever signs around it.
    cases.push(Attack::new(
        class,
        "SHA-1 signs, signed around",
        "signature_algorithm_unsupported",
        Signed,
        around(Sign::Response, &seal(gcm(), &sha1)),
        around(Sign::Response, &twin),
    ));
    // A signature around that is none is not made good by one inside.
    for encryption in [gcm(), cbc()] {
        let twin = message(Sign::Assertion, &encryption);
        cases.push(Attack::new(
            class,
            format!("a stranger signs around it, {:?}", encryption.content),
            "signature_invalid",
            Strange,
            stranger().sign_template(&twin, Sign::Response),
            idp().sign_template(&twin, Sign::Response),
        ));
    }
    cases
}

/// What is encrypted inside of the assertion is refused clearly.
fn encrypted_elements() -> Vec<Attack> {
    let twin = message(Sign::Assertion, &gcm());
    let mut cases = Vec::new();
    for (name, old, new) in [
        (
            "EncryptedID",
            "<saml:SubjectConfirmation ",
            "<saml:EncryptedID></saml:EncryptedID>",
        ),
        (
            "EncryptedAttribute",
            "<saml:AttributeValue>",
            "<saml:AttributeValue/></saml:Attribute><saml:EncryptedAttribute></saml:EncryptedAttribute><saml:Attribute Name=\"x\">",
        ),
    ] {
        let xml = with(&unsigned(), old, &format!("{new}{old}"));
        let xml = idp().sign_template(&xml, Sign::Assertion);
        let attack = gcm().encrypt(&xml, &our_key().private);
        let reason = "encrypted_element_unsupported";
        cases.extend(both(
            Class::EncryptedContent,
            name,
            [reason; 2],
            &attack,
            &twin,
        ));
    }
    cases
}
