//! Logout that an app begins: the session that its ID token names ends at once, any other only where
//! the person says so, and the browser goes nowhere that is not registered.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::harness::{App, BYE, Browser, Reply, TestGateway, form, reason};
use crate::refresh::{okta, refused, text};

const SESSION: &str = "__Host-usher";

fn path(fields: &[(&str, &str)]) -> String {
    format!("/oauth/logout?{}", form(fields))
}

/// The value of a hidden field of our page.
#[track_caller]
fn hidden(reply: &Reply, name: &str) -> Option<String> {
    let text = reply.text();
    let (_, rest) = text.split_once(&format!("name=\"{name}\" value=\""))?;
    Some(rest.split('"').next().unwrap().to_owned())
}

/// Whether the session of this refresh token goes on; its successor, if so.
async fn goes_on(app: &App<'_>, token: &str) -> Option<String> {
    let reply = app.refresh(token).await;
    if reply.status == 200 {
        return Some(text(&reply.json(), "refresh_token"));
    }
    refused(reply);
    None
}

async fn revoked(gateway: &TestGateway, org: usher::id::OrganizationId) -> Vec<Value> {
    let mut events = gateway.events(org).await;
    events.retain(|event| event["type"] == "session.revoked");
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_that_an_id_token_names_ends_at_once() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let elsewhere = Browser::new(&gateway);
    idp.sign_in(&elsewhere, "ada@acme.example")
        .await
        .expect(303);
    let other = text(&app.tokens(&elsewhere).await, "refresh_token");
    for (count, cross_site) in [(1, false), (2, true)] {
        let browser = Browser::new(&gateway);
        idp.sign_in(&browser, "ada@acme.example").await.expect(303);
        let tokens = app.tokens(&browser).await;
        // Its ID token has expired long since.
        gateway.clock.advance(60 * 60);
        let hint = text(&tokens, "id_token");
        let fields = [
            ("id_token_hint", &*hint),
            ("client_id", "docs"),
            ("post_logout_redirect_uri", BYE),
            ("state", "a b"),
        ];
        let reply = if cross_site {
            let origin = "https://app.example";
            browser.post_from(origin, "/oauth/logout", &fields).await
        } else {
            browser.get(&path(&fields)).await
        };
        let reply = reply.expect(303);
        let back = format!("{BYE}?state=a+b");
        assert_eq!(reply.header("location"), Some(&*back));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(browser.cookie(SESSION), None);
        assert_eq!(goes_on(&app, &text(&tokens, "refresh_token")).await, None);
        let events = revoked(&gateway, okta.org).await;
        assert_eq!(events.len(), count);
        let last = &events[count - 1]["data"];
        assert_eq!(last["reason"], json!("signed_out"));
        // Nobody is there any more, and that is no error.
        let reply = browser.get(&path(&fields)).await.expect(303);
        assert_eq!(reply.header("location"), Some(&*back));
        let reply = browser.get("/oauth/logout").await.expect(200);
        assert!(reply.text().contains("You are signed out"));
    }
    assert!(goes_on(&app, &other).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_good_id_token_the_person_is_asked() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let (browser, bob) = (Browser::new(&gateway), Browser::new(&gateway));
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    idp.sign_in(&bob, "bob@acme.example").await.expect(303);
    let bobs = text(&app.tokens(&bob).await, "id_token");
    let older = text(&app.tokens(&browser).await, "id_token");
    browser.submit("/sign-out", &[]).await.expect(303);
    gateway.clock.advance(1);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let tokens = app.tokens(&browser).await;
    let mut token = text(&tokens, "refresh_token");
    let own = text(&tokens, "id_token");
    let (signed, signature) = own.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let altered = format!("{signed}.{other}{}", &signature[1..]);
    let access = text(&tokens, "access_token");
    for hint in [
        None,
        Some(&bobs),
        Some(&older),
        Some(&altered),
        Some(&access),
    ] {
        let mut fields = vec![
            ("client_id", "docs"),
            ("post_logout_redirect_uri", BYE),
            ("state", "\"><script>"),
        ];
        fields.extend(hint.map(|hint| ("id_token_hint", hint.as_str())));
        let page = browser.get(&path(&fields)).await.expect(200);
        assert!(page.text().contains("ada@acme.example"), "{}", page.text());
        assert!(page.text().contains("Docs") && !page.text().contains("<script>"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' https: https://app.example;"));
        token = goes_on(&app, &token).await.expect("nothing has ended");
    }
    let fields = [("client_id", "docs"), ("post_logout_redirect_uri", BYE)];
    let page = browser.get(&path(&fields)).await.expect(200);
    let proof = hidden(&page, "proof").unwrap();
    let bobs_page = bob.get("/oauth/logout").await.expect(200);
    let bobs_proof = hidden(&bobs_page, "proof").unwrap();
    assert_ne!(proof, bobs_proof);
    let answer = |answer: &'static str, proof: &str| {
        let fields = [
            ("answer", answer),
            ("proof", proof),
            ("client_id", "docs"),
            ("post_logout_redirect_uri", BYE),
            ("state", "s"),
        ];
        fields.map(|(name, value)| (name, value.to_owned()))
    };
    for (from, said, status) in [
        ("here", answer("stay", &proof), 200),
        ("here", answer("", &proof), 200),
        ("here", answer("sign_out", ""), 200),
        ("here", answer("sign_out", &bobs_proof), 200),
        ("elsewhere", answer("sign_out", &proof), 403),
    ] {
        let said = said.each_ref().map(|(name, value)| (*name, &**value));
        let path = "/oauth/logout/confirm";
        let reply = if from == "here" {
            browser.submit(path, &said).await
        } else {
            browser.post_from("https://evil.example", path, &said).await
        };
        assert_eq!(reply.expect(status).header("location"), None);
        token = goes_on(&app, &token).await.expect("nothing has ended");
    }
    let yes = answer("sign_out", &proof);
    let yes = yes.each_ref().map(|(name, value)| (*name, &**value));
    let reply = browser.submit("/oauth/logout/confirm", &yes).await;
    let reply = reply.expect(303);
    let back = format!("{BYE}?state=s");
    assert_eq!(reply.header("location"), Some(&*back));
    assert_eq!(goes_on(&app, &token).await, None);
    assert_eq!(browser.cookie(SESSION), None);
    assert!(bob.cookie(SESSION).is_some());
    // Without an app it is our own page that says so.
    let said = [("answer", "sign_out"), ("proof", &*bobs_proof)];
    let reply = bob.submit("/oauth/logout/confirm", &said).await.expect(200);
    assert!(reply.text().contains("You are signed out"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_is_sent_nowhere_that_is_not_registered() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    gateway.app("Other", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let tokens = app.tokens(&browser).await;
    let (hint, mut token) = (text(&tokens, "id_token"), text(&tokens, "refresh_token"));
    let hint = ("id_token_hint", hint.as_str());
    let docs = ("client_id", "docs");
    for (fields, wanted) in [
        (
            vec![hint, ("post_logout_redirect_uri", "https://evil.example/")],
            "redirect_unknown",
        ),
        (
            vec![hint, ("post_logout_redirect_uri", "https://app.example/cb")],
            "redirect_unknown",
        ),
        (
            vec![docs, ("post_logout_redirect_uri", "//evil.example")],
            "redirect_unknown",
        ),
        (vec![("post_logout_redirect_uri", BYE)], "client_missing"),
        (
            vec![("client_id", "nobody"), ("post_logout_redirect_uri", BYE)],
            "client_unknown",
        ),
        (vec![hint, ("client_id", "other")], "client_mismatch"),
        (vec![hint, hint], "invalid_request"),
        (vec![hint, ("state", "\0")], "invalid_request"),
    ] {
        let reply = browser.get(&path(&fields)).await.expect(400);
        assert_eq!(reply.header("location"), None, "{fields:?}");
        assert_eq!(reason(&reply), wanted, "{fields:?}");
        let nobody = Browser::new(&gateway);
        let reply = nobody.get(&path(&fields)).await.expect(400);
        assert_eq!(reason(&reply), wanted, "{fields:?}");
        token = goes_on(&app, &token).await.expect("nothing has ended");
    }
    // Who asks cannot be told from an ID token that is none: nobody is gone to.
    let fields = [
        ("id_token_hint", "a.b.c"),
        ("post_logout_redirect_uri", BYE),
    ];
    let page = browser.get(&path(&fields)).await.expect(200);
    assert_eq!(hidden(&page, "post_logout_redirect_uri"), None);
    let reply = Browser::new(&gateway).get(&path(&fields)).await.expect(200);
    assert_eq!(reply.header("location"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_the_senders_fault() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let (gateway, _) = okta().await;
    let send = |method: &str, uri: &str, media: &'static str, body: String| {
        let request = Request::builder().method(method).uri(uri);
        let request = request.header("content-type", media);
        gateway.send(request.body(Body::from(body)).unwrap())
    };
    for uri in ["/oauth/logout", "/oauth/logout/confirm"] {
        for (media, body, status) in [
            ("application/json", "{}".to_owned(), 400),
            (FORM, "x".repeat(70_000), 400),
            (FORM, "state=%00".to_owned(), 400),
            (FORM, "a=1&a=2".to_owned(), 400),
            (FORM, "client_id=%ff%fe".to_owned(), 400),
            (FORM, "%zz&&=".to_owned(), 200),
            (FORM, "id_token_hint=x".to_owned(), 200),
        ] {
            let shown = body.get(..30).unwrap_or(&body).to_owned();
            let reply = send("POST", uri, media, body).await;
            assert_eq!(reply.status, status, "{uri} {shown}: {}", reply.text());
        }
        send("DELETE", uri, FORM, String::new()).await.expect(405);
    }
    let get = send("GET", "/oauth/logout/confirm", FORM, String::new());
    get.await.expect(405);
    let document = send(
        "GET",
        "/.well-known/openid-configuration",
        FORM,
        String::new(),
    );
    let document = document.await.expect(200).json();
    for (name, value) in [
        (
            "end_session_endpoint",
            json!("https://usher.example/oauth/logout"),
        ),
        ("backchannel_logout_supported", json!(true)),
        ("backchannel_logout_session_supported", json!(true)),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
}
