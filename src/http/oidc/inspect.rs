//! The introspection endpoint (RFC 7662) and the revocation endpoint (RFC 7009): an app that proves
//! who it is asks of its own tokens. Of any other token it learns nothing, not even that it is one.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::http::oidc::{client, form};
use crate::http::reply::oauth;
use crate::http::{Gateway, RequestId};
use crate::oidc::claims::{AccessToken, verify_access_token};
use crate::oidc::inspection::{self, TokenQuery};
use crate::provisioning::hand_off::{self, Failure};
use crate::provisioning::{inspection as tokens, refresh};
use crate::store::rows::AppRow;

/// `POST /oauth/introspect`.
pub(super) async fn introspect(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    posted: Request,
) -> Response {
    let asked = match read(&gateway, &request, posted).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    answered(asked.worth(&gateway).await, &request)
}

/// `POST /oauth/revoke`. A token that is none is as good as revoked (RFC 7009 §2.2).
pub(super) async fn revoke(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    posted: Request,
) -> Response {
    let asked = match read(&gateway, &request, posted).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    let revoked = asked.revoke(&gateway).await;
    answered(revoked.map(|()| json!({})), &request)
}

/// What a known app asks about.
struct Asked {
    app: AppRow,
    token: String,
    now: Timestamp,
}

async fn read(gateway: &Gateway, request: &RequestId, posted: Request) -> Result<Asked, Response> {
    let form = form::read(posted).await;
    let (head, pairs) =
        form.map_err(|(status, error)| oauth::closed(oauth::refusal_as(status, &error)))?;
    let header = head
        .headers
        .get(header::AUTHORIZATION)
        .map(|v| v.to_str().unwrap_or(""));
    let asked = async {
        let query = TokenQuery::parse(header, &pairs)?;
        let app = client::app(gateway, request, query.credentials).await?;
        Ok::<_, Failure>(Asked {
            app,
            token: query.token,
            now: gateway.ids.clock().now(),
        })
    };
    asked.await.map_err(|failure| refused(failure, request))
}

impl Asked {
    async fn worth(&self, gateway: &Gateway) -> Result<Value, Failure> {
        let store = &gateway.store;
        if self.token.starts_with(refresh::PREFIX) {
            let found = tokens::good(store, &self.app, &self.token, self.now).await?;
            let shown = found.map(|token| {
                inspection::of_refresh_token(&token, &gateway.public_url, &self.app.client_id)
            });
            return Ok(shown.unwrap_or_else(inspection::inactive));
        }
        let Some(token) = self.access_token(gateway).await? else {
            return Ok(inspection::inactive());
        };
        match hand_off::facts_now(store, token.clone(), self.now).await {
            Ok(facts) => Ok(inspection::of_access_token(&token, &facts)),
            Err(Failure::Refused(_)) => Ok(inspection::inactive()),
            Err(failure) => Err(failure),
        }
    }

    async fn revoke(&self, gateway: &Gateway) -> Result<(), Failure> {
        let store = &gateway.store;
        if self.token.starts_with(refresh::PREFIX) {
            return Ok(tokens::revoke(store, &self.app, &self.token, self.now).await?);
        }
        match self.access_token(gateway).await? {
            Some(token) => Ok(tokens::revoke_access(store, token, self.now).await?),
            None => Ok(()),
        }
    }

    /// The token as an access token of this app that has not expired.
    async fn access_token(&self, gateway: &Gateway) -> Result<Option<AccessToken>, Failure> {
        let (keys, issuer) = (gateway.keys.now(self.now).await?, &gateway.public_url);
        let token = verify_access_token(&keys, &self.token, issuer, self.now, None).ok();
        Ok(token.filter(|token| token.client_id == self.app.client_id))
    }
}

fn answered(outcome: Result<Value, Failure>, request: &RequestId) -> Response {
    match outcome {
        Ok(value) => oauth::closed(oauth::json(StatusCode::OK, &value)),
        Err(failure) => refused(failure, request),
    }
}

fn refused(failure: Failure, request: &RequestId) -> Response {
    let error = oauth::translated(failure, request);
    tracing::info!(request.id = %request.0, reason = error.code().as_str(),
        "refused a question about a token");
    oauth::closed(oauth::refusal(&error))
}
