//! What the profile refuses (D165, RFC 9700): one attack a line with the answer that it gets, and
//! beside each line the honest twin, which is the same request without the attack and goes through.

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::app_keys::{Signer, grant, post, signed_in};
use crate::harness::{Browser, PUBLIC_URL, REDIRECT, Reply, TestGateway, VERIFIER, form, reason};
use crate::refresh::{okta, text, userinfo};

/// What is done to an honest request.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// A parameter more, or once more.
    Add(&'static str, &'static str),
    /// One less.
    Drop(&'static str),
    /// Another value.
    Set(&'static str, &'static str),
}

use Change::{Add, Drop, Set};

/// How an authorization request ends.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// At the app, with this error.
    Back(&'static str),
    /// Here, with this reason: the browser is sent nowhere.
    Page(&'static str),
}

use Answer::{Back, Page};

#[rustfmt::skip]
const AUTHORIZE: &[(&str, Change, Answer)] = &[
    ("the implicit flow", Set("response_type", "token"), Back("unsupported_response_type")),
    ("an ID token in the front", Set("response_type", "id_token"), Back("unsupported_response_type")),
    ("the hybrid flow", Set("response_type", "code token"), Back("unsupported_response_type")),
    ("no response type", Drop("response_type"), Back("invalid_request")),
    ("no PKCE", Drop("code_challenge"), Back("invalid_request")),
    ("plain PKCE", Set("code_challenge_method", "plain"), Back("invalid_request")),
    ("plain PKCE by default", Drop("code_challenge_method"), Back("invalid_request")),
    ("a challenge that is no hash", Set("code_challenge", "short"), Back("invalid_request")),
    ("an answer in the fragment", Add("response_mode", "fragment"), Back("invalid_request")),
    ("an answer by a form", Add("response_mode", "form_post"), Back("invalid_request")),
    ("a request object", Add("request", "e30.e30."), Back("request_not_supported")),
    ("a request elsewhere", Add("request_uri", "https://evil.example/r"), Back("request_uri_not_supported")),
    ("a registration", Add("registration", "{}"), Back("registration_not_supported")),
    ("a scope without openid", Set("scope", "email"), Back("invalid_scope")),
    ("no scope", Drop("scope"), Back("invalid_scope")),
    ("none and more", Add("prompt", "none login"), Back("invalid_request")),
    ("an unknown prompt", Add("prompt", "create"), Back("invalid_request")),
    ("an age below zero", Add("max_age", "-1"), Back("invalid_request")),
    ("two response types", Add("response_type", "token"), Back("invalid_request")),
    ("two challenges", Add("code_challenge", "x"), Back("invalid_request")),
    ("two scopes", Add("scope", "openid"), Back("invalid_request")),
    ("a null character", Set("nonce", "n\0"), Back("invalid_request")),
    ("two states", Add("state", "t"), Page("parameter_repeated")),
    ("two addresses", Add("redirect_uri", "https://evil.example/"), Page("parameter_repeated")),
    ("two clients", Add("client_id", "other"), Page("parameter_repeated")),
    ("an unknown client", Set("client_id", "nobody"), Page("client_unknown")),
    ("no client", Drop("client_id"), Page("client_missing")),
    ("no address", Drop("redirect_uri"), Page("redirect_missing")),
    ("a longer path", Set("redirect_uri", "https://app.example/cb/evil"), Page("redirect_unknown")),
    ("a longer word", Set("redirect_uri", "https://app.example/cbevil"), Page("redirect_unknown")),
    ("a shorter path", Set("redirect_uri", "https://app.example/"), Page("redirect_unknown")),
    ("a query", Set("redirect_uri", "https://app.example/cb?to=evil"), Page("redirect_unknown")),
    ("a fragment", Set("redirect_uri", "https://app.example/cb#evil"), Page("redirect_unknown")),
    ("a longer host", Set("redirect_uri", "https://app.example.evil.example/cb"), Page("redirect_unknown")),
    ("a user name", Set("redirect_uri", "https://app.example@evil.example/cb"), Page("redirect_unknown")),
    ("a port", Set("redirect_uri", "https://app.example:8443/cb"), Page("redirect_unknown")),
    ("the usual port", Set("redirect_uri", "https://app.example:443/cb"), Page("redirect_unknown")),
    ("no TLS", Set("redirect_uri", "http://app.example/cb"), Page("redirect_unknown")),
    ("another case", Set("redirect_uri", "https://APP.example/cb"), Page("redirect_unknown")),
    ("a way round", Set("redirect_uri", "https://app.example/x/../cb"), Page("redirect_unknown")),
    ("an escape", Set("redirect_uri", "https://app.example/%63b"), Page("redirect_unknown")),
    ("no scheme", Set("redirect_uri", "//app.example/cb"), Page("redirect_unknown")),
    ("backslashes", Set("redirect_uri", "https:\\\\app.example\\cb"), Page("redirect_unknown")),
    ("a script", Set("redirect_uri", "javascript:alert(1)"), Page("redirect_unknown")),
    ("a space before it", Set("redirect_uri", " https://app.example/cb"), Page("redirect_unknown")),
];

/// The honest request after a change.
fn changed(honest: &str, change: Change) -> String {
    let (path, query) = honest.split_once('?').unwrap();
    let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    match change {
        Add(name, value) => pairs.push((name.to_owned(), value.to_owned())),
        Drop(name) => pairs.retain(|(given, _)| given != name),
        Set(name, value) => {
            let pair = pairs.iter_mut().find(|(given, _)| given == name).unwrap();
            value.clone_into(&mut pair.1);
        }
    }
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    format!("{path}?{}", form(&pairs))
}

/// What the app finds in its address.
fn returned(reply: &Reply) -> Value {
    let location = reply.header("location").unwrap();
    let url = url::Url::parse(location).unwrap();
    assert!(location.starts_with(&format!("{REDIRECT}?")), "{location}");
    assert_eq!(url.fragment(), None);
    let pairs = url.query_pairs();
    pairs
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trick_at_the_authorization_endpoint_gets_a_code() {
    let (gateway, okta) = okta().await;
    let app = gateway.app("Docs", okta.org).await;
    let browser = signed_in(&gateway, &okta).await;
    let honest = app.authorize(&[]);
    for (attack, change, answer) in AUTHORIZE {
        let path = changed(&honest, *change);
        let (_, query) = path.split_once('?').unwrap();
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        for reply in [
            browser.get(&path).await,
            browser.submit("/oauth/authorize", &pairs).await,
        ] {
            match *answer {
                Back(error) => {
                    assert_eq!(reply.status, 303, "{attack}: {}", reply.text());
                    let told = returned(&reply);
                    assert_eq!(told["error"], error, "{attack}");
                    assert_eq!(
                        (&told["iss"], &told["state"]),
                        (&json!(PUBLIC_URL), &json!("s"))
                    );
                    assert_eq!(told.get("code"), None, "{attack}");
                }
                Page(why) => {
                    assert_eq!(reply.status, 400, "{attack}: {}", reply.text());
                    assert_eq!(reply.header("location"), None, "{attack}");
                    assert_eq!(reason(&reply), why, "{attack}");
                    let policy = reply.header("content-security-policy").unwrap();
                    assert!(
                        policy.contains("frame-ancestors 'none'"),
                        "{attack}: {policy}"
                    );
                }
            }
            assert_eq!(
                reply.header("access-control-allow-origin"),
                None,
                "{attack}"
            );
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{attack}");
        }
        // The honest twin.
        let code = app.code(&browser).await;
        app.redeem(&code).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_shown_where_an_app_wants_no_page() {
    let (gateway, okta) = okta().await;
    let app = gateway.app("Docs", okta.org).await;
    let browser = signed_in(&gateway, &okta).await;
    let stranger = Browser::new(&gateway);
    let nobody = okta
        .org
        .to_string()
        .replace(|c: char| c.is_ascii_digit(), "0");
    gateway.clock.advance(60);
    let none = ("prompt", "none");
    for (attack, who, more) in [
        ("nobody is signed in", &stranger, vec![none]),
        (
            "not recently enough",
            &browser,
            vec![none, ("max_age", "59")],
        ),
        (
            "another organization",
            &browser,
            vec![none, ("organization", "other")],
        ),
        (
            "another connection",
            &browser,
            vec![none, ("connection", &nobody)],
        ),
    ] {
        let reply = who.get(&app.authorize(&more)).await.expect(303);
        assert_eq!(returned(&reply)["error"], "login_required", "{attack}");
        let reply = browser
            .get(&app.authorize(&[none, ("organization", "acme")]))
            .await;
        assert!(returned(&reply.expect(303))["code"].is_string(), "{attack}");
    }
}

/// What is done to an honest token request; the app proves itself in the header unless it is said.
#[rustfmt::skip]
const TOKEN: &[(&str, Change, u16, &str)] = &[
    ("a wrong verifier", Set("code_verifier", "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"), 400, "invalid_grant"),
    ("a short verifier", Set("code_verifier", "w"), 400, "invalid_grant"),
    ("the challenge as the verifier", Set("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), 400, "invalid_grant"),
    ("no verifier", Drop("code_verifier"), 400, "invalid_request"),
    ("another address", Set("redirect_uri", "https://app.example/other"), 400, "invalid_grant"),
    ("no address", Drop("redirect_uri"), 400, "invalid_request"),
    ("a guessed code", Set("code", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 400, "invalid_grant"),
    ("no code", Drop("code"), 400, "invalid_request"),
    ("two codes", Add("code", "x"), 400, "invalid_request"),
    ("two verifiers", Add("code_verifier", "x"), 400, "invalid_request"),
    ("a password", Set("grant_type", "password"), 400, "unsupported_grant_type"),
    ("an implicit grant", Set("grant_type", "implicit"), 400, "unsupported_grant_type"),
    ("no grant", Drop("grant_type"), 400, "invalid_request"),
    ("a grant for machines", Set("grant_type", "client_credentials"), 400, "unauthorized_client"),
    ("a secret in two places", Add("client_secret", "x"), 400, "invalid_request"),
    ("two proofs", Add("client_assertion", "x"), 400, "invalid_request"),
    ("another client's name", Add("client_id", "other"), 401, "invalid_client"),
    ("a null character", Add("nonce", "\0"), 400, "invalid_request"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trick_at_the_token_endpoint_gets_a_token() {
    let (gateway, okta) = okta().await;
    let app = gateway.app("Docs", okta.org).await;
    let browser = signed_in(&gateway, &okta).await;
    for (attack, change, status, error) in TOKEN {
        let code = app.code(&browser).await;
        let honest = format!("?{}", form(&grant(&code)));
        let path = changed(&honest, *change);
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(&path.as_bytes()[1..])
            .into_owned()
            .collect();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        denied(
            &app.post("/oauth/token", &pairs).await,
            *status,
            error,
            attack,
        );
        // The honest twin: the very code that the attack was made with.
        let reply = app.redeem(&code).await.expect(200);
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{attack}");
        assert_eq!(reply.header("pragma"), Some("no-cache"), "{attack}");
    }
}

fn denied(reply: &Reply, status: u16, error: &str, attack: &str) {
    assert_eq!(reply.status, status, "{attack}: {}", reply.text());
    assert_eq!(reply.json()["error"], error, "{attack}");
    assert_eq!(reply.json().get("access_token"), None, "{attack}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{attack}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_good_once_for_its_client_and_for_a_minute() {
    let (gateway, okta) = okta().await;
    let app = gateway.app("Docs", okta.org).await;
    let other = gateway.app("Other", okta.org).await;
    let browser = signed_in(&gateway, &okta).await;
    // Another client's; a fresh one of its own is the twin.
    let code = app.code(&browser).await;
    denied(
        &other.redeem(&code).await,
        400,
        "invalid_grant",
        "another client's code",
    );
    other.tokens(&browser).await;
    // A late one.
    let code = app.code(&browser).await;
    gateway.clock.advance(60);
    denied(
        &app.redeem(&code).await,
        400,
        "invalid_grant",
        "an expired code",
    );
    let code = app.code(&browser).await;
    gateway.clock.advance(59);
    let first = app.redeem(&code).await.expect(200).json();
    // One twice: what it gave the first time dies.
    let (access, refresh) = (text(&first, "access_token"), text(&first, "refresh_token"));
    userinfo(&gateway, &access).await.expect(200);
    denied(
        &app.redeem(&code).await,
        400,
        "invalid_grant",
        "a code twice",
    );
    userinfo(&gateway, &access).await.expect(401);
    denied(
        &app.refresh(&refresh).await,
        400,
        "invalid_grant",
        "tokens of a code shown twice",
    );
    // A refresh token twice, and another client's: the twins are its successor and its owner.
    let tokens = app.tokens(&browser).await;
    let refresh = text(&tokens, "refresh_token");
    denied(
        &other.refresh(&refresh).await,
        400,
        "invalid_grant",
        "another's refresh token",
    );
    let next = app.refresh(&refresh).await.expect(200).json();
    gateway.clock.advance(11);
    let wider = [("scope", "\"")];
    let next = text(&next, "refresh_token");
    denied(
        &app.refresh_with(&next, &wider).await,
        400,
        "invalid_scope",
        "a scope that is none",
    );
    denied(
        &app.refresh(&refresh).await,
        400,
        "invalid_grant",
        "a refresh token twice",
    );
    denied(
        &app.refresh(&next).await,
        400,
        "invalid_grant",
        "its successor",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trick_makes_a_client_of_somebody_else() {
    let (gateway, okta) = okta().await;
    let app = gateway.app("Docs", okta.org).await;
    let browser = signed_in(&gateway, &okta).await;
    let fields = |code: &str, more: &[(&str, &str)]| {
        let mut fields = grant(code).to_vec();
        fields.extend(more);
        form(&fields)
    };
    let basic =
        |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let (id, secret) = (&*app.client_id, &*app.secret);
    let media = "application/x-www-form-urlencoded";
    let in_form = [("client_id", id), ("client_secret", secret)];
    for (attack, header, more, media, at, status, error) in [
        ("no proof", None, vec![], media, "", 401, "invalid_client"),
        (
            "a name alone",
            None,
            vec![("client_id", id)],
            media,
            "",
            401,
            "invalid_client",
        ),
        (
            "a wrong secret",
            Some(basic(id, "x")),
            vec![],
            media,
            "",
            401,
            "invalid_client",
        ),
        (
            "an empty secret",
            Some(basic(id, "")),
            vec![],
            media,
            "",
            401,
            "invalid_client",
        ),
        (
            "an unknown client",
            Some(basic("nobody", secret)),
            vec![],
            media,
            "",
            401,
            "invalid_client",
        ),
        (
            "a bearer",
            Some(format!("Bearer {secret}")),
            vec![],
            media,
            "",
            401,
            "invalid_client",
        ),
        (
            "both places",
            Some(basic(id, secret)),
            in_form.to_vec(),
            media,
            "",
            400,
            "invalid_request",
        ),
        (
            "JSON",
            Some(basic(id, secret)),
            vec![],
            "application/json",
            "",
            400,
            "invalid_request",
        ),
        (
            "the query",
            None,
            vec![],
            media,
            "?client_id=docs&client_secret=x",
            401,
            "invalid_client",
        ),
    ] {
        let code = app.code(&browser).await;
        let mut request = Request::post(format!("/oauth/token{at}")).header("content-type", media);
        if let Some(header) = &header {
            request = request.header("authorization", header);
        }
        let request = request.body(Body::from(fields(&code, &more))).unwrap();
        denied(&gateway.send(request).await, status, error, attack);
        // The honest twins: the same code, by the header or by the form.
        if more.is_empty() {
            let form = fields(&code, &in_form);
            let pairs: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes())
                .into_owned()
                .collect();
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .collect();
            post(&gateway, "/oauth/token", &pairs).await.expect(200);
        } else {
            app.redeem(&code).await.expect(200);
        }
    }
    let reply = gateway.ask("GET", "/oauth/token", None).await;
    assert_eq!(reply.status, 405);
}

/// The claims of an assertion that are changed, and what comes of it.
fn assertions(now: i64) -> Vec<(&'static str, Value)> {
    vec![
        (
            "the aud of another",
            json!({"aud": "https://other.example"}),
        ),
        (
            "our aud and another's",
            json!({"aud": [PUBLIC_URL, "https://other.example"]}),
        ),
        (
            "the aud of another endpoint",
            json!({"aud": format!("{PUBLIC_URL}/oauth/authorize")}),
        ),
        ("no aud at all", json!({"aud": []})),
        ("the name of another", json!({"iss": "docs", "sub": "docs"})),
        ("two names", json!({"iss": "docs"})),
        ("an end long ago", json!({"exp": now - 200})),
        ("an end far away", json!({"exp": now + 3600})),
        ("an end in words", json!({"exp": (now + 60).to_string()})),
        ("a beginning ahead", json!({"nbf": now + 600})),
        ("no jti", json!({"jti": ""})),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trick_makes_a_key_of_somebody_else_good() {
    let (gateway, okta) = okta().await;
    gateway.app("Docs", okta.org).await;
    let (app, other) = (
        Signer::new(&gateway, "Signer").await,
        Signer::new(&gateway, "Other").await,
    );
    let (token, path) = ([("token", "nothing")], "/oauth/introspect");
    let mut number = 0;
    let mut honest = || {
        number += 1;
        app.assertion(&format!("honest {number}"), &json!({}))
    };
    let now = gateway.clock.now().as_second();
    let payload = |proof: &str| proof.split('.').nth(1).unwrap().to_owned();
    let mut attacks: Vec<(&str, String)> = assertions(now)
        .into_iter()
        .map(|(attack, with)| (attack, app.assertion(attack, &with)))
        .collect();
    // Without a signature, with that of another key, and with another's claims under ours.
    let none = URL_SAFE_NO_PAD.encode(json!({"alg": "none"}).to_string());
    let good = honest();
    attacks.push(("alg none", format!("{none}.{}.", payload(&good))));
    let us = json!({"iss": app.app.client_id, "sub": app.app.client_id});
    attacks.push(("another key", other.assertion("stolen", &us)));
    let parts: Vec<_> = good.split('.').collect();
    let theirs = other.assertion("swapped", &json!({}));
    let swapped = format!("{}.{}.{}", parts[0], payload(&theirs), parts[2]);
    attacks.push(("other claims", swapped));
    attacks.push(("no token", "x".to_owned()));
    for (attack, proof) in &attacks {
        denied(
            &app.post(path, &token, proof).await,
            401,
            "invalid_client",
            attack,
        );
        app.post(path, &token, &honest()).await.expect(200);
    }
    // Twice, at whichever endpoint.
    let proof = honest();
    app.post(path, &token, &proof).await.expect(200);
    for at in [path, "/oauth/revoke"] {
        denied(
            &app.post(at, &token, &proof).await,
            401,
            "invalid_client",
            "a jti twice",
        );
        app.post(at, &token, &honest()).await.expect(200);
    }
    let both = [token[0], ("client_secret", "x")];
    denied(
        &app.post(path, &both, &honest()).await,
        400,
        "invalid_request",
        "two proofs",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_is_good_for_what_it_was_not_made_for() {
    let (gateway, okta) = okta().await;
    let app = gateway.app("Docs", okta.org).await;
    let other = gateway.app("Other", okta.org).await;
    let browser = signed_in(&gateway, &okta).await;
    let tokens = app.tokens(&browser).await;
    let access = text(&tokens, "access_token");
    let none = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "at+jwt"}).to_string());
    let payload = access.split('.').nth(1).unwrap();
    for (attack, token) in [
        ("an ID token", text(&tokens, "id_token")),
        ("a refresh token", text(&tokens, "refresh_token")),
        ("alg none", format!("{none}.{payload}.")),
        ("a cut one", access[..access.len() - 5].to_owned()),
    ] {
        userinfo(&gateway, &token).await.expect(401);
        let asked = [("token", &*token)];
        if attack != "a refresh token" {
            let worth = app.post("/oauth/introspect", &asked).await.expect(200);
            assert_eq!(worth.json(), json!({"active": false}), "{attack}");
        }
        userinfo(&gateway, &access).await.expect(200);
    }
    let asked = [("token", &*access)];
    let theirs = other.post("/oauth/introspect", &asked).await.expect(200);
    assert_eq!(theirs.json(), json!({"active": false}));
    let own = app.post("/oauth/introspect", &asked).await.expect(200);
    assert_eq!(own.json()["active"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_of_other_origins_read_what_is_for_them_and_nothing_else() {
    let gateway = TestGateway::start().await;
    for (method, path, open) in [
        ("POST", "/oauth/token", true),
        ("GET", "/oauth/userinfo", true),
        ("GET", "/oauth/jwks", true),
        ("GET", "/.well-known/openid-configuration", true),
        ("OPTIONS", "/oauth/token", true),
        ("GET", "/oauth/authorize", false),
        ("OPTIONS", "/oauth/authorize", false),
        ("POST", "/oauth/authorize", false),
        ("GET", "/oauth/logout", false),
        ("POST", "/oauth/introspect", false),
        ("OPTIONS", "/oauth/introspect", false),
        ("POST", "/oauth/revoke", false),
        ("GET", "/signed-in", false),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("origin", "https://evil.example")
            .body(Body::empty())
            .unwrap();
        let reply = gateway.send(request).await;
        let allowed = reply.header("access-control-allow-origin");
        assert_eq!(allowed, open.then_some("*"), "{method} {path}");
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            None,
            "{path}"
        );
    }
    assert_eq!(VERIFIER.len(), 43);
}
