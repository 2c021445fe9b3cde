//! The audit log: every event with what vouches for it.
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
use crate::http::admin::asked::Asked;
use crate::http::admin::paging;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::provisioning::audit::view::{self, AuditLog};

/// Which stretch of the log is asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct AuditStretch {
    /// Go on after the line of this number: what `next` was; 0 unless said.
    #[param(minimum = 0)]
    pub(in crate::http) after: Option<i64>,
    /// How many lines, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
}

/// Read the audit log of an organization.
///
/// Every event, also those that only admins may read, with the mac that chains it to the one before, the
/// commitments to its personal values, and the checkpoint that vouches for the log up to it. Events are
/// kept for 90 days. `usher audit verify` tells whether the log is as it was written.
#[utoipa::path(
    get, path = "/organizations/{slug}/audit", operation_id = "read_audit", tag = "Events",
    params(("slug" = String, Path, description = "The organization's slug"), AuditStretch),
    responses((status = 200, body = AuditLog)),
    security(("key" = ["audit:read"])),
)]
pub(in crate::http) async fn read(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(asked): Asked<AuditStretch>,
) -> Result<Json<AuditLog>, Problem> {
    let after = asked.after.unwrap_or(0);
    if after < 0 {
        let possible = "0 or more is possible";
        return Err(Problem::parameter("after", "out_of_range", possible));
    }
    let limit = paging::limit(asked.limit)?;
    let found = admin.read(&slug, Scope::AuditRead, move |tx, admitted| {
        async move { view::read(tx, admitted.organization.id, after, limit).await }.boxed()
    });
    Ok(Json(found.await?))
}
