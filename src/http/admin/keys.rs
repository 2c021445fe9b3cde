//! Keys of the admin API: an organization's, and the operator's.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::created::Created;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::ApiKeyId;
use crate::provisioning::settings::keys::{self, IssuedKey, Key, KeyRevocation, NewKey};
use crate::provisioning::{Error, Kind};

/// List the keys of an organization, without their secrets.
#[utoipa::path(
    get, path = "/organizations/{slug}/keys", operation_id = "list_keys", tag = "Keys",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Key>)),
    security(("key" = ["keys:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Key>>, Problem> {
    let place = listing.place::<ApiKeyId>()?;
    let read = admin.read(&slug, Scope::KeysRead, |tx, admitted| {
        async move { keys::list(tx, Some(admitted.organization.id), admitted.now).await }.boxed()
    });
    Ok(Json(place.cut(read.await?, |key| key.id)))
}

/// Issue a key of an organization.
///
/// The secret is in this answer alone. A key issues none that may do more than it may itself, or that outlives it.
#[utoipa::path(
    post, path = "/organizations/{slug}/keys", operation_id = "issue_key", tag = "Keys",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = NewKey, responses((status = 201, body = IssuedKey)),
    security(("key" = ["keys:write"])),
)]
pub(in crate::http) async fn issue(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<IssuedKey>, Problem> {
    let scope = Scope::KeysWrite;
    admin.admit(&slug, scope).await?;
    let new: NewKey = body.json().await?;
    let issued = admin.change(&slug, scope, &request, move |change, _| {
        let new = new.clone();
        async move { keys::issue_in(change, &new).await }.boxed()
    });
    let issued = issued.await?;
    let path = format!("/organizations/{slug}/keys/{}", issued.of.id);
    Ok(Created::at(&admin, path, issued))
}

/// Show a key of an organization, without its secret.
#[utoipa::path(
    get, path = "/organizations/{slug}/keys/{id}", operation_id = "show_key", tag = "Keys",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The key's id"),
    ),
    responses((status = 200, body = Key)),
    security(("key" = ["keys:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Key>, Problem> {
    let read = admin.read(&slug, Scope::KeysRead, |tx, admitted| {
        async move { keys::list(tx, Some(admitted.organization.id), admitted.now).await }.boxed()
    });
    Ok(Json(named(read.await?, &id)?))
}

/// Revoke a key of an organization, for good.
///
/// Doing it again changes nothing. Keys that it issued stay good, unless `with_issued` says otherwise.
#[utoipa::path(
    post, path = "/organizations/{slug}/keys/{id}/revoke", operation_id = "revoke_key", tag = "Keys",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The key's id"),
    ),
    request_body = Option<KeyRevocation>, responses((status = 200, body = Key)),
    security(("key" = ["keys:write"])),
)]
pub(in crate::http) async fn revoke(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Key>, Problem> {
    let (id, scope): (Option<ApiKeyId>, _) = (id.parse().ok(), Scope::KeysWrite);
    admin.admit(&slug, scope).await?;
    let how: KeyRevocation = body.json().await?;
    let revoked = admin.change(&slug, scope, &request, move |change, _| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Key))?;
            keys::revoke_in(change, id, how).await
        }
        .boxed()
    });
    Ok(Json(revoked.await?))
}

/// List the keys of the operator, without their secrets.
///
/// With an operator's key alone.
#[utoipa::path(
    get, path = "/keys", operation_id = "list_operator_keys", tag = "Keys",
    params(Listing), responses((status = 200, body = Page<Key>)),
    security(("key" = ["keys:read"])),
)]
pub(in crate::http) async fn list_operator(
    admin: Admin,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Key>>, Problem> {
    let place = listing.place::<ApiKeyId>()?;
    let read = admin.read_installation(Scope::KeysRead, |tx, now| {
        async move { keys::list(tx, None, now).await }.boxed()
    });
    Ok(Json(place.cut(read.await?, |key| key.id)))
}

/// Issue a key of the operator, which is good for every organization.
///
/// With an operator's key alone. The secret is in this answer alone.
#[utoipa::path(
    post, path = "/keys", operation_id = "issue_operator_key", tag = "Keys",
    request_body = NewKey, responses((status = 201, body = IssuedKey)),
    security(("key" = ["keys:write"])),
)]
pub(in crate::http) async fn issue_operator(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    body: Unread,
) -> Result<Created<IssuedKey>, Problem> {
    let scope = Scope::KeysWrite;
    admin.admit_operator(scope).await?;
    let new: NewKey = body.json().await?;
    let issued = admin.operate(scope, &request, move |tx, context, access| {
        let new = new.clone();
        async move { keys::issue_operator(tx, &context, &new, Some(&access)).await }.boxed()
    });
    let issued = issued.await?;
    let path = format!("/keys/{}", issued.of.id);
    Ok(Created::at(&admin, path, issued))
}

/// Show a key of the operator, without its secret.
///
/// With an operator's key alone.
#[utoipa::path(
    get, path = "/keys/{id}", operation_id = "show_operator_key", tag = "Keys",
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 200, body = Key)),
    security(("key" = ["keys:read"])),
)]
pub(in crate::http) async fn show_operator(
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Json<Key>, Problem> {
    let read = admin.read_installation(Scope::KeysRead, |tx, now| {
        async move { keys::list(tx, None, now).await }.boxed()
    });
    Ok(Json(named(read.await?, &id)?))
}

/// The key of an id.
fn named(all: Vec<Key>, id: &str) -> Result<Key, Error> {
    let found = all.into_iter().find(|key| key.id.to_string() == id);
    found.ok_or(Error::NotFound(Kind::Key))
}

/// Revoke a key of the operator, for good.
///
/// With an operator's key alone. Doing it again changes nothing. Keys that it issued for the operator stay good,
/// unless `with_issued` says otherwise.
#[utoipa::path(
    post, path = "/keys/{id}/revoke", operation_id = "revoke_operator_key", tag = "Keys",
    params(("id" = String, Path, description = "The key's id")),
    request_body = Option<KeyRevocation>, responses((status = 200, body = Key)),
    security(("key" = ["keys:write"])),
)]
pub(in crate::http) async fn revoke_operator(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    body: Unread,
) -> Result<Json<Key>, Problem> {
    let (id, scope): (Option<ApiKeyId>, _) = (id.parse().ok(), Scope::KeysWrite);
    admin.admit_operator(scope).await?;
    let how: KeyRevocation = body.json().await?;
    let revoked = admin.operate(scope, &request, move |tx, context, _| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Key))?;
            keys::revoke_operator(tx, &context, id, how).await
        }
        .boxed()
    });
    Ok(Json(revoked.await?))
}
