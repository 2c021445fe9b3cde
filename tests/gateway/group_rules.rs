//! What groups mean at a sign-in: where one is demanded, where nothing is known of them, and which group a rule
//! is bound to.

use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::directory::mapping::MatchKind;
use usher::provisioning::settings::mappings::{self, NewMapping};

use crate::harness::{Acme, Browser, Connected, user};

const ENTRA_GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
const OVERAGE: &str = "http://schemas.microsoft.com/claims/groups.link";

impl Acme {
    async fn demand_a_group(&self, wanted: bool) {
        let path = format!("/connections/{}", self.okta.id);
        let body = json!({"require_mapped_group": wanted});
        let done = self
            .ask_as(&self.operator, "PATCH", &path, Some(body))
            .await;
        assert_eq!(done.expect(200).json()["require_mapped_group"], wanted);
    }

    /// Signs somebody in who is said to be in these groups; answers the status.
    async fn arrives(&self, email: &str, groups: &[&str]) -> u16 {
        let idp = self.gateway.idp(&self.okta).await;
        let said = idp.response().email(email);
        let said = said.attribute("groups", groups.iter().copied());
        let browser = Browser::new(&self.gateway);
        idp.post(&browser, &said.base64()).await.status.as_u16()
    }

    /// The newest sign-in's check of the person.
    async fn checked(&self) -> Value {
        let all = self.get("/sign-ins").await;
        let newest = all["data"][0]["id"].as_str().unwrap().to_owned();
        let told = self.get(&format!("/sign-ins/{newest}")).await;
        let checks = told["checks"].as_array().unwrap().iter();
        let mut person = checks.filter(|it| it["check"] == "person");
        person.next().unwrap().clone()
    }

    async fn role_by_address(&self, email: &str) -> Value {
        let id = self.person(email).await;
        self.role_of(&id).await
    }

    async fn notices(&self, kind: &str) -> Vec<Value> {
        let events = self.gateway.events(self.org).await;
        let found = events.into_iter().filter(|it| it["type"] == kind);
        found.map(|it| it["data"].clone()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_in_no_mapped_group_stays_out_and_leaves_the_trace_alone() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let rule = acme.rule("SEO_Editors", "editor").await;
    let okta = format!("/connections/{}", acme.okta.id);
    assert_eq!(acme.get(&okta).await["require_mapped_group"], false);
    let wanted = json!({"require_mapped_group": true});
    acme.ask("PATCH", &okta, Some(wanted)).await.expect(403);
    let says = |email: &str, groups: &[&str]| {
        let said = idp.response().email(email);
        said.attribute("groups", groups.iter().copied())
    };
    acme.demand_a_group(true).await;
    for (groups, told) in [
        (&["Others", "More"][..], "groups: Others, More"),
        (&[], "no group"),
    ] {
        acme.gateway.clock.advance(1);
        let refused = idp.refusal(says("ada@acme.example", groups)).await;
        assert_eq!(refused, "no_mapped_group");
        let check = acme.checked().await;
        assert_eq!(
            (&check["reason"], &check["arrived"]),
            (&json!("no_mapped_group"), &json!(told))
        );
    }
    acme.gateway.clock.advance(1);
    let silent = idp.response().email("ada@acme.example");
    assert_eq!(idp.refusal(silent).await, "no_mapped_group");
    assert_eq!(
        acme.checked().await["arrived"],
        "nothing of groups (absent)"
    );
    let enters = async |groups: &[&str]| {
        let browser = Browser::new(&acme.gateway);
        let said = says("ada@acme.example", groups);
        idp.post(&browser, &said.base64()).await.status.as_u16()
    };
    assert_eq!(enters(&["seo_editors"]).await, 303);
    assert_eq!(acme.role_by_address("ada@acme.example").await, "editor");
    // Whose groups are not told this time comes in by those that are known.
    let silent = idp.response().email("ada@acme.example").base64();
    idp.post(&Browser::new(&acme.gateway), &silent)
        .await
        .expect(303);
    assert_eq!(
        idp.refusal(says("ada@acme.example", &["Others"])).await,
        "no_mapped_group"
    );
    // A rule that is off, or above the ceiling, gives no role.
    let switch = async |body: Value| {
        let path = format!("/mappings/{rule}");
        acme.ask("PATCH", &path, Some(body)).await.expect(200)
    };
    switch(json!({"enabled": false})).await;
    assert_eq!(
        idp.refusal(says("ada@acme.example", &["SEO_Editors"]))
            .await,
        "no_mapped_group"
    );
    switch(json!({"enabled": true})).await;
    let viewer = acme.gateway.role(acme.org, "viewer").await;
    acme.gateway
        .alter(&acme.okta, move |row| row.max_role_id = viewer)
        .await;
    assert_eq!(
        idp.refusal(says("ada@acme.example", &["SEO_Editors"]))
            .await,
        "no_mapped_group"
    );
    acme.demand_a_group(false).await;
    assert_eq!(enters(&["Others"]).await, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_and_whom_an_override_is_for_need_no_group() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    for email in ["boss@acme.example", "ada@acme.example"] {
        idp.sign_in(&Browser::new(&acme.gateway), email)
            .await
            .expect(303);
    }
    acme.demand_a_group(true).await;
    let enters = async |email: &str| {
        let said = idp.response().email(email).base64();
        let reply = idp.post(&Browser::new(&acme.gateway), &said).await;
        reply.status.as_u16()
    };
    let boss = acme.person("boss@acme.example").await;
    assert_eq!(enters("boss@acme.example").await, 403);
    acme.gateway
        .alter_person(acme.org, boss.parse().unwrap(), |it| it.owner = true)
        .await;
    // Who the connection is not confirmed for is turned away for that, before any group is looked at.
    let unconfirmed = idp.response().email("boss@acme.example");
    assert_eq!(idp.refusal(unconfirmed).await, "owner_not_confirmed");
    let now = acme.gateway.clock.now();
    acme.gateway
        .alter(&acme.okta, move |row| {
            row.owner_confirmed_at = Some(now.into());
        })
        .await;
    assert_eq!(enters("boss@acme.example").await, 303);
    let ada = acme.person("ada@acme.example").await;
    assert_eq!(enters("ada@acme.example").await, 403);
    let path = format!("/users/{ada}/override");
    let wanted = json!({"role": "viewer", "reason": "until the groups are there"});
    acme.ask_as(&acme.operator, "POST", &path, Some(wanted))
        .await
        .expect(200);
    assert_eq!(enters("ada@acme.example").await, 303);
    // Its end counts before any sweep.
    acme.gateway.clock.advance(8 * 24 * 3600);
    assert_eq!(enters("ada@acme.example").await, 403);
    // What turns somebody away at all comes first.
    acme.post(&format!("/users/{ada}/suspend"), json!({}))
        .await
        .expect(200);
    let suspended = idp.response().email("ada@acme.example");
    assert_eq!(idp.refusal(suspended).await, "deprovisioned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_people_of_the_directory_its_own_groups_count() {
    let acme = Acme::start().await;
    acme.gateway.idp(&acme.okta).await;
    acme.rule("SEO_Editors", "editor").await;
    acme.demand_a_group(true).await;
    let (ada_id, _) = acme.pushed("ada@acme.example").await;
    acme.pushed("bob@acme.example").await;
    assert_eq!(
        acme.arrives("bob@acme.example", &["SEO_Editors"]).await,
        303,
        "no group was pushed yet"
    );
    let group = acme.scim().group("SEO_Editors", &[&ada_id]).await;
    assert_eq!(acme.arrives("ada@acme.example", &[]).await, 303);
    assert_eq!(
        acme.arrives("bob@acme.example", &["SEO_Editors"]).await,
        403
    );
    acme.scim()
        .delete(&format!("/Groups/{group}"))
        .await
        .expect(204);
    assert_eq!(
        acme.arrives("ada@acme.example", &["SEO_Editors"]).await,
        403
    );
    // Somebody whom the directory does not have comes in by what the sign-in names.
    assert_eq!(
        acme.arrives("eve@acme.example", &["SEO_Editors"]).await,
        303
    );
}

/// Entra, in the same organization, with a rule.
async fn entra(acme: &Acme) -> Connected {
    let entra = acme
        .gateway
        .connect(acme.org, "Entra", Profile::Entra, &["entra.example"])
        .await;
    let rule = NewMapping {
        connection: entra.id,
        match_kind: MatchKind::Name,
        group: "SEO_Editors".to_owned(),
        role: "editor".to_owned(),
        projects: Vec::new(),
        position: None,
        enabled: None,
    };
    let store = &acme.gateway.gateway.store;
    mappings::add(store, acme.gateway.command(), rule)
        .await
        .unwrap();
    entra
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saml_overage_keeps_roles() {
    let acme = Acme::start().await;
    let entra = entra(&acme).await;
    let idp = acme.gateway.idp(&entra).await;
    let ada = "ada@entra.example";
    let lint = format!("/connections/{}/lint", entra.id);
    let finding = async || {
        let found = acme.get(&lint).await;
        let all = found["data"].as_array().unwrap().iter();
        all.filter(|it| it["code"] == "groups_unknown")
            .map(|it| it["count"].clone())
            .next()
    };
    let arrives = async |email: &str, said: &[(&str, &[&str])]| {
        acme.gateway.clock.advance(60);
        let mut response = idp.response().email(email);
        for (name, values) in said {
            response = response.attribute(*name, values.iter().copied());
        }
        idp.post(&Browser::new(&acme.gateway), &response.base64())
            .await
            .expect(303);
        acme.gateway.clock.now()
    };
    let known: &[(&str, &[&str])] = &[(ENTRA_GROUPS, &["SEO_Editors"])];
    let overage: &[(&str, &[&str])] = &[(OVERAGE, &["https://graph.example/x"])];
    let none: &[(&str, &[&str])] = &[(ENTRA_GROUPS, &[])];
    let told = async |id: &str, at: &str| {
        let told = acme.get(&format!("/users/{id}/explain{at}")).await;
        let all = told["candidates"].as_array().unwrap().iter();
        let mut of_sign_in =
            all.filter(|it| it["source"] == "saml_group" && it["verdict"] != "retired");
        of_sign_in.next().cloned().unwrap_or(Value::Null)
    };
    let first = arrives(ada, known).await;
    let id = acme.person(ada).await;
    assert_eq!(acme.role_of(&id).await, "editor");
    assert_eq!(told(&id, "").await["stale_since"], Value::Null);
    assert_eq!(acme.checked().await["detail"], Value::Null);
    // The attribute does not come: what was known stands, and is marked since then.
    let since = arrives(ada, &[]).await;
    assert_eq!(acme.role_of(&id).await, "editor");
    let grant = told(&id, "").await;
    assert_eq!(
        (&grant["verdict"], &grant["stale_since"]),
        (&json!("won"), &json!(since))
    );
    let text = grant["told"].as_str().unwrap();
    assert!(
        text.contains("sign-ins say nothing of groups since"),
        "{text}"
    );
    let detail = acme.checked().await["detail"].clone();
    assert!(detail.as_str().unwrap().contains("(absent)"), "{detail}");
    let before = told(&id, &format!("?at={first}")).await;
    assert_eq!(before["stale_since"], Value::Null, "it was not so then");
    // Too many groups for the claim: the same, and since the first time.
    arrives(ada, &[known, overage].concat()).await;
    assert_eq!(acme.role_of(&id).await, "editor");
    assert_eq!(told(&id, "").await["stale_since"], json!(since));
    let detail = acme.checked().await["detail"].clone();
    assert!(detail.as_str().unwrap().contains("(overage)"), "{detail}");
    assert_eq!(finding().await, Some(json!(1)));
    let asserted = acme.get(&format!("/users/{id}/explain")).await["asserted_groups"].clone();
    assert_eq!(asserted[0]["stale_since"], json!(since));
    // There, and empty: really none.
    arrives(ada, none).await;
    assert_eq!(acme.role_of(&id).await, "viewer");
    assert_eq!(told(&id, "").await, Value::Null);
    assert_eq!(finding().await, None);
    // What is known again is marked no more.
    arrives(ada, known).await;
    arrives(ada, overage).await;
    assert_eq!(finding().await, Some(json!(1)));
    arrives(ada, known).await;
    assert_eq!(acme.role_of(&id).await, "editor");
    assert_eq!(told(&id, "").await["stale_since"], Value::Null);
    assert_eq!(finding().await, None);
    // Of whom nothing was ever known there is nothing to say, unless there are too many.
    arrives("bob@entra.example", &[]).await;
    assert_eq!(finding().await, None);
    assert_eq!(acme.checked().await["detail"], Value::Null);
    arrives("bob@entra.example", overage).await;
    assert_eq!(finding().await, Some(json!(1)));
    assert_eq!(acme.role_by_address("bob@entra.example").await, "viewer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_stays_with_its_group_and_gives_nothing_to_another_of_the_name() {
    let acme = Acme::start().await;
    acme.gateway.idp(&acme.okta).await;
    let (ada_id, ada) = acme.pushed("ada@acme.example").await;
    let (eve_id, eve) = acme.pushed("eve@acme.example").await;
    acme.rule("Admins", "admin").await;
    let first = acme.scim().group("Admins", &[&ada_id]).await;
    assert_eq!(acme.role_of(&ada).await, "admin");
    let rename = async |group: &str, name: &str| {
        let renamed = json!([{"op": "replace", "path": "displayName", "value": name}]);
        let path = format!("/Groups/{group}");
        let reply = acme.scim().patch(&path, renamed).await;
        assert!(reply.status.is_success(), "{}", reply.text());
    };
    let rule = async || acme.get("/mappings").await["data"][0].clone();
    assert_eq!(
        (&rule().await["group_name"], &rule().await["renamed"]),
        (&json!("Admins"), &json!(false))
    );
    rename(&first, "Old admins").await;
    assert_eq!(acme.role_of(&ada).await, "admin");
    let shown = rule().await;
    assert_eq!(
        (&shown["group_id"], &shown["group_name"], &shown["renamed"]),
        (&json!(first), &json!("Old admins"), &json!(true))
    );
    let told = acme.notices("mapping.group_renamed").await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (
            &told[0]["former_name"],
            &told[0]["group_name"],
            &told[0]["differs"]
        ),
        (&json!("Admins"), &json!("Old admins"), &json!(true))
    );
    // Whoever takes the name gets nothing by it while the first is there: not by SCIM, not by a sign-in.
    let second = acme.scim().group("Admins", &[&eve_id]).await;
    assert_eq!(acme.role_of(&eve).await, "viewer");
    assert_eq!(rule().await["group_id"], json!(first));
    acme.arrives("jit@acme.example", &["Admins"]).await;
    assert_eq!(acme.role_by_address("jit@acme.example").await, "viewer");
    acme.arrives("jit@acme.example", &["old ADMINS"]).await;
    assert_eq!(acme.role_by_address("jit@acme.example").await, "admin");
    assert_eq!(
        acme.notices("mapping.group_bound").await,
        Vec::<Value>::new()
    );
    // The first goes: the rule is bound to the one that matches by now, and admins are told.
    acme.scim()
        .delete(&format!("/Groups/{first}"))
        .await
        .expect(204);
    assert_eq!(
        (acme.role_of(&ada).await, acme.role_of(&eve).await),
        (json!("viewer"), json!("admin"))
    );
    assert_eq!(acme.role_by_address("jit@acme.example").await, "viewer");
    let told = acme.notices("mapping.group_bound").await;
    assert_eq!(
        (told.len(), &told[0]["group_id"], &told[0]["again"]),
        (1, &json!(second), &json!(true))
    );
    acme.scim()
        .delete(&format!("/Groups/{second}"))
        .await
        .expect(204);
    assert_eq!(rule().await["group_id"], Value::Null);
    assert_eq!(acme.role_of(&eve).await, "viewer");
    // Created anew under the name: bound again, and told.
    let third = acme.scim().group("ADMINS", &[&ada_id]).await;
    assert_eq!(acme.role_of(&ada).await, "admin");
    let told = acme.notices("mapping.group_bound").await;
    assert_eq!((told.len(), &told[1]["group_id"]), (2, &json!(third)));
    assert_eq!(rule().await["renamed"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_is_renamed_into_a_waiting_rule_is_told() {
    let acme = Acme::start().await;
    let other = acme
        .gateway
        .connect(acme.org, "Other", Profile::Okta, &[])
        .await;
    let (ada_id, ada) = acme.pushed("ada@acme.example").await;
    acme.rule("Admins", "admin").await;
    // The same name at another connection is another group.
    acme.gateway.scim(&other).group("Admins", &[]).await;
    let group = acme.scim().group("Friends", &[&ada_id]).await;
    assert_eq!(
        acme.get("/mappings").await["data"][0]["group_id"],
        Value::Null
    );
    let renamed = json!([{"op": "replace", "path": "displayName", "value": "Admins"}]);
    let reply = acme
        .scim()
        .patch(&format!("/Groups/{group}"), renamed)
        .await;
    assert!(reply.status.is_success());
    assert_eq!(acme.role_of(&ada).await, "admin");
    let told = acme.notices("mapping.group_bound").await;
    assert_eq!(
        (told.len(), &told[0]["again"], &told[0]["role"]),
        (1, &json!(false), &json!("admin"))
    );
    // Admins read it, the app behind does not.
    let feed = acme
        .gateway
        .key(crate::credentials::live(Some(acme.org), "events:read"))
        .await;
    let uri = "/api/v1/organizations/acme/events?after=0&limit=200";
    let seen = acme.gateway.get(uri, &feed).await.expect(200).json();
    let seen = seen["data"].as_array().unwrap().iter();
    let seen: Vec<_> = seen
        .filter(|it| it["type"] == "mapping.group_bound")
        .collect();
    assert!(
        seen.iter().all(|it| it["data"]["group_name"].is_null()),
        "{seen:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn directory_roles_are_passed_on_and_give_nothing() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let app = acme.gateway.app("Docs", acme.org).await;
    let mut ada = user("ada@acme.example");
    ada["roles"] = json!([{"value": "owner", "primary": true}, {"value": "admin"}]);
    ada["entitlements"] = json!([{"value": "seat", "type": "licence"}, {"value": "admin"}]);
    let id = acme.scim().post("/Users", ada).await.expect(201).id();
    acme.rule("admin", "admin").await;
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let tokens = app.tokens(&browser).await;
    let claims = crate::harness::claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["directory_roles"], json!(["owner", "admin", "seat"]));
    assert_eq!(claims["role"], "viewer");
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        crate::harness::claims(&access)["directory_roles"],
        Value::Null
    );
    let info = async || {
        let reply = acme.gateway.get("/oauth/userinfo", &access).await;
        reply.expect(200).json()
    };
    assert_eq!(
        info().await["directory_roles"],
        json!(["owner", "admin", "seat"])
    );
    let many: Vec<_> = (0..60)
        .map(|it| json!({"value": format!("r{it}")}))
        .collect();
    let set = |value: Value| json!([{"op": "replace", "path": "roles", "value": value}]);
    let path = format!("/Users/{id}");
    acme.scim().patch(&path, set(json!(many))).await.expect(200);
    let limit = usher::limits::DIRECTORY_ROLES;
    assert_eq!(
        info().await["directory_roles"].as_array().unwrap().len(),
        limit
    );
    let nothing =
        json!([{"op": "remove", "path": "roles"}, {"op": "remove", "path": "entitlements"}]);
    acme.scim().patch(&path, nothing).await.expect(200);
    assert_eq!(info().await["directory_roles"], Value::Null);
    // Somebody whom no directory has has none.
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, "jit@acme.example").await.expect(303);
    assert_eq!(app.claims(&browser).await["directory_roles"], Value::Null);
    let place = "/.well-known/openid-configuration";
    let discovery = acme.gateway.ask("GET", place, None).await;
    let supported = discovery.expect(200).json()["claims_supported"].clone();
    assert!(
        supported
            .as_array()
            .unwrap()
            .contains(&json!("directory_roles"))
    );
}

/// Where several groups have the externalId that a rule names, it is about none of them, whenever they come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_by_an_external_id_of_several_groups_is_about_none_of_them() {
    let acme = Acme::start().await;
    let ada = acme.scim().user("ada@acme.example").await;
    let group = |name: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": name, "externalId": "twin", "members": [{"value": ada}],
        })
    };
    for name in ["One", "Two"] {
        acme.scim().post("/Groups", group(name)).await.expect(201);
    }
    let rule = json!({
        "connection_id": acme.okta.id, "match": "external_id", "match_text": "twin", "role": "editor",
    });
    acme.post("/mappings", rule).await.expect(201);
    assert_eq!(acme.role_by_address("ada@acme.example").await, "viewer");
    acme.scim()
        .post("/Groups", group("Three"))
        .await
        .expect(201);
    assert_eq!(acme.role_by_address("ada@acme.example").await, "viewer");
}

/// A directory's first group makes what sign-ins said of groups count no more: whom that takes their role from
/// is counted, and nothing of it can wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_group_that_takes_many_roles_is_an_alarm() {
    let acme = Acme::start().await;
    acme.rule("SEO_Editors", "editor").await;
    let idp = acme.gateway.idp(&acme.okta).await;
    for number in 0..12 {
        let email = format!("p{number}@acme.example");
        acme.scim().user(&email).await;
        let said = idp
            .response()
            .email(&email)
            .attribute("groups", ["SEO_Editors"]);
        let browser = Browser::new(&acme.gateway);
        idp.post(&browser, &said.base64()).await.expect(303);
        assert_eq!(acme.role_by_address(&email).await, "editor");
    }
    acme.gateway.clock.advance(60);
    acme.scim().group("Nobodies", &[]).await;
    assert_eq!(acme.role_by_address("p3@acme.example").await, "viewer");
    let tripped = acme.get("/safeguards").await["data"].clone();
    assert_eq!(tripped[0]["state"], "observed", "{tripped:#}");
    assert_eq!(tripped[0]["people"], 12);
}
