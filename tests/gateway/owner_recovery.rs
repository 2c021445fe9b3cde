//! Another owner in place of one who cannot act: an admin asks for it, and the operator confirms it.

use serde_json::{Value, json};
use usher::id::UserId;
use usher::store::rows::UserRow;

use crate::credentials::live;
use crate::harness::{Acme, Reply};
use crate::ownership::{member, slug};

const ADA: &str = "ada@acme.example";
const BOB: &str = "bob@acme.example";
const EVE: &str = "eve@acme.example";
const TRANSFERS: &str = "/ownership-transfers";
const WEEK: i64 = 7 * 24 * 3600;

/// Acme whose owner Ada was shut out, with Bob, an admin, and a key of it.
async fn lost() -> (Acme, UserId, UserId, String) {
    let acme = Acme::start().await;
    let (ada, _) = member(&acme, ADA, "admin").await;
    let out = |row: &mut UserRow| {
        row.owner = true;
        row.suspended_by_admin_at = Some(row.created_at);
    };
    acme.gateway.alter_person(acme.org, ada, out).await;
    let (bob, _) = member(&acme, BOB, "admin").await;
    let own = acme
        .gateway
        .key(live(Some(acme.org), "ownership:write ownership:read"));
    let own = own.await;
    (acme, ada, bob, own)
}

async fn ask(acme: &Acme, own: &str, to: UserId) -> Reply {
    acme.gateway.clock.advance(1);
    let body = json!({"to": to, "reason": "Ada left"});
    acme.ask_as(own, "POST", TRANSFERS, Some(body)).await
}

async fn decide(acme: &Acme, key: &str, id: &Value, what: &str) -> Reply {
    let path = format!("{TRANSFERS}/{}/{what}", id.as_str().unwrap());
    acme.ask_as(key, "POST", &path, None).await
}

async fn owner(acme: &Acme) -> Vec<Value> {
    let all = acme.get("/users?limit=200").await;
    let all = all["data"].as_array().unwrap().clone();
    let owns = all.into_iter().filter(|it| it["owner"] == true);
    owns.map(|it| it["email"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_asks_and_the_operator_confirms() {
    let (acme, ada, bob, own) = lost().await;
    let asked = ask(&acme, &own, bob).await.expect(201).json();
    assert_eq!(
        (&asked["state"], &asked["owner_id"], &asked["reason"]),
        (&json!("awaiting_operator"), &json!(ada), &json!("Ada left"))
    );
    assert!(acme.gateway.questions(ADA).await.is_empty());
    assert!(acme.gateway.questions(BOB).await.is_empty());
    decide(&acme, &own, &asked["id"], "confirm")
        .await
        .expect(403);
    assert_eq!(owner(&acme).await, [ADA]);
    let again = ask(&acme, &own, bob).await.expect(409);
    assert_eq!(slug(&again), "transfer_open");
    let confirmed = decide(&acme, &acme.operator, &asked["id"], "confirm").await;
    assert_eq!(confirmed.expect(200).json()["state"], "forced");
    assert_eq!(owner(&acme).await, [BOB]);
    let count = acme.gateway.events(acme.org).await.len();
    decide(&acme, &acme.operator, &asked["id"], "confirm")
        .await
        .expect(200);
    assert_eq!(acme.gateway.events(acme.org).await.len(), count);
    let gone = decide(&acme, &own, &asked["id"], "cancel")
        .await
        .expect(409);
    assert_eq!(slug(&gone), "decided");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_confirmed_in_time_or_while_the_owner_is_out_is_nothing() {
    let (acme, ada, bob, own) = lost().await;
    // Not by the operator, who has --force, and not for somebody who is no admin.
    let body = json!({"to": bob});
    let refused = acme
        .ask_as(&acme.operator, "POST", TRANSFERS, Some(body))
        .await;
    assert_eq!(slug(&refused.expect(409)), "not_transferable");
    let (eve, _) = member(&acme, EVE, "viewer").await;
    ask(&acme, &own, eve).await.expect(409);
    let asked = ask(&acme, &own, bob).await.expect(201).json();
    acme.gateway.clock.advance(WEEK);
    let late = decide(&acme, &acme.operator, &asked["id"], "confirm").await;
    assert_eq!(slug(&late.expect(409)), "decided");
    // She can act again: she is asked herself.
    let asked = ask(&acme, &own, bob).await.expect(201).json();
    let back = |row: &mut UserRow| row.suspended_by_admin_at = None;
    acme.gateway.alter_person(acme.org, ada, back).await;
    let refused = decide(&acme, &acme.operator, &asked["id"], "confirm").await;
    assert_eq!(slug(&refused.expect(409)), "not_transferable");
    assert_eq!(owner(&acme).await, [ADA]);
    let cancelled = decide(&acme, &own, &asked["id"], "cancel")
        .await
        .expect(200);
    assert_eq!(cancelled.json()["state"], "cancelled");
    let asked = ask(&acme, &own, bob).await.expect(201).json();
    assert_eq!(asked["state"], "awaiting_owner");
    let others = decide(&acme, &acme.operator, &asked["id"], "confirm").await;
    assert_eq!(slug(&others.expect(409)), "not_transferable");
    let nobody = json!("0192f1b0-5b1e-7c3a-9f00-0123456789ab");
    decide(&acme, &acme.operator, &nobody, "confirm")
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_is_not_asked_all_day_long() {
    let (acme, _, bob, own) = lost().await;
    for _ in 0..3 {
        let asked = ask(&acme, &own, bob).await.expect(201).json();
        decide(&acme, &own, &asked["id"], "cancel")
            .await
            .expect(200);
    }
    let fourth = ask(&acme, &own, bob).await.expect(409);
    assert_eq!(slug(&fourth), "not_transferable");
    acme.gateway.clock.advance(WEEK / 7);
    ask(&acme, &own, bob).await.expect(201);
}
