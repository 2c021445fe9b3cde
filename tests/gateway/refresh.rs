//! Refresh tokens: each is used once and brings its successor, and none outlives what it came of.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::id::RefreshFamilyId;
use usher::oidc::claims::ID_TOKEN_TYPE;
use usher::provisioning::settings::connection_state;
use usher::provisioning::{admission, sweep};
use usher::secret;
use usher::store::rows::{RefreshFamilyRow, RefreshTokenRow};
use usher::store::types::Time;

use crate::harness::{App, Browser, Connected, Reply, TestGateway, claims, user};

const HOUR: i64 = 60 * 60;

pub(crate) async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

#[track_caller]
pub(crate) fn text(of: &Value, name: &str) -> String {
    of[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {of}"))
        .to_owned()
}

#[track_caller]
pub(crate) fn refused(reply: Reply) {
    let error = reply.expect(400).json();
    assert_eq!(error["error"], json!("invalid_grant"));
    assert_eq!(
        error["error_description"],
        json!("the refresh token is good for nothing")
    );
}

pub(crate) async fn userinfo(gateway: &TestGateway, token: &str) -> Reply {
    let request =
        Request::get("/oauth/userinfo").header("authorization", format!("Bearer {token}"));
    gateway.send(request.body(Body::empty()).unwrap()).await
}

/// The refresh token of somebody who signs in at an app.
async fn token(app: &App<'_>, browser: &Browser<'_>) -> String {
    text(&app.tokens(browser).await, "refresh_token")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_brings_new_tokens_and_its_successor() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let first = app.tokens(&browser).await;
    let token = text(&first, "refresh_token");
    assert!(token.starts_with("rt_") && token.len() == 46, "{token}");
    let ada = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    gateway.grant(okta.org, ada.id, "editor").await;
    gateway.clock.advance(240);
    let reply = app.refresh(&token).await.expect(200);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let second = reply.json();
    let (old, new) = (
        claims(&text(&first, "id_token")),
        claims(&text(&second, "id_token")),
    );
    let id_token = text(&second, "id_token");
    let keys = gateway.signing_keys().await;
    keys.verify::<Value>(ID_TOKEN_TYPE, &id_token).unwrap();
    for name in ["iss", "sub", "aud", "sid", "auth_time", "org", "amr"] {
        assert_eq!(old[name], new[name], "{name}");
        assert!(!new[name].is_null(), "{name}");
    }
    assert_eq!((&old["nonce"], &new["nonce"]), (&json!("n"), &Value::Null));
    assert_eq!(
        (&old["role"], &new["role"]),
        (&json!("viewer"), &json!("editor"))
    );
    let access = claims(&text(&second, "access_token"));
    assert_eq!(access["role"], json!("editor"));
    userinfo(&gateway, &text(&second, "access_token"))
        .await
        .expect(200);
    assert_eq!(second["scope"], json!("openid email profile"));
    let successor = text(&second, "refresh_token");
    assert_ne!(token, successor);
    let narrow = [("scope", "openid")];
    let third = app.refresh_with(&successor, &narrow).await.expect(200);
    let third = third.json();
    assert_eq!(third["scope"], json!("openid"));
    let access = claims(&text(&third, "access_token"));
    assert_eq!(access["scope"], json!("openid"));
    let fourth = app.refresh(&text(&third, "refresh_token")).await;
    let fourth = fourth.expect(200).json();
    assert_eq!(fourth["scope"], json!("openid email profile"));
    for event in gateway.events(okta.org).await {
        assert!(!event.to_string().contains("rt_"), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scope_never_gets_wider() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let plain = [("scope", "openid")];
    let reply = browser.get(&app.authorize(&plain)).await.expect(303);
    let url = url::Url::parse(reply.header("location").unwrap()).unwrap();
    let (_, code) = url.query_pairs().find(|(name, _)| name == "code").unwrap();
    let token = text(&app.redeem(&code).await.expect(200).json(), "refresh_token");
    for (scope, error) in [
        ("openid email", "invalid_scope"),
        ("email", "invalid_scope"),
        ("openid  ", "invalid_scope"),
        ("\"", "invalid_scope"),
        ("openid\0", "invalid_request"),
    ] {
        let reply = app.refresh_with(&token, &[("scope", scope)]).await;
        assert_eq!(reply.expect(400).json()["error"], json!(error), "{scope:?}");
    }
    app.refresh_with(&token, &plain).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_comes_again_ends_its_family() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    // A moment later the answer is the same once more, as if it had been lost.
    let first = token(&app, &browser).await;
    let second = text(
        &app.refresh(&first).await.expect(200).json(),
        "refresh_token",
    );
    gateway.clock.advance(9);
    let again = app.refresh(&first).await.expect(200).json();
    assert_eq!(text(&again, "refresh_token"), second);
    gateway.clock.advance(1);
    refused(app.refresh(&first).await);
    refused(app.refresh(&second).await);
    userinfo(&gateway, &text(&again, "access_token"))
        .await
        .expect(401);
    // Not once the successor was used.
    let first = token(&app, &browser).await;
    let second = text(
        &app.refresh(&first).await.expect(200).json(),
        "refresh_token",
    );
    let third = text(
        &app.refresh(&second).await.expect(200).json(),
        "refresh_token",
    );
    refused(app.refresh(&first).await);
    refused(app.refresh(&third).await);
    // The session is none of it, and neither is another family.
    let other = token(&app, &browser).await;
    refused(app.refresh(&first).await);
    app.refresh(&other).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_token_used_many_times_at_once_has_one_successor() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let first = token(&app, &browser).await;
    let replies = join_all((0..20).map(|_| app.refresh(&first))).await;
    let successors: BTreeSet<_> = replies
        .into_iter()
        .map(|reply| text(&reply.expect(200).json(), "refresh_token"))
        .collect();
    assert_eq!(successors.len(), 1, "{successors:?}");
    let successor = successors.first().unwrap();
    // One uses the first again, another its successor: whoever comes later finds no family.
    gateway.clock.advance(11);
    let (old, new) = tokio::join!(app.refresh(&first), app.refresh(successor));
    refused(old);
    if new.status == 200 {
        refused(app.refresh(&text(&new.json(), "refresh_token")).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_is_its_own_apps_alone() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let other = gateway.app("Other", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let tokens = app.tokens(&browser).await;
    let token = text(&tokens, "refresh_token");
    refused(other.refresh(&token).await);
    for wrong in [
        "x",
        "rt_",
        &"x".repeat(40_000),
        "\u{1f511}",
        &text(&tokens, "access_token"),
        &secret::hash(&token)
            .map(char::from)
            .iter()
            .collect::<String>(),
    ] {
        if !wrong.contains('\0') {
            refused(app.refresh(wrong).await);
        }
    }
    for fields in [
        &[("grant_type", "refresh_token")][..],
        &[("grant_type", "refresh_token"), ("refresh_token", "")],
        &[("grant_type", "refresh_token"), ("refresh_token", "a\0")],
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
            ("refresh_token", &token),
        ],
    ] {
        let reply = app.post("/oauth/token", fields).await.expect(400);
        assert_eq!(reply.json()["error"], json!("invalid_request"));
    }
    let form = format!("grant_type=refresh_token&refresh_token={token}&client_id=docs");
    for (more, status) in [("", 401), ("&client_secret=x", 401)] {
        let request = Request::post("/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("{form}{more}")))
            .unwrap();
        let reply = gateway.send(request).await.expect(status);
        assert_eq!(reply.json()["error"], json!("invalid_client"));
    }
    app.refresh(&token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_ends_the_session_ends_its_refresh_tokens_at_once() {
    for ending in [
        "signed out",
        "deactivated",
        "deleted",
        "suspended",
        "paused",
        "replaced",
    ] {
        let (gateway, okta) = okta().await;
        let (idp, app) = (
            gateway.idp(&okta).await,
            gateway.app("Docs", okta.org).await,
        );
        let scim = gateway.scim(&okta);
        let id = scim.user("ada@acme.example").await;
        let browser = Browser::new(&gateway);
        idp.sign_in(&browser, "ada@acme.example").await.expect(303);
        let tokens = app.tokens(&browser).await;
        let bob = Browser::new(&gateway);
        idp.sign_in(&bob, "bob@acme.example").await.expect(303);
        let bobs = token(&app, &bob).await;
        let (store, context) = (&gateway.gateway.store, gateway.command());
        match ending {
            "signed out" => {
                browser.submit("/sign-out", &[]).await.expect(303);
            }
            "deactivated" => {
                let off = json!([{"op": "replace", "path": "active", "value": false}]);
                scim.patch(&format!("/Users/{id}"), off).await.expect(200);
            }
            "deleted" => {
                scim.delete(&format!("/Users/{id}")).await.expect(204);
            }
            "suspended" => {
                let ada = admission::suspend(store, okta.org, context, "ada@acme.example");
                ada.await.unwrap();
            }
            "paused" => {
                let paused = connection_state::pause(store, context, okta.id);
                paused.await.unwrap();
            }
            _ => {
                idp.sign_in(&browser, "eve@acme.example").await.expect(200);
                let place = format!("/saml/{}/continue", okta.id);
                let yes = [("answer", "continue")];
                browser.submit(&place, &yes).await.expect(303);
            }
        }
        refused(app.refresh(&text(&tokens, "refresh_token")).await);
        userinfo(&gateway, &text(&tokens, "access_token"))
            .await
            .expect(401);
        // It does not come back with the person, or with the connection.
        let (store, context) = (&gateway.gateway.store, gateway.command());
        match ending {
            "deactivated" => {
                scim.put(&format!("/Users/{id}"), user("ada@acme.example"))
                    .await
                    .expect(200);
            }
            "paused" => {
                let resumed = connection_state::resume(store, context, okta.id);
                resumed.await.unwrap();
            }
            "suspended" => {
                let ada = admission::reactivate(store, okta.org, context, "ada@acme.example");
                ada.await.unwrap();
            }
            _ => {}
        }
        refused(app.refresh(&text(&tokens, "refresh_token")).await);
        if ending != "paused" {
            app.refresh(&bobs).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_lives_as_long_as_its_session() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let (browser, other) = (Browser::new(&gateway), Browser::new(&gateway));
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    idp.sign_in(&other, "bob@acme.example").await.expect(303);
    let unused = token(&app, &other).await;
    let mut token = token(&app, &browser).await;
    // The identity provider gives its sessions eight hours.
    for seconds in [4 * HOUR, 4 * HOUR - 1] {
        gateway.clock.advance(seconds);
        let tokens = app.refresh(&token).await.expect(200).json();
        token = text(&tokens, "refresh_token");
    }
    let (store, ids) = (&gateway.gateway.store, &gateway.gateway.ids);
    assert_eq!(sweep::forget_hand_offs(store, ids).await.unwrap(), 0);
    gateway.clock.advance(1);
    refused(app.refresh(&token).await);
    refused(app.refresh(&unused).await);
    gateway.clock.advance(1);
    assert_eq!(sweep::forget_hand_offs(store, ids).await.unwrap(), 2);
    refused(app.refresh(&token).await);
    assert_eq!(sweep::forget_hand_offs(store, ids).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_comes_again_takes_back_what_it_gave() {
    let (gateway, okta) = okta().await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let other = gateway.app("Other", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let kept = token(&app, &browser).await;
    let code = app.code(&browser).await;
    let tokens = app.redeem(&code).await.expect(200).json();
    other.redeem(&code).await.expect(400);
    let access = text(&tokens, "access_token");
    userinfo(&gateway, &access).await.expect(200);
    app.redeem(&code).await.expect(400);
    refused(app.refresh(&text(&tokens, "refresh_token")).await);
    userinfo(&gateway, &access).await.expect(401);
    app.refresh(&kept).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_does_not_serve_the_organization_refreshes_nothing() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let elsewhere = gateway.organization("other").await;
    let foreign = gateway.app("Foreign", elsewhere).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let ada = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    let now = Time(gateway.gateway.ids.clock().now());
    let (org, app, token) = (okta.org, foreign.id, format!("rt_{}", "x".repeat(43)));
    let family = gateway.gateway.ids.next::<RefreshFamilyId>();
    let hash = secret::hash(&token).to_vec();
    let written = gateway.gateway.store.write(move |tx| {
        let hash = hash.clone();
        async move {
            let sessions = tx.live_sessions_of(org, ada.id, now).await?;
            let expires_at = sessions[0].expires_at;
            tx.insert_refresh_family(&RefreshFamilyRow {
                org_id: org,
                id: family,
                session_id: sessions[0].id,
                app_id: app,
                scope: "openid".to_owned(),
                created_at: now,
                expires_at,
                ended_at: None,
                ended_cause: None,
            })
            .await?;
            tx.insert_refresh_token(&RefreshTokenRow {
                org_id: org,
                hash,
                family_id: family,
                created_at: now,
                expires_at,
                used_at: None,
                successor: None,
            })
            .await
        }
        .boxed()
    });
    written.await.unwrap();
    refused(foreign.refresh(&token).await);
}
