//! Health: whether the process lives and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use crate::http::Gateway;
use crate::store;

/// `GET /livez`: the process runs.
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the store answers and has an installation in it; 503 while it does not.
pub(super) async fn readyz(State(gateway): State<Gateway>) -> Response {
    let there = gateway
        .store
        .read(|tx| async move { Ok::<_, store::Error>(tx.instance().await?.is_some()) }.boxed());
    match there.await {
        Ok(true) => (StatusCode::OK, "ok\n").into_response(),
        Ok(false) => (StatusCode::SERVICE_UNAVAILABLE, "the store is empty\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "the store does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store does not answer\n",
            )
                .into_response()
        }
    }
}
