//! The keys that sign tokens for apps.

use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::oidc::keys::Algorithm;
use crate::provisioning::signing_keys::{self, Shown};

/// The keys that sign, in the order of their making.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SigningKeys {
    /// The keys.
    pub(in crate::http) data: Vec<Shown>,
}

/// Which keys are to sign next.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Rotation {
    /// `ES256` or `RS256`; both unless said.
    pub(in crate::http) alg: Option<String>,
    /// Whether the present keys are in somebody else's hands: all are new then, and what they signed is refused.
    #[serde(default)]
    pub(in crate::http) now: bool,
}

/// List the keys that sign tokens for apps.
///
/// With an operator's key alone.
#[utoipa::path(
    get, path = "/signing-keys", operation_id = "list_signing_keys", tag = "Keys",
    responses((status = 200, body = SigningKeys)),
    security(("key" = ["keys:read"])),
)]
pub(in crate::http) async fn list(admin: Admin) -> Result<Json<SigningKeys>, Problem> {
    let read = admin.read_installation(Scope::KeysRead, |tx, _| {
        async move { signing_keys::list_in(tx).await }.boxed()
    });
    let data = read.await?;
    Ok(Json(SigningKeys { data }))
}

/// Sign tokens for apps with the next keys from now on.
///
/// With an operator's key alone. The next key is published for some minutes before it may sign, so that every app
/// has it; the one before stays published for a day.
#[utoipa::path(
    post, path = "/signing-keys/rotate", operation_id = "rotate_signing_keys", tag = "Keys",
    request_body = Option<Rotation>, responses((status = 200, body = SigningKeys)),
    security(("key" = ["keys:write"])),
)]
pub(in crate::http) async fn rotate(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    body: Unread,
) -> Result<Json<SigningKeys>, Problem> {
    let scope = Scope::KeysWrite;
    admin.admit_operator(scope).await?;
    let Rotation { alg, now } = body.json().await?;
    let algorithms = match alg {
        None => Algorithm::ALL.to_vec(),
        Some(alg) => vec![algorithm(&alg)?],
    };
    // Keys are made before a transaction is begun, and the key that asks is judged once more in one.
    let source = admin.operate(scope, &request, |_, _, access| {
        async move { Ok(access.source()) }.boxed()
    });
    let gateway = admin.gateway();
    let context = gateway.context(source.await?, &request);
    let (store, secrets) = (&gateway.store, &gateway.links.secrets);
    let data = signing_keys::rotate(store, &context, secrets, &algorithms, now).await?;
    Ok(Json(SigningKeys { data }))
}

/// The algorithm of this name.
pub(in crate::http) fn algorithm(name: &str) -> Result<Algorithm, Problem> {
    let all = Algorithm::ALL.into_iter();
    let mut named = all.filter(|it| it.as_str() == name);
    let unknown = || Problem::new(Type::Invalid, "an algorithm is ES256 or RS256");
    named.next().ok_or_else(unknown)
}
