//! The same person signing in again, and what must not outlive what it came of: sign-ins that wait
//! for a yes, sessions of a certificate that is trusted no more, assertions older than a logout.

use serde_json::json;
use usher::demo::idp::TestIdp;
use usher::provisioning::settings::connection_state;
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::provisioning::{admission, sessions};

use crate::harness::{Browser, Connected, TestGateway, form, proof_on, reason};
use crate::refresh::{okta, refused, text};

const ADA: &str = "ada@acme.example";
const EVE: &str = "eve@acme.example";
const YES: [(&str, &str); 1] = [("answer", "continue")];

fn question(of: &Connected) -> String {
    format!("/saml/{}/continue", of.id)
}

async fn is_in(browser: &Browser<'_>) -> bool {
    browser.get("/signed-in").await.status == 200
}

async fn import(gateway: &TestGateway, of: &Connected, metadata: String) {
    let settings = ConnectionSettings {
        idp_metadata: Some(metadata),
        ..ConnectionSettings::default()
    };
    let (store, context) = (&gateway.gateway.store, gateway.command());
    let updated = connections::update(store, context, of.id, settings);
    updated.await.unwrap();
}

/// Metadata with the keys of both.
fn both(one: &TestIdp, two: &TestIdp) -> String {
    let key = |of: &str| {
        let from = of.find("<md:KeyDescriptor").unwrap();
        let to = of.find("</md:KeyDescriptor>").unwrap() + "</md:KeyDescriptor>".len();
        of[from..to].to_owned()
    };
    let (one, two) = (one.metadata(), two.metadata());
    one.replacen(&key(&one), &format!("{}{}", key(&one), key(&two)), 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_again_takes_nothing_from_the_apps_and_one_sign_out_ends_all() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    let other = Browser::new(&gateway);
    idp.sign_in(&other, ADA).await.expect(303);
    let mut tokens = Vec::new();
    for _ in 0..3 {
        idp.sign_in(&browser, ADA).await.expect(303);
        tokens.push(app.tokens(&browser).await);
        gateway.clock.advance(60);
    }
    let old = browser.cookie("__Host-usher").unwrap();
    idp.sign_in(&browser, ADA).await.expect(303);
    let thief = Browser::new(&gateway);
    thief.plant("__Host-usher", &old);
    assert!(
        !is_in(&thief).await,
        "a cookie is good until the next sign-in"
    );
    let mut last = Vec::new();
    for token in &tokens {
        let next = app.refresh(&text(token, "refresh_token")).await;
        last.push(text(&next.expect(200).json(), "refresh_token"));
    }
    // The ID token of any of them is of this browser's session.
    let hint = text(&tokens[1], "id_token");
    let path = format!("/oauth/logout?{}", form(&[("id_token_hint", &*hint)]));
    let reply = browser.get(&path).await.expect(200);
    assert!(reply.text().contains("You are signed out"));
    for token in &last {
        refused(app.refresh(token).await);
    }
    assert!(!is_in(&browser).await && is_in(&other).await);
    let mut events = gateway.events(okta.org).await;
    events.retain(|event| event["type"] == "session.revoked");
    assert_eq!(events.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_is_to_the_page_that_was_read() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "bob@acme.example").await.expect(303);
    let page = idp.sign_in(&browser, ADA).await.expect(200);
    let shown = proof_on(&page).unwrap();
    // Another page posts somebody else's answer into a second tab.
    idp.sign_in(&browser, EVE).await.expect(200);
    let mixed = [("answer", "continue"), ("proof", &*shown)];
    let reply = browser.submit(&question(&okta), &mixed).await.expect(403);
    assert_eq!(reason(&reply), "confirmation_expired");
    for bad in ["", "x"] {
        let forged = [("answer", "continue"), ("proof", bad)];
        browser.submit(&question(&okta), &forged).await.expect(403);
    }
    let seen = browser.get("/signed-in").await.expect(200);
    assert!(seen.text().contains("bob@acme.example"));
    browser.submit(&question(&okta), &YES).await.expect(303);
    let seen = browser.get("/signed-in").await.expect(200);
    assert!(seen.text().contains(EVE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_waits_ends_with_what_it_came_of() {
    for ending in [
        "rekeyed",
        "demands",
        "paused",
        "suspended",
        "testing",
        "nothing",
    ] {
        let (gateway, okta) = okta().await;
        let idp = gateway.idp(&okta).await;
        gateway.scim(&okta).user(EVE).await;
        let browser = Browser::new(&gateway);
        let response = idp.response().email(EVE).base64();
        let fields = [("SAMLResponse", &*response)];
        let acs = idp.acs();
        let page = browser.post_from("https://x.example", &acs, &fields);
        page.await.expect(200);
        let store = &gateway.gateway.store;
        match ending {
            "rekeyed" => {
                let next = TestIdp::new(idp.signer.entity_id(), "https://idp.example/sso").unwrap();
                import(&gateway, &okta, next.metadata()).await;
            }
            "demands" => {
                let demands = serde_json::from_value(json!({"require_encryption": true}));
                let settings = ConnectionSettings {
                    demands: demands.unwrap(),
                    ..ConnectionSettings::default()
                };
                let context = gateway.command();
                let updated = connections::update(store, context, okta.id, settings);
                updated.await.unwrap();
            }
            "paused" => {
                let paused = connection_state::pause(store, gateway.command(), okta.id);
                paused.await.unwrap();
                let resumed = connection_state::resume(store, gateway.command(), okta.id);
                resumed.await.unwrap();
            }
            "suspended" => {
                let eve = admission::suspend(store, okta.org, gateway.command(), EVE);
                eve.await.unwrap();
                let eve = admission::reactivate(store, okta.org, gateway.command(), EVE);
                eve.await.unwrap();
            }
            "testing" => gateway.alter(&okta, |row| row.testing = true).await,
            _ => {
                browser.submit(&question(&okta), &YES).await.expect(303);
                continue;
            }
        }
        let reply = browser.submit(&question(&okta), &YES).await.expect(403);
        assert_eq!(reason(&reply), "confirmation_expired", "{ending}");
        assert!(!is_in(&browser).await, "{ending}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_end_with_the_certificate_that_vouched_for_them() {
    let (gateway, okta) = okta().await;
    let first = gateway.idp(&okta).await;
    let sso = "https://idp.example/sso";
    let next = TestIdp::new(first.signer.entity_id(), sso).unwrap();
    let ada = Browser::new(&gateway);
    first.sign_in(&ada, ADA).await.expect(303);
    import(&gateway, &okta, both(&first.signer, &next)).await;
    assert!(is_in(&ada).await, "a second certificate ends nothing");
    let metadata = next.metadata();
    let second = gateway.idp_with(&okta, next);
    let eve = Browser::new(&gateway);
    second.sign_in(&eve, EVE).await.expect(303);
    import(&gateway, &okta, metadata).await;
    assert!(!is_in(&ada).await, "the first one is trusted no more");
    assert!(is_in(&eve).await);
    let now = gateway.gateway.ids.clock().now();
    let cookie = usher::secret::hash(&eve.cookie("__Host-usher").unwrap());
    let store = &gateway.gateway.store;
    let live = sessions::current(store, vec![cookie], now).await.unwrap();
    assert!(live.is_some());
    let mut events = gateway.events(okta.org).await;
    events.retain(|event| event["type"] == "session.revoked");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["data"]["reason"], json!("connection_rekeyed"));
}
