//! Sign-ins that start here: the request, the browser that it is bound to, and the way back.

use std::io::Read as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use serde_json::json;
use url::Url;
use usher::demo::idp::{Response, Signing, base64};
use usher::directory::connection::{ConnectionState, Profile};
use usher::limits;

use crate::harness::{Browser, Connected, PUBLIC_URL, Reply, TestGateway, reason};

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

/// The request that a redirect carries.
fn asked(reply: &Reply) -> String {
    let location = Url::parse(reply.header("location").unwrap()).unwrap();
    assert!(
        location.as_str().starts_with("https://idp.example/sso?"),
        "{location}"
    );
    let (_, message) = location
        .query_pairs()
        .find(|(name, _)| name == "SAMLRequest")
        .unwrap();
    let mut text = String::new();
    let octets = STANDARD.decode(&*message).unwrap();
    DeflateDecoder::new(&octets[..])
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn id(request: &str) -> String {
    let document = roxmltree::Document::parse(request).unwrap();
    document.root_element().attribute("ID").unwrap().to_owned()
}

/// The path on this server where a browser is sent.
fn path(reply: &Reply) -> String {
    let location = reply.header("location").unwrap();
    location.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

async fn login(browser: &Browser<'_>, connected: &Connected) -> String {
    let reply = browser.get(&format!("/saml/{}/login", connected.id)).await;
    id(&asked(&reply.expect(303)))
}

fn ada(response: Response<'_>) -> Response<'_> {
    response.email("ada@acme.example")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_for_an_app_comes_back_to_the_very_request() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    let connection = okta.id.to_string();
    let wish = app.authorize(&[("connection", &connection)]);
    let request = asked(&browser.get(&wish).await.expect(303));
    for part in [
        "Destination=\"https://idp.example/sso\"",
        &format!("AssertionConsumerServiceURL=\"{PUBLIC_URL}{}\"", idp.acs()),
        &format!(">{PUBLIC_URL}/saml/{}/metadata</saml:Issuer>", okta.id),
        "Version=\"2.0\"",
    ] {
        assert!(request.contains(part), "{part}: {request}");
    }
    assert!(!request.contains("ForceAuthn"));
    assert!(id(&request).len() >= 22, "128 bits at least");
    let answer = ada(idp.response()).in_response_to(id(&request)).base64();
    let reply = idp.post(&browser, &answer).await.expect(303);
    let back = browser.get(&path(&reply)).await.expect(303);
    let location = Url::parse(back.header("location").unwrap()).unwrap();
    assert!(location.as_str().starts_with("https://app.example/cb?"));
    let (_, code) = location
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap();
    app.redeem(&code).await.expect(200);
    assert_eq!(
        app.claims(&browser).await["email"],
        json!("ada@acme.example")
    );
    // The browser's own message, once more; another one to the same request; and a thief's.
    idp.post(&browser, &answer).await.expect(303);
    let again = ada(idp.response()).in_response_to(id(&request)).base64();
    let reply = idp.post(&browser, &again).await.expect(403);
    assert_eq!(reason(&reply), "request_over");
    let thief = Browser::new(&gateway);
    let reply = idp.post(&thief, &answer).await.expect(400);
    assert_eq!(reason(&reply), "in_response_to_unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_good_in_its_browser_at_its_connection_in_its_time_alone() {
    let (gateway, okta) = okta().await;
    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let (idp, _other) = (gateway.idp(&okta).await, gateway.idp(&entra).await);
    let browser = Browser::new(&gateway);
    let victim = Browser::new(&gateway);
    login(&victim, &okta).await;
    let refused = async |browser: &Browser<'_>, request: &str, reason_word: &str| {
        let before = gateway.traces(okta.org).await;
        let answer = ada(idp.response()).in_response_to(request).base64();
        let reply = idp.post(browser, &answer).await;
        assert!(reply.status.is_client_error(), "{}", reply.status);
        assert_eq!(reason(&reply), reason_word);
        assert_eq!(gateway.traces(okta.org).await, before);
    };
    let good = async |request: &str| {
        let answer = ada(idp.response()).in_response_to(request).base64();
        idp.post(&browser, &answer).await.expect(303);
    };
    let unknown = "in_response_to_unknown";
    let mine = login(&browser, &okta).await;
    refused(&victim, &mine, unknown).await;
    refused(&Browser::new(&gateway), &mine, unknown).await;
    refused(&browser, "_nobody", unknown).await;
    refused(&browser, "", unknown).await;
    good(&mine).await;
    let elsewhere = login(&browser, &entra).await;
    refused(&browser, &elsewhere, unknown).await;
    // Two tabs, answered in any order.
    let (first, second) = (login(&browser, &okta).await, login(&browser, &okta).await);
    good(&second).await;
    good(&first).await;
    refused(&browser, &first, "request_over").await;
    let late = login(&browser, &okta).await;
    let timely = login(&browser, &okta).await;
    gateway
        .clock
        .advance(limits::SAML_REQUEST_LIFE.as_secs() - 1);
    good(&timely).await;
    gateway.clock.advance(1);
    refused(&browser, &late, unknown).await;
    // What only the assertion says of the request must be what the response says.
    let mine = login(&browser, &okta).await;
    let signed = ada(idp.response()).in_response_to(&mine).signed();
    let answers = format!(" InResponseTo=\"{mine}\"");
    let unasked = base64(&signed.replacen(&answers, "", 1));
    assert_eq!(
        reason(&idp.post(&browser, &unasked).await.expect(400)),
        unknown
    );
    good(&mine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_start_at_the_identity_provider_starts_here() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    gateway.alter(&okta, |row| row.idp_initiated = false).await;
    let browser = Browser::new(&gateway);
    let unasked = ada(idp.response()).base64();
    let reply = idp.post(&browser, &unasked).await.expect(403);
    assert_eq!(reason(&reply), "idp_initiated_off");
    let request = login(&browser, &okta).await;
    // An open request lets in its own answer, and no other.
    let reply = idp.post(&browser, &unasked).await.expect(403);
    assert_eq!(reason(&reply), "idp_initiated_off");
    let answer = ada(idp.response()).in_response_to(&request).base64();
    idp.post(&browser, &answer).await.expect(303);
    browser.get("/signed-in").await.expect(200);
    // So does the answer to the confirm page, where another person is signed in.
    let request = login(&browser, &okta).await;
    let eve = idp.response().email("eve@acme.example");
    let eve = eve.in_response_to(request).base64();
    idp.post(&browser, &eve).await.expect(200);
    let place = format!("/saml/{}/continue", okta.id);
    let yes = [("answer", "continue")];
    browser.submit(&place, &yes).await.expect(303);
    let seen = browser.get("/signed-in").await.expect(200);
    assert!(seen.text().contains("eve@acme.example"));
    gateway
        .alter(&okta, |row| row.state = ConnectionState::Paused)
        .await;
    let reply = browser.get(&format!("/saml/{}/login", okta.id)).await;
    assert_eq!(reason(&reply.expect(403)), "connection_paused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_sign_in_is_asked_for_and_seen_to() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    let connection = okta.id.to_string();
    for fresh in [("prompt", "login"), ("max_age", "0")] {
        idp.sign_in(&browser, "ada@acme.example").await.expect(303);
        gateway.clock.advance(600);
        let wish = app.authorize(&[("connection", &connection), fresh]);
        let request = asked(&browser.get(&wish).await.expect(303));
        assert!(request.contains(" ForceAuthn=\"true\""), "{request}");
        let answer = ada(idp.response()).in_response_to(id(&request));
        let now = gateway.gateway.ids.clock().now();
        let before = now - jiff::SignedDuration::from_secs(121);
        let stale = answer.unsigned().replace(
            &format!("AuthnInstant=\"{now}\""),
            &format!("AuthnInstant=\"{before}\""),
        );
        let stale = base64(&idp.signer.sign_with(&stale, &Signing::default()));
        let reply = idp.post(&browser, &stale).await.expect(303);
        let told = browser.get(&path(&reply)).await.expect(303);
        let told = told.header("location").unwrap().to_owned();
        assert!(told.starts_with("https://app.example/cb?"), "{told}");
        assert!(told.contains("error=login_required"), "{told}");
        // A refusal takes nothing: the good answer may still come.
        let other = ada(idp.response()).in_response_to(id(&request)).base64();
        gateway.clock.advance(30);
        let reply = idp.post(&browser, &other).await.expect(303);
        let back = browser.get(&path(&reply)).await.expect(303);
        assert!(
            back.header("location").unwrap().contains("code="),
            "and no second time"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_suit_the_app_is_an_error_and_no_second_visit() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let app = gateway.app("Docs", okta.org).await;
    let connection = okta.id.to_string();
    let signed_in_as = async |browser: &Browser<'_>, email: &str, more: &[(&str, &str)]| {
        let wish = app.authorize(&[&[("connection", &*connection)], more].concat());
        let request = id(&asked(&browser.get(&wish).await.expect(303)));
        let response = idp.response().email(email).in_response_to(request);
        let reply = idp.post(browser, &response.base64()).await.expect(303);
        let back = browser.get(&path(&reply)).await.expect(303);
        back.header("location").unwrap().to_owned()
    };
    // An authentication of a while ago is recent enough for whom it is.
    let browser = Browser::new(&gateway);
    let wish = app.authorize(&[("connection", &connection), ("max_age", "600")]);
    let request = id(&asked(&browser.get(&wish).await.expect(303)));
    let now = gateway.gateway.ids.clock().now();
    for (seconds, met) in [(721, false), (600, true)] {
        let before = now - jiff::SignedDuration::from_secs(seconds);
        let xml = ada(idp.response())
            .in_response_to(&request)
            .unsigned()
            .replace(
                &format!("AuthnInstant=\"{now}\""),
                &format!("AuthnInstant=\"{before}\""),
            );
        let response = base64(&idp.signer.sign_with(&xml, &Signing::default()));
        let reply = idp.post(&browser, &response).await.expect(303);
        let back = browser.get(&path(&reply)).await.expect(303);
        let back = back.header("location").unwrap();
        assert_eq!(back.contains("code="), met, "{back}");
        assert_eq!(back.contains("error=login_required"), !met, "{back}");
    }
    // Another person than the app expects.
    let hint = app.id_token(&browser).await;
    let other = Browser::new(&gateway);
    let location = signed_in_as(&other, "eve@acme.example", &[("id_token_hint", &hint)]).await;
    assert!(location.contains("error=login_required"), "{location}");
    let same = Browser::new(&gateway);
    let location = signed_in_as(&same, "ada@acme.example", &[("id_token_hint", &hint)]).await;
    assert!(location.contains("code="), "{location}");
    // A connection of another organization than the one that is named is none.
    let _elsewhere = gateway.organization("other").await;
    let wish = app.authorize(&[("connection", &connection), ("organization", "other")]);
    let page = Browser::new(&gateway).get(&wish).await.expect(200);
    assert!(page.text().contains("No sign-in was found"));
    // What is not read is not kept, and what is kept is bounded.
    let noise = "x".repeat(6_000);
    let wish = app.authorize(&[("connection", &connection), ("noise", &noise)]);
    asked(&Browser::new(&gateway).get(&wish).await.expect(303));
    let wish = app.authorize(&[("connection", &connection), ("state", &noise)]);
    let page = Browser::new(&gateway).get(&wish).await.expect(400);
    assert_eq!(reason(&page), "request_too_long");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_not_the_identity_providers_only_asks() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    for origin in [
        "https://evil.example",
        "null",
        "https://idp.example.evil",
        "http://idp.example",
    ] {
        let browser = Browser::new(&gateway);
        idp.sign_in(&browser, "ada@acme.example").await.expect(303);
        let session = browser.cookie("__Host-usher").unwrap();
        for email in ["ada@acme.example", "eve@acme.example"] {
            let response = idp.response().email(email).base64();
            let fields = [("SAMLResponse", &*response)];
            let page = browser
                .post_from(origin, &idp.acs(), &fields)
                .await
                .expect(200);
            assert!(
                page.text().contains(&format!("as {email}?")),
                "{}",
                page.text()
            );
            assert_eq!(browser.cookie("__Host-usher").as_deref(), Some(&*session));
            let seen = browser.get("/signed-in").await.expect(200);
            assert!(seen.text().contains("ada@acme.example"));
        }
        let yes = [("answer", "continue")];
        let place = format!("/saml/{}/continue", okta.id);
        browser.submit(&place, &yes).await.expect(303);
        let seen = browser.get("/signed-in").await.expect(200);
        assert!(seen.text().contains("eve@acme.example"));
    }
    // Whoever asked in this browser means it, whatever page the answer comes from; but nobody
    // else's session ends by it, for a page elsewhere can make a browser ask.
    let app = gateway.app("Docs", okta.org).await;
    let browser = Browser::new(&gateway);
    let answer_to_app = async |email: &str| {
        let connection = okta.id.to_string();
        let wish = app.authorize(&[("connection", &*connection), ("prompt", "login")]);
        let request = asked(&browser.get(&wish).await.expect(303));
        let response = idp.response().email(email).in_response_to(id(&request));
        response.base64()
    };
    let response = answer_to_app("ada@acme.example").await;
    let fields = [("SAMLResponse", &*response)];
    let reply = browser.post_from("null", &idp.acs(), &fields).await;
    reply.expect(303);
    let response = answer_to_app("eve@acme.example").await;
    let page = idp.post(&browser, &response).await.expect(200);
    let text = page.text();
    assert!(text.contains("as eve@acme.example?"), "{text}");
    let seen = browser.get("/signed-in").await.expect(200);
    assert!(seen.text().contains("ada@acme.example"));
    let (_, place) = text.split_once("name=\"continue\" value=\"").unwrap();
    let place = place.split('"').next().unwrap();
    let place = place.replace("&#38;", "&").replace("&amp;", "&");
    let yes = [("answer", "continue"), ("continue", &*place)];
    let action = format!("/saml/{}/continue", okta.id);
    let reply = browser.submit(&action, &yes).await.expect(303);
    let back = browser.get(&path(&reply)).await.expect(303);
    assert!(back.header("location").unwrap().contains("code="));
    // It leads to an app's request, and nowhere else.
    for evil in [
        "https://evil.example/",
        "//evil.example",
        "/sign-out",
        "/oauth/authorize@evil.example?",
        "/oauth/authorize?\r\nx: evil",
    ] {
        idp.sign_in(&browser, "ada@acme.example").await.expect(200);
        let reply = browser
            .submit(&action, &[("answer", "continue"), ("continue", evil)])
            .await;
        let location = reply.expect(303).header("location").unwrap().to_owned();
        assert!(
            !location.contains("evil") && !location.contains("sign-out"),
            "{location}"
        );
        idp.sign_in(&browser, "eve@acme.example").await.expect(200);
        browser
            .submit(&action, &[("answer", "continue")])
            .await
            .expect(303);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_is_found_by_organization_or_address() {
    let (gateway, okta) = okta().await;
    let _idp = gateway.idp(&okta).await;
    let app = gateway.app("Docs", okta.org).await;
    let elsewhere = gateway.organization("other").await;
    let other = gateway
        .connect(elsewhere, "Google", Profile::Google, &["other.example"])
        .await;
    let _theirs = gateway.idp(&other).await;
    let see = async |more: &[(&str, &str)]| Browser::new(&gateway).get(&app.authorize(more)).await;
    for good in [
        &[("organization", "acme")][..],
        &[("login_hint", "Ada@ACME.example")],
        &[
            ("organization", "acme"),
            ("login_hint", "x@elsewhere.example"),
        ],
    ] {
        asked(&see(good).await.expect(303));
    }
    let page = see(&[]).await.expect(200);
    for part in [
        "name=\"login_hint\"",
        "name=\"code_challenge\"",
        "action=\"/oauth/authorize\"",
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    // Nobody learns whom we know: an organization that the app does not serve is as none.
    let other_id = other.id.to_string();
    for unknown in [
        &[("login_hint", "eve@other.example")][..],
        &[("login_hint", "eve@nowhere.example")],
        &[("login_hint", "\"><script>")],
        &[("organization", "other")],
        &[("organization", "nobody")],
        &[("connection", &*other_id)],
        &[("connection", "x")],
    ] {
        let page = see(unknown).await.expect(200);
        let text = page.text();
        assert!(text.contains("No sign-in was found"), "{unknown:?} {text}");
        assert!(!text.contains("<script"), "{text}");
        assert!(!text.contains("Google"));
    }
    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let see_two = see(&[("organization", "acme")]).await;
    asked(&see_two.expect(303));
    let _idp = gateway.idp(&entra).await;
    let page = see(&[("organization", "acme"), ("state", "a&b")])
        .await
        .expect(200);
    for part in ["Okta", "Entra", &okta.id.to_string(), "state=a%26b"] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_provider_that_takes_forms_gets_one() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let metadata = idp.signer.metadata();
    let only_post: String = metadata
        .lines()
        .filter(|line| !line.contains("HTTP-Redirect"))
        .collect();
    gateway
        .alter(&okta, move |row| row.metadata = Some(only_post.clone()))
        .await;
    let browser = Browser::new(&gateway);
    let page = browser
        .get(&format!("/saml/{}/login", okta.id))
        .await
        .expect(200);
    let text = page.text();
    assert!(
        text.contains("action=\"https://idp.example/sso\""),
        "{text}"
    );
    let (_, rest) = text.split_once("name=\"SAMLRequest\" value=\"").unwrap();
    let field = rest
        .split('"')
        .next()
        .unwrap()
        .replace("&#43;", "+")
        .replace("&#x2b;", "+");
    let request = String::from_utf8(STANDARD.decode(field).unwrap()).unwrap();
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:"), "{policy}");
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    let answer = ada(idp.response()).in_response_to(id(&request)).base64();
    idp.post(&browser, &answer).await.expect(303);
    // To be asked by HEAD, or for a picture, asks nobody.
    let picture = axum::http::Request::get(format!("/saml/{}/login", okta.id));
    let picture = picture.header("sec-fetch-mode", "no-cors");
    let picture = picture.body(axum::body::Body::empty()).unwrap();
    let shown = gateway.send(picture).await.expect(200);
    assert_eq!(shown.headers.get("set-cookie"), None);
    let head = axum::http::Request::head(format!("/saml/{}/login", okta.id));
    let head = head.body(axum::body::Body::empty()).unwrap();
    assert_eq!(
        gateway
            .send(head)
            .await
            .expect(200)
            .headers
            .get("set-cookie"),
        None
    );
}
