//! The end of a role: it stays while something uses it, or another takes its place as the plan showed.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::provisioning::settings::roles::{self, NewRole};

use crate::connection_commands::Place;
use crate::credentials::live;
use crate::harness::{Acme, Reply};

impl Acme {
    async fn new_role(&self, slug: &str, rank: i64) {
        let new = NewRole {
            slug: slug.to_owned(),
            name: None,
            rank,
        };
        let store = &self.gateway.gateway.store;
        roles::create(store, self.org, self.gateway.command(), new)
            .await
            .unwrap();
    }

    /// Sets a connection's default and highest role.
    async fn bound_by(&self, default: Option<&str>, highest: Option<&str>) {
        let settings = ConnectionSettings {
            default_role: default.map(str::to_owned),
            max_role: highest.map(str::to_owned),
            ..ConnectionSettings::default()
        };
        let store = &self.gateway.gateway.store;
        connections::update(store, self.gateway.command(), self.okta.id, settings)
            .await
            .unwrap();
    }

    async fn remove_role(&self, key: &str, role: &str, body: Option<Value>) -> Reply {
        let path = format!("/roles/{role}");
        self.ask_as(key, "DELETE", &path, body).await
    }

    async fn key_of(&self, scopes: &str) -> String {
        self.gateway.key(live(Some(self.org), scopes)).await
    }
}

fn problem(reply: &Reply) -> String {
    let kind = reply.json()["type"].as_str().unwrap().to_owned();
    kind.rsplit('/').next().unwrap().to_owned()
}

fn with(role: &str) -> Value {
    json!({"replace_with": role})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_stays_while_something_uses_it() {
    let acme = Acme::start().await;
    acme.new_role("auditor", 30).await;
    for (role, body, status, kind) in [
        ("owner", None, 422, "role_reserved"),
        ("admin", Some(with("editor")), 422, "role_reserved"),
        ("nobody", None, 404, "not_found"),
        ("auditor", Some(with("owner")), 422, "owner_not_grantable"),
        ("auditor", Some(with("auditor")), 422, "invalid"),
        ("auditor", Some(with("nobody")), 422, "unknown_role"),
        (
            "auditor",
            Some(json!({"replace": "viewer"})),
            400,
            "malformed_body",
        ),
    ] {
        let reply = acme.remove_role(&acme.key, role, body).await.expect(status);
        assert_eq!(problem(&reply), kind, "{role}");
    }
    // What nothing uses goes, and its slug and its rank are free again.
    for _ in 0..2 {
        let gone = acme
            .remove_role(&acme.key, "auditor", None)
            .await
            .expect(200);
        assert_eq!(gone.json()["people"], json!([]));
        let again = acme.remove_role(&acme.key, "auditor", None).await;
        assert_eq!(problem(&again.expect(404)), "not_found");
        acme.new_role("auditor", 30).await;
    }
    let (_, ada) = acme.pushed("ada@acme.example").await;
    acme.rule("SEO_Editors", "auditor").await;
    acme.put(&format!("/users/{ada}/role"), json!({"role": "auditor"}))
        .await
        .expect(200);
    let invited = json!({"email": "grace@acme.example", "role": "auditor"});
    acme.post("/invitations", invited).await.expect(201);
    acme.put("/default-role", json!({"role": "auditor"}))
        .await
        .expect(200);
    acme.bound_by(Some("auditor"), Some("auditor")).await;
    let events = acme.gateway.events(acme.org).await.len();
    let used = acme
        .remove_role(&acme.key, "auditor", None)
        .await
        .expect(409);
    assert_eq!(problem(&used), "role_in_use");
    let used = used.json();
    let codes: BTreeSet<_> = used["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["code"].as_str().unwrap())
        .collect();
    let all = [
        "connection_default",
        "connection_max_role",
        "grant",
        "invitation",
        "organization_default",
        "rule",
    ];
    assert_eq!(codes, BTreeSet::from(all));
    assert!(used["detail"].as_str().unwrap().contains("Okta"), "{used}");
    assert_eq!(acme.gateway.events(acme.org).await.len(), events);
    // Another organization's key finds no such organization, and its roles are its own.
    let other = acme.gateway.organization("other").await;
    let foreign = acme.gateway.key(live(Some(other), "*")).await;
    acme.remove_role(&foreign, "auditor", Some(with("viewer")))
        .await
        .expect(404);
    let uri = "/api/v1/organizations/other/roles/auditor";
    acme.gateway
        .call(&foreign, "DELETE", uri, None)
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_role_takes_its_place_wherever_it_was_used() {
    let acme = Acme::start().await;
    acme.gateway.project(acme.org, "site").await;
    acme.new_role("auditor", 30).await;
    let (ada_id, ada) = acme.pushed("ada@acme.example").await;
    let (_, bob) = acme.pushed("bob@acme.example").await;
    let (_, eve) = acme.pushed("eve@acme.example").await;
    let rule = acme.rule("SEO_Editors", "auditor").await;
    acme.scim().group("SEO_Editors", &[&ada_id]).await;
    let hand = async |who: &str, body: Value| {
        let path = format!("/users/{who}/role");
        acme.put(&path, body).await.expect(200)
    };
    hand(&bob, json!({"role": "auditor"})).await;
    hand(&bob, json!({"role": "auditor", "projects": ["site"]})).await;
    let invited = json!({"email": "grace@acme.example", "role": "auditor"});
    let invitation = acme.post("/invitations", invited).await.expect(201).id();
    acme.put("/default-role", json!({"role": "auditor"}))
        .await
        .expect(200);
    assert_eq!(acme.role_of(&eve).await, "auditor");
    let then = acme.gateway.clock.now();
    acme.gateway.clock.advance(3600);
    let gone = json!({"remove_role": {"role": "auditor", "replace_with": "viewer"}});
    let plan = acme
        .post("/mappings/preview", json!({"changes": [gone]}))
        .await
        .expect(200)
        .json();
    assert_eq!(plan["lost"], 3, "{plan}");
    let of_bob = plan["people"].as_array().unwrap().iter();
    let of_bob = of_bob.filter(|it| it["user_id"] == bob).collect::<Vec<_>>();
    assert_eq!(
        of_bob[0]["from"],
        json!({"role": "auditor", "projects": {"site": "auditor"}})
    );
    assert_eq!(
        of_bob[0]["to"],
        json!({"role": "viewer", "projects": {"site": "viewer"}})
    );
    assert_eq!(acme.role_of(&bob).await, "auditor", "nothing is done");
    let wrong = json!({"replace_with": "viewer", "digest": "another"});
    let changed = acme.remove_role(&acme.key, "auditor", Some(wrong)).await;
    assert_eq!(problem(&changed.expect(409)), "plan_changed");
    let right = json!({"replace_with": "viewer", "digest": plan["digest"]});
    let done = acme.remove_role(&acme.key, "auditor", Some(right)).await;
    assert_eq!(done.expect(200).json(), plan);
    for who in [&ada, &bob, &eve] {
        assert_eq!(acme.role_of(who).await, "viewer");
    }
    let rules = acme.get("/mappings").await;
    assert_eq!(
        (&rules["data"][0]["id"], &rules["data"][0]["role"]),
        (&json!(rule), &json!("viewer"))
    );
    let open = acme.get(&format!("/invitations/{invitation}")).await;
    assert_eq!(open["role"], "viewer");
    let roles = acme.get("/roles").await;
    let roles = roles["data"].as_array().unwrap().clone();
    assert!(!roles.iter().any(|it| it["slug"] == "auditor"));
    assert!(
        roles
            .iter()
            .any(|it| it["slug"] == "viewer" && it["default"] == true)
    );
    // What was is told as it was.
    let told = acme.get(&format!("/users/{bob}/explain")).await;
    let old: Vec<_> = told["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["verdict"] == "retired")
        .collect();
    assert_eq!(old.len(), 2);
    for it in old {
        assert_eq!(
            (&it["role"], &it["retired_because"], &it["restorable"]),
            (&json!("auditor"), &json!("role_replaced"), &json!(false))
        );
        let path = format!(
            "/users/{bob}/grants/{}/restore",
            it["grant_id"].as_str().unwrap()
        );
        acme.post(&path, json!({})).await.expect(422);
    }
    for who in [&ada, &bob, &eve] {
        let past = acme.get(&format!("/users/{who}/explain?at={then}")).await;
        assert_eq!(past["role"], "auditor");
    }
    let events = acme.gateway.events(acme.org).await;
    let removed = events
        .iter()
        .find(|it| it["type"] == "role.removed")
        .unwrap();
    assert_eq!(removed["data"]["replaced_by"], "viewer");
    let told = events
        .iter()
        .rfind(|it| it["type"] == "user.role_changed" && it["data"]["user_id"] == eve)
        .unwrap();
    let expected = json!([{"attribute": "role", "old": "auditor", "new": "viewer"}]);
    assert_eq!(told["data"]["changes"], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_raises_by_a_replacement_what_they_could_not_raise_otherwise() {
    let acme = Acme::start().await;
    acme.gateway.project(acme.org, "site").await;
    acme.new_role("auditor", 30).await;
    let (_, ada) = acme.pushed("ada@acme.example").await;
    let role = format!("/users/{ada}/role");
    acme.put(&role, json!({"role": "auditor"}))
        .await
        .expect(200);
    // What people gave takes users:write, what invitations give takes invitations:write.
    let rules_only = acme.key_of("mappings:read mappings:write").await;
    let refused = acme
        .remove_role(&rules_only, "auditor", Some(with("admin")))
        .await;
    assert_eq!(problem(&refused.expect(403)), "insufficient_scope");
    let changes =
        json!({"changes": [{"remove_role": {"role": "auditor", "replace_with": "admin"}}]});
    let apply = acme.ask_as(
        &rules_only,
        "POST",
        "/mappings/apply",
        Some(changes.clone()),
    );
    apply.await.expect(403);
    let looked = acme.ask_as(&rules_only, "POST", "/mappings/preview", Some(changes));
    assert_eq!(
        looked.await.expect(200).json()["become_admin"],
        json!([ada])
    );
    acme.put(&role, json!({"role": null})).await.expect(200);
    let invited = json!({"email": "grace@acme.example", "role": "auditor"});
    let invitation = acme.post("/invitations", invited).await.expect(201).id();
    let refused = acme
        .remove_role(&rules_only, "auditor", Some(with("viewer")))
        .await;
    assert!(refused.expect(403).text().contains("invitations:write"));
    acme.post(&format!("/invitations/{invitation}/revoke"), json!({}))
        .await
        .expect(200);
    // An override is the owner's and the operator's word, up and down.
    let path = format!("/users/{ada}/override");
    let wanted = json!({"role": "auditor", "reason": "audit"});
    acme.ask_as(&acme.operator, "POST", &path, Some(wanted))
        .await
        .expect(200);
    let refused = acme
        .remove_role(&acme.key, "auditor", Some(with("viewer")))
        .await;
    assert!(refused.expect(403).text().contains("override"));
    acme.ask_as(&acme.operator, "DELETE", &path, None)
        .await
        .expect(200);
    // A connection's default and ceiling rise by the operator alone, and through no detour.
    acme.bound_by(Some("auditor"), None).await;
    let refused = acme
        .remove_role(&acme.key, "auditor", Some(with("editor")))
        .await;
    assert!(refused.expect(403).text().contains("only the operator"));
    acme.new_role("guest", 5).await;
    let step =
        |role: &str, with: &str| json!({"remove_role": {"role": role, "replace_with": with}});
    let detour = json!({"changes": [step("auditor", "guest"), step("guest", "editor")]});
    acme.post("/mappings/apply", detour).await.expect(403);
    assert_eq!(acme.role_of(&ada).await, "auditor");
    // No default is an admin's, no rule is above its ceiling, no project has admins.
    acme.bound_by(Some("none"), Some("editor")).await;
    acme.rule("SEO_Editors", "auditor").await;
    let refused = acme
        .remove_role(&acme.key, "auditor", Some(with("admin")))
        .await;
    assert_eq!(problem(&refused.expect(422)), "role_above_ceiling");
    acme.bound_by(None, Some("admin")).await;
    acme.put("/default-role", json!({"role": "auditor"}))
        .await
        .expect(200);
    let refused = acme
        .remove_role(&acme.operator, "auditor", Some(with("admin")))
        .await;
    assert_eq!(problem(&refused.expect(422)), "invalid");
    acme.put("/default-role", json!({"role": "viewer"}))
        .await
        .expect(200);
    acme.put(&role, json!({"role": "auditor", "projects": ["site"]}))
        .await
        .expect(200);
    let refused = acme
        .remove_role(&acme.operator, "auditor", Some(with("admin")))
        .await;
    assert_eq!(problem(&refused.expect(422)), "scope_not_allowed");
    // Downward, and with all that it takes, it is done.
    acme.bound_by(Some("auditor"), Some("auditor")).await;
    acme.remove_role(&acme.key, "auditor", Some(with("viewer")))
        .await
        .expect(200);
    let okta = acme.get(&format!("/connections/{}", acme.okta.id)).await;
    assert_eq!(
        (&okta["default_role"], &okta["max_role"]),
        (&json!("viewer"), &json!("viewer"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sleeps_and_what_ends_moves_to_the_other_role_too() {
    let acme = Acme::start().await;
    acme.new_role("auditor", 30).await;
    let (_, ada) = acme.pushed("ada@acme.example").await;
    acme.put(&format!("/users/{ada}/role"), json!({"role": "auditor"}))
        .await
        .expect(200);
    acme.post(&format!("/users/{ada}/suspend"), json!({}))
        .await
        .expect(200);
    let (_, bob) = acme.pushed("bob@acme.example").await;
    let ends_at = acme.gateway.clock.now() + SignedDuration::from_hours(48);
    let path = format!("/users/{bob}/override");
    let wanted = json!({"role": "auditor", "reason": "audit", "ends_at": ends_at});
    acme.ask_as(&acme.operator, "POST", &path, Some(wanted))
        .await
        .expect(200);
    acme.remove_role(&acme.operator, "auditor", Some(with("editor")))
        .await
        .expect(200);
    let back = acme
        .post(&format!("/users/{ada}/reactivate"), json!({}))
        .await;
    assert_eq!(back.expect(200).json()["role"], "editor");
    assert_eq!(acme.role_of(&bob).await, "editor");
    let told = acme.get(&format!("/users/{bob}/explain")).await;
    let live = told["candidates"].as_array().unwrap().iter();
    let live = live.filter(|it| it["verdict"] == "won").collect::<Vec<_>>();
    assert_eq!(
        (&live[0]["reason"], &live[0]["ends_at"]),
        (&json!("audit"), &json!(ends_at))
    );
    acme.gateway.clock.advance(49 * 3600);
    let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    usher::provisioning::sweep::end_grants(store, ids)
        .await
        .unwrap();
    assert_eq!(acme.role_of(&bob).await, "viewer");
}

/// People without any grant, as their rows are.
const PEOPLE: &str =
    "INSERT INTO users (org_id, id, email, email_norm, owner, role_id, roles_version,
    created_at, updated_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21)
    SELECT o.id, randomblob(16), 'p' || i || '@acme.example', 'p' || i || '@acme.example', 0,
        o.default_role_id, 1, 0, 0 FROM organizations o, n";

#[test]
fn the_commands_show_what_would_change_and_do_it_as_shown() {
    let place = Place::new("role-removal");
    let usher = |arguments: &[&str]| place.usher(arguments, "");
    let create = ["role", "create", "--org", "acme", "auditor", "--rank", "30"];
    assert_eq!(usher(&create).0, 0);
    let remove = |more: &[&str]| usher(&[&["role", "remove", "--org", "acme"], more].concat());
    assert_eq!(remove(&["auditor", "--dry-run"]).0, 4);
    assert_eq!(remove(&["auditor"]).0, 0);
    assert_eq!(remove(&["auditor"]).0, 3);
    assert_eq!(remove(&["admin"]).0, 3);
    let (code, said, complaint) = remove(&["viewer"]);
    assert_eq!(
        (code, &said["error"]["code"]),
        (3, &json!("role_in_use")),
        "{complaint}"
    );
    place.sql(PEOPLE);
    let (code, plan, _) = remove(&["viewer", "--replace-with", "editor", "--dry-run"]);
    assert_eq!((code, &plan["gained"]), (4, &json!(21)));
    let (code, said, _) = remove(&["viewer", "--replace-with", "editor"]);
    assert_eq!((code, &said["error"]["code"]), (4, &json!("plan_required")));
    assert_eq!(said["error"]["plan"], plan);
    let wrong = ["viewer", "--replace-with", "editor", "--digest", "x"];
    let (code, said, _) = remove(&wrong);
    assert_eq!((code, &said["error"]["code"]), (4, &json!("plan_changed")));
    let digest = plan["digest"].as_str().unwrap();
    let right = ["viewer", "--replace-with", "editor", "--digest", digest];
    let (code, done, complaint) = remove(&right);
    assert_eq!((code, &done), (0, &plan), "{complaint}");
    // The same way with the rules.
    let connect = ["connection", "create", "--org", "acme", "--name", "Okta"];
    let okta = usher(&connect).1["id"].as_str().unwrap().to_owned();
    let okta = okta.as_str();
    let rule = ["--connection", okta, "--group", "Web", "--role", "editor"];
    let mapping = |start: &str, more: &[&str]| usher(&[&["mapping", start], more].concat());
    assert_eq!(mapping("preview", &rule).0, 0, "nobody is in the group");
    assert_eq!(mapping("apply", &rule).0, 0);
    let all = mapping("list", &["--connection", okta]).1;
    let id = all[0]["id"].as_str().unwrap().to_owned();
    let update = |more: &[&str]| {
        let start = ["mapping", "update", "--org", "acme", &id];
        usher(&[&start[..], more].concat())
    };
    assert_eq!(update(&[]).0, 2, "something is to change");
    assert_eq!(update(&["--role", "owner"]).0, 3);
    assert_eq!(
        update(&["--role", "admin", "--enabled", "off", "--dry-run"]).0,
        0
    );
    assert_eq!(
        mapping("list", &["--connection", okta]).1,
        all,
        "nothing is done"
    );
    assert_eq!(
        update(&["--role", "admin", "--enabled", "off", "--position", "7"]).0,
        0
    );
    let changed = mapping("list", &["--connection", okta]).1;
    assert_eq!(
        (
            &changed[0]["role"],
            &changed[0]["enabled"],
            &changed[0]["position"]
        ),
        (&json!("admin"), &json!(false), &json!(7))
    );
    let file = place.path("changes.json");
    let changes = json!({"changes": [{"remove": {"id": id}}, {"default_role": {"role": "admin"}}]});
    std::fs::write(&file, changes.to_string()).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(
        mapping("apply", &["--org", "acme", file]).0,
        3,
        "no default is admin"
    );
    assert_eq!(usher(&create).0, 0);
    let changes =
        json!({"changes": [{"remove": {"id": id}}, {"default_role": {"role": "auditor"}}]});
    std::fs::write(file, changes.to_string()).unwrap();
    let (code, plan, _) = mapping("preview", &["--org", "acme", file]);
    assert_eq!((code, &plan["lost"]), (4, &json!(21)));
    assert_eq!(mapping("apply", &["--org", "acme", file]).0, 4);
    let digest = plan["digest"].as_str().unwrap();
    assert_eq!(
        mapping("apply", &["--org", "acme", file, "--digest", digest]).0,
        0
    );
    assert_eq!(mapping("list", &["--connection", okta]).1, json!([]));
    assert_eq!(mapping("apply", &["--org", "acme"]).0, 2);
    assert_eq!(mapping("apply", &[file]).0, 2);
    let nobodys = ["org", "create", "other"];
    assert_eq!(usher(&nobodys).0, 0);
    let foreign = [
        "--org",
        "other",
        "--connection",
        okta,
        "--group",
        "Web",
        "--role",
        "editor",
    ];
    assert_eq!(mapping("apply", &foreign).0, 2, "the connection is acme's");
}
