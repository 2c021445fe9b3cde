//! What webhooks were sent, what they are owed, and what they are to get once more.
#![expect(
    unused_qualifications,
    reason = "the OpenAPI macro writes its types in full"
)]

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::directory::scope::Scope;
use crate::directory::webhook::Posting;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::paging::{Listing, Page};
use crate::http::admin::webhooks::named;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::id::EventId;
use crate::provisioning::settings::webhook_deliveries::{
    self as its, WebhookAgain, WebhookDelivery,
};

/// Which deliveries are asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Search {
    /// Those in this state: delivered, failed or waiting.
    pub(in crate::http) state: Option<String>,
    /// How many items, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
    /// Go on after this one: what `next` was.
    pub(in crate::http) after: Option<String>,
}

/// Which events are to be posted once more: one, or a stretch.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct WebhookNumbers {
    /// The number of one event.
    pub(in crate::http) seq: Option<i64>,
    /// The number of the first event.
    pub(in crate::http) from: Option<i64>,
    /// The number of the last event.
    pub(in crate::http) to: Option<i64>,
}

impl WebhookNumbers {
    fn stretch(self) -> Result<(i64, i64), Problem> {
        match (self.seq, self.from, self.to) {
            (Some(seq), None, None) => Ok((seq, seq)),
            (None, Some(from), Some(to)) => Ok((from, to)),
            _ => {
                let detail = "say `seq`, or `from` and `to`";
                Err(Problem::new(Type::Invalid, detail))
            }
        }
    }
}

/// List what a webhook was sent and is owed, the latest event first.
///
/// What it took is kept for 7 days, what it did not take for 90.
#[utoipa::path(
    get, path = "/organizations/{slug}/webhooks/{id}/deliveries",
    operation_id = "list_webhook_deliveries", tag = "Webhooks",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The webhook's id"),
        Search,
    ),
    responses((status = 200, body = Page<WebhookDelivery>)),
    security(("key" = ["webhooks:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
    Asked(search): Asked<Search>,
) -> Result<Json<Page<WebhookDelivery>>, Problem> {
    let place = Listing {
        limit: search.limit,
        after: search.after,
    }
    .place::<EventId>()?;
    let state = state(search.state.as_deref())?;
    let read = admin.read(&slug, Scope::WebhooksRead, move |tx, admitted| {
        let id = named(&id);
        async move {
            let webhook = (admitted.organization.id, id?);
            its::deliveries(tx, webhook, state, place.after, place.reading()).await
        }
        .boxed()
    });
    Ok(Json(place.page(read.await?, |it| it.event_id.to_string())))
}

fn state(text: Option<&str>) -> Result<Option<Posting>, Problem> {
    let possible = "delivered, failed and waiting are possible";
    let misread = |_| Problem::parameter("state", "malformed", possible);
    text.map(str::parse).transpose().map_err(misread)
}

/// Try a webhook.
///
/// A post of the type webhook.test goes there, of which the feed tells nothing. What became of it is
/// among the deliveries.
#[utoipa::path(
    post, path = "/organizations/{slug}/webhooks/{id}/test", operation_id = "test_webhook",
    tag = "Webhooks",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The webhook's id"),
    ),
    responses((status = 200, body = WebhookDelivery)),
    security(("key" = ["webhooks:write"])),
)]
pub(in crate::http) async fn test(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<WebhookDelivery>, Problem> {
    let written = admin.change(&slug, Scope::WebhooksWrite, &request, move |change, _| {
        let id = named(&id);
        async move { its::test(change, id?).await }.boxed()
    });
    Ok(Json(written.await?))
}

/// Post events once more.
///
/// By their numbers in the feed, 1,000 at most, also those that the webhook missed while it was disabled
/// or not there yet: those of the types that it asks for. They keep their `webhook-id`.
#[utoipa::path(
    post, path = "/organizations/{slug}/webhooks/{id}/redeliver",
    operation_id = "redeliver_to_webhook", tag = "Webhooks",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The webhook's id"),
    ),
    request_body = WebhookNumbers, responses((status = 200, body = WebhookAgain)),
    security(("key" = ["webhooks:write"])),
)]
pub(in crate::http) async fn redeliver(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<WebhookAgain>, Problem> {
    let scope = Scope::WebhooksWrite;
    admin.admit(&slug, scope).await?;
    let (from, to) = body.json::<WebhookNumbers>().await?.stretch()?;
    let written = admin.change(&slug, scope, &request, move |change, _| {
        let id = named(&id);
        async move { its::redeliver(change, id?, from, to).await }.boxed()
    });
    Ok(Json(written.await?))
}
