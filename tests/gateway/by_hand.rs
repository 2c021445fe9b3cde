//! What admins give and take by hand, and how it stands beside the directory.

use jiff::SignedDuration;
use serde_json::{Value, json};
use usher::provisioning::sweep;

use crate::harness::Acme;

fn verdicts(explanation: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let candidates = explanation["candidates"].as_array().unwrap().iter();
    candidates
        .filter(|it| !it["grant_id"].is_null())
        .map(|it| (text(&it["source"]), text(&it["role"]), text(&it["verdict"])))
        .collect()
}

fn as_texts(of: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    let one = |(a, b, c): &(&str, &str, &str)| ((*a).into(), (*b).into(), (*c).into());
    of.iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_by_hand_counts_until_a_group_decides() {
    let acme = Acme::start().await;
    let (scim_id, ada) = acme.pushed("ada@acme.example").await;
    let role = format!("/users/{ada}/role");
    let given = acme.put(&role, json!({"role": "editor"})).await.expect(200);
    assert_eq!(given.json()["role"], "editor");
    let version = given.json()["roles_version"].clone();
    let again = acme.put(&role, json!({"role": "editor"})).await.expect(200);
    assert_eq!(again.json()["roles_version"], version, "nothing changed");
    for (wrong, status, problem) in [
        (json!({"role": "owner"}), 422, "owner_not_grantable"),
        (json!({"role": "nobody"}), 422, "unknown_role"),
        (
            json!({"role": "editor", "projects": ["x"]}),
            422,
            "unknown_project",
        ),
        (json!({"projects": []}), 400, "malformed_body"),
        (json!({"role": 1}), 400, "malformed_body"),
    ] {
        let reply = acme.put(&role, wrong).await.expect(status);
        assert!(reply.text().contains(problem), "{}", reply.text());
    }
    acme.rule("SEO_Editors", "admin").await;
    let group = acme.scim().group("SEO_Editors", &[&scim_id]).await;
    let told = acme.get(&format!("/users/{ada}/explain")).await;
    assert_eq!(told["role"], "admin");
    let ended = [
        ("directory_group", "admin", "won"),
        ("manual", "editor", "retired"),
    ];
    assert_eq!(verdicts(&told), as_texts(&ended));
    let refused = acme.put(&role, json!({"role": "viewer"})).await.expect(409);
    let text = refused.text();
    assert!(
        ["role_managed_by_directory", "SEO_Editors", "Okta", "rule 1"]
            .iter()
            .all(|it| text.contains(it)),
        "{text}"
    );
    // Who leaves the group does not fall back to what everybody forgot; it is restored by a word.
    acme.scim()
        .delete(&format!("/Groups/{group}"))
        .await
        .expect(204);
    assert_eq!(acme.role_of(&ada).await, "viewer");
    let told = acme.get(&format!("/users/{ada}/explain")).await;
    let candidates = told["candidates"].as_array().unwrap().iter();
    let old: Vec<_> = candidates.filter(|it| it["restorable"] == true).collect();
    assert_eq!(old.len(), 1);
    let why = old[0]["told"].as_str().unwrap();
    assert!(
        why.contains("a group of the directory decided for the first time"),
        "{why}"
    );
    let restore = format!(
        "/users/{ada}/grants/{}/restore",
        old[0]["grant_id"].as_str().unwrap()
    );
    let back = acme.post(&restore, json!({})).await.expect(200);
    assert_eq!(back.json()["role"], "editor");
    let taken = acme.put(&role, json!({"role": null})).await.expect(200);
    assert_eq!(taken.json()["role"], "viewer");
    let other = restore.replace(old[0]["grant_id"].as_str().unwrap(), &ada);
    acme.post(&other, json!({})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_above_the_ceiling_ends_nothing_by_hand() {
    let acme = Acme::start().await;
    let (scim_id, ada) = acme.pushed("ada@acme.example").await;
    acme.put(&format!("/users/{ada}/role"), json!({"role": "editor"}))
        .await
        .expect(200);
    acme.rule("Bosses", "admin").await;
    let lower = |row: &mut usher::store::rows::ConnectionRow, id| row.max_role_id = id;
    let editor = acme.gateway.role(acme.org, "editor").await;
    acme.gateway
        .alter(&acme.okta, move |row| lower(row, editor))
        .await;
    acme.scim().group("Bosses", &[&scim_id]).await;
    let told = acme.get(&format!("/users/{ada}/explain")).await;
    assert_eq!(told["role"], "editor");
    let both = [
        ("manual", "editor", "won"),
        ("directory_group", "admin", "above_ceiling"),
    ];
    assert_eq!(verdicts(&told), as_texts(&both));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_override_wins_for_a_while_and_ends_by_itself() {
    let acme = Acme::start().await;
    let (scim_id, ada) = acme.pushed("ada@acme.example").await;
    acme.rule("SEO_Editors", "editor").await;
    acme.scim().group("SEO_Editors", &[&scim_id]).await;
    let path = format!("/users/{ada}/override");
    let wanted = json!({"role": "admin", "reason": "covers for Bob"});
    let refused = acme.post(&path, wanted.clone()).await.expect(403);
    assert!(refused.text().contains("only the owner and the operator"));
    let by_operator =
        async |body: Value| acme.ask_as(&acme.operator, "POST", &path, Some(body)).await;
    let late = acme.gateway.clock.now() + SignedDuration::from_hours(31 * 24);
    for wrong in [
        json!({"role": "admin", "reason": " "}),
        json!({"role": "admin", "reason": "x", "ends_at": late}),
        json!({"role": "admin", "reason": "x", "ends_at": acme.gateway.clock.now()}),
        json!({"role": "owner", "reason": "x"}),
    ] {
        by_operator(wrong).await.expect(422);
    }
    let given = by_operator(wanted).await.expect(200);
    assert_eq!(given.json()["role"], "admin");
    let told = acme.get(&format!("/users/{ada}/explain")).await;
    let wins = [
        ("directory_group", "editor", "lower_layer"),
        ("override", "admin", "won"),
    ];
    assert_eq!(verdicts(&told), as_texts(&wins));
    assert_eq!(told["candidates"][1]["reason"], "covers for Bob");
    let in_force = acme.gateway.clock.now();
    acme.gateway.clock.advance(7 * 24 * 3600);
    let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    assert_eq!(sweep::end_grants(store, ids).await.unwrap(), 1);
    assert_eq!(sweep::end_grants(store, ids).await.unwrap(), 0);
    assert_eq!(acme.role_of(&ada).await, "editor");
    // What held then is told as it held then.
    let then = acme
        .get(&format!("/users/{ada}/explain?at={in_force}"))
        .await;
    assert_eq!(
        (&then["role"], &then["inputs"]["at"]),
        (&json!("admin"), &json!(in_force))
    );
    assert_eq!(verdicts(&then), as_texts(&wins));
    let end = acme.ask_as(&acme.operator, "DELETE", &path, None).await;
    assert_eq!(end.expect(200).json()["role"], "editor");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_is_explained_by_the_rules_of_its_time() {
    let acme = Acme::start().await;
    let now = || acme.gateway.clock.now();
    let pass = || acme.gateway.clock.advance(3600);
    acme.rule("Others", "viewer").await;
    let (scim_id, ada) = acme.pushed("ada@acme.example").await;
    let mut moments = vec![(now(), json!("viewer"), "active")];
    pass();
    let rule = acme.rule("SEO_Editors", "editor").await;
    acme.scim().group("SEO_Editors", &[&scim_id]).await;
    moments.push((now(), json!("editor"), "active"));
    pass();
    let other = json!({"role": "admin"});
    acme.ask("PATCH", &format!("/mappings/{rule}"), Some(other))
        .await
        .expect(200);
    moments.push((now(), json!("admin"), "active"));
    pass();
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    acme.scim()
        .patch(&format!("/Users/{scim_id}"), off)
        .await
        .expect(200);
    moments.push((now(), Value::Null, "suspended"));
    pass();
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    acme.scim()
        .patch(&format!("/Users/{scim_id}"), on)
        .await
        .expect(200);
    acme.ask("DELETE", &format!("/mappings/{rule}"), None)
        .await
        .expect(200);
    moments.push((now(), json!("viewer"), "active"));
    pass();
    for (at, role, state) in &moments {
        let told = acme.get(&format!("/users/{ada}/explain?at={at}")).await;
        assert_eq!(
            (&told["role"], &told["state"]),
            (role, &json!(state)),
            "{at}: {told:#}"
        );
    }
    assert_eq!(acme.role_of(&ada).await, "viewer");
    let revisions: Vec<_> = {
        let mut revisions = Vec::new();
        for (at, ..) in &moments {
            let told = acme.get(&format!("/users/{ada}/explain?at={at}")).await;
            revisions.push(told["inputs"]["policy_rev"].as_i64().unwrap());
        }
        revisions
    };
    assert!(
        revisions.is_sorted() && revisions[0] < revisions[1],
        "{revisions:?}"
    );
    let before = moments[0].0 - SignedDuration::from_secs(1);
    for at in [before, now() + SignedDuration::from_secs(1)] {
        let path = format!("/users/{ada}/explain?at={at}");
        acme.ask("GET", &path, None).await.expect(422);
    }
    acme.ask("GET", &format!("/users/{ada}/explain?at=noon"), None)
        .await
        .expect(400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_suspended_and_let_in_by_the_api() {
    let acme = Acme::start().await;
    let (_, ada) = acme.pushed("ada@acme.example").await;
    for _ in 0..2 {
        let out = acme
            .post(&format!("/users/{ada}/suspend"), json!({}))
            .await
            .expect(200);
        assert_eq!(
            (&out.json()["state"], &out.json()["suspended_by"]),
            (&json!("suspended"), &json!(["admin"]))
        );
    }
    let stored = acme
        .put(&format!("/users/{ada}/role"), json!({"role": "editor"}))
        .await;
    assert_eq!(
        stored.expect(200).json()["role"],
        Value::Null,
        "stored, of no effect"
    );
    let back = acme
        .post(&format!("/users/{ada}/reactivate"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&back.json()["state"], &back.json()["role"]),
        (&json!("active"), &json!("editor"))
    );
    acme.post("/users/nobody/suspend", json!({}))
        .await
        .expect(404);
}
