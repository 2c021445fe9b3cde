//! What happens when a directory takes away, or gives, much at once.

use serde_json::{Value, json};
use usher::directory::connection::Safeguard;
use usher::provisioning::safeguards;

use crate::harness::{Acme, Browser, Reply, reason};
use crate::ownership::member;

/// People of the directory; of so many, twelve may go within an hour.
const PEOPLE: usize = 60;
const FEW: usize = 12;

async fn acme(mode: Safeguard) -> (Acme, Vec<String>) {
    let acme = Acme::start().await;
    acme.gateway
        .alter(&acme.okta, move |row| row.safeguard = mode)
        .await;
    let mut ids = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        ids.push(acme.scim().user(&format!("p{number}@acme.example")).await);
    }
    acme.gateway.clock.advance(60);
    (acme, ids)
}

async fn activate(acme: &Acme, id: &str, is: bool) -> Reply {
    let body = json!([{"op": "replace", "path": "active", "value": is}]);
    let reply = acme.scim().patch(&format!("/Users/{id}"), body).await;
    reply.expect(200)
}

async fn states(acme: &Acme) -> (usize, usize) {
    let page = acme.get("/users?limit=200").await;
    let count = |state: &str| {
        let people = page["data"].as_array().unwrap().iter();
        people.filter(|it| it["state"] == state).count()
    };
    (count("active"), count("suspended"))
}

async fn person_of(acme: &Acme, scim_id: &str) -> String {
    let resource = acme.scim().get(&format!("/Users/{scim_id}")).await;
    let address = resource.expect(200).json()["userName"].clone();
    acme.person(address.as_str().unwrap()).await
}

fn types(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|it| it["type"] == kind).count()
}

/// The request that the latest event names.
async fn last_cause(acme: &Acme) -> Value {
    let latest = acme.gateway.events(acme.org).await.len() - 1;
    let page = acme.get(&format!("/events?after={latest}")).await;
    page["data"][0]["cause"].clone()
}

async fn only(acme: &Acme) -> Value {
    let all = acme.get("/safeguards").await["data"].clone();
    assert_eq!(all.as_array().unwrap().len(), 1, "{all:#}");
    all[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn observed_everything_applies_and_is_undone_by_one_request() {
    let (acme, ids) = acme(Safeguard::Observe).await;
    acme.rule("SEO_Editors", "editor").await;
    let members: Vec<_> = ids.iter().take(40).map(String::as_str).collect();
    acme.scim().group("SEO_Editors", &members).await;
    acme.gateway.clock.advance(60);
    for id in ids.iter().take(40) {
        let reply = activate(&acme, id, false).await;
        assert_eq!(reply.header("usher-held"), None);
    }
    assert_eq!(states(&acme).await, (20, 40));
    let tripped = only(&acme).await;
    assert_eq!(
        (&tripped["kind"], &tripped["state"], &tripped["threshold"]),
        (&json!("removals"), &json!("observed"), &json!(FEW))
    );
    assert_eq!(tripped["people"], 40);
    let events = acme.gateway.events(acme.org).await;
    assert_eq!(types(&events, "safeguard.tripped"), 1);

    let window = json!({"window": {
        "connection_id": acme.okta.id, "from": tripped["began_at"], "to": null,
    }});
    acme.gateway.clock.advance(60);
    let plan = acme
        .post("/undo/preview", window.clone())
        .await
        .expect(200)
        .json();
    assert_eq!((&plan["gained"], &plan["lost"]), (&json!(40), &json!(0)));
    assert_eq!(states(&acme).await, (20, 40), "nothing is done");
    acme.post("/undo", window.clone()).await.expect(409);
    let mut asked = window.clone();
    asked["digest"] = plan["digest"].clone();
    let undone = acme.post("/undo", asked).await.expect(200).json();
    assert_eq!(undone["gained"], 40);
    assert_eq!(states(&acme).await, (60, 0));
    // The directory's word stands as its word, and the gap shows.
    let resource = acme.scim().get(&format!("/Users/{}", ids[0])).await.json();
    assert_eq!(resource["active"], false);
    let drift = acme.get("/drift").await;
    let waived = drift["waivers"].as_array().unwrap().iter();
    assert_eq!(waived.filter(|it| it["state"] == "undone").count(), 40);
    // Saying the same again changes nothing; saying something else, and then that again, does.
    let name = json!([{"op": "replace", "path": "displayName", "value": "Somebody"}]);
    acme.scim()
        .patch(&format!("/Users/{}", ids[0]), name)
        .await
        .expect(200);
    assert_eq!(states(&acme).await, (60, 0));
    activate(&acme, &ids[0], true).await;
    let drift = acme.get("/drift").await;
    assert_eq!(drift["waivers"].as_array().unwrap().len(), 39);
    activate(&acme, &ids[0], false).await;
    assert_eq!(states(&acme).await, (59, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_removals_wait_softly_and_are_approved_or_done_by_time() {
    for by_time in [false, true] {
        let (acme, ids) = acme(Safeguard::Hold).await;
        let mut held = Vec::new();
        for id in ids.iter().take(40) {
            let reply = activate(&acme, id, false).await;
            assert_eq!(
                reply.json()["active"],
                false,
                "the directory sees what it said"
            );
            held.extend(
                reply
                    .header("usher-held")
                    .map(|it| (id.clone(), it.to_owned())),
            );
        }
        assert_eq!(held.len(), 40 - FEW);
        assert_eq!(states(&acme).await, (60 - FEW, FEW));
        let tripped = only(&acme).await;
        assert_eq!(tripped["state"], "held");
        assert!(held.iter().all(|(_, id)| tripped["id"] == *id));
        assert_eq!(tripped["holds"].as_array().unwrap().len(), 40 - FEW);
        let person = person_of(&acme, &held[0].0).await;
        assert_eq!(
            acme.role_of(&person).await,
            "viewer",
            "what they had they keep"
        );
        if by_time {
            acme.gateway.clock.advance(16 * 60);
            let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
            assert_eq!(safeguards::expire_overdue(store, ids).await.unwrap(), 1);
            assert_eq!(safeguards::expire_overdue(store, ids).await.unwrap(), 0);
        } else {
            let path = format!("/safeguards/{}/approve", tripped["id"].as_str().unwrap());
            for _ in 0..2 {
                let approved = acme.post(&path, json!({})).await.expect(200).json();
                assert_eq!(approved["state"], "approved");
            }
            acme.post(&path.replace("approve", "reject"), json!({}))
                .await
                .expect(409);
        }
        assert_eq!(states(&acme).await, (20, 40));
        assert_eq!(acme.get("/drift").await["waivers"], json!([]));
        let events = acme.gateway.events(acme.org).await;
        let told = if by_time {
            "safeguard.expired"
        } else {
            "safeguard.approved"
        };
        assert_eq!(
            (types(&events, told), types(&events, "user.suspended")),
            (1, 40)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_signs_in_who_is_held_and_whoever_was_rejected_may() {
    let (acme, ids) = acme(Safeguard::Hold).await;
    let idp = acme.gateway.idp(&acme.okta).await;
    for id in ids.iter().take(FEW + 1) {
        activate(&acme, id, false).await;
    }
    let address = |id: &str| {
        let id = id.to_owned();
        let scim = acme.scim();
        async move {
            let resource = scim.get(&format!("/Users/{id}")).await.expect(200).json();
            resource["userName"].as_str().unwrap().to_owned()
        }
    };
    let held = address(&ids[FEW]).await;
    let browser = Browser::new(&acme.gateway);
    let refused = idp.sign_in(&browser, &held).await;
    assert_eq!(reason(&refused), "deprovisioned");
    let tripped = only(&acme).await;
    let path = format!("/safeguards/{}/reject", tripped["id"].as_str().unwrap());
    acme.post(&path, json!({})).await.expect(200);
    idp.sign_in(&browser, &held).await.expect(303);
    assert_eq!(states(&acme).await, (60 - FEW, FEW));
    let drift = acme.get("/drift").await;
    assert_eq!(drift["waivers"][0]["state"], "rejected");
    // The next word that differs clears it.
    activate(&acme, &ids[FEW], true).await;
    assert_eq!(acme.get("/drift").await["waivers"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_urgent_planned_far_apart_or_privileged_is_never_held() {
    let (acme, ids) = acme(Safeguard::Hold).await;
    let admin = person_of(&acme, &ids[59]).await;
    acme.put(&format!("/users/{admin}/role"), json!({"role": "admin"}))
        .await
        .expect(200);
    for id in ids.iter().take(FEW) {
        activate(&acme, id, false).await;
    }
    let held = |reply: &Reply| reply.header("usher-held").is_some();
    assert!(held(&activate(&acme, &ids[20], false).await));
    assert!(
        !held(&activate(&acme, &ids[59], false).await),
        "an admin is out at once"
    );
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": false}],
    });
    let path = format!("/scim/{}/v2/Users/{}", acme.okta.id, ids[21]);
    let request = axum::http::Request::builder()
        .method("PATCH")
        .uri(path)
        .header("authorization", format!("Bearer {}", acme.okta.token))
        .header("content-type", "application/scim+json")
        .header("usher-apply", "now");
    let body = axum::body::Body::from(patch.to_string());
    let urgent = acme
        .gateway
        .send(request.body(body).unwrap())
        .await
        .expect(200);
    assert!(!held(&urgent));
    assert_eq!(states(&acme).await, (46, FEW + 2));
    // What does not wait is no less of an alarm.
    let all = acme.get("/safeguards").await["data"].clone();
    let observed = all.as_array().unwrap().iter();
    assert_eq!(
        observed.filter(|it| it["state"] == "observed").count(),
        1,
        "{all:#}"
    );
    acme.gateway.clock.advance(11 * 60);
    assert!(
        !held(&activate(&acme, &ids[22], false).await),
        "that is no burst any more"
    );
    acme.gateway.clock.advance(1);
    assert!(held(&activate(&acme, &ids[23], false).await));
    let until = acme.gateway.clock.now() + jiff::SignedDuration::from_hours(2);
    let planned = json!({"planned_until": until});
    let of = format!("/connections/{}/safeguard", acme.okta.id);
    acme.put(&of, planned).await.expect(200);
    assert!(!held(&activate(&acme, &ids[24], false).await));
    let far = acme.gateway.clock.now() + jiff::SignedDuration::from_hours(8 * 24);
    acme.put(&of, json!({"planned_until": far}))
        .await
        .expect(422);
    acme.put(&of, json!({"hold_minutes": 61})).await.expect(422);
    // One of those held, at once.
    let all = acme.get("/safeguards").await["data"].clone();
    let mut held = all.as_array().unwrap().iter();
    let tripped = held.find(|it| it["state"] == "held").unwrap();
    let user = person_of(&acme, &ids[20]).await;
    let now = format!(
        "/safeguards/{}/users/{user}/apply",
        tripped["id"].as_str().unwrap()
    );
    acme.post(&now, json!({})).await.expect(200);
    assert_eq!(
        acme.get(&format!("/users/{user}")).await["state"],
        "suspended"
    );
    acme.post(&now, json!({})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_new_admins_wait_for_a_yes_and_expire_without_one() {
    for mode in [Safeguard::Observe, Safeguard::Hold] {
        let (acme, ids) = acme(mode).await;
        acme.rule("Admins", "admin").await;
        let members: Vec<_> = ids.iter().take(3).map(String::as_str).collect();
        let group = acme.scim().group("Admins", &members).await;
        let person = person_of(&acme, &ids[0]).await;
        assert_eq!(acme.role_of(&person).await, "admin", "a few are usual");
        let add = |id: &str| json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
        let path = format!("/Groups/{group}");
        let reply = acme.scim().patch(&path, add(&ids[3])).await;
        assert!(reply.header("usher-held").is_some());
        let person = person_of(&acme, &ids[3]).await;
        assert_eq!(acme.role_of(&person).await, "viewer");
        let told = acme.get(&format!("/users/{person}/explain")).await;
        assert_eq!(told["role"], "viewer", "{told:#}");
        let tripped = only(&acme).await;
        assert_eq!(
            (&tripped["kind"], &tripped["state"]),
            (&json!("promotions"), &json!("held"))
        );
        if mode == Safeguard::Hold {
            acme.gateway.clock.advance(16 * 60);
            let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
            safeguards::expire_overdue(store, ids).await.unwrap();
            assert_eq!(acme.role_of(&person).await, "viewer", "nobody said yes");
            continue;
        }
        let yes = format!("/safeguards/{}/approve", tripped["id"].as_str().unwrap());
        acme.post(&yes, json!({})).await.expect(200);
        assert_eq!(acme.role_of(&person).await, "admin");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_that_names_what_was_seen_does_no_more() {
    let (acme, ids) = acme(Safeguard::Hold).await;
    for id in ids.iter().take(FEW + 2) {
        activate(&acme, id, false).await;
    }
    let seen = only(&acme).await;
    // Whoever joins waits as long as the first did.
    acme.gateway.clock.advance(9 * 60);
    for id in ids.iter().skip(20).take(2) {
        activate(&acme, id, false).await;
    }
    acme.gateway.clock.advance(7 * 60);
    let (store, all) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    assert_eq!(safeguards::expire_overdue(store, all).await.unwrap(), 0);
    let path = format!("/safeguards/{}/approve", seen["id"].as_str().unwrap());
    let stale = acme.post(&path, json!({"digest": seen["digest"]})).await;
    stale.expect(412);
    let now = only(&acme).await;
    assert_eq!(now["state"], "held");
    assert!(now["holds"].as_array().unwrap().len() > 2);
    acme.post(&path, json!({"unknown": true})).await.expect(400);
    let approved = acme.post(&path, json!({"digest": now["digest"]})).await;
    assert_eq!(approved.expect(200).json()["state"], "approved");
    // Saying it again changes nothing, whatever was seen.
    acme.post(&path, json!({"digest": seen["digest"]}))
        .await
        .expect(200);
}

/// A directory that first names somebody while it turns them away takes away as much as with a PATCH.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_turned_away_by_a_post_is_counted_and_held() {
    let (acme, ids) = acme(Safeguard::Hold).await;
    let mut unmanaged = Vec::new();
    for number in 0..2 {
        let email = format!("unmanaged{number}@acme.example");
        member(&acme, &email, "viewer").await;
        unmanaged.push(email);
    }
    for id in ids.iter().take(FEW) {
        activate(&acme, id, false).await;
    }
    acme.gateway.clock.advance(60);
    for email in &unmanaged {
        let mut body = crate::harness::user(email);
        body["active"] = json!(false);
        let reply = acme.scim().post("/Users", body).await.expect(201);
        assert!(reply.header("usher-held").is_some(), "{email}");
        assert_eq!(reply.json()["active"], false);
        let person = acme.person(email).await;
        assert_eq!(
            acme.get(&format!("/users/{person}")).await["state"],
            "active"
        );
    }
    // Nor is a deletion that is held done by naming the person anew.
    let gone = acme.scim().get(&format!("/Users/{}", ids[30])).await.json();
    let person = person_of(&acme, &ids[30]).await;
    let deleted = acme.scim().delete(&format!("/Users/{}", ids[30])).await;
    assert!(deleted.expect(204).header("usher-held").is_some());
    let mut again = crate::harness::user(gone["userName"].as_str().unwrap());
    again["externalId"] = gone["externalId"].clone();
    again["active"] = json!(false);
    let reply = acme.scim().post("/Users", again).await.expect(201);
    assert!(reply.header("usher-held").is_some());
    assert_eq!(
        acme.get(&format!("/users/{person}")).await["state"],
        "active"
    );
}

/// What a group took away, was held, and was then done by time, is of the window in which it was done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_held_and_then_done_is_undone_by_its_window() {
    let (acme, ids) = acme(Safeguard::Hold).await;
    acme.rule("SEO_Editors", "editor").await;
    let members: Vec<_> = ids.iter().take(40).map(String::as_str).collect();
    let group = acme.scim().group("SEO_Editors", &members).await;
    acme.gateway.clock.advance(60);
    let path = format!("/Groups/{group}");
    let nobody = json!([{"op": "remove", "path": "members"}]);
    let reply = acme.scim().patch(&path, nobody).await;
    assert!(reply.header("usher-held").is_some());
    let person = person_of(&acme, &ids[0]).await;
    assert_eq!(acme.role_of(&person).await, "editor");
    acme.gateway.clock.advance(16 * 60);
    let from = acme.gateway.clock.now();
    let (store, all) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    assert_eq!(safeguards::expire_overdue(store, all).await.unwrap(), 1);
    assert_eq!(acme.role_of(&person).await, "viewer");
    acme.gateway.clock.advance(60);
    let window = json!({"window": {"connection_id": acme.okta.id, "from": from, "to": null}});
    let plan = acme.post("/undo/preview", window).await.expect(200).json();
    assert_eq!(
        (&plan["gained"], &plan["left"]),
        (&json!(40), &json!([])),
        "{plan:#}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_connection_did_that_is_gone_is_told_and_not_undone() {
    let (acme, ids) = acme(Safeguard::Observe).await;
    acme.scim()
        .delete(&format!("/Users/{}", ids[0]))
        .await
        .expect(204);
    let cause = last_cause(&acme).await;
    let path = format!("/connections/{}/removal", acme.okta.id);
    let plan = acme
        .post(&format!("{path}/preview"), json!({"people": "keep"}))
        .await;
    let digest = plan.expect(200).json()["digest"].clone();
    let asked = json!({"people": "keep", "digest": digest});
    acme.post(&format!("{path}/apply"), asked).await.expect(200);
    let undone = acme.post("/undo", json!({"request_id": cause})).await;
    let undone = undone.expect(200).json();
    assert_eq!(undone["gained"], 0, "{undone:#}");
    let why = undone["left"][0]["why"].as_str().unwrap();
    assert!(why.contains("connection is gone"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_group_and_deleted_people_come_back_by_undo() {
    let (acme, ids) = acme(Safeguard::Observe).await;
    acme.rule("SEO_Editors", "editor").await;
    let members: Vec<_> = ids.iter().take(5).map(String::as_str).collect();
    let group = acme.scim().group("SEO_Editors", &members).await;
    let mut people = Vec::new();
    for id in ids.iter().take(6) {
        people.push(person_of(&acme, id).await);
    }
    acme.put(
        &format!("/users/{}/role", people[5]),
        json!({"role": "editor"}),
    )
    .await
    .expect(200);
    acme.gateway.clock.advance(60);
    acme.scim()
        .delete(&format!("/Groups/{group}"))
        .await
        .expect(204);
    assert_eq!(acme.role_of(&people[0]).await, "viewer");
    let cause = last_cause(&acme).await;
    let undo = json!({"request_id": cause});
    let done = acme.post("/undo", undo).await.expect(200).json();
    assert_eq!(done["gained"], 5, "{done:#}");
    for person in people.iter().take(5) {
        assert_eq!(acme.role_of(person).await, "editor");
    }
    acme.gateway.clock.advance(60);
    acme.scim()
        .delete(&format!("/Users/{}", ids[5]))
        .await
        .expect(204);
    assert_eq!(
        acme.get(&format!("/users/{}", people[5])).await["state"],
        "deleted"
    );
    let cause = last_cause(&acme).await;
    acme.post("/undo", json!({"request_id": cause}))
        .await
        .expect(200);
    let back = acme.get(&format!("/users/{}", people[5])).await;
    assert_eq!(
        (&back["state"], &back["role"]),
        (&json!("active"), &json!("editor"))
    );
    for wrong in [
        json!({}),
        json!({"request_id": "nothing"}),
        json!({"request_id": "a", "window": {"connection_id": acme.okta.id, "from": "2026-01-01T00:00:00Z"}}),
    ] {
        acme.post("/undo/preview", wrong).await.expect(422);
    }
}
