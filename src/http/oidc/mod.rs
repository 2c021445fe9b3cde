//! The OpenID provider's door (OpenID Connect Core, RFC 6749 under RFC 9700) for the app behind,
//! whose token endpoint is that of SCIM clients, too.
//! Scripts of other origins may read the token, UserInfo, keys and discovery endpoints; the
//! authorization and the logout endpoint are for browsers that come by themselves, introspection and revocation are
//! for servers.

mod authorize;
mod client;
mod client_keys;
pub(super) mod form;
mod inspect;
mod logout;
mod token;
mod userinfo;
mod visit;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::http::reply::{oauth, page};
use crate::http::{Gateway, RequestId};
use crate::oidc::{Code, discovery};

pub use client_keys::ClientKeys;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let documents = get(document).options(oauth::preflight).fallback(not_so);
    let keys = get(keys).options(oauth::preflight).fallback(not_so);
    let token = post(token::token)
        .options(oauth::preflight)
        .fallback(not_so);
    let userinfo = get(userinfo::userinfo).post(userinfo::userinfo);
    let authorize = get(authorize::by_query).post(authorize::by_form);
    let logout = get(logout::by_query).post(logout::by_form);
    Router::new()
        .route("/.well-known/openid-configuration", documents.clone())
        .route("/.well-known/oauth-authorization-server", documents)
        .route("/oauth/jwks", keys)
        .route("/oauth/token", token)
        .route(
            "/oauth/userinfo",
            userinfo.options(oauth::preflight).fallback(not_so),
        )
        .route(
            "/oauth/introspect",
            post(inspect::introspect).fallback(not_so_here),
        )
        .route("/oauth/revoke", post(inspect::revoke).fallback(not_so_here))
        .route("/oauth/authorize", authorize.fallback(not_by_browser))
        .route("/oauth/logout", logout.fallback(not_by_browser))
        .route(
            "/oauth/logout/confirm",
            post(logout::confirmed).fallback(not_unasked),
        )
}

/// `GET /.well-known/openid-configuration` (OpenID Connect Discovery §4), and the same document
/// where those look who know OAuth alone (RFC 8414 §3).
async fn document(State(gateway): State<Gateway>) -> Response {
    oauth::document(&discovery::document(&gateway.public_url))
}

/// `GET /oauth/jwks` (RFC 7517 §5).
async fn keys(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
) -> Response {
    match gateway.keys.now(gateway.ids.clock().now()).await {
        Ok(keys) => oauth::document(&keys.jwks()),
        Err(error) => oauth::refusal(&oauth::translated(error.into(), &request)),
    }
}

async fn not_so() -> Response {
    let error = Code::InvalidRequest.because("this endpoint does not take this method");
    oauth::refusal_as(StatusCode::METHOD_NOT_ALLOWED, &error)
}

/// The same, where no script of another origin has business.
async fn not_so_here() -> Response {
    oauth::closed(not_so().await)
}

async fn not_unasked(Extension(request): Extension<RequestId>) -> Response {
    page::method_not_allowed("POST", &request)
}

async fn not_by_browser(Extension(request): Extension<RequestId>) -> Response {
    page::method_not_allowed("GET, HEAD, POST", &request)
}
