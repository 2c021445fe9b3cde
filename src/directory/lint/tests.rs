use super::*;

const OBJECT: &str = "7c1b1f9e-2f4d-4d0c-9a52-0f6f3a7f1c11";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn texts(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn asserted(list: &[&str]) -> BTreeMap<String, i64> {
    list.iter().map(|text| ((*text).to_owned(), 1)).collect()
}

#[test]
fn a_connection_without_faults_has_no_findings() {
    let facts = Facts {
        names: vec![
            (Some(OBJECT.to_owned()), "ada@acme.example".to_owned()),
            (None, "bob@acme.example".to_owned()),
        ],
        addresses: vec!["ada@acme.example".to_owned()],
        trusted: texts(&["acme.example"]),
        asserted: asserted(&["SEO_Editors", OBJECT]),
        pushed: texts(&[OBJECT]),
        rules: texts(&["seo_editors"]),
        rules_by_name: true,
        ..Facts::default()
    };
    assert_eq!(lint(&facts), []);
}

#[test]
fn what_goes_wrong_is_found() {
    let day = at("2026-11-22T10:00:00Z");
    let rows: [(Facts, Code, Option<&str>, i64, &str); 8] = [
        (
            Facts {
                names: vec![
                    (
                        Some("ada.lovelace".into()),
                        "ada.lovelace@acme.example".into(),
                    ),
                    (Some(OBJECT.into()), "bob@acme.example".into()),
                ],
                ..Facts::default()
            },
            Code::ExternalIdReusable,
            None,
            1,
            "ada.lovelace",
        ),
        (
            Facts {
                asserted: asserted(&[OBJECT]),
                rules: texts(&["seo_editors"]),
                rules_by_name: true,
                ..Facts::default()
            },
            Code::GroupsAreIds,
            None,
            1,
            OBJECT,
        ),
        (
            Facts {
                asserted: asserted(&[OBJECT, "Staff"]),
                ..Facts::default()
            },
            Code::UnknownGroup,
            None,
            2,
            "Staff",
        ),
        (
            Facts {
                sightings: [(Sighting::Sha1, (3, day))].into(),
                ..Facts::default()
            },
            Code::Sha1Refused,
            None,
            3,
            "",
        ),
        (
            Facts {
                known_by_address: vec![day],
                ..Facts::default()
            },
            Code::NameIdMutable,
            None,
            1,
            "",
        ),
        (
            Facts {
                addresses: vec!["ada@acme.example".into(), "bob@guest.example".into()],
                trusted: texts(&["acme.example"]),
                ..Facts::default()
            },
            Code::AddressOutsideDomains,
            Some("guest.example"),
            1,
            "bob@guest.example",
        ),
        (
            Facts {
                addresses: vec!["ada@acme.example".into()],
                ..Facts::default()
            },
            Code::AddressOutsideDomains,
            Some("acme.example"),
            1,
            "ada@acme.example",
        ),
        (
            Facts {
                sightings: [(Sighting::Tolerance(Tolerance::TextBoolean), (7, day))].into(),
                ..Facts::default()
            },
            Code::Tolerance,
            Some("text_boolean"),
            7,
            "",
        ),
    ];
    for (facts, code, subject, count, example) in rows {
        let findings = lint(&facts);
        let [finding] = findings.as_slice() else {
            panic!("{code}: {findings:?}");
        };
        assert_eq!(finding.code, code);
        assert_eq!(finding.subject.as_deref(), subject, "{code}");
        assert_eq!(finding.count, count, "{code}");
        let told = |text: &String| text == example;
        assert!(
            example.is_empty() || finding.examples.iter().any(told),
            "{code}"
        );
        assert!(finding.mend.ends_with('.'), "{code}");
    }
}

#[test]
fn every_tolerance_says_what_was_seen_and_what_to_do() {
    for tolerance in Tolerance::ALL {
        for text in [mends::seen(*tolerance), mends::mend(*tolerance)] {
            assert!(text.ends_with('.') && text.len() > 20, "{tolerance}");
        }
        let sighting = Sighting::Tolerance(*tolerance);
        assert_eq!(Sighting::of(&sighting.word()), Some(sighting));
    }
    assert_eq!(Sighting::of(&Sighting::Sha1.word()), Some(Sighting::Sha1));
    assert_eq!(Sighting::of("tolerance:nothing"), None);
}

#[test]
fn a_group_is_recognized_by_what_names_it() {
    let facts = Facts {
        pushed: texts(&[OBJECT]),
        rules: texts(&["seo_editors", "S-1-5"]),
        ..Facts::default()
    };
    for (value, recognized) in [
        (OBJECT, Recognized::ScimGroup),
        ("SEO_Editors", Recognized::Rule),
        ("S-1-5", Recognized::Rule),
        ("Staff", Recognized::No),
    ] {
        assert_eq!(facts.recognized(value), recognized, "{value}");
    }
}
