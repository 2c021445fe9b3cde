//! The token endpoint (RFC 6749 §3.2): an app that proves who it is redeems its code for an ID
//! token, an access token and a refresh token (§4.1.3), and that one for new ones (§6); a SCIM client
//! gets an access token of its own (§4.4).

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::http::oidc::{client, form};
use crate::http::reply::oauth;
use crate::http::{Gateway, RequestId};
use crate::oidc::Code;
use crate::oidc::claims::{ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, Issue};
use crate::oidc::keys::{self, Algorithm};
use crate::oidc::token::{Grant, TokenRequest, TokenResponse};
use crate::provisioning::client_tokens::{self, Client};
use crate::provisioning::hand_off::Failure;
use crate::provisioning::redemption::{self, Redeemed};
use crate::provisioning::{Source, refresh};
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
        Ok(asked) => answer(&gateway, &request, asked).await,
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

async fn answer(
    gateway: &Gateway,
    request: &RequestId,
    asked: TokenRequest,
) -> Result<TokenResponse, Failure> {
    let known = client::authenticated(gateway, request, asked.credentials).await?;
    match (known.client, asked.grant) {
        (Client::App(app), Grant::Code(grant)) => {
            let context = gateway.context(Source::System, request);
            let redeemed = redemption::redeem(&gateway.store, &context, (*app).clone(), grant);
            signed(gateway, &app, &redeemed.await?).await
        }
        (Client::App(app), Grant::Refresh(grant)) => {
            let context = gateway.context(Source::System, request);
            let refreshed = refresh::refresh(&gateway.store, &context, (*app).clone(), grant);
            signed(gateway, &app, &refreshed.await?).await
        }
        (Client::Scim(client), Grant::ClientCredentials) => {
            let context = gateway.context(Source::Scim(client.connection_id), request);
            let issued =
                client_tokens::issue(&gateway.store, &context, client.id, known.proven).await?;
            let (token, seconds) = issued;
            let token = token.reveal().to_owned();
            Ok(TokenResponse::of_scim_client(token, seconds))
        }
        _ => {
            let why = "this client may not use this grant";
            Err(Code::UnauthorizedClient.because(why).into())
        }
    }
}

/// The tokens: the access token ES256 as RFC 9068 has it, the ID token as the app wants it.
async fn signed(
    gateway: &Gateway,
    app: &AppRow,
    redeemed: &Redeemed,
) -> Result<TokenResponse, Failure> {
    let signing = gateway.keys.now(gateway.ids.clock().now()).await?;
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
        refresh,
        family,
    } = redeemed;
    let ids = [gateway.ids.next(), family.uuid()];
    let claims = facts.access_token(issue, &app.audience, *scope, ids);
    let access = signing
        .sign(Algorithm::Es256, ACCESS_TOKEN_TYPE, &claims)
        .map_err(failed)?;
    let claims = facts.id_token(issue, nonce.as_deref(), &access);
    let algorithm = app.id_token_alg.parse().map_err(failed)?;
    let id = signing
        .sign(algorithm, ID_TOKEN_TYPE, &claims)
        .map_err(failed)?;
    let refresh = refresh.reveal().to_owned();
    Ok(TokenResponse::new(access, id, *scope, refresh))
}
