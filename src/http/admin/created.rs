//! What is answered where something was made: it, and where it is from now on (RFC 9110 §10.2.2, §15.3.2).

use std::fmt;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::auth::admin::Admin;

/// What was made; or was there, so that nothing was.
#[derive(Debug)]
pub(in crate::http) struct Created<T> {
    /// It, as it is shown this once.
    pub(in crate::http) value: T,
    /// Where it is read; none where nothing was made.
    location: Option<String>,
}

impl<T> Created<T> {
    /// It was made, and is read at this path below `/api/v1` from now on.
    pub(super) fn at(admin: &Admin, path: impl fmt::Display, value: T) -> Self {
        let location = admin.gateway().link(&format!("/api/v1{path}"));
        Self {
            value,
            location: Some(location),
        }
    }

    /// Nothing was made: this is there already.
    pub(super) fn known(value: T) -> Self {
        Self {
            value,
            location: None,
        }
    }

    /// Whether it was made.
    pub(in crate::http) fn is_new(&self) -> bool {
        self.location.is_some()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        match self.location {
            Some(location) => {
                let location = [(header::LOCATION, location)];
                (StatusCode::CREATED, location, Json(self.value)).into_response()
            }
            None => Json(self.value).into_response(),
        }
    }
}
