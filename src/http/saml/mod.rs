//! The SAML service provider's door: one set of addresses a connection, and the connection is
//! chosen by the address alone, never by what a message says of its issuer.

mod acs;
mod answer;
pub(super) mod ask;
pub(super) mod leave;
mod message;
mod metadata;
mod slo;
mod told;

use std::sync::Arc;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::FutureExt;

use crate::directory::connection::KeyState;
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};
use crate::id::ConnectionId;
use crate::provisioning::saml_peer::SamlPeer;
use crate::provisioning::{Error, saml_keys};
use crate::saml::metadata::ServiceProvider;
use crate::saml::own_key::OwnKey;
use crate::store::Reach;
use crate::store::rows::{ConnectionRow, SamlKeyRow};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/saml/{connection}/acs", post(acs::acs).fallback(only_post))
        .route(
            "/saml/{connection}/continue",
            post(answer::answer).fallback(only_post),
        )
        .route(
            "/saml/{connection}/metadata",
            get(metadata::metadata).fallback(only_get),
        )
        .route(
            "/saml/{connection}/login",
            get(ask::login).fallback(only_get),
        )
        .route(
            "/saml/{connection}/slo",
            get(slo::by_query).post(slo::by_form).fallback(get_or_post),
        )
}

async fn only_post(Extension(request): Extension<RequestId>) -> Response {
    page::method_not_allowed("POST", &request)
}

async fn only_get(Extension(request): Extension<RequestId>) -> Response {
    page::method_not_allowed("GET, HEAD", &request)
}

async fn get_or_post(Extension(request): Extension<RequestId>) -> Response {
    page::method_not_allowed("GET, HEAD, POST", &request)
}

/// The connection's id, as a path has it.
type Named = Result<Path<String>, PathRejection>;

/// The connection that an address names; or the page that says no.
async fn connection(
    gateway: &Gateway,
    named: Named,
    request: &RequestId,
) -> Result<Arc<SamlPeer>, Response> {
    let unknown = || page::unknown_connection(request);
    let id = named
        .ok()
        .and_then(|Path(id)| id.parse::<ConnectionId>().ok())
        .ok_or_else(unknown)?;
    let found = gateway
        .store
        .read_of(Reach::One, move |tx| SamlPeer::of_url(tx, id).boxed());
    match found.await {
        Ok(found) => found.ok_or_else(unknown),
        Err(error) => Err(page::error(error, request)),
    }
}

/// Our keys of a connection, of which these were found; the first who needs one makes it.
async fn keys(
    gateway: &Gateway,
    row: &ConnectionRow,
    found: &[SamlKeyRow],
) -> Result<Vec<SamlKeyRow>, Error> {
    if found.iter().any(|key| key.state == KeyState::Current) {
        return Ok(found.to_vec());
    }
    // Few make one at once.
    let _place = gateway.verifications.acquire().await;
    let (ids, secrets) = (&gateway.ids, &gateway.links.secrets);
    saml_keys::of(&gateway.store, ids, secrets, (row.org_id, row.id)).await
}

/// The key of ours that signs for a connection.
async fn signing_key(gateway: &Gateway, row: &ConnectionRow) -> Result<OwnKey, Error> {
    // Where a key is yet to be made, few make it at once.
    let _place = gateway.verifications.acquire().await;
    let (ids, secrets) = (&gateway.ids, &gateway.links.secrets);
    saml_keys::signing(&gateway.store, ids, secrets, (row.org_id, row.id)).await
}

/// Where a connection's logout messages go.
fn slo_url(gateway: &Gateway, id: ConnectionId) -> String {
    gateway.link(&format!("/saml/{id}/slo"))
}

/// What we are to this connection's identity provider.
fn service_provider(gateway: &Gateway, id: ConnectionId) -> ServiceProvider {
    let address = |what: &str| gateway.link(&format!("/saml/{id}/{what}"));
    ServiceProvider::new(address("metadata"), address("acs"))
}
