//! `usher connection guide` for each profile, and what shells and `man` are told of the commands.

use std::fs;

use serde_json::{Value, json};

use crate::connection_commands::Place;

const ADDRESSES: [&str; 3] = ["acs_url", "sp_entity_id", "scim_base_url"];

/// A connection of a profile, as it was created.
fn connection(place: &Place, profile: &str) -> Value {
    let create = ["connection", "create", "--org", "acme", "--name", profile];
    let create = [&create[..], &["--profile", profile]].concat();
    let (code, made, complaint) = place.usher(&create, "");
    assert_eq!(code, 0, "{complaint}");
    made
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

#[test]
fn each_profile_is_told_its_own_addresses() {
    let place = Place::new("guide");
    for (profile, parts) in [
        ("okta", &["saml", "scim", "terraform"][..]),
        ("entra", &["saml", "scim", "terraform", "mapping"]),
        ("google", &["saml", "scim"]),
        ("generic", &["saml", "scim"]),
    ] {
        let made = connection(&place, profile);
        let guide = ["connection", "guide", word(&made, "id")];
        let (code, document, complaint) = place.usher(&guide, "");
        assert_eq!(code, 0, "{profile}: {complaint}");
        assert_eq!(document["connection_id"], made["id"]);
        assert_eq!(document["profile"], profile);
        let texts = document["texts"].as_array().unwrap();
        let names: Vec<&str> = texts.iter().map(|it| word(it, "name")).collect();
        assert_eq!(names, parts, "{profile}");

        let (code, shown) = place.shown(&guide);
        assert_eq!(code, 0, "{profile}");
        for address in ADDRESSES.map(|name| word(&made, name)) {
            assert!(shown.contains(address), "{profile}: {address}: {shown}");
        }
        assert!(!shown.contains(word(&made, "scim_token")), "{profile}");
        for text in texts {
            let (name, text) = (word(text, "name"), word(text, "text"));
            assert!(shown.contains(&format!("=== {name} ===\n\n{text}")));
            let alone = [&guide[..], &["--what", name]].concat();
            assert_eq!(place.shown(&alone), (0, text.to_owned()), "{profile}");
            if name == "terraform" {
                for address in ADDRESSES.map(|name| word(&made, name)) {
                    assert!(text.contains(address), "{profile}: {address}: {text}");
                }
            }
        }
    }
}

#[test]
fn entra_maps_the_object_id_to_external_id() {
    let place = Place::new("guide-mapping");
    let made = connection(&place, "entra");
    let mapping = [
        "connection",
        "guide",
        word(&made, "id"),
        "--what",
        "mapping",
    ];
    let (code, shown) = place.shown(&mapping);
    assert_eq!(code, 0, "{shown}");
    let document: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(document["sourceObjectName"], "User");
    let mappings = document["attributeMappings"].as_array().unwrap();
    let to = |target: &str| {
        let mut found = mappings
            .iter()
            .filter(|it| it["targetAttributeName"] == target);
        let (one, no_more) = (found.next().unwrap(), found.next());
        assert_eq!(no_more, None, "{target}");
        (&one["source"]["name"], &one["matchingPriority"])
    };
    assert_eq!(to("externalId"), (&json!("objectId"), &json!(0)));
    assert_eq!(to("userName"), (&json!("userPrincipalName"), &json!(1)));
}

#[test]
fn a_part_that_a_profile_lacks_is_refused() {
    let place = Place::new("guide-parts");
    let made = connection(&place, "google");
    for part in ["terraform", "mapping", "everything"] {
        let guide = ["connection", "guide", word(&made, "id"), "--what", part];
        let (code, _, complaint) = place.usher(&guide, "");
        assert_eq!(code, 2, "{part}: {complaint}");
        assert!(complaint.contains("saml, scim"), "{part}: {complaint}");
    }
}

#[test]
fn shells_complete_each_command_without_settings_or_a_store() {
    let place = Place::new("completions");
    fs::write(place.path("usher.toml"), "these are no settings").unwrap();
    assert_eq!(
        place.shown(&["org", "list"]).0,
        2,
        "they are read elsewhere"
    );
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (code, script) = place.shown(&["completions", shell]);
        assert_eq!(code, 0, "{shell}");
        assert!(script.contains("console-link"), "{shell}: {script}");
        let (code, document, complaint) = place.usher(&["completions", shell], "");
        assert_eq!(code, 0, "{shell}: {complaint}");
        assert_eq!(document, json!({"shell": shell, "text": script}));
    }
    assert_eq!(place.shown(&["completions", "tea"]).0, 2);
}

#[test]
fn each_command_has_a_manual_page_that_says_what_it_is() {
    let place = Place::new("man");
    fs::write(place.path("usher.toml"), "these are no settings").unwrap();
    let (code, page) = place.shown(&["man"]);
    assert_eq!(code, 0);
    assert!(page.contains(".TH usher 1"), "{page}");
    let (code, document, complaint) = place.usher(&["man"], "");
    assert_eq!((code, word(&document, "text")), (0, &*page), "{complaint}");

    let (code, told, complaint) = place.usher(&["man", "--dir", "deep/man1"], "");
    assert_eq!(code, 0, "{complaint}");
    let folder = place.path("deep/man1");
    let pages: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    assert_eq!(told, json!({"dir": "deep/man1", "pages": pages.len()}));
    assert_eq!(fs::read_to_string(folder.join("usher.1")).unwrap(), page);
    for name in ["usher-console-link.1", "usher-connection-guide.1"] {
        assert!(pages.contains(&folder.join(name)), "{name}");
    }
    for path in pages {
        let page = fs::read_to_string(&path).unwrap();
        let mut lines = page.lines().skip_while(|line| *line != ".SH NAME");
        let name = lines.nth(1).unwrap().replace('\\', "");
        let (_, about) = name.split_once(" - ").unwrap_or_default();
        assert!(!about.is_empty(), "{}: {name}", path.display());
    }
}
