//! Webhooks: where an organization's events are posted to.

pub(in crate::http) mod deliveries;

use std::fmt;
use std::sync::Arc;

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::directory::webhook::Format;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::{IfMatch, Seen};
use crate::http::admin::created::Created;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::id::WebhookId;
use crate::outbound;
use crate::provisioning::settings::webhooks::{
    self, NewWebhook, Types, Webhook, WebhookChange, WebhookSecret,
};
use crate::provisioning::{Error, Kind};

/// A webhook to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct WantedWebhook {
    /// Where events are posted to, by https. It is not shown again.
    pub(in crate::http) url: String,
    /// A name for people; the host unless said.
    pub(in crate::http) name: Option<String>,
    /// The types of events, such as user.created; all of the feed unless said.
    pub(in crate::http) types: Option<Vec<String>>,
    /// `standard` (Standard Webhooks 1.0) unless said, or `caep`: who may come in no more, as security
    /// event tokens.
    #[schema(value_type = Option<Format>)]
    pub(in crate::http) format: Option<String>,
}

impl fmt::Debug for WantedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WantedWebhook").finish_non_exhaustive()
    }
}

/// What is to change of a webhook; what is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ChangedWebhook {
    /// Where events are posted to.
    pub(in crate::http) url: Option<String>,
    /// A name for people.
    pub(in crate::http) name: Option<String>,
    /// The types of events; null means all.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Vec<String>>)]
    pub(in crate::http) types: Option<Types>,
}

impl fmt::Debug for ChangedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangedWebhook").finish_non_exhaustive()
    }
}

/// The types that were said, null or not.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Types>, D::Error> {
    let types = Option::<Vec<String>>::deserialize(deserializer)?;
    Ok(Some(types.map_or(Types::All, Types::These)))
}

/// When the secret before is over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct WebhookRotation {
    /// At once, and not in 24 hours.
    #[serde(default)]
    pub(in crate::http) now: bool,
}

/// The webhook that a path names.
fn named(id: &str) -> Result<WebhookId, Error> {
    id.parse().map_err(|_| Error::NotFound(Kind::Webhook))
}

/// A webhook, as it is shown.
fn seen(id: &str) -> Seen {
    let id = id.to_owned();
    Seen::of(move |tx, moment| {
        let id = named(&id);
        async move { webhooks::show(tx, moment.org()?, id?, moment.now).await }.boxed()
    })
}

/// A URL that passes the guard.
fn target(admin: &Admin, url: &str) -> Result<Url, Problem> {
    let url = outbound::settable(url, admin.gateway().private_targets);
    url.map_err(|why| Problem::new(Type::Invalid, format_args!("url: {why}")))
}

/// List the webhooks of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/webhooks", operation_id = "list_webhooks", tag = "Webhooks",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = Value, description = "`data`: the webhooks")),
    security(("key" = ["webhooks:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<Value>, Problem> {
    let read = admin.read(&slug, Scope::WebhooksRead, |tx, admitted| {
        async move { webhooks::list(tx, admitted.organization.id, admitted.now).await }.boxed()
    });
    let data = read.await?;
    Ok(Json(json!({"data": data, "next": null, "has_more": false})))
}

/// Set up a webhook.
///
/// The answer has its secret, which is not shown again. From now on the events of the feed are posted
/// there, signed as Standard Webhooks 1.0 has it.
#[utoipa::path(
    post, path = "/organizations/{slug}/webhooks", operation_id = "create_webhook",
    tag = "Webhooks",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = WantedWebhook, responses((status = 201, body = WebhookSecret)),
    security(("key" = ["webhooks:write"])),
)]
pub(in crate::http) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<WebhookSecret>, Problem> {
    let scope = Scope::WebhooksWrite;
    admin.admit(&slug, scope).await?;
    let wanted: WantedWebhook = body.json().await?;
    let url = target(&admin, &wanted.url)?;
    let format = wanted.format.as_deref().unwrap_or("standard").parse();
    let format =
        format.map_err(|why| Problem::new(Type::Invalid, format_args!("format: {why}")))?;
    let new = NewWebhook {
        url,
        by_operator: false,
        name: wanted.name,
        types: wanted.types,
        format,
    };
    let links = Arc::clone(&admin.gateway().links);
    let written = admin.change(&slug, scope, &request, move |change, access| {
        let (links, mut new) = (Arc::clone(&links), new.clone());
        new.by_operator = access.org.is_none();
        async move { webhooks::create(change, &links.secrets, new).await }.boxed()
    });
    let created = written.await?;
    let path = format!("/organizations/{slug}/webhooks/{}", created.webhook.id);
    Ok(Created::at(&admin, path, created))
}

/// Show a webhook.
#[utoipa::path(
    get, path = "/organizations/{slug}/webhooks/{id}", operation_id = "show_webhook",
    tag = "Webhooks",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The webhook's id"),
    ),
    responses((status = 200, body = Webhook)),
    security(("key" = ["webhooks:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Webhook>, Problem> {
    let read = admin.read(&slug, Scope::WebhooksRead, move |tx, admitted| {
        let id = named(&id);
        async move { webhooks::show(tx, admitted.organization.id, id?, admitted.now).await }.boxed()
    });
    Ok(Json(read.await?))
}

/// Change a webhook.
///
/// What waits to be posted goes to the new URL, too.
#[utoipa::path(
    patch, path = "/organizations/{slug}/webhooks/{id}", operation_id = "change_webhook",
    tag = "Webhooks",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The webhook's id"),
        IfMatch,
    ),
    request_body = ChangedWebhook, responses((status = 200, body = Webhook)),
    security(("key" = ["webhooks:write"])),
)]
pub(in crate::http) async fn change(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Webhook>, Problem> {
    let scope = Scope::WebhooksWrite;
    admin.admit(&slug, scope).await?;
    let ChangedWebhook { url, name, types } = body.json().await?;
    let url = url.map(|url| target(&admin, &url)).transpose()?;
    let admin = admin.if_still(seen(&id));
    let links = Arc::clone(&admin.gateway().links);
    let written = admin.change(&slug, scope, &request, move |change, access| {
        let (links, id) = (Arc::clone(&links), named(&id));
        let wanted = WebhookChange {
            url: url.clone().map(|url| (url, access.org.is_none())),
            name: name.clone(),
            types: types.clone(),
        };
        async move { webhooks::update(change, &links.secrets, id?, wanted).await }.boxed()
    });
    Ok(Json(written.await?))
}

/// Delete a webhook.
///
/// What it is owed is not posted any more. The answer is the webhook as it was.
#[utoipa::path(
    delete, path = "/organizations/{slug}/webhooks/{id}", operation_id = "delete_webhook",
    tag = "Webhooks",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The webhook's id"),
        IfMatch,
    ),
    responses((status = 200, body = Webhook)),
    security(("key" = ["webhooks:write"])),
)]
pub(in crate::http) async fn delete(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Webhook>, Problem> {
    let admin = admin.if_still(seen(&id));
    let written = admin.change(&slug, Scope::WebhooksWrite, &request, move |change, _| {
        let id = named(&id);
        async move { webhooks::delete(change, id?).await }.boxed()
    });
    Ok(Json(written.await?))
}

/// Give a webhook a fresh secret.
///
/// The answer has it; it is not shown again. The one before signs, too, for 24 hours: each post then has
/// two signatures. With `now` it is over at once.
#[utoipa::path(
    post, path = "/organizations/{slug}/webhooks/{id}/rotate-secret",
    operation_id = "rotate_webhook_secret", tag = "Webhooks",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The webhook's id"),
        IfMatch,
    ),
    request_body = WebhookRotation, responses((status = 200, body = WebhookSecret)),
    security(("key" = ["webhooks:write"])),
)]
pub(in crate::http) async fn rotate_secret(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<WebhookSecret>, Problem> {
    let scope = Scope::WebhooksWrite;
    admin.admit(&slug, scope).await?;
    let WebhookRotation { now } = body.json().await?;
    let admin = admin.if_still(seen(&id));
    let links = Arc::clone(&admin.gateway().links);
    let written = admin.change(&slug, scope, &request, move |change, _| {
        let (links, id) = (Arc::clone(&links), named(&id));
        async move { webhooks::rotate_secret(change, &links.secrets, id?, now).await }.boxed()
    });
    Ok(Json(written.await?))
}

/// Post to a webhook again that was disabled.
///
/// What it missed is not posted by itself: redeliver it.
#[utoipa::path(
    post, path = "/organizations/{slug}/webhooks/{id}/enable", operation_id = "enable_webhook",
    tag = "Webhooks",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The webhook's id"),
        IfMatch,
    ),
    responses((status = 200, body = Webhook)),
    security(("key" = ["webhooks:write"])),
)]
pub(in crate::http) async fn enable(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Webhook>, Problem> {
    let admin = admin.if_still(seen(&id));
    let written = admin.change(&slug, Scope::WebhooksWrite, &request, move |change, _| {
        let id = named(&id);
        async move { webhooks::enable(change, id?).await }.boxed()
    });
    Ok(Json(written.await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_to_be_shows_no_secret() {
        let read = r#"{"url": "https://app.example/hooks/secret"}"#;
        let wanted: WantedWebhook = serde_json::from_str(read).unwrap();
        let change: ChangedWebhook = serde_json::from_str(read).unwrap();
        assert!(!format!("{wanted:?} {change:?}").contains("secret"));
        assert!(change.types.is_none());
        let change: ChangedWebhook = serde_json::from_str(r#"{"types": null}"#).unwrap();
        assert_eq!(change.types, Some(Types::All));
    }
}
