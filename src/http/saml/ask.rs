//! Sign-ins that start here (SAML Profiles 4.1.2): the browser is sent to the connection's identity
//! provider with a request of ours, and the answer must come back by the same browser.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use jiff::SignedDuration;
use url::Url;

use crate::directory::connection::ConnectionState;
use crate::http::auth::session::{self, Browser};
use crate::http::auth::visit;
use crate::http::reply::page;
use crate::http::saml::{Named, connection, service_provider, signing_key};
use crate::http::{Gateway, RequestId};
use crate::provisioning::sign_in::request::{self, NewRequest};
use crate::provisioning::{Error, Refusal, demands, provider};
use crate::saml::metadata::Endpoints;
use crate::saml::own_key::OwnKey;
use crate::saml::request::AuthnRequest;
use crate::secret::{self, Bearer};
use crate::store::rows::ConnectionRow;

/// `GET /saml/{connection}/login`.
pub(super) async fn login(
    State(gateway): State<Gateway>,
    Extension(support): Extension<RequestId>,
    method: Method,
    headers: HeaderMap,
    named: Named,
    browser: Browser,
) -> Response {
    let known = match connection(&gateway, named, &support).await {
        Ok(known) => known,
        Err(response) => return response,
    };
    if !visit::is_one(&method, &headers) {
        return page::message(StatusCode::OK, "Sign in", "");
    }
    start(
        &gateway,
        &support,
        &known.connection,
        &browser,
        Wish::default(),
    )
    .await
}

/// What a sign-in is for.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Wish {
    /// The path and query of ours where the person goes once signed in; the app, where none is
    /// given.
    pub(in crate::http) continue_at: Option<String>,
    /// How long ago the person may have authenticated at most.
    pub(in crate::http) max_age: Option<SignedDuration>,
    /// Whether the identity provider is to ask them in any case; one that does not is taken all the same.
    pub(in crate::http) prompts: bool,
}

/// "Go on to your identity provider": a form that carries the request.
#[derive(Template)]
#[template(path = "saml_post.html")]
struct Form<'a> {
    host: &'a str,
    action: &'a str,
    field: &'a str,
}

/// Sends the browser to the connection's identity provider.
pub(in crate::http) async fn start(
    gateway: &Gateway,
    support: &RequestId,
    row: &ConnectionRow,
    browser: &Browser,
    wish: Wish,
) -> Response {
    if row.state != ConnectionState::Active {
        return page::sign_in(Refusal::Paused, support);
    }
    let endpoints = provider::endpoints(row, gateway.ids.clock().now());
    let Some(destination) = endpoints.sso() else {
        let text = "This connection does not know its identity provider yet. Ask your \
                    administrator to add its metadata.";
        let (status, title) = (StatusCode::CONFLICT, "Sign-in is not set up yet");
        return page::refusal(status, title, "identity_provider_missing", text, support);
    };
    // One secret for all requests of a browser: several tabs may ask at once.
    let secret = browser.request.clone();
    let secret = secret.unwrap_or_else(|| Bearer::new("", gateway.ids.entropy()).reveal().into());
    let new = NewRequest {
        org: row.org_id,
        connection: row.id,
        browser: secret::hash(&secret),
        continue_at: wish.continue_at.clone(),
        max_age: if row.demands.force_authn {
            Some(SignedDuration::ZERO)
        } else {
            wish.max_age
        },
    };
    let prompts = wish.prompts;
    let asked = match request::begin(&gateway.store, &gateway.ids, new).await {
        Ok(asked) => asked,
        Err(error) => return page::error(error, support),
    };
    let key = match key(gateway, row).await {
        Ok(key) => key,
        Err(error) => return page::error(error, support),
    };
    let us = service_provider(gateway, row.id);
    let authn = AuthnRequest {
        id: &asked.id,
        issue_instant: asked.created_at.0,
        destination,
        acs_url: &us.acs_url,
        issuer: &us.entity_id,
        force_authn: asked.fresh_since.is_some() || prompts,
        demands: demands::of(&row.demands),
    };
    let Some(mut response) = sent(gateway, &endpoints, &authn, key.as_ref()) else {
        return page::failed(support);
    };
    session::request(response.headers_mut(), gateway, &secret);
    response
}

/// The key that signs the request, where requests are signed.
async fn key(gateway: &Gateway, row: &ConnectionRow) -> Result<Option<OwnKey>, Error> {
    if !provider::signs_requests(row) {
        return Ok(None);
    }
    signing_key(gateway, row).await.map(Some)
}

/// The answer that sends a request on: by redirect, or else in a form.
fn sent(
    gateway: &Gateway,
    endpoints: &Endpoints,
    authn: &AuthnRequest<'_>,
    key: Option<&OwnKey>,
) -> Option<Response> {
    if endpoints.sso_redirect.is_some() {
        return Some(page::see_other(&authn.redirect(key)?));
    }
    let host = Url::parse(authn.destination).ok();
    let form = Form {
        host: host.as_ref().and_then(Url::host_str).unwrap_or_default(),
        action: authn.destination,
        field: &authn.field(key)?,
    };
    // What is posted may be answered by a redirect to another of its addresses.
    Some(page::submitted(&form, &page::anywhere(gateway)))
}
