//! The UserInfo endpoint (OpenID Connect Core §5.3): who the access token's person is now. The
//! token is worth nothing once its session has ended.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use crate::http::reply::oauth;
use crate::http::{Gateway, RequestId};
use crate::oidc::claims::{UserInfo, verify_access_token};
use crate::oidc::scope::Scope;
use crate::oidc::{Code, Error as Refused};
use crate::provisioning::hand_off::{self, Failure};

/// `GET` or `POST /oauth/userinfo`.
pub(super) async fn userinfo(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
) -> Response {
    if !headers.contains_key(header::AUTHORIZATION) {
        return oauth::unauthenticated();
    }
    match read(&gateway, &headers).await {
        Ok(info) => oauth::json(StatusCode::OK, &info),
        Err(failure) => oauth::refusal(&oauth::translated(failure, &request)),
    }
}

async fn read(gateway: &Gateway, headers: &HeaderMap) -> Result<UserInfo, Failure> {
    let token = bearer(headers)?;
    let now = gateway.ids.clock().now();
    let keys = gateway.keys.now(now).await?;
    let token = verify_access_token(&keys, token, &gateway.public_url, now, None)?;
    let scope: Scope = token.scope.parse()?;
    let facts = hand_off::facts_now(&gateway.store, token, now).await?;
    Ok(facts.user_info(scope))
}

/// The token of the `Authorization` field (RFC 6750 §2.1), which may be there once.
fn bearer(headers: &HeaderMap) -> Result<&str, Refused> {
    let missing = Code::InvalidToken.because("an access token is needed: Authorization: Bearer");
    let mut fields = headers.get_all(header::AUTHORIZATION).into_iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return Err(missing);
    };
    let (scheme, token) = field
        .to_str()
        .ok()
        .and_then(|field| field.split_once(' '))
        .ok_or(missing)?;
    if scheme.eq_ignore_ascii_case("Bearer") {
        Ok(token.trim())
    } else {
        Err(missing)
    }
}
