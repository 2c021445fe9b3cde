//! The log of sign-ins: every attempt with its checks, masked; and a connection in testing.

use serde_json::{Value, json};
use usher::directory::connection::{ConnectionState, Profile};
use usher::limits;
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::provisioning::sign_in_log;

use crate::credentials::live;
use crate::harness::{Browser, Connected, TestGateway, reason};

struct Acme {
    gateway: TestGateway,
    okta: Connected,
    key: String,
}

impl Acme {
    async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        let key = gateway.key(live(Some(org), "sign-ins:read")).await;
        Self { gateway, okta, key }
    }

    async fn get(&self, path: &str) -> Value {
        let uri = format!("/api/v1/organizations/acme/sign-ins{path}");
        self.gateway.get(&uri, &self.key).await.expect(200).json()
    }

    async fn list(&self) -> Vec<Value> {
        self.get("").await["data"].as_array().unwrap().clone()
    }

    /// The newest sign-in with its checks.
    async fn newest(&self) -> Value {
        let id = self.list().await[0]["id"].as_str().unwrap().to_owned();
        self.get(&format!("/{id}")).await
    }
}

fn check<'v>(sign_in: &'v Value, name: &str) -> &'v Value {
    let checks = sign_in["checks"].as_array().unwrap();
    checks.iter().find(|it| it["check"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_attempt_tells_which_check_said_no_and_nothing_of_the_person() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let browser = Browser::new(&acme.gateway);
    let ada = || {
        let response = idp.response().email("ada@acme.example");
        response.attribute("firstName", ["Augusta"])
    };
    let good = ada().base64();
    // The latest is told by its time.
    let later = || acme.gateway.clock.advance(1);
    idp.post(&browser, &good).await.expect(303);
    let said = acme.newest().await;
    assert_eq!(said["outcome"], "signed_in");
    assert_eq!(said["subject"], "a…@acme.example");
    assert_eq!(
        (&said["verified"], &said["started_at_provider"]),
        (&json!(true), &json!(true))
    );
    assert!(said["user_id"].is_string());
    for checked in said["checks"].as_array().unwrap() {
        assert_eq!(checked["result"], "passed", "{checked}");
    }
    assert_eq!(check(&said, "attributes")["arrived"], "firstName (1)");
    let text = said.to_string();
    assert!(
        !text.contains("ada@") && !text.contains("Augusta"),
        "{text}"
    );

    later();
    let elsewhere = ada().destination("https://evil.example/acs").base64();
    let reply = idp.post(&browser, &elsewhere).await;
    assert_eq!(reason(&reply), "destination_mismatch");
    let said = acme.newest().await;
    assert_eq!(
        (&said["outcome"], &said["reason"]),
        (&json!("refused"), &json!("destination_mismatch"))
    );
    let failed = check(&said, "destination");
    assert_eq!(failed["result"], "failed");
    assert_eq!(failed["arrived"], "https://evil.example/acs");
    assert!(failed["expected"].as_str().unwrap().ends_with(&idp.acs()));
    assert_eq!(check(&said, "issuer")["result"], "passed");
    assert_eq!(check(&said, "conditions")["result"], "not_reached");
    assert!(
        reply.text().contains(said["request_id"].as_str().unwrap()),
        "the page's reference leads here"
    );

    later();
    let reply = idp.post(&Browser::new(&acme.gateway), &good).await;
    assert_eq!(reason(&reply), "replayed");
    let said = acme.newest().await;
    assert_eq!(check(&said, "replay")["reason"], "replayed");
    assert_eq!(said["verified"], true);
    later();
    let reply = idp.sign_in(&browser, "eve@evil.example").await;
    assert_eq!(reason(&reply), "domain_not_trusted");
    let said = acme.newest().await;
    assert_eq!(check(&said, "person")["reason"], "domain_not_trusted");

    later();
    let reply = idp.post(&browser, "PGEvPg==").await;
    assert_eq!(reason(&reply), "structure");
    let said = acme.newest().await;
    assert_eq!(
        (&said["verified"], &said["started_at_provider"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(check(&said, "structure")["result"], "failed");
    let refused = acme.get("?outcome=refused&reason=structure").await;
    assert_eq!(refused["data"].as_array().unwrap().len(), 1);
    assert_eq!(acme.list().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_testing_the_checks_are_shown_and_nobody_comes_in() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let (store, context) = (&acme.gateway.gateway.store, acme.gateway.command());
    let testing = |on| ConnectionSettings {
        testing: Some(on),
        ..ConnectionSettings::default()
    };
    connections::update(store, context, acme.okta.id, testing(true))
        .await
        .unwrap();
    let before = acme.gateway.traces(acme.okta.org).await;
    let browser = Browser::new(&acme.gateway);
    let response = idp
        .response()
        .email("ada@acme.example")
        .attribute("firstName", ["<b>Augusta</b>"]);
    let message = response.base64();
    for _ in 0..2 {
        acme.gateway.clock.advance(1);
        let page = idp.post(&browser, &message).await.expect(200);
        let text = page.text();
        assert!(text.contains("nobody is signed in") && text.contains("ada@acme.example"));
        assert!(!text.contains("<b>Augusta"), "what arrives is text");
        assert_eq!(page.header("set-cookie"), None);
    }
    acme.gateway.clock.advance(1);
    let page = idp.post(&browser, "PGEvPg==").await.expect(400);
    assert!(page.text().contains("is refused"), "{}", page.text());
    assert_eq!(acme.gateway.traces(acme.okta.org).await, before);
    let outcomes: Vec<_> = acme
        .list()
        .await
        .iter()
        .map(|it| it["outcome"].clone())
        .collect();
    assert_eq!(
        outcomes,
        [json!("refused"), json!("tested"), json!("tested")]
    );
    let context = acme.gateway.command();
    connections::update(store, context, acme.okta.id, testing(false))
        .await
        .unwrap();
    idp.post(&browser, &message).await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_bounded_swept_and_the_organizations_own() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    idp.sign_in(&Browser::new(&acme.gateway), "ada@acme.example")
        .await
        .expect(303);
    let stranger = Browser::new(&acme.gateway);
    for _ in 0..limits::REFUSALS_A_MINUTE + 5 {
        idp.post(&stranger, "PGEvPg==").await.expect(400);
    }
    let most = usize::try_from(limits::REFUSALS_A_MINUTE).unwrap();
    assert_eq!(acme.list().await.len(), most + 1);

    let other = acme.gateway.organization("other").await;
    let key = acme.gateway.key(live(Some(other), "*")).await;
    let uri = "/api/v1/organizations/other/sign-ins";
    let theirs = acme.gateway.get(uri, &key).await.expect(200).json();
    assert_eq!(theirs["data"], json!([]));
    let id = acme.list().await[0]["id"].as_str().unwrap().to_owned();
    acme.gateway
        .get(&format!("{uri}/{id}"), &key)
        .await
        .expect(404);
    let uri = "/api/v1/organizations/acme/sign-ins";
    acme.gateway.get(uri, &key).await.expect(404);
    let blind = acme
        .gateway
        .key(live(Some(acme.okta.org), "users:read"))
        .await;
    acme.gateway.get(uri, &blind).await.expect(403);
    let own = |query: &str| format!("{uri}{query}");
    for wrong in ["?outcome=good", "?connection=x", "?limit=0", "?x=1"] {
        acme.gateway.get(&own(wrong), &acme.key).await.expect(400);
    }

    let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    assert_eq!(sign_in_log::forget(store, ids).await.unwrap(), 0);
    acme.gateway.clock.advance(25 * 60 * 60);
    assert_eq!(sign_in_log::forget(store, ids).await.unwrap(), most);
    assert_eq!(acme.list().await.len(), 1);
    acme.gateway.clock.advance(30 * 24 * 60 * 60);
    assert_eq!(sign_in_log::forget(store, ids).await.unwrap(), 1);

    acme.gateway
        .alter(&acme.okta, |row| row.state = ConnectionState::Paused)
        .await;
    let reply = idp.sign_in(&stranger, "ada@acme.example").await;
    assert_eq!(reason(&reply), "connection_paused");
    assert_eq!(acme.list().await[0]["reason"], "connection_paused");
}
