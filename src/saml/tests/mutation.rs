//! One character changed anywhere: never another person, never other attributes.

use super::*;

/// What a person is known by.
fn identity(assertion: &Assertion) -> impl PartialEq + std::fmt::Debug + use<> {
    let values: Vec<_> = assertion
        .attributes
        .iter()
        .map(|a| (a.name.clone(), a.values.clone()))
        .collect();
    let name_id = assertion
        .name_id
        .as_ref()
        .map(|n| (n.value.clone(), n.format.clone()));
    (
        name_id,
        values,
        assertion.issuer.clone(),
        assertion.assertion_id.clone(),
    )
}

#[test]
fn no_single_character_makes_another_identity() {
    for what in [Sign::Assertion, Sign::Response, Sign::Both] {
        let xml = signed(what);
        let genuine = identity(&receive(&xml).unwrap());
        let mut accepted = 0;
        // Every thirteenth position meets tags, names, values, text and base64 alike.
        for at in (0..xml.len()).step_by(13) {
            for replacement in ["x", " ", "<", "&amp;", "\"", "A", "\n", ""] {
                let changed = format!("{}{replacement}{}", &xml[..at], &xml[at + 1..]);
                if let Ok(assertion) = receive(&changed) {
                    accepted += 1;
                    assert_eq!(identity(&assertion), genuine, "{replacement:?} at {at}");
                }
            }
        }
        assert!(accepted > 0, "white space in KeyInfo changes nothing");
    }
}

#[test]
fn no_cut_and_no_noise_panics() {
    let xml = signed(Sign::Both);
    for at in (0..xml.len()).step_by(41) {
        assert!(receive(&xml[..at]).is_err());
        assert!(receive(&xml[at..]).is_err() || at == 0);
    }
}
