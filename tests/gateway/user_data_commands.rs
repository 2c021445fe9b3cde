//! `usher user export` and `usher user erase`: what they print, and how they end.

use serde_json::{Value, json};

use crate::connection_commands::Place;

const ADA: &str = "ada@acme.example";

/// An organization with an owner and somebody else, who came by a directory.
fn place(name: &str) -> Place {
    let place = Place::new(name);
    let owner = ["org", "create", "beta", "--owner", "olive@beta.example"];
    assert_eq!(place.usher(&owner, "").0, 0);
    place.sql(
        "INSERT INTO users (org_id, id, email, email_norm, display_name, owner, roles_version, \
         created_at, updated_at) SELECT id, x'019ac5c2000070008000000000000001', \
         'ada@acme.example', 'ada@acme.example', 'Ada', 0, 1, created_at, created_at \
         FROM organizations WHERE slug = 'acme'",
    );
    place
}

fn user(place: &Place, arguments: &[&str]) -> (i32, Value, String) {
    place.usher(&[&["user"], arguments].concat(), "")
}

#[test]
fn an_export_is_one_document_with_or_without_json() {
    let place = place("export");
    let export = ["export", "--org", "acme", ADA];
    let (code, whole, complaint) = user(&place, &export);
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(whole["profile"]["email"], ADA);
    for part in ["grants", "identities", "sessions"] {
        let found = whole.get(part).or_else(|| whole["profile"].get(part));
        assert!(found.is_some_and(Value::is_array), "{part}: {whole:#}");
    }
    let (code, text) = place.shown(&[&["user"], &export[..]].concat());
    let mut lines = text.lines();
    let same: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!((code, lines.next()), (0, None), "{text}");
    assert_eq!(same["profile"], whole["profile"]);
    let id = whole["profile"]["id"].as_str().unwrap().to_owned();
    let (code, by_id, _) = user(&place, &["export", "--org", "acme", &id]);
    assert_eq!((code, &by_id["profile"]), (0, &whole["profile"]));
    for (org, whom, expected) in [
        ("acme", "nobody@acme.example", 1),
        ("beta", ADA, 1),
        ("beta", &*id, 1),
        ("nowhere", ADA, 1),
    ] {
        let (code, said, _) = user(&place, &["export", "--org", org, whom]);
        assert_eq!(code, expected, "{org} {whom}");
        assert_eq!(said["error"]["code"], "not_found", "{org} {whom}");
    }
    assert_eq!(user(&place, &["export", "--org", "acme"]).0, 2);
}

#[test]
fn nobody_is_erased_who_is_active_owns_it_or_without_a_yes() {
    let place = place("erase-refused");
    let erase = |org: &str, whom: &str, more: &[&str]| {
        let base = ["erase", "--org", org, whom, "--reason", "asked for"];
        user(&place, &[&base[..], more].concat())
    };
    let before = user(&place, &["export", "--org", "acme", ADA]).1;
    for (org, whom, more, code, word) in [
        ("acme", ADA, &[][..], 2, "usage"),
        ("acme", ADA, &["--yes"], 3, "must_be_suspended"),
        ("acme", "nobody@acme.example", &["--yes"], 1, "not_found"),
        ("beta", ADA, &["--yes"], 1, "not_found"),
        ("beta", "olive@beta.example", &["--yes"], 3, "last_owner"),
    ] {
        let (found, said, complaint) = erase(org, whom, more);
        assert_eq!(found, code, "{org} {whom}: {complaint}");
        assert_eq!(said["error"]["code"], word, "{org} {whom}");
    }
    let (code, _, complaint) = user(&place, &["erase", "--org", "acme", ADA, "--yes"]);
    assert_eq!(code, 2, "{complaint}");
    let after = user(&place, &["export", "--org", "acme", ADA]).1;
    assert_eq!(before["profile"], after["profile"], "nothing was done");
}

#[test]
fn who_is_suspended_is_erased_once_and_stays_so() {
    let place = place("erase");
    assert_eq!(user(&place, &["suspend", "--org", "acme", ADA]).0, 0);
    let id = user(&place, &["show", "--org", "acme", ADA]).1["id"].clone();
    let id = id.as_str().unwrap().to_owned();
    let base = ["erase", "--org", "acme", &id, "--yes", "--reason"];
    for reason in ["", " "] {
        let (code, said, _) = user(&place, &[&base[..], &[reason]].concat());
        assert_eq!((code, &said["error"]["code"]), (3, &json!("invalid")));
    }
    let erase = [&base[..], &["request of 2026-11-20"]].concat();
    let (code, done, complaint) = user(&place, &erase);
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(
        (&done["id"], &done["state"]),
        (&json!(id), &json!("erased"))
    );
    let (code, again, _) = user(&place, &erase);
    assert_eq!((code, again), (0, done), "a second time answers the same");
    assert_eq!(user(&place, &["export", "--org", "acme", ADA]).0, 1);
    let (code, left, _) = user(&place, &["export", "--org", "acme", &id]);
    assert_eq!((code, &left["profile"]["email"]), (0, &Value::Null));
    assert!(!left["profile"].to_string().contains("Ada"), "{left:#}");
}
