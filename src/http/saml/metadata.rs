//! What an identity provider's administrator reads (SAML Metadata 2.4.4).

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::directory::connection::KeyState;
use crate::directory::demands::RequireSigned;
use crate::http::reply::page;
use crate::http::saml::{Named, connection, keys, service_provider, slo_url};
use crate::http::{Gateway, RequestId};
use crate::provisioning::saml_peer::SamlPeer;
use crate::provisioning::{Error, provider};
use crate::saml::metadata::ServiceProvider;

/// `GET /saml/{connection}/metadata`.
pub(super) async fn metadata(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    named: Named,
) -> Response {
    let known = match connection(&gateway, named, &request).await {
        Ok(known) => known,
        Err(response) => return response,
    };
    let us = match described(&gateway, &known).await {
        Ok(us) => us,
        Err(error) => return page::error(error, &request),
    };
    let media = HeaderValue::from_static(ServiceProvider::MEDIA_TYPE);
    let keep = HeaderValue::from_static("public, max-age=300");
    let headers = [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, keep)];
    (headers, us.to_xml()).into_response()
}

/// What we are to the connection's provider, with our keys; the first reader of all makes them.
async fn described(gateway: &Gateway, known: &SamlPeer) -> Result<ServiceProvider, Error> {
    let row = &known.connection;
    let keys = keys(gateway, row, &known.keys).await?;
    // The retired key signs nothing, and nothing new is to be encrypted for it.
    let published = keys
        .into_iter()
        .filter(|key| key.state != KeyState::Retired);
    Ok(ServiceProvider {
        want_assertions_signed: row.demands.require_signed != RequireSigned::Response,
        signs_requests: provider::signs_requests(row),
        slo_url: provider::single_logout(row).then(|| slo_url(gateway, row.id)),
        allow_cbc: provider::allows_cbc(row),
        certificates: published.map(|key| key.certificate).collect(),
        ..service_provider(gateway, row.id)
    })
}
