//! Posting a shared link to the organization's webhook: the URL is a secret, the post is owed by
//! the outbox, and what it says cannot mark anything up.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use usher::config::Outbound;
use usher::directory::delivery::{Delivery, MailKind};
use usher::mail::mailbox;
use usher::outbound::Client;
use usher::provisioning::outbox::Letterhead;
use usher::store::rows::OutboxRow;
use usher::worker::mail::Route;
use usher::worker::{Office, Worker};

use crate::credentials::live;
use crate::harness::{Invited, Reply, TestGateway};
use crate::share_api::send;

const HOOK: &str = "/api/v1/organizations/acme/share-webhook";
const SECRET: &str = "/services/T000/B000/secret";

/// A webhook that takes every connection and says nothing; answers how many there are.
async fn holding() -> (String, watch::Receiver<usize>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (count, counted) = watch::channel(0);
    let holds = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
            count.send_replace(held.len());
        }
    });
    let url = format!("http://127.0.0.1:{port}{SECRET}");
    (url, counted, holds)
}

/// A webhook that answers each post with the next of these.
struct Webhook {
    url: String,
    heard: mpsc::UnboundedReceiver<(String, Value)>,
}

impl Webhook {
    async fn start(answers: &'static [&'static str]) -> Self {
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
                    if let Ok(body) = serde_json::from_str(body) {
                        break (head.to_owned(), body);
                    }
                };
                said.send((head, body)).unwrap();
                let length = if answer.contains("cut off") { 9 } else { 2 };
                let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: {length}\r\n\r\nok");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let url = format!("http://127.0.0.1:{port}{SECRET}");
        Self { url, heard }
    }
}

struct Acme {
    gateway: TestGateway,
    key: String,
}

impl Acme {
    async fn start() -> Self {
        let mut gateway = TestGateway::start().await;
        gateway.allow_private_targets();
        let org = gateway.organization("acme").await;
        let key = gateway.key(live(Some(org), "*")).await;
        Self { gateway, key }
    }

    async fn invited(&self) -> Invited<'_> {
        self.invite("grace@acme.example").await
    }

    async fn invite(&self, email: &str) -> Invited<'_> {
        let operator = self.gateway.key(live(None, "*")).await;
        let all = "/api/v1/organizations";
        let listed = self.gateway.get(all, &operator).await.expect(200).json();
        let org = listed["data"][0]["id"].as_str().unwrap().parse().unwrap();
        self.gateway.invite(org, email, "editor").await
    }

    async fn set(&self, url: &str, status: u16) -> Value {
        let body = json!({"url": url});
        let reply = send(&self.gateway, "PUT", HOOK, &self.key, &body).await;
        reply.expect(status).json()
    }

    async fn share(&self, invited: &Invited<'_>, status: u16) -> Value {
        self.gateway.clock.advance(600);
        self.share_now(invited).await.expect(status).json()
    }

    async fn share_now(&self, invited: &Invited<'_>) -> Reply {
        let uri = format!(
            "/api/v1/organizations/acme/invitations/{}/share",
            invited.id
        );
        let body = json!({"post": true});
        send(&self.gateway, "POST", &uri, &self.key, &body).await
    }

    async fn work(&self, private: bool) {
        let folder = std::env::temp_dir().join(format!("usher-post-{}", std::process::id()));
        let office = self.office(private, &folder);
        office.drain().await.unwrap();
        let _ = std::fs::remove_dir_all(folder);
    }

    fn office(&self, private: bool, folder: &Path) -> Office {
        let gateway = &self.gateway.gateway;
        let from = mailbox(Some("Usher"), "no-reply@usher.example").unwrap();
        let letterhead = Letterhead::new(from, (*gateway.links).clone());
        let outbound = Outbound {
            allow_private_targets: private,
            ..Outbound::default()
        };
        Office::new(
            gateway.store.clone(),
            gateway.ids.clone(),
            letterhead,
            Route::Folder(folder.to_owned()),
            NonZeroU32::new(10_000).unwrap(),
            (Client::new(&outbound).unwrap(), gateway.keys.clone()),
        )
    }
}

async fn posts_of(invited: &Invited<'_>) -> Vec<OutboxRow> {
    let mut rows = invited.mails().await;
    rows.retain(|row| row.kind == MailKind::WebhookPost);
    rows
}

async fn post_of(invited: &Invited<'_>) -> OutboxRow {
    posts_of(invited).await.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_link_is_posted_and_the_webhook_stays_secret() {
    let acme = Acme::start().await;
    let mut webhook = Webhook::start(&["500 No", "200 OK"]).await;
    assert_eq!(
        acme.gateway.get(HOOK, &acme.key).await.json()["host"],
        Value::Null
    );
    let invited = acme.invited().await;
    assert!(
        acme.share(&invited, 422).await["detail"]
            .as_str()
            .unwrap()
            .contains("webhook")
    );
    let set = acme.set(&webhook.url, 200).await;
    assert_eq!(set["host"], "127.0.0.1");
    let shown = acme.gateway.get(HOOK, &acme.key).await.expect(200).text();
    let shared = acme.share(&invited, 200).await;
    assert_eq!(shared["posted_to"], "127.0.0.1");
    let row = post_of(&invited).await;
    let events = json!(acme.gateway.events(invited.org).await).to_string();
    for text in [
        &set.to_string(),
        &shown,
        &shared.to_string(),
        &events,
        &format!("{row:?}"),
    ] {
        assert!(!text.contains("secret"), "{text}");
    }
    // The first try fails, and the next one comes when it is due.
    acme.work(true).await;
    let row = post_of(&invited).await;
    assert_eq!((row.state, row.attempts), (Delivery::Queued, 1));
    assert_eq!(row.last_reply.as_deref(), Some("500 ok"));
    acme.gateway.clock.advance(60);
    acme.work(true).await;
    let row = post_of(&invited).await;
    assert_eq!(
        (row.state, row.attempts, row.uncertain),
        (Delivery::Sent, 2, false)
    );
    let (head, _) = webhook.heard.recv().await.unwrap();
    assert!(
        head.starts_with(&format!("POST {SECRET} HTTP/1.1\r\n")),
        "{head}"
    );
    let (_, body) = webhook.heard.recv().await.unwrap();
    assert_eq!(body["text"], shared["message"].as_str().unwrap().trim_end());
    // It counts as no mail.
    assert_eq!(invited.row().await.send_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_to_be_posted_is_not() {
    let acme = Acme::start().await;
    let mut webhook = Webhook::start(&["404 Gone", "200 OK"]).await;
    acme.set(&webhook.url, 200).await;
    let invited = acme.invited().await;
    // The guard holds at the time of sending, whatever was allowed before.
    acme.share(&invited, 200).await;
    acme.work(false).await;
    let row = post_of(&invited).await;
    assert_eq!(row.state, Delivery::Failed);
    assert!(row.last_reply.unwrap().contains("only https"));
    let events = acme.gateway.events(invited.org).await;
    let failed = events
        .iter()
        .find(|it| it["type"] == "invitation.send_failed")
        .unwrap();
    assert_eq!(failed["data"]["kind"], "webhook_post");
    assert!(webhook.heard.try_recv().is_err());
    // A no is a no.
    acme.share(&invited, 200).await;
    acme.work(true).await;
    assert_eq!(post_of(&invited).await.state, Delivery::Failed);
    webhook.heard.recv().await.unwrap();
    // What was revoked, or has lost its webhook, is not posted.
    acme.share(&invited, 200).await;
    send(&acme.gateway, "DELETE", HOOK, &acme.key, &json!({}))
        .await
        .expect(200);
    acme.work(true).await;
    let row = post_of(&invited).await;
    assert_eq!(row.state, Delivery::Failed);
    assert!(row.last_reply.unwrap().contains("no share webhook"));
    acme.set(&webhook.url, 200).await;
    acme.share(&invited, 200).await;
    invited
        .act(usher::provisioning::invitations::actions::Action::Revoke)
        .await
        .unwrap();
    acme.work(true).await;
    assert_eq!(post_of(&invited).await.state, Delivery::Cancelled);
    assert!(webhook.heard.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_sets_no_private_webhook() {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let key = gateway.key(live(Some(org), "*")).await;
    for url in [
        "http://hooks.slack.com/services/x",
        "https://hooks.slack.com:8443/services/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest",
        "https://user:word@hooks.slack.com/x",
        "ftp://hooks.slack.com/x",
        "hooks.slack.com",
        "",
    ] {
        let body = json!({"url": url});
        send(&gateway, "PUT", HOOK, &key, &body).await.expect(422);
    }
    let body = json!({"url": "https://hooks.slack.com/services/T/B/x"});
    let set = send(&gateway, "PUT", HOOK, &key, &body).await.expect(200);
    assert_eq!(set.json()["host"], "hooks.slack.com");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_cannot_mark_a_post_up() {
    let acme = Acme::start().await;
    let mut webhook = Webhook::start(&["200 OK"]).await;
    acme.set(&webhook.url, 200).await;
    let invited = acme.invited().await;
    let mut row = invited.row().await;
    row.inviter_name = Some("<!channel> & <https://evil.example|you>".to_owned());
    acme.gateway.rewrite(row).await;
    acme.share(&invited, 200).await;
    acme.work(true).await;
    let (_, body) = webhook.heard.recv().await.unwrap();
    let text = body["text"].as_str().unwrap();
    assert!(!text.contains(['<', '>']), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mail_waits_behind_a_webhook_that_does_not_answer() {
    let acme = Acme::start().await;
    let (url, mut counted, holds) = holding().await;
    acme.set(&url, 200).await;
    for number in 0..15 {
        let invited = acme.invite(&format!("p{number}@acme.example")).await;
        acme.share_now(&invited).await.expect(200);
    }
    let folder = std::env::temp_dir().join(format!("usher-hold-{}", std::process::id()));
    let worker = Worker::start(acme.office(true, &folder));
    counted.wait_for(|count| *count >= 5).await.unwrap();
    let invited = acme.invited().await;
    // The posts alone would keep two carriers for longer than this.
    let begun = Instant::now();
    while invited.mails().await[0].state != Delivery::Sent {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    holds.abort();
    worker.stopped().await;
    let _ = std::fs::remove_dir_all(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_posted_again_as_it_is_sent_again() {
    let acme = Acme::start().await;
    let mut webhook = Webhook::start(&["500 No"; 8]).await;
    acme.set(&webhook.url, 200).await;
    let invited = acme.invited().await;
    // What was not tried yet gives way.
    for _ in 0..3 {
        acme.share_now(&invited).await.expect(200);
        acme.gateway.clock.advance(1);
    }
    let states = |rows: Vec<OutboxRow>| rows.iter().map(|it| it.state).collect::<Vec<_>>();
    let (gone, owed) = (Delivery::Cancelled, Delivery::Queued);
    assert_eq!(states(posts_of(&invited).await), [gone, gone, owed]);
    acme.work(true).await;
    webhook.heard.recv().await.unwrap();
    assert!(webhook.heard.try_recv().is_err(), "it is one post");
    // What was tried counts, though it waits for its next try.
    let reply = acme.share_now(&invited).await.expect(429);
    assert!(reply.text().contains("/problems/resend_too_soon"));
    assert_eq!(reply.header("retry-after"), Some("599"));
    assert_eq!(posts_of(&invited).await.len(), 3);
    for _ in 1..5 {
        acme.share(&invited, 200).await;
        acme.work(true).await;
    }
    let rows = posts_of(&invited).await;
    let open = rows.iter().filter(|it| it.finished_at.is_none());
    assert_eq!((rows.len(), open.count()), (7, 1));
    let refused = acme.share(&invited, 429).await;
    assert!(
        refused["type"]
            .as_str()
            .unwrap()
            .ends_with("/resend_too_often")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_is_a_yes_though_its_body_breaks_off() {
    let acme = Acme::start().await;
    let mut webhook = Webhook::start(&["200 cut off", "200 OK"]).await;
    acme.set(&webhook.url, 200).await;
    let invited = acme.invited().await;
    acme.share(&invited, 200).await;
    acme.work(true).await;
    let row = post_of(&invited).await;
    let found = (row.state, row.attempts, row.uncertain);
    assert_eq!(found, (Delivery::Sent, 1, false));
    webhook.heard.recv().await.unwrap();
    acme.gateway.clock.advance(24 * 3_600);
    acme.work(true).await;
    assert!(webhook.heard.try_recv().is_err());
}
