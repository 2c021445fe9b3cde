//! The request log: what SCIM clients asked, what they were answered, and why they were refused.
#![expect(
    unused_qualifications,
    reason = "the OpenAPI macro writes its types in full"
)]

use axum::Json;
use axum::extract::Path;
use axum::http::Method;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::directory::scope::Scope;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{ConnectionId, ScimRequestId};
use crate::provisioning::request_log::view::{self, RequestCount, ScimRequest, ScimRequestDetail};
use crate::provisioning::{Error, Kind};
use crate::store::rows::WantedRequests;
use crate::store::types::Time;

/// Counts that are shown where nothing else is said: those of a day.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Which requests are asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Search {
    /// Those of this connection.
    pub(in crate::http) connection: Option<String>,
    /// Those that were answered with this status, such as 409; `failed` for all that were refused,
    /// within a bulk request too.
    pub(in crate::http) status: Option<String>,
    /// Those with this method, such as PATCH.
    pub(in crate::http) method: Option<String>,
    /// Those that did not come before this instant.
    pub(in crate::http) since: Option<String>,
    /// How many items, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
    /// Go on after this one: what `next` was.
    pub(in crate::http) after: Option<String>,
}

/// Of what the counts are asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Span {
    /// Of this connection alone.
    pub(in crate::http) connection: Option<String>,
    /// Of the hours since then; those of a day unless said.
    pub(in crate::http) since: Option<String>,
}

/// How many requests there were.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::http) struct Counted {
    /// The hours in which there were any, the latest first.
    pub(in crate::http) data: Vec<RequestCount>,
}

/// List what SCIM clients asked, the latest first.
///
/// Every write and every refusal is kept for 30 days, requests without a good token among them, as
/// far as there is room; of reads that succeed one in a hundred. Secrets, what filters compare
/// with, and attributes that no schema knows are left out. A request takes a moment to appear.
#[utoipa::path(
    get, path = "/organizations/{slug}/scim-requests", operation_id = "list_scim_requests",
    tag = "SCIM requests",
    params(("slug" = String, Path, description = "The organization's slug"), Search),
    responses((status = 200, body = Page<ScimRequest>)),
    security(("key" = ["scim-requests:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(search): Asked<Search>,
) -> Result<Json<Page<ScimRequest>>, Problem> {
    let place = Listing {
        limit: search.limit,
        after: search.after,
    }
    .place::<ScimRequestId>()?;
    let failed = search.status.as_deref() == Some("failed");
    let wanted = WantedRequests {
        connection: connection(search.connection.as_deref())?,
        status: status(search.status.as_deref().filter(|_| !failed))?,
        failed,
        method: method(search.method.as_deref())?,
        since: since(search.since.as_deref())?.map(Time),
        after: place.after,
        oldest_first: false,
    };
    let found = admin.read(&slug, Scope::ScimRequestsRead, move |tx, admitted| {
        let wanted = wanted.clone();
        async move { view::list(tx, admitted.organization.id, &wanted, place.reading()).await }
            .boxed()
    });
    Ok(Json(place.page(found.await?, |it| it.id.to_string())))
}

/// Show one request of a SCIM client, with what is kept of its body.
#[utoipa::path(
    get, path = "/organizations/{slug}/scim-requests/{id}", operation_id = "show_scim_request",
    tag = "SCIM requests",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The request's id, as X-Request-Id told it"),
    ),
    responses((status = 200, body = ScimRequestDetail)),
    security(("key" = ["scim-requests:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<ScimRequestDetail>, Problem> {
    let id: Option<ScimRequestId> = id.parse().ok();
    let found = admin.read(&slug, Scope::ScimRequestsRead, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::ScimRequest))?;
            view::show(tx, admitted.organization.id, id).await
        }
        .boxed()
    });
    Ok(Json(found.await?))
}

/// Count what SCIM clients asked in each hour, kept or not.
///
/// `lost` counts what should have been kept and found no room.
#[utoipa::path(
    get, path = "/organizations/{slug}/scim-requests/counts", operation_id = "count_scim_requests",
    tag = "SCIM requests",
    params(("slug" = String, Path, description = "The organization's slug"), Span),
    responses((status = 200, body = Counted)),
    security(("key" = ["scim-requests:read"])),
)]
pub(in crate::http) async fn counts(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(span): Asked<Span>,
) -> Result<Json<Counted>, Problem> {
    let connection = connection(span.connection.as_deref())?;
    let since = since(span.since.as_deref())?;
    let found = admin.read(&slug, Scope::ScimRequestsRead, move |tx, admitted| {
        async move {
            let since = since.unwrap_or(admitted.now - DAY);
            view::counts(tx, admitted.organization.id, connection, since).await
        }
        .boxed()
    });
    let data = found.await?;
    Ok(Json(Counted { data }))
}

/// Reads the id of the connection that is asked for.
pub(in crate::http) fn connection(text: Option<&str>) -> Result<Option<ConnectionId>, Problem> {
    let misread = |_| Problem::parameter("connection", "malformed", "this is no connection's id");
    text.map(str::parse).transpose().map_err(misread)
}

fn method(text: Option<&str>) -> Result<Option<String>, Problem> {
    let read = |text: &str| {
        let method = text.to_ascii_uppercase();
        let possible = "a method such as PATCH is possible";
        Method::from_bytes(method.as_bytes())
            .map(|_| method)
            .map_err(|_| Problem::parameter("method", "malformed", possible))
    };
    text.map(read).transpose()
}

fn status(text: Option<&str>) -> Result<Option<i64>, Problem> {
    let read = |text: &str| {
        let status = text.parse().ok().filter(|it| (100..=599).contains(it));
        let possible = "a status such as 409 is possible, or failed";
        status.ok_or_else(|| Problem::parameter("status", "malformed", possible))
    };
    text.map(read).transpose()
}

fn since(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let example = "an instant such as 2026-01-31T12:00:00Z is possible";
    let misread = |_| Problem::parameter("since", "malformed", example);
    text.map(str::parse).transpose().map_err(misread)
}
