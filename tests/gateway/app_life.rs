//! What becomes of an app: its secret is rotated, it changes, it is revoked, and what it held goes with it.

use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};
use usher::directory::delivery::Load;
use usher::directory::event::EventKind;
use usher::oidc::jwks::PublicKeys;
use usher::provisioning::settings::app_changes;
use usher::provisioning::settings::app_view;
use usher::provisioning::settings::app_wanted::{AppChange, Serves};
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::provisioning::settings::oauth_clients::Proof;
use usher::provisioning::{Error, admission, change};
use usher::store::types::Time;

use crate::app_keys::{Signer, grant, register, signed_in};
use crate::connection_commands::Place;
use crate::harness::{App, Browser, TestGateway};
use crate::oauth_clients::{Publisher, keys, refused};
use crate::refresh::{okta, text, userinfo};

async fn update(
    gateway: &TestGateway,
    client_id: &str,
    wanted: AppChange,
) -> Result<app_view::App, Error> {
    let store = &gateway.gateway.store;
    app_changes::update(store, gateway.command(), client_id, wanted).await
}

async fn revoke(gateway: &TestGateway, client_id: &str) -> Result<app_view::App, Error> {
    app_changes::revoke(&gateway.gateway.store, gateway.command(), client_id).await
}

async fn active(app: &App<'_>, token: &str) -> Value {
    let reply = app.post("/oauth/introspect", &[("token", token)]).await;
    reply.expect(200).json()["active"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_app_has_nothing_and_gets_nothing() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let docs = gateway.app("Docs", okta.org).await;
    let other = gateway.app("Other", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let (tokens, theirs) = (docs.tokens(&browser).await, other.tokens(&browser).await);
    let (access, refresh) = (
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
    );
    let code = docs.code(&browser).await;
    userinfo(&gateway, &access).await.expect(200);
    assert_eq!(active(&docs, &access).await, json!(true));

    let revoked = revoke(&gateway, &docs.client_id).await.unwrap();
    assert!(revoked.revoked_at.is_some());
    refused(&docs.refresh(&refresh).await, 401, "invalid_client");
    refused(&docs.redeem(&code).await, 401, "invalid_client");
    let asks = [("token", &*refresh)];
    for path in ["/oauth/introspect", "/oauth/revoke"] {
        refused(&docs.post(path, &asks).await, 401, "invalid_client");
    }
    userinfo(&gateway, &access).await.expect(401);
    let page = browser.get(&docs.authorize(&[])).await.expect(400);
    assert_eq!(page.header("location"), None);
    // The other app and the session go on.
    userinfo(&gateway, &text(&theirs, "access_token"))
        .await
        .expect(200);
    other
        .refresh(&text(&theirs, "refresh_token"))
        .await
        .expect(200);
    other.tokens(&browser).await;

    // Doing it again changes nothing, and nothing else can be done with it.
    let before = gateway.events(okta.org).await.len();
    gateway.clock.advance(60);
    let again = revoke(&gateway, &docs.client_id).await.unwrap();
    assert_eq!(again.revoked_at, revoked.revoked_at);
    let store = &gateway.gateway.store;
    let rotated =
        app_changes::rotate_secret(store, gateway.command(), &docs.client_id, false).await;
    assert!(matches!(rotated, Err(Error::NotFound(_))), "{rotated:?}");
    let changed = update(&gateway, &docs.client_id, AppChange::default()).await;
    assert!(matches!(changed, Err(Error::NotFound(_))), "{changed:?}");
    let events = gateway.events(okta.org).await;
    assert_eq!(events.len(), before);
    let told = events.iter().find(|event| event["type"] == "app.revoked");
    assert_eq!(told.unwrap()["data"]["client_id"], json!(docs.client_id));
    let all = app_view::list(store, gateway.clock.now()).await.unwrap();
    let states: Vec<_> = all
        .iter()
        .map(|app| (&*app.name, app.revoked_at.is_some()))
        .collect();
    assert_eq!(states, [("Docs", true), ("Other", false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_sent_to_a_revoked_app_nor_told_for_it() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let hears = Some("https://app.example/out".to_owned());
    let docs = gateway.app_at("Docs", okta.org, hears).await;
    let names = ConnectionSettings {
        app: Some(docs.client_id.clone()),
        ..ConnectionSettings::default()
    };
    let store = &gateway.gateway.store;
    connections::update(store, gateway.command(), okta.id, names)
        .await
        .unwrap();
    let browser = Browser::new(&gateway);
    let there = idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    assert!(
        there
            .header("location")
            .unwrap()
            .starts_with("https://app.example/login")
    );
    docs.tokens(&browser).await;
    revoke(&gateway, &docs.client_id).await.unwrap();
    let browser = Browser::new(&gateway);
    let here = idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let here = here.header("location").unwrap().to_owned();
    assert!(here.ends_with("/signed-in"), "{here}");
    // What its session was, others may hear of; it does not.
    let ada = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    let ada = ada.id.to_string();
    let suspended = admission::suspend(store, okta.org, gateway.command(), &ada);
    suspended.await.unwrap();
    let now = Time(gateway.clock.now());
    let owed = store
        .read(move |tx| async move { tx.due_deliveries(Load::Logouts, now, 1_000).await }.boxed());
    assert!(owed.await.unwrap().is_empty());
    admission::reactivate(store, okta.org, gateway.command(), &ada)
        .await
        .unwrap();
    // Where another app serves the organization, people go there.
    gateway.app("Other", okta.org).await;
    let there = idp
        .sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await;
    let there = there.expect(303);
    assert!(
        there
            .header("location")
            .unwrap()
            .starts_with("https://app.example/login")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_before_is_taken_for_a_day() {
    let (gateway, okta) = okta().await;
    let docs = gateway.app("Docs", okta.org).await;
    let browser = signed_in(&gateway, &okta).await;
    let access = text(&docs.tokens(&browser).await, "access_token");
    let store = &gateway.gateway.store;
    let rotate = async |at_once| {
        let rotated =
            app_changes::rotate_secret(store, gateway.command(), &docs.client_id, at_once);
        let rotated = rotated.await.unwrap();
        let app = App::with(&gateway, docs.id, &docs.client_id, &rotated.client_secret);
        (app, rotated.former_secret_until)
    };
    let takes = async |app: &App<'_>| {
        let reply = app.post("/oauth/introspect", &[("token", &access)]).await;
        reply.status.as_u16()
    };
    let (second, until) = rotate(false).await;
    assert!(second.secret.starts_with("cs_") && second.secret != docs.secret);
    let day = until.unwrap().duration_since(gateway.clock.now());
    assert_eq!(day.as_hours(), 24);
    assert_eq!((takes(&docs).await, takes(&second).await), (200, 200));
    gateway.clock.advance(24 * 60 * 60 - 1);
    assert_eq!((takes(&docs).await, takes(&second).await), (200, 200));
    gateway.clock.advance(1);
    assert_eq!((takes(&docs).await, takes(&second).await), (401, 200));

    // Two are taken at most; where others know them, none is but the new one.
    let (third, _) = rotate(false).await;
    assert_eq!((takes(&second).await, takes(&third).await), (200, 200));
    let early = app_changes::rotate_secret(store, gateway.command(), &docs.client_id, false).await;
    assert!(early.unwrap_err().to_string().contains("--now"));
    assert_eq!((takes(&second).await, takes(&third).await), (200, 200));
    let (fourth, until) = rotate(true).await;
    assert_eq!(until, None);
    assert_eq!((takes(&second).await, takes(&third).await), (401, 401));
    assert_eq!(takes(&fourth).await, 200);
    for event in gateway.events(okta.org).await {
        assert!(!event.to_string().contains("cs_"), "{event}");
    }
    let shown = app_view::show(store, &docs.client_id, gateway.clock.now()).await;
    let shown = serde_json::to_string(&shown.unwrap()).unwrap();
    assert!(!shown.contains("cs_") && !shown.contains("hash"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_changed_in_what_is_named() {
    let (gateway, okta) = okta().await;
    let docs = gateway.app("Docs", okta.org).await;
    let browser = signed_in(&gateway, &okta).await;
    let store = &gateway.gateway.store;
    let before = app_view::show(store, &docs.client_id, gateway.clock.now()).await;
    let before = before.unwrap();
    let count = gateway.events(okta.org).await.len();
    let same = update(&gateway, &docs.client_id, AppChange::default()).await;
    assert_eq!(format!("{:?}", same.unwrap()), format!("{before:?}"));
    assert_eq!(gateway.events(okta.org).await.len(), count);

    let elsewhere = "https://app.example/elsewhere".to_owned();
    let wanted = AppChange {
        name: Some("Papers".to_owned()),
        redirect_uris: Some(vec![elsewhere.clone()]),
        initiate_login_uri: Some(None),
        ..AppChange::default()
    };
    let after = update(&gateway, &docs.client_id, wanted).await.unwrap();
    assert_eq!(
        (&*after.name, &after.addresses.redirect_uris),
        ("Papers", &vec![elsewhere])
    );
    assert_eq!(after.addresses.initiate_login_uri, None);
    assert_eq!(after.addresses.launch_urls, before.addresses.launch_urls);
    assert_eq!(after.organizations, before.organizations);
    browser.get(&docs.authorize(&[])).await.expect(400);
    let events = gateway.events(okta.org).await;
    let told = events.last().unwrap();
    assert_eq!(told["type"], "app.updated");
    let changed = json!(["redirect_uris", "initiate_login_uri", "name"]);
    assert_eq!(told["data"]["changed"], changed);

    let wrong: [fn(&mut AppChange); 6] = [
        |it| it.redirect_uris = Some(Vec::new()),
        |it| it.redirect_uris = Some(vec!["http://a.example/".into()]),
        |it| it.backchannel_logout_uri = Some(Some("/out".into())),
        |it| it.audience = Some("two words".into()),
        |it| it.name = Some(" ".into()),
        |it| it.keys = Some(Proof::Secret(None)),
    ];
    for (index, change) in wrong.into_iter().enumerate() {
        let mut wanted = AppChange {
            launch_urls: Some(Vec::new()),
            ..AppChange::default()
        };
        change(&mut wanted);
        let refused = update(&gateway, &docs.client_id, wanted).await;
        assert!(
            matches!(refused, Err(Error::Rule(_))),
            "{index}: {refused:?}"
        );
    }
    let kept = app_view::show(store, &docs.client_id, gateway.clock.now()).await;
    assert_eq!(format!("{:?}", kept.unwrap()), format!("{after:?}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_an_app_serves_no_more_it_keeps_nothing_of() {
    let (gateway, okta) = okta().await;
    let globex = gateway.organization("globex").await;
    let docs = gateway.app("Docs", okta.org).await;
    let browser = signed_in(&gateway, &okta).await;
    let tokens = docs.tokens(&browser).await;
    let (access, refresh) = (
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
    );
    let code = docs.code(&browser).await;
    let serve = async |serves| {
        let wanted = AppChange {
            serves: Some(serves),
            ..AppChange::default()
        };
        update(&gateway, &docs.client_id, wanted).await
    };
    let these = |slugs: &[&str]| Serves::These(slugs.iter().map(|&slug| slug.into()).collect());
    // Kept on the list, it keeps what it has.
    let both = serve(these(&["acme", "globex"])).await.unwrap();
    assert_eq!(both.organizations, ["acme", "globex"]);
    let tokens = docs.refresh(&refresh).await.expect(200).json();
    let refresh = text(&tokens, "refresh_token");
    for slugs in [&[][..], &["nobody"]] {
        assert!(serve(these(slugs)).await.is_err());
    }
    docs.refresh(&refresh).await.expect(200);
    let refresh = text(&docs.tokens(&browser).await, "refresh_token");

    let one = serve(these(&["globex"])).await.unwrap();
    assert_eq!(
        (one.all_organizations, &*one.organizations),
        (false, &["globex".to_owned()][..])
    );
    docs.refresh(&refresh).await.expect(400);
    docs.redeem(&code).await.expect(400);
    userinfo(&gateway, &access).await.expect(401);
    assert_eq!(active(&docs, &access).await, json!(false));
    for org in [okta.org, globex] {
        let events = gateway.events(org).await;
        assert_eq!(events.last().unwrap()["type"], "app.updated");
    }
    // Served again, it has to ask again.
    let all = serve(Serves::All).await.unwrap();
    assert_eq!((all.all_organizations, all.organizations.len()), (true, 0));
    docs.refresh(&refresh).await.expect(400);
    docs.tokens(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apps_keys_change_at_once() {
    let (mut gateway, okta) = okta().await;
    gateway.allow_private_targets();
    gateway.fetches(true);
    let browser = signed_in(&gateway, &okta).await;
    let (first, second) = (keys(), keys());
    let old = Publisher::start(&first.jwks()).await;
    let new = Publisher::start(&second.jwks()).await;
    let at = |publisher: &Publisher| Proof::KeysAt(publisher.url.parse().unwrap());
    let app = register(&gateway, "Signer", at(&old)).await;
    let mut signer = Signer {
        gateway: &gateway,
        app,
        keys: first,
    };
    let redeem = async |signer: &Signer<'_>, jti: &str| {
        let code = signer.code(&browser).await;
        let proof = signer.assertion(jti, &json!({}));
        let reply = signer.post("/oauth/token", &grant(&code), &proof).await;
        reply.status.as_u16()
    };
    assert_eq!(redeem(&signer, "1").await, 200);
    let client_id = signer.app.client_id.clone();
    let moved = |keys| AppChange {
        keys: Some(keys),
        ..AppChange::default()
    };
    update(&gateway, &client_id, moved(at(&new))).await.unwrap();
    assert_eq!(redeem(&signer, "2").await, 401, "the keys of before");
    signer.keys = second;
    assert_eq!(redeem(&signer, "3").await, 200, "asked for at once");
    let third = keys();
    let public = PublicKeys::registered(&third.jwks().to_string()).unwrap();
    let shown = update(&gateway, &client_id, moved(Proof::Keys(public))).await;
    assert!(shown.unwrap().jwks.is_some());
    assert_eq!(redeem(&signer, "4").await, 401);
    signer.keys = third;
    assert_eq!(redeem(&signer, "5").await, 200);
    let store = &gateway.gateway.store;
    let rotated = app_changes::rotate_secret(store, gateway.command(), &client_id, false).await;
    assert!(rotated.unwrap_err().to_string().contains("signs with keys"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_change_an_app_the_second_sees_what_the_first_did() {
    let (gateway, okta) = okta().await;
    for name in ["One", "Two", "Three", "Four"] {
        let app = gateway.app(name, okta.org).await;
        let store = &gateway.gateway.store;
        // Somebody holds the organization meanwhile, so that the first waits in the midst of its work.
        let held = change(store, okta.org, gateway.command(), |change| {
            change.record(EventKind::OrganizationUpdated, json!({}));
            async {
                std::thread::sleep(Duration::from_millis(150));
                Ok(())
            }
            .boxed()
        });
        let renamed = AppChange {
            name: Some("Renamed".to_owned()),
            ..AppChange::default()
        };
        let (held, revoked, renamed) = tokio::join!(
            held,
            revoke(&gateway, &app.client_id),
            update(&gateway, &app.client_id, renamed)
        );
        held.unwrap();
        assert!(revoked.unwrap().revoked_at.is_some());
        let shown = app_view::show(store, &app.client_id, gateway.clock.now()).await;
        let shown = shown.unwrap();
        assert!(shown.revoked_at.is_some(), "{name} lives again");
        let was_first = renamed.is_ok();
        assert_eq!(shown.name == "Renamed", was_first);
        refused(&app.refresh("rt_x").await, 401, "invalid_client");
    }
}

#[test]
fn the_commands_of_an_app() {
    let place = Place::new("app-life");
    let create = [
        "app",
        "create",
        "--name",
        "Shop",
        "--redirect-uri",
        "https://shop.example/cb",
    ];
    let (code, made, _) = place.usher(&create, "");
    assert_eq!(code, 0);
    let client_id = made["client_id"].as_str().unwrap();
    let run = |arguments: &[&str]| {
        let mut all = vec!["app"];
        all.extend(arguments);
        place.usher(&all, "")
    };
    let (code, shown, _) = run(&["show", client_id]);
    assert_eq!(
        (code, &shown["name"], &shown["all_organizations"]),
        (0, &json!("Shop"), &json!(true))
    );
    let (code, shown, _) = run(&[
        "update",
        client_id,
        "--org",
        "acme",
        "--initiate-login-uri",
        "https://shop.example/login",
    ]);
    assert_eq!((code, &shown["organizations"]), (0, &json!(["acme"])));
    assert_eq!(shown["initiate_login_uri"], "https://shop.example/login");
    let (_, shown, _) = run(&[
        "update",
        client_id,
        "--initiate-login-uri",
        "",
        "--all-orgs",
    ]);
    assert_eq!(
        (&shown["initiate_login_uri"], &shown["organizations"]),
        (&Value::Null, &json!([]))
    );
    let (code, _, said) = run(&["update", client_id, "--redirect-uri", ""]);
    assert!(
        code != 0 && said.contains("at least one redirect URI"),
        "{code} {said}"
    );
    let (code, rotated, _) = run(&["rotate-secret", client_id]);
    assert_eq!(code, 0);
    assert_ne!(rotated["client_secret"], made["client_secret"]);
    let (code, _, _) = run(&["revoke", client_id]);
    assert_eq!(code, 0);
    let (code, all, _) = run(&["list"]);
    assert_eq!((code, all.as_array().unwrap().len()), (0, 1));
    assert!(all[0]["revoked_at"].is_string() && !all.to_string().contains("cs_"));
    for arguments in [&["rotate-secret", client_id][..], &["show", "app_none"]] {
        let (code, _, said) = run(arguments);
        assert!(code != 0 && said.contains("app"), "{code} {said}");
    }
}
