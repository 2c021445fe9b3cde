//! What a connection demands of its identity provider's assertions, and where it reads the person.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;

use crate::directory::demands::DemandChanges;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::connections::{Connection, rows, view};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::ConnectionId;
use crate::provisioning::settings::connection_demands;
use crate::provisioning::{Error, Kind};

/// Change what a connection demands of assertions, and where it reads the person.
///
/// What is not mentioned stays as it is; null goes back to the default. An organization's key may
/// while the connection is in testing and nobody ever came in by it; from then on only the
/// operator's keys may: this decides who comes in, and as whom.
#[utoipa::path(
    patch, path = "/organizations/{slug}/connections/{id}", operation_id = "change_connection",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    request_body = DemandChanges, responses((status = 200, body = Connection)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http::admin) async fn change(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Connection>, Problem> {
    let (id, scope) = (id.parse::<ConnectionId>().ok(), Scope::ConnectionsWrite);
    admin.admit(&slug, scope).await?;
    let changes: DemandChanges = body.json().await?;
    let faults = changes.faults();
    if !faults.is_empty() {
        let faults = faults.into_iter().map(|it| (it.pointer, it.why));
        return Err(Problem::of_body(faults));
    }
    let changed = admin.change(&slug, scope, &request, move |change, access| {
        let changes = changes.clone();
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Connection))?;
            connection_demands::change_by_key(change, access, id, changes).await?;
            let row = change.tx.connection(change.org, id).await?;
            let row = row.ok_or(Error::NotFound(Kind::Connection))?;
            let rows = rows(change.tx, row, change.now).await?;
            Ok((rows, change.tx.roles(change.org).await?))
        }
        .boxed()
    });
    let (rows, roles) = changed.await?;
    Ok(Json(view(admin.gateway(), rows, &roles)))
}
