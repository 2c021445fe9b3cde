//! SCIM clients that get short-lived access tokens by client credentials: with a secret, or with a
//! key of their own (RFC 6749 §4.4, RFC 7523).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use usher::directory::connection::{ConnectionState, Profile, Remains};
use usher::id::OrganizationId;
use usher::oidc::client::ASSERTION_TYPE;
use usher::oidc::keys::{Algorithm, KeySet, SigningKey, State};
use usher::provisioning::settings::connection_end;
use usher::provisioning::sweep;

use crate::credentials::live;
use crate::harness::{Connected, PUBLIC_URL, REDIRECT, Reply, TestGateway, VERIFIER};
use crate::share_api::send;

/// A gateway with a connection, and a key of its organization.
struct Stage {
    gateway: TestGateway,
    org: OrganizationId,
    okta: Connected,
    key: String,
}

impl Stage {
    async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let okta = gateway.connect(org, "Okta", Profile::Okta, &[]).await;
        let key = gateway.key(live(Some(org), "*")).await;
        Self {
            gateway,
            org,
            okta,
            key,
        }
    }

    fn tokens(&self) -> String {
        let id = self.okta.id;
        format!("/api/v1/organizations/acme/connections/{id}/tokens")
    }

    async fn try_issue(&self, mut body: Value) -> Reply {
        body["kind"] = json!("oauth_client");
        send(&self.gateway, "POST", &self.tokens(), &self.key, &body).await
    }

    /// A client, as the admin API issued it.
    async fn issue(&self, body: Value) -> Value {
        self.try_issue(body).await.expect(201).json()
    }

    async fn revoke(&self, client: &Value) -> Reply {
        let id = client["client_id"].as_str().unwrap();
        let path = format!("{}/{id}/revoke", self.tokens());
        send(&self.gateway, "POST", &path, &self.key, &json!({})).await
    }

    /// The connection's tokens as the list shows them.
    async fn list(&self) -> Vec<Value> {
        let reply = self.gateway.get(&self.tokens(), &self.key).await;
        reply.expect(200).json()["data"].as_array().unwrap().clone()
    }

    /// Asks the token endpoint for an access token, unless the fields say otherwise.
    async fn ask(&self, fields: &[(&str, &str)], basic: Option<(&str, &str)>) -> Reply {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        if !fields.iter().any(|(name, _)| *name == "grant_type") {
            form.append_pair("grant_type", "client_credentials");
        }
        form.extend_pairs(fields);
        let mut request = Request::post("/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some((id, secret)) = basic {
            let pair = STANDARD.encode(format!("{id}:{secret}"));
            request = request.header("authorization", format!("Basic {pair}"));
        }
        let body = Body::from(form.finish());
        self.gateway.send(request.body(body).unwrap()).await
    }

    async fn by_secret(&self, client: &Value) -> Reply {
        self.ask(&[], Some(secret_of(client))).await
    }

    async fn by_assertion(&self, assertion: &str) -> Reply {
        let fields = [
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ];
        self.ask(&fields, None).await
    }

    /// Calls a connection's SCIM door.
    async fn scim(&self, connection: &Connected, token: &str) -> Reply {
        let path = format!("/scim/{}/v2/Users", connection.id);
        let bearer = format!("Bearer {token}");
        self.gateway.ask("GET", &path, Some(&bearer)).await
    }

    fn second(&self) -> i64 {
        self.gateway.clock.now().as_second()
    }

    /// What a good assertion of a client says, with changes.
    fn claims(&self, client: &Value, jti: &str, with: &Value) -> Value {
        let id = &client["client_id"];
        let exp = self.second() + 60;
        let mut claims = json!({"iss": id, "sub": id, "aud": PUBLIC_URL, "exp": exp, "jti": jti});
        for (name, value) in with.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }
}

fn secret_of(client: &Value) -> (&str, &str) {
    let text = |name| client[name].as_str().unwrap();
    (text("client_id"), text("client_secret"))
}

fn token_of(reply: &Reply) -> String {
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

/// The keys of a client: one that signs.
pub(crate) fn keys() -> KeySet {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    KeySet::new(vec![(State::Current, key)]).unwrap()
}

pub(crate) fn signed(keys: &KeySet, claims: &Value) -> String {
    keys.sign(Algorithm::Es256, "JWT", claims).unwrap()
}

#[track_caller]
pub(crate) fn refused(reply: &Reply, status: u16, error: &str) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    assert_eq!(reply.json()["error"], json!(error), "{}", reply.text());
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("www-authenticate").is_some(), status == 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_a_secret_gets_a_token_for_its_connection_alone() {
    let stage = Stage::start().await;
    let gateway = &stage.gateway;
    let client = stage.issue(json!({})).await;
    assert_eq!(client["id"], client["client_id"]);
    assert_eq!(
        (&client["scope"], &client["token_endpoint"]),
        (&json!("scim"), &json!("https://usher.example/oauth/token"))
    );
    let (id, secret) = secret_of(&client);
    let posted = [("client_id", id), ("client_secret", secret)];
    let reply = stage.ask(&posted, None).await.expect(200);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let reply = stage.ask(&[("scope", "scim")], Some((id, secret))).await;
    let answer = reply.expect(200).json();
    let token = answer["access_token"].as_str().unwrap();
    let whole = json!({
        "access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": "scim",
    });
    assert_eq!(answer, whole);
    stage.scim(&stage.okta, token).await.expect(200);
    stage.scim(&stage.okta, &stage.okta.token).await.expect(200);
    let with_token = Connected {
        token: token.to_owned(),
        ..stage.okta.clone()
    };
    gateway.scim(&with_token).user("ada@acme.example").await;

    let entra = gateway
        .connect(stage.org, "Entra", Profile::Entra, &[])
        .await;
    let other = gateway.organization("other").await;
    let theirs = gateway.connect(other, "Okta", Profile::Okta, &[]).await;
    for elsewhere in [&entra, &theirs] {
        stage.scim(elsewhere, token).await.expect(404);
    }
    let bearer = format!("Bearer {token}");
    for path in ["/oauth/userinfo", "/api/v1/organizations", &stage.tokens()] {
        let reply = gateway.ask("GET", path, Some(&bearer)).await;
        assert_eq!(reply.status, 401, "{path}");
    }
    // The secret opens nothing by itself.
    stage.scim(&stage.okta, secret).await.expect(401);

    gateway.clock.advance(3599);
    stage.scim(&stage.okta, token).await.expect(200);
    gateway.clock.advance(1);
    let late = stage.scim(&stage.okta, token).await.expect(401);
    assert!(late.header("www-authenticate").is_some());
    stage.by_secret(&client).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clients_use_is_seen_and_its_life_is_told() {
    let stage = Stage::start().await;
    let client = stage.issue(json!({"expires_in_days": 1})).await;
    let mut row = client.clone();
    for shown_once in ["client_id", "client_secret", "scope", "token_endpoint"] {
        row.as_object_mut().unwrap().remove(shown_once);
    }
    let listed = stage.list().await;
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[1], row);
    assert_eq!(
        (&row["kind"], &row["auth_method"], &row["live"]),
        (
            &json!("oauth_client"),
            &json!("client_secret"),
            &json!(true)
        )
    );
    assert_eq!(listed[0]["kind"], "bearer");
    let (_, secret) = secret_of(&client);
    assert!(secret.ends_with(row["last4"].as_str().unwrap()));
    let token = token_of(&stage.by_secret(&client).await.expect(200));
    assert_eq!(
        stage.list().await[1]["last_used_at"],
        "2026-11-22T10:00:00Z"
    );
    stage.gateway.clock.advance(61);
    stage
        .gateway
        .scim(&Connected {
            token,
            ..stage.okta.clone()
        })
        .user("a@acme.example")
        .await;
    assert_eq!(
        stage.list().await[1]["last_used_at"],
        "2026-11-22T10:01:01Z"
    );

    // The last token ends with its client.
    stage.gateway.clock.advance(24 * 3600 - 61 - 100);
    let reply = stage.by_secret(&client).await.expect(200);
    assert_eq!(reply.json()["expires_in"], 100);
    stage.gateway.clock.advance(100);
    stage.scim(&stage.okta, &token_of(&reply)).await.expect(401);
    refused(&stage.by_secret(&client).await, 401, "invalid_client");
    assert_eq!(stage.list().await[1]["live"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_proves_itself_as_it_was_registered() {
    let stage = Stage::start().await;
    let basic = stage
        .issue(json!({"auth_method": "client_secret_basic"}))
        .await;
    let post = stage
        .issue(json!({"auth_method": "client_secret_post"}))
        .await;
    for (client, in_header, in_form) in [(&basic, 200, 401), (&post, 401, 200)] {
        let (id, secret) = secret_of(client);
        let reply = stage.by_secret(client).await;
        assert_eq!(reply.status, in_header, "{client}");
        let form = [("client_id", id), ("client_secret", secret)];
        assert_eq!(stage.ask(&form, None).await.status, in_form, "{client}");
    }
    // A secret is no key: the assertion of a client without keys proves nothing.
    let claims = stage.claims(&basic, "one", &json!({}));
    let reply = stage.by_assertion(&signed(&keys(), &claims)).await;
    refused(&reply, 401, "invalid_client");
    stage.revoke(&post).await.expect(200);
    let signs = stage.issue(json!({"jwks": keys().jwks()})).await;
    assert_eq!(signs.get("client_secret"), None);
    assert_eq!(signs["auth_method"], "private_key_jwt");
    let id = signs["client_id"].as_str().unwrap();
    for secret in ["x", "cs_", secret_of(&basic).1] {
        refused(
            &stage.ask(&[], Some((id, secret))).await,
            401,
            "invalid_client",
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_unknown_and_who_is_wrong_is_told_the_same() {
    let stage = Stage::start().await;
    let (client, gone) = (stage.issue(json!({})).await, stage.issue(json!({})).await);
    stage.revoke(&gone).await.expect(200);
    let (id, secret) = secret_of(&client);
    let nobody = stage.org.to_string();
    let mut told = Vec::new();
    for (id, secret) in [
        (id, "wrong"),
        (id, secret_of(&gone).1),
        (&*nobody, secret),
        ("app_nobody", secret),
        ("", secret),
        secret_of(&gone),
        (&*id.to_uppercase(), secret),
    ] {
        let form = [("client_id", id), ("client_secret", secret)];
        let reply = stage.ask(&form, None).await;
        refused(&reply, 401, "invalid_client");
        if !id.is_empty() {
            told.push((
                reply.text(),
                reply.header("www-authenticate").map(str::to_owned),
            ));
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    // The same for those who sign.
    let claims = |id: &str| json!({"client_id": id});
    let mut told = Vec::new();
    for id in [&*nobody, id, "app_nobody"] {
        let text = signed(&keys(), &stage.claims(&claims(id), "one", &json!({})));
        let reply = stage.by_assertion(&text).await;
        refused(&reply, 401, "invalid_client");
        told.push(reply.text());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_signs_needs_no_secret() {
    let stage = Stage::start().await;
    let (ours, others) = (keys(), keys());
    let client = stage.issue(json!({"jwks": ours.jwks()})).await;
    let other = stage.issue(json!({"jwks": others.jwks()})).await;
    let endpoint = format!("{PUBLIC_URL}/oauth/token");
    for (jti, with) in [
        ("one", json!({})),
        ("two", json!({"aud": endpoint})),
        ("three", json!({"aud": [PUBLIC_URL]})),
    ] {
        let text = signed(&ours, &stage.claims(&client, jti, &with));
        let token = token_of(&stage.by_assertion(&text).await.expect(200));
        stage.scim(&stage.okta, &token).await.expect(200);
        // It was good once.
        let again = stage.by_assertion(&text).await;
        refused(&again, 401, "invalid_client");
        assert!(again.text().contains("used before"), "{}", again.text());
    }
    // Another client may name its assertion the same.
    let theirs = signed(&others, &stage.claims(&other, "one", &json!({})));
    stage.by_assertion(&theirs).await.expect(200);

    let second = stage.second();
    for (what, with) in [
        (
            "for another audience",
            json!({"aud": "https://evil.example"}),
        ),
        (
            "for others, too",
            json!({"aud": [PUBLIC_URL, "https://evil.example"]}),
        ),
        ("expired", json!({"exp": second - 120})),
        ("too long", json!({"exp": second + 421})),
        ("not good yet", json!({"nbf": second + 121})),
        (
            "of the other client",
            json!({"iss": other["client_id"], "sub": other["client_id"]}),
        ),
        ("of nobody", json!({"iss": "x", "sub": "x"})),
        ("of two", json!({"iss": other["client_id"]})),
    ] {
        let text = signed(&ours, &stage.claims(&client, what, &with));
        let reply = stage.by_assertion(&text).await;
        assert_eq!(reply.status, 401, "{what}");
        refused(&reply, 401, "invalid_client");
    }
    let text = signed(&others, &stage.claims(&client, "stolen", &json!({})));
    refused(&stage.by_assertion(&text).await, 401, "invalid_client");
    let form = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", &*text),
        ("client_id", other["client_id"].as_str().unwrap()),
    ];
    refused(&stage.ask(&form, None).await, 401, "invalid_client");
    let both = [form[0], form[1], ("client_secret", "x")];
    refused(&stage.ask(&both, None).await, 400, "invalid_request");
    let saml = [("client_assertion_type", "saml2"), form[1]];
    refused(&stage.ask(&saml, None).await, 400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_without_a_signature_of_its_own_is_worth_nothing() {
    let stage = Stage::start().await;
    let keys = keys();
    let client = stage.issue(json!({"jwks": keys.jwks()})).await;
    let jwks = keys.jwks();
    let kid = &jwks["keys"][0]["kid"];
    let payload = stage.claims(&client, "one", &json!({})).to_string();
    let public = jwks["keys"][0].to_string();
    for (alg, sign) in [("none", false), ("None", false), ("HS256", true)] {
        let header = json!({"alg": alg, "kid": kid}).to_string();
        let parts = [header, payload.clone()].map(|part| URL_SAFE_NO_PAD.encode(part));
        let message = parts.join(".");
        let signature = if sign {
            // The public key as if it were a secret (RFC 8725 §2.1).
            let key = openssl::pkey::PKey::hmac(public.as_bytes()).unwrap();
            let digest = openssl::hash::MessageDigest::sha256();
            let mut signer = openssl::sign::Signer::new(digest, &key).unwrap();
            let octets = signer.sign_oneshot_to_vec(message.as_bytes()).unwrap();
            URL_SAFE_NO_PAD.encode(octets)
        } else {
            String::new()
        };
        let reply = stage.by_assertion(&format!("{message}.{signature}")).await;
        refused(&reply, 401, "invalid_client");
    }
    let good = signed(&keys, &stage.claims(&client, "one", &json!({})));
    let foreign = good.replacen(good.split('.').next().unwrap(), "e30", 1);
    refused(&stage.by_assertion(&foreign).await, 401, "invalid_client");
    stage.by_assertion(&good).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_assertion_used_many_times_at_once_is_good_once() {
    let stage = Stage::start().await;
    let keys = keys();
    let client = stage.issue(json!({"jwks": keys.jwks()})).await;
    let text = signed(&keys, &stage.claims(&client, "one", &json!({})));
    let asked = (0..20).map(|_| stage.by_assertion(&text));
    let replies = futures_util::future::join_all(asked).await;
    let good = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(good, 1);
    // It is forgotten once nobody would take it any more.
    let (store, ids) = (&stage.gateway.gateway.store, &stage.gateway.gateway.ids);
    stage.gateway.clock.advance(180);
    assert_eq!(sweep::forget_credentials(store, ids).await.unwrap(), 0);
    stage.gateway.clock.advance(1);
    assert_eq!(sweep::forget_credentials(store, ids).await.unwrap(), 1);
    refused(&stage.by_assertion(&text).await, 401, "invalid_client");
    stage.gateway.clock.advance(3600);
    assert_eq!(sweep::forget_credentials(store, ids).await.unwrap(), 1);
}

/// Where a client publishes its keys: what it answers can be changed, and how often it was asked is
/// counted.
pub(crate) struct Publisher {
    pub(crate) url: String,
    document: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    pub(crate) async fn start(document: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let document = Arc::new(Mutex::new(document.to_string()));
        let asked = Arc::new(AtomicUsize::new(0));
        let (said, count) = (Arc::clone(&document), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let body = said.lock().unwrap().clone();
                let status = if body.is_empty() { 500 } else { 200 };
                let length = body.len();
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n");
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        Self {
            url,
            document,
            asked,
        }
    }

    pub(crate) fn say(&self, document: &str) {
        document.clone_into(&mut self.document.lock().unwrap());
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_keys_are_fetched_rarely_and_followed_when_they_change() {
    let mut stage = Stage::start().await;
    stage.gateway.allow_private_targets();
    stage.gateway.fetches(true);
    let (old, new) = (keys(), keys());
    let publisher = Publisher::start(&old.jwks()).await;
    let client = stage.issue(json!({"jwks_url": publisher.url})).await;
    assert_eq!(client["jwks_url"], publisher.url);
    let by = async |keys: &KeySet, jti: &str| {
        let text = signed(keys, &stage.claims(&client, jti, &json!({})));
        stage.by_assertion(&text).await.status.as_u16()
    };
    assert_eq!((by(&old, "1").await, by(&old, "2").await), (200, 200));
    assert_eq!(publisher.asked(), 1, "what is known is not fetched again");
    // Whoever names a kid that is unknown makes nobody be asked more often.
    for number in 0..5 {
        assert_eq!(by(&new, &format!("x{number}")).await, 401);
    }
    assert_eq!(publisher.asked(), 1);
    publisher.say(&new.jwks().to_string());
    assert_eq!(by(&new, "3").await, 401);
    stage.gateway.clock.advance(30);
    assert_eq!(by(&new, "4").await, 200);
    assert_eq!((by(&old, "5").await, publisher.asked()), (401, 2));
    // Where it does not answer, what is known is good for an hour, and then no more.
    publisher.say("");
    stage.gateway.clock.advance(600);
    assert_eq!((by(&new, "6").await, publisher.asked()), (200, 3));
    stage.gateway.clock.advance(3000);
    assert_eq!((by(&new, "7").await, publisher.asked()), (401, 4));
    for odd in [
        format!("{{\"keys\": [], \"x\": \"{}\"}}", "x".repeat(64 * 1024)),
        "<html>".to_owned(),
        r#"{"keys": []}"#.to_owned(),
    ] {
        publisher.say(&odd);
        stage.gateway.clock.advance(30);
        assert_eq!(by(&new, "8").await, 401);
    }
    publisher.say(&new.jwks().to_string());
    stage.gateway.clock.advance(30);
    assert_eq!(by(&new, "9").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_at_a_private_address_are_neither_registered_nor_fetched() {
    let mut stage = Stage::start().await;
    let keys = keys();
    let publisher = Publisher::start(&keys.jwks()).await;
    for url in [
        &*publisher.url,
        "https://127.0.0.1/jwks.json",
        "https://[::1]/jwks.json",
        "https://169.254.169.254/",
        "http://idp.example/jwks.json",
        "https://idp.example:8443/jwks.json",
        "https://me@idp.example/jwks.json",
        "file:///etc/passwd",
        "jwks.json",
    ] {
        let reply = stage.try_issue(json!({"jwks_url": url})).await;
        assert!(reply.expect(422).text().contains("jwks_url"), "{url}");
    }
    stage
        .issue(json!({"jwks_url": "https://idp.example/jwks.json"}))
        .await;
    // Registered while the guard was down, it is not called once it is up.
    stage.gateway.allow_private_targets();
    let client = stage.issue(json!({"jwks_url": publisher.url})).await;
    stage.gateway.fetches(false);
    let text = signed(&keys, &stage.claims(&client, "one", &json!({})));
    refused(&stage.by_assertion(&text).await, 401, "invalid_client");
    assert_eq!(publisher.asked(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_dies_with_its_client_and_rests_with_its_connection() {
    let stage = Stage::start().await;
    let (client, other) = (stage.issue(json!({})).await, stage.issue(json!({})).await);
    let token = token_of(&stage.by_secret(&client).await.expect(200));
    let kept = token_of(&stage.by_secret(&other).await.expect(200));
    let paused = |state| {
        stage
            .gateway
            .alter(&stage.okta, move |row| row.state = state)
    };
    paused(ConnectionState::Paused).await;
    stage.scim(&stage.okta, &token).await.expect(403);
    paused(ConnectionState::Active).await;
    stage.scim(&stage.okta, &token).await.expect(200);
    let revoked = stage.revoke(&client).await.expect(200).json();
    assert_eq!(
        (&revoked["live"], &revoked["revoked_at"]),
        (&json!(false), &json!("2026-11-22T10:00:00Z"))
    );
    let gone = stage.scim(&stage.okta, &token).await.expect(401);
    assert!(gone.header("www-authenticate").is_some());
    refused(&stage.by_secret(&client).await, 401, "invalid_client");
    stage.scim(&stage.okta, &kept).await.expect(200);
    let events = stage.gateway.events(stage.org).await;
    stage.revoke(&client).await.expect(200);
    assert_eq!(stage.gateway.events(stage.org).await, events);
    let (store, context) = (&stage.gateway.gateway.store, stage.gateway.command());
    connection_end::delete(store, context, stage.okta.id, Remains::Keep, None)
        .await
        .unwrap();
    stage.scim(&stage.okta, &kept).await.expect(401);
    refused(&stage.by_secret(&other).await, 401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_may_not_ask_for_is_refused_in_oauths_words() {
    let stage = Stage::start().await;
    let client = stage.issue(json!({"scopes": ["read"]})).await;
    let known = Some(secret_of(&client));
    for (fields, status, error) in [
        (&[("scope", "openid")][..], 400, "invalid_scope"),
        (&[("scope", "scim admin")], 400, "invalid_scope"),
        (&[("grant_type", "password")], 400, "unsupported_grant_type"),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "rt_x")],
            400,
            "unauthorized_client",
        ),
        (&[("grant_type", "")], 400, "invalid_request"),
        (
            &[("scope", "scim"), ("scope", "scim")],
            400,
            "invalid_request",
        ),
        (
            &[
                ("grant_type", "authorization_code"),
                ("code", "c"),
                ("redirect_uri", REDIRECT),
                ("code_verifier", VERIFIER),
            ],
            400,
            "unauthorized_client",
        ),
    ] {
        refused(&stage.ask(fields, known).await, status, error);
    }
    let app = stage.gateway.app("Docs", stage.org).await;
    let reply = stage.ask(&[], Some((&app.client_id, &app.secret))).await;
    refused(&reply, 400, "unauthorized_client");
    let reply = stage.ask(&[], Some((&app.client_id, "x"))).await;
    refused(&reply, 401, "invalid_client");
    refused(&stage.ask(&[], None).await, 401, "invalid_client");
    // It may read, and nothing else.
    let token = token_of(&stage.by_secret(&client).await.expect(200));
    stage.scim(&stage.okta, &token).await.expect(200);
    let reader = Connected {
        token,
        ..stage.okta.clone()
    };
    let user = crate::harness::user("ada@acme.example");
    let reply = stage.gateway.scim(&reader).post("/Users", user).await;
    reply.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_has_two_live_clients_beside_its_tokens() {
    let stage = Stage::start().await;
    let (first, second) = (stage.issue(json!({})).await, stage.issue(json!({})).await);
    let reply = stage.try_issue(json!({})).await.expect(422);
    assert!(
        reply.text().contains("problems/too_many_clients"),
        "{}",
        reply.text()
    );
    let path = stage.tokens();
    let token = send(&stage.gateway, "POST", &path, &stage.key, &json!({})).await;
    let token = token.expect(201).json();
    assert!(token["token"].as_str().unwrap().starts_with("scim_"));
    let third = send(&stage.gateway, "POST", &path, &stage.key, &json!({})).await;
    assert!(third.expect(422).text().contains("too_many_tokens"));
    stage.revoke(&first).await.expect(200);
    stage.issue(json!({})).await;
    let id = token["id"].as_str().unwrap();
    let at = format!("{path}/{id}/revoke");
    send(&stage.gateway, "POST", &at, &stage.key, &json!({}))
        .await
        .expect(200);
    let all = stage.list().await;
    let live = all.iter().filter(|row| row["live"] == true).count();
    assert_eq!((all.len(), live), (5, 3));

    let jwks = keys().jwks();
    let mut private = jwks.clone();
    private["keys"][0]["d"] = json!("AA");
    for (body, why) in [
        (json!({"jwks": private}), "private"),
        (json!({"jwks": {"keys": []}}), "no key"),
        (json!({"jwks": 7}), "no JWK Set"),
        (
            json!({"jwks": jwks, "jwks_url": "https://idp.example/"}),
            "not both",
        ),
        (
            json!({"jwks": jwks, "auth_method": "client_secret_post"}),
            "private_key_jwt alone",
        ),
        (
            json!({"auth_method": "private_key_jwt"}),
            "needs the client's keys",
        ),
        (json!({"scopes": ["scim"]}), "no scope"),
        (json!({"expires_in_days": 0}), "1 to 3650"),
    ] {
        let reply = stage.try_issue(body.clone()).await.expect(422);
        assert!(reply.text().contains(why), "{body} {}", reply.text());
    }
    let body = json!({"jwks": jwks});
    let reply = send(&stage.gateway, "POST", &path, &stage.key, &body).await;
    assert!(reply.expect(422).text().contains("oauth_client alone"));
    // What it is told of it holds nothing that opens anything.
    let events = json!(stage.gateway.events(stage.org).await).to_string();
    assert!(
        events.contains("\"auth_method\":\"client_secret\""),
        "{events}"
    );
    for secret in [
        secret_of(&first).1,
        secret_of(&second).1,
        token["token"].as_str().unwrap(),
    ] {
        assert!(!events.contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_organizations_clients_are_not_there_for_another() {
    let stage = Stage::start().await;
    let client = stage.issue(json!({})).await;
    let other = stage.gateway.organization("other").await;
    let theirs = stage
        .gateway
        .connect(other, "Okta", Profile::Okta, &[])
        .await;
    let entra = stage
        .gateway
        .connect(stage.org, "Entra", Profile::Entra, &[])
        .await;
    let their_key = stage.gateway.key(live(Some(other), "*")).await;
    let id = client["client_id"].as_str().unwrap();
    let base = "/api/v1/organizations";
    for (path, key) in [
        // Our connection under their organization, and theirs under ours.
        (
            format!("{base}/other/connections/{}/tokens", stage.okta.id),
            &their_key,
        ),
        (
            format!("{base}/acme/connections/{}/tokens", theirs.id),
            &stage.key,
        ),
        (format!("{base}/acme/connections/x/tokens"), &stage.key),
    ] {
        stage.gateway.get(&path, key).await.expect(404);
        let body = json!({"kind": "oauth_client"});
        send(&stage.gateway, "POST", &path, key, &body)
            .await
            .expect(404);
    }
    for (path, key) in [
        (
            format!("{base}/other/connections/{}/tokens/{id}/revoke", theirs.id),
            &their_key,
        ),
        (
            format!(
                "{base}/other/connections/{}/tokens/{id}/revoke",
                stage.okta.id
            ),
            &their_key,
        ),
        (
            format!("{base}/acme/connections/{}/tokens/{id}/revoke", entra.id),
            &stage.key,
        ),
    ] {
        send(&stage.gateway, "POST", &path, key, &json!({}))
            .await
            .expect(404);
    }
    stage.by_secret(&client).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_hundred_access_tokens_of_a_client_are_good() {
    let stage = Stage::start().await;
    let client = stage.issue(json!({})).await;
    let mut tokens = Vec::new();
    for _ in 0..102 {
        stage.gateway.clock.advance(1);
        tokens.push(token_of(&stage.by_secret(&client).await.expect(200)));
    }
    for (place, status) in [(0, 401), (1, 401), (2, 200), (101, 200)] {
        let reply = stage.scim(&stage.okta, &tokens[place]).await;
        assert_eq!(reply.status, status, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_can_do_is_announced() {
    let stage = Stage::start().await;
    let read = async |path: &str| {
        stage
            .gateway
            .ask("GET", path, None)
            .await
            .expect(200)
            .json()
    };
    let about = read("/.well-known/oauth-authorization-server").await;
    assert_eq!(about, read("/.well-known/openid-configuration").await);
    let announced = json!({
        "issuer": PUBLIC_URL,
        "token_endpoint": "https://usher.example/oauth/token",
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "scopes_supported": ["openid", "email", "profile", "scim"],
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported":
            ["ES256", "ES384", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
    });
    for (name, value) in announced.as_object().unwrap() {
        assert_eq!(&about[name], value, "{name}");
    }
    let config = read(&format!("/scim/{}/v2/ServiceProviderConfig", stage.okta.id)).await;
    let schemes = config["authenticationSchemes"].as_array().unwrap();
    let kinds: Vec<_> = schemes.iter().map(|scheme| &scheme["type"]).collect();
    assert_eq!(kinds, ["oauthbearertoken", "oauth2"]);
    let primary = schemes.iter().filter(|scheme| scheme["primary"] == true);
    assert_eq!(primary.count(), 1);
}
