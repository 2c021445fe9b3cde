//! The directory lint of a connection: what it has shown that goes wrong one day.

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;

use crate::directory::lint::Finding;
use crate::directory::scope::Scope;
use crate::http::admin::paging::Page;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::ConnectionId;
use crate::provisioning::{Error, Kind, lint as facts};

/// Say what goes wrong with a connection one day, and how it is mended.
///
/// Looks at the newest people and sign-ins, and at what was counted of the connection's requests:
/// each tolerance that they needed, sign-ins refused for SHA-1. All findings are on one page.
#[utoipa::path(
    get, path = "/organizations/{slug}/connections/{id}/lint", operation_id = "lint_connection",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    responses((status = 200, body = Page<Finding>)),
    security(("key" = ["connections:read"])),
)]
pub(in crate::http) async fn lint(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Page<Finding>>, Problem> {
    let id: Option<ConnectionId> = id.parse().ok();
    let tally = admin.gateway().tally.clone();
    let found = admin.read(&slug, Scope::ConnectionsRead, move |tx, admitted| {
        let tally = tally.clone();
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Connection))?;
            let of = (admitted.organization.id, id);
            facts::findings(tx, of, &tally.unwritten(of)).await
        }
        .boxed()
    });
    Ok(Json(Page {
        data: found.await?,
        next: None,
        has_more: false,
    }))
}
