//! `Idempotency-Key` on the admin API's POSTs: asking twice does nothing twice.

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::json;
use usher::id::{ApiKeyId, OrganizationId};
use usher::provisioning::Error;
use usher::provisioning::idempotency::{Known, Named, claim, forget};
use usher::secret;

use crate::credentials::live;
use crate::harness::{Reply, TestGateway};

const PATH: &str = "/api/v1/organizations/acme/invitations";

struct Acme {
    gateway: TestGateway,
    org: OrganizationId,
    key: String,
}

impl Acme {
    async fn start() -> Self {
        Self::at(TestGateway::start().await).await
    }

    async fn at(gateway: TestGateway) -> Self {
        let org = gateway.organization("acme").await;
        let key = gateway.key(live(Some(org), "*")).await;
        Self { gateway, org, key }
    }

    async fn post(&self, path: &str, key: &str, name: &str, email: &str) -> Reply {
        let body = json!({"email": email, "role": "viewer"}).to_string();
        let request = Request::post(path)
            .header("authorization", format!("Bearer {key}"))
            .header("idempotency-key", name)
            .header("content-type", "application/json");
        self.gateway
            .send(request.body(Body::from(body)).unwrap())
            .await
    }

    async fn invite(&self, name: &str, email: &str) -> Reply {
        self.post(PATH, &self.key, name, email).await
    }

    async fn count(&self) -> usize {
        let listed = self.gateway.get(PATH, &self.key).await.expect(200).json();
        listed["data"].as_array().unwrap().len()
    }
}

fn same(first: &Reply, second: &Reply) {
    assert_eq!(first.status, second.status);
    assert_eq!(first.body, second.body);
    for name in ["content-type", "cache-control"] {
        assert_eq!(first.header(name), second.header(name));
    }
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.header("idempotency-replayed"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_has_the_same_answer_for_a_day() {
    let acme = Acme::start().await;
    let first = acme.invite("a", "ada@example.com").await.expect(201);
    assert!(first.json()["accept_url"].is_string());
    same(&first, &acme.invite("a", "ada@example.com").await);
    let refused = acme.invite("b", "ada@example.com").await.expect(409);
    assert_eq!(refused.json()["status"], 409);
    same(&refused, &acme.invite("b", "ada@example.com").await);
    let other = acme.invite("a", "bob@example.com").await.expect(422);
    assert!(other.text().contains("/problems/idempotency_mismatch"));
    let elsewhere = format!("{PATH}?x=y");
    let other = acme
        .post(&elsewhere, &acme.key, "a", "ada@example.com")
        .await;
    assert!(other.expect(422).text().contains("idempotency_mismatch"));
    // The name is the key's own.
    let operator = acme.gateway.key(live(None, "*")).await;
    let theirs = acme.post(PATH, &operator, "a", "eve@example.com").await;
    theirs.expect(201);
    assert_eq!(acme.count().await, 2);
    acme.gateway.clock.advance(24 * 3_600);
    acme.invite("a", "bob@example.com").await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_are_one() {
    let acme = Acme::start().await;
    let all = (0..20).map(|_| acme.invite("one", "ada@example.com"));
    let replies = join_all(all).await;
    let made: Vec<_> = replies.iter().filter(|it| it.status == 201).collect();
    assert!(!made.is_empty());
    let fresh = made
        .iter()
        .filter(|it| it.header("idempotency-replayed").is_none());
    assert_eq!(fresh.count(), 1);
    for reply in replies.iter().filter(|it| it.status != 201) {
        assert_eq!(reply.status.as_u16(), 409);
        assert!(
            reply.text().contains("idempotency_in_flight"),
            "{}",
            reply.text()
        );
    }
    assert_eq!(acme.count().await, 1);
    let created = acme.gateway.events(acme.org).await;
    let created = created
        .iter()
        .filter(|it| it["type"] == "invitation.created");
    assert_eq!(created.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_come_out_differently_is_asked_anew() {
    let acme = Acme::start().await;
    let low = acme.gateway.key(live(Some(acme.org), "users:read")).await;
    acme.post(PATH, &low, "a", "ada@example.com")
        .await
        .expect(403);
    let again = acme
        .post(PATH, &low, "a", "ada@example.com")
        .await
        .expect(403);
    assert_eq!(again.header("idempotency-replayed"), None);
    for key in ["sk_garbage", "scim_x"] {
        acme.post(PATH, key, "a", "ada@example.com")
            .await
            .expect(401);
    }
    for name in ["", "caf\u{e9}", &"x".repeat(256), "a\tb"] {
        let reply = acme.invite(name, "ada@example.com").await.expect(400);
        assert!(reply.text().contains("Idempotency-Key"), "{}", reply.text());
    }
    assert_eq!(acme.count().await, 0);
    acme.invite(&"x".repeat(255), "ada@example.com")
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_was_cut_off_stays_claimed_and_answers_are_sealed() {
    let acme = Acme::start().await;
    let gateway = &acme.gateway.gateway;
    let (store, ids, keys) = (&gateway.store, &gateway.ids, &gateway.links.secrets);
    let named = Named {
        presented: secret::hash(&acme.key),
        name: "cut off".to_owned(),
        digest: [7; 32],
    };
    let key: ApiKeyId = match claim(store, ids, keys, &named).await.unwrap() {
        Known::New(key) => key,
        known => panic!("{known:?}"),
    };
    assert_eq!(claim(store, ids, keys, &named).await.unwrap(), Known::Asked);
    acme.invite("cut off", "ada@example.com").await.expect(422);
    let first = acme
        .invite("kept", "ada@example.com")
        .await
        .expect(201)
        .json();
    let read = store
        .read(move |tx| async move { Ok::<_, Error>(tx.idempotency(key, "kept").await?) }.boxed());
    let sealed = read.await.unwrap().unwrap().sealed.unwrap();
    let url = first["accept_url"].as_str().unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains(url));
    assert_eq!(forget(store, ids).await.unwrap(), 0);
    acme.gateway.clock.advance(24 * 3_600);
    assert_eq!(forget(store, ids).await.unwrap(), 2);
}

/// On PostgreSQL alone: SQLite's commit is a call that comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_nobody_heard_of_is_not_done_again() {
    let Some((gateway, severed)) = TestGateway::severed("INSERT INTO \"invitations\"").await else {
        return;
    };
    let acme = Acme::at(gateway).await;
    let lost = acme.invite("lost", "ada@example.com").await.expect(500);
    assert_eq!(severed.times(), 1);
    assert!(lost.text().contains("outcome_unknown"), "{}", lost.text());
    for _ in 0..2 {
        let again = acme.invite("lost", "ada@example.com").await.expect(409);
        assert!(
            again.text().contains("idempotency_in_flight"),
            "{}",
            again.text()
        );
    }
    assert_eq!(acme.count().await, 1, "it was done, and once");
    acme.invite("other", "bob@example.com").await.expect(201);
}
