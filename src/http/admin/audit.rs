//! The audit log: every event with what vouches for it.
#![expect(
    unused_qualifications,
    reason = "the OpenAPI macro writes its types in full"
)]

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use utoipa::IntoParams;

use crate::directory::scope::Scope;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::id::OrganizationId;
use crate::limits;
use crate::provisioning::audit::verify::{self, Report};
use crate::provisioning::audit::view::{self, AuditLog};

/// Logs that are verified at once, of this process: it reads the whole of one.
static SEATS: Semaphore = Semaphore::const_new(limits::VERIFIED_AT_ONCE);

/// Organizations whose log is being verified, each once: none takes the others' seats.
static VERIFIED: Mutex<BTreeSet<OrganizationId>> = Mutex::new(BTreeSet::new());

/// An organization's turn, until it is dropped.
struct Turn(OrganizationId);

impl Turn {
    /// Its turn, where it has none yet.
    fn of(org: OrganizationId) -> Option<Self> {
        let mut verified = VERIFIED.lock().unwrap_or_else(PoisonError::into_inner);
        verified.insert(org).then(|| Self(org))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut verified = VERIFIED.lock().unwrap_or_else(PoisonError::into_inner);
        verified.remove(&self.0);
    }
}

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
/// kept for 90 days. `audit/verification` tells whether the log is as it was written.
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

/// Verify the audit log of an organization.
///
/// Every line that is kept is looked at: whether it is as it was written and follows the one before, whether
/// the log begins and ends where it was sealed to, and whether the checkpoints that are kept here say the same.
/// Where it does not hold, `faults` tells where and what. It is read in parts and may take a while. That the
/// whole database was put back is found only with a checkpoint that was kept elsewhere: `usher audit verify`.
#[utoipa::path(
    get, path = "/organizations/{slug}/audit/verification", operation_id = "verify_audit", tag = "Events",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = Report)),
    security(("key" = ["audit:read"])),
)]
pub(in crate::http) async fn verification(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<Report>, Problem> {
    let org = admin.read(&slug, Scope::AuditRead, |_, admitted| {
        async move { Ok(admitted.organization.id) }.boxed()
    });
    let org = org.await?;
    let busy = |detail| Problem::new(Type::Unavailable, detail);
    let one = "this log is being verified already; ask again in a moment";
    let _turn = Turn::of(org).ok_or_else(|| busy(one))?;
    let many = "the logs of others are being verified; ask again in a moment";
    let seat = timeout(limits::VERIFICATION_WAITS, SEATS.acquire()).await;
    let _seat = seat.map_err(|_| busy(many))?.map_err(|_| busy(many))?;
    let gateway = admin.gateway();
    let keys = gateway.keys.now(gateway.ids.clock().now()).await?;
    Ok(Json(verify::verify(&gateway.store, &keys, org, &[]).await?))
}
