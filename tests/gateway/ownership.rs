//! One person owns an organization: how the title moves, who is asked, and what a directory may do to them.

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use usher::directory::connection::{Profile, Safeguard};
use usher::directory::delivery::{Load, MailKind};
use usher::id::UserId;
use usher::mail::mailbox;
use usher::provisioning::outbox::{Composed, Letterhead, compose};
use usher::provisioning::{Error, safeguards};

use crate::connection_commands::Place;
use crate::credentials::live;
use crate::harness::{Acme, Browser, Reply, TestGateway, press, user};

const ADA: &str = "ada@acme.example";
const BOB: &str = "bob@acme.example";
const EVE: &str = "eve@acme.example";
const YES: &[(&str, &str)] = &[("action", "yes")];
const NO: &[(&str, &str)] = &[("action", "no")];
const WEEK: i64 = 7 * 24 * 3600;

/// Somebody who came by an invitation; answers their id and their browser.
pub(crate) async fn member<'a>(acme: &'a Acme, email: &str, role: &str) -> (UserId, Browser<'a>) {
    let invited = acme.gateway.invite(acme.org, email, role).await;
    let browser = Browser::new(&acme.gateway);
    let accept = [("action", "accept")];
    press(&browser, &invited.mailed().await, &accept)
        .await
        .expect(303);
    let person = acme.gateway.person(acme.org, email).await.unwrap();
    (person.id, browser)
}

/// Acme with its owner Ada, and Bob, an admin.
async fn owned() -> (Acme, UserId, UserId) {
    let acme = Acme::start().await;
    let (ada, _) = member(&acme, ADA, "admin").await;
    acme.gateway
        .alter_person(acme.org, ada, |row| row.owner = true)
        .await;
    let (bob, _) = member(&acme, BOB, "admin").await;
    (acme, ada, bob)
}

impl TestGateway {
    /// The texts of the mails of questions that are owed to an address, the latest last.
    pub(crate) async fn questions(&self, to: &str) -> Vec<String> {
        let (store, now) = (&self.gateway.store, self.clock.now());
        let from = mailbox(Some("Usher"), "no-reply@usher.example").unwrap();
        let letterhead = Letterhead::new(from, (*self.gateway.links).clone());
        let due = store.read(move |tx| {
            async move { Ok::<_, Error>(tx.due_deliveries(Load::Mails, now.into(), 1_000).await?) }
                .boxed()
        });
        let mut texts = Vec::new();
        for row in due.await.unwrap() {
            if row.kind != MailKind::Decision || row.recipient != to {
                continue;
            }
            if let Composed::Ready(letter) = compose(store, &letterhead, &row, now).await.unwrap() {
                texts.push(letter.message.content.text);
            }
        }
        texts
    }

    /// The codes of six digits that wait to be mailed to an address, the latest last.
    pub(crate) async fn codes(&self, to: &str) -> Vec<String> {
        let texts = self.questions(to).await;
        let digits = |text: &String| {
            let mut lines = text.lines().map(str::trim);
            lines
                .find(|it| it.len() == 6 && it.bytes().all(|b| b.is_ascii_digit()))
                .map(str::to_owned)
        };
        texts.iter().filter_map(digits).collect()
    }

    /// The path of the link in the latest question to an address.
    pub(crate) async fn question(&self, to: &str) -> String {
        let texts = self.questions(to).await;
        let link = |text: &String| {
            let at = text.find("/decide/")?;
            text[at..].split_whitespace().next().map(str::to_owned)
        };
        texts.iter().rev().find_map(link).expect("a question")
    }
}

/// Six digits that are not these.
pub(crate) fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// A browser in which the owner has just signed in through a connection that the operator confirmed.
pub(crate) async fn signed_in<'a>(acme: &'a Acme, owner: &str) -> Browser<'a> {
    acme.gateway
        .alter(&acme.okta, |row| {
            row.owner_confirmed_at = Some(row.created_at);
        })
        .await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, owner).await.expect(303);
    browser
}

const TRANSFERS: &str = "/ownership-transfers";

async fn begin(acme: &Acme, key: &str, to: UserId) -> Value {
    // What comes later is told by its time.
    acme.gateway.clock.advance(1);
    let body = json!({"to": to, "reason": "she moves on"});
    let begun = acme.ask_as(key, "POST", TRANSFERS, Some(body)).await;
    begun.expect(201).json()
}

/// What kind of problem a reply is.
pub(crate) fn slug(reply: &Reply) -> String {
    let kind = reply.json()["type"].as_str().unwrap().to_owned();
    kind.rsplit('/').next().unwrap().to_owned()
}

async fn owners(acme: &Acme) -> Vec<String> {
    let all = acme.get("/users?limit=200").await;
    let all = all["data"].as_array().unwrap().clone();
    let owns = all.into_iter().filter(|it| it["owner"] == true);
    owns.map(|it| it["email"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn of_kind(acme: &Acme, kind: &str) -> Vec<Value> {
    let events = acme.gateway.events(acme.org).await;
    events.into_iter().filter(|it| it["type"] == kind).collect()
}

async fn count(acme: &Acme) -> usize {
    acme.gateway.events(acme.org).await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_begins_a_transfer_and_the_chosen_admin_says_yes() {
    let (acme, ada, bob) = owned().await;
    let begun = begin(&acme, &acme.operator, bob).await;
    for (name, value) in [
        ("state", json!("awaiting_acceptance")),
        ("to", json!(bob)),
        ("owner_id", json!(ada)),
        ("reason", json!("she moves on")),
        ("warnings", json!(["no_connection_for_owner"])),
    ] {
        assert_eq!(begun[name], value, "{name}");
    }
    let told = acme.gateway.questions(ADA).await;
    assert!(told.len() == 1 && !told[0].contains("/decide/"), "{told:?}");
    let again = json!({"to": bob});
    let second = acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(again));
    assert_eq!(slug(&second.await.expect(409)), "transfer_open");
    let path = acme.gateway.question(BOB).await;
    let browser = Browser::new(&acme.gateway);
    let before = count(&acme).await;
    for _ in 0..2 {
        let page = browser.get(&path).await.expect(200);
        assert!(page.text().contains("she moves on"), "{}", page.text());
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    // A form that is not bound to this browser, from elsewhere, or that says nothing.
    browser.submit(&path, YES).await.expect(200);
    Browser::new(&acme.gateway)
        .submit(&path, &[("action", "yes"), ("csrf", "x")])
        .await
        .expect(200);
    press(&browser, &path, &[("action", "maybe")])
        .await
        .expect(400);
    assert_eq!(count(&acme).await, before, "looking changes nothing");
    assert_eq!(owners(&acme).await, [ADA]);
    press(&browser, &path, YES).await.expect(200);
    assert_eq!(owners(&acme).await, [BOB]);
    assert_eq!(acme.role_of(&bob.to_string()).await, "owner");
    assert_eq!(acme.role_of(&ada.to_string()).await, "admin");
    let changed = of_kind(&acme, "organization.owner_changed").await;
    assert_eq!(changed.len(), 1);
    let data = &changed[0]["data"];
    assert_eq!(
        (&data["user_id"], &data["former_owner_id"]),
        (&json!(bob), &json!(ada))
    );
    assert_eq!(
        (&data["role"], &data["owner"]),
        (&json!("owner"), &json!(true))
    );
    assert_eq!(changed[0]["actor"], json!(format!("user:{bob}")));
    let updated = of_kind(&acme, "user.updated").await;
    let hers = updated
        .iter()
        .find(|it| it["data"]["user_id"] == json!(ada))
        .unwrap();
    assert_eq!(
        (&hers["data"]["owner"], &hers["data"]["role"]),
        (&json!(false), &json!("admin"))
    );
    // A link is good once.
    browser.get(&path).await.expect(410);
    let one = format!("{TRANSFERS}/{}", begun["id"].as_str().unwrap());
    assert_eq!(acme.get(&one).await["state"], "accepted");
    let why = acme.get(&format!("/users/{ada}/explain")).await;
    let grants = why["candidates"].as_array().unwrap().iter();
    let won: Vec<_> = grants.filter(|it| it["verdict"] == "won").collect();
    assert_eq!(
        (&won[0]["source"], &won[0]["role"]),
        (&json!("manual"), &json!("admin"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_organizations_key_the_owner_is_asked_first() {
    let (acme, _, bob) = owned().await;
    let forced = json!({"to": bob, "reason": "x", "force": true});
    acme.post(TRANSFERS, forced).await.expect(403);
    let begun = begin(&acme, &acme.key, bob).await;
    assert_eq!(begun["state"], "awaiting_owner");
    assert!(
        acme.gateway.questions(BOB).await.is_empty(),
        "nobody else yet"
    );
    let path = acme.gateway.question(ADA).await;
    press(&Browser::new(&acme.gateway), &path, NO)
        .await
        .expect(200);
    assert_eq!(owners(&acme).await, [ADA]);
    Browser::new(&acme.gateway).get(&path).await.expect(410);
    let asked = json!({"to": bob});
    let too_soon = acme.post(TRANSFERS, asked.clone()).await.expect(409);
    assert_eq!(slug(&too_soon), "not_transferable");
    acme.gateway.clock.advance(WEEK);
    // Nor is she asked all day long.
    for _ in 0..2 {
        let begun = begin(&acme, &acme.key, bob).await;
        let cancel = format!("{TRANSFERS}/{}/cancel", begun["id"].as_str().unwrap());
        acme.post(&cancel, json!({})).await.expect(200);
    }
    let begun = begin(&acme, &acme.key, bob).await;
    let cancel = format!("{TRANSFERS}/{}/cancel", begun["id"].as_str().unwrap());
    acme.post(&cancel, json!({})).await.expect(200);
    let too_often = acme.post(TRANSFERS, asked).await.expect(409);
    assert_eq!(slug(&too_often), "not_transferable");
    acme.gateway.clock.advance(24 * 3600 + 1);
    let begun = begin(&acme, &acme.key, bob).await;
    let path = acme.gateway.question(ADA).await;
    // Nearly a week later; from her yes on he has a week of his own.
    acme.gateway.clock.advance(WEEK - 2 * 3600);
    // Her mailbox alone is not enough for a yes.
    let stranger = Browser::new(&acme.gateway);
    let page = stranger.get(&path).await.expect(200);
    assert!(!page.text().contains("value=\"yes\""), "{}", page.text());
    let csrf = crate::harness::csrf(&page);
    let said = [("csrf", &*csrf), ("action", "yes")];
    stranger.submit(&path, &said).await.expect(403);
    let browser = signed_in(&acme, ADA).await;
    acme.gateway.clock.advance(3601);
    press(&browser, &path, YES).await.expect(403);
    let browser = signed_in(&acme, ADA).await;
    press(&browser, &path, YES).await.expect(200);
    assert_eq!(owners(&acme).await, [ADA], "he was not asked yet");
    acme.gateway.clock.advance(WEEK - 60);
    let path = acme.gateway.question(BOB).await;
    press(&Browser::new(&acme.gateway), &path, YES)
        .await
        .expect(200);
    assert_eq!(owners(&acme).await, [BOB]);
    let ended = of_kind(&acme, "organization.transfer_ended").await;
    assert_eq!(ended.len(), 4);
    assert_eq!(ended[0]["data"]["state"], "refused");
    assert_eq!(
        of_kind(&acme, "organization.transfer_confirmed")
            .await
            .len(),
        1
    );
    let id = begun["id"].as_str().unwrap();
    let cancel = acme
        .post(&format!("{TRANSFERS}/{id}/cancel"), json!({}))
        .await;
    assert_eq!(slug(&cancel.expect(409)), "decided");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_dies_with_what_it_was_mailed_for() {
    for case in [
        "cancelled",
        "late",
        "demoted",
        "suspended",
        "owner_gone",
        "readdressed",
    ] {
        let (acme, ada, bob) = owned().await;
        let begun = begin(&acme, &acme.operator, bob).await;
        let path = acme.gateway.question(BOB).await;
        let browser = Browser::new(&acme.gateway);
        let page = browser.get(&path).await.expect(200);
        match case {
            "cancelled" => {
                let id = begun["id"].as_str().unwrap();
                let cancel = format!("{TRANSFERS}/{id}/cancel");
                for _ in 0..2 {
                    acme.post(&cancel, json!({})).await.expect(200);
                }
            }
            "late" => acme.gateway.clock.advance(WEEK),
            "demoted" => acme.gateway.demote(acme.org, bob).await,
            "suspended" => {
                acme.post(&format!("/users/{bob}/suspend"), json!({}))
                    .await
                    .expect(200);
            }
            "owner_gone" => {
                let gone = |row: &mut usher::store::rows::UserRow| {
                    row.suspended_by_directory_at = Some(row.created_at);
                };
                acme.gateway.alter_person(acme.org, ada, gone).await;
            }
            _ => {
                let moved = |row: &mut usher::store::rows::UserRow| {
                    row.email = Some(EVE.to_owned());
                    row.email_norm = Some(EVE.to_owned());
                };
                acme.gateway.alter_person(acme.org, bob, moved).await;
            }
        }
        let before = count(&acme).await;
        let csrf = crate::harness::csrf(&page);
        let fields = [("csrf", &*csrf), ("action", "yes")];
        browser.submit(&path, &fields).await.expect(410);
        assert_eq!(owners(&acme).await, [ADA], "{case}");
        assert_eq!(count(&acme).await, before, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_chosen_who_may_not_own() {
    let (acme, ada, bob) = owned().await;
    let (eve, _) = member(&acme, EVE, "editor").await;
    let other = acme.gateway.organization("other").await;
    let entra = acme
        .gateway
        .connect(other, "Entra", Profile::Entra, &["other.example"])
        .await;
    acme.gateway.scim(&entra).user("zoe@other.example").await;
    let zoe = acme
        .gateway
        .person(other, "zoe@other.example")
        .await
        .unwrap();
    let reader = acme
        .gateway
        .key(live(Some(acme.org), "ownership:read"))
        .await;
    let foreign = acme.gateway.key(live(Some(other), "*")).await;
    let before = count(&acme).await;
    for (key, to, force, status) in [
        (&acme.operator, ada, false, 409),
        (&acme.operator, eve, false, 409),
        (&acme.operator, zoe.id, false, 404),
        (&acme.operator, zoe.id, true, 404),
        (&acme.operator, ada, true, 409),
        (&acme.key, eve, false, 409),
        (&acme.key, bob, true, 403),
        (&reader, bob, false, 403),
        (&foreign, bob, false, 404),
    ] {
        let body = json!({"to": to, "reason": "x", "force": force});
        acme.ask_as(key, "POST", TRANSFERS, Some(body))
            .await
            .expect(status);
    }
    for body in [
        json!({"to": bob, "force": true}),
        json!({"to": bob, "force": true, "reason": " "}),
    ] {
        let reply = acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(body));
        reply.await.expect(422);
    }
    assert_eq!(count(&acme).await, before, "a refusal changed something");
    // Where a directory moved the owner's address, its mailbox is nobody's word.
    let moved = |row: &mut usher::store::rows::UserRow| {
        row.email_changed_at = Some(row.created_at);
    };
    acme.gateway.alter_person(acme.org, ada, moved).await;
    let refused = acme.post(TRANSFERS, json!({"to": bob})).await.expect(409);
    assert_eq!(slug(&refused), "not_transferable");
    begin(&acme, &acme.operator, bob).await;
    assert_eq!(owners(&acme).await, [ADA]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_moves_the_title_from_an_owner_who_is_gone() {
    let (acme, ada, bob) = owned().await;
    let (eve, _) = member(&acme, EVE, "editor").await;
    begin(&acme, &acme.operator, bob).await;
    let path = acme.gateway.question(BOB).await;
    let gone = |row: &mut usher::store::rows::UserRow| {
        row.suspended_by_directory_at = Some(row.created_at);
    };
    acme.gateway.alter_person(acme.org, ada, gone).await;
    let body = json!({"to": eve, "reason": "Ada left", "force": true});
    let made = acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(body));
    assert_eq!(made.await.expect(201).json()["state"], "forced");
    assert_eq!(owners(&acme).await, [EVE]);
    let person = acme.get(&format!("/users/{ada}")).await;
    assert_eq!(
        (&person["state"], &person["role"]),
        (&json!("suspended"), &json!(null))
    );
    let changed = of_kind(&acme, "organization.owner_changed").await;
    assert_eq!(changed[0]["data"]["forced"], true);
    assert_eq!(changed[0]["data"]["transfer_reason"], "Ada left");
    Browser::new(&acme.gateway).get(&path).await.expect(410);
    let mut states: Vec<_> = acme.get(TRANSFERS).await["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["state"].as_str().unwrap().to_owned())
        .collect();
    states.sort();
    assert_eq!(states, ["forced", "superseded"]);
    // An organization without an owner gets one so, and not otherwise.
    acme.gateway
        .alter_person(acme.org, eve, |row| row.owner = false)
        .await;
    let body = json!({"to": bob});
    let refused = acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(body));
    assert_eq!(slug(&refused.await.expect(409)), "not_transferable");
    let body = json!({"to": bob, "reason": "none was there", "force": true});
    let made = acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(body));
    assert_eq!(made.await.expect(201).json()["owner_id"], json!(null));
    assert_eq!(owners(&acme).await, [BOB]);
}

/// What the operator said of one owner is not said of the next, unless the next comes the same way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_was_confirmed_for_one_owner_brings_in_no_other() {
    let (acme, _, bob) = owned().await;
    let confirmed = |row: &mut usher::store::rows::ConnectionRow| {
        row.owner_confirmed_at = Some(row.created_at);
    };
    for is_bobs in [false, true] {
        acme.gateway.alter(&acme.okta, confirmed).await;
        let to = if is_bobs {
            let scim_id = acme.scim().user(EVE).await;
            let eve = acme.gateway.person(acme.org, EVE).await.unwrap().id;
            assert!(!scim_id.is_empty());
            eve
        } else {
            bob
        };
        let body = json!({"to": to, "reason": "the other one left", "force": true});
        let forced = acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(body));
        forced.await.expect(201);
        let shown = acme.get(&format!("/connections/{}", acme.okta.id)).await;
        assert_eq!(shown["owner_confirmed_at"].is_null(), !is_bobs, "{shown:#}");
        if !is_bobs {
            let idp = acme.gateway.idp(&acme.okta).await;
            let refused = idp.sign_in(&Browser::new(&acme.gateway), BOB).await;
            assert_eq!(crate::harness::reason(&refused), "owner_not_confirmed");
        }
    }
}

/// A hold that outlives a transfer is of the owner by then, and obeys the policy about owners.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_outlives_a_transfer_shuts_out_no_owner_unheard() {
    for kept in [false, true] {
        let acme = Acme::start().await;
        let hold = |row: &mut usher::store::rows::ConnectionRow| row.safeguard = Safeguard::Hold;
        acme.gateway.alter(&acme.okta, hold).await;
        let ids = acme.gateway.crowd(&acme.okta, 20).await;
        acme.gateway.clock.advance(60);
        let mut held = None;
        for id in ids.iter().take(11) {
            let off = json!([{"op": "replace", "path": "active", "value": false}]);
            let reply = acme.scim().patch(&format!("/Users/{id}"), off).await;
            if reply.expect(200).header("usher-held").is_some() {
                held = Some(id.clone());
            }
        }
        let link = acme.get(&format!("/links/{}", held.unwrap())).await;
        let person = link["user_id"].as_str().unwrap().to_owned();
        let body = json!({"to": person, "reason": "nobody else is left", "force": true});
        let forced = acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(body));
        forced.await.expect(201);
        if kept {
            let policy = json!({"owner_deprovision": "refuse"});
            let set = acme.ask_as(&acme.operator, "PUT", "/policy", Some(policy));
            set.await.expect(200);
        }
        acme.gateway.clock.advance(16 * 60);
        let (store, all) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
        assert_eq!(safeguards::expire_overdue(store, all).await.unwrap(), 1);
        let shown = acme.get(&format!("/users/{person}")).await;
        let expected = if kept { "active" } else { "suspended" };
        assert_eq!(
            (&shown["state"], &shown["owner"]),
            (&json!(expected), &json!(true))
        );
        let told = of_kind(&acme, "organization.owner_unavailable").await;
        assert_eq!(told.len(), usize::from(!kept));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_transfers_at_once_one_makes_one_owner() {
    let (acme, _, bob) = owned().await;
    let (eve, _) = member(&acme, EVE, "admin").await;
    let ask = async |number: usize| {
        let to = [bob, eve][number % 2];
        let body = json!({"to": to});
        let reply = acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(body));
        reply.await.status.as_u16()
    };
    let begun = join_all((0..8).map(ask)).await;
    assert_eq!(
        begun.iter().filter(|it| **it == 201).count(),
        1,
        "{begun:?}"
    );
    let open = acme.get(TRANSFERS).await["data"][0].clone();
    let email = open["email"].as_str().unwrap().to_owned();
    let path = acme.gateway.question(&email).await;
    // The chosen one's yes, a cancellation and the operator's force, all at once.
    let browsers: Vec<_> = (0..4).map(|_| Browser::new(&acme.gateway)).collect();
    let yes = browsers.iter().map(|it| press_softly(it, &path));
    let cancel = format!("{TRANSFERS}/{}/cancel", open["id"].as_str().unwrap());
    let forced = json!({"to": eve, "reason": "at once", "force": true});
    let force = acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(forced));
    let (_, cancelled, forced) = tokio::join!(join_all(yes), acme.post(&cancel, json!({})), force);
    assert!([200, 409].contains(&cancelled.status.as_u16()));
    assert!(
        [201, 409].contains(&forced.status.as_u16()),
        "{}",
        forced.text()
    );
    let now = owners(&acme).await;
    assert_eq!(now.len(), 1, "{now:?}");
    let changes = of_kind(&acme, "organization.owner_changed").await;
    let last = changes.last().map(|it| it["data"]["email"].clone());
    assert_eq!(last, Some(json!(now[0])));
}

/// Presses yes on a page that may be over by then.
async fn press_softly(browser: &Browser<'_>, path: &str) {
    let page = browser.get(path).await;
    if page.status.as_u16() == 200 {
        let csrf = crate::harness::csrf(&page);
        let fields = [("csrf", &*csrf), ("action", "yes")];
        let done = browser.submit(path, &fields).await.status.as_u16();
        assert!([200, 410].contains(&done), "{done}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_made_up_link_asks_anything() {
    let (acme, _, bob) = owned().await;
    begin(&acme, &acme.operator, bob).await;
    let path = acme.gateway.question(BOB).await;
    let browser = Browser::new(&acme.gateway);
    let altered = format!("{}A", path.strip_suffix(|_: char| true).unwrap());
    for wrong in [
        "/decide/",
        "/decide/yes_",
        "/decide/x",
        &altered,
        &format!("{path}AAAA"),
    ] {
        let reply = browser.get(wrong).await;
        if wrong == altered && reply.status.as_u16() == 200 {
            assert_eq!(altered, path, "the last letter was that one");
            continue;
        }
        reply.expect(404);
    }
    assert_eq!(owners(&acme).await, [ADA]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_is_kept_from_directories_where_the_policy_says_so() {
    let (acme, ada, _) = owned().await;
    let scim_id = acme.scim().user(ADA).await;
    let approve = format!("/links/{scim_id}/approve");
    let said = json!({"reason": "she is it"});
    acme.ask_as(&acme.operator, "POST", &approve, Some(said))
        .await
        .expect(200);
    acme.put("/policy", json!({"owner_deprovision": "refuse"}))
        .await
        .expect(200);
    let shown = acme.get("/policy").await;
    assert_eq!(shown["owner_deprovision"], "refuse");
    let (scim, path) = (acme.scim(), format!("/Users/{scim_id}"));
    let before = scim.get(&path).await.expect(200).json();
    let off = json!([
        {"op": "replace", "path": "displayName", "value": "Gone"},
        {"op": "replace", "path": "active", "value": false},
    ]);
    let mut replaced = user(ADA);
    replaced["active"] = json!(false);
    let since = count(&acme).await;
    for reply in [
        scim.patch(&path, off.clone()).await,
        scim.put(&path, replaced).await,
        scim.delete(&path).await,
    ] {
        let refused = reply.expect(409).json();
        assert_eq!(refused["scimType"], "mutability");
    }
    assert_eq!(
        scim.get(&path).await.expect(200).json(),
        before,
        "nothing of it was done"
    );
    let events = acme.gateway.events(acme.org).await;
    let told: Vec<_> = events[since..]
        .iter()
        .map(|it| {
            (
                it["type"].as_str().unwrap(),
                it["data"]["wanted"].as_str().unwrap(),
            )
        })
        .collect();
    let kept = "organization.owner_kept";
    assert_eq!(
        told,
        [(kept, "deactivate"), (kept, "deactivate"), (kept, "delete")]
    );
    assert_eq!(events[since]["data"]["user_id"], json!(ada));
    // In a bulk request the others stand.
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "PATCH", "path": path, "data": {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": off,
            }},
            {"method": "POST", "path": "/Users", "bulkId": "z", "data": user("zoe@acme.example")},
        ],
    });
    let answer = scim.post("/Bulk", bulk).await.expect(200).json();
    let operations = &answer["Operations"];
    assert_eq!(
        (&operations[0]["status"], &operations[1]["status"]),
        (&json!("409"), &json!("201"))
    );
    assert_eq!(of_kind(&acme, kept).await.len(), 4);
    assert_eq!(scim.get(&path).await.expect(200).json(), before);
    // The others of the organization are deactivated as ever, and she is by default.
    let zoe = acme
        .gateway
        .person(acme.org, "zoe@acme.example")
        .await
        .unwrap();
    let zoes = acme.get(&format!("/users/{}", zoe.id)).await;
    let zoes = format!("/Users/{}", zoes["scim"][0]["scim_id"].as_str().unwrap());
    scim.patch(&zoes, off.clone()).await.expect(200);
    acme.put("/policy", json!({})).await.expect(200);
    scim.patch(&path, off).await.expect(200);
    let person = acme.get(&format!("/users/{ada}")).await;
    assert_eq!(
        (&person["state"], &person["owner"]),
        (&json!("suspended"), &json!(true))
    );
    let log = (&acme.gateway.gateway.log, &acme.gateway.gateway.store);
    usher::provisioning::request_log::write::write_out(log.0, log.1)
        .await
        .unwrap();
    let logged = acme.get("/scim-requests?limit=200").await;
    let refused = logged["data"].as_array().unwrap().iter();
    assert_eq!(refused.filter(|it| it["status"] == 409).count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_told_when_nobody_but_the_owner_is_an_admin() {
    let (acme, _, bob) = owned().await;
    let (eve, _) = member(&acme, EVE, "admin").await;
    // The first admin became the owner, before there was another.
    let left = "organization.last_admin_left";
    assert_eq!(of_kind(&acme, left).await.len(), 1);
    let suspend = |id: UserId| format!("/users/{id}/suspend");
    acme.post(&suspend(eve), json!({})).await.expect(200);
    assert_eq!(of_kind(&acme, left).await.len(), 1, "one is there");
    acme.post(&suspend(bob), json!({})).await.expect(200);
    let told = of_kind(&acme, left).await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[1]["data"]["user_id"], json!(bob));
    // Again once there was another one; and by a demotion, too.
    acme.post(&format!("/users/{eve}/reactivate"), json!({}))
        .await
        .expect(200);
    acme.gateway.demote(acme.org, eve).await;
    assert_eq!(of_kind(&acme, left).await.len(), 3);
    // Who becomes the owner leaves as an admin.
    acme.post(&format!("/users/{bob}/reactivate"), json!({}))
        .await
        .expect(200);
    let gone = |row: &mut usher::store::rows::UserRow| {
        row.suspended_by_directory_at = Some(row.created_at);
    };
    let ada = acme.gateway.person(acme.org, ADA).await.unwrap().id;
    acme.gateway.alter_person(acme.org, ada, gone).await;
    let forced = json!({"to": bob, "reason": "Ada left", "force": true});
    acme.ask_as(&acme.operator, "POST", TRANSFERS, Some(forced))
        .await
        .expect(201);
    assert_eq!(of_kind(&acme, left).await.len(), 4);
}

#[test]
fn the_commands_say_what_a_rule_refuses() {
    let place = Place::new("ownership");
    let to = |who: &'static str| ["org", "transfer-ownership", "acme", "--to", who];
    let (code, _, complaint) = place.usher(&to(BOB), "");
    assert_eq!(code, 1, "{complaint}");
    let create = ["org", "create", "beta", "--owner", "ada@beta.example"];
    assert_eq!(place.usher(&create, "").0, 0);
    let own = [
        "org",
        "transfer-ownership",
        "beta",
        "--to",
        "ada@beta.example",
    ];
    let (code, answer, _) = place.usher(&own, "");
    assert_eq!(
        (code, &answer["error"]["code"]),
        (3, &json!("not_transferable"))
    );
    let force = [&own[..], &["--force"]].concat();
    assert_eq!(place.usher(&force, "").0, 2, "a reason is needed");
    let forced = [&force[..], &["--reason", "x"]].concat();
    assert_eq!(place.usher(&forced, "").0, 3, "she owns it already");
    assert_eq!(place.usher(&["org", "transfers", "beta"], "").1, json!([]));
    let set = ["org", "policy", "beta", "--owner-deprovision", "refuse"];
    assert_eq!(place.usher(&set, "").1["owner_deprovision"], "refuse");
    let shown = place.usher(&["org", "policy", "beta"], "").1;
    assert_eq!(shown["owner_deprovision"], "refuse");
    assert_eq!(
        place.usher(&["link", "list", "--org", "beta"], "").1,
        json!([])
    );
    let nobody = "0192f1b0-5b1e-7c3a-9f00-0123456789ab";
    let approve = ["link", "approve", "--org", "beta", nobody, "--reason", "x"];
    assert_eq!(place.usher(&approve, "").0, 1);
    assert_eq!(
        place
            .usher(&["link", "confirmations", "--org", "beta"], "")
            .1,
        json!([])
    );
}
