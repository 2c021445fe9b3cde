//! Discovery (RFC 7644 §4): printed from the catalog that drives everything else.

use axum::http::StatusCode;
use axum::response::Response;

use crate::http::reply;
use crate::http::scim::{Endpoint, ScimRequest};
use crate::provisioning::Error;
use crate::scim::catalog::custom::Types;
use crate::scim::{self, discovery};

/// Answers `ServiceProviderConfig`, `ResourceTypes` and `Schemas`.
pub(super) fn answer(request: &ScimRequest, types: Types) -> Result<Response, Error> {
    if let Some(refusal) = request.refusal() {
        return Err(Error::Scim(refusal));
    }
    discovery::check_query(&request.pairs)?;
    let base = &request.base;
    let found = match &request.task.endpoint {
        Endpoint::ServiceProviderConfig => Some(discovery::service_provider_config(base, None)),
        Endpoint::ResourceTypes => Some(discovery::resource_types(base, types)),
        Endpoint::ResourceType(name) => discovery::resource_type(base, types, name),
        Endpoint::Schemas => Some(discovery::schemas(base, types)),
        Endpoint::Schema(urn) => discovery::schema(base, types, urn),
        _ => None,
    };
    let body = found.ok_or_else(|| scim::Error::not_found("there is no such schema or type"))?;
    Ok(reply::scim::json(StatusCode::OK, body.to_string()))
}
