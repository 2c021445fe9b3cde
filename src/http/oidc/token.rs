//! The token endpoint (RFC 6749 §3.2, §4.1.3): an app that proves who it is redeems its code for
//! an ID token and an access token.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use futures_util::FutureExt;

use crate::http::oidc::form;
use crate::http::reply::oauth;
use crate::http::{Gateway, RequestId};
use crate::oidc::claims::{ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, Issue};
use crate::oidc::keys::{self, Algorithm};
use crate::oidc::token::{TokenRequest, TokenResponse};
use crate::oidc::{Code, Error as Refused};
use crate::provisioning::hand_off::{self, Failure, Redeemed};
use crate::provisioning::{Error, Source};
use crate::store::rows::AppRow;

/// `POST /oauth/token`.
pub(super) async fn token(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    posted: Request,
) -> Response {
    let (head, pairs) = match form::read(posted).await {
        Ok(form) => form,
        Err((status, error)) => return oauth::refusal_as(status, &error),
    };
    let header = head
        .headers
        .get(header::AUTHORIZATION)
        .map(|v| v.to_str().unwrap_or(""));
    let outcome = match TokenRequest::parse(header, &pairs) {
        Ok(asked) => redeem(&gateway, &request, asked).await,
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(tokens) => oauth::json(StatusCode::OK, &tokens),
        Err(failure) => {
            let error = oauth::translated(failure, &request);
            tracing::info!(request.id = %request.0, reason = error.code().as_str(),
                "refused a token request");
            oauth::refusal(&error)
        }
    }
}

async fn redeem(
    gateway: &Gateway,
    request: &RequestId,
    asked: TokenRequest,
) -> Result<TokenResponse, Failure> {
    let client_id = asked.credentials.client_id.clone();
    let found = gateway.store.read(move |tx| {
        let client_id = client_id.clone();
        async move { Ok::<_, Error>(tx.app_by_client_id(&client_id).await?) }.boxed()
    });
    let app = hand_off::authenticated(found.await?, &asked.credentials.client_secret)?;
    let context = gateway.context(Source::System, request);
    let redeemed = hand_off::redeem(&gateway.store, &context, app.clone(), asked).await?;
    Ok(signed(gateway, &app, &redeemed)?)
}

/// Both tokens: the access token ES256 as RFC 9068 has it, the ID token as the app wants it.
fn signed(gateway: &Gateway, app: &AppRow, redeemed: &Redeemed) -> Result<TokenResponse, Refused> {
    let issue = Issue {
        issuer: &gateway.public_url,
        client_id: &app.client_id,
        at: gateway.ids.clock().now(),
    };
    let failed = |error: keys::Error| {
        tracing::error!(%error, "a token could not be signed");
        Code::ServerError.because("something failed here")
    };
    let Redeemed {
        facts,
        scope,
        nonce,
    } = redeemed;
    let claims = facts.access_token(issue, &app.audience, *scope, gateway.ids.next());
    let access = gateway
        .keys
        .sign(Algorithm::Es256, ACCESS_TOKEN_TYPE, &claims)
        .map_err(failed)?;
    let claims = facts.id_token(issue, nonce.as_deref(), &access);
    let algorithm = app.id_token_alg.parse().map_err(failed)?;
    let id = gateway
        .keys
        .sign(algorithm, ID_TOKEN_TYPE, &claims)
        .map_err(failed)?;
    Ok(TokenResponse::new(access, id, *scope))
}
