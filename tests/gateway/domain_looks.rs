//! Looks for the records that prove domains: what is no proof, how often is looked, and when a proof
//! lapses.

use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use simple_dns::RCODE;
use usher::config::Outbound;
use usher::directory::connection::Profile;
use usher::id::OrganizationId;
use usher::mail::mailbox;
use usher::outbound::Client;
use usher::provisioning::outbox::Letterhead;
use usher::worker::Office;
use usher::worker::mail::Route;

use crate::credentials::live;
use crate::domains::{RECORD, Setting, slug};
use crate::harness::{Lie, Manner, NameServer};

const DAY: i64 = 24 * 3_600;

impl Setting {
    fn office(&self) -> Office {
        let gateway = &self.gateway.gateway;
        let from = mailbox(Some("Usher"), "no-reply@usher.example").unwrap();
        let office = Office::new(
            gateway.store.clone(),
            gateway.ids.clone(),
            Letterhead::new(from, (*gateway.links).clone()),
            Route::Folder(std::env::temp_dir().join("usher-no-mail")),
            NonZeroU32::MAX,
            (
                Client::new(&Outbound::default()).unwrap(),
                gateway.keys.clone(),
            ),
        );
        office.asking(Some(self.dns.address))
    }

    /// Lets so much time pass and the worker look; answers what became of acme.example.
    async fn after(&self, seconds: i64) -> Value {
        self.gateway.clock.advance(seconds);
        self.office().look_at_domains().await.unwrap();
        self.list().await[0].clone()
    }

    /// The data of the events of a kind.
    async fn told(&self, org: OrganizationId, kind: &str) -> Vec<Value> {
        let all = self.gateway.events(org).await.into_iter();
        let its = all.filter(|event| event["type"] == kind);
        its.map(|mut event| event["data"].take()).collect()
    }
}

fn lying(lie: Lie) -> Manner {
    Manner {
        lie: Some(lie),
        ..Manner::default()
    }
}

fn failing() -> Manner {
    Manner {
        code: Some(RCODE::ServerFailure),
        ..Manner::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_something_else_proves_nothing() {
    let at = Setting::start().await;
    at.published().await;
    for (manner, status, problem) in [
        (lying(Lie::Id), 502, "dns_failed"),
        (lying(Lie::Question), 502, "dns_failed"),
        (lying(Lie::Owner), 409, "domain_unverified"),
        (failing(), 502, "dns_failed"),
    ] {
        at.dns.behave(manner);
        let reply = at.verify().await.expect(status);
        assert_eq!(slug(&reply), problem, "{manner:?}");
        let said = reply.text();
        assert!(!said.contains(&at.dns.address.to_string()), "{said}");
        assert_eq!(at.list().await[0]["state"], "pending", "{manner:?}");
    }
    at.dns.behave(Manner::default());
    at.verify().await.expect(200);
    let asked = at.dns.asked();
    let once = |(way, _, name): &(&str, u16, String)| *way == "tcp" && name == RECORD;
    assert!(asked.len() == 5 && asked.iter().all(once), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_udp_two_exchanges_say_the_same() {
    let at = Setting::with(NameServer::without_tcp().await, &[]).await;
    at.published().await;
    at.dns.behave(lying(Lie::Owner));
    at.verify().await.expect(409);
    // Nobody else is heard, and they are not taken for the answer.
    at.dns.behave(lying(Lie::Question));
    assert_eq!(slug(&at.verify().await.expect(502)), "dns_failed");
    for lie in [Lie::Id, Lie::Question] {
        at.dns.behave(Manner {
            repents: true,
            ..lying(lie)
        });
        let before = at.dns.asked().len();
        at.verify().await.expect(200);
        let asked = at.dns.asked().split_off(before);
        let [(way, first, _), (_, second, _)] = &asked[..] else {
            panic!("{asked:?}")
        };
        assert_eq!(*way, "udp");
        assert_ne!(first, second, "each has an id of its own");
        at.ask("DELETE", "/acme.example").await.expect(200);
        at.published().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alias_leads_to_the_record() {
    let at = Setting::start().await;
    let added = at.add("acme.example").await.expect(201).json();
    let text = added["record"]["value"].as_str().unwrap();
    at.dns.publish("acme.verify.example", text);
    at.verify().await.expect(409);
    at.dns.alias(RECORD, "acme.proofs.example");
    at.dns.alias("acme.proofs.example", "acme.verify.example");
    at.verify().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_look_is_under_way_and_the_next_waits() {
    let at = Setting::start().await;
    let again_in = |reply: &crate::harness::Reply| {
        let after = reply.headers["retry-after"].to_str().unwrap();
        after.parse::<u32>().unwrap()
    };
    let verify = || at.ask("POST", "/acme.example/verify");
    let text = at.published().await;
    let soon = verify().await.expect(429);
    assert_eq!((&*slug(&soon), again_in(&soon)), ("domain_too_soon", 10));
    at.dns.withdraw(RECORD, &text);
    at.dns.behave(Manner {
        pause: Duration::from_millis(500),
        ..Manner::default()
    });
    at.gateway.clock.advance(10);
    let replies = join_all((0..8).map(|_| verify())).await;
    let count = |status: u16| replies.iter().filter(|it| it.status == status).count();
    assert_eq!((count(409), count(429)), (1, 7));
    assert_eq!(at.dns.asked().len(), 1);
    at.gateway.clock.advance(9);
    assert_eq!(again_in(&verify().await.expect(429)), 1);
    // To begin anew is no way round it.
    at.ask("DELETE", "/acme.example").await.expect(200);
    at.published().await;
    verify().await.expect(429);
    assert_eq!(at.dns.asked().len(), 1);
    // What others do with their domains is not in the way.
    let other = at.gateway.organization("other").await;
    let key = at.gateway.key(live(Some(other), "*")).await;
    let domains = "/api/v1/organizations/other/domains";
    let ask = |uri: String, body: Value| {
        let request = axum::http::Request::post(uri)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        at.gateway
            .send(request.body(body.to_string().into()).unwrap())
    };
    let added = ask(domains.to_owned(), json!({"domain": "acme.example"}));
    added.await.expect(201);
    at.gateway.clock.advance(10);
    let theirs = ask(format!("{domains}/acme.example/verify"), json!({}));
    let (ours, theirs) = tokio::join!(verify(), theirs);
    ours.expect(200);
    theirs.expect(409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_lapses_where_the_record_is_gone_for_a_week() {
    let at = Setting::start().await;
    let text = at.published().await;
    at.verify().await.expect(200);
    // Another organization has proved the same domain, and keeps its record.
    let other = at.gateway.organization("other").await;
    at.gateway.connect(other, "Okta", Profile::Okta, &[]).await;
    let theirs = at.proved_by("other", other).await;
    let before = at.dns.asked().len();
    assert_eq!(at.after(0).await["state"], "verified");
    assert_eq!(at.dns.asked().len(), before, "nothing is due");
    at.dns.withdraw(RECORD, &text);
    let missing = at.after(DAY).await;
    let since = missing["missing_since"].clone();
    assert_eq!(missing["state"], "verified");
    assert!(since.is_string());
    for _ in 0..6 {
        assert_eq!(at.after(DAY).await, missing);
        assert_eq!(at.arrives("ada@acme.example").await, Ok(()));
    }
    assert_eq!(at.dns.asked().len(), before + 2 * 7, "each once a day");
    let lapsed = at.after(DAY).await;
    assert_eq!(lapsed["state"], "pending");
    assert_eq!(
        (&lapsed["verified_at"], &lapsed["missing_since"]),
        (&Value::Null, &Value::Null)
    );
    let told = json!({"domain": "acme.example", "missing_since": since});
    assert_eq!(at.told(at.acme, "domain.lapsed").await, [told]);
    let refused = Err("domain_not_trusted".to_owned());
    assert_eq!(at.arrives("bob@acme.example").await, refused);
    assert_eq!(theirs.list(&at).await["state"], "verified");
    assert!(at.told(other, "domain.lapsed").await.is_empty());
    // What is pending is not looked at.
    let before = at.dns.asked().len();
    at.after(DAY).await;
    assert_eq!(at.dns.asked().len(), before + 1);
    at.dns.publish(RECORD, &text);
    assert_eq!(at.verify().await.expect(200).json()["state"], "verified");
    assert_eq!(at.arrives("bob@acme.example").await, Ok(()));
}

/// Another organization that proves acme.example.
struct Theirs {
    slug: &'static str,
    key: String,
}

impl Setting {
    async fn proved_by(&self, slug: &'static str, org: OrganizationId) -> Theirs {
        let key = self.gateway.key(live(Some(org), "*")).await;
        let theirs = Theirs { slug, key };
        let domain = json!({"domain": "acme.example"});
        let added = theirs.ask(self, "POST", "", &domain).await;
        self.dns
            .publish(RECORD, added["record"]["value"].as_str().unwrap());
        self.gateway.clock.advance(10);
        let verified = theirs.ask(self, "POST", "/acme.example/verify", &domain);
        assert_eq!(verified.await["state"], "verified");
        theirs
    }
}

impl Theirs {
    async fn ask(&self, at: &Setting, method: &str, path: &str, body: &Value) -> Value {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("/api/v1/organizations/{}/domains{path}", self.slug))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        let request = request.body(body.to_string().into()).unwrap();
        at.gateway.send(request).await.json()
    }

    async fn list(&self, at: &Setting) -> Value {
        self.ask(at, "GET", "", &Value::Null).await["data"][0].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_answers_lapses_never_and_what_is_back_is_good() {
    let at = Setting::start().await;
    let text = at.published().await;
    at.verify().await.expect(200);
    at.dns.withdraw(RECORD, &text);
    for _ in 0..3 {
        assert!(at.after(DAY).await["missing_since"].is_string());
    }
    at.dns.publish(RECORD, &text);
    assert_eq!(at.after(DAY).await["missing_since"], Value::Null);
    // Whoever publishes it again need not wait for the next day.
    at.dns.withdraw(RECORD, &text);
    let missing = at.after(DAY).await;
    assert!(missing["missing_since"].is_string());
    at.verify().await.expect(409);
    assert_eq!(at.list().await[0], missing);
    at.dns.publish(RECORD, &text);
    let back = at.verify().await.expect(200).json();
    assert_eq!(back["missing_since"], Value::Null);
    assert_eq!(back["verified_at"], missing["verified_at"]);
    // A name server that fails says nothing of the record.
    at.dns.behave(failing());
    for _ in 0..10 {
        assert_eq!(at.after(DAY).await, back);
    }
    let asked = at.dns.asked().len();
    at.after(3_600).await;
    assert_eq!(at.dns.asked().len(), asked + 1, "it is asked again soon");
    // Nor do two days that are far apart: seven looks at least found it gone.
    at.dns.behave(Manner::default());
    at.dns.withdraw(RECORD, &text);
    let missing = at.after(DAY).await;
    at.dns.behave(failing());
    at.after(20 * DAY).await;
    at.dns.behave(Manner::default());
    for _ in 0..5 {
        assert_eq!(at.after(DAY).await, missing);
    }
    assert_eq!(at.told(at.acme, "domain.lapsed").await.len(), 0);
    assert_eq!(at.after(DAY).await["state"], "pending");
    assert_eq!(at.told(at.acme, "domain.verified").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_look_once() {
    let at = Setting::start().await;
    at.published().await;
    for n in 0..12 {
        let domain = format!("d{n}.example");
        let added = at.add(&domain).await.expect(201).json();
        let record = &added["record"];
        let text = record["value"].as_str().unwrap();
        at.dns.publish(record["name"].as_str().unwrap(), text);
    }
    at.gateway.clock.advance(10);
    for domain in at.list().await {
        let path = format!("/{}/verify", domain["domain"].as_str().unwrap());
        at.ask("POST", &path).await.expect(200);
    }
    let before = at.dns.asked().len();
    at.dns.behave(Manner {
        pause: Duration::from_millis(100),
        ..Manner::default()
    });
    at.gateway.clock.advance(DAY);
    let offices = [at.office(), at.office(), at.office()];
    let looks = join_all(offices.iter().map(Office::look_at_domains)).await;
    let looked: usize = looks.into_iter().map(Result::unwrap).sum();
    let rest = at.office().look_at_domains().await.unwrap();
    assert_eq!(looked + rest, 13);
    let asked = at.dns.asked().split_off(before);
    let mut names: Vec<_> = asked.iter().map(|(_, _, name)| name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((asked.len(), names.len()), (13, 13));
}
