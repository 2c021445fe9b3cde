//! The confirm page: where another person is signed in in the browser, somebody must say yes.

use serde_json::json;
use usher::directory::connection::Profile;

use crate::harness::{Browser, Connected, TestGateway, reason};

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_in_place_of_another_persons_starts_only_at_continue() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let app = gateway.app("Docs", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let adas = browser.cookie("__Host-usher").unwrap();
    let response = idp.response().email("eve@acme.example").base64();
    let fields = [
        ("SAMLResponse", &*response),
        ("RelayState", "https://app.example/docs/7"),
    ];
    let page = browser.post(&idp.acs(), &fields).await.expect(200);
    for text in [
        "Sign in to Docs as eve@acme.example?",
        "Okta (idp.example)",
        "Not me",
    ] {
        assert!(page.text().contains(text), "{text}: {}", page.text());
    }
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("https://app.example")
    );
    assert_eq!(
        browser.cookie("__Host-usher").as_deref(),
        Some(&*adas),
        "still Ada"
    );
    assert!(
        browser
            .get("/signed-in")
            .await
            .expect(200)
            .text()
            .contains("ada@acme.example")
    );
    let secret = browser.cookie("__Host-usher-continue").unwrap();
    let thief = Browser::new(&gateway);
    thief.plant("__Host-usher", &secret);
    thief.get("/signed-in").await.expect(403);
    assert_eq!(
        reason(&idp.post(&thief, &response).await.expect(403)),
        "replayed"
    );

    let path = format!("/saml/{}/continue", okta.id);
    let target = "https://app.example/docs/7";
    let yes = [("answer", "continue"), ("target", target)];
    browser.post(&path, &yes).await.expect(403);
    Browser::new(&gateway).submit(&path, &yes).await.expect(403);
    let reply = browser.submit(&path, &yes).await.expect(303);
    assert!(reply.header("location").unwrap().contains("docs%2F7"));
    assert!(
        browser
            .get("/signed-in")
            .await
            .expect(200)
            .text()
            .contains("eve@acme.example")
    );
    assert_eq!(browser.cookie("__Host-usher-continue"), None);
    assert_eq!(
        app.claims(&browser).await["email"],
        json!("eve@acme.example")
    );
    thief.plant("__Host-usher-continue", &secret);
    let again = thief.submit(&path, &yes).await.expect(403);
    assert_eq!(reason(&again), "confirmation_expired");
    thief.plant("__Host-usher", &adas);
    thief.get("/signed-in").await.expect(403);
    let again = idp.post(&browser, &response).await.expect(303);
    assert_eq!(
        again.headers.get("set-cookie"),
        None,
        "the browser's own session, once more"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_is_declined_late_or_about_somebody_gone_starts_nothing() {
    let (gateway, okta) = okta().await;
    let (idp, scim) = (gateway.idp(&okta).await, gateway.scim(&okta));
    let eve = scim.user("eve@acme.example").await;
    let path = format!("/saml/{}/continue", okta.id);
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let ask = async || idp.sign_in(&browser, "eve@acme.example").await.expect(200);
    let yes = [("answer", "continue")];

    ask().await;
    let secret = browser.cookie("__Host-usher-continue").unwrap();
    browser
        .submit(&path, &[("answer", "decline")])
        .await
        .expect(200);
    browser.plant("__Host-usher-continue", &secret);
    browser.submit(&path, &yes).await.expect(403);

    ask().await;
    gateway.clock.advance(299);
    browser.get("/signed-in").await.expect(200);
    gateway.clock.advance(1);
    assert_eq!(
        reason(&browser.submit(&path, &yes).await.expect(403)),
        "confirmation_expired"
    );

    ask().await;
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    scim.patch(&format!("/Users/{eve}"), off).await.expect(200);
    assert_eq!(
        reason(&browser.submit(&path, &yes).await.expect(403)),
        "confirmation_expired"
    );
    assert!(
        browser
            .get("/signed-in")
            .await
            .expect(200)
            .text()
            .contains("ada@acme.example")
    );
    let foreign = gateway.organization("other").await;
    let other = gateway
        .connect(foreign, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let elsewhere = gateway.idp(&other).await;
    elsewhere
        .sign_in(&browser, "ada@acme.example")
        .await
        .expect(200);
    browser.submit(&path, &yes).await.expect(403);
}
