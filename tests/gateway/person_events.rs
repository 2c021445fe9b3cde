//! What events say of people: what became of them, and what holds since; and how they are asked for by type.

use serde_json::{Value, json};
use usher::provisioning::admission;

use crate::credentials::live;
use crate::harness::user;
use crate::refresh::okta;

const EVENTS: &str = "/api/v1/organizations/acme/events";

fn active(is: bool) -> Value {
    json!([{"op": "replace", "path": "active", "value": is}])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_named_by_what_became_of_the_person() {
    let (gateway, okta) = okta().await;
    let org = okta.org;
    let scim = gateway.scim(&okta);
    let ada = scim.post("/Users", user("ada@acme.example")).await;
    let path = format!("/Users/{}", ada.expect(201).json()["id"].as_str().unwrap());
    let last = async || gateway.events(org).await.pop().unwrap();
    let holds = |event: &Value| {
        let data = &event["data"];
        (
            event["type"].as_str().unwrap().to_owned(),
            data["state"].as_str().unwrap().to_owned(),
            data["suspended_by"].to_string(),
            data["role"].clone(),
        )
    };
    let is = |kind: &str, state: &str, by: &str, role: Value| {
        (kind.to_owned(), state.to_owned(), by.to_owned(), role)
    };
    let created = last().await;
    assert_eq!(
        holds(&created),
        is("user.created", "active", "[]", json!("viewer"))
    );
    assert_eq!(created["data"]["email"], "ada@acme.example");
    assert_eq!(
        (&created["data"]["owner"], &created["data"]["projects"]),
        (&json!(false), &json!([]))
    );

    scim.patch(&path, active(false)).await.expect(200);
    let suspended = is(
        "user.suspended",
        "suspended",
        r#"["directory"]"#,
        Value::Null,
    );
    assert_eq!(holds(&last().await), suspended);
    scim.patch(&path, active(true)).await.expect(200);
    assert_eq!(
        holds(&last().await),
        is("user.reactivated", "active", "[]", json!("viewer"))
    );

    // Who is shut out by an admin is not let in by the directory, nor shut out once more.
    let store = &gateway.gateway.store;
    let person = "ada@acme.example";
    admission::suspend(store, org, gateway.command(), person)
        .await
        .unwrap();
    let by_admin = is("user.suspended", "suspended", r#"["admin"]"#, Value::Null);
    assert_eq!(holds(&last().await), by_admin);
    scim.patch(&path, active(false)).await.expect(200);
    let both = is(
        "user.updated",
        "suspended",
        r#"["directory","admin"]"#,
        Value::Null,
    );
    assert_eq!(holds(&last().await), both);
    scim.patch(&path, active(true)).await.expect(200);
    let still = is("user.updated", "suspended", r#"["admin"]"#, Value::Null);
    assert_eq!(holds(&last().await), still);
    admission::reactivate(store, org, gateway.command(), person)
        .await
        .unwrap();
    assert_eq!(
        holds(&last().await),
        is("user.reactivated", "active", "[]", json!("viewer"))
    );

    scim.delete(&path).await.expect(204);
    let deleted = last().await;
    assert_eq!(
        (&deleted["type"], &deleted["data"]["state"]),
        (&json!("user.deleted"), &json!("deleted"))
    );
    assert!(deleted["data"]["scim_id"].is_string());
    let changes = deleted["data"]["changes"].as_array().unwrap();
    let state = json!({"attribute": "state", "old": "active", "new": "deleted"});
    assert!(changes.contains(&state), "{changes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deletion_of_an_owners_resource_suspends_them() {
    let (gateway, okta) = okta().await;
    let org = okta.org;
    let scim = gateway.scim(&okta);
    let ada = scim.post("/Users", user("ada@acme.example")).await;
    let path = format!("/Users/{}", ada.expect(201).json()["id"].as_str().unwrap());
    let person = gateway.person(org, "ada@acme.example").await.unwrap();
    gateway
        .alter_person(org, person.id, |row| row.owner = true)
        .await;
    scim.delete(&path).await.expect(204);
    let events = gateway.events(org).await;
    let told: Vec<_> = events
        .iter()
        .filter(|it| it["data"]["scim_id"].is_string())
        .collect();
    let last = told.last().unwrap();
    assert_eq!(last["type"], "user.suspended");
    assert_eq!(
        (&last["data"]["state"], &last["data"]["owner"]),
        (&json!("suspended"), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_leave_the_others_out_and_the_place_goes_past_them() {
    let (gateway, okta) = okta().await;
    let org = okta.org;
    let scim = gateway.scim(&okta);
    for number in 0..3 {
        let made = scim
            .post("/Users", user(&format!("p{number}@acme.example")))
            .await;
        let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        scim.patch(&format!("/Users/{id}"), active(false))
            .await
            .expect(200);
    }
    let key = gateway.key(live(Some(org), "*")).await;
    let ask = async |query: &str| {
        let reply = gateway.get(&format!("{EVENTS}?{query}"), &key).await;
        reply.expect(200).json()
    };
    let all = gateway.events(org).await;
    let some = ask("types=user.suspended").await;
    assert_eq!(some["data"].as_array().unwrap().len(), 3);
    assert_eq!(some["next"], json!(all.len()));
    let actor = some["data"][0]["actor"].as_str().unwrap();
    assert!(actor.starts_with("scim:"), "{actor}");
    let first = ask("types=user.suspended,user.created&limit=1").await;
    assert_eq!(first["data"][0]["type"], "user.created");
    assert_eq!(first["next"], first["data"][0]["seq"]);
    let none = ask("types=user.deleted").await;
    assert_eq!(
        (&none["data"], &none["next"]),
        (&json!([]), &json!(all.len()))
    );
    let after = format!("types=user.deleted&after={}", all.len() + 5);
    assert_eq!(ask(&after).await["next"], json!(all.len() + 5));
    for wrong in [
        "types=user.gone",
        "types=",
        "types=user.created,,user.deleted",
    ] {
        gateway
            .get(&format!("{EVENTS}?{wrong}"), &key)
            .await
            .expect(400);
    }
}
