//! Pages for people: HTML that works without JavaScript, with one stylesheet and no outside parts.

use axum::extract::OriginalUri;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::http::reply;

/// The answer of a path that leads nowhere, in the dialect of the door that it is nearest to.
pub(in crate::http) async fn not_found(OriginalUri(uri): OriginalUri) -> Response {
    if uri
        .path()
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("/scim/"))
    {
        return reply::scim::bare(StatusCode::NOT_FOUND);
    }
    (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response()
}
