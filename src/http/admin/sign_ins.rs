//! Sign-ins by SAML: who came in, who did not, and which check said no.
#![expect(
    unused_qualifications,
    reason = "the OpenAPI macro writes its types in full"
)]

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::directory::scope::Scope;
use crate::directory::sign_in::SignInOutcome;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::admin::scim_requests::connection;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::SignInId;
use crate::provisioning::sign_in_log::{self, SignIn, SignInDetail};
use crate::provisioning::{Error, Kind};
use crate::store::rows::WantedSignIns;

/// Which sign-ins are asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Search {
    /// Those by this connection.
    pub(in crate::http) connection: Option<String>,
    /// Those that ended so: asked, refused, signed_in or tested.
    pub(in crate::http) outcome: Option<String>,
    /// Those that were refused for this reason, such as audience_mismatch.
    pub(in crate::http) reason: Option<String>,
    /// How many items, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
    /// Go on after this one: what `next` was.
    pub(in crate::http) after: Option<String>,
}

/// List sign-ins by SAML, the latest first.
///
/// Every attempt is kept for 30 days, one whose signature was not found good for a day; of refusals,
/// 30 a minute of a connection. Addresses are masked.
#[utoipa::path(
    get, path = "/organizations/{slug}/sign-ins", operation_id = "list_sign_ins",
    tag = "Sign-ins",
    params(("slug" = String, Path, description = "The organization's slug"), Search),
    responses((status = 200, body = Page<SignIn>)),
    security(("key" = ["sign-ins:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(search): Asked<Search>,
) -> Result<Json<Page<SignIn>>, Problem> {
    let place = Listing {
        limit: search.limit,
        after: search.after,
    }
    .place::<SignInId>()?;
    let wanted = WantedSignIns {
        connection: connection(search.connection.as_deref())?,
        outcome: outcome(search.outcome.as_deref())?,
        reason: search.reason,
        after: place.after,
    };
    let found = admin.read(&slug, Scope::SignInsRead, move |tx, admitted| {
        let wanted = wanted.clone();
        async move {
            let most = i64::try_from(place.reading()).unwrap_or(i64::MAX);
            sign_in_log::list(tx, admitted.organization.id, &wanted, most).await
        }
        .boxed()
    });
    Ok(Json(place.page(found.await?, |it| it.id.to_string())))
}

/// Show a sign-in with each of its checks.
#[utoipa::path(
    get, path = "/organizations/{slug}/sign-ins/{id}", operation_id = "show_sign_in",
    tag = "Sign-ins",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The sign-in's id"),
    ),
    responses((status = 200, body = SignInDetail)),
    security(("key" = ["sign-ins:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<SignInDetail>, Problem> {
    let id: Option<SignInId> = id.parse().ok();
    let found = admin.read(&slug, Scope::SignInsRead, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::SignIn))?;
            sign_in_log::show(tx, admitted.organization.id, id).await
        }
        .boxed()
    });
    Ok(Json(found.await?))
}

fn outcome(text: Option<&str>) -> Result<Option<SignInOutcome>, Problem> {
    let possible = "asked, refused, signed_in and tested are possible";
    let misread = |_| Problem::parameter("outcome", "malformed", possible);
    text.map(str::parse).transpose().map_err(misread)
}
