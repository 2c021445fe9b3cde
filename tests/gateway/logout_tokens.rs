//! Back-channel logout: whatever ends a session, the apps that it led to are told, by a token that
//! is made when it is sent.

use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use usher::config::Outbound;
use usher::directory::delivery::{Delivery, Load};
use usher::mail::mailbox;
use usher::outbound::Client;
use usher::provisioning::outbox::Letterhead;
use usher::provisioning::settings::connection_state;
use usher::provisioning::{admission, sweep};
use usher::store::rows::OutboxRow;
use usher::store::types::Time;
use usher::worker::mail::Route;
use usher::worker::{Office, Worker};

use crate::harness::{Browser, TestGateway, claims, form};
use crate::refresh::{okta, text};

/// Where an app hears of the end of sessions: it answers each call with the next of these.
struct Ear {
    url: String,
    heard: mpsc::UnboundedReceiver<(String, String)>,
}

impl Ear {
    async fn open(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (said, heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                let (head, body) = loop {
                    stream.read_buf(&mut request).await.unwrap();
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else {
                        continue;
                    };
                    let lower = head.to_lowercase();
                    let (_, length) = lower.split_once("content-length: ").unwrap();
                    let length = length.split("\r\n").next().unwrap();
                    if body.len() == length.parse::<usize>().unwrap() {
                        break (head.to_owned(), body.to_owned());
                    }
                };
                said.send((head, body)).unwrap();
                let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let url = format!("http://127.0.0.1:{port}/logout?tenant=a");
        Self { url, heard }
    }

    /// The logout token of the next call.
    async fn token(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(20), self.heard.recv());
        let (head, body) = next.await.unwrap().unwrap();
        assert!(
            head.starts_with("POST /logout?tenant=a HTTP/1.1\r\n"),
            "{head}"
        );
        let media = "content-type: application/x-www-form-urlencoded";
        assert!(head.to_lowercase().contains(media), "{head}");
        body.strip_prefix("logout_token=").unwrap().to_owned()
    }

    fn is_quiet(&mut self) -> bool {
        self.heard.try_recv().is_err()
    }
}

fn office(gateway: &TestGateway, outbound: &Outbound) -> Office {
    let gateway = &gateway.gateway;
    let from = mailbox(Some("Usher"), "no-reply@usher.example").unwrap();
    Office::new(
        gateway.store.clone(),
        gateway.ids.clone(),
        Letterhead::new(from, (*gateway.links).clone()),
        Route::Folder(std::env::temp_dir().join("usher-no-mail")),
        NonZeroU32::new(10_000).unwrap(),
        (Client::new(outbound).unwrap(), gateway.keys.clone()),
    )
}

/// The settings of an operator who lets apps be on this machine.
fn loopback() -> Outbound {
    Outbound {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        ..Outbound::default()
    }
}

async fn work(gateway: &TestGateway) -> usize {
    office(gateway, &loopback()).drain().await.unwrap()
}

/// What apps are owed now.
async fn owed(gateway: &TestGateway) -> Vec<OutboxRow> {
    let now = Time(gateway.gateway.ids.clock().now());
    let due = gateway
        .gateway
        .store
        .read(move |tx| async move { tx.due_deliveries(Load::Logouts, now, 1_000).await }.boxed());
    due.await.unwrap()
}

async fn delivery(gateway: &TestGateway, row: &OutboxRow) -> OutboxRow {
    let (org, id) = (row.org_id, row.id);
    let read = gateway
        .gateway
        .store
        .read(move |tx| async move { tx.delivery(org, id).await }.boxed());
    read.await.unwrap().unwrap()
}

/// The claims of a good logout token.
async fn good(gateway: &TestGateway, token: &str, id_token: &Value) -> Value {
    let keys = gateway.signing_keys().await;
    let told = keys.verify::<Value>("logout+jwt", token).unwrap();
    let now = gateway.gateway.ids.clock().now().as_second();
    for (name, value) in [
        ("iss", json!("https://usher.example")),
        ("aud", json!("docs")),
        ("sub", id_token["sub"].clone()),
        ("sid", id_token["sid"].clone()),
        ("iat", json!(now)),
        ("exp", json!(now + 120)),
        (
            "events",
            json!({"http://schemas.openid.net/event/backchannel-logout": {}}),
        ),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    assert!(told["jti"].is_string());
    assert_eq!(told.get("nonce"), None);
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_ends_a_session_its_apps_are_told() {
    for ending in [
        "signed out",
        "signed out by the app",
        "deactivated",
        "deleted",
        "suspended",
        "paused",
        "replaced",
    ] {
        let (gateway, okta) = okta().await;
        let mut ear = Ear::open(&["200 OK"; 3]).await;
        let idp = gateway.idp(&okta).await;
        let app = gateway
            .app_at("Docs", okta.org, Some(ear.url.clone()))
            .await;
        let deaf = gateway.app("Deaf", okta.org).await;
        let unused = gateway
            .app_at("Unused", okta.org, Some(ear.url.clone()))
            .await;
        assert_ne!(unused.id, app.id);
        let scim = gateway.scim(&okta);
        let id = scim.user("ada@acme.example").await;
        let browser = Browser::new(&gateway);
        idp.sign_in(&browser, "ada@acme.example").await.expect(303);
        app.tokens(&browser).await;
        deaf.tokens(&browser).await;
        let hint = app.id_token(&browser).await;
        assert!(owed(&gateway).await.is_empty());
        let (store, context) = (&gateway.gateway.store, gateway.command());
        match ending {
            "signed out" => {
                browser.submit("/sign-out", &[]).await.expect(303);
            }
            "signed out by the app" => {
                let path = format!("/oauth/logout?{}", form(&[("id_token_hint", &hint)]));
                browser.get(&path).await.expect(200);
            }
            "deactivated" => {
                let off = json!([{"op": "replace", "path": "active", "value": false}]);
                scim.patch(&format!("/Users/{id}"), off).await.expect(200);
            }
            "deleted" => {
                scim.delete(&format!("/Users/{id}")).await.expect(204);
            }
            "suspended" => {
                let ada = admission::suspend(store, okta.org, context, "ada@acme.example");
                ada.await.unwrap();
            }
            "paused" => {
                let paused = connection_state::pause(store, context, okta.id);
                paused.await.unwrap();
            }
            _ => {
                idp.sign_in(&browser, "eve@acme.example").await.expect(200);
                let place = format!("/saml/{}/continue", okta.id);
                let yes = [("answer", "continue")];
                browser.submit(&place, &yes).await.expect(303);
            }
        }
        let rows = owed(&gateway).await;
        assert_eq!(
            rows.len(),
            1,
            "{ending}: two codes of one app are one logout"
        );
        assert!(!format!("{rows:?}").contains("eyJ"), "no token is kept");
        gateway.clock.advance(1);
        assert_eq!(work(&gateway).await, 1, "{ending}");
        let token = ear.token().await;
        good(&gateway, &token, &claims(&hint)).await;
        let row = delivery(&gateway, &rows[0]).await;
        assert_eq!((row.state, row.attempts), (Delivery::Sent, 1));
        assert!(ear.is_quiet());
        // It is good for nothing else.
        let path = format!("/oauth/logout?{}", form(&[("id_token_hint", &token)]));
        let reply = browser.get(&path).await.expect(200);
        let asks = reply.text().contains("Sign out?");
        assert_eq!(asks, ending == "replaced");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_does_not_hear_is_told_again_by_a_fresh_token() {
    let (gateway, okta) = okta().await;
    let mut ear = Ear::open(&["503 Later", "204 No Content", "400 No"]).await;
    let idp = gateway.idp(&okta).await;
    let app = gateway
        .app_at("Docs", okta.org, Some(ear.url.clone()))
        .await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let id_token = claims(&app.id_token(&browser).await);
    browser.submit("/sign-out", &[]).await.expect(303);
    let row = owed(&gateway).await.pop().unwrap();
    work(&gateway).await;
    let first = good(&gateway, &ear.token().await, &id_token).await;
    let tried = delivery(&gateway, &row).await;
    assert_eq!((tried.state, tried.attempts), (Delivery::Queued, 1));
    assert_eq!(work(&gateway).await, 0);
    gateway.clock.advance(60);
    assert_eq!(work(&gateway).await, 1);
    let second = good(&gateway, &ear.token().await, &id_token).await;
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(delivery(&gateway, &row).await.state, Delivery::Sent);
    // A no is a no.
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    app.tokens(&browser).await;
    browser.submit("/sign-out", &[]).await.expect(303);
    let row = owed(&gateway).await.pop().unwrap();
    work(&gateway).await;
    ear.token().await;
    assert_eq!(delivery(&gateway, &row).await.state, Delivery::Failed);
    // What is over is forgotten after a week, what is owed is not.
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    app.tokens(&browser).await;
    browser.submit("/sign-out", &[]).await.expect(303);
    let (store, ids) = (&gateway.gateway.store, &gateway.gateway.ids);
    gateway.clock.advance(7 * 24 * 60 * 60);
    let forgotten = sweep::forget_hand_offs(store, ids).await.unwrap();
    assert_eq!(forgotten, 3, "families");
    gateway.clock.advance(1);
    let forgotten = sweep::forget_hand_offs(store, ids).await.unwrap();
    assert_eq!((forgotten, owed(&gateway).await.len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_called_only_where_the_operator_lets_it_be() {
    let (gateway, okta) = okta().await;
    let mut ear = Ear::open(&["200 OK"]).await;
    let idp = gateway.idp(&okta).await;
    let app = gateway
        .app_at("Docs", okta.org, Some(ear.url.clone()))
        .await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    app.tokens(&browser).await;
    browser.submit("/sign-out", &[]).await.expect(303);
    let row = owed(&gateway).await.pop().unwrap();
    let office = office(&gateway, &Outbound::default());
    assert_eq!(office.drain().await.unwrap(), 1);
    let row = delivery(&gateway, &row).await;
    assert_eq!(row.state, Delivery::Failed);
    assert!(row.last_reply.unwrap().contains("not called"));
    assert!(ear.is_quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_tells_at_once() {
    let (gateway, okta) = okta().await;
    let mut ear = Ear::open(&["200 OK"]).await;
    let idp = gateway.idp(&okta).await;
    let app = gateway
        .app_at("Docs", okta.org, Some(ear.url.clone()))
        .await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let id_token = text(&app.tokens(&browser).await, "id_token");
    let worker = Worker::start(office(&gateway, &loopback()));
    browser.submit("/sign-out", &[]).await.expect(303);
    good(&gateway, &ear.token().await, &claims(&id_token)).await;
    worker.stopped().await;
}
