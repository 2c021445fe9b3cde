//! Introspection and revocation: an app asks of its own tokens, and learns nothing of any other.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::Profile;

use crate::harness::{App, Browser, Reply, TestGateway, claims};
use crate::refresh::{okta, refused, text, userinfo};

const INSPECT: [&str; 2] = ["/oauth/introspect", "/oauth/revoke"];

async fn worth(app: &App<'_>, token: &str) -> Value {
    let reply = app.post("/oauth/introspect", &[("token", token)]).await;
    let reply = reply.expect(200);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("access-control-allow-origin"), None);
    reply.json()
}

async fn revoke(app: &App<'_>, token: &str) -> Reply {
    let reply = app.post("/oauth/revoke", &[("token", token)]).await;
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    reply
}

async fn form(gateway: &TestGateway, path: &str, body: String) -> Reply {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    gateway.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_learns_what_its_tokens_are_worth_now() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let other = gateway.app("Other", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let tokens = app.tokens(&browser).await;
    let (access, refresh) = (
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
    );
    let told = claims(&access);
    let ada = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    gateway.grant(okta.org, ada.id, "editor").await;
    let of_access = worth(&app, &access).await;
    for name in [
        "iss",
        "sub",
        "aud",
        "client_id",
        "exp",
        "iat",
        "jti",
        "scope",
        "org",
        "sid",
    ] {
        assert_eq!(of_access[name], told[name], "{name}");
    }
    for (name, value) in [
        ("active", json!(true)),
        ("token_type", json!("Bearer")),
        ("role", json!("editor")),
        ("projects", json!([])),
        ("roles_version", json!(3)),
    ] {
        assert_eq!(of_access[name], value, "{name}");
    }
    assert_eq!(
        (&told["role"], &of_access["email"]),
        (&json!("viewer"), &Value::Null)
    );
    let of_refresh = worth(&app, &refresh).await;
    let now = gateway.gateway.ids.clock().now().as_second();
    for (name, value) in [
        ("active", json!(true)),
        ("iss", json!("https://usher.example")),
        ("sub", json!(ada.id)),
        ("client_id", json!("docs")),
        ("scope", json!("openid email profile")),
        ("org", json!(okta.org)),
        ("sid", told["sid"].clone()),
        ("iat", json!(now)),
        ("exp", json!(now + 8 * 60 * 60)),
    ] {
        assert_eq!(of_refresh[name], value, "{name}");
    }
    // A hint is only one.
    let hinted = [("token", &*refresh), ("token_type_hint", "access_token")];
    let reply = app.post("/oauth/introspect", &hinted).await.expect(200);
    assert_eq!(reply.json()["active"], json!(true));
    let inactive = json!({"active": false});
    for token in [&access, &refresh] {
        assert_eq!(worth(&other, token).await, inactive);
    }
    for token in [
        &*text(&tokens, "id_token"),
        "x",
        "rt_x",
        "a.b.c",
        "\u{1f511}",
    ] {
        assert_eq!(worth(&app, token).await, inactive, "{token}");
    }
    // Looking does not use it up, and what was used is worth nothing.
    let next = app.refresh(&refresh).await.expect(200).json();
    assert_eq!(worth(&app, &refresh).await, inactive);
    let (newer, next) = (text(&next, "access_token"), text(&next, "refresh_token"));
    assert_eq!(worth(&app, &next).await["active"], json!(true));
    gateway.clock.advance(300);
    assert_eq!(worth(&app, &access).await, inactive, "it has expired");
    let newest = app.refresh(&next).await.expect(200).json();
    let (newest, next) = (
        text(&newest, "access_token"),
        text(&newest, "refresh_token"),
    );
    assert_eq!(worth(&app, &newest).await["active"], json!(true));
    browser.submit("/sign-out", &[]).await.expect(303);
    for token in [&newer, &newest, &next] {
        assert_eq!(worth(&app, token).await, inactive, "the session has ended");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_revokes_its_own_tokens_and_no_others() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let other = gateway.app("Other", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    for which in ["refresh_token", "access_token", "used"] {
        let tokens = app.tokens(&browser).await;
        let access = text(&tokens, "access_token");
        let mut refresh = text(&tokens, "refresh_token");
        let mut token = text(
            &tokens,
            if which == "used" {
                "refresh_token"
            } else {
                which
            },
        );
        if which == "used" {
            let next = app.refresh(&refresh).await.expect(200).json();
            token = std::mem::replace(&mut refresh, text(&next, "refresh_token"));
        }
        let kept = text(&other.tokens(&browser).await, "refresh_token");
        revoke(&other, &token).await.expect(200);
        userinfo(&gateway, &access).await.expect(200);
        revoke(&app, &token).await.expect(200);
        revoke(&app, &token).await.expect(200);
        userinfo(&gateway, &access).await.expect(401);
        assert_eq!(worth(&app, &access).await, json!({"active": false}));
        assert_eq!(worth(&app, &refresh).await, json!({"active": false}));
        refused(app.refresh(&refresh).await);
        // The session goes on.
        other.refresh(&kept).await.expect(200);
        app.code(&browser).await;
    }
    for unknown in ["x", "rt_x", "a.b.c", "\u{1f511}", &"x".repeat(40_000)] {
        revoke(&app, unknown).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_asks_without_proof_and_garbage_is_answered_in_oauths_words() {
    let (gateway, okta) = okta().await;
    let app = gateway.app("Docs", okta.org).await;
    let secret = &app.secret;
    for path in INSPECT {
        for (body, status, error) in [
            (String::new(), 401, "invalid_client"),
            ("token=x".to_owned(), 401, "invalid_client"),
            ("token=x&client_id=docs".to_owned(), 401, "invalid_client"),
            (
                "token=x&client_id=docs&client_secret=x".to_owned(),
                401,
                "invalid_client",
            ),
            (
                format!("token=x&client_id=nobody&client_secret={secret}"),
                401,
                "invalid_client",
            ),
            (
                format!("client_id=docs&client_secret={secret}"),
                400,
                "invalid_request",
            ),
            (
                format!("token=x&token=y&client_id=docs&client_secret={secret}"),
                400,
                "invalid_request",
            ),
            (
                format!("token=%00&client_id=docs&client_secret={secret}"),
                400,
                "invalid_request",
            ),
            (
                "token=x&client_assertion=x&client_assertion_type=x".to_owned(),
                400,
                "invalid_request",
            ),
            ("%zz=%ff&&&=".to_owned(), 401, "invalid_client"),
            ("x".repeat(70_000), 413, "invalid_request"),
        ] {
            let reply = form(&gateway, path, body.clone()).await;
            let shown = body.get(..60).unwrap_or(&body);
            assert_eq!(reply.status, status, "{path} {shown}: {}", reply.text());
            assert_eq!(reply.json()["error"], json!(error), "{path} {shown}");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
        for method in ["GET", "PUT", "OPTIONS"] {
            let request = Request::builder().method(method).uri(path);
            let request = request.body(Body::empty()).unwrap();
            let reply = gateway.send(request).await.expect(405);
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
        let json = Request::post(path).header("content-type", "application/json");
        let json = json.body(Body::from("{}")).unwrap();
        gateway.send(json).await.expect(400);
    }
    let document = Request::get("/.well-known/openid-configuration");
    let document = gateway.send(document.body(Body::empty()).unwrap()).await;
    let document = document.expect(200).json();
    for (name, path) in [
        ("introspection_endpoint", "/oauth/introspect"),
        ("revocation_endpoint", "/oauth/revoke"),
    ] {
        let url = format!("https://usher.example{path}");
        assert_eq!(document[name], json!(url));
        let methods = format!("{name}_auth_methods_supported");
        assert_eq!(
            document[&methods],
            json!([
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt"
            ])
        );
    }
    let grants = document["grant_types_supported"].as_array().unwrap();
    assert!(grants.contains(&json!("refresh_token")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_of_another_organization_learns_nothing() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let app = gateway.app("Docs", okta.org).await;
    let elsewhere = gateway.organization("other").await;
    gateway
        .connect(elsewhere, "Okta", Profile::Okta, &["other.example"])
        .await;
    let foreign = gateway.app("Foreign", elsewhere).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let tokens = app.tokens(&browser).await;
    for name in ["access_token", "refresh_token"] {
        let token = text(&tokens, name);
        assert_eq!(worth(&foreign, &token).await, json!({"active": false}));
        revoke(&foreign, &token).await.expect(200);
    }
    refused(foreign.refresh(&text(&tokens, "refresh_token")).await);
    app.refresh(&text(&tokens, "refresh_token"))
        .await
        .expect(200);
}
