//! Webhooks: what happens is posted there, signed, in its order, at least once; and whoever does not
//! take it is tried again, and in the end left alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use usher::config::Outbound;
use usher::directory::connection::Profile;
use usher::id::OrganizationId;
use usher::limits;
use usher::mail::mailbox;
use usher::outbound::Client;
use usher::provisioning::outbox::Letterhead;
use usher::provisioning::webhooks;
use usher::store::Store;
use usher::worker::mail::Route;
use usher::worker::{Office, Worker};

use crate::connection_commands::Place;
use crate::credentials::live;
use crate::harness::{Connected, Reply, TestGateway};
use crate::share_api::send;

const HOOKS: &str = "/api/v1/organizations/acme/webhooks";
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A post that came.
#[derive(Clone, Debug)]
struct Call {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Call {
    fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn seq(&self) -> i64 {
        self.json()["seq"].as_i64().unwrap()
    }

    /// How many of its signatures are made by this secret.
    fn signed(&self, secret: &str) -> usize {
        self.signed_over(secret, &self.body)
    }

    fn signed_over(&self, secret: &str, body: &str) -> usize {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let message = format!("{}.{}.{body}", self.id(), self.headers["webhook-timestamp"]);
        let expected = format!("v1,{}", STANDARD.encode(hmac(&key, message.as_bytes())));
        let signatures = self.headers["webhook-signature"].split(' ');
        signatures.filter(|it| *it == expected).count()
    }

    fn signatures(&self) -> usize {
        self.headers["webhook-signature"].split(' ').count()
    }
}

/// HMAC-SHA-256 (RFC 2104) in its own words, for a key of one block at most.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(at, it)| *at ^= it);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message);
    let outer = Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner.finalize());
    outer.finalize().to_vec()
}

/// What a receiver knows.
#[derive(Default)]
struct Heard {
    calls: Vec<Call>,
    /// The next answers; then 204.
    answers: VecDeque<&'static str>,
    /// The answer where there is no next one.
    usual: Option<&'static str>,
    /// Paths that are being answered.
    busy: BTreeSet<String>,
    /// How often one of them was called meanwhile.
    overlaps: usize,
    /// How long an answer takes; none means for ever.
    time: Option<Duration>,
}

/// Somebody behind webhooks.
#[derive(Clone)]
struct Receiver {
    url: String,
    heard: Arc<Mutex<Heard>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Heard {
            time: Some(Duration::ZERO),
            ..Heard::default()
        }));
        let known = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&known)));
            }
        });
        Self { url, heard }
    }

    fn answers(&self, answers: &[&'static str]) {
        self.heard.lock().unwrap().answers.extend(answers);
    }

    fn usually(&self, answer: &'static str) {
        self.heard.lock().unwrap().usual = Some(answer);
    }

    fn takes(&self, time: Option<Duration>) {
        self.heard.lock().unwrap().time = time;
    }

    fn calls(&self) -> Vec<Call> {
        self.heard.lock().unwrap().calls.clone()
    }

    /// What came since this was asked last.
    fn news(&self) -> Vec<Call> {
        std::mem::take(&mut self.heard.lock().unwrap().calls)
    }
}

async fn answer(mut stream: TcpStream, heard: Arc<Mutex<Heard>>) {
    let mut request = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let lower = head.to_lowercase();
        let (_, length) = lower.split_once("content-length: ").unwrap();
        if body.len()
            == length
                .split("\r\n")
                .next()
                .unwrap()
                .parse::<usize>()
                .unwrap()
        {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut lines = head.split("\r\n");
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_lowercase(), value.to_owned())
    });
    let call = Call {
        path: path.clone(),
        headers: headers.collect(),
        body,
    };
    let (said, time) = {
        let mut heard = heard.lock().unwrap();
        heard.calls.push(call);
        heard.overlaps += usize::from(!heard.busy.insert(path.clone()));
        let usual = heard.usual.unwrap_or("204 No Content");
        (heard.answers.pop_front().unwrap_or(usual), heard.time)
    };
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
    heard.lock().unwrap().busy.remove(&path);
    let length = if said.starts_with("204") {
        ""
    } else {
        "Content-Length: 0\r\n"
    };
    let said = format!("HTTP/1.1 {said}\r\n{length}\r\n");
    let _ = stream.write_all(said.as_bytes()).await;
}

/// An organization with a directory, whose webhooks may be on this machine.
struct Acme {
    gateway: TestGateway,
    org: OrganizationId,
    okta: Connected,
    key: String,
}

impl Acme {
    async fn start() -> Self {
        let mut gateway = TestGateway::start().await;
        gateway.allow_private_targets();
        let org = gateway.organization("acme").await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        let key = gateway.key(live(Some(org), "*")).await;
        Self {
            gateway,
            org,
            okta,
            key,
        }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Reply {
        let uri = format!("{HOOKS}{path}");
        send(&self.gateway, method, &uri, &self.key, &body).await
    }

    async fn get(&self, path: &str) -> Value {
        let uri = format!("{HOOKS}{path}");
        self.gateway.get(&uri, &self.key).await.expect(200).json()
    }

    /// A webhook; answers its id and its secret.
    async fn hook(&self, url: &str, more: Value) -> (String, String) {
        let mut body = json!({"url": url});
        let more = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(more);
        let made = self.send("POST", "", body).await.expect(201).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("id"), text("secret"))
    }

    /// So many people come; each is an event.
    async fn people(&self, count: usize) {
        for _ in 0..count {
            let number = self.gateway.events(self.org).await.len();
            let address = format!("p{number}@acme.example");
            self.gateway.scim(&self.okta).user(&address).await;
        }
    }

    fn office(&self, private: bool) -> Office {
        self.office_on(self.gateway.gateway.store.clone(), private)
    }

    fn office_on(&self, store: Store, private: bool) -> Office {
        let gateway = &self.gateway.gateway;
        let from = mailbox(Some("Usher"), "no-reply@usher.example").unwrap();
        let outbound = Outbound {
            allow_private_targets: private,
            ..Outbound::default()
        };
        Office::new(
            store,
            gateway.ids.clone(),
            Letterhead::new(from, (*gateway.links).clone()),
            Route::Folder(std::env::temp_dir().join("usher-no-mail")),
            NonZeroU32::new(10_000).unwrap(),
            (Client::new(&outbound).unwrap(), gateway.keys.clone()),
        )
    }

    async fn work(&self) -> usize {
        self.office(true).drain().await.unwrap()
    }

    /// The data of the events of a kind.
    async fn told(&self, kind: &str) -> Vec<Value> {
        let all = self.gateway.events(self.org).await.into_iter();
        let its = all.filter(|event| event["type"] == kind);
        its.map(|event| event["data"].clone()).collect()
    }

    async fn deliveries(&self, id: &str, query: &str) -> Vec<Value> {
        let page = self.get(&format!("/{id}/deliveries{query}")).await;
        page["data"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook_events_arrive_in_order_and_signed() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    acme.people(1).await;
    let (id, secret) = acme
        .hook(&format!("{}/a?b=c", receiver.url), json!({}))
        .await;
    assert_eq!((secret.len(), secret.starts_with("whsec_")), (6 + 44, true));
    acme.people(5).await;
    assert_eq!(acme.work().await, 5);
    assert_eq!(acme.work().await, 0);
    let feed = "/api/v1/organizations/acme/events";
    let feed = acme.gateway.get(feed, &acme.key).await.expect(200).json();
    let calls = receiver.news();
    let first = acme.gateway.events(acme.org).await.len() as i64 - 4;
    assert_eq!(
        calls.iter().map(Call::seq).collect::<Vec<_>>(),
        (first..first + 5).collect::<Vec<_>>()
    );
    for call in &calls {
        let event = &feed["data"][usize::try_from(call.seq()).unwrap() - 1];
        let told = call.json();
        assert_eq!(
            (call.path.as_str(), call.id()),
            ("/a?b=c", event["id"].as_str().unwrap())
        );
        assert_eq!(call.headers["content-type"], "application/json");
        assert_eq!(
            call.headers["webhook-timestamp"],
            acme.gateway.clock.now().as_second().to_string()
        );
        for (name, of_feed) in [
            ("type", "type"),
            ("timestamp", "time"),
            ("data", "data"),
            ("cause", "cause"),
        ] {
            assert_eq!(told[name], event[of_feed], "{name}");
        }
        assert_eq!(told["organization_id"], acme.org.to_string());
        assert_eq!((call.signed(&secret), call.signatures()), (1, 1));
        // A changed octet, or another secret, and it is not ours any more.
        for position in [0, call.body.len() / 2, call.body.len() - 1] {
            let mut changed = call.body.clone().into_bytes();
            changed[position] ^= 1;
            assert_eq!(
                call.signed_over(&secret, &String::from_utf8_lossy(&changed)),
                0
            );
        }
        assert_eq!(call.signed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), 0);
    }
    let listed = acme.deliveries(&id, "").await;
    assert_eq!(listed.len(), 5);
    for delivery in &listed {
        assert_eq!(
            (&delivery["state"], &delivery["attempts"]),
            (&json!("delivered"), &json!(1))
        );
        assert_eq!(delivery["last_status"], 204);
    }
    // Neither URL nor secret is shown again, and admins' own events are not told.
    let shown = acme
        .gateway
        .get(&format!("{HOOKS}/{id}"), &acme.key)
        .await
        .expect(200);
    let host = receiver.url.strip_prefix("http://").unwrap();
    assert_eq!(shown.json()["host"], host);
    assert!(!shown.text().contains("/a?b=c") && !shown.text().contains(&secret));
    assert_eq!(shown.json()["last_success_at"], "2026-11-22T10:00:00Z");
    assert_eq!(acme.told("webhook.created").await[0]["webhook_id"], id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook_types_are_asked_for() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    let (all, groups) = (
        format!("{}/all", receiver.url),
        format!("{}/groups", receiver.url),
    );
    acme.hook(&all, json!({"name": "The app"})).await;
    let (id, _) = acme
        .hook(
            &groups,
            json!({"types": ["group.updated", "group.created"]}),
        )
        .await;
    let shown = acme.get(&format!("/{id}")).await;
    assert_eq!(shown["types"], json!(["group.created", "group.updated"]));
    acme.people(1).await;
    acme.gateway.scim(&acme.okta).group("Editors", &[]).await;
    acme.work().await;
    let came = |path: &str| {
        let calls = receiver.calls();
        let its = calls.iter().filter(|it| it.path == path);
        its.map(|it| it.json()["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(came("/all"), ["user.created", "group.created"]);
    assert_eq!(came("/groups"), ["group.created"]);
    let update = json!({"types": ["user.created"], "name": "People"});
    acme.send("PATCH", &format!("/{id}"), update)
        .await
        .expect(200);
    acme.people(1).await;
    acme.gateway.scim(&acme.okta).group("Authors", &[]).await;
    acme.work().await;
    assert_eq!(came("/groups"), ["group.created", "user.created"]);
    let changed = acme.told("webhook.updated").await;
    assert_eq!(changed[0]["changes"][0]["attribute"], "name");
    assert_eq!(changed[0]["changes"][1]["new"], json!(["user.created"]));
    acme.send("PATCH", &format!("/{id}"), json!({"types": null}))
        .await
        .expect(200);
    assert_eq!(acme.get(&format!("/{id}")).await["types"], Value::Null);
    for types in [
        json!([]),
        json!(["user"]),
        json!(["token.issued"]),
        json!(["webhook.test"]),
    ] {
        let body = json!({"url": all, "types": types});
        let refused = acme.send("POST", "", body).await.expect(422);
        assert!(refused.text().contains("types"), "{}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook_tries_follow_the_schedule_and_end() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    receiver.usually("500 Oh no");
    let (id, secret) = acme.hook(&receiver.url, json!({})).await;
    acme.people(1).await;
    let clock = &acme.gateway.clock;
    let schedule = [
        5,
        MINUTE,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        6 * HOUR,
        12 * HOUR,
        24 * HOUR,
        24 * HOUR,
    ];
    for (number, wait) in (1..).zip(schedule) {
        assert_eq!(acme.work().await, 1);
        let delivery = &acme.deliveries(&id, "?state=waiting").await[0];
        assert_eq!(
            (&delivery["attempts"], &delivery["last_status"]),
            (&json!(number), &json!(500))
        );
        let next: jiff::Timestamp = delivery["next_try_at"].as_str().unwrap().parse().unwrap();
        let waits = next.duration_since(clock.now()).as_millis();
        let middle = i128::from(wait) * 1_000;
        assert!(
            (middle * 8 / 10..=middle * 12 / 10).contains(&waits),
            "{wait}: {waits}"
        );
        let waits = i64::try_from(waits / 1_000).unwrap();
        clock.advance(waits - 1);
        assert_eq!(acme.work().await, 0, "not before its time");
        clock.advance(2);
    }
    assert_eq!(acme.work().await, 1);
    clock.advance(30 * DAY);
    assert_eq!(acme.work().await, 0, "ten tries are all");
    let failed = acme.deliveries(&id, "?state=failed").await;
    assert_eq!((failed.len(), &failed[0]["attempts"]), (1, &json!(10)));
    assert_eq!(failed[0]["next_try_at"], Value::Null);
    let calls = receiver.news();
    assert_eq!(calls.len(), 10);
    let ids: BTreeSet<_> = calls.iter().map(Call::id).collect();
    let times: BTreeSet<_> = calls
        .iter()
        .map(|it| &it.headers["webhook-timestamp"])
        .collect();
    assert_eq!(
        (ids.len(), times.len()),
        (1, 10),
        "one id, a new time with each try"
    );
    assert!(
        calls
            .iter()
            .all(|it| it.body == calls[0].body && it.signed(&secret) == 1)
    );
    // It failed for longer than five days, but nothing was tried since: it is still active.
    assert_eq!(acme.get(&format!("/{id}")).await["state"], "active");
    receiver.usually("200 OK");
    let seq = failed[0]["seq"].clone();
    let again = acme
        .send("POST", &format!("/{id}/redeliver"), json!({"seq": seq}))
        .await;
    assert_eq!(again.expect(200).json(), json!({"events": 1}));
    assert_eq!(acme.work().await, 1);
    assert_eq!(receiver.news()[0].id(), calls[0].id());
    let delivered = acme.deliveries(&id, "").await;
    assert_eq!(
        (&delivered[0]["state"], &delivered[0]["attempts"]),
        (&json!("delivered"), &json!(1))
    );
    let shown = acme.get(&format!("/{id}")).await;
    assert_eq!(shown["failing_since"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_fails_for_five_days_is_disabled() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    receiver.usually("503 Later");
    let (id, _) = acme.hook(&receiver.url, json!({})).await;
    acme.people(1).await;
    acme.work().await;
    let shown = acme.get(&format!("/{id}")).await;
    assert_eq!(shown["failing_since"], "2026-11-22T10:00:00Z");
    // One that is seldom posted to is not disabled by two failures far apart.
    acme.gateway.clock.advance(4 * DAY);
    acme.people(1).await;
    for wait in [5, 60, 5 * 60, 30 * 60, 2 * HOUR, 6 * HOUR, 12 * HOUR] {
        acme.work().await;
        assert_eq!(acme.get(&format!("/{id}")).await["state"], "active");
        acme.gateway.clock.advance(wait * 12 / 10 + 1);
    }
    acme.people(1).await;
    acme.work().await;
    let shown = acme.get(&format!("/{id}")).await;
    assert_eq!(
        (&shown["state"], &shown["disabled_cause"]),
        (&json!("disabled"), &json!("failing"))
    );
    assert!(shown["disabled_at"].as_str().unwrap() > "2026-11-27T10:00:00Z");
    let told = acme.told("webhook.disabled").await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (
            &told[0]["webhook_id"],
            &told[0]["cause"],
            &told[0]["failing_since"]
        ),
        (
            &json!(id),
            &json!("failing"),
            &json!("2026-11-22T10:00:00Z")
        )
    );
    // What waited is a dead letter, and nothing new is owed.
    assert_eq!(acme.deliveries(&id, "?state=failed").await.len(), 3);
    acme.people(2).await;
    acme.gateway.clock.advance(DAY);
    let before = receiver.news().len();
    assert!(before > 0);
    assert_eq!(acme.work().await, 1, "the alert, which nobody reads here");
    assert_eq!((acme.work().await, receiver.news().len()), (0, 0));
    for path in ["test", "redeliver"] {
        let path = format!("/{id}/{path}");
        let refused = acme
            .send("POST", &path, json!({"seq": 1}))
            .await
            .expect(422);
        assert!(refused.text().contains("enable"), "{}", refused.text());
    }
    receiver.usually("200 OK");
    let enabled = acme
        .send("POST", &format!("/{id}/enable"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&enabled.json()["state"], &enabled.json()["failing_since"]),
        (&json!("active"), &Value::Null)
    );
    let told = acme.gateway.events(acme.org).await.len();
    acme.send("POST", &format!("/{id}/enable"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        acme.gateway.events(acme.org).await.len(),
        told,
        "once is enough"
    );
    assert_eq!(
        acme.work().await,
        0,
        "what it missed does not come by itself"
    );
    let body = json!({"from": 1, "to": told});
    let again = acme
        .send("POST", &format!("/{id}/redeliver"), body)
        .await
        .expect(200)
        .json();
    assert_eq!(again["events"], 5, "what was never owed, too");
    assert_eq!(acme.work().await, 5);
    let seqs: Vec<_> = receiver.news().iter().map(Call::seq).collect();
    assert!(seqs.is_sorted() && seqs.len() == 5, "{seqs:?}");
    for (body, status) in [
        (json!({}), 422),
        (json!({"seq": 1, "from": 1, "to": 2}), 422),
        (json!({"seq": 100_000}), 422),
        (json!({"seq": 0}), 422),
        (json!({"from": 2, "to": 1}), 422),
        (json!({"from": 1, "to": 1_001}), 422),
        (json!({"from": 1, "to": 1_000}), 200),
    ] {
        let reply = acme.send("POST", &format!("/{id}/redeliver"), body).await;
        reply.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_is_gone_is_disabled_and_a_redirect_is_not_followed() {
    let acme = Acme::start().await;
    let (gone, other) = (Receiver::start().await, Receiver::start().await);
    gone.usually("410 Gone");
    let (id, _) = acme.hook(&gone.url, json!({})).await;
    let (moved, _) = acme.hook(&other.url, json!({})).await;
    let location = Box::leak(format!("302 Found\r\nLocation: {}/x", other.url).into_boxed_str());
    other.answers(&[location]);
    acme.people(2).await;
    acme.work().await;
    let alerted = acme.work().await;
    assert_eq!((gone.news().len(), alerted), (1, 1));
    let shown = acme.get(&format!("/{id}")).await;
    assert_eq!(
        (&shown["state"], &shown["disabled_cause"]),
        (&json!("disabled"), &json!("gone"))
    );
    assert_eq!(acme.told("webhook.disabled").await[0]["cause"], "gone");
    let calls = other.news();
    assert_eq!(
        calls.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(),
        ["/", "/"]
    );
    let waiting = acme.deliveries(&moved, "?state=waiting").await;
    assert_eq!(
        (waiting.len(), &waiting[0]["last_status"]),
        (1, &json!(302))
    );
    assert_eq!(waiting[0]["seq"], calls[0].seq());
    assert_eq!(acme.get(&format!("/{moved}")).await["state"], "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_secret_that_is_rotated_signs_for_a_day_more() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    let (id, first) = acme.hook(&receiver.url, json!({})).await;
    let rotate = async |body: Value| {
        let path = format!("/{id}/rotate-secret");
        let rotated = acme.send("POST", &path, body).await.expect(200).json();
        let secret = rotated["secret"].as_str().unwrap().to_owned();
        (secret, rotated["former_secret_until"].clone())
    };
    let post = async || {
        acme.people(1).await;
        assert_eq!(acme.work().await, 1);
        receiver.news().pop().unwrap()
    };
    let (second, until) = rotate(json!({})).await;
    assert_eq!(until, "2026-11-23T10:00:00Z");
    let call = post().await;
    assert_eq!(
        (call.signatures(), call.signed(&first), call.signed(&second)),
        (2, 1, 1)
    );
    // A receiver may have the first alone: while it signs, there is no third.
    acme.gateway.clock.advance(HOUR);
    let path = format!("/{id}/rotate-secret");
    let early = acme.send("POST", &path, json!({})).await.expect(422);
    assert!(early.text().contains("now"), "{}", early.text());
    assert_eq!(post().await.signed(&first), 1);
    acme.gateway.clock.advance(DAY - HOUR);
    let (third, _) = rotate(json!({})).await;
    let call = post().await;
    assert_eq!((call.signatures(), call.signed(&first)), (2, 0));
    assert_eq!((call.signed(&second), call.signed(&third)), (1, 1));
    acme.gateway.clock.advance(DAY - 1);
    assert_eq!(post().await.signatures(), 2);
    acme.gateway.clock.advance(1);
    let call = post().await;
    assert_eq!((call.signatures(), call.signed(&third)), (1, 1));
    let shown = acme.get(&format!("/{id}")).await;
    assert_eq!(shown["former_secret_until"], Value::Null);
    let (fourth, until) = rotate(json!({"now": true})).await;
    assert_eq!(until, Value::Null);
    let call = post().await;
    assert_eq!(
        (call.signatures(), call.signed(&fourth), call.signed(&third)),
        (1, 1, 0)
    );
    let told = acme.told("webhook.updated").await;
    assert_eq!(told.len(), 3);
    let told = json!(told).to_string();
    assert!(
        [first, second, third, fourth]
            .iter()
            .all(|it| !told.contains(&it[6..]))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_at_a_private_address_is_neither_set_nor_called() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    // Set while the guard was down, as by a name that resolved to another address then.
    let (id, _) = acme.hook(&receiver.url, json!({})).await;
    acme.people(1).await;
    acme.office(false).drain().await.unwrap();
    assert_eq!(receiver.calls().len(), 0);
    let delivery = &acme.deliveries(&id, "").await[0];
    assert_eq!(
        (&delivery["state"], &delivery["attempts"]),
        (&json!("waiting"), &json!(1))
    );
    assert!(
        delivery["last_reply"]
            .as_str()
            .unwrap()
            .contains("not called"),
        "{delivery}"
    );
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    for key in [live(Some(org), "*"), live(None, "*")] {
        let key = gateway.key(key).await;
        for url in [
            &*receiver.url,
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://0x7f.1/",
            "https://169.254.169.254/latest",
            "http://app.example/hooks",
            "https://app.example:8443/hooks",
            "https://me:secret@app.example/hooks",
            "ftp://app.example/",
            "hooks",
        ] {
            let reply = send(&gateway, "POST", HOOKS, &key, &json!({"url": url})).await;
            let text = reply.expect(422).text();
            assert!(
                text.contains("url: ") && !text.contains("secret"),
                "{url}: {text}"
            );
        }
        let url = "https://app.example/hooks";
        let good = send(&gateway, "POST", HOOKS, &key, &json!({"url": url})).await;
        let path = format!("{HOOKS}/{}", good.expect(201).id());
        let moved = send(
            &gateway,
            "PATCH",
            &path,
            &key,
            &json!({"url": receiver.url}),
        )
        .await;
        moved.expect(422);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_of_another_organization_is_not_there() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    let (id, _) = acme.hook(&receiver.url, json!({})).await;
    let other = acme.gateway.organization("other").await;
    let key = acme.gateway.key(live(Some(other), "*")).await;
    let low = acme
        .gateway
        .key(live(Some(acme.org), "webhooks:read"))
        .await;
    let their = acme.gateway.key(live(None, "*")).await;
    for (method, path, body) in [
        ("GET", "", json!({})),
        ("PATCH", "", json!({"name": "Mine"})),
        ("DELETE", "", json!({})),
        ("POST", "/rotate-secret", json!({})),
        ("POST", "/test", json!({})),
        ("POST", "/enable", json!({})),
        ("POST", "/redeliver", json!({"seq": 1})),
        ("GET", "/deliveries", json!({})),
    ] {
        let uri = format!("{HOOKS}/{id}{path}");
        let foreign = uri.replace("/acme/", "/other/");
        send(&acme.gateway, method, &uri, &key, &body)
            .await
            .expect(404);
        for key in [&key, &their] {
            send(&acme.gateway, method, &foreign, key, &body)
                .await
                .expect(404);
        }
        let expected = if method == "GET" { 200 } else { 403 };
        send(&acme.gateway, method, &uri, &low, &body)
            .await
            .expect(expected);
    }
    // What happens there is not told here.
    let url = format!("{}/other", receiver.url);
    let theirs = HOOKS.replace("/acme/", "/other/");
    send(&acme.gateway, "POST", &theirs, &key, &json!({"url": url}))
        .await
        .expect(201);
    acme.people(1).await;
    acme.work().await;
    let paths: Vec<_> = receiver.news().into_iter().map(|it| it.path).collect();
    assert_eq!(paths, ["/"]);
    let listed = acme.gateway.get(&theirs, &key).await.expect(200).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_workers_never_post_one_webhooks_events_at_once() {
    const HOOKS: usize = 6;
    const EVENTS: usize = 12;
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    receiver.takes(Some(Duration::from_millis(5)));
    for number in 0..HOOKS {
        acme.hook(&format!("{}/{number}", receiver.url), json!({}))
            .await;
    }
    acme.people(EVENTS).await;
    let stores: Vec<_> = (0..3).map(|_| acme.gateway.store_again()).collect();
    let offices: Vec<_> = stores
        .iter()
        .map(|store| acme.office_on(store.clone(), true))
        .collect();
    let counts = join_all(offices.iter().map(Office::drain)).await;
    let count: usize = counts.into_iter().map(Result::unwrap).sum();
    assert_eq!(count, HOOKS * EVENTS);
    assert_eq!(receiver.heard.lock().unwrap().overlaps, 0);
    let calls = receiver.news();
    assert_eq!(calls.len(), HOOKS * EVENTS);
    for number in 0..HOOKS {
        let path = format!("/{number}");
        let its = calls.iter().filter(|it| it.path == path);
        let seqs: Vec<_> = its.map(Call::seq).collect();
        let first = seqs[0];
        let expected: Vec<_> = (first..first + EVENTS as i64).collect();
        assert_eq!(seqs, expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_hears_again_of_what_was_cut_off_under_the_same_id() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    let (id, _) = acme.hook(&receiver.url, json!({})).await;
    acme.people(2).await;
    receiver.takes(None);
    {
        // The process dies between the post and the note of it.
        let (office, cut) = (acme.office(true), Duration::from_secs(2));
        assert!(tokio::time::timeout(cut, office.drain()).await.is_err());
    }
    receiver.takes(Some(Duration::ZERO));
    let first = receiver.news();
    assert_eq!(first.len(), 1);
    assert_eq!(acme.work().await, 0, "the dead one's lease is not over");
    acme.gateway.clock.advance(webhooks::LEASE.as_secs());
    assert_eq!(acme.work().await, 2);
    let second = receiver.news();
    assert_eq!(second[0].id(), first[0].id());
    assert_ne!(second[1].id(), first[0].id());
    let states = acme.deliveries(&id, "?state=delivered").await;
    assert_eq!(states.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_webhook_holds_up_nobody_else() {
    let acme = Acme::start().await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.takes(None);
    for number in 0..5 {
        acme.hook(&format!("{}/{number}", slow.url), json!({}))
            .await;
    }
    acme.hook(&quick.url, json!({})).await;
    let worker = Worker::start(acme.office(true));
    let begun = tokio::time::Instant::now();
    for count in 1..=10 {
        acme.people(1).await;
        while quick.calls().len() < count {
            assert!(begun.elapsed() < Duration::from_secs(20), "{count}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert!(slow.calls().len() >= 5);
    worker.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_gets_a_large_event_cut_and_a_test_by_itself() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    let people = acme.gateway.crowd(&acme.okta, 900).await;
    let (id, secret) = acme.hook(&receiver.url, json!({})).await;
    let people: Vec<_> = people.iter().map(String::as_str).collect();
    acme.gateway
        .scim(&acme.okta)
        .group("Editors", &people)
        .await;
    acme.work().await;
    let calls = receiver.news();
    let cut: Vec<_> = calls
        .iter()
        .filter(|it| it.json()["data"]["truncated"].is_array())
        .collect();
    assert_eq!(cut.len(), 1, "{calls:?}");
    assert!(cut[0].body.len() <= limits::WEBHOOK_BODY && cut[0].signed(&secret) == 1);
    let data = &cut[0].json()["data"];
    assert_eq!(data["truncated"], json!(["members_added"]));
    assert_eq!(data["members_added_count"], 900);
    assert!(data["members_added"].as_array().unwrap().len() >= 100);
    let events = acme.gateway.events(acme.org).await;
    let owed = acme
        .send("POST", &format!("/{id}/test"), json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&owed["type"], &owed["seq"]),
        (&json!("webhook.test"), &Value::Null)
    );
    acme.work().await;
    let tried = receiver.news().pop().unwrap();
    assert_eq!(
        (tried.id(), tried.signed(&secret)),
        (owed["event_id"].as_str().unwrap(), 1)
    );
    assert_eq!(
        (&tried.json()["type"], &tried.json()["data"]["webhook_id"]),
        (&json!("webhook.test"), &json!(id))
    );
    assert_eq!(acme.gateway.events(acme.org).await, events);
    let delivery = &acme.deliveries(&id, "?limit=1").await[0];
    assert_eq!(
        (&delivery["type"], &delivery["state"]),
        (&json!("webhook.test"), &json!("delivered"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_may_move_or_go_and_what_it_was_sent_is_forgotten() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    receiver.usually("500 Oh no");
    let (id, _) = acme.hook(&format!("{}/old", receiver.url), json!({})).await;
    acme.people(3).await;
    acme.work().await;
    assert!(acme.get(&format!("/{id}")).await["failing_since"].is_string());
    let body = json!({"url": format!("{}/new", receiver.url)});
    let moved = acme
        .send("PATCH", &format!("/{id}"), body.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(moved["failing_since"], Value::Null);
    let told = acme.gateway.events(acme.org).await.len();
    acme.send("PATCH", &format!("/{id}"), body)
        .await
        .expect(200);
    assert_eq!(
        acme.gateway.events(acme.org).await.len(),
        told,
        "nothing changed"
    );
    receiver.usually("200 OK");
    receiver.news();
    acme.gateway.clock.advance(MINUTE);
    assert_eq!(acme.work().await, 3);
    assert!(receiver.news().iter().all(|it| it.path == "/new"));
    // Pages hold each once, the latest event first.
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = acme.get(&format!("/{id}/deliveries?limit=2{after}")).await;
        seen.extend(page["data"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let ids: Vec<_> = seen
        .iter()
        .map(|it| it["event_id"].as_str().unwrap())
        .collect();
    assert!(ids.len() == 3 && ids.is_sorted_by(|a, b| a > b), "{ids:?}");
    let gateway = &acme.gateway.gateway;
    let (store, ids) = (&gateway.store, &gateway.ids);
    receiver.usually("410 Gone");
    acme.people(1).await;
    acme.work().await;
    // The alert that it is gone.
    acme.work().await;
    for (days, left) in [(7, 4), (1, 1), (82, 1), (1, 0)] {
        acme.gateway.clock.advance(days * DAY);
        webhooks::forget(store, ids).await.unwrap();
        assert_eq!(acme.deliveries(&id, "").await.len(), left, "{days}");
    }
    acme.send("POST", &format!("/{id}/enable"), json!({}))
        .await
        .expect(200);
    acme.people(1).await;
    acme.send("DELETE", &format!("/{id}"), json!({}))
        .await
        .expect(200);
    acme.send("DELETE", &format!("/{id}"), json!({}))
        .await
        .expect(404);
    assert_eq!(acme.work().await, 0);
    assert_eq!(acme.told("webhook.deleted").await.len(), 1);
    for number in 0..limits::WEBHOOKS {
        let url = format!("https://app.example/{number}");
        acme.hook(&url, json!({})).await;
    }
    let body = json!({"url": "https://app.example/"});
    let reply = acme.send("POST", "", body).await.expect(422);
    assert!(reply.text().contains("20"), "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_may_hear_of_deactivations_as_security_events() {
    let acme = Acme::start().await;
    let receiver = Receiver::start().await;
    receiver.usually("202 Accepted");
    let (id, _) = acme.hook(&receiver.url, json!({"format": "caep"})).await;
    let scim = acme.gateway.scim(&acme.okta);
    let ada = scim.user("ada@acme.example").await;
    let user = acme.told("user.created").await[0]["user_id"].clone();
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    scim.patch(&format!("/Users/{ada}"), off).await.expect(200);
    acme.send("POST", &format!("/{id}/test"), json!({}))
        .await
        .expect(200);
    acme.work().await;
    let calls = receiver.news();
    assert_eq!(calls.len(), 2, "{calls:?}");
    let keys = acme.gateway.signing_keys().await;
    let read = |call: &Call| {
        assert_eq!(call.headers["content-type"], "application/secevent+jwt");
        keys.verify::<Value>("secevent+jwt", &call.body).unwrap()
    };
    let (tried, told) = (read(&calls[0]), read(&calls[1]));
    let base = "https://schemas.openid.net/secevent";
    assert!(
        tried["events"]
            .get(format!("{base}/ssf/event-type/verification"))
            .is_some()
    );
    let event = &told["events"][format!("{base}/caep/event-type/session-revoked")];
    assert_eq!(event["initiating_entity"], "policy");
    let subject = json!({"format": "iss_sub", "iss": "https://usher.example", "sub": user});
    assert_eq!(
        (&told["sub_id"], &told["iss"]),
        (&subject, &json!("https://usher.example"))
    );
    assert_eq!(
        (&told["aud"], told.get("sub")),
        (&json!(receiver.url), None)
    );
    let body = json!({"url": receiver.url, "format": "caep", "types": ["user.created"]});
    acme.send("POST", "", body).await.expect(422);
    let body = json!({"url": receiver.url, "format": "xml"});
    acme.send("POST", "", body).await.expect(422);
}

#[test]
fn webhook_commands_do_what_the_api_does() {
    let place = Place::new("webhooks");
    let usher = |arguments: &[&str], code: i32| {
        let (found, said, complained) = place.usher(arguments, "10.0.0.0/8,hooks.internal");
        assert_eq!(found, code, "{arguments:?}: {complained}");
        said
    };
    let on = ["--org", "acme"];
    let url = "https://app.example/hooks/secret";
    let create = [
        &["webhook", "create", "--url", url, "--type", "user.created"][..],
        &on,
    ]
    .concat();
    let made = usher(&create, 0);
    let (id, secret) = (
        made["id"].as_str().unwrap(),
        made["secret"].as_str().unwrap(),
    );
    assert!(secret.starts_with("whsec_") && made["host"] == "app.example");
    let with = |verb: &'static str, more: &[&'static str]| {
        let mut all = vec!["webhook".to_owned(), verb.to_owned(), id.to_owned()];
        all.extend(on.iter().chain(more).map(|it| (*it).to_owned()));
        all
    };
    let run = |verb: &'static str, more: &[&'static str], code: i32| {
        let all = with(verb, more);
        usher(&all.iter().map(String::as_str).collect::<Vec<_>>(), code)
    };
    let listed = usher(&["webhook", "list", "--org", "acme"], 0);
    assert_eq!(listed[0]["types"], json!(["user.created"]));
    assert!(!listed.to_string().contains("secret\""), "{listed}");
    let updated = run("update", &["--all-types", "--name", "The app"], 0);
    assert_eq!(
        (&updated["types"], &updated["name"]),
        (&Value::Null, &json!("The app"))
    );
    let rotated = run("rotate-secret", &[], 0);
    assert!(rotated["secret"] != secret && rotated["former_secret_until"].is_string());
    assert_eq!(
        run("rotate-secret", &["--now"], 0)["former_secret_until"],
        Value::Null
    );
    assert_eq!(run("test", &[], 0)["type"], "webhook.test");
    assert_eq!(
        run("deliveries", &["--state", "waiting"], 0)
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(run("deliveries", &["--state", "failed"], 0), json!([]));
    assert_eq!(run("enable", &[], 0)["state"], "active");
    run("redeliver", &["--seq", "100"], 3);
    run("redeliver", &["--from", "1"], 2);
    assert_eq!(run("show", &[], 0)["name"], "The app");
    for (url, code) in [
        ("http://hooks.internal:8080/", 0),
        ("https://10.1.2.3/", 0),
        ("https://192.168.1.1/", 2),
        ("http://app.example/", 2),
    ] {
        usher(&["webhook", "create", "--org", "acme", "--url", url], code);
    }
    run("delete", &[], 0);
    run("show", &[], 1);
}
