//! Apps that prove themselves by a key of their own (`private_key_jwt`: OpenID Connect Core §9, RFC
//! 7523), wherever an app must: at the token endpoint, introspection and revocation.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::oidc::client::ASSERTION_TYPE;
use usher::oidc::jwks::PublicKeys;
use usher::oidc::keys::{Algorithm, KeySet};
use usher::provisioning::settings::apps::{self, Addresses, CreatedApp, NewApp};
use usher::provisioning::settings::oauth_clients::Proof;
use usher::provisioning::sweep;

use crate::harness::{
    App, Browser, Connected, PUBLIC_URL, REDIRECT, Reply, TestGateway, VERIFIER, form,
};
use crate::oauth_clients::{Publisher, keys, refused, signed};
use crate::refresh::{okta, text};

/// An app that proves itself so, and what it needs for it.
pub(crate) struct Signer<'a> {
    pub(crate) gateway: &'a TestGateway,
    pub(crate) app: CreatedApp,
    pub(crate) keys: KeySet,
}

pub(crate) async fn register(gateway: &TestGateway, name: &str, proof: Proof) -> CreatedApp {
    let new = NewApp {
        name: name.to_owned(),
        addresses: Addresses {
            redirect_uris: vec![REDIRECT.to_owned()],
            ..Addresses::default()
        },
        organizations: Vec::new(),
        audience: None,
        id_token_alg: Algorithm::Es256,
        proof,
    };
    let created = apps::create(&gateway.gateway.store, gateway.command(), new).await;
    created.unwrap()
}

impl<'a> Signer<'a> {
    pub(crate) async fn new(gateway: &'a TestGateway, name: &str) -> Self {
        let keys = keys();
        let public = PublicKeys::registered(&keys.jwks().to_string()).unwrap();
        let app = register(gateway, name, Proof::Keys(public)).await;
        Self { gateway, app, keys }
    }

    /// An assertion, good but for what is said otherwise.
    pub(crate) fn assertion(&self, jti: &str, with: &Value) -> String {
        let (id, exp) = (
            &self.app.client_id,
            self.gateway.clock.now().as_second() + 60,
        );
        let mut claims = json!({"iss": id, "sub": id, "aud": PUBLIC_URL, "exp": exp, "jti": jti});
        for (name, value) in with.as_object().unwrap() {
            claims[name] = value.clone();
        }
        signed(&self.keys, &claims)
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)], proof: &str) -> Reply {
        let mut fields = fields.to_vec();
        fields.push(("client_assertion_type", ASSERTION_TYPE));
        fields.push(("client_assertion", proof));
        post(self.gateway, path, &fields).await
    }

    /// The code that a browser's session leads to.
    pub(crate) async fn code(&self, browser: &Browser<'_>) -> String {
        let app = App::with(self.gateway, self.app.id, &self.app.client_id, "");
        app.code(browser).await
    }

    pub(crate) async fn redeem(&self, code: &str, proof: &str) -> Reply {
        self.post("/oauth/token", &grant(code), proof).await
    }
}

/// Posts a form as it is.
pub(crate) async fn post(gateway: &TestGateway, path: &str, fields: &[(&str, &str)]) -> Reply {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form(fields)))
        .unwrap();
    gateway.send(request).await
}

pub(crate) fn grant(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]
}

pub(crate) async fn signed_in<'a>(gateway: &'a TestGateway, okta: &'a Connected) -> Browser<'a> {
    let browser = Browser::new(gateway);
    let idp = gateway.idp(okta).await;
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_signs_has_no_secret_and_needs_none() {
    let (gateway, okta) = okta().await;
    let app = Signer::new(&gateway, "Signer").await;
    assert_eq!(app.app.client_secret, None);
    let shown = serde_json::to_value(&app.app).unwrap();
    assert_eq!(shown["auth_method"], "private_key_jwt");
    assert_eq!(shown.get("client_secret"), None);
    let browser = signed_in(&gateway, &okta).await;
    let endpoint = json!({"aud": format!("{PUBLIC_URL}/oauth/token")});
    let code = app.code(&browser).await;
    let proof = app.assertion("1", &endpoint);
    let tokens = app.redeem(&code, &proof).await.expect(200).json();
    let refresh = text(&tokens, "refresh_token");
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*refresh),
    ];
    let proof = app.assertion("2", &json!({}));
    let tokens = app.post("/oauth/token", &again, &proof).await;
    let access = text(&tokens.expect(200).json(), "access_token");
    let token = [("token", &*access)];
    let proof = app.assertion("3", &json!({}));
    let worth = app.post("/oauth/introspect", &token, &proof).await;
    assert_eq!(worth.expect(200).json()["active"], true);
    let proof = app.assertion("4", &json!({}));
    app.post("/oauth/revoke", &token, &proof).await.expect(200);
    let proof = app.assertion("5", &json!({}));
    let worth = app.post("/oauth/introspect", &token, &proof).await;
    assert_eq!(worth.expect(200).json()["active"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apps_assertion_is_good_once_wherever_it_is_shown() {
    let (gateway, okta) = okta().await;
    let (app, other) = (
        Signer::new(&gateway, "Signer").await,
        Signer::new(&gateway, "Other").await,
    );
    let browser = signed_in(&gateway, &okta).await;
    let proof = app.assertion("one", &json!({}));
    let token = [("token", "nothing")];
    app.post("/oauth/introspect", &token, &proof)
        .await
        .expect(200);
    let code = app.code(&browser).await;
    for path in ["/oauth/introspect", "/oauth/revoke"] {
        let reply = app.post(path, &token, &proof).await;
        refused(&reply, 401, "invalid_client");
        assert!(reply.text().contains("used before"), "{}", reply.text());
    }
    refused(&app.redeem(&code, &proof).await, 401, "invalid_client");
    // What was refused for its proof did not use the code up; and another app names its own alike.
    let theirs = other.assertion("one", &json!({}));
    other
        .post("/oauth/introspect", &token, &theirs)
        .await
        .expect(200);
    let fresh = app.assertion("two", &json!({}));
    app.redeem(&code, &fresh).await.expect(200);
    // It is remembered until nobody would take it any more.
    let forgotten = async || {
        let swept = sweep::forget_credentials(&gateway.gateway.store, &gateway.gateway.ids);
        swept.await.unwrap()
    };
    assert_eq!(forgotten().await, 0);
    gateway.clock.advance(60 + 121);
    assert_eq!(forgotten().await, 3);
    refused(&app.redeem(&code, &proof).await, 401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_proves_itself_as_it_was_registered() {
    let (gateway, okta) = okta().await;
    let browser = signed_in(&gateway, &okta).await;
    let signer = Signer::new(&gateway, "Signer").await;
    let token = ("token", "nothing");
    // A secret for an app that signs: any, none, and the hash's own emptiness.
    for secret in ["x", "cs_x", ""] {
        let fields = [
            token,
            ("client_id", &*signer.app.client_id),
            ("client_secret", secret),
            ("grant_type", "refresh_token"),
            ("refresh_token", "nothing"),
        ];
        for path in ["/oauth/introspect", "/oauth/revoke", "/oauth/token"] {
            refused(&post(&gateway, path, &fields).await, 401, "invalid_client");
        }
    }
    // An assertion for an app that has a secret.
    let secret = gateway.app("Secret", okta.org).await;
    let as_secret = json!({"iss": "secret", "sub": "secret"});
    let proof = signer.assertion("1", &as_secret);
    let reply = signer.post("/oauth/introspect", &[token], &proof).await;
    refused(&reply, 401, "invalid_client");
    let code = secret.code(&browser).await;
    secret.redeem(&code).await.expect(200);
    // A secret in the other place than the registered one.
    let words = ["client_secret_basic", "client_secret_post"];
    for (at, word) in words.into_iter().enumerate() {
        let proof = Proof::Secret(Some(word.parse().unwrap()));
        let created = register(&gateway, word, proof).await;
        let secret = created.client_secret.unwrap();
        let app = App::with(&gateway, created.id, &created.client_id, &secret);
        let in_header = app.post("/oauth/introspect", &[token]).await.status == 200;
        let id = ("client_id", &*created.client_id);
        let fields = [token, id, ("client_secret", &*secret)];
        let in_form = post(&gateway, "/oauth/introspect", &fields).await.status == 200;
        assert_eq!((in_header, in_form), (at == 0, at == 1), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apps_keys_are_fetched_where_the_operator_lets_them_be() {
    let mut gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    gateway.fetches(true);
    let keys = keys();
    let publisher = Publisher::start(&keys.jwks()).await;
    let url = publisher.url.parse().unwrap();
    let app = register(&gateway, "Signer", Proof::KeysAt(url)).await;
    assert_eq!(app.jwks_url.as_deref(), Some(&*publisher.url));
    let signer = Signer {
        gateway: &gateway,
        app,
        keys,
    };
    let browser = signed_in(&gateway, &okta).await;
    let code = signer.code(&browser).await;
    let proof = signer.assertion("1", &json!({}));
    signer.redeem(&code, &proof).await.expect(200);
    assert_eq!(publisher.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_an_app_may_prove_itself_is_announced() {
    let gateway = TestGateway::start().await;
    let reply = gateway
        .ask("GET", "/.well-known/openid-configuration", None)
        .await;
    let document = reply.expect(200).json();
    for endpoint in ["token", "introspection", "revocation"] {
        let methods = &document[format!("{endpoint}_endpoint_auth_methods_supported")];
        let all = json!([
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt"
        ]);
        assert_eq!(methods, &all, "{endpoint}");
        let algorithms =
            &document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
        let algorithms = algorithms.as_array().unwrap();
        assert!(algorithms.contains(&json!("ES256")), "{endpoint}");
        assert!(!algorithms.contains(&json!("HS256")), "{endpoint}");
    }
}
