//! The SCIM schemas that an organization registers (RFC 7643 §3.3).

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::{IfMatch, Seen};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::provisioning::Error;
use crate::provisioning::settings::schemas;
use crate::scim::catalog::custom::{Definition, Fault};

/// List the schemas that an organization registered.
#[utoipa::path(
    get, path = "/organizations/{slug}/schemas", operation_id = "list_schemas", tag = "Schemas",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = Value, description = "`data`: the schemas")),
    security(("key" = ["organizations:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<Value>, Problem> {
    let read = admin.read(&slug, Scope::OrganizationsRead, |tx, admitted| {
        async move { schemas::list(tx, admitted.organization.id).await }.boxed()
    });
    let data = read.await?;
    Ok(Json(json!({"data": data, "next": null, "has_more": false})))
}

/// Show a schema.
#[utoipa::path(
    get, path = "/organizations/{slug}/schemas/{urn}", operation_id = "show_schema",
    tag = "Schemas",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("urn" = String, Path, description = "The schema's URN"),
    ),
    responses((status = 200, body = Value)),
    security(("key" = ["organizations:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, urn)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let read = admin.read(&slug, Scope::OrganizationsRead, move |tx, admitted| {
        let urn = urn.clone();
        async move { schemas::one(tx, admitted.organization.id, &urn).await }.boxed()
    });
    Ok(Json(json!(read.await?)))
}

/// Register a schema, or replace it.
///
/// The body is a schema as RFC 7643 §7 writes it, with `resourceType`: `User` or `Group`. A schema
/// that resources carry may be given more optional attributes, and nothing else.
#[utoipa::path(
    put, path = "/organizations/{slug}/schemas/{urn}", operation_id = "register_schema",
    tag = "Schemas",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("urn" = String, Path, description = "The schema's URN"),
        IfMatch,
    ),
    request_body = Value, responses((status = 200, body = Value)),
    security(("key" = ["organizations:write"])),
)]
pub(in crate::http) async fn register(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, urn)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Value>, Problem> {
    let scope = Scope::OrganizationsWrite;
    admin.admit(&slug, scope).await?;
    let next: Definition = body.json().await?;
    let mut faults = next.faults();
    if !next.id.eq_ignore_ascii_case(&urn) {
        faults.push(Fault {
            pointer: "/id".to_owned(),
            why: "it is not the URN of the path".to_owned(),
        });
    }
    if !faults.is_empty() {
        return Err(Problem::of_body(
            faults.into_iter().map(|it| (it.pointer, it.why)),
        ));
    }
    let admin = admin.if_still(seen(&urn, true));
    let written = admin.change(&slug, scope, &request, move |change, _| {
        let next = next.clone();
        async move { schemas::register(change, next).await }.boxed()
    });
    Ok(Json(json!(written.await?)))
}

/// Remove a schema that no resource carries.
#[utoipa::path(
    delete, path = "/organizations/{slug}/schemas/{urn}", operation_id = "remove_schema",
    tag = "Schemas",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("urn" = String, Path, description = "The schema's URN"),
        IfMatch,
    ),
    responses((status = 204)),
    security(("key" = ["organizations:write"])),
)]
pub(in crate::http) async fn remove(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, urn)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let scope = Scope::OrganizationsWrite;
    admin.admit(&slug, scope).await?;
    let admin = admin.if_still(seen(&urn, false));
    let written = admin.change(&slug, scope, &request, move |change, _| {
        let urn = urn.clone();
        async move { schemas::remove(change, &urn).await }.boxed()
    });
    written.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A schema, as it is shown. To whoever would register one that is not there it is not what they have read.
fn seen(urn: &str, is_put: bool) -> Seen {
    let urn = urn.to_owned();
    Seen::of(move |tx, moment| {
        let urn = urn.clone();
        async move {
            match schemas::one(tx, moment.org()?, &urn).await {
                Err(Error::NotFound(_)) if is_put => Err(Error::Stale),
                shown => Ok(json!(shown?)),
            }
        }
        .boxed()
    })
}
