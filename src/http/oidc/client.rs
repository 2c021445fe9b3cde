//! Client authentication at the endpoints that are for clients alone: tokens, introspection,
//! revocation (RFC 6749 §2.3, RFC 7662 §2.1, RFC 7009 §2.1).

use crate::http::{Gateway, RequestId};
use crate::oidc::assertion::{Assertion, Audience};
use crate::oidc::client::{Credentials, Proof, REFUSED};
use crate::oidc::{Code, discovery};
use crate::provisioning::client_tokens::{self, Authenticated, Client};
use crate::provisioning::hand_off::Failure;
use crate::store::rows::AppRow;

/// The client that proved who it is.
pub(super) async fn authenticated(
    gateway: &Gateway,
    request: &RequestId,
    credentials: Credentials,
) -> Result<Authenticated, Failure> {
    let method = credentials.method();
    match credentials.proof {
        Proof::Secret(secret, _) => {
            let found = client_tokens::find(&gateway.store, &credentials.client_id).await?;
            let now = gateway.ids.clock().now();
            client_tokens::by_secret(found, &secret, method, now)
        }
        Proof::Assertion(assertion) => by_assertion(gateway, request, *assertion).await,
    }
}

/// The app that proved who it is, where SCIM clients have no business.
pub(super) async fn app(
    gateway: &Gateway,
    request: &RequestId,
    credentials: Credentials,
) -> Result<AppRow, Failure> {
    match authenticated(gateway, request, credentials).await?.client {
        Client::App(app) => Ok(*app),
        Client::Scim(_) => {
            let why = "this endpoint is for apps alone";
            Err(Code::UnauthorizedClient.because(why).into())
        }
    }
}

async fn by_assertion(
    gateway: &Gateway,
    request: &RequestId,
    assertion: Assertion,
) -> Result<Authenticated, Failure> {
    let token_endpoint = discovery::token_endpoint(&gateway.public_url);
    let audience = Audience {
        issuer: &gateway.public_url,
        token_endpoint: &token_endpoint,
    };
    let now = gateway.ids.clock().now();
    let admitted = assertion.admit(audience, now)?;
    let found = client_tokens::find(&gateway.store, admitted.client_id()).await?;
    let client = client_tokens::that_signs(found, now)?;
    let proven = gateway.client_keys.prove(&client, &admitted, now).await;
    let proven = proven.map_err(|unproven| {
        tracing::info!(request.id = %request.0, client.id = admitted.client_id(),
            reason = %unproven, "refused a client's assertion");
        REFUSED
    })?;
    client_tokens::by_key(&gateway.store, client, proven).await
}
