//! The owner's way in while no connection brings them in: the operator opens it, a mailed code is said in the
//! browser that asked for it, and everybody in charge is told.

use serde_json::{Value, json};
use usher::directory::delivery::MailKind;
use usher::id::UserId;
use usher::provisioning::{Error, sweep};
use usher::store::rows::UserRow;

use crate::connection_commands::Place;
use crate::credentials::live;
use crate::harness::{Acme, Browser, Reply, press};
use crate::ownership::{member, slug, wrong};

const ADA: &str = "ada@acme.example";
const BOB: &str = "bob@acme.example";
const PATH: &str = "/break-glass";
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Acme with its owner Ada, and Bob, an admin.
async fn owned() -> (Acme, UserId) {
    let acme = Acme::start().await;
    let (ada, _) = member(&acme, ADA, "admin").await;
    acme.gateway
        .alter_person(acme.org, ada, |row| row.owner = true)
        .await;
    member(&acme, BOB, "admin").await;
    (acme, ada)
}

async fn operate(acme: &Acme, body: Value) -> Reply {
    acme.ask_as(&acme.operator, "POST", PATH, Some(body)).await
}

/// Opens it; answers the path of its link.
async fn open(acme: &Acme) -> String {
    // Which came last is told by its time.
    acme.gateway.clock.advance(1);
    let body = json!({"hours": 8, "reason": "Okta is down"});
    let opened = operate(acme, body).await.expect(201).json();
    let url = opened["url"].as_str().unwrap();
    url.strip_prefix("https://usher.example")
        .unwrap()
        .to_owned()
}

async fn send(acme: &Acme, browser: &Browser<'_>, path: &str) -> Reply {
    acme.gateway.clock.advance(1);
    press(browser, path, &[("action", "send")]).await
}

async fn say(browser: &Browser<'_>, path: &str, code: &str) -> Reply {
    press(browser, path, &[("action", "say"), ("code", code)]).await
}

/// The codes that were mailed to Ada, the latest last.
async fn codes(acme: &Acme) -> Vec<String> {
    acme.gateway.codes(ADA).await
}

/// Ada's browser, in which she came in by it.
async fn came<'a>(acme: &'a Acme, path: &str) -> Browser<'a> {
    let browser = Browser::new(&acme.gateway);
    send(acme, &browser, path).await.expect(303);
    let code = codes(acme).await.pop().unwrap();
    say(&browser, path, &code).await.expect(303);
    browser
}

async fn of_kind(acme: &Acme, kind: &str) -> Vec<Value> {
    let events = acme.gateway.events(acme.org).await;
    events.into_iter().filter(|it| it["type"] == kind).collect()
}

async fn is_in(browser: &Browser<'_>) -> bool {
    browser.get("/signed-in").await.status == 200
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_comes_in_by_the_link_and_a_code_said_in_the_browser_that_asked() {
    let (acme, ada) = owned().await;
    let app = acme.gateway.app("Docs", acme.org).await;
    let before = acme.get(PATH).await;
    assert_eq!(
        (&before["state"], &before["id"]),
        (&json!("closed"), &Value::Null)
    );
    let path = open(&acme).await;
    let shown = acme.get(PATH).await;
    for (name, value) in [
        ("state", json!("open")),
        ("user_id", json!(ada)),
        ("reason", json!("Okta is down")),
        ("closed_at", Value::Null),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    assert!(
        !shown.to_string().contains("glass_"),
        "the link is shown once"
    );
    let (browser, other) = (Browser::new(&acme.gateway), Browser::new(&acme.gateway));
    let page = browser.get(&path).await.expect(200);
    assert!(page.text().contains("acme"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:"), "{policy}");
    assert!(codes(&acme).await.is_empty(), "looking mails nothing");
    let sent = send(&acme, &browser, &path).await.expect(303);
    assert_eq!(sent.header("location"), Some("?code"));
    let mail = acme.gateway.questions(ADA).await.pop().unwrap();
    assert!(
        mail.contains("It signs whoever enters it in as the owner"),
        "{mail}"
    );
    let code = codes(&acme).await.pop().unwrap();
    say(&browser, &path, wrong(&code)).await.expect(403);
    say(&other, &path, &code).await.expect(403);
    let came = say(&browser, &path, &code).await.expect(303);
    let place = came.header("location").unwrap();
    assert!(place.starts_with("https://app.example/login"), "{place}");
    say(&other, &path, &code).await.expect(403);
    let claims = app.claims(&browser).await;
    for (name, value) in [
        ("sub", json!(ada)),
        ("role", json!("owner")),
        ("acr", json!("urn:usher:break-glass")),
        ("email_verified", json!(true)),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    let page = browser.get("/signed-in").await.expect(200);
    assert!(page.text().contains("the break-glass sign-in"));
    let actor = format!("user:{ada}");
    for (kind, count) in [("code_mailed", 1), ("refused", 3)] {
        let told = of_kind(&acme, &format!("organization.break_glass_{kind}")).await;
        assert_eq!(told.len(), count, "{kind}");
    }
    let used = of_kind(&acme, "organization.break_glass_used").await;
    assert_eq!((used.len(), &used[0]["actor"]), (1, &json!(actor)));
    let begun = of_kind(&acme, "session.created").await.pop().unwrap();
    assert_eq!(begun["data"]["break_glass_id"], shown["id"]);
    // Whoever has its key closes it, and what came of it is over.
    let own = acme
        .gateway
        .key(live(Some(acme.org), "ownership:write"))
        .await;
    let close = format!("{PATH}/close");
    let closed = acme.ask_as(&own, "POST", &close, None).await.expect(200);
    assert_eq!(closed.json()["state"], "closed");
    assert!(!is_in(&browser).await);
    browser.get(&path).await.expect(410);
    let count = acme.gateway.events(acme.org).await.len();
    acme.ask_as(&own, "POST", &close, None).await.expect(200);
    assert_eq!(acme.gateway.events(acme.org).await.len(), count);
    let ended = of_kind(&acme, "session.revoked").await.pop().unwrap();
    assert_eq!(ended["data"]["reason"], "break_glass_closed");
    let told = of_kind(&acme, "organization.break_glass_closed").await;
    assert_eq!(told[0]["data"]["reason"], "closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_operator_opens_it_and_only_for_an_owner_who_can_be_reached() {
    let (acme, ada) = owned().await;
    let good = json!({"reason": "Okta is down"});
    let own = acme.gateway.key(live(Some(acme.org), "*")).await;
    let asked = acme.ask_as(&own, "POST", PATH, Some(good.clone())).await;
    asked.expect(403);
    for body in [
        json!({}),
        json!({"reason": " "}),
        json!({"reason": "x", "hours": 0}),
        json!({"reason": "x", "hours": 169}),
        json!({"reason": "x", "hours": -1}),
        json!({"reason": "x", "until": "tomorrow"}),
    ] {
        let reply = operate(&acme, body.clone()).await;
        assert!(
            [400, 422].contains(&reply.status.as_u16()),
            "{body}: {}",
            reply.text()
        );
    }
    let refused = async |alter: fn(&mut UserRow)| {
        acme.gateway.alter_person(acme.org, ada, alter).await;
        let reply = operate(&acme, good.clone()).await.expect(409);
        assert_eq!(slug(&reply), "no_way_in");
    };
    refused(|row| row.suspended_by_admin_at = Some(row.created_at)).await;
    refused(|row| {
        row.suspended_by_admin_at = None;
        row.email_changed_at = Some(row.created_at);
    })
    .await;
    refused(|row| {
        row.email_changed_at = None;
        row.owner = false;
    })
    .await;
    assert!(
        of_kind(&acme, "organization.break_glass_opened")
            .await
            .is_empty()
    );
    acme.gateway
        .alter_person(acme.org, ada, |row| row.owner = true)
        .await;
    let opened = operate(&acme, good).await.expect(201).json();
    let until: jiff::Timestamp = opened["expires_at"].as_str().unwrap().parse().unwrap();
    let day = jiff::SignedDuration::from_hours(24);
    assert_eq!(until, acme.gateway.clock.now() + day, "a day unless said");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_the_owner_is_not_any_more_finds_it_closed() {
    let (acme, ada) = owned().await;
    let path = open(&acme).await;
    let browser = came(&acme, &path).await;
    send(&acme, &browser, &path).await.expect(303);
    let code = codes(&acme).await.pop().unwrap();
    // The directory says that her address is another one: nobody is asked at it.
    let moved = |row: &mut UserRow| row.email_changed_at = Some(row.created_at);
    acme.gateway.alter_person(acme.org, ada, moved).await;
    browser.get(&path).await.expect(410);
    let posted = [("csrf", "x"), ("action", "say"), ("code", &*code)];
    browser.submit(&path, &posted).await.expect(410);
    assert!(!is_in(&browser).await);
    assert!(
        codes(&acme).await.is_empty(),
        "and no code is mailed by then"
    );
    acme.gateway
        .alter_person(acme.org, ada, |row| row.email_changed_at = None)
        .await;
    assert!(is_in(&browser).await);
    // Another owner: what was opened for Ada is closed.
    let bob = acme.gateway.person(acme.org, BOB).await.unwrap().id;
    let body = json!({"to": bob, "force": true, "reason": "Ada left"});
    let transfers = "/ownership-transfers";
    let moved = acme.ask_as(&acme.operator, "POST", transfers, Some(body));
    moved.await.expect(201);
    browser.get(&path).await.expect(410);
    assert!(!is_in(&browser).await);
    let closed = of_kind(&acme, "organization.break_glass_closed").await;
    assert_eq!(closed[0]["data"]["reason"], "ownership_transferred");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_given_away_in_its_session() {
    let (acme, _) = owned().await;
    let browser = came(&acme, &open(&acme).await).await;
    let bob = acme.gateway.person(acme.org, BOB).await.unwrap().id;
    let own = acme.gateway.key(live(Some(acme.org), "*")).await;
    let body = json!({"to": bob, "reason": "she moves on"});
    let begun = acme.ask_as(&own, "POST", "/ownership-transfers", Some(body));
    begun.await.expect(201);
    let question = acme.gateway.question(ADA).await;
    let yes = [("action", "yes")];
    press(&browser, &question, &yes).await.expect(403);
    assert!(is_in(&browser).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_time_is_over_by_itself() {
    let (acme, _) = owned().await;
    let path = open(&acme).await;
    let browser = came(&acme, &path).await;
    acme.gateway.clock.advance(59 * MINUTE);
    assert!(is_in(&browser).await);
    acme.gateway.clock.advance(MINUTE);
    assert!(!is_in(&browser).await, "a session is of one hour");
    acme.gateway.clock.advance(7 * HOUR - 9 * MINUTE);
    let browser = came(&acme, &path).await;
    acme.gateway.clock.advance(10 * MINUTE);
    assert!(!is_in(&browser).await, "and no longer than it is open");
    browser.get(&path).await.expect(410);
    let gateway = &acme.gateway.gateway;
    let swept = async || {
        sweep::close_break_glass(&gateway.store, &gateway.ids)
            .await
            .unwrap()
    };
    assert_eq!((swept().await, swept().await), (1, 0));
    let closed = of_kind(&acme, "organization.break_glass_closed").await;
    assert_eq!(closed[0]["data"]["reason"], "expired");
    assert_eq!(closed[0]["actor"], "system");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_few_and_short_lived_and_one_link_is_good() {
    let (acme, _) = owned().await;
    let path = open(&acme).await;
    let browser = Browser::new(&acme.gateway);
    for place in ["?code", "?code", "?code", "?enough"] {
        let sent = send(&acme, &browser, &path).await.expect(303);
        assert_eq!(sent.header("location"), Some(place));
    }
    let page = browser.get(&format!("{path}?enough")).await.expect(200);
    assert!(page.text().contains("No code was mailed"));
    assert_eq!(codes(&acme).await.len(), 3, "of an hour");
    let code = codes(&acme).await.pop().unwrap();
    for _ in 0..5 {
        say(&browser, &path, wrong(&code)).await.expect(403);
    }
    say(&browser, &path, &code).await.expect(403);
    acme.gateway.clock.advance(HOUR);
    send(&acme, &browser, &path).await.expect(303);
    let code = codes(&acme).await.pop().unwrap();
    acme.gateway.clock.advance(10 * MINUTE);
    say(&browser, &path, &code).await.expect(403);
    send(&acme, &browser, &path).await.expect(303);
    let first = codes(&acme).await.pop().unwrap();
    send(&acme, &browser, &path).await.expect(303);
    let last = codes(&acme).await.pop().unwrap();
    if first != last {
        say(&browser, &path, &first).await.expect(403);
    }
    // A form that is not of the page, or that somebody else's page posts, does nothing.
    let fields = [("action", "say"), ("code", &*last)];
    let page = browser.submit(&path, &fields).await.expect(200);
    assert!(page.text().contains("once more"));
    let foreign = browser.post_from("https://evil.example", &path, &fields);
    assert!(foreign.await.expect(200).text().contains("once more"));
    // Opened anew, the first link is dead.
    let again = open(&acme).await;
    browser.get(&path).await.expect(410);
    browser.get(&again).await.expect(200);
    say(&browser, &again, &last).await.expect(403);
    assert_eq!(acme.gateway.questions(BOB).await.len(), 0);
    for unknown in ["/break-glass/x", "/break-glass/glass_x", "/break-glass/%ff"] {
        browser.get(unknown).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_has_ten_codes_and_a_link_twenty() {
    let (acme, _) = owned().await;
    let body = json!({"hours": 168, "reason": "Okta is down"});
    let opened = operate(&acme, body).await.expect(201).json();
    let url = opened["url"].as_str().unwrap();
    let path = url.strip_prefix("https://usher.example").unwrap();
    let browser = Browser::new(&acme.gateway);
    let mut mailed = Vec::new();
    for _ in 0..3 {
        let mut of_day = 0;
        for _ in 0..5 {
            for _ in 0..3 {
                send(&acme, &browser, path).await.expect(303);
            }
            of_day += codes(&acme).await.len();
            acme.gateway.clock.advance(HOUR + MINUTE);
        }
        mailed.push(of_day);
        acme.gateway.clock.advance(24 * HOUR);
    }
    assert_eq!(mailed, [10, 10, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_it_tells_the_apps_also_of_sessions_whose_time_is_over() {
    let (acme, ada) = owned().await;
    let bye = Some("https://app.example/bye".to_owned());
    let app = acme.gateway.app_at("Docs", acme.org, bye).await;
    let browser = came(&acme, &open(&acme).await).await;
    app.claims(&browser).await;
    acme.gateway.clock.advance(2 * HOUR);
    assert!(!is_in(&browser).await);
    assert!(of_kind(&acme, "session.revoked").await.is_empty());
    acme.post(&format!("{PATH}/close"), json!({}))
        .await
        .expect(200);
    let ended = of_kind(&acme, "session.revoked").await;
    assert_eq!(
        (ended.len(), &ended[0]["data"]["user_id"]),
        (1, &json!(ada))
    );
    let org = acme.org;
    let owed = acme
        .gateway
        .gateway
        .store
        .read(move |tx| Box::pin(async move { Ok::<_, Error>(tx.letters(org).await?) }));
    let owed = owed.await.unwrap().into_iter();
    let logouts = owed.filter(|it| it.kind == MailKind::Logout).count();
    assert_eq!(logouts, 1, "the app hears that it is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_owned_it_is_forgotten_with_what_it_was_opened_for() {
    let (acme, ada) = owned().await;
    open(&acme).await;
    let bob = acme.gateway.person(acme.org, BOB).await.unwrap().id;
    let body = json!({"to": bob, "force": true, "reason": "Ada left"});
    let moved = acme.ask_as(&acme.operator, "POST", "/ownership-transfers", Some(body));
    moved.await.expect(201);
    for (what, body) in [
        ("suspend", json!({})),
        ("erase", json!({"reason": "asked"})),
    ] {
        let path = format!("/users/{ada}/{what}");
        let done = acme.ask_as(&acme.operator, "POST", &path, Some(body));
        let done = done.await;
        assert!(done.status.is_success(), "{path}: {}", done.text());
    }
    assert_eq!(acme.get(PATH).await["reason"], "");
    let all = serde_json::to_string(&acme.gateway.events(acme.org).await).unwrap();
    assert!(
        !all.contains("Okta is down") && !all.contains("Ada left"),
        "{all}"
    );
}

#[test]
fn the_command_opens_shows_and_closes_it() {
    let place = Place::new("break-glass");
    let of = |more: &[&'static str]| [&["org", "break-glass", "beta"], more].concat();
    let create = ["org", "create", "beta", "--owner", "ada@beta.example"];
    assert_eq!(place.usher(&create, "").0, 0);
    assert_eq!(place.usher(&of(&[]), "").1["state"], "closed");
    let (code, opened, _) = place.usher(&of(&["--for", "8h", "--reason", "Okta is down"]), "");
    assert_eq!((code, &opened["state"]), (0, &json!("open")));
    assert!(
        opened["url"]
            .as_str()
            .unwrap()
            .contains("/break-glass/glass_")
    );
    let shown = place.usher(&of(&[]), "").1;
    assert_eq!(
        (&shown["state"], &shown["url"]),
        (&json!("open"), &Value::Null)
    );
    assert_eq!(place.usher(&of(&["--off"]), "").1["state"], "closed");
    for wrong in [
        &["--for", "8h"][..],
        &["--reason", "x"],
        &["--for", "200h", "--reason", "x"],
        &["--off", "--for", "8h", "--reason", "x"],
    ] {
        assert_eq!(place.usher(&of(wrong), "").0, 2, "{wrong:?}");
    }
    let nobody = ["org", "break-glass", "acme", "--for", "1h", "--reason", "x"];
    let (code, answer, _) = place.usher(&nobody, "");
    assert_eq!((code, &answer["error"]["code"]), (3, &json!("no_way_in")));
}
