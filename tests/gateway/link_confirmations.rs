//! Whoever holds more than their connection gives signs in with their own role once they proved the mailbox of
//! their address, and the owner said yes.

use serde_json::{Value, json};
use usher::demo::idp::{Keys, Kind, TestIdp};
use usher::id::{RoleId, UserId};
use usher::provisioning::Error;
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::store::rows::ConnectionRow;

use crate::credentials::live;
use crate::harness::{Acme, Browser, Reply, press};
use crate::ownership::{member, wrong};

const ADA: &str = "ada@acme.example";
const OLGA: &str = "olga@acme.example";
const PAGE: &str = "/signed-in/confirm";

/// Acme, whose connection gives no role above editor; its owner Olga, and Ada, whom it signs in and who was
/// made an admin by hand since.
async fn capped() -> (Acme, UserId) {
    let acme = Acme::start().await;
    let editor = acme.gateway.role(acme.org, "editor").await;
    let lower = |row: &mut ConnectionRow, id: RoleId| row.max_role_id = id;
    acme.gateway
        .alter(&acme.okta, move |row| lower(row, editor))
        .await;
    let (olga, _) = member(&acme, OLGA, "admin").await;
    acme.gateway
        .alter_person(acme.org, olga, |row| row.owner = true)
        .await;
    let (_, ada) = acme.pushed(ADA).await;
    acme.put(&format!("/users/{ada}/role"), json!({"role": "admin"}))
        .await
        .expect(200);
    (acme, ada.parse().unwrap())
}

async fn send(acme: &Acme, browser: &Browser<'_>) -> Reply {
    // Which one came last is told by its time.
    acme.gateway.clock.advance(1);
    let org = acme.org.to_string();
    let fields = [("organization", &*org), ("action", "send")];
    browser.submit(PAGE, &fields).await
}

async fn say(acme: &Acme, browser: &Browser<'_>, code: &str) -> Reply {
    let org = acme.org.to_string();
    let fields = [("organization", &*org), ("action", "say"), ("code", code)];
    browser.submit(PAGE, &fields).await
}

/// The digits in the mails to Ada, the latest last.
async fn codes(acme: &Acme) -> Vec<String> {
    acme.gateway.codes(ADA).await
}

async fn of_kind(acme: &Acme, kind: &str) -> Vec<Value> {
    let events = acme.gateway.events(acme.org).await;
    events.into_iter().filter(|it| it["type"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_reaches_to_the_persons_role_once_they_and_the_owner_said_so() {
    let (acme, ada) = capped().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let app = acme.gateway.app("Docs", acme.org).await;
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, ADA).await.expect(303);
    assert_eq!(app.claims(&browser).await["role"], "editor");
    let page = browser.get("/signed-in").await.expect(200);
    assert!(page.text().contains("Ask to sign in with your own role"));
    let sent = send(&acme, &browser).await.expect(303);
    let place = sent.header("location").unwrap().to_owned();
    browser.get(&place).await.expect(200);
    let code = codes(&acme).await.pop().unwrap();
    say(&acme, &browser, wrong(&code)).await.expect(403);
    assert!(acme.gateway.questions(OLGA).await.is_empty());
    say(&acme, &browser, &code).await.expect(200);
    say(&acme, &browser, &code).await.expect(403);
    assert_eq!(
        app.claims(&browser).await["role"],
        "editor",
        "the owner's yes is wanted"
    );
    let proved = of_kind(&acme, "user.link_proved").await;
    assert_eq!(proved.len(), 1);
    assert_eq!(proved[0]["data"]["user_id"], json!(ada));
    let waiting = acme.get("/link-confirmations").await;
    assert_eq!(waiting["data"][0]["email"], ADA);
    let path = acme.gateway.question(OLGA).await;
    let page = Browser::new(&acme.gateway).get(&path).await.expect(200);
    assert!(page.text().contains(ADA) && page.text().contains("Okta"));
    let yes = [("action", "yes")];
    let stranger = Browser::new(&acme.gateway);
    press(&stranger, &path, &yes).await.expect(403);
    assert_eq!(app.claims(&browser).await["role"], "editor");
    let confirmed = |row: &mut ConnectionRow| row.owner_confirmed_at = Some(row.created_at);
    acme.gateway.alter(&acme.okta, confirmed).await;
    let owner = Browser::new(&acme.gateway);
    idp.sign_in(&owner, OLGA).await.expect(303);
    press(&owner, &path, &yes).await.expect(200);
    assert_eq!(app.claims(&browser).await["role"], "admin");
    assert_eq!(of_kind(&acme, "user.link_confirmed").await.len(), 1);
    Browser::new(&acme.gateway).get(&path).await.expect(410);
    assert_eq!(acme.get("/link-confirmations").await["data"], json!([]));
    send(&acme, &browser).await.expect(403);
    // Another identity provider's subjects were never confirmed.
    let other = TestIdp::with_keys(
        "https://other.example/1",
        "https://other.example/sso",
        Keys::generate(Kind::P256).unwrap(),
    );
    let settings = ConnectionSettings {
        idp_metadata: Some(other.metadata()),
        ..ConnectionSettings::default()
    };
    let store = &acme.gateway.gateway.store;
    connections::update(store, acme.gateway.command(), acme.okta.id, settings)
        .await
        .unwrap();
    let org = acme.org;
    let links = store
        .read(move |tx| Box::pin(async move { Ok::<_, Error>(tx.identities_of(org, ada).await?) }));
    assert!(
        links
            .await
            .unwrap()
            .iter()
            .all(|it| it.confirmed_by.is_none())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_few_short_lived_and_each_of_one_session() {
    let (acme, ada) = capped().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, ADA).await.expect(303);
    // Nobody's session, somebody else's, and a form from elsewhere.
    let stranger = Browser::new(&acme.gateway);
    send(&acme, &stranger).await.expect(403);
    acme.pushed("eve@acme.example").await;
    idp.sign_in(&stranger, "eve@acme.example").await.expect(303);
    send(&acme, &stranger).await.expect(403);
    let org = acme.org.to_string();
    let fields = [("organization", &*org), ("action", "send")];
    browser
        .post_from("https://evil.example", PAGE, &fields)
        .await
        .expect(403);
    assert!(codes(&acme).await.is_empty());
    send(&acme, &browser).await.expect(303);
    let code = codes(&acme).await.pop().unwrap();
    say(&acme, &stranger, &code).await.expect(403);
    for _ in 0..5 {
        say(&acme, &browser, wrong(&code)).await.expect(403);
    }
    say(&acme, &browser, &code).await.expect(403);
    send(&acme, &browser).await.expect(303);
    let code = codes(&acme).await.pop().unwrap();
    acme.gateway.clock.advance(600);
    say(&acme, &browser, &code).await.expect(403);
    send(&acme, &browser).await.expect(303);
    let third = codes(&acme).await.pop().unwrap();
    send(&acme, &browser).await.expect(303);
    assert_eq!(codes(&acme).await.pop().unwrap(), third, "three an hour");
    // To an address that a directory put there, nothing goes, and the page says the same.
    acme.gateway.clock.advance(3_600);
    let moved = |row: &mut usher::store::rows::UserRow| {
        row.email_changed_at = Some(row.created_at);
    };
    acme.gateway.alter_person(acme.org, ada, moved).await;
    send(&acme, &browser).await.expect(303);
    assert!(codes(&acme).await.is_empty());
    assert!(of_kind(&acme, "user.link_proved").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_answers_in_the_owners_place_and_an_admin_may_say_no() {
    let (acme, _) = capped().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let app = acme.gateway.app("Docs", acme.org).await;
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, ADA).await.expect(303);
    let other = acme.gateway.organization("other").await;
    let foreign = acme.gateway.key(live(Some(other), "*")).await;
    for action in ["refuse", "approve"] {
        send(&acme, &browser).await.expect(303);
        let code = codes(&acme).await.pop().unwrap();
        say(&acme, &browser, &code).await.expect(200);
        let waiting = acme.get("/link-confirmations").await;
        let id = waiting["data"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/link-confirmations/{id}/{action}");
        acme.ask_as(&foreign, "POST", &path, None).await.expect(404);
        let theirs = format!("/api/v1/organizations/other/link-confirmations/{id}/{action}");
        acme.gateway
            .call(&acme.operator, "POST", &theirs, None)
            .await
            .expect(404);
        let by_admin = acme.ask("POST", &path, None).await;
        if action == "refuse" {
            assert_eq!(by_admin.expect(200).json()["state"], "refused");
            // A no is a no for a week.
            send(&acme, &browser).await;
            assert!(codes(&acme).await.is_empty());
            acme.gateway.clock.advance(7 * 24 * 3600);
            idp.sign_in(&browser, ADA).await.expect(303);
            assert_eq!(app.claims(&browser).await["role"], "editor");
        } else {
            by_admin.expect(403);
            let done = acme.ask_as(&acme.operator, "POST", &path, None).await;
            assert_eq!(done.expect(200).json()["state"], "confirmed");
            assert_eq!(app.claims(&browser).await["role"], "admin");
        }
        acme.ask_as(&acme.operator, "POST", &path, None)
            .await
            .expect(409);
    }
}
