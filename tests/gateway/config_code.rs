//! `usher config export`, `plan` and `apply`: what is set up in one store is set up in another, and a
//! file changes what is there, and no more.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use usher::demo::idp::{Keys, Kind, TestIdp};

use crate::connection_commands::Place;

const STORE: &str = "sqlite://usher.db";
const OTHER: &str = "sqlite://other.db";

/// What no command line sets, or not without a name server.
const MORE: &str = "
    [organizations.acme]
    domains = ['proved.example']
    [organizations.acme.policy]
    sso_required = true
    invite_domains = ['acme.example']
";

trait Configured {
    fn done(&self, arguments: &[&str]) -> Value;
    fn config(&self, arguments: &[&str], database: &str) -> (i32, Value, String);
    fn export(&self, more: &[&str], database: &str) -> String;
    fn write(&self, name: &str, text: &str);
    fn set_up(&self);
}

impl Configured for Place {
    /// What a command prints that does what it is asked.
    #[track_caller]
    fn done(&self, arguments: &[&str]) -> Value {
        let (code, document, complaint) = self.usher(arguments, "");
        assert_eq!(code, 0, "{arguments:?}: {complaint}");
        document
    }

    /// Runs `usher config` over a store of the folder.
    fn config(&self, arguments: &[&str], database: &str) -> (i32, Value, String) {
        let arguments = [&["config"], arguments, &["--database-url", database]].concat();
        self.usher(&arguments, "")
    }

    /// What is set up, as a file.
    #[track_caller]
    fn export(&self, more: &[&str], database: &str) -> String {
        let arguments = [&["export", "--org", "acme"], more].concat();
        let (code, document, complaint) = self.config(&arguments, database);
        assert_eq!(code, 0, "{complaint}");
        document["toml"].as_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Sets up something of everything.
    fn set_up(&self) {
        let keys = Keys::generate(Kind::P256).unwrap();
        let idp = TestIdp::with_keys("https://idp.example/1", "https://idp.example/sso", keys);
        self.write("idp.xml", &idp.metadata());
        self.write("more.toml", MORE);
        let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
        let run = |line: &str| self.done(&line.split(' ').collect::<Vec<_>>());
        self.done(&["org", "rename", "acme", "Acme Inc."]);
        run("role create --org acme auditor --rank 30 --name Auditor");
        run("project create --org acme website");
        run("project create --org acme old");
        let settings = "--profile okta --idp-metadata idp.xml --trusted-domain acme.example --jit off \
            --single-logout off --default-role viewer --max-role editor --safeguard hold \
            --force-authn on --attribute email=mail";
        let settings: Vec<_> = settings.split_whitespace().collect();
        let create = ["connection", "create", "--org", "acme", "--name", "Okta EU"];
        let okta = id(&self.done(&[&create, &settings[..]].concat()));
        let entra = id(&run(
            "connection create --org acme --name Entra --profile entra --testing on",
        ));
        run(&format!("connection pause {entra}"));
        let add = |rest: &str| id(&run(&format!("mapping add --connection {okta} {rest}")));
        let first = add("--group First --role auditor");
        add("--group Editors --role editor --project website --project old");
        let quiet = add("--group 00g1 --match external_id --role viewer");
        run(&format!("mapping remove --connection {okta} {first}"));
        run(&format!(
            "mapping update --connection {okta} {quiet} --enabled off"
        ));
        run("project update --org acme old --archived true");
        run("webhook create --org acme --url https://hooks.example/T0K3N --type user.created");
        run("webhook create --org acme --url https://hooks.example/caep --format caep --name caep");
        assert_eq!(run("config apply more.toml")["outcome"], "applied");
    }
}

#[test]
fn what_is_exported_sets_up_an_empty_store() {
    let place = Place::new("config-code");
    place.set_up();
    let whole = place.export(&["--webhook-urls"], STORE);
    for part in [
        "[organizations.acme.connections.\"Okta EU\".demands.attributes]",
        "domains = [\"proved.example\"]",
        "sso_required = true",
        "match = \"external_id\"",
        "enabled = false",
        "archived = true",
        "state = \"paused\"",
        "url = \"https://hooks.example/T0K3N\"",
    ] {
        assert!(whole.contains(part), "{part}: {whole}");
    }
    for secret in ["scim_", "whsec_"] {
        assert!(!whole.contains(secret), "{secret}: {whole}");
    }
    place.write("acme.toml", &whole);
    let (code, plan, complaint) = place.config(&["plan", "acme.toml"], OTHER);
    assert_eq!(
        (code, &plan["outcome"]),
        (4, &json!("planned")),
        "{complaint}"
    );
    let (code, done, complaint) = place.config(&["apply", "acme.toml"], OTHER);
    assert_eq!(
        (code, &done["outcome"]),
        (0, &json!("applied")),
        "{complaint}"
    );
    assert_eq!(done["changes"], plan["changes"], "what was shown was done");
    let secrets = done["secrets"].as_array().unwrap();
    let made = secrets
        .iter()
        .map(|it| (it["what"].as_str(), it["name"].as_str()));
    let expected = [
        "connection Entra",
        "connection Okta EU",
        "webhook caep",
        "webhook hooks.example",
    ];
    let made: Vec<_> = made
        .map(|(what, name)| format!("{} {}", what.unwrap(), name.unwrap()))
        .collect();
    assert_eq!(made, expected);
    for secret in secrets {
        let shown =
            [&secret["scim_token"], &secret["secret"]].map(|it| it.as_str().unwrap_or_default());
        let good = shown[0].starts_with("scim_") || shown[1].starts_with("whsec_");
        assert!(good, "{secret}");
    }
    assert_eq!(place.export(&["--webhook-urls"], OTHER), whole);
    for (arguments, database) in [
        (["plan", "acme.toml"], OTHER),
        (["apply", "acme.toml"], OTHER),
        (["plan", "acme.toml"], STORE),
    ] {
        let (code, done, complaint) = place.config(&arguments, database);
        let found = (code, &done["outcome"], &done["changes"]);
        let nothing = (0, &json!("nothing_to_do"), &json!([]));
        assert_eq!(found, nothing, "{arguments:?} {database}: {complaint}");
    }
}

#[test]
fn the_url_of_a_webhook_is_told_to_whoever_asks_for_it() {
    let place = Place::new("config-urls");
    place.set_up();
    let export = ["export", "--out", "acme.toml"];
    let (code, told, complaint) = place.config(&export, STORE);
    let expected = json!({"file": "acme.toml", "organizations": 1});
    assert_eq!((code, told), (0, expected), "{complaint}");
    let file = place.path("acme.toml");
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains("T0K3N"), "{text}");
    let (code, _, complaint) = place.config(&["plan", "acme.toml"], STORE);
    assert_eq!(code, 0, "where it is there it may be left out: {complaint}");
    let (code, _, complaint) = place.config(&["apply", "acme.toml"], OTHER);
    assert_eq!(code, 2);
    let place_in_file = "organizations.acme.webhooks[0]";
    assert!(
        complaint.contains(place_in_file) && complaint.contains("--webhook-urls"),
        "{complaint}"
    );
    let (_, document, _) = place.config(&["export"], OTHER);
    let text = document["toml"].as_str().unwrap();
    assert!(!text.contains("organizations"), "nothing was done: {text}");
}

#[test]
fn a_file_changes_what_it_names_and_removes_only_where_it_may() {
    let place = Place::new("config-changes");
    place.set_up();
    let text = place.export(&["--webhook-urls"], STORE);
    let mut document: toml::Value = toml::from_str(&text).unwrap();
    let acme = &mut document["organizations"]["acme"];
    acme["roles"]["auditor"]["name"] = "Internal audit".into();
    let mappings = acme["mappings"].as_array_mut().unwrap();
    assert_eq!(mappings.remove(0)["group"].as_str(), Some("Editors"));
    acme.as_table_mut().unwrap().remove("connections").unwrap();
    acme["mappings"].as_array_mut().unwrap().clear();
    place.write("acme.toml", &toml::to_string(&document).unwrap());

    let (code, plan, complaint) = place.config(&["plan", "acme.toml"], STORE);
    assert_eq!(code, 4, "{complaint}");
    let renamed = json!({"attribute": "name", "old": "Auditor", "new": "Internal audit"});
    let change = json!([{"action": "change", "what": "role", "organization": "acme",
        "name": "auditor", "changes": [renamed]}]);
    assert_eq!(plan["changes"], change);
    let there: Vec<_> = plan["there"].as_array().unwrap().iter().collect();
    let there: Vec<_> = there
        .iter()
        .map(|it| it["what"].as_str().unwrap())
        .collect();
    assert_eq!(there, ["connection", "connection", "mapping", "mapping"]);
    let (code, shown) = place.shown(&["config", "plan", "acme.toml"]);
    assert_eq!(code, 4);
    for part in [
        "name: Auditor to Internal audit",
        "0 to create, 1 to change, 0 to remove",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    assert_eq!(place.config(&["apply", "acme.toml"], STORE).0, 0);
    let (code, plan, _) = place.config(&["plan", "acme.toml"], STORE);
    assert_eq!((code, &plan["changes"]), (0, &json!([])));
    let exported = place.export(&[], STORE);
    assert!(exported.contains("Internal audit") && exported.contains("group = \"Editors\""));

    let prune = ["apply", "acme.toml", "--prune"];
    let (code, plan, _) = place.config(&prune, STORE);
    assert_eq!((code, &plan["outcome"]), (4, &json!("planned")));
    let actions: Vec<_> = plan["changes"].as_array().unwrap().iter().collect();
    let actions: Vec<_> = actions
        .iter()
        .map(|it| (&it["action"], &it["what"]))
        .collect();
    let removal = (&json!("remove"), &json!("mapping"));
    assert_eq!(actions, [removal, removal]);
    assert!(
        place.export(&[], STORE).contains("Editors"),
        "nothing was removed"
    );
    let (code, done, complaint) = place.config(&[&prune[..], &["--yes"]].concat(), STORE);
    assert_eq!(
        (code, &done["outcome"]),
        (0, &json!("applied")),
        "{complaint}"
    );
    let exported = place.export(&[], STORE);
    assert!(!exported.contains("mappings"), "{exported}");
    assert!(
        exported.contains("Okta EU") && exported.contains("proved.example"),
        "{exported}"
    );
    assert_eq!(place.config(&prune, STORE).0, 0);

    // Nobody can tell whose role a connection's default changes, before it does.
    let text = "[organizations.acme.connections.\"Okta EU\"]\ndefault_role = 'auditor'\n";
    place.write("acme.toml", text);
    let default = ["apply", "acme.toml"];
    let (code, plan, complaint) = place.config(&default, STORE);
    let expected = (4, &json!("planned"));
    assert_eq!((code, &plan["outcome"]), expected, "{complaint}");
    let (code, done, complaint) = place.config(&[&default[..], &["--yes"]].concat(), STORE);
    let expected = (0, &json!("applied"));
    assert_eq!((code, &done["outcome"]), expected, "{complaint}");
}

#[test]
fn a_file_that_is_wrong_changes_nothing_and_is_told_where() {
    let place = Place::new("config-wrong");
    let before = place.export(&[], STORE);
    for (text, said) in [
        (
            "[organizations.acme]\ncolour = 'red'\n",
            "acme.toml: line 2: unknown field `colour`",
        ),
        (
            "[organizations.acme.connections.Okta]\nprofil = 'okta'\n",
            "acme.toml: line 2: unknown field `profil`",
        ),
        (
            "[[organizations.acme.mappings]]\nconnection = 'Entra'\ngroup = 'Web'\nrole = 'editor'\n",
            "organizations.acme.mappings[0].connection: there is no connection Entra",
        ),
        (
            "[organizations.acme.roles.x]\nrank = 50\n[organizations.acme.projects.y]\n",
            "organizations.acme.roles.x: its rank 50 is that of editor",
        ),
        (
            "[[organizations.acme.webhooks]]\nname = 'a'\nurl = 'http://127.0.0.1/T0K3N'\n",
            "organizations.acme.webhooks: ",
        ),
    ] {
        place.write("acme.toml", text);
        for step in ["plan", "apply"] {
            let (code, _, complaint) = place.config(&[step, "acme.toml"], STORE);
            assert_eq!(code, 2, "{text}: {complaint}");
            let is_told = complaint.contains(said) && !complaint.contains("T0K3N");
            assert!(is_told, "{text}: {complaint}");
        }
    }
    assert_eq!(place.config(&["plan", "none.toml"], STORE).0, 1);
    assert_eq!(place.config(&["export", "--org", "none"], STORE).0, 1);
    assert_eq!(place.export(&[], STORE), before);
}

#[test]
fn what_was_made_before_something_was_refused_is_told() {
    let place = Place::new("config-refused");
    let text = "
        [organizations.acme.connections.Okta]
        max_role = 'viewer'
        [[organizations.acme.mappings]]
        connection = 'Okta'
        group = 'Web'
        role = 'editor'
    ";
    place.write("acme.toml", text);
    let (code, done, complaint) = place.config(&["apply", "acme.toml"], STORE);
    assert_eq!(
        (code, &done["outcome"]),
        (3, &json!("failed")),
        "{complaint}"
    );
    assert_eq!(done["error"]["code"], "role_above_ceiling");
    let token = done["secrets"][0]["scim_token"].as_str().unwrap();
    assert!(token.starts_with("scim_"), "{token}");
    place.write("acme.toml", &text.replace("'viewer'", "'editor'"));
    let (code, done, complaint) = place.config(&["apply", "acme.toml", "--yes"], STORE);
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(done["secrets"], json!([]), "the connection was there");
    assert_eq!(place.config(&["plan", "acme.toml"], STORE).0, 0);
}
