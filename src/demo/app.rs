//! The application behind: an OpenID Connect client (Core §3.1) as an app's developer would write
//! it. It knows Usher by its issuer alone, starts every request itself, with a state, a nonce and
//! a PKCE challenge of its own, and believes an ID token only after it has checked it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::demo::client::{Asked, Client};
use crate::demo::expect::{Unexpected, ensure, says, text};
use crate::id::Ids;
use crate::oidc::crypto;

/// The cookie that ties an answer to the browser that asked.
const COOKIE: &str = "demo-app";

/// The application. Cheap to clone.
#[derive(Clone)]
pub(super) struct App(Arc<Inner>);

struct Inner {
    issuer: String,
    own_url: String,
    ids: Ids,
    client: Client,
    registration: OnceLock<(String, String)>,
    pending: Mutex<HashMap<String, Pending>>,
}

/// A request that waits for its answer.
struct Pending {
    nonce: String,
    verifier: String,
}

type Parameters = Query<HashMap<String, String>>;

impl App {
    pub(super) fn new(issuer: &str, own_url: &str, ids: Ids, client: Client) -> Self {
        crypto::install();
        Self(Arc::new(Inner {
            issuer: issuer.to_owned(),
            own_url: own_url.to_owned(),
            ids,
            client,
            registration: OnceLock::new(),
            pending: Mutex::default(),
        }))
    }

    /// Where a sign-in begins.
    pub(super) fn login_url(&self) -> String {
        format!("{}/app/login", self.0.own_url)
    }

    /// Where codes go.
    pub(super) fn redirect_uri(&self) -> String {
        format!("{}/app/callback", self.0.own_url)
    }

    /// Tells the application what it was registered as.
    pub(super) fn registered(&self, client_id: &str, client_secret: &str) {
        // It is registered once: a demo is played once.
        drop(
            self.0
                .registration
                .set((client_id.to_owned(), client_secret.to_owned())),
        );
    }

    pub(super) fn routes(&self) -> Router {
        Router::new()
            .route("/app/login", get(login))
            .route("/app/callback", get(callback))
            .with_state(self.clone())
    }

    fn registration(&self) -> Result<&(String, String), Unexpected> {
        self.0
            .registration
            .get()
            .ok_or_else(|| Unexpected("the app is not registered".into()))
    }

    /// A fresh value that nobody can guess.
    fn random(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.ids.entropy().bytes::<32>())
    }

    /// What the issuer says of itself (OpenID Connect Discovery §4).
    async fn discover(&self) -> Result<Value, Unexpected> {
        let url = format!("{}/.well-known/openid-configuration", self.0.issuer);
        let document = self
            .0
            .client
            .send(Asked::get(url))
            .await?
            .expect(200)?
            .json()?;
        says(&document, "/issuer", self.0.issuer.as_str())?;
        Ok(document)
    }

    /// The request that the browser is sent with (Core §3.1.2.1, RFC 7636 §4.3), and its state.
    async fn begin(&self, given: &HashMap<String, String>) -> Result<(Url, String), Unexpected> {
        // Somebody else's issuer starts nothing here (Core §4).
        let from = given.get("iss").unwrap_or(&self.0.issuer);
        ensure(*from == self.0.issuer, format!("{from} is not our issuer"))?;
        let endpoint = text(&self.discover().await?, "/authorization_endpoint")?;
        let (state, nonce, verifier) = (self.random(), self.random(), self.random());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let (client_id, _) = self.registration()?;
        let mut url = Url::parse(&endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", &self.redirect_uri())
            .append_pair("scope", "openid email profile")
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        for name in ["login_hint", "prompt"] {
            if let Some(value) = given.get(name) {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        self.pending()
            .insert(state.clone(), Pending { nonce, verifier });
        Ok((url, state))
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, HashMap<String, Pending>> {
        self.0
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What came back: the claims of a token that holds, or what Usher said instead.
    async fn finish(
        &self,
        given: &HashMap<String, String>,
        cookie: Option<&str>,
    ) -> Result<Value, Unexpected> {
        let parameter = |name: &str| given.get(name).map(String::as_str);
        let state = parameter("state").unwrap_or_default();
        ensure(cookie == Some(state), "this answer is not for this browser")?;
        let pending = self.pending().remove(state);
        let pending = pending.ok_or_else(|| Unexpected("nobody asked for this".into()))?;
        // RFC 9207 §2.4.
        ensure(
            parameter("iss") == Some(&self.0.issuer),
            "the answer is not our issuer's",
        )?;
        if let Some(error) = parameter("error") {
            return Err(Unexpected(error.to_owned()));
        }
        let code = parameter("code").ok_or_else(|| Unexpected("no code came".into()))?;
        let provider = self.discover().await?;
        let token = self.exchange(&provider, code, &pending.verifier).await?;
        self.verify(&provider, &token, &pending.nonce).await
    }

    /// The code against the ID token (RFC 6749 §4.1.3, RFC 7636 §4.5).
    async fn exchange(
        &self,
        provider: &Value,
        code: &str,
        verifier: &str,
    ) -> Result<String, Unexpected> {
        let (client_id, secret) = self.registration()?;
        let asked = Asked::new(Method::POST, text(provider, "/token_endpoint")?)
            .header(
                header::AUTHORIZATION,
                &format!("Basic {}", STANDARD.encode(format!("{client_id}:{secret}"))),
            )?
            .form(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", &self.redirect_uri()),
                ("code_verifier", verifier),
            ])?;
        let reply = self.0.client.send(asked).await?;
        let answer = reply.json()?;
        if reply.status != StatusCode::OK {
            return Err(Unexpected(text(&answer, "/error")?));
        }
        text(&answer, "/id_token")
    }

    /// The claims of an ID token that passes the checks of Core §3.1.3.7.
    async fn verify(
        &self,
        provider: &Value,
        token: &str,
        nonce: &str,
    ) -> Result<Value, Unexpected> {
        let head = decode_header(token)?;
        ensure(
            head.alg == Algorithm::ES256,
            "the ID token is not signed as registered",
        )?;
        let asked = Asked::get(text(provider, "/jwks_uri")?);
        let jwks = self.0.client.send(asked).await?.expect(200)?.json()?;
        let keys = jwks.get("keys").and_then(Value::as_array);
        let key = keys.into_iter().flatten().find(|key| {
            key.get("kid")
                .and_then(Value::as_str)
                .is_some_and(|kid| Some(kid) == head.kid.as_deref())
        });
        let key = key.ok_or_else(|| Unexpected("the ID token's key is not published".into()))?;
        let key = DecodingKey::from_ec_components(&text(key, "/x")?, &text(key, "/y")?)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[&self.0.issuer]);
        validation.set_audience(&[&self.registration()?.0]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<Value>(token, &key, &validation)?.claims;
        says(&claims, "/nonce", nonce)?;
        Ok(claims)
    }
}

async fn login(State(app): State<App>, Query(given): Parameters) -> Response {
    match app.begin(&given).await {
        Ok((url, state)) => {
            let cookie = format!("{COOKIE}={state}; Path=/app; HttpOnly; SameSite=Lax");
            redirect(url.as_str(), &cookie)
        }
        Err(error) => refused(&error),
    }
}

async fn callback(
    State(app): State<App>,
    headers: HeaderMap,
    Query(given): Parameters,
) -> Response {
    let fields = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|v| v.to_str().ok());
    let cookie = fields
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value));
    match app.finish(&given, cookie).await {
        Ok(claims) => Json(json!({"signed_in": claims})).into_response(),
        Err(error) => refused(&error),
    }
}

fn redirect(location: &str, cookie: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let values = [(header::LOCATION, location), (header::SET_COOKIE, cookie)];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn refused(error: &Unexpected) -> Response {
    (
        StatusCode::FORBIDDEN,
        Json(json!({"error": error.to_string()})),
    )
        .into_response()
}
