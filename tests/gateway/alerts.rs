//! Alerts: what admins and the operator are to look at now reaches them by mail, once.

use std::num::NonZeroU32;

use futures_util::FutureExt;
use serde_json::{Value, json};
use usher::config::Outbound;
use usher::directory::connection::{Profile, Safeguard};
use usher::directory::delivery::{Delivery, MailKind};
use usher::directory::event::EventKind;
use usher::directory::webhook::Disabling;
use usher::id::{OrganizationId, UserId, WebhookId};
use usher::limits;
use usher::mail::mailbox;
use usher::outbound::Client;
use usher::provisioning::outbox::Letterhead;
use usher::provisioning::settings::tokens;
use usher::provisioning::{Error, change, metadata, safeguards, sweep};
use usher::store::rows::OutboxRow;
use usher::worker::Office;

use crate::credentials::live;
use crate::harness::{Acme, Browser, Connected, Relay, Reply, press};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
const OPERATOR: &str = "ops@usher.example";

/// An organization with a directory, admins, and a relay.
struct Stage {
    acme: Acme,
    relay: Relay,
    operator: Option<&'static str>,
}

impl Stage {
    async fn set(mode: Safeguard, people: usize) -> (Self, Vec<String>) {
        let acme = Acme::start().await;
        acme.gateway
            .alter(&acme.okta, move |row| row.safeguard = mode)
            .await;
        let ids = acme.gateway.crowd(&acme.okta, people).await;
        acme.gateway.clock.advance(60);
        let stage = Self {
            acme,
            relay: Relay::start(),
            operator: Some(OPERATOR),
        };
        (stage, ids)
    }

    /// Somebody of the directory whom an admin makes an admin.
    async fn admin(&self, name: &str) -> String {
        let (_, user) = self.acme.pushed(&format!("{name}@acme.example")).await;
        let path = format!("/users/{user}/role");
        let made = self.acme.put(&path, json!({"role": "admin"}));
        made.await.expect(200);
        user
    }

    /// Somebody of the directory who has the title: the resource's id.
    async fn owner(&self, name: &str) -> String {
        let (scim_id, user) = self.acme.pushed(&format!("{name}@acme.example")).await;
        let (org, id) = (self.acme.org, user.parse::<UserId>().unwrap());
        let title = |user: &mut usher::store::rows::UserRow| user.owner = true;
        self.acme.gateway.alter_person(org, id, title).await;
        scim_id
    }

    /// The directory says whether people are active.
    async fn activate(&self, ids: &[String], is: bool) {
        for id in ids {
            let body = json!([{"op": "replace", "path": "active", "value": is}]);
            let path = format!("/Users/{id}");
            self.acme.scim().patch(&path, body).await.expect(200);
        }
    }

    /// The worker sends what is owed; answers whom a mail reached, and what it said.
    async fn sent(&self) -> Vec<(String, String)> {
        let before = self.relay.taken().len();
        let gateway = &self.acme.gateway.gateway;
        let from = mailbox(Some("Usher"), "no-reply@usher.example").unwrap();
        let operator = self.operator.map(|it| mailbox(None, it).unwrap());
        let office = Office::new(
            gateway.store.clone(),
            gateway.ids.clone(),
            Letterhead::new(from, (*gateway.links).clone()).operated_by(operator),
            self.relay.route(),
            NonZeroU32::new(10_000).unwrap(),
            (
                Client::new(&Outbound::default()).unwrap(),
                gateway.keys.clone(),
            ),
        );
        office.drain().await.unwrap();
        let mut sent: Vec<_> = self.relay.taken().split_off(before);
        sent.sort();
        let mut sent: Vec<_> = sent
            .into_iter()
            .map(|mail| (mail.recipient, decoded(&mail.text)))
            .collect();
        sent.sort();
        // Whoever is asked or told something of their own gets no alert.
        sent.retain(|(_, text)| text.contains("You get this mail because"));
        for (_, text) in &sent {
            offers_what_there_is(text);
        }
        sent
    }

    /// The operator opens the owner's way in.
    async fn operate(&self, body: Value) -> Reply {
        let key = &self.acme.operator;
        self.acme
            .ask_as(key, "POST", "/break-glass", Some(body))
            .await
    }

    async fn readers(&self) -> Vec<String> {
        let sent = self.sent().await.into_iter();
        sent.map(|(recipient, _)| recipient).collect()
    }

    /// The alerts of the outbox.
    async fn owed(&self) -> Vec<OutboxRow> {
        let org = self.acme.org;
        let read = self
            .acme
            .gateway
            .gateway
            .store
            .read(move |tx| async move { Ok::<_, Error>(tx.letters(org).await?) }.boxed());
        let mut rows = read.await.unwrap();
        rows.retain(|row| row.kind == MailKind::Alert);
        rows
    }
}

/// Each step of a mail is an operation of the admin API, and a command that is understood.
fn offers_what_there_is(mail: &str) {
    let document = serde_json::to_value(usher::http::admin::openapi()).unwrap();
    let operations = document["paths"].as_object().unwrap();
    let (mut requests, mut commands) = (0, 0);
    for step in mail.lines().filter_map(|line| line.strip_prefix("    ")) {
        let words: Vec<_> = step.split_whitespace().collect();
        if words[0] == "usher" {
            let said = std::process::Command::new(env!("CARGO_BIN_EXE_usher"))
                .args(&words[1..])
                .current_dir(std::env::temp_dir())
                .env_clear()
                .env("USHER_DATABASE_URL", "sqlite:///nowhere/usher.db")
                .output()
                .unwrap();
            assert_ne!(said.status.code(), Some(2), "{step}: {said:?}");
            commands += 1;
            continue;
        }
        let path = words[1].strip_prefix("https://usher.example").unwrap();
        let is_it = |pattern: &String| {
            let (pattern, path) = (pattern.split('/'), path.split('/'));
            let same = |(it, word): (&str, &str)| it == word || it.starts_with('{');
            pattern.clone().count() == path.clone().count() && pattern.zip(path).all(same)
        };
        let found = operations.iter().filter(|(pattern, _)| is_it(pattern));
        let mut methods = found.filter_map(|(_, item)| item.get(words[0].to_lowercase()));
        assert!(
            methods.next().is_some(),
            "there is no such operation: {step}"
        );
        requests += 1;
    }
    assert!(commands > 0 && commands == requests, "{mail}");
}

/// The text of a mail, in one piece.
fn decoded(mail: &str) -> String {
    mail.replace("=\n", "").replace("=3D", "=")
}

fn all(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_a_thousand_requests_is_one_mail_to_each_in_charge() {
    let (stage, ids) = Stage::set(Safeguard::Observe, 100).await;
    stage.admin("grace").await;
    stage.owner("ada").await;
    let out = stage.admin("sue").await;
    let path = format!("/users/{out}/suspend");
    stage.acme.post(&path, json!({})).await.expect(200);
    // Another organization's admins are none of this one's.
    let other = stage.acme.gateway.organization("other").await;
    let theirs = stage
        .acme
        .gateway
        .connect(other, "Okta", Profile::Okta, &["other.example"])
        .await;
    stage
        .acme
        .gateway
        .scim(&theirs)
        .user("eve@other.example")
        .await;
    let eve = stage.acme.gateway.person(other, "eve@other.example").await;
    let eve = eve.unwrap().id;
    stage.acme.gateway.grant(other, eve, "admin").await;

    for round in 0..10 {
        stage.activate(&ids, round % 2 == 1).await;
    }
    let sent = stage.sent().await;
    let readers: Vec<_> = sent.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(
        readers,
        ["ada@acme.example", "grace@acme.example", OPERATOR]
    );
    let tripped = stage.acme.get("/safeguards").await["data"][0].clone();
    let undo = format!(
        "usher safeguard undo --org acme --connection {} --from {}",
        stage.acme.okta.id,
        tripped["began_at"].as_str().unwrap()
    );
    for (reader, text) in &sent {
        for part in [
            "Subject: A directory removed many people: acme",
            "took 100 people out within an hour",
            "up to 20 are usual",
            &undo,
            "POST https://usher.example/api/v1/organizations/acme/undo/preview",
        ] {
            assert!(text.contains(part), "{reader}: {part}\n{text}");
        }
        assert!(text.contains("text/html"), "{text}");
        for name in ["p1@", "model@", "sue@", "eve@"] {
            assert!(!text.contains(name), "{name} is nobody's business\n{text}");
        }
        let to_operator = text.contains("USHER_MAIL_OPERATOR");
        assert_eq!(to_operator, reader == OPERATOR);
    }
    assert_eq!(stage.readers().await, all(&[]));
    stage.activate(&ids, true).await;
    assert_eq!(stage.readers().await, all(&[]), "and it stays at one");
    // After the hour it is another burst.
    stage.acme.gateway.clock.advance(2 * HOUR);
    stage.activate(&ids, false).await;
    assert_eq!(stage.readers().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_comes_with_the_two_ways_and_not_once_it_is_decided() {
    for (decided, told) in [
        (None, Some("wait for a decision")),
        (Some("approve"), None),
        (Some("reject"), None),
        (Some("time"), Some("removed many people")),
    ] {
        let (stage, ids) = Stage::set(Safeguard::Hold, 30).await;
        stage.admin("grace").await;
        stage.activate(&ids[..15], false).await;
        let tripped = stage.acme.get("/safeguards").await["data"][0].clone();
        assert_eq!(tripped["state"], "held");
        let id = tripped["id"].as_str().unwrap();
        match decided {
            Some("time") => {
                stage.acme.gateway.clock.advance(16 * 60);
                let gateway = &stage.acme.gateway.gateway;
                let (store, ids) = (&gateway.store, &gateway.ids);
                safeguards::expire_overdue(store, ids).await.unwrap();
            }
            Some(word) => {
                let path = format!("/safeguards/{id}/{word}");
                stage.acme.post(&path, json!({})).await.expect(200);
            }
            None => {}
        }
        let sent = stage.sent().await;
        let Some(told) = told else {
            assert!(sent.is_empty(), "{decided:?}");
            let owed = stage.owed().await;
            assert!(owed.iter().all(|row| row.state == Delivery::Cancelled));
            continue;
        };
        assert_eq!(sent.len(), 2, "{decided:?}");
        for (_, text) in &sent {
            assert!(text.contains(told), "{told}: {text}");
            for word in ["approve", "reject"] {
                let command = format!("usher safeguard {word} --org acme {id}");
                let url = format!(
                    "POST https://usher.example/api/v1/organizations/acme/safeguards/{id}/{word}"
                );
                let offered = text.contains(&command) && text.contains(&url);
                assert_eq!(offered, decided.is_none(), "{word}: {text}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_admins_who_wait_for_a_yes_are_told_of() {
    let (stage, ids) = Stage::set(Safeguard::Observe, 10).await;
    stage.admin("grace").await;
    stage.acme.rule("Admins", "admin").await;
    let members: Vec<_> = ids.iter().take(5).map(String::as_str).collect();
    stage.acme.scim().group("Admins", &members).await;
    let sent = stage.sent().await;
    assert_eq!(sent.len(), 2, "who waits is no admin yet");
    assert!(
        sent[0].1.contains("New admins wait for a yes"),
        "{}",
        sent[0].1
    );
    assert!(sent[0].1.contains("usher safeguard approve --org acme"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_out_or_gone_by_then_gets_none_and_a_relay_that_says_later_is_asked_again() {
    let (stage, ids) = Stage::set(Safeguard::Observe, 30).await;
    let mut admins = Vec::new();
    for name in ["later", "sue", "gone", "less", "moved"] {
        admins.push(stage.admin(name).await);
    }
    stage.activate(&ids[..15], false).await;
    let [_, sue, gone, less, moved] = &admins[..] else {
        panic!("five admins");
    };
    assert_eq!(stage.owed().await.len(), 6);
    for user in [sue, gone] {
        let path = format!("/users/{user}/suspend");
        stage.acme.post(&path, json!({})).await.expect(200);
    }
    let erase = json!({"reason": "asked for"});
    let path = format!("/users/{gone}/erase");
    stage.acme.post(&path, erase).await.expect(200);
    let path = format!("/users/{less}/role");
    let viewer = stage.acme.put(&path, json!({"role": "viewer"}));
    viewer.await.expect(200);
    let (org, id) = (stage.acme.org, moved.parse::<UserId>().unwrap());
    let elsewhere = |user: &mut usher::store::rows::UserRow| {
        user.email = Some("else@acme.example".to_owned());
        user.email_norm = Some("else@acme.example".to_owned());
    };
    stage.acme.gateway.alter_person(org, id, elsewhere).await;

    assert_eq!(stage.readers().await, all(&[OPERATOR]));
    let owed = stage.owed().await;
    assert_eq!(owed.len(), 5, "of whom is erased, no address is kept");
    let waiting = |row: &&OutboxRow| row.state == Delivery::Queued;
    let waiting: Vec<_> = owed.iter().filter(waiting).collect();
    assert_eq!(waiting.len(), 1);
    assert!(
        waiting[0]
            .last_reply
            .as_ref()
            .unwrap()
            .contains("greylisted")
    );
    stage.acme.gateway.clock.advance(61);
    assert_eq!(stage.readers().await, all(&["later@acme.example"]));
    let gateway = &stage.acme.gateway.gateway;
    let (store, ids) = (&gateway.store, &gateway.ids);
    assert_eq!(sweep::forget_alerts(store, ids).await.unwrap(), 0);
    let kept = limits::ALERT_KEPT.as_secs();
    stage.acme.gateway.clock.advance(kept + 62);
    assert_eq!(sweep::forget_alerts(store, ids).await.unwrap(), 6);
    assert_eq!(stage.owed().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_may_do_without_and_so_may_the_operator() {
    for (alerts, operator, expected) in [
        (false, Some(OPERATOR), &[OPERATOR][..]),
        (true, None, &["grace@acme.example"]),
        (false, None, &[]),
    ] {
        let (mut stage, ids) = Stage::set(Safeguard::Observe, 30).await;
        stage.operator = operator;
        stage.admin("grace").await;
        let mut policy = stage.acme.get("/policy").await;
        assert_eq!(policy["alerts"], true, "on unless said");
        policy["alerts"] = json!(alerts);
        let low = live(Some(stage.acme.org), "organizations:read safeguards:write");
        let low = stage.acme.gateway.key(low).await;
        let refused = stage
            .acme
            .ask_as(&low, "PUT", "/policy", Some(policy.clone()));
        refused.await.expect(403);
        stage.acme.put("/policy", policy).await.expect(200);
        stage.activate(&ids[..15], false).await;
        assert_eq!(stage.readers().await, all(expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_so_many_of_the_admins_are_told_and_the_owner_is() {
    let (stage, ids) = Stage::set(Safeguard::Observe, 30).await;
    for number in 0..limits::ALERT_READERS + 3 {
        stage.admin(&format!("admin{number}")).await;
    }
    stage.owner("zoe").await;
    stage.activate(&ids[..20], false).await;
    let readers = stage.readers().await;
    let most = usize::try_from(limits::ALERT_READERS).unwrap();
    assert_eq!(readers.len(), most + 1);
    assert!(readers.contains(&"zoe@acme.example".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_who_is_shut_out_is_told_of_once_a_day() {
    let (stage, _) = Stage::set(Safeguard::Observe, 1).await;
    stage.admin("grace").await;
    let owner = [stage.owner("ada").await];
    for _ in 0..3 {
        stage.activate(&owner, false).await;
        stage.activate(&owner, true).await;
    }
    stage.activate(&owner, false).await;
    let sent = stage.sent().await;
    let readers: Vec<_> = sent.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(
        readers,
        ["grace@acme.example", OPERATOR],
        "not to the owner"
    );
    let told = &sent[0].1;
    assert!(
        told.contains("Subject: The owner cannot act: acme"),
        "{told}"
    );
    assert!(told.contains("usher user show --org acme"), "{told}");
    assert!(!told.contains("ada@acme.example"), "{told}");
    stage.activate(&owner, true).await;
    stage.acme.gateway.clock.advance(DAY + 1);
    stage.activate(&owner, false).await;
    assert_eq!(stage.readers().await.len(), 2);
    // Who is let in again before the mail leaves is nobody's worry.
    stage.activate(&owner, true).await;
    stage.acme.gateway.clock.advance(DAY + 1);
    stage.activate(&owner, false).await;
    stage.activate(&owner, true).await;
    assert_eq!(stage.readers().await, all(&[]));
    // And whoever does that first hides nothing by it.
    stage.activate(&owner, false).await;
    assert_eq!(stage.readers().await.len(), 2);
}

async fn disable(stage: &Stage, id: WebhookId, cause: Disabling) {
    let org: OrganizationId = stage.acme.org;
    let store = &stage.acme.gateway.gateway.store;
    change(store, org, stage.acme.gateway.command(), move |change| {
        async move {
            let at = change.time();
            change.tx.disable_webhook(org, id, cause, at, "").await?;
            let data = json!({"webhook_id": id, "cause": cause});
            change.record(EventKind::WebhookDisabled, data);
            Ok::<_, Error>(())
        }
        .boxed()
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_is_disabled_is_told_of_unless_it_is_mended_by_then() {
    for mended in [false, true] {
        let (stage, _) = Stage::set(Safeguard::Observe, 1).await;
        stage.admin("grace").await;
        let hook = json!({"url": "https://app.example/hooks", "name": "shop"});
        let id = stage.acme.post("/webhooks", hook).await.expect(201).id();
        disable(&stage, id.parse().unwrap(), Disabling::Gone).await;
        if mended {
            let path = format!("/webhooks/{id}/enable");
            stage.acme.post(&path, json!({})).await.expect(200);
        }
        let sent = stage.sent().await;
        assert_eq!(sent.len(), if mended { 0 } else { 2 });
        for (_, text) in sent {
            for part in [
                "it is gone (410)",
                &format!("usher webhook enable --org acme {id}"),
            ] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(
                !text.contains("/hooks"),
                "where it leads is a secret: {text}"
            );
        }
    }
}

async fn ending(stage: &Stage) -> Vec<(String, String)> {
    let gateway = &stage.acme.gateway.gateway;
    for _ in 0..2 {
        metadata::tell_endings(&gateway.store, &gateway.ids)
            .await
            .unwrap();
    }
    stage.sent().await
}

fn days(count: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_hours(24 * count)
}

async fn issue(stage: &Stage, of: &Connected, life: i64) -> String {
    let store = &stage.acme.gateway.gateway.store;
    let context = stage.acme.gateway.command();
    let issued = tokens::issue(store, context, of.id, Some(days(life)), &[]).await;
    issued.unwrap().row.id.uuid().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_is_told_of_at_each_threshold_once() {
    let (stage, _) = Stage::set(Safeguard::Observe, 1).await;
    stage.admin("grace").await;
    let entra = stage
        .acme
        .gateway
        .connect(stage.acme.org, "Entra", Profile::Entra, &[])
        .await;
    let id = issue(&stage, &stage.acme.okta, 90).await;
    // What lives for a week is not told of a month before.
    let short = issue(&stage, &entra, 7).await;
    assert!(ending(&stage).await.is_empty());
    let mut told = Vec::new();
    for (later, expected) in [(59, 2), (1, 2), (1, 0), (22, 2), (6, 0), (1, 2), (5, 0)] {
        stage.acme.gateway.clock.advance(later * DAY);
        let sent = ending(&stage).await;
        assert_eq!(sent.len(), expected, "{later}");
        told.extend(
            sent.into_iter()
                .filter(|it| it.0 != OPERATOR)
                .map(|it| it.1),
        );
    }
    let path = format!("/connections/{}", stage.acme.okta.id);
    let warnings = stage.acme.get(&path).await["warnings"].clone();
    let mut its = warnings.as_array().unwrap().iter();
    let its = its.find(|it| it["token_id"] == *id).unwrap();
    assert_eq!(
        (&its["kind"], &its["days"]),
        (&json!("token_expired"), &json!(0))
    );
    let of = |id: &str| told.iter().filter(|text| text.contains(id)).count();
    assert_eq!((of(&id), of(&short)), (3, 1));
    assert!(told[0].contains("A SCIM token has ended"), "{}", told[0]);
    assert!(told[1].contains("A SCIM token ends soon"), "{}", told[1]);
    let next = format!("usher token issue --connection {}", stage.acme.okta.id);
    assert!(told[1].contains(&next), "{}", told[1]);
    let events = stage.acme.gateway.events(stage.acme.org).await;
    let its = events
        .iter()
        .filter(|it| it["type"] == "connection.token_ending");
    let its: Vec<_> = its.filter(|it| it["data"]["token_id"] == *id).collect();
    let days: Vec<&Value> = its.iter().map(|it| &it["data"]["days"]).collect();
    assert_eq!(days, [30, 7, 0]);
    // One that is revoked before the mail leaves, or before anybody looks, is nothing to tell of.
    let revoked = issue(&stage, &entra, 60).await;
    stage.acme.gateway.clock.advance(31 * DAY);
    let gateway = &stage.acme.gateway.gateway;
    metadata::tell_endings(&gateway.store, &gateway.ids)
        .await
        .unwrap();
    let path = format!("/connections/{}/tokens/{revoked}/revoke", entra.id);
    stage.acme.post(&path, json!({})).await.expect(200);
    assert!(ending(&stage).await.is_empty());
    stage.acme.gateway.clock.advance(25 * DAY);
    assert!(ending(&stage).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_ends_is_told_of_at_each_threshold_once() {
    let (stage, _) = Stage::set(Safeguard::Observe, 1).await;
    stage.admin("grace").await;
    stage.acme.gateway.idp(&stage.acme.okta).await;
    let end: jiff::Timestamp = "2049-01-01T00:00:00Z".parse().unwrap();
    for (before, expected, part) in [
        (31, 0, ""),
        (29, 2, "A certificate ends soon"),
        (28, 0, ""),
        (6, 2, "on 1 January 2049, 00:00 UTC"),
        (-1, 2, "A certificate has ended"),
        (-2, 0, ""),
    ] {
        let at = end - jiff::SignedDuration::from_hours(24 * before);
        let wait = at.duration_since(stage.acme.gateway.clock.now());
        stage.acme.gateway.clock.advance(wait.as_secs());
        let sent = ending(&stage).await;
        assert_eq!(sent.len(), expected, "{before}");
        let refresh = format!(
            "usher connection metadata {} --refresh-now",
            stage.acme.okta.id
        );
        for (_, text) in sent {
            assert!(
                text.contains(part) && text.contains(&refresh),
                "{part}: {text}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_owner_is_told_of() {
    let (stage, _) = Stage::set(Safeguard::Observe, 1).await;
    let grace = stage.admin("grace").await;
    stage.admin("hedy").await;
    stage.owner("ada").await;
    let acme = &stage.acme;
    let body = json!({"to": grace, "reason": "Ada left", "force": true});
    let forced = acme.ask_as(&acme.operator, "POST", "/ownership-transfers", Some(body));
    forced.await.expect(201);
    let sent = stage.sent().await;
    let told: Vec<_> = sent
        .iter()
        .filter(|it| it.1.contains("Subject: Another owner: acme"))
        .collect();
    let readers: Vec<_> = told.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(
        readers,
        [
            "ada@acme.example",
            "grace@acme.example",
            "hedy@acme.example",
            OPERATOR
        ]
    );
    assert!(told[2].1.contains("usher user show --org acme"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_that_names_admins_is_told_of_once_and_not_where_all_is_decided() {
    let (stage, _) = Stage::set(Safeguard::Observe, 1).await;
    stage.admin("grace").await;
    let acme = &stage.acme;
    let mut resources = Vec::new();
    for name in ["hedy", "joan"] {
        let email = format!("{name}@acme.example");
        crate::ownership::member(acme, &email, "admin").await;
        resources.push(acme.scim().user(&email).await);
    }
    let sent = stage.sent().await;
    let readers: Vec<_> = sent.iter().map(|it| it.0.as_str()).collect();
    let expected = [
        "grace@acme.example",
        "hedy@acme.example",
        "joan@acme.example",
    ];
    assert_eq!(readers, [&expected[..], &[OPERATOR]].concat());
    assert!(sent[0].1.contains("A directory names an owner or an admin"));
    assert!(sent[0].1.contains("usher link list --org acme"));
    acme.gateway.clock.advance(DAY + 1);
    crate::ownership::member(acme, "mary@acme.example", "admin").await;
    resources.push(acme.scim().user("mary@acme.example").await);
    for id in &resources {
        let path = format!("/links/{id}/reject");
        let rejected = acme.post(&path, json!({"reason": "somebody else"})).await;
        rejected.expect(200);
    }
    assert_eq!(stage.readers().await, all(&[]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_in_charge_hears_that_the_owners_way_in_is_open_and_that_it_is_used() {
    let (stage, _) = Stage::set(Safeguard::Observe, 1).await;
    stage.owner("ada").await;
    stage.admin("grace").await;
    let readers = all(&["ada@acme.example", "grace@acme.example", OPERATOR]);
    // Whoever can change the policy does not mute it.
    let mute = stage.acme.put("/policy", json!({"alerts": false}));
    mute.await.expect(200);
    let body = json!({"reason": "Okta is down"});
    let opened = stage.operate(body).await;
    let url = opened.expect(201).json()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let sent = stage.sent().await;
    let told: Vec<_> = sent.iter().map(|it| it.0.clone()).collect();
    assert_eq!(told, readers);
    for (reader, text) in &sent {
        assert!(
            text.contains("The reason given: Okta is down"),
            "{reader}: {text}"
        );
        assert!(!text.contains("glass_"), "no mail has the link: {text}");
    }
    let path = url.strip_prefix("https://usher.example").unwrap();
    let browser = Browser::new(&stage.acme.gateway);
    press(&browser, path, &[("action", "send")])
        .await
        .expect(303);
    let code = stage.acme.gateway.codes("ada@acme.example").await.pop();
    let code = code.unwrap();
    let said = [("action", "say"), ("code", &*code)];
    press(&browser, path, &said).await.expect(303);
    stage
        .acme
        .post("/break-glass/close", json!({}))
        .await
        .expect(200);
    let sent = stage.sent().await;
    let told: Vec<_> = sent.iter().map(|it| it.0.clone()).collect();
    assert_eq!(told, readers, "also where it was closed by then");
    assert!(
        sent.iter()
            .all(|(_, text)| text.contains("signed in without a connection"))
    );
    // Who is told of it by the time that it is closed need not look.
    let body = json!({"reason": "again"});
    stage.operate(body).await.expect(201);
    stage
        .acme
        .post("/break-glass/close", json!({}))
        .await
        .expect(200);
    assert_eq!(stage.readers().await, all(&[]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_hears_that_an_admin_asks_for_another_owner() {
    let (stage, _) = Stage::set(Safeguard::Observe, 1).await;
    let owner = stage.owner("ada").await;
    let grace = stage.admin("grace").await;
    stage.activate(&[owner], false).await;
    let sent = stage.sent().await;
    for (reader, text) in &sent {
        let forces = text
            .contains("POST https://usher.example/api/v1/organizations/acme/ownership-transfers")
            && text.contains("\"force\": true");
        assert_eq!(forces, reader == OPERATOR, "{text}");
    }
    let body = json!({"to": grace, "reason": "Ada left"});
    let path = "/ownership-transfers";
    let asked = stage.acme.post(path, body.clone()).await.expect(201).json();
    let readers = all(&["grace@acme.example", OPERATOR]);
    let sent = stage.sent().await;
    let told: Vec<_> = sent.iter().map(|it| it.0.clone()).collect();
    assert_eq!(told, readers);
    let confirm = format!(
        "usher org confirm-transfer acme {}",
        asked["id"].as_str().unwrap()
    );
    for (_, text) in &sent {
        assert!(
            text.contains("is asked for. The reason given: Ada left"),
            "{text}"
        );
        assert!(text.contains(&confirm), "{text}");
    }
    // What is decided by the time that the mail leaves is not told.
    let cancel = |id: &Value| format!("{path}/{}/cancel", id.as_str().unwrap());
    stage
        .acme
        .post(&cancel(&asked["id"]), json!({}))
        .await
        .expect(200);
    stage.acme.gateway.clock.advance(1);
    let asked = stage.acme.post(path, body).await.expect(201).json();
    stage
        .acme
        .post(&cancel(&asked["id"]), json!({}))
        .await
        .expect(200);
    assert_eq!(stage.readers().await, all(&[]));
}
