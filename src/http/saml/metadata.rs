//! What an identity provider's administrator reads (SAML Metadata 2.4.4).

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::http::saml::{Named, connection, service_provider};
use crate::http::{Gateway, RequestId};
use crate::saml::metadata::ServiceProvider;

/// `GET /saml/{connection}/metadata`.
pub(super) async fn metadata(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    named: Named,
) -> Response {
    let row = match connection(&gateway, named, &request).await {
        Ok((row, _)) => row,
        Err(response) => return response,
    };
    let media = HeaderValue::from_static(ServiceProvider::MEDIA_TYPE);
    let keep = HeaderValue::from_static("public, max-age=300");
    let headers = [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, keep)];
    (headers, service_provider(&gateway, row.id).to_xml()).into_response()
}
