//! From assertions to persons, by the presets.

use super::*;
use crate::saml::profile::{self, Groups, Overrides, Preset, Profile, Unknown};

const CLAIMS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

fn profile(response: &Response<'_>, preset: Preset, overrides: &Overrides) -> Profile {
    profile::read(&receive(&response.signed()).unwrap(), preset, overrides).unwrap()
}

fn known(names: &[&str]) -> Groups {
    Groups::Known(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn okta_and_entra_say_the_same_of_ada() {
    let okta = idp()
        .response(ACS, SP, now())
        .email("Ada@acme.example")
        .attribute("firstName", ["Ada"])
        .attribute("lastName", ["Lovelace"])
        .attribute("groups", ["A", "B", "A", ""]);
    let okta = profile(&okta, Preset::Okta, &Overrides::default());
    assert_eq!(okta.subject_key.as_deref(), Some("email:ada@acme.example"));
    assert_eq!(okta.email.as_deref(), Some("ada@acme.example"));
    assert_eq!(okta.groups, known(&["A", "B"]));

    let entra = idp()
        .response(ACS, SP, now())
        .name_id("k3x", PERSISTENT)
        .attribute(
            "http://schemas.microsoft.com/identity/claims/objectidentifier",
            ["5f0c"],
        )
        .attribute(format!("{CLAIMS}/name"), ["ada@acme.example"])
        .attribute(format!("{CLAIMS}/givenname"), ["Ada"])
        .attribute(format!("{CLAIMS}/surname"), ["Lovelace"])
        .attribute(
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
            ["g1"],
        );
    for preset in [Preset::Entra, Preset::Generic] {
        let entra = profile(&entra, preset, &Overrides::default());
        assert_eq!(
            entra.subject_key.as_deref(),
            Some("name:10:persistent,3:k3x,0:,0:,")
        );
        assert_eq!(entra.external_id.as_deref(), Some("5f0c"));
        assert_eq!(entra.email, okta.email);
        assert_eq!(
            (&entra.given_name, &entra.family_name),
            (&okta.given_name, &okta.family_name)
        );
        assert_eq!(entra.user_name_candidates, ["ada@acme.example", "k3x"]);
        assert_eq!(entra.groups, known(&["g1"]));
        assert!(!format!("{entra:?}").contains("ada"));
    }
}

#[test]
fn unknown_groups_are_not_no_groups() {
    let base = || idp().response(ACS, SP, now()).email(ADA);
    let groups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
    let many: Vec<String> = (0..2_001).map(|i| format!("g{i}")).collect();
    let none: [&str; 0] = [];
    for (response, preset, expected) in [
        (base(), Preset::Okta, Groups::Unknown(Unknown::Absent)),
        (base().attribute("groups", none), Preset::Okta, known(&[])),
        (
            base().attribute("groups", ["", " "]),
            Preset::Okta,
            known(&[]),
        ),
        (
            base().attribute("groups", many.clone()),
            Preset::Okta,
            Groups::Unknown(Unknown::TooMany),
        ),
        (
            base().attribute("groups", ["x".repeat(257)]),
            Preset::Okta,
            Groups::Unknown(Unknown::TooLong),
        ),
        (
            base().attribute("groups", ["A"]).attribute("groups", ["B"]),
            Preset::Google,
            known(&["A", "B"]),
        ),
        (
            base().attribute("memberOf", ["A;B", "C; "]),
            Preset::OneLogin,
            known(&["A", "B", "C"]),
        ),
        (
            base().attribute("memberOf", ["A;B"]),
            Preset::Ping,
            known(&["A;B"]),
        ),
        (
            base().attribute(groups, ["A"]).attribute(
                "http://schemas.microsoft.com/claims/groups.link",
                ["https://x"],
            ),
            Preset::Entra,
            Groups::Unknown(Unknown::Overage),
        ),
    ] {
        assert_eq!(
            profile(&response, preset, &Overrides::default()).groups,
            expected
        );
    }
    let exactly: Vec<String> = many.into_iter().take(2_000).collect();
    let read = profile(
        &base().attribute("groups", exactly),
        Preset::Okta,
        &Overrides::default(),
    );
    assert!(matches!(read.groups, Groups::Known(all) if all.len() == 2_000));
}

#[test]
fn a_connection_chooses_its_attributes() {
    let overrides = Overrides {
        subject_attribute: Some("oid".to_owned()),
        groups_attribute: Some("teams".to_owned()),
        groups_are_distinguished_names: true,
        ..Overrides::default()
    };
    let transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    let base = || {
        let groups = ["CN=SEO\\, Editors,OU=Groups,DC=x", "plain"];
        idp()
            .response(ACS, SP, now())
            .name_id("t1", transient)
            .attribute("teams", groups)
    };
    let read = profile(&base().attribute("oid", ["7"]), Preset::Generic, &overrides);
    assert_eq!(read.subject_key.as_deref(), Some("attribute:3:oid,1:7,"));
    assert_eq!(read.groups, known(&["SEO, Editors", "plain"]));
    assert!(
        read.user_name_candidates.is_empty(),
        "a transient name is nobody's"
    );
    let read = profile(&base(), Preset::Generic, &Overrides::default());
    assert_eq!(read.subject_key, None);

    for values in [vec![], vec!["a", "b"]] {
        let assertion = receive(&base().attribute("oid", values).signed()).unwrap();
        let error = profile::read(&assertion, Preset::Generic, &overrides).unwrap_err();
        assert_eq!(error.reason(), "subject_attribute");
    }
}
