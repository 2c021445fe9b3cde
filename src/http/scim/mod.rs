//! `/scim/{connection}/v2`: the SCIM service provider (RFC 7644 §3.2). One route takes the whole
//! tree, since its paths match in any case and with a trailing slash; [`endpoint`] says what a
//! path means, and each file answers one kind of resource.
//!
//! The order of refusals is the same on every path: 401 without a live token, 404 for another
//! connection's path, 403 while paused, then 404, 405 and whatever is wrong with the request.
//! Only `ServiceProviderConfig` answers without a token (RFC 7643 §5): it tells nothing of a
//! tenant.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use futures_util::FutureExt;

use crate::http::Gateway;
use crate::http::reply;
use crate::id::{ConnectionId, OrganizationId};
use crate::provisioning::scim_client::{Credentials, ScimClient};
use crate::provisioning::{Error, scim_question};
use crate::scim;
use crate::scim::Tolerances;
use crate::scim::catalog::custom::Types;
use crate::store::Reach;

mod bulk;
mod cursor;
mod discovery;
mod endpoint;
mod groups;
mod page;
pub mod places;
mod record;
mod request;
mod resources;
mod roles;
mod root;
mod task;
mod users;
mod view;

use endpoint::Endpoint;
use record::Recording;
use request::{ScimRequest, read};

/// The routes below `/scim`.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/scim/{connection}/{version}", any(answer))
        .route("/scim/{connection}/{version}/", any(answer))
        .route("/scim/{connection}/{version}/{*rest}", any(answer))
}

async fn answer(
    State(gateway): State<Gateway>,
    Path(segments): Path<Vec<(String, String)>>,
    request: Request,
) -> Response {
    let head = request.method() == Method::HEAD;
    let (parts, body) = request.into_parts();
    let connection = segments.iter().find(|(name, _)| name == "connection");
    let connection = connection.map_or("", |(_, value)| value.as_str());
    let mut recording = Recording::begin(&gateway, connection, &parts);
    let read = read(&gateway, &segments, (parts, body), &mut recording).await;
    let mut response = match read {
        Ok(request) => {
            let media_type = request.media_type;
            let mut response = routed(&gateway, request)
                .await
                .unwrap_or_else(reply::scim::error);
            if let Some(told) = response.extensions_mut().remove::<Tolerated>() {
                let now = gateway.ids.clock().now();
                gateway.tally.tolerated(told.connection, told.used, now);
            }
            if response.headers().contains_key(header::CONTENT_TYPE) && media_type.is_json {
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(header::CONTENT_TYPE, json);
            }
            response
        }
        Err(refused) => reply::scim::error(refused),
    };
    if head {
        *response.body_mut() = Body::empty();
    }
    if let Some(id) = recording.witness.held()
        && let Ok(held) = HeaderValue::from_str(&id.to_string())
    {
        response.headers_mut().insert("usher-held", held);
    }
    recording.finish(&response);
    response
}

async fn routed(gateway: &Gateway, request: ScimRequest) -> Result<Response, Error> {
    let public = request.task.endpoint == Endpoint::ServiceProviderConfig;
    if public && request.credentials.bearer.is_none() && request.is_get() {
        return discovery::answer(&request, Types::STANDARD);
    }
    let allowed = request.task.endpoint.methods();
    if request.task.method == Method::OPTIONS {
        let_in(gateway, request.credentials.clone()).await?;
        return Ok(with_allow(reply_empty(StatusCode::NO_CONTENT), allowed));
    }
    if let Some(refusal) = request.refusal() {
        let_in(gateway, request.credentials.clone()).await?;
        let response = reply::scim::refusal(&refusal);
        let misused = refusal.status == StatusCode::METHOD_NOT_ALLOWED.as_u16();
        return Ok(if misused {
            with_allow(response, allowed)
        } else {
            response
        });
    }
    match request.task.endpoint {
        Endpoint::Users
        | Endpoint::User(_)
        | Endpoint::Groups
        | Endpoint::Group(_)
        | Endpoint::Search(_) => resources::answer(gateway, request).await,
        Endpoint::Role(_) | Endpoint::Roles => roles::answer(gateway, request).await,
        Endpoint::Bulk => bulk::answer(gateway, request).await,
        _ => {
            let credentials = request.credentials.clone();
            let credentials = (credentials, Reach::One);
            let types = scim_question(&gateway.store, &gateway.ids, credentials, |_, client| {
                let types = client.types;
                async move { Ok(types) }.boxed()
            });
            discovery::answer(&request, types.await?)
        }
    }
}

/// Checks the credentials alone, for answers that need nothing else of the store.
async fn let_in(gateway: &Gateway, credentials: Credentials) -> Result<(), Error> {
    let credentials = (credentials, Reach::One);
    scim_question(&gateway.store, &gateway.ids, credentials, |_, _| {
        async { Ok(()) }.boxed()
    })
    .await
}

fn with_allow(mut response: Response, allowed: &'static str) -> Response {
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

fn reply_empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Names that were left out of a request, told in the answer (see `scim::Strictness`).
fn with_ignored(mut response: Response, ignored: &[String]) -> Response {
    if !ignored.is_empty()
        && let Ok(value) = HeaderValue::from_str(&ignored.join(", "))
    {
        response.headers_mut().insert("usher-ignored", value);
    }
    response
}

/// The tolerances that a request needed which was answered, and whose it was: for the tally.
#[derive(Clone, Copy, Debug)]
struct Tolerated {
    connection: (OrganizationId, ConnectionId),
    used: Tolerances,
}

/// Notes on an answer which tolerances its request needed, beside those noted before.
fn with_tolerated(mut response: Response, client: &ScimClient, used: Tolerances) -> Response {
    let connection = (client.org, client.connection.id);
    let extensions = response.extensions_mut();
    let before = extensions.get::<Tolerated>().map(|it| it.used);
    let mut used = used;
    used.extend(before.unwrap_or_default());
    if !used.is_empty() {
        extensions.insert(Tolerated { connection, used });
    }
    response
}

/// One resource as an answer: its body, `ETag`, and where it lives.
fn resource(status: StatusCode, body: scim::Shown, version: i64, location: &str) -> Response {
    let mut response = reply::scim::json(status, Box::<str>::from(body).into());
    describe(
        &mut response,
        version,
        location,
        status == StatusCode::CREATED,
    );
    response
}

/// `204`, with the new version.
fn silent(version: i64, location: &str) -> Response {
    let mut response = reply_empty(StatusCode::NO_CONTENT);
    describe(&mut response, version, location, false);
    response
}

fn describe(response: &mut Response, version: i64, location: &str, created: bool) {
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(&scim::etag::of(version)) {
        headers.insert(header::ETAG, etag);
    }
    if let Ok(location) = HeaderValue::from_str(location) {
        let name = if created {
            header::LOCATION
        } else {
            header::CONTENT_LOCATION
        };
        headers.insert(name, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// `304` where the client has this version already (RFC 7644 §3.14).
fn unchanged(request: &ScimRequest, version: i64) -> Option<Response> {
    let known = request.task.conditions.if_none_match.as_ref()?;
    scim::etag::matches_if_none_match(known, version).then(|| {
        let mut response = reply_empty(StatusCode::NOT_MODIFIED);
        if let Ok(etag) = HeaderValue::from_str(&scim::etag::of(version)) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    })
}
