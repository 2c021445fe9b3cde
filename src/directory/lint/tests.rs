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

/// The one finding is this, about this, so often, with this example.
fn finds(facts: &Facts, expected: (Code, Option<&str>, i64, Option<&str>)) {
    let (code, subject, count, example) = expected;
    let findings = lint(facts);
    let [finding] = findings.as_slice() else {
        panic!("{code}: {findings:?}");
    };
    assert_eq!(finding.code, code);
    assert_eq!(finding.subject.as_deref(), subject, "{code}");
    assert_eq!(finding.count, count, "{code}");
    let told = |text: &str| finding.examples.iter().any(|it| it == text);
    assert!(example.is_none_or(told), "{code}");
    assert!(finding.mend.ends_with('.'), "{code}");
}

#[test]
fn an_external_id_that_may_be_given_twice_is_found() {
    let name = |external_id: &str, user: &str| (Some(external_id.into()), user.into());
    let names = vec![
        name("ada.lovelace", "ada.lovelace@acme.example"),
        name(OBJECT, "bob@acme.example"),
    ];
    let facts = Facts {
        names,
        ..Facts::default()
    };
    let expected = (Code::ExternalIdReusable, None, 1, Some("ada.lovelace"));
    finds(&facts, expected);
}

#[test]
fn groups_by_ids_are_found_where_rules_carry_names() {
    let mut facts = Facts {
        asserted: asserted(&[OBJECT]),
        rules: texts(&["seo_editors"]),
        rules_by_name: true,
        ..Facts::default()
    };
    finds(&facts, (Code::GroupsAreIds, None, 1, Some(OBJECT)));
    facts.rules_by_name = false;
    finds(&facts, (Code::UnknownGroup, None, 1, Some(OBJECT)));
    facts.asserted = asserted(&[OBJECT, "Staff"]);
    finds(&facts, (Code::UnknownGroup, None, 2, Some("Staff")));
}

#[test]
fn addresses_outside_the_domains_are_found_by_domain() {
    let mut facts = Facts {
        addresses: vec!["ada@acme.example".into(), "bob@guest.example".into()],
        trusted: texts(&["acme.example"]),
        ..Facts::default()
    };
    let bob = Some("bob@guest.example");
    let code = Code::AddressOutsideDomains;
    finds(&facts, (code, Some("guest.example"), 1, bob));
    facts.trusted = texts(&["guest.example"]);
    let ada = Some("ada@acme.example");
    finds(&facts, (code, Some("acme.example"), 1, ada));
}

#[test]
fn what_was_counted_is_found() {
    let day = at("2026-11-22T10:00:00Z");
    let seen = |what, count| Facts {
        sightings: [(what, (count, day))].into(),
        ..Facts::default()
    };
    finds(&seen(Sighting::Sha1, 3), (Code::Sha1Refused, None, 3, None));
    let text = Sighting::Tolerance(Tolerance::TextBoolean);
    let expected = (Code::Tolerance, Some("text_boolean"), 7, None);
    finds(&seen(text, 7), expected);
    let facts = Facts {
        known_by_address: vec![day],
        ..Facts::default()
    };
    finds(&facts, (Code::NameIdMutable, None, 1, None));
    assert_eq!(lint(&facts)[0].last_at, Some(day));
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
