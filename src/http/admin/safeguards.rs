//! Safeguards, what they hold, and where directories and what is in force differ.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::directory::safeguard::SafeguardState;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{ConnectionId, SafeguardId, UserId};
use crate::provisioning::safeguards::view::{self, Drift, Holding, SafeguardView};
use crate::provisioning::safeguards::{self, Approval, Decision, Planned};
use crate::provisioning::undo::{self, Undo, Undone};
use crate::provisioning::{Change, Error, Kind};

/// Which safeguards are asked for.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Search {
    /// Those that stand so, such as `held`.
    #[param(inline)]
    pub(in crate::http) state: Option<SafeguardState>,
    /// How many items, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
    /// Go on after this one: what `next` was.
    pub(in crate::http) after: Option<String>,
}

/// List the safeguards that tripped, with what they hold.
#[utoipa::path(
    get, path = "/organizations/{slug}/safeguards", operation_id = "list_safeguards",
    tag = "Safeguards",
    params(("slug" = String, Path, description = "The organization's slug"), Search),
    responses((status = 200, body = Page<SafeguardView>)),
    security(("key" = ["safeguards:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(search): Asked<Search>,
) -> Result<Json<Page<SafeguardView>>, Problem> {
    let listing = Listing {
        limit: search.limit,
        after: search.after,
    };
    let place = listing.place::<SafeguardId>()?;
    let read = admin.read(&slug, Scope::SafeguardsRead, |tx, admitted| {
        async move { view::list(tx, admitted.organization.id).await }.boxed()
    });
    let mut all = read.await?;
    all.retain(|it| search.state.is_none_or(|state| state == it.state));
    all.sort_by_key(|it| it.id);
    Ok(Json(place.cut(all, |it| it.id)))
}

/// Show a safeguard.
#[utoipa::path(
    get, path = "/organizations/{slug}/safeguards/{id}", operation_id = "show_safeguard",
    tag = "Safeguards",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The safeguard's id"),
    ),
    responses((status = 200, body = SafeguardView)),
    security(("key" = ["safeguards:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<SafeguardView>, Problem> {
    shown(&admin, &slug, Scope::SafeguardsRead, named(&id)).await
}

/// Approve what a safeguard holds: it is done now.
///
/// With the digest of what was looked at nothing is done where the directory said more since: 412 `stale`.
#[utoipa::path(
    post, path = "/organizations/{slug}/safeguards/{id}/approve", operation_id = "approve_safeguard",
    tag = "Safeguards",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The safeguard's id"),
    ),
    request_body = Approval, responses((status = 200, body = SafeguardView)),
    security(("key" = ["safeguards:write"])),
)]
pub(in crate::http) async fn approve(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<SafeguardView>, Problem> {
    admin.admit(&slug, Scope::SafeguardsWrite).await?;
    let approval: Approval = body.json().await?;
    let approved = Decision::Approve(approval.digest);
    decided(&admin, &slug, &request, &id, move |change, id| {
        let approved = approved.clone();
        async move { safeguards::decide(change, id, &approved).await }.boxed()
    })
    .await
}

/// Reject what a safeguard holds: it is not done, and shows as drift until the directory says something
/// else.
#[utoipa::path(
    post, path = "/organizations/{slug}/safeguards/{id}/reject", operation_id = "reject_safeguard",
    tag = "Safeguards",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The safeguard's id"),
    ),
    responses((status = 200, body = SafeguardView)),
    security(("key" = ["safeguards:write"])),
)]
pub(in crate::http) async fn reject(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<SafeguardView>, Problem> {
    decided(&admin, &slug, &request, &id, |change, id| {
        async move { safeguards::decide(change, id, &Decision::Reject).await }.boxed()
    })
    .await
}

/// Do at once what a safeguard holds of one person.
#[utoipa::path(
    post, path = "/organizations/{slug}/safeguards/{id}/users/{user}/apply",
    operation_id = "apply_safeguard_of_user", tag = "Safeguards",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The safeguard's id"),
        ("user" = String, Path, description = "The user's id"),
    ),
    responses((status = 200, body = SafeguardView)),
    security(("key" = ["safeguards:write"])),
)]
pub(in crate::http) async fn apply_person(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id, user)): Path<(String, String, String)>,
) -> Result<Json<SafeguardView>, Problem> {
    let user: Option<UserId> = user.parse().ok();
    decided(&admin, &slug, &request, &id, move |change, id| {
        async move {
            let user = user.ok_or(Error::NotFound(Kind::User))?;
            safeguards::decide_person(change, id, user).await
        }
        .boxed()
    })
    .await
}

/// Say until when a connection's removals are planned, and how long a hold waits.
#[utoipa::path(
    put, path = "/organizations/{slug}/connections/{id}/safeguard", operation_id = "plan_removals",
    tag = "Safeguards",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    request_body = Planned, responses((status = 200, body = Planned)),
    security(("key" = ["safeguards:write"])),
)]
pub(in crate::http) async fn plan(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Planned>, Problem> {
    let scope = Scope::SafeguardsWrite;
    admin.admit(&slug, scope).await?;
    let planned: Planned = body.json().await?;
    let id: Option<ConnectionId> = id.parse().ok();
    let set = admin.change(&slug, scope, &request, move |change, _| {
        let planned = planned.clone();
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Connection))?;
            safeguards::plan_change(change, id, &planned).await
        }
        .boxed()
    });
    Ok(Json(set.await?))
}

/// Tell where what directories say and what is in force differ, and what people hold by hand beside them.
#[utoipa::path(
    get, path = "/organizations/{slug}/drift", operation_id = "show_drift", tag = "Safeguards",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = Drift)),
    security(("key" = ["safeguards:read"])),
)]
pub(in crate::http) async fn drift(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<Drift>, Problem> {
    let read = admin.read(&slug, Scope::SafeguardsRead, |tx, admitted| {
        async move { view::drift(tx, admitted.organization.id).await }.boxed()
    });
    Ok(Json(read.await?))
}

/// List what people hold that no directory gave: by hand, by override, by invitation, by import.
#[utoipa::path(
    get, path = "/organizations/{slug}/manual-holdings", operation_id = "list_manual_holdings",
    tag = "Safeguards", params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = Value, description = "`data`: the grants")),
    security(("key" = ["users:read"])),
)]
pub(in crate::http) async fn holdings(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<Value>, Problem> {
    let read = admin.read(&slug, Scope::UsersRead, |tx, admitted| {
        async move { view::holdings(tx, admitted.organization.id).await }.boxed()
    });
    let data: Vec<Holding> = read.await?;
    Ok(Json(json!({"data": data, "next": null, "has_more": false})))
}

/// Tell what undoing a request, an import or a window would do, and change nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/undo/preview", operation_id = "preview_undo",
    tag = "Safeguards", params(("slug" = String, Path, description = "The organization's slug")),
    request_body = Undo, responses((status = 200, body = Undone)),
    security(("key" = ["safeguards:write"])),
)]
pub(in crate::http) async fn preview_undo(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Json<Undone>, Problem> {
    let scope = Scope::SafeguardsWrite;
    admin.admit(&slug, scope).await?;
    let undo: Undo = body.json().await?;
    let told = admin.change(&slug, scope, &request, move |change, _| {
        let undo = undo.clone();
        async move { undo::outlook(change, &undo).await }.boxed()
    });
    Ok(Json(told.await?))
}

/// Undo what a request, an import, or a connection within a window did to people.
///
/// By new changes: who was shut out is let in, what ended is given again, what was given ends. The SCIM
/// resources stay as the directory set them, and the drift report shows the gap. Of an import, who has not
/// come yet is not invited any more, and who has come stays, without what it gave.
#[utoipa::path(
    post, path = "/organizations/{slug}/undo", operation_id = "undo", tag = "Safeguards",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = Undo, responses((status = 200, body = Undone)),
    security(("key" = ["safeguards:write"])),
)]
pub(in crate::http) async fn undo(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Json<Undone>, Problem> {
    let scope = Scope::SafeguardsWrite;
    admin.admit(&slug, scope).await?;
    let undo: Undo = body.json().await?;
    let told = admin.change(&slug, scope, &request, move |change, _| {
        let undo = undo.clone();
        async move { undo::apply(change, &undo).await }.boxed()
    });
    Ok(Json(told.await?))
}

fn named(id: &str) -> Option<SafeguardId> {
    id.parse().ok()
}

async fn shown(
    admin: &Admin,
    slug: &str,
    scope: Scope,
    id: Option<SafeguardId>,
) -> Result<Json<SafeguardView>, Problem> {
    let read = admin.read(slug, scope, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Safeguard))?;
            view::show(tx, admitted.organization.id, id).await
        }
        .boxed()
    });
    Ok(Json(read.await?))
}

async fn decided<J>(
    admin: &Admin,
    slug: &str,
    request: &RequestId,
    id: &str,
    job: J,
) -> Result<Json<SafeguardView>, Problem>
where
    J: for<'c, 't> Fn(&'c mut Change<'t>, SafeguardId) -> BoxFuture<'c, Result<SafeguardId, Error>>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let (id, scope) = (named(id), Scope::SafeguardsWrite);
    let written = admin.change(slug, scope, request, move |change, _| {
        let job = job.clone();
        async move { job(change, id.ok_or(Error::NotFound(Kind::Safeguard))?).await }.boxed()
    });
    let id = written.await?;
    shown(admin, slug, scope, Some(id)).await
}
