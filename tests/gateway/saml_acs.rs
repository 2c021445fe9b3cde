//! The assertion consumer service over HTTP: who comes in, who does not, and what is left behind.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use usher::demo::idp::{Keys, Kind, Sign, TestIdp};
use usher::directory::connection::{ConnectionState, Jit, Profile};

use crate::harness::{Browser, Connected, TestGateway, reason, user};

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_response_signs_a_new_person_in() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let browser = Browser::new(&gateway);
    let reply = idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    assert_eq!(
        reply.header("location"),
        Some("https://usher.example/signed-in")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(browser.cookie("__Host-usher").unwrap().len(), 43);
    let page = browser.get("/signed-in").await.expect(200);
    for text in [
        "ada@acme.example",
        "viewer",
        "the default of your organization",
        "Sign out",
    ] {
        assert!(page.text().contains(text), "{text}: {}", page.text());
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let events = gateway.events(okta.org).await;
    let told: Vec<_> = events
        .iter()
        .map(|e| (&e["type"], &e["data"]["connection_id"]))
        .collect();
    let id = json!(okta.id);
    assert_eq!(
        told,
        [
            (&json!("user.created"), &id),
            (&json!("session.created"), &id)
        ]
    );
    assert_eq!(events[0]["data"]["role"], json!("viewer"));
    assert_eq!(events[0]["data"].get("scim_id"), None);

    let (app, other) = (gateway.app("Docs", okta.org).await, Browser::new(&gateway));
    let response = idp.response().email("ada@acme.example").base64();
    let fields = [
        ("SAMLResponse", &*response),
        ("RelayState", "https://app.example/docs/7"),
    ];
    let reply = other.post(&idp.acs(), &fields).await.expect(303);
    assert_eq!(
        reply.header("location"),
        Some(
            "https://app.example/login?iss=https%3A%2F%2Fusher.example\
             &login_hint=ada%40acme.example&target_link_uri=https%3A%2F%2Fapp.example%2Fdocs%2F7"
        )
    );
    assert_eq!(gateway.traces(okta.org).await.users, 1, "{}", app.client_id);
    let response = idp.response().email("ada@acme.example").base64();
    let fields = [
        ("SAMLResponse", &*response),
        ("RelayState", "https://evil.example/"),
    ];
    let reply = Browser::new(&gateway)
        .post(&idp.acs(), &fields)
        .await
        .expect(303);
    assert!(!reply.header("location").unwrap().contains("evil"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_is_used_once_and_its_own_browser_may_post_it_again() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let browser = Browser::new(&gateway);
    let response = idp.response().email("ada@acme.example").ids("_r", "_a");
    let text = response.base64();
    idp.post(&browser, &text).await.expect(303);
    let before = gateway.traces(okta.org).await;
    let again = idp.post(&browser, &text).await.expect(303);
    assert_eq!(again.headers.get("set-cookie"), None);
    assert_eq!(gateway.traces(okta.org).await, before);
    assert_eq!(idp.refusal(response).await, "replayed");
    let base = || idp.response().email("ada@acme.example");
    assert_eq!(idp.refusal(base().ids("_other", "_a")).await, "replayed");
    assert_eq!(idp.refusal(base().ids("_r", "_other")).await, "replayed");

    browser.submit("/sign-out", &[]).await.expect(303);
    browser.get("/signed-in").await.expect(403);
    let reply = idp.post(&browser, &text).await.expect(403);
    assert_eq!(
        reason(&reply),
        "replayed",
        "a session that ended is nobody's"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_response_posted_many_times_at_once_signs_in_once() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let text = idp.response().email("ada@acme.example").base64();
    let browsers: Vec<_> = (0..12).map(|_| Browser::new(&gateway)).collect();
    let posts = browsers.iter().map(|browser| idp.post(browser, &text));
    let replies = futures_util::future::join_all(posts).await;
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    statuses.sort_unstable();
    let expected: Vec<u16> = std::iter::once(303)
        .chain(std::iter::repeat_n(403, 11))
        .collect();
    assert_eq!(statuses, expected);
    let traces = gateway.traces(okta.org).await;
    assert_eq!((traces.users, traces.links, traces.sessions), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_the_connections_own_response_is_refused() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let other = gateway.idp(&entra).await;
    let forger = TestIdp::with_keys(
        idp.signer.entity_id(),
        "https://idp.example/sso",
        Keys::generate(Kind::P256).unwrap(),
    );
    let now = gateway.gateway.ids.clock().now();
    let at = |what: &str| format!("https://usher.example/saml/{}/{what}", okta.id);
    let ada = || idp.response().email("ada@acme.example");
    let ours = |issuer: &TestIdp| {
        issuer
            .response(at("acs"), at("metadata"), now)
            .email("ada@acme.example")
            .base64()
    };
    let table = [
        (
            usher::demo::idp::base64(&ada().unsigned()),
            400,
            "signature_missing",
        ),
        (ours(&forger), 400, "signature_invalid"),
        (ours(&other.signer), 400, "signature_invalid"),
        (
            other.response().email("ada@acme.example").base64(),
            400,
            "signature_invalid",
        ),
        (
            ada().recipient("https://elsewhere.example/").base64(),
            400,
            "recipient_mismatch",
        ),
        (
            ada().in_response_to("_x").base64(),
            400,
            "in_response_to_unknown",
        ),
        (
            ada().issuer("https://elsewhere.example/").base64(),
            400,
            "issuer_mismatch",
        ),
        (
            ada()
                .sign(Sign::Assertion)
                .destination("https://x.example")
                .base64(),
            400,
            "destination_mismatch",
        ),
        ("%%%".to_owned(), 400, "malformed_base64"),
        (idp.response().base64(), 403, "subject_missing"),
        (
            idp.response()
                .name_id("x", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
                .base64(),
            403,
            "subject_missing",
        ),
    ];
    let before = gateway.traces(okta.org).await;
    for (response, status, expected) in table {
        let browser = Browser::new(&gateway);
        let reply = idp.post(&browser, &response).await.expect(status);
        assert_eq!(reason(&reply), expected);
        assert_eq!(reply.headers.get("set-cookie"), None);
    }
    gateway.clock.advance(60 * 60);
    let stale = idp
        .signer
        .response(at("acs"), at("metadata"), now)
        .email("ada@acme.example");
    assert_eq!(idp.refusal(stale).await, "expired");
    assert_eq!(gateway.traces(okta.org).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_has_its_own_answer_to_every_wrong_request() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let send = |method: &str, path: String, media: &str, body: Vec<u8>| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", media);
        gateway.send(request.body(Body::from(body)).unwrap())
    };
    let bare = gateway
        .connect(okta.org, "Bare", Profile::Okta, &["bare.example"])
        .await;
    let form = "application/x-www-form-urlencoded";
    let large = [b"SAMLResponse=".to_vec(), vec![b'A'; 1024 * 1024]].concat();
    let unknown = "/saml/0192f1b0-5b1e-7c3a-9f00-0123456789ab/acs".to_owned();
    let good = b"SAMLResponse=PGEvPg==".to_vec();
    for (method, path, media, body, status, expected) in [
        ("GET", idp.acs(), form, vec![], 405, "method_not_allowed"),
        (
            "POST",
            unknown,
            form,
            good.clone(),
            404,
            "unknown_connection",
        ),
        (
            "POST",
            "/saml/x/acs".to_owned(),
            form,
            good.clone(),
            404,
            "unknown_connection",
        ),
        (
            "POST",
            idp.acs(),
            "text/plain",
            good.clone(),
            415,
            "media_type",
        ),
        ("POST", idp.acs(), form, large, 413, "too_large"),
        (
            "POST",
            idp.acs(),
            form,
            b"RelayState=x".to_vec(),
            400,
            "missing_response",
        ),
        (
            "GET",
            format!("/saml/{}/login", bare.id),
            form,
            vec![],
            409,
            "identity_provider_missing",
        ),
        ("GET", "/nowhere".to_owned(), form, vec![], 404, "not_found"),
        (
            "GET",
            "/signed-in".to_owned(),
            form,
            vec![],
            403,
            "login_required",
        ),
    ] {
        let reply = send(method, path, media, body).await.expect(status);
        assert_eq!(reason(&reply), expected);
        assert!(reply.text().contains("<html lang=\"en\">"));
    }
    let metadata = send("GET", format!("/saml/{}/metadata", okta.id), form, vec![]).await;
    let metadata = metadata.expect(200);
    assert_eq!(
        metadata.header("content-type"),
        Some("application/samlmetadata+xml")
    );
    assert!(
        metadata
            .text()
            .contains(&format!("https://usher.example/saml/{}/acs", okta.id))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_paused_or_does_not_take_it_refuses() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    gateway
        .alter(&okta, |row| row.state = ConnectionState::Paused)
        .await;
    assert_eq!(
        idp.refusal(idp.response().email("ada@acme.example")).await,
        "connection_paused"
    );
    browser.get("/signed-in").await.expect(403);
    gateway
        .alter(&okta, |row| {
            row.state = ConnectionState::Active;
            row.idp_initiated = false;
        })
        .await;
    assert_eq!(
        idp.refusal(idp.response().email("ada@acme.example")).await,
        "idp_initiated_off"
    );
    let bare = gateway
        .connect(okta.org, "Bare", Profile::Generic, &[])
        .await;
    let (browser, path) = (Browser::new(&gateway), format!("/saml/{}/acs", bare.id));
    let response = idp.response().email("ada@acme.example").base64();
    let reply = browser
        .post(&path, &[("SAMLResponse", &response)])
        .await
        .expect(400);
    assert_eq!(reason(&reply), "certificate_missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deactivated_person_is_refused_everywhere_and_leaves_no_row() {
    let (gateway, okta) = okta().await;
    let (idp, scim) = (gateway.idp(&okta).await, gateway.scim(&okta));
    let app = gateway.app("Docs", okta.org).await;
    let id = scim.user("ada@acme.example").await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let code = app.code(&browser).await;
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    scim.patch(&format!("/Users/{id}"), off).await.expect(200);

    assert_eq!(
        app.redeem(&code).await.expect(400).json()["error"],
        json!("invalid_grant")
    );
    let page = browser.get(&app.authorize(&[])).await.expect(200);
    assert!(page.text().contains("Sign in to Docs"), "nobody is in");
    browser.get("/signed-in").await.expect(403);
    let ada = || idp.response().email("ada@acme.example");
    assert_eq!(idp.refusal(ada()).await, "deprovisioned");
    let opaque = || {
        idp.response()
            .name_id(
                "00u1",
                "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            )
            .attribute("email", ["ada@acme.example"])
    };
    assert_eq!(
        idp.refusal(opaque()).await,
        "deprovisioned",
        "nor as another subject"
    );
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    assert_eq!(idp.refusal(ada()).await, "deprovisioned");
    assert_eq!(
        idp.refusal(opaque()).await,
        "deprovisioned",
        "a tombstone is not created anew"
    );

    // The directory may bring somebody of that name again: somebody new, whose subject it is now.
    let old = gateway.traces(okta.org).await;
    scim.user("ada@acme.example").await;
    idp.sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await
        .expect(303);
    let new = gateway.traces(okta.org).await;
    assert_eq!((new.users, new.links), (old.users + 1, old.links));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_created_is_the_connections_to_say() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let response = |email: &str| idp.response().email(email);
    let opaque = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    assert_eq!(
        idp.refusal(response("ada@elsewhere.example")).await,
        "domain_not_trusted"
    );
    assert_eq!(
        idp.refusal(idp.response().name_id("x", opaque)).await,
        "address_missing"
    );
    let kelvin = response("\u{212a}ate@acme.example");
    assert_eq!(idp.refusal(kelvin).await, "address_missing");
    gateway.alter(&okta, |row| row.jit = Jit::Off).await;
    assert_eq!(idp.refusal(response("ada@acme.example")).await, "jit_off");
    gateway.alter(&okta, |row| row.jit = Jit::Auto).await;
    idp.sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await
        .expect(303);
    gateway
        .scim(&okta)
        .post("/Users", user("bob@acme.example"))
        .await
        .expect(201);
    idp.sign_in(&Browser::new(&gateway), "eve@acme.example")
        .await
        .expect(303);
    let person = async |email: &str| gateway.person(okta.org, email).await.unwrap();
    assert_eq!(person("ada@acme.example").await.provisional_since, None);
    assert!(person("eve@acme.example").await.provisional_since.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_when_it_is_idle_old_or_replaced() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let first = browser.cookie("__Host-usher").unwrap();
    gateway.clock.advance(10);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    assert_ne!(browser.cookie("__Host-usher").unwrap(), first);
    let thief = Browser::new(&gateway);
    thief.plant("__Host-usher", &first);
    thief.get("/signed-in").await.expect(403);
    let sessions = gateway.traces(okta.org).await.sessions;
    assert_eq!(sessions, 2, "what apps hold of the first one lasts");
    // The provider's own session ends after eight hours, used or not.
    gateway.clock.advance(7 * 60 * 60);
    browser.get("/signed-in").await.expect(200);
    gateway.clock.advance(60 * 60);
    browser.get("/signed-in").await.expect(403);
}
