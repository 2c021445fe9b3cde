//! Whether a request is a visit of a person's browser, or only looks ahead.

use axum::http::{HeaderMap, Method};

/// Whether a page is visited. A look ahead is no visit, nor is a page elsewhere that names ours as a
/// picture or asks for it by script: none of them asks anybody for anything.
pub(in crate::http) fn is_one(method: &Method, headers: &HeaderMap) -> bool {
    let mode = headers.get("sec-fetch-mode");
    method != Method::HEAD && mode.is_none_or(|mode| mode == "navigate")
}
