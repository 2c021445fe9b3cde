//! Where an organization's shared links are posted to.

use std::fmt;
use std::sync::Arc;

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use url::Url;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::outbound;
use crate::provisioning::invitations::hook::{self, ShareHook};

/// A webhook to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHook {
    /// An incoming webhook as Slack has them. It is not shown again.
    pub(in crate::http) url: String,
}

impl fmt::Debug for NewHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewHook").finish_non_exhaustive()
    }
}

/// Show the share webhook.
///
/// Its host alone: the URL is a secret.
#[utoipa::path(
    get, path = "/organizations/{slug}/share-webhook", operation_id = "show_share_webhook",
    tag = "Organizations",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = ShareHook)),
    security(("key" = ["organizations:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<ShareHook>, Problem> {
    let read = admin.read(&slug, Scope::OrganizationsRead, |tx, admitted| {
        async move { hook::shown(tx, admitted.organization.id).await }.boxed()
    });
    Ok(Json(read.await?))
}

/// Set the share webhook.
///
/// Invitations that are shared with `post` are posted there.
#[utoipa::path(
    put, path = "/organizations/{slug}/share-webhook", operation_id = "set_share_webhook",
    tag = "Organizations",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = NewHook, responses((status = 200, body = ShareHook)),
    security(("key" = ["organizations:write"])),
)]
pub(in crate::http) async fn set(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Json<ShareHook>, Problem> {
    admin.admit(&slug, Scope::OrganizationsWrite).await?;
    let NewHook { url } = body.json().await?;
    let url = outbound::settable(&url, admin.gateway().private_targets);
    let url = url.map_err(|why| Problem::new(Type::Invalid, format_args!("url: {why}")))?;
    write(&admin, &request, &slug, Some(url)).await
}

/// Remove the share webhook.
///
/// What was not posted yet is not posted.
#[utoipa::path(
    delete, path = "/organizations/{slug}/share-webhook", operation_id = "remove_share_webhook",
    tag = "Organizations",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = ShareHook)),
    security(("key" = ["organizations:write"])),
)]
pub(in crate::http) async fn remove(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
) -> Result<Json<ShareHook>, Problem> {
    write(&admin, &request, &slug, None).await
}

async fn write(
    admin: &Admin,
    request: &RequestId,
    slug: &str,
    url: Option<Url>,
) -> Result<Json<ShareHook>, Problem> {
    let links = Arc::clone(&admin.gateway().links);
    let scope = Scope::OrganizationsWrite;
    let written = admin.change(slug, scope, request, move |change, _| {
        let (links, url) = (Arc::clone(&links), url.clone());
        async move { hook::set_in(change, &links, url.as_ref()).await }.boxed()
    });
    Ok(Json(written.await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_to_be_shows_no_secret() {
        let read = r#"{"url": "https://hooks.example/services/secret"}"#;
        let hook: NewHook = serde_json::from_str(read).unwrap();
        assert!(!format!("{hook:?}").contains("secret"));
    }
}
