//! What lies around every route: the request id, the log line, rate limits where some are set, and the net under
//! panics.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;
use uuid::Uuid;

use crate::http::admin::rated;
use crate::http::reply;
use crate::http::state::{Gateway, RequestId};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps the routes.
pub(super) fn around(routes: Router, gateway: Gateway) -> Router {
    let mut routes = routes.layer(CatchPanicLayer::custom(panicked));
    if gateway.rates.are_set() {
        routes = routes.layer(middleware::from_fn_with_state(
            gateway.clone(),
            rated::rated,
        ));
    }
    routes.layer(middleware::from_fn_with_state(gateway, observed))
}

/// Gives the request its id, and writes one line about it: the route's pattern, never its values.
async fn observed(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    let id: Arc<str> = gateway.ids.next::<Uuid>().to_string().into();
    let started = gateway.ids.clock().now();
    let method = request.method().clone();
    let scim = request
        .uri()
        .path()
        .get(..6)
        .is_some_and(|p| p.eq_ignore_ascii_case("/scim/"));
    let api = request.uri().path().starts_with("/api/");
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    let mut response = next.run(request).await;
    if scim && response.headers().get(header::CONTENT_TYPE).is_none() && is_refusal(&response) {
        response = reply::scim::bare(response.status());
    }
    if api {
        response = reply::problem::finished(
            response,
            &gateway.public_url,
            &id,
            gateway.ids.clock().now(),
        );
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let took: Duration = gateway
        .ids
        .clock()
        .now()
        .duration_since(started)
        .try_into()
        .unwrap_or_default();
    tracing::info!(
        request.id = %id,
        http.method = %method,
        http.route = route.as_deref().unwrap_or("none"),
        http.status = response.status().as_u16(),
        duration.micros = took.as_micros() as u64,
        "answered a request"
    );
    response
}

fn is_refusal(response: &Response) -> bool {
    response.status().is_client_error() || response.status().is_server_error()
}

/// A panic is ours: it is logged by its place alone, and the caller learns that it failed.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
