//! An import is undone: who has not come is not invited any more, and who has come stays, without what it
//! gave.

use serde_json::{Value, json};

use crate::connection_commands::Place;
use crate::credentials::live;
use crate::harness::{Acme, Browser, Invited, press};

const WHY_BY_HAND: &str = "a role was given by hand since";
const WHY_OVER: &str = "what the import gave is over already";

/// A committed import, and the invitations of it by the name of whom they are for.
struct Imported {
    acme: Acme,
    id: String,
}

impl Imported {
    async fn of(names: &[&str], role: &str) -> Self {
        let acme = Acme::start().await;
        let rows = names
            .iter()
            .map(|name| format!("{name}@acme.example,{role}\n"));
        let csv = format!("email,role\n{}", rows.collect::<String>());
        let made = acme.gateway.import(&acme.key, "acme", csv).await;
        let id = made.expect(201).id();
        Self { acme, id }
    }

    async fn invitation(&self, name: &str) -> Invited<'_> {
        let all = self.acme.get("/invitations?state=any&limit=200").await;
        let all = all["data"].as_array().unwrap().clone();
        let address = format!("{name}@acme.example");
        let it = all.iter().find(|it| it["email"] == address).unwrap();
        let id = it["id"].as_str().unwrap().parse().unwrap();
        Invited::at(&self.acme.gateway, self.acme.org, id)
    }

    /// Somebody accepts: the person's id.
    async fn comes(&self, name: &str) -> String {
        let path = self.invitation(name).await.mailed().await;
        let browser = Browser::new(&self.acme.gateway);
        press(&browser, &path, &[("action", "accept")]).await;
        self.acme.person(&format!("{name}@acme.example")).await
    }

    fn asked(&self) -> Value {
        json!({"import_id": self.id})
    }

    async fn plan(&self) -> Value {
        let plan = self.acme.post("/undo/preview", self.asked()).await;
        plan.expect(200).json()
    }

    async fn events(&self, kind: &str) -> usize {
        let events = self.acme.gateway.events(self.acme.org).await;
        events.iter().filter(|it| it["type"] == kind).count()
    }
}

fn count(plan: &Value, list: &str) -> usize {
    plan[list].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_not_invited_and_who_came_stays_without_the_grant() {
    let names = ["amy", "ben", "cat", "dan", "eve", "fay", "gus"];
    let it = Imported::of(&names, "editor").await;
    let acme = &it.acme;
    let amy = it.comes("amy").await;
    let ben = it.comes("ben").await;
    let cat = it.comes("cat").await;
    let gus = it.comes("gus").await;
    let by_hand = json!({"role": "admin"});
    let path = format!("/users/{ben}/role");
    acme.put(&path, by_hand).await.expect(200);
    let path = format!("/users/{cat}/suspend");
    acme.post(&path, json!({})).await.expect(200);
    let fay = it.invitation("fay").await;
    let path = format!("/invitations/{}/revoke", fay.id);
    acme.post(&path, json!({})).await.expect(200);
    // What the import gave this one ended by itself.
    let gone = acme.get(&format!("/users/{gus}/explain")).await;
    assert_eq!(gone["role"], "editor");
    acme.gateway.demote(acme.org, gus.parse().unwrap()).await;
    assert_eq!(acme.role_of(&gus).await, "viewer");
    acme.gateway.clock.advance(60);
    let before = acme.gateway.events(acme.org).await.len();

    let plan = it.plan().await;
    assert_eq!(
        (count(&plan, "revoked"), count(&plan, "ended")),
        (2, 2),
        "{plan:#}"
    );
    assert_eq!((&plan["lost"], &plan["gained"]), (&json!(1), &json!(0)));
    assert_eq!(plan["people"][0]["user_id"], json!(amy));
    let mut left = vec![
        json!({"user_id": ben, "why": WHY_BY_HAND}),
        json!({"user_id": gus, "why": WHY_OVER}),
    ];
    left.sort_by_key(|it| it["user_id"].to_string());
    assert_eq!(plan["left"], json!(left));
    assert_eq!(
        acme.gateway.events(acme.org).await.len(),
        before,
        "nothing is done"
    );
    assert_eq!(acme.role_of(&amy).await, "editor");

    // Somebody comes meanwhile: that is another plan.
    let eve = it.comes("eve").await;
    let mut asked = it.asked();
    asked["digest"] = plan["digest"].clone();
    let changed = acme.post("/undo", asked.clone()).await.expect(409).json();
    assert!(changed["type"].as_str().unwrap().ends_with("plan_changed"));
    let plan = it.plan().await;
    asked["digest"] = plan["digest"].clone();
    let done = acme.post("/undo", asked).await.expect(200).json();
    assert_eq!((count(&done, "revoked"), count(&done, "ended")), (1, 3));
    for (user, state, role) in [
        (&amy, "active", json!("viewer")),
        (&ben, "active", json!("admin")),
        (&cat, "suspended", Value::Null),
        (&eve, "active", json!("viewer")),
        (&gus, "active", json!("viewer")),
    ] {
        let shown = acme.get(&format!("/users/{user}")).await;
        assert_eq!((&shown["state"], &shown["role"]), (&json!(state), &role));
    }
    let path = format!("/users/{cat}/reactivate");
    acme.post(&path, json!({})).await.expect(200);
    assert_eq!(
        acme.role_of(&cat).await,
        "viewer",
        "nor when they are let in again"
    );
    let dan = it.invitation("dan").await;
    assert_eq!(dan.row().await.state.to_string(), "revoked");
    let open = acme.get(&format!("/imports/{}", it.id)).await["open"].clone();
    assert_eq!(open, 0);
    assert_eq!(
        it.events("invitation.revoked").await,
        2,
        "with the one by hand"
    );
    assert_eq!(it.events("grant.ended").await, 3);
    assert_eq!(it.events("undo.applied").await, 1);

    // Once more does nothing.
    let again = acme.post("/undo", it.asked()).await.expect(200).json();
    assert_eq!((count(&again, "revoked"), count(&again, "ended")), (0, 0));
    assert_eq!(it.events("undo.applied").await, 1);
    // What was undone by mistake is given back by hand.
    let user = acme.get(&format!("/users/{amy}/explain")).await;
    let grants = user["candidates"].as_array().unwrap().iter();
    let mut csv = grants.filter(|grant| grant["source"] == "csv");
    let grant = csv.next().unwrap()["grant_id"].as_str().unwrap().to_owned();
    let path = format!("/users/{amy}/grants/{grant}/restore");
    acme.post(&path, json!({})).await.expect(200);
    assert_eq!(acme.role_of(&amy).await, "editor");
    let plan = it.plan().await;
    let again = json!({"user_id": amy, "why": "what the import gave was given again since"});
    assert!(
        plan["left"].as_array().unwrap().contains(&again),
        "{plan:#}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_not_touched_without_the_plan() {
    let names: Vec<_> = (0..21).map(|number| format!("p{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let it = Imported::of(&names, "editor").await;
    let refused = it.acme.post("/undo", it.asked()).await.expect(409).json();
    assert!(refused["type"].as_str().unwrap().ends_with("plan_required"));
    assert_eq!(it.events("invitation.revoked").await, 0);
    let mut asked = it.asked();
    asked["digest"] = it.plan().await["digest"].clone();
    it.acme.post("/undo", asked).await.expect(200);
    assert_eq!(it.events("invitation.revoked").await, 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_undone_by_who_may_and_in_its_organization_alone() {
    let it = Imported::of(&["amy"], "editor").await;
    let gateway = &it.acme.gateway;
    let other = gateway.organization("other").await;
    let foreign = gateway.key(live(Some(other), "*")).await;
    let read = gateway
        .key(live(Some(it.acme.org), "safeguards:read imports:write"))
        .await;
    for (key, slug, status) in [
        (&read, "acme", 403),
        (&foreign, "acme", 404),
        (&foreign, "other", 404),
        (&it.acme.operator, "other", 404),
    ] {
        for step in ["undo", "undo/preview"] {
            let uri = format!("/api/v1/organizations/{slug}/{step}");
            let reply = gateway.call(key, "POST", &uri, Some(it.asked())).await;
            assert_eq!(
                reply.status.as_u16(),
                status,
                "{slug} {step}: {}",
                reply.text()
            );
        }
    }
    for wrong in [
        json!({"import_id": it.id, "request_id": "a"}),
        json!({"import_id": it.id, "window": {
            "connection_id": it.acme.okta.id, "from": "2026-01-01T00:00:00Z",
        }}),
    ] {
        it.acme.post("/undo/preview", wrong).await.expect(422);
    }
    assert_eq!(it.events("invitation.revoked").await, 0);
}

#[test]
fn an_import_is_undone_by_command() {
    let place = Place::new("undo-import");
    let csv = "email,role\nada@acme.example,editor\nbob@acme.example,viewer\n";
    std::fs::write(place.path("people.csv"), csv).unwrap();
    let (code, made, complaint) = place.usher(&["import", "people.csv", "--org", "acme"], "");
    assert_eq!(code, 0, "{complaint}");
    let id = made["id"].as_str().unwrap().to_owned();
    let undo = ["safeguard", "undo", "--org", "acme", "--import", &id];
    let (code, plan, complaint) = place.usher(&undo, "");
    assert_eq!((code, count(&plan, "revoked")), (4, 2), "{complaint}");
    let digest = plan["digest"].as_str().unwrap().to_owned();
    let with = |digest: &str| {
        let done = place.usher(&[&undo[..], &["--digest", digest]].concat(), "");
        (done.0, done.1)
    };
    assert_ne!(with("x").0, 0);
    let (code, done) = with(&digest);
    assert_eq!((code, count(&done, "revoked")), (0, 2));
    let (code, plan, _) = place.usher(&undo, "");
    assert_eq!(
        (code, count(&plan, "revoked")),
        (0, 0),
        "nothing is left to undo"
    );
    for wrong in [
        &["--request", "a"][..],
        &["--connection", &id, "--from", "2026-01-01T00:00:00Z"],
    ] {
        assert_eq!(place.usher(&[&undo[..], wrong].concat(), "").0, 2);
    }
    let unknown = "019ac5c2-0000-7000-8000-000000000000";
    let other = ["safeguard", "undo", "--org", "acme", "--import", unknown];
    let (code, said, complaint) = place.usher(&other, "");
    assert_eq!(
        (code, &said["error"]["code"]),
        (1, &json!("not_found")),
        "{complaint}"
    );
}
