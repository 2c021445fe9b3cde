//! The hand-off over HTTP: discovery, codes, tokens and UserInfo.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::oidc::claims::{ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE};

use crate::harness::{Browser, Connected, REDIRECT, Reply, TestGateway, VERIFIER, claims, reason};

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

/// The parameters of the redirect back to the app.
fn returned(reply: &Reply) -> Value {
    let location = reply.header("location").unwrap();
    assert!(location.starts_with(&format!("{REDIRECT}?")), "{location}");
    let url = url::Url::parse(location).unwrap();
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect()
}

async fn userinfo(gateway: &TestGateway, token: &str) -> Reply {
    let request =
        Request::get("/oauth/userinfo").header("authorization", format!("Bearer {token}"));
    gateway.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_becomes_a_code_and_a_code_becomes_tokens_once() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let ada = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    let code = app.code(&browser).await;
    for wrong in [
        [("code_verifier", "w".repeat(43))],
        [("redirect_uri", "https://app.example/other".to_owned())],
        [("code", "x".repeat(43))],
    ] {
        let wrong = wrong
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let reply = app.redeem_with(&code, &wrong).await.expect(400);
        assert_eq!(reply.json()["error"], json!("invalid_grant"));
    }
    let reply = app.redeem(&code).await.expect(200);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let tokens = reply.json();
    let (id, access) = (
        tokens["id_token"].as_str().unwrap(),
        tokens["access_token"].as_str().unwrap(),
    );
    let keys = gateway.signing_keys().await;
    keys.verify::<Value>(ID_TOKEN_TYPE, id).unwrap();
    keys.verify::<Value>(ACCESS_TOKEN_TYPE, access).unwrap();
    let id = claims(id);
    for (name, value) in [
        ("sub", json!(ada.id)),
        ("iss", json!("https://usher.example")),
        ("aud", json!("docs")),
        ("nonce", json!("n")),
        ("org", json!(okta.org)),
        ("org_slug", json!("acme")),
        ("role", json!("viewer")),
        ("projects", json!([])),
        ("email", json!("ada@acme.example")),
        ("email_verified", json!(true)),
        ("amr", json!(["pwd"])),
    ] {
        assert_eq!(id[name], value, "{name}");
    }
    assert_eq!(id["roles_version"], json!(2));
    assert_eq!(claims(access).get("email"), None);
    let info = userinfo(&gateway, access).await.expect(200).json();
    assert_eq!(
        (&info["sub"], &info["role"]),
        (&id["sub"], &json!("viewer"))
    );
    let again = app.redeem(&code).await.expect(400);
    assert_eq!(again.json()["error"], json!("invalid_grant"));
    let tokens = app.tokens(&browser).await;
    let access = tokens["access_token"].as_str().unwrap();
    userinfo(&gateway, access).await.expect(200);
    let code = app.code(&browser).await;
    browser.submit("/sign-out", &[]).await.expect(303);
    let gone = userinfo(&gateway, access).await.expect(401);
    assert!(
        gone.header("www-authenticate")
            .unwrap()
            .contains("invalid_token")
    );
    app.redeem(&code).await.expect(400);
    // Who shows nothing did nothing wrong (RFC 6750 3.1).
    let unasked = Browser::new(&gateway)
        .get("/oauth/userinfo")
        .await
        .expect(401);
    let challenge = unasked.header("www-authenticate").unwrap();
    assert_eq!(challenge, r#"Bearer realm="usher""#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_code_redeemed_many_times_at_once_is_good_once() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let code = app.code(&browser).await;
    let replies = futures_util::future::join_all((0..20).map(|_| app.redeem(&code))).await;
    let good = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(good, 1);
    let late = app.code(&browser).await;
    gateway.clock.advance(60);
    app.redeem(&late).await.expect(400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_right_app_with_its_secret_redeems() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let other = gateway.app("Other", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let code = app.code(&browser).await;
    let stolen = other.redeem(&code).await.expect(400);
    assert_eq!(stolen.json()["error"], json!("invalid_grant"));
    for (client, secret) in [
        ("docs", &*other.secret),
        ("nobody", &*app.secret),
        ("docs", "x"),
    ] {
        let body = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}\
             &code_verifier={VERIFIER}&client_id={client}&client_secret={secret}"
        );
        let request = Request::post("/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let reply = gateway.send(request).await.expect(401);
        assert_eq!(reply.json()["error"], json!("invalid_client"));
    }
    app.redeem(&code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_authorization_endpoint_says_no_in_the_right_place() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let elsewhere = gateway.organization("other").await;
    let foreign = gateway.app("Foreign", elsewhere).await;
    let browser = Browser::new(&gateway);
    let none = [("prompt", "none")];
    let reply = browser.get(&app.authorize(&none)).await.expect(303);
    assert_eq!(returned(&reply)["error"], json!("login_required"));
    let page = browser.get(&app.authorize(&[])).await.expect(200);
    assert!(page.text().contains("Sign in to Docs"), "{}", page.text());
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    for (parameter, page) in [
        (("client_id", "nobody"), "client_unknown"),
        (
            ("redirect_uri", "https://evil.example/"),
            "redirect_unknown",
        ),
    ] {
        let reply = browser.get(&app.authorize(&[parameter])).await.expect(400);
        assert_eq!(
            (reason(&reply).as_str(), reply.header("location")),
            (page, None)
        );
    }
    for (parameters, error) in [
        (vec![("code_challenge", "")], "invalid_request"),
        (
            vec![("response_type", "token")],
            "unsupported_response_type",
        ),
        (vec![("scope", "email")], "invalid_scope"),
        (
            vec![("organization", "other"), ("prompt", "none")],
            "login_required",
        ),
        (vec![("id_token_hint", "x")], "invalid_request"),
    ] {
        let reply = browser.get(&app.authorize(&parameters)).await.expect(303);
        let returned = returned(&reply);
        assert_eq!(returned["error"], json!(error), "{parameters:?}");
        assert_eq!(returned["iss"], json!("https://usher.example"));
    }
    // An app that does not serve the person's organization learns nothing of them.
    let page = browser.get(&foreign.authorize(&[])).await.expect(200);
    assert!(page.text().contains("Sign in to Foreign"));
    for named in [vec![], vec![("organization", "acme")]] {
        let silently = [vec![("prompt", "none")], named].concat();
        let reply = browser.get(&foreign.authorize(&silently)).await;
        assert_eq!(
            returned(&reply.expect(303))["error"],
            json!("login_required")
        );
    }
    // Posted from the app's page, it comes again as a visit.
    let wish = app.authorize(&[("prompt", "none")]);
    let (place, query) = wish.split_once('?').unwrap();
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| (&**n, &**v)).collect();
    let reply = browser
        .post_from("https://app.example", place, &pairs)
        .await;
    let again = reply.expect(303).header("location").unwrap().to_owned();
    let again = browser
        .get(again.strip_prefix("https://usher.example").unwrap())
        .await;
    assert!(returned(&again.expect(303))["code"].is_string());
    gateway.clock.advance(61);
    let page = browser.get(&app.authorize(&[("max_age", "60")])).await;
    assert!(page.expect(200).text().contains("Sign in to Docs"));
    let id = okta.id.to_string();
    let named = [
        ("organization", "acme"),
        ("connection", &*id),
        ("max_age", "61"),
    ];
    assert!(returned(&browser.get(&app.authorize(&named)).await.expect(303))["code"].is_string());
    let page = browser.get(&app.authorize(&[("prompt", "login")])).await;
    assert!(page.expect(200).text().contains("Sign in to Docs"));
    // To the second of the sign-in: a max_age of 0 asks for a new one.
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let now = [("max_age", "0"), ("prompt", "none")];
    let reply = browser.get(&app.authorize(&now)).await.expect(303);
    assert_eq!(returned(&reply)["error"], json!("login_required"));
    let consent = browser.get(&app.authorize(&[("prompt", "consent")])).await;
    let consent = consent.expect(200).text();
    assert!(
        consent.contains("Continue as ada@acme.example"),
        "{consent}"
    );
    let select = app.authorize(&[("prompt", "select_account")]);
    let page = browser.get(&select).await.expect(200).text();
    assert!(page.contains("Continue as ada@acme.example"), "{page}");
    let place = |prompt: &str| {
        let links = page.split("href=\"").skip(1);
        let mut links = links.map(|it| it.split('"').next().unwrap().replace("&#38;", "&"));
        links.find(|it| it.contains(prompt)).unwrap()
    };
    let on = browser.get(&place("prompt=none")).await.expect(303);
    assert!(returned(&on)["code"].is_string());
    let other = browser.get(&place("prompt=login")).await.expect(200).text();
    assert!(other.contains("Your work e-mail address"), "{other}");
    let nobody = Browser::new(&gateway).get(&select).await.expect(200);
    assert!(nobody.text().contains("Your work e-mail address"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_and_endpoints_for_scripts_answer_every_origin() {
    let (gateway, _) = okta().await;
    let send = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path);
        gateway.send(
            request
                .header("origin", "https://app.example")
                .body(Body::empty())
                .unwrap(),
        )
    };
    let document = send("GET", "/.well-known/openid-configuration")
        .await
        .expect(200);
    assert_eq!(document.json()["issuer"], json!("https://usher.example"));
    let keys = send("GET", "/oauth/jwks").await.expect(200);
    assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(keys.json()["keys"].as_array().unwrap().len(), 2);
    for path in [
        "/.well-known/openid-configuration",
        "/oauth/jwks",
        "/oauth/token",
        "/oauth/userinfo",
    ] {
        let reply = send("OPTIONS", path).await.expect(204);
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        send("DELETE", path).await.expect(405);
    }
    let authorize = send("GET", "/oauth/authorize").await.expect(400);
    assert_eq!(authorize.header("access-control-allow-origin"), None);
    let refused = send("GET", "/oauth/userinfo").await.expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        send("POST", "/oauth/token").await.expect(400).json()["error"],
        json!("invalid_request")
    );
}
