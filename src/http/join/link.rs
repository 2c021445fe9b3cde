//! Who comes by a link that is a secret: an invitation's, a question's, one that lets in once, one to set up with.

use std::marker::PhantomData;

use axum::Extension;
use axum::extract::rejection::ExtensionRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use crate::http::auth::session::Browser;
use crate::http::client::Client;
use crate::http::join::sent_away;
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};

/// What every answer of a link's page needs. `P` is the page, which adds what it does.
pub(in crate::http) struct ByLink<P> {
    pub(in crate::http) gateway: Gateway,
    pub(in crate::http) request: RequestId,
    pub(in crate::http) browser: Browser,
    /// What the address has in the place of the token. What is no text is no token either.
    pub(in crate::http) token: String,
    client: Client,
    page: PhantomData<P>,
}

impl<P> ByLink<P> {
    /// No link of ours: who tries one after the other is sent away for a while.
    pub(in crate::http) fn missed(
        &self,
        (title, reason): (&str, &'static str),
        text: &str,
    ) -> Response {
        sent_away(&self.gateway, &self.client, &self.request).unwrap_or_else(|| {
            page::refusal(StatusCode::NOT_FOUND, title, reason, text, &self.request)
        })
    }
}

impl<P> FromRequestParts<Gateway> for ByLink<P> {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        gateway: &Gateway,
    ) -> Result<Self, Self::Rejection> {
        let Extension(request) = Extension::from_request_parts(parts, gateway).await?;
        let Ok(client) = Client::from_request_parts(parts, gateway).await;
        let named = Path::<Vec<(String, String)>>::from_request_parts(parts, gateway).await;
        let named = named.map_or_else(|_| Vec::new(), |Path(named)| named);
        let token = named.into_iter().find(|(name, _)| name == "token");
        Ok(Self {
            gateway: gateway.clone(),
            request,
            browser: Browser::of(&parts.headers, gateway),
            token: token.map(|(_, token)| token).unwrap_or_default(),
            client,
            page: PhantomData,
        })
    }
}
