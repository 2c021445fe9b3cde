//! Connections by the admin API: set up by an organization's key while nobody can come in by them, and by the
//! operator's from then on.

use serde_json::{Value, json};
use usher::demo::idp::{Keys, Kind, TestIdp};

use crate::credentials::live;
use crate::harness::{Acme, Browser, Reply};
use crate::ownership::slug;

const ADA: &str = "ada@acme.example";

/// An organization's key that may do everything there.
async fn own(acme: &Acme) -> String {
    acme.gateway.key(live(Some(acme.org), "*")).await
}

fn okta(acme: &Acme, rest: &str) -> String {
    format!("/connections/{}{rest}", acme.okta.id)
}

async fn patch(acme: &Acme, key: &str, path: &str, body: Value) -> Reply {
    acme.ask_as(key, "PATCH", path, Some(body)).await
}

fn metadata() -> String {
    let keys = Keys::generate(Kind::P256).unwrap();
    TestIdp::with_keys("https://new.example/1", "https://new.example/sso", keys).metadata()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizations_key_sets_one_up_that_lets_nobody_in_before_the_operator_says_so() {
    let acme = Acme::start().await;
    let own = own(&acme).await;
    for (body, code) in [
        (
            json!({"name": "Entra", "trusted_domains": ["acme.example"]}),
            403,
        ),
        (json!({"name": "Entra", "testing": false}), 403),
        (json!({"name": "Entra", "default_role": "editor"}), 403),
        (
            json!({"name": "Entra", "idp_metadata_url": "https://idp.example/metadata"}),
            403,
        ),
        (json!({"name": "Okta"}), 409),
        (json!({"name": ""}), 422),
        (json!({"name": "Entra", "profile": "ping"}), 400),
        (json!({"name": "Entra", "color": "red"}), 400),
        (json!({"name": "Entra", "idp_metadata": "<x/>"}), 422),
        (json!({"name": "Entra", "skew_seconds": 301}), 422),
    ] {
        let reply = acme
            .ask_as(&own, "POST", "/connections", Some(body.clone()))
            .await;
        assert_eq!(reply.status.as_u16(), code, "{body}: {}", reply.text());
    }
    let body = json!({
        "name": "Entra", "profile": "entra", "idp_metadata": metadata(), "skew_seconds": 60,
        "max_role": "editor",
    });
    let made = acme.ask_as(&own, "POST", "/connections", Some(body)).await;
    let made = made.expect(201).json();
    for (name, value) in [
        ("name", json!("Entra")),
        ("testing", json!(true)),
        ("skew_seconds", json!(60)),
        ("max_role", json!("editor")),
        ("app", Value::Null),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let token = made["scim_token"].as_str().unwrap();
    let users = made["scim_base_url"]
        .as_str()
        .unwrap()
        .replace("https://usher.example", "");
    let (uri, bearer) = (format!("{users}/Users"), format!("Bearer {token}"));
    let asked = async || acme.gateway.ask("POST", &uri, Some(&bearer)).await;
    let refused = asked().await.expect(403);
    assert!(
        refused.text().contains("not live yet"),
        "{}",
        refused.text()
    );
    let path = format!("/connections/{}", made["id"].as_str().unwrap());
    let shown = acme.ask_as(&own, "GET", &path, None).await.expect(200);
    assert!(!shown.text().contains(token), "the token is shown once");
    // While it is in testing, whom it trusts is the organization's to say.
    let body = json!({"idp_metadata": metadata(), "jit": "off", "authn_context": ["urn:x:mfa"]});
    let changed = patch(&acme, &own, &path, body).await.expect(200).json();
    assert_eq!(
        (&changed["jit"], &changed["authn_context"]),
        (&json!("off"), &json!(["urn:x:mfa"]))
    );
    patch(&acme, &own, &path, json!({"max_role": "admin"}))
        .await
        .expect(403);
    patch(&acme, &own, &path, json!({"testing": false}))
        .await
        .expect(403);
    // Whoever takes it live says whose certificates they looked at.
    let live = json!({"testing": false});
    let unseen = patch(&acme, &acme.operator, &path, live).await.expect(422);
    assert!(unseen.text().contains("seen_certificates"));
    let shown = acme
        .ask_as(&own, "GET", &path, None)
        .await
        .expect(200)
        .json();
    let seen = json!([shown["certificates"][0]["fingerprint"]]);
    let swapped = json!({"idp_metadata": metadata()});
    patch(&acme, &own, &path, swapped).await.expect(200);
    let live = json!({"testing": false, "seen_certificates": seen});
    patch(&acme, &acme.operator, &path, live).await.expect(412);
    let shown = acme
        .ask_as(&own, "GET", &path, None)
        .await
        .expect(200)
        .json();
    let seen = json!([shown["certificates"][0]["fingerprint"]]);
    let live = json!({"testing": false, "seen_certificates": seen});
    let lives = patch(&acme, &acme.operator, &path, live).await;
    assert_eq!(lives.expect(200).json()["testing"], false);
    acme.gateway
        .ask("GET", &uri, Some(&bearer))
        .await
        .expect(200);
    let trusts = patch(&acme, &own, &path, json!({"idp_metadata": metadata()})).await;
    assert_eq!(slug(&trusts.expect(403)), "insufficient_scope");
    // It was live once: in testing again, whom it trusts stays the operator's to say.
    patch(&acme, &own, &path, json!({"testing": true}))
        .await
        .expect(403);
    let back = patch(&acme, &acme.operator, &path, json!({"testing": true})).await;
    assert_eq!(back.expect(200).json()["testing"], true);
    let trusts = patch(&acme, &own, &path, json!({"idp_metadata": metadata()})).await;
    trusts.expect(403);
    patch(&acme, &acme.operator, &path, json!({"testing": false}))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_for_the_owner_does_not_outlive_whom_it_was_of() {
    let acme = Acme::start().await;
    let own = own(&acme).await;
    let body = json!({"name": "Entra", "idp_metadata": metadata()});
    let made = acme.ask_as(&own, "POST", "/connections", Some(body)).await;
    let path = format!(
        "/connections/{}",
        made.expect(201).json()["id"].as_str().unwrap()
    );
    let confirm = format!("{path}/confirm-owner");
    acme.ask_as(&acme.operator, "POST", &confirm, None)
        .await
        .expect(200);
    let renamed = patch(&acme, &own, &path, json!({"name": "Entra ID"}))
        .await
        .expect(200);
    assert!(renamed.json()["owner_confirmed_at"].is_string());
    let swapped = patch(&acme, &own, &path, json!({"idp_metadata": metadata()})).await;
    assert_eq!(
        swapped.expect(200).json()["owner_confirmed_at"],
        Value::Null
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_in_testing_is_offered_to_nobody_and_there_are_few() {
    let acme = Acme::start().await;
    let own = own(&acme).await;
    let body = json!({"name": "Entra", "idp_metadata": metadata()});
    acme.ask_as(&own, "POST", "/connections", Some(body))
        .await
        .expect(201);
    acme.ask_as(&own, "POST", &okta(&acme, "/pause"), None)
        .await
        .expect(200);
    let app = acme.gateway.app("Docs", acme.org).await;
    let browser = Browser::new(&acme.gateway);
    let asked = browser
        .get(&app.authorize(&[("organization", "acme")]))
        .await;
    let place = asked.header("location").unwrap_or_default().to_owned();
    assert!(
        !place.contains("new.example") && !asked.text().contains("Entra"),
        "{place}"
    );
    for number in 2..50 {
        let body = json!({"name": format!("c{number}")});
        acme.ask_as(&own, "POST", "/connections", Some(body))
            .await
            .expect(201);
    }
    let more = acme
        .ask_as(&own, "POST", "/connections", Some(json!({"name": "more"})))
        .await;
    assert_eq!(slug(&more.expect(422)), "invalid");
    acme.ask_as(&own, "POST", "/connections", Some(json!({})))
        .await
        .expect(422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_weaker_safeguard_takes_the_scope_of_safeguards() {
    let acme = Acme::start().await;
    let low = acme
        .gateway
        .key(live(Some(acme.org), "connections:write"))
        .await;
    let path = okta(&acme, "");
    patch(&acme, &low, &path, json!({"safeguard": "off"}))
        .await
        .expect(403);
    patch(&acme, &low, &path, json!({"safeguard": "observe"}))
        .await
        .expect(200);
    let right = acme
        .gateway
        .key(live(Some(acme.org), "connections:write safeguards:write"))
        .await;
    patch(&acme, &right, &path, json!({"safeguard": "off"}))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_live_connection_trusts_is_the_operators_to_say() {
    let acme = Acme::start().await;
    let own = own(&acme).await;
    let idp = acme.gateway.idp(&acme.okta).await;
    idp.sign_in(&Browser::new(&acme.gateway), ADA)
        .await
        .expect(303);
    let path = okta(&acme, "");
    let before = acme.get(&path).await;
    for body in [
        json!({"idp_metadata": metadata()}),
        json!({"metadata_refresh": "auto"}),
        json!({"profile": "entra"}),
        json!({"jit": "off"}),
        json!({"mode": "additive"}),
        json!({"max_role": "viewer"}),
        json!({"default_role": "none"}),
        json!({"idp_initiated": false}),
        json!({"allow_cbc": true}),
        json!({"sign_requests": true}),
        json!({"app": "none"}),
        json!({"attributes": {"email": "mail"}}),
        json!({"trusted_domains": ["other.example"]}),
    ] {
        let reply = patch(&acme, &own, &path, body.clone()).await;
        assert_eq!(reply.status.as_u16(), 403, "{body}: {}", reply.text());
        // In testing it stays so: somebody has come in by it.
    }
    assert_eq!(acme.get(&path).await, before);
    let body = json!({
        "name": "Okta of Acme", "strictness": "rfc", "tolerate_unknown_members": true,
        "safeguard": "hold", "jit": before["jit"], "idp_initiated": true,
    });
    let changed = patch(&acme, &own, &path, body).await.expect(200).json();
    assert_eq!(
        (&changed["name"], &changed["safeguard"]),
        (&json!("Okta of Acme"), &json!("hold"))
    );
    patch(&acme, &own, &path, json!({"testing": true}))
        .await
        .expect(403);
    let body =
        json!({"profile": "entra", "trusted_domains": ["other.example"], "max_role": "viewer"});
    let changed = patch(&acme, &acme.operator, &path, body)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&changed["profile"], &changed["max_role"]),
        (&json!("entra"), &json!("viewer"))
    );
    let mut domains = changed["domains"].as_array().unwrap().iter();
    assert!(domains.any(|it| it["domain"] == "other.example"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_paused_resumed_and_confirmed_for_the_owner() {
    let acme = Acme::start().await;
    let own = own(&acme).await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, ADA).await.expect(303);
    for _ in 0..2 {
        let paused = acme
            .ask_as(&own, "POST", &okta(&acme, "/pause"), None)
            .await;
        assert_eq!(paused.expect(200).json()["state"], "paused");
    }
    browser.get("/signed-in").await.expect(403);
    acme.scim().get("/Users").await.expect(403);
    let resumed = acme
        .ask_as(&own, "POST", &okta(&acme, "/resume"), None)
        .await;
    assert_eq!(resumed.expect(200).json()["state"], "active");
    acme.scim().get("/Users").await.expect(200);
    let confirm = okta(&acme, "/confirm-owner");
    acme.ask_as(&own, "POST", &confirm, None).await.expect(403);
    let confirmed = acme.ask_as(&acme.operator, "POST", &confirm, None).await;
    assert!(confirmed.expect(200).json()["owner_confirmed_at"].is_string());
    let other = acme.gateway.organization("other").await;
    let theirs = acme.gateway.key(live(Some(other), "*")).await;
    let path = format!("/api/v1/organizations/other{}", okta(&acme, "/pause"));
    acme.gateway
        .call(&theirs, "POST", &path, None)
        .await
        .expect(404);
    let path = format!("/api/v1/organizations/other{}", okta(&acme, "/keys"));
    acme.gateway
        .call(&theirs, "GET", &path, None)
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_keys_of_a_connection_are_rolled_over() {
    let acme = Acme::start().await;
    let states = |reply: Reply| {
        let keys = reply.expect(200).json();
        let keys = keys["data"].as_array().unwrap().iter();
        let mut states: Vec<_> = keys
            .map(|it| it["state"].as_str().unwrap().to_owned())
            .collect();
        states.sort();
        states
    };
    let step = async |what: &str| {
        acme.ask("POST", &okta(&acme, &format!("/keys/{what}")), None)
            .await
    };
    assert_eq!(
        states(acme.ask("GET", &okta(&acme, "/keys"), None).await),
        ["current"]
    );
    step("switch").await.expect(422);
    assert_eq!(states(step("add").await), ["current", "next"]);
    step("add").await.expect(422);
    assert_eq!(states(step("switch").await), ["current", "retired"]);
    assert_eq!(states(step("drop").await), ["current"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_are_sent_as_text_or_read_by_the_operators_word() {
    let mut acme = Acme::start().await;
    let path = okta(&acme, "");
    let both = json!({"idp_metadata": metadata(), "idp_metadata_url": "https://idp.example/"});
    patch(&acme, &acme.operator, &path, both).await.expect(422);
    let plain = json!({"idp_metadata_url": "http://idp.example/metadata"});
    patch(&acme, &acme.operator, &path, plain).await.expect(422);
    acme.gateway.fetches(false);
    let near = json!({"idp_metadata_url": "https://127.0.0.1/metadata"});
    let refused = patch(&acme, &acme.operator, &path, near).await.expect(422);
    assert!(
        refused.text().contains("idp_metadata_url"),
        "{}",
        refused.text()
    );
    // As large as metadata may be, and no larger.
    let large = format!("{}<!--{}-->", metadata(), "x".repeat(900 * 1024));
    let body = json!({"idp_metadata": large});
    patch(&acme, &acme.operator, &path, body).await.expect(200);
    let larger = json!({"idp_metadata": "x".repeat(3 * 1024 * 1024)});
    patch(&acme, &acme.operator, &path, larger)
        .await
        .expect(413);
}
