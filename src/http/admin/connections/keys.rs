//! Our own keys of a connection: they sign requests, and decrypt assertions.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::ConnectionId;
use crate::provisioning::saml_keys::{self, Shown, Step};
use crate::provisioning::{Error, Kind, Source};

/// Our keys of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ConnectionKeys {
    /// The keys.
    pub(in crate::http) data: Vec<Shown>,
}

/// The connection of a path and who asks, where the one is there for the other.
async fn admitted(
    admin: &Admin,
    (slug, id): (&str, &str),
    scope: Scope,
) -> Result<(ConnectionId, Source), Problem> {
    let id: Option<ConnectionId> = id.parse().ok();
    let found = admin.read(slug, scope, move |tx, admitted| {
        async move {
            const NONE: Error = Error::NotFound(Kind::Connection);
            let id = id.ok_or(NONE)?;
            let row = tx.connection(admitted.organization.id, id).await?;
            row.ok_or(NONE)?;
            if scope == Scope::ConnectionsWrite {
                admitted.access.require_whole(&admitted.organization.slug)?;
            }
            Ok((id, admitted.access.source()))
        }
        .boxed()
    });
    found.await
}

/// List our own keys of a connection; the first one is made where there was none.
#[utoipa::path(
    get, path = "/organizations/{slug}/connections/{id}/keys", operation_id = "list_connection_keys",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    responses((status = 200, body = ConnectionKeys)),
    security(("key" = ["connections:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<ConnectionKeys>, Problem> {
    let (id, _) = admitted(&admin, (&slug, &id), Scope::ConnectionsRead).await?;
    let gateway = admin.gateway();
    let (store, secrets) = (&gateway.store, &gateway.links.secrets);
    let data = saml_keys::list(store, &gateway.ids, secrets, id).await?;
    Ok(Json(ConnectionKeys { data }))
}

/// Make the next key and publish it in our metadata.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/keys/add",
    operation_id = "add_connection_key", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    responses((status = 200, body = ConnectionKeys)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn add(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(path): Path<(String, String)>,
) -> Result<Json<ConnectionKeys>, Problem> {
    step(&admin, &request, path, Step::Add).await
}

/// Sign with the next key from now on; the one before still decrypts.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/keys/switch",
    operation_id = "switch_connection_key", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    responses((status = 200, body = ConnectionKeys)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn switch(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(path): Path<(String, String)>,
) -> Result<Json<ConnectionKeys>, Problem> {
    step(&admin, &request, path, Step::Switch).await
}

/// Forget the key that is not the current one.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/keys/drop",
    operation_id = "drop_connection_key", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    responses((status = 200, body = ConnectionKeys)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn drop(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(path): Path<(String, String)>,
) -> Result<Json<ConnectionKeys>, Problem> {
    step(&admin, &request, path, Step::Drop).await
}

/// A key takes a while to make, so that whoever asks is judged before it, and not once more after it.
async fn step(
    admin: &Admin,
    request: &RequestId,
    (slug, id): (String, String),
    step: Step,
) -> Result<Json<ConnectionKeys>, Problem> {
    let (id, source) = admitted(admin, (&slug, &id), Scope::ConnectionsWrite).await?;
    let gateway = admin.gateway();
    let context = gateway.context(source, request);
    let (store, secrets) = (&gateway.store, &gateway.links.secrets);
    let data = saml_keys::step(store, context, secrets, id, step).await?;
    Ok(Json(ConnectionKeys { data }))
}
