//! Connections, set up and changed.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::directory::connection::ConnectionState;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::IfMatch;
use crate::http::admin::connections::wanted::{ConnectionWanted, Described};
use crate::http::admin::connections::{Connection, Rows, one, seen, view};
use crate::http::admin::created::Created;
use crate::http::auth::admin::Admin;
use crate::http::body::Place;
use crate::http::reply::problem::Problem;
use crate::id::ConnectionId;
use crate::limits;
use crate::provisioning::settings::connection_access::{create_by_key, update_by_key};
use crate::provisioning::settings::connection_state;
use crate::provisioning::settings::connections::ConnectionSettings;
use crate::provisioning::{Change, Error, Kind};
use crate::store::rows::RoleRow;

/// What a path leads to that names something else than an id.
const NO_CONNECTION: Error = Error::NotFound(Kind::Connection);

/// A fresh connection, with its first SCIM token, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct CreatedConnection {
    #[serde(flatten)]
    pub(in crate::http) connection: Connection,
    /// The token that its SCIM client comes with.
    pub(in crate::http) scim_token: String,
}

/// The fingerprints that were looked at.
type Seen = Option<Vec<String>>;

/// Reads what is set of a connection.
async fn settings(
    admin: &Admin,
    slug: &str,
    body: Unread,
) -> Result<(ConnectionSettings, Seen, Option<Place>), Problem> {
    let scope = Scope::ConnectionsWrite;
    admin.admit(slug, scope).await?;
    let gateway = admin.gateway();
    let read = body.large_json(gateway, limits::CONNECTION_BODY).await?;
    let (body, place): (Map<String, Value>, _) = read;
    let mut wanted = ConnectionWanted::read(body)?;
    let seen = wanted.seen_certificates.take();
    if wanted.is_published() {
        // Nothing is fetched for who may not say from where.
        let operator = admin.read(slug, scope, |_, admitted| {
            async move { admitted.access.require_operator() }.boxed()
        });
        operator.await?;
    }
    Ok((wanted.settings(gateway).await?, seen, place))
}

/// What is shown of a connection that was just written.
async fn written(change: &mut Change<'_>, id: ConnectionId) -> Result<(Rows, Vec<RoleRow>), Error> {
    one(change.tx, (change.org, Some(id)), change.now).await
}

/// Create a connection, and issue its first SCIM token.
///
/// The answer has the token, this once, and the addresses that the identity provider is told. By an organization's
/// key the connection is in testing: sign-ins show their checks, and nobody comes in until the operator says so.
/// Domains without a proof, metadata by an address, and a higher role than usual take an operator's key.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections", operation_id = "create_connection",
    tag = "Connections",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = Described, responses((status = 201, body = CreatedConnection)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<CreatedConnection>, Problem> {
    // The place of a large body is kept until all is done.
    let (settings, _, _place) = settings(&admin, &slug, body).await?;
    let scope = Scope::ConnectionsWrite;
    let created = admin.change(&slug, scope, &request, move |change, access| {
        let settings = settings.clone();
        async move {
            let created = create_by_key(change, access, settings).await?;
            let shown = written(change, created.connection.id).await?;
            Ok((shown, created.scim_token))
        }
        .boxed()
    });
    let ((rows, roles), scim_token) = created.await?;
    let created = CreatedConnection {
        connection: view(admin.gateway(), rows, &roles),
        scim_token,
    };
    let path = format!(
        "/organizations/{slug}/connections/{}",
        created.connection.id
    );
    Ok(Created::at(&admin, path, created))
}

/// Change a connection.
///
/// What is not named stays as it is; of what it demands of assertions, null goes back to the default. Whom a
/// connection trusts, and what it reads of them, decides who comes in, and as what: an organization's key sets that
/// while the connection is in testing and nobody ever came in by it, and the operator's from then on. The operator's
/// alone are leaving testing and going back to it, domains without a proof, metadata by an address, and higher
/// roles. Another safeguard takes `safeguards:write`, too.
#[utoipa::path(
    patch, path = "/organizations/{slug}/connections/{id}", operation_id = "change_connection",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
        IfMatch,
    ),
    request_body = Described, responses((status = 200, body = Connection)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn update(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Connection>, Problem> {
    let (settings, certificates, _place) = settings(&admin, &slug, body).await?;
    let (id, scope) = (id.parse::<ConnectionId>().ok(), Scope::ConnectionsWrite);
    let admin = admin.if_still(seen(admin.gateway(), id));
    let changed = admin.change(&slug, scope, &request, move |change, access| {
        let (settings, certificates) = (settings.clone(), certificates.clone());
        async move {
            let id = id.ok_or(NO_CONNECTION)?;
            update_by_key(change, access, id, (&settings, certificates.as_deref())).await?;
            written(change, id).await
        }
        .boxed()
    });
    let (rows, roles) = changed.await?;
    Ok(Json(view(admin.gateway(), rows, &roles)))
}

/// Stop a connection: SCIM is answered 403, nobody signs in by it, and its sessions end.
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/pause", operation_id = "pause_connection",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
        IfMatch,
    ),
    responses((status = 200, body = Connection)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn pause(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Connection>, Problem> {
    set_state(&admin, &request, (&slug, &id), ConnectionState::Paused).await
}

/// Let a paused connection work again.
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/resume", operation_id = "resume_connection",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
        IfMatch,
    ),
    responses((status = 200, body = Connection)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn resume(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Connection>, Problem> {
    set_state(&admin, &request, (&slug, &id), ConnectionState::Active).await
}

async fn set_state(
    admin: &Admin,
    request: &RequestId,
    (slug, id): (&str, &str),
    state: ConnectionState,
) -> Result<Json<Connection>, Problem> {
    let (id, scope) = (id.parse::<ConnectionId>().ok(), Scope::ConnectionsWrite);
    let admin = admin.if_still(seen(admin.gateway(), id));
    let changed = admin.change(slug, scope, request, move |change, _| {
        async move {
            let id = id.ok_or(NO_CONNECTION)?;
            connection_state::set_state_in(change, id, state).await?;
            written(change, id).await
        }
        .boxed()
    });
    let (rows, roles) = changed.await?;
    Ok(Json(view(admin.gateway(), rows, &roles)))
}

/// Confirm that the organization's owner may sign in through a connection.
///
/// With an operator's key alone. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/confirm-owner",
    operation_id = "confirm_connection_for_owner", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
        IfMatch,
    ),
    responses((status = 200, body = Connection)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn confirm_owner(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Connection>, Problem> {
    let (id, scope) = (id.parse::<ConnectionId>().ok(), Scope::ConnectionsWrite);
    let admin = admin.if_still(seen(admin.gateway(), id));
    let changed = admin.change(&slug, scope, &request, move |change, access| {
        async move {
            access.require_operator()?;
            let id = id.ok_or(NO_CONNECTION)?;
            connection_state::confirm_owner_in(change, id).await?;
            written(change, id).await
        }
        .boxed()
    });
    let (rows, roles) = changed.await?;
    Ok(Json(view(admin.gateway(), rows, &roles)))
}
