//! Users: who is in, with which role, and why.
#![expect(
    unused_qualifications,
    reason = "the OpenAPI macro writes its types in full"
)]

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::directory::email::Address;
use crate::directory::scope::Scope;
use crate::directory::user::UserState;
use crate::http::admin::asked::Asked;
use crate::http::admin::conditional::Seen;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::UserId;
use crate::provisioning::people_view::{self, Explanation, User, UserDetail, Wanted};
use crate::provisioning::{Error, Kind};

/// Which users are asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Search {
    /// Those with exactly this address; upper and lower case are one.
    pub(in crate::http) email: Option<String>,
    /// Those who are this now.
    #[param(inline)]
    pub(in crate::http) state: Option<UserState>,
    /// How many items, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
    /// Go on after this one: what `next` was.
    pub(in crate::http) after: Option<String>,
}

/// List the users of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/users", operation_id = "list_users", tag = "Users",
    params(("slug" = String, Path, description = "The organization's slug"), Search),
    responses((status = 200, body = Page<User>)),
    security(("key" = ["users:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(search): Asked<Search>,
) -> Result<Json<Page<User>>, Problem> {
    let place = Listing {
        limit: search.limit,
        after: search.after,
    }
    .place::<UserId>()?;
    let norm = |text: String| {
        let misread = || Problem::parameter("email", "malformed", "this is not an address");
        Address::parse(&text)
            .map(|address| address.norm().to_owned())
            .ok_or_else(misread)
    };
    let email_norm = search.email.map(norm).transpose()?;
    let wanted = Wanted {
        email_norm,
        state: search.state,
        after: place.after,
    };
    let users = admin.read(&slug, Scope::UsersRead, move |tx, admitted| {
        let wanted = wanted.clone();
        async move {
            people_view::list(tx, admitted.organization.id, &wanted, place.reading()).await
        }
        .boxed()
    });
    Ok(Json(place.page(users.await?, |user| user.id.to_string())))
}

/// Show one user, with their ties to connections.
#[utoipa::path(
    get, path = "/organizations/{slug}/users/{id}", operation_id = "show_user", tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
    ),
    responses((status = 200, body = UserDetail)),
    security(("key" = ["users:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<UserDetail>, Problem> {
    let id: Option<UserId> = id.parse().ok();
    let user = admin.read(&slug, Scope::UsersRead, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::User))?;
            people_view::show(tx, admitted.organization.id, id).await
        }
        .boxed()
    });
    Ok(Json(user.await?))
}

/// A user, as they are shown.
pub(super) fn seen(id: Option<UserId>) -> Seen {
    Seen::of(move |tx, moment| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::User))?;
            people_view::show(tx, moment.org()?, id).await
        }
        .boxed()
    })
}

/// For which instant an explanation is.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Instant {
    /// An instant of the past (RFC 3339); now unless said.
    #[param(value_type = Option<String>, format = "date-time")]
    pub(in crate::http) at: Option<Timestamp>,
}

/// Explain why a user holds the role they hold, or held it at an instant of the past: every grant with its
/// verdict.
#[utoipa::path(
    get, path = "/organizations/{slug}/users/{id}/explain", operation_id = "explain_user",
    tag = "Users",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The user's id"),
        Instant,
    ),
    responses((status = 200, body = Explanation)),
    security(("key" = ["users:read"])),
)]
pub(in crate::http) async fn explain(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
    Asked(instant): Asked<Instant>,
) -> Result<Json<Explanation>, Problem> {
    let id: Option<UserId> = id.parse().ok();
    let explanation = admin.read(&slug, Scope::UsersRead, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::User))?;
            let org = admitted.organization.id;
            people_view::explain(tx, org, id, admitted.now, instant.at).await
        }
        .boxed()
    });
    Ok(Json(explanation.await?))
}
