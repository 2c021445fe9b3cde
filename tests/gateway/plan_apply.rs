//! Changes of the rules: shown first, applied as shown.

use serde_json::{Value, json};

use crate::harness::Acme;

/// As many people as may not get other roles without a look at the plan.
const MANY: usize = 21;

async fn crowd(acme: &Acme) -> Vec<String> {
    let ids = acme.gateway.crowd(&acme.okta, MANY).await;
    let members: Vec<_> = ids.iter().map(String::as_str).collect();
    acme.scim().group("SEO_Editors", &members).await;
    ids
}

fn counts(plan: &Value) -> [u64; 3] {
    ["gained", "lost", "changed"].map(|it| plan[it].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_peoples_roles_change_as_the_plan_showed_or_not_at_all() {
    let acme = Acme::start().await;
    let ids = crowd(&acme).await;
    let add = json!({"add": {
        "connection_id": acme.okta.id, "match_text": "seo_editors", "role": "admin",
    }});
    let events = acme.gateway.events(acme.org).await.len();
    let asked = json!({"changes": [add]});
    let plan = acme
        .post("/mappings/preview", asked.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(counts(&plan), [MANY as u64, 0, 0]);
    assert_eq!(plan["become_admin"].as_array().unwrap().len(), MANY);
    assert_eq!(
        plan["people"][0]["from"],
        json!({"role": "viewer", "projects": {}})
    );
    assert_eq!(
        plan["people"][0]["to"],
        json!({"role": "admin", "projects": {}})
    );
    assert_eq!(
        acme.get("/mappings").await["data"],
        json!([]),
        "nothing is done"
    );
    assert_eq!(acme.gateway.events(acme.org).await.len(), events);

    let required = acme
        .post("/mappings/apply", asked.clone())
        .await
        .expect(409)
        .json();
    assert!(
        required["type"]
            .as_str()
            .unwrap()
            .ends_with("/plan_required"),
        "{required}"
    );
    assert_eq!(required["plan"], plan);
    let direct = json!({"connection_id": acme.okta.id, "group": "SEO_Editors", "role": "admin"});
    acme.post("/mappings", direct).await.expect(409);

    // Somebody leaves between the look and the deed.
    acme.scim()
        .delete(&format!("/Users/{}", ids[0]))
        .await
        .expect(204);
    let mut applied = asked.clone();
    applied["digest"] = plan["digest"].clone();
    let changed = acme
        .post("/mappings/apply", applied.clone())
        .await
        .expect(409)
        .json();
    assert!(
        changed["type"].as_str().unwrap().ends_with("/plan_changed"),
        "{changed}"
    );
    assert_eq!(
        acme.get("/mappings").await["data"],
        json!([]),
        "nothing is done"
    );
    applied["digest"] = changed["plan"]["digest"].clone();
    let done = acme
        .post("/mappings/apply", applied.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(done, changed["plan"]);
    for person in done["people"].as_array().unwrap() {
        let user = acme
            .get(&format!("/users/{}", person["user_id"].as_str().unwrap()))
            .await;
        assert_eq!(user["role"], "admin");
    }
    let events = acme.gateway.events(acme.org).await;
    let told = events
        .iter()
        .find(|it| it["type"] == "mapping.applied")
        .unwrap();
    assert_eq!(told["data"]["gained"], 20);
    acme.post("/mappings/apply", applied).await.expect(422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_changed_in_place_and_together() {
    let acme = Acme::start().await;
    acme.gateway.project(acme.org, "site").await;
    let (scim_id, ada) = acme.pushed("ada@acme.example").await;
    acme.scim().group("SEO_Editors", &[&scim_id]).await;
    let rule = acme.rule("SEO_Editors", "editor").await;
    assert_eq!(acme.role_of(&ada).await, "editor");
    let path = format!("/mappings/{rule}");
    let patch = async |body: Value| acme.ask("PATCH", &path, Some(body)).await;
    let scoped = patch(json!({"projects": ["site"]}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&scoped["projects"], &scoped["role"]),
        (&json!(["site"]), &json!("editor"))
    );
    let user = acme.get(&format!("/users/{ada}")).await;
    assert_eq!(user["role"], Value::Null);
    assert_eq!(
        user["projects"],
        json!([{"slug": "site", "role": "editor"}])
    );
    patch(json!({"enabled": false})).await.expect(200);
    assert_eq!(acme.role_of(&ada).await, "viewer");
    patch(json!({"enabled": true, "projects": []}))
        .await
        .expect(200);
    assert_eq!(acme.role_of(&ada).await, "editor");
    patch(json!({"role": "owner"})).await.expect(422);
    patch(json!({"rôle": "viewer"})).await.expect(400);
    let events = acme.gateway.events(acme.org).await.len();
    patch(json!({"role": "editor"})).await.expect(200);
    let quiet = acme.gateway.events(acme.org).await;
    assert_eq!(quiet.len(), events, "it says so already");

    let together = json!({"changes": [
        {"remove": {"id": rule}},
        {"add": {"connection_id": acme.okta.id, "group": "SEO_Editors", "role": "admin"}},
        {"default_role": {"role": "editor"}},
    ]});
    let plan = acme
        .post("/mappings/preview", together.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(counts(&plan), [1, 0, 0]);
    acme.post("/mappings/apply", together).await.expect(200);
    assert_eq!(acme.role_of(&ada).await, "admin");
    let (_, bob) = acme.pushed("bob@acme.example").await;
    assert_eq!(acme.role_of(&bob).await, "editor");
    let lower = acme
        .put("/default-role", json!({"role": "viewer"}))
        .await
        .expect(200);
    assert_eq!(counts(&lower.json()), [0, 1, 0]);
    assert_eq!(acme.role_of(&bob).await, "viewer");
    acme.put("/default-role", json!({"role": "owner"}))
        .await
        .expect(422);
    acme.ask("DELETE", &path, None).await.expect(404);
}
