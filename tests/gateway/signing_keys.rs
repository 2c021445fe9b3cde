//! The rotation of the keys that sign tokens: nobody meets a key that the published set does not have,
//! no good token is refused, and a compromised key is worth nothing at once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use usher::oidc::keys::Algorithm;
use usher::provisioning::signing_keys::{Shown, list, rotate};
use usher::provisioning::{Context, Error, Source, sweep};

use crate::connection_commands::Place;
use crate::harness::{Browser, TestGateway};
use crate::refresh::{okta, text, userinfo};

async fn rotated(
    gateway: &TestGateway,
    algorithms: &[Algorithm],
    compromised: bool,
) -> Result<Vec<Shown>, Error> {
    let (store, secrets) = (&gateway.gateway.store, &gateway.gateway.links.secrets);
    let context = Context {
        ids: gateway.gateway.ids.clone(),
        source: Source::Command,
        cause: "test".to_owned(),
    };
    rotate(store, &context, secrets, algorithms, compromised).await
}

/// The names of the published keys, in their order.
async fn published(gateway: &TestGateway) -> Vec<String> {
    let reply = gateway.ask("GET", "/oauth/jwks", None).await.expect(200);
    assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
    let set = reply.json();
    let keys = set["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key.get("d").is_none()));
    keys.iter().map(|key| text(key, "kid")).collect()
}

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    text(&header, "kid")
}

fn named(keys: &[Shown], alg: Algorithm, state: &str) -> Option<String> {
    let mut found = keys
        .iter()
        .filter(|key| key.alg == alg.as_str() && key.state == state);
    let key = found.next().map(|key| key.kid.clone());
    assert!(state == "retired" || found.next().is_none());
    key
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_refuses_no_token_and_a_compromised_key_is_refused_at_once() {
    const ES: Algorithm = Algorithm::Es256;
    const RS: Algorithm = Algorithm::Rs256;
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let app = gateway.app("Docs", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    // The store of a test keeps no keys until now; the server meets what is there at once.
    let first = rotated(&gateway, &Algorithm::ALL, true).await.unwrap();
    let tokens = app.tokens(&browser).await;
    let (access, id) = (text(&tokens, "access_token"), text(&tokens, "id_token"));
    assert_eq!(Some(kid(&access)), named(&first, ES, "current"));
    assert_eq!(Some(kid(&id)), named(&first, RS, "current"));
    let set = published(&gateway).await;
    assert_eq!(set.len(), 4);
    for alg in [ES, RS] {
        assert!(set.contains(&named(&first, alg, "next").unwrap()));
    }

    // Too soon: caches may lack the next key.
    gateway.clock.advance(299);
    let soon = rotated(&gateway, &[ES], false).await.unwrap_err();
    assert!(soon.to_string().contains("2026-11-22T10:05:00Z"), "{soon}");
    assert_eq!(list(&gateway.gateway.store).await.unwrap(), first);
    gateway.clock.advance(1);
    let tokens = app.tokens(&browser).await;
    let old = text(&tokens, "access_token");
    let second = rotated(&gateway, &[ES], false).await.unwrap();
    assert_eq!(named(&second, ES, "current"), named(&first, ES, "next"));
    assert_eq!(named(&second, ES, "retired"), named(&first, ES, "current"));
    assert_eq!(named(&second, RS, "current"), named(&first, RS, "current"));
    let set = published(&gateway).await;
    assert_eq!(set.len(), 5);
    assert!(set.contains(&kid(&old)));
    userinfo(&gateway, &old).await.expect(200);
    let tokens = app.tokens(&browser).await;
    let new = text(&tokens, "access_token");
    assert_eq!(Some(kid(&new)), named(&second, ES, "current"));
    userinfo(&gateway, &new).await.expect(200);
    // Again at once is again too soon, and the other algorithm has its own time.
    assert!(rotated(&gateway, &Algorithm::ALL, false).await.is_err());
    assert_eq!(list(&gateway.gateway.store).await.unwrap(), second);
    rotated(&gateway, &[RS], false).await.unwrap();

    // The retired key is published until its last token has expired, and then it is forgotten.
    let forgotten = async || {
        let swept = sweep::forget_credentials(&gateway.gateway.store, &gateway.gateway.ids);
        swept.await.unwrap()
    };
    gateway.clock.advance(3_600);
    let silently = [("prompt", "none"), ("id_token_hint", &*id)];
    let reply = browser.get(&app.authorize(&silently)).await.expect(303);
    assert!(
        reply.header("location").unwrap().contains("code="),
        "it is a hint yet"
    );
    gateway.clock.advance(24 * 3_600 + 119 - 3_600);
    assert!(published(&gateway).await.contains(&kid(&old)));
    forgotten().await;
    assert_eq!(list(&gateway.gateway.store).await.unwrap().len(), 6);
    gateway.clock.advance(1);
    assert!(!published(&gateway).await.contains(&kid(&old)));
    gateway.clock.advance(1);
    forgotten().await;
    assert_eq!(list(&gateway.gateway.store).await.unwrap().len(), 4);

    // Compromised: what it signed is refused from now on, and the apps go on by their refresh tokens.
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let tokens = app.tokens(&browser).await;
    let stolen = text(&tokens, "access_token");
    userinfo(&gateway, &stolen).await.expect(200);
    let before = list(&gateway.gateway.store).await.unwrap();
    let after = rotated(&gateway, &[ES], true).await.unwrap();
    for state in ["current", "next"] {
        let was = named(&before, ES, state);
        assert!(
            after.iter().all(|key| Some(&key.kid) != was.as_ref()),
            "{state}"
        );
        assert!(named(&after, ES, state).is_some(), "{state}");
    }
    assert!(!published(&gateway).await.contains(&kid(&stolen)));
    userinfo(&gateway, &stolen).await.expect(401);
    let token = [("token", &*stolen)];
    let worth = app.post("/oauth/introspect", &token).await.expect(200);
    assert_eq!(worth.json()["active"], false);
    let refreshed = app.refresh(&text(&tokens, "refresh_token")).await;
    let fresh = text(&refreshed.expect(200).json(), "access_token");
    assert_ne!(kid(&fresh), kid(&stolen));
    userinfo(&gateway, &fresh).await.expect(200);
    rotated(&gateway, &[RS], true).await.unwrap();
    let gone = text(&tokens, "id_token");
    let silently = [("prompt", "none"), ("id_token_hint", &*gone)];
    let reply = browser.get(&app.authorize(&silently)).await.expect(303);
    let location = reply.header("location").unwrap();
    assert!(location.contains("error=login_required"), "{location}");
}

#[test]
fn a_command_rotates_and_says_when_it_may_not() {
    let place = Place::new("signing-keys");
    let (status, keys, _) = place.usher(&["key", "list-signing"], "");
    assert_eq!(status, 0);
    let count = keys.as_array().map_or(0, Vec::len);
    assert!(count >= 2, "{keys}");
    let (status, _, said) = place.usher(&["key", "rotate-signing"], "");
    assert_eq!(status, 3, "{said}");
    assert!(said.contains("--now"), "{said}");
    let rotate = ["key", "rotate-signing", "--alg", "ES256", "--now"];
    let (status, keys, said) = place.usher(&rotate, "");
    assert_eq!(status, 0, "{said}");
    let of = |alg: &str, state: &str| {
        let keys = keys.as_array().unwrap();
        let is_it = |key: &&Value| key["alg"] == alg && key["state"] == state;
        keys.iter().filter(is_it).count()
    };
    for alg in ["ES256", "RS256"] {
        assert_eq!((of(alg, "current"), of(alg, "next")), (1, 1), "{keys}");
    }
}
