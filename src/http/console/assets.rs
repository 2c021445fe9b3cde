//! The one stylesheet and the one script of the console, compiled in. Their addresses change with their content, so
//! that browsers keep them for good.

use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::Gateway;
use crate::secret;

const STYLE: &str = concat!(
    include_str!("../templates/tokens.css"),
    include_str!("../templates/console/console.css")
);
const SCRIPT: &str = include_str!("../templates/console/console.js");

/// Where pages find them.
pub(in crate::http) struct Paths {
    pub(in crate::http) style: String,
    pub(in crate::http) script: String,
}

static PATHS: LazyLock<Paths> = LazyLock::new(|| {
    let named = |name: &str, content: &str| {
        let hash = URL_SAFE_NO_PAD.encode(secret::hash(content));
        let short: String = hash.chars().take(12).collect();
        format!("/console/assets/{name}?v={short}")
    };
    Paths {
        style: named("console.css", STYLE),
        script: named("console.js", SCRIPT),
    }
});

/// Where pages find them.
pub(in crate::http) fn paths() -> &'static Paths {
    &PATHS
}

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route(
            "/console/assets/console.css",
            get(async || sent("text/css; charset=utf-8", STYLE)),
        )
        .route(
            "/console/assets/console.js",
            get(async || sent("text/javascript; charset=utf-8", SCRIPT)),
        )
}

fn sent(kind: &'static str, content: &'static str) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let kept = "public, max-age=31536000, immutable";
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    (headers, content).into_response()
}
