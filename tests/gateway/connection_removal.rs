//! The removal of a connection: shown first, person by person, and then made as it was shown.

use serde_json::{Value, json};
use usher::directory::connection::{Profile, Safeguard};
use usher::id::UserId;
use usher::provisioning::sweep;
use usher::store::rows::UserRow;

use crate::credentials::live;
use crate::harness::{Acme, Browser};

const DAY: i64 = 24 * 60 * 60;

/// An editor by a group, a viewer, an owner, and one whom another directory names, too.
struct Stage {
    acme: Acme,
    entra: usher::id::ConnectionId,
    eve: String,
    vera: String,
    olga: String,
    both: String,
}

impl Stage {
    async fn set() -> Self {
        let acme = Acme::start().await;
        acme.rule("SEO_Editors", "editor").await;
        let (eve_scim, eve) = acme.pushed("eve@acme.example").await;
        let (_, vera) = acme.pushed("vera@acme.example").await;
        let (_, olga) = acme.pushed("olga@acme.example").await;
        acme.scim().group("SEO_Editors", &[&eve_scim]).await;
        let id = olga.parse::<UserId>().unwrap();
        let title = |user: &mut UserRow| user.owner = true;
        acme.gateway.alter_person(acme.org, id, title).await;
        // By signing in first, and then by the other directory.
        let entra = acme
            .gateway
            .connect(acme.org, "Entra", Profile::Entra, &["acme.example"])
            .await;
        let idp = acme.gateway.idp(&acme.okta).await;
        for address in ["both@acme.example", "eve@acme.example"] {
            idp.sign_in(&Browser::new(&acme.gateway), address)
                .await
                .expect(303);
        }
        acme.gateway.clock.advance(60);
        acme.gateway.scim(&entra).user("both@acme.example").await;
        let both = acme.person("both@acme.example").await;
        Self {
            acme,
            entra: entra.id,
            eve,
            vera,
            olga,
            both,
        }
    }

    fn path(&self, step: &str) -> String {
        format!("/connections/{}/removal/{step}", self.acme.okta.id)
    }

    async fn plan(&self, people: &str) -> Value {
        let path = self.path("preview");
        let plan = self.acme.post(&path, json!({"people": people})).await;
        plan.expect(200).json()
    }

    async fn apply(&self, body: Value) -> crate::harness::Reply {
        self.acme.post(&self.path("apply"), body).await
    }

    async fn state(&self, user: &str) -> String {
        let shown = self.acme.get(&format!("/users/{user}")).await;
        shown["state"].as_str().unwrap().to_owned()
    }
}

fn of<'p>(plan: &'p Value, user: &str) -> &'p Value {
    let mut people = plan["people"].as_array().unwrap().iter();
    people.find(|it| it["user_id"] == user).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_each_person_is_told_and_nothing_is_done() {
    let stage = Stage::set().await;
    let before = stage.acme.gateway.events(stage.acme.org).await;
    for (people, fates, counts) in [
        ("keep", ["kept", "kept", "kept", "kept"], [4, 0, 0]),
        (
            "suspend",
            ["suspended", "suspended", "kept", "kept"],
            [2, 2, 0],
        ),
        ("delete", ["deleted", "deleted", "kept", "kept"], [2, 0, 2]),
    ] {
        let plan = stage.plan(people).await;
        let users = [&stage.eve, &stage.vera, &stage.olga, &stage.both];
        for (user, fate) in users.into_iter().zip(fates) {
            assert_eq!(of(&plan, user)["becomes"], fate, "{people}: {plan:#}");
        }
        let found = ["kept", "suspended", "deleted"].map(|it| plan[it].as_i64().unwrap());
        assert_eq!(found, counts, "{people}");
        for (count, expected) in [("groups", 1), ("rules", 1), ("tokens", 1), ("sessions", 2)] {
            assert_eq!(plan[count], expected, "{people}: {count}");
        }
        assert_eq!(plan["people"].as_array().unwrap().len(), 4);
        let eve = of(&plan, &stage.eve);
        assert_eq!(eve["email"], "eve@acme.example");
        assert_eq!(eve["from"]["role"], "editor");
        let (to, outcome, roleless) = if people == "keep" {
            (json!("editor"), Value::Null, json!([]))
        } else {
            let mut both = [&stage.eve, &stage.vera];
            both.sort();
            (Value::Null, json!("lost"), json!(both))
        };
        assert_eq!((&eve["to"]["role"], &eve["outcome"]), (&to, &outcome));
        assert_eq!(plan["lose_every_role"], roleless, "{people}");
        assert_eq!(plan["become_admin"], json!([]));
        assert_eq!(of(&plan, &stage.both)["managed_by"], json!(stage.entra));
        assert_eq!(of(&plan, &stage.vera)["managed_by"], Value::Null);
        assert_eq!(plan["needs_confirmation"], false);
        assert_eq!(
            stage.plan(people).await["digest"],
            plan["digest"],
            "the same"
        );
    }
    assert_eq!(stage.acme.gateway.events(stage.acme.org).await, before);
    stage.acme.scim().get("/Users").await.expect(200);
    assert_eq!(stage.acme.role_of(&stage.eve).await, "editor");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_made_as_it_was_shown_or_not_at_all() {
    let stage = Stage::set().await;
    let plan = stage.plan("suspend").await;
    let body = |plan: &Value| json!({"people": "suspend", "digest": plan["digest"]});
    // Somebody else's role is another plan, and so is another choice.
    let path = format!("/users/{}/role", stage.vera);
    let editor = stage.acme.put(&path, json!({"role": "editor"}));
    editor.await.expect(200);
    let changed = stage.apply(body(&plan)).await.expect(409).json();
    assert!(changed["type"].as_str().unwrap().ends_with("plan_changed"));
    assert!(changed["plan"]["digest"].is_string(), "{changed:#}");
    let kept = json!({"people": "keep", "digest": stage.plan("suspend").await["digest"]});
    stage.apply(kept).await.expect(409);
    stage.acme.scim().get("/Users").await.expect(200);

    let plan = stage.plan("suspend").await;
    let done = stage.apply(body(&plan)).await.expect(200).json();
    assert_eq!(done["people"], plan["people"]);
    assert_eq!((&done["suspended"], &done["kept"]), (&json!(2), &json!(2)));
    for (user, state) in [
        (&stage.eve, "suspended"),
        (&stage.vera, "suspended"),
        (&stage.olga, "active"),
        (&stage.both, "active"),
    ] {
        assert_eq!(stage.state(user).await, state);
    }
    stage.acme.scim().get("/Users").await.expect(401);
    stage.apply(body(&plan)).await.expect(404);
    let events = stage.acme.gateway.events(stage.acme.org).await;
    let ends = events
        .iter()
        .filter(|it| it["type"] == "connection.deleted");
    assert_eq!(ends.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_people_need_the_digest_or_the_name() {
    for way in ["digest", "confirm"] {
        let acme = Acme::start().await;
        acme.gateway.crowd(&acme.okta, 21).await;
        let path = |step: &str| format!("/connections/{}/removal/{step}", acme.okta.id);
        let shown = acme.post(&path("preview"), json!({"people": "keep"})).await;
        let plan = shown.expect(200).json();
        assert_eq!(
            (&plan["kept"], &plan["needs_confirmation"]),
            (&json!(21), &json!(true))
        );
        for wrong in [
            json!({"people": "keep"}),
            json!({"people": "keep", "confirm": "okta"}),
            json!({"people": "keep", "digest": "x", "confirm": "Okta"}),
        ] {
            acme.post(&path("apply"), wrong).await.expect(409);
        }
        let mut right = json!({"people": "keep"});
        right[way] = if way == "digest" {
            plan["digest"].clone()
        } else {
            json!("Okta")
        };
        acme.post(&path("apply"), right).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_may_sees_it_and_nobody_across_organizations() {
    let stage = Stage::set().await;
    let acme = &stage.acme;
    let other = acme.gateway.organization("other").await;
    let theirs = acme
        .gateway
        .connect(other, "Okta", Profile::Okta, &[])
        .await;
    let body = || Some(json!({"people": "delete"}));
    let read = acme
        .gateway
        .key(live(Some(acme.org), "connections:read"))
        .await;
    let none = acme
        .gateway
        .key(live(Some(acme.org), "connections:write"))
        .await;
    let foreign = acme.gateway.key(live(Some(other), "*")).await;
    for (key, step, status) in [
        (&read, "preview", 200),
        (&read, "apply", 403),
        (&none, "preview", 403),
        (&foreign, "preview", 404),
        (&foreign, "apply", 404),
    ] {
        let reply = acme.ask_as(key, "POST", &stage.path(step), body()).await;
        assert_eq!(reply.status.as_u16(), status, "{step}: {}", reply.text());
    }
    // Another organization's connection is none of this one's, whoever asks.
    for key in [&acme.key, &acme.operator] {
        for step in ["preview", "apply"] {
            let path = format!("/connections/{}/removal/{step}", theirs.id);
            acme.ask_as(key, "POST", &path, body()).await.expect(404);
        }
    }
    for wrong in [
        json!({}),
        json!({"people": "all"}),
        json!({"people": "keep", "x": 1}),
    ] {
        for step in ["preview", "apply"] {
            let reply = acme.post(&stage.path(step), wrong.clone()).await;
            assert!(
                [400, 422].contains(&reply.status.as_u16()),
                "{}",
                reply.text()
            );
        }
    }
    acme.gateway.scim(&theirs).get("/Users").await.expect(200);
    acme.scim().get("/Users").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_to_be_deleted_goes_after_thirty_days_unless_let_in() {
    let stage = Stage::set().await;
    let done = stage
        .apply(json!({"people": "delete"}))
        .await
        .expect(200)
        .json();
    assert_eq!(done["deleted"], 2);
    let shown = stage.acme.get(&format!("/users/{}", stage.eve)).await;
    assert_eq!(shown["state"], "suspended");
    assert_eq!(shown["delete_at"], "2026-12-22T10:01:00Z");
    let path = format!("/users/{}/reactivate", stage.vera);
    stage.acme.post(&path, json!({})).await.expect(200);
    let shown = stage.acme.get(&format!("/users/{}", stage.vera)).await;
    assert_eq!(
        (&shown["state"], &shown["delete_at"]),
        (&json!("active"), &Value::Null)
    );
    let gateway = &stage.acme.gateway;
    let (store, ids) = (&gateway.gateway.store, &gateway.gateway.ids);
    gateway.clock.advance(30 * DAY - 1);
    assert_eq!(sweep::delete_due(store, ids).await.unwrap(), 0);
    gateway.clock.advance(1);
    assert_eq!(sweep::delete_due(store, ids).await.unwrap(), 1);
    assert_eq!(sweep::delete_due(store, ids).await.unwrap(), 0);
    for (user, state) in [
        (&stage.eve, "deleted"),
        (&stage.vera, "active"),
        (&stage.olga, "active"),
        (&stage.both, "active"),
    ] {
        assert_eq!(stage.state(user).await, state);
    }
    let events = gateway.events(stage.acme.org).await;
    let gone: Vec<_> = events
        .iter()
        .filter(|it| it["type"] == "user.deleted")
        .collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(
        (&gone[0]["data"]["user_id"], &gone[0]["actor"]),
        (&json!(stage.eve), &json!("system"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_says_whether_a_safeguard_would_hold_and_the_digest_does_not() {
    for (mode, reaction) in [
        (Safeguard::Off, "nothing"),
        (Safeguard::Observe, "alarm"),
        (Safeguard::Hold, "hold"),
    ] {
        let acme = Acme::start().await;
        acme.gateway
            .alter(&acme.okta, move |row| row.safeguard = mode)
            .await;
        let ids = acme.gateway.crowd(&acme.okta, 20).await;
        let rule = acme.rule("Seo", "editor").await;
        let members: Vec<_> = ids.iter().map(String::as_str).collect();
        acme.scim().group("Seo", &members).await;
        acme.gateway.clock.advance(60);
        let remove = json!({"changes": [{"remove": {"id": rule}}]});
        let told = |plan: &Value| plan["safeguard"][0].clone();
        let plan = acme
            .post("/mappings/preview", remove.clone())
            .await
            .expect(200)
            .json();
        let expected = json!({
            "connection_id": acme.okta.id, "mode": mode,
            "removals": 20, "removals_limit": 10, "promotions": 0, "promotions_limit": 3,
            "would_trip": mode != Safeguard::Off, "reaction": reaction,
        });
        assert_eq!(told(&plan), expected);
        // Nothing of it is counted, and it does not bind an admin.
        let again = acme
            .post("/mappings/preview", remove.clone())
            .await
            .expect(200)
            .json();
        assert_eq!(again, plan);
        assert_eq!(acme.get("/safeguards").await["data"], json!([]));

        // What the directory did within the hour counts with it; the digest is of the roles alone.
        let (_, user) = acme.pushed("ada@acme.example").await;
        let scim = acme.scim();
        let found = scim
            .filter("/Users", "userName eq \"ada@acme.example\"")
            .await
            .json();
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        let path = format!("/Users/{}", found["Resources"][0]["id"].as_str().unwrap());
        scim.patch(&path, off).await.expect(200);
        assert_eq!(
            acme.get(&format!("/users/{user}")).await["state"],
            "suspended"
        );
        let later = acme
            .post("/mappings/preview", remove.clone())
            .await
            .expect(200)
            .json();
        let counted = if mode == Safeguard::Off { 20 } else { 21 };
        assert_eq!(told(&later)["removals"], counted);
        assert_eq!(later["digest"], plan["digest"]);
        acme.gateway.clock.advance(2 * 60 * 60);
        let hours = acme
            .post("/mappings/preview", remove.clone())
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&told(&hours)["removals"], &hours["digest"]),
            (&json!(20), &plan["digest"])
        );
        // Planned removals are not watched.
        let until = acme.gateway.clock.now() + jiff::SignedDuration::from_hours(1);
        let set = format!("/connections/{}/safeguard", acme.okta.id);
        acme.put(&set, json!({"planned_until": until}))
            .await
            .expect(200);
        let planned = acme
            .post("/mappings/preview", remove.clone())
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&told(&planned)["would_trip"], &planned["digest"]),
            (&json!(false), &plan["digest"])
        );

        let mut apply = remove.clone();
        apply["digest"] = plan["digest"].clone();
        acme.post("/mappings/apply", apply).await.expect(200);
        let held = acme.get("/safeguards").await["data"].clone();
        assert_eq!(held, json!([]), "an admin's own change is not judged");

        let many = json!({"changes": [{"add": {
            "connection_id": acme.okta.id, "group": "Seo", "role": "admin",
        }}]});
        let plan = acme
            .post("/mappings/preview", many)
            .await
            .expect(200)
            .json();
        let it = told(&plan);
        assert_eq!(
            (&it["promotions"], &it["promotions_limit"]),
            (&json!(20), &json!(3))
        );
        let reaction = if mode == Safeguard::Off {
            "nothing"
        } else {
            "hold"
        };
        assert_eq!(it["reaction"], reaction);
        let path = format!("/connections/{}/removal/preview", acme.okta.id);
        let plan = acme
            .post(&path, json!({"people": "suspend"}))
            .await
            .expect(200)
            .json();
        assert_eq!(told(&plan)["removals"], 20);
    }
}
