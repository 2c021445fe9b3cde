//! `/Users` (RFC 7644 §3.3 to §3.6).

use axum::http::{Method, StatusCode};
use axum::response::Response;

use crate::http::scim::cursor::Cursors;
use crate::http::scim::page::Listed;
use crate::http::scim::task::{Done, Task};
use crate::http::scim::{ScimRequest, page, resource, unchanged, view, with_tolerated};
use crate::id::ScimUserId;
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::{Change, Error, Kind, users};
use crate::scim::Tolerances;
use crate::scim::list::ListQuery;
use crate::scim::patch::Patch;
use crate::scim::validate;
use crate::store::rows::ShownUser;
use crate::store::search::Search;
use crate::store::types::AnyId;
use crate::store::{self, Tx};

/// One of them.
pub(super) async fn one(
    tx: &mut Tx,
    client: &ScimClient,
    request: &ScimRequest,
    id: &str,
) -> Result<Response, Error> {
    let projection = request.task.projection(client.types.user, client)?;
    let shown = tx
        .shown_user(client.org, client.connection.id, known(id)?)
        .await?;
    let (shown, stamp) = shown.ok_or(Error::NotFound(Kind::User))?;
    tx.see(stamp);
    let version = shown.row.version;
    if let Some(response) = unchanged(request, version) {
        return Ok(response);
    }
    let location = client.location(client.types.user, shown.row.id);
    let body = view::users(tx, client, &[shown], &projection)
        .await?
        .pop()
        .ok_or(Error::NotFound(Kind::User))?;
    let answer = resource(StatusCode::OK, body, version, &location);
    Ok(with_tolerated(
        answer,
        client,
        request.task.tolerated(client),
    ))
}

/// Their list.
struct Users;

impl Listed for Users {
    type Row = ShownUser;

    async fn exceed(tx: &mut Tx, search: &Search, budget: i64) -> Result<bool, store::Error> {
        tx.users_exceed(search, budget).await
    }

    async fn count(tx: &mut Tx, search: &Search) -> Result<i64, store::Error> {
        tx.count_scim_users(search).await
    }

    async fn rows(
        tx: &mut Tx,
        search: &Search,
        (offset, limit): (i64, i64),
    ) -> Result<Vec<ShownUser>, store::Error> {
        let (rows, stamp) = tx.shown_users(search, offset, limit).await?;
        if let Some(stamp) = stamp {
            tx.see(stamp);
        }
        Ok(rows)
    }

    async fn key(tx: &mut Tx, search: &Search, id: AnyId) -> Result<Option<String>, store::Error> {
        tx.scim_user_key(search, id.uuid().into()).await
    }

    fn id(shown: &ShownUser) -> AnyId {
        shown.row.id.uuid().into()
    }
}

/// Those that a query asks for.
pub(super) async fn list(
    tx: &mut Tx,
    client: &ScimClient,
    cursors: &Cursors,
    pairs: &[(String, String)],
) -> Result<Response, Error> {
    let query = ListQuery::parse(client.types.user, pairs, client.strictness())?;
    let search = page::search(cursors, client, client.types.user, &query)?;
    let found = page::read::<Users>(tx, &query, &search).await?;
    let resources = view::users(tx, client, &found.rows, &query.projection).await?;
    let (by, asked) = ((cursors, client), (&query, &search));
    page::answer::<Users>(tx, by, asked, &found, resources).await
}

/// Creates one.
pub(super) async fn create(
    change: &mut Change<'_>,
    client: &ScimClient,
    task: &Task,
) -> Result<Done, Error> {
    let draft = validate::create(client.types.user, task.body()?, client.strictness())?;
    let id = task.id.map_or_else(|| change.id(), Into::into);
    let row = users::create(change, client, id, &draft.resource).await?;
    let left = (draft.ignored, draft.tolerated);
    // No group has it as a member yet.
    let shown = ShownUser {
        row,
        is_member: false,
    };
    done(change, client, task, shown, left).await
}

/// Replaces, patches or deletes one.
pub(super) async fn change(
    change: &mut Change<'_>,
    client: &ScimClient,
    task: &Task,
    id: &str,
) -> Result<Done, Error> {
    let (strictness, conditions) = (client.strictness(), &task.conditions);
    let mut left = (Vec::new(), Tolerances::default());
    let shown = match task.method {
        Method::DELETE => {
            users::delete(change, client, known(id)?, conditions).await?;
            return Ok(Done::gone());
        }
        Method::PUT => {
            let body = task.body()?;
            users::update(change, client, known(id)?, conditions, |current, _| {
                let draft = validate::replace(client.types.user, current, body, strictness)?;
                left = (draft.ignored, draft.tolerated);
                Ok(draft.resource)
            })
            .await?
        }
        _ => {
            let mut patch = Patch::parse(client.types.user, task.body()?, strictness)?;
            let shown = users::update(change, client, known(id)?, conditions, |current, id| {
                patch.applied(current, id)
            });
            let shown = shown.await?;
            left = (patch.ignored().to_vec(), patch.tolerated());
            shown
        }
    };
    done(change, client, task, shown, left).await
}

/// What was done, and the resource as it is stored now.
async fn done(
    change: &mut Change<'_>,
    client: &ScimClient,
    task: &Task,
    shown: ShownUser,
    (ignored, mut tolerated): (Vec<String>, Tolerances),
) -> Result<Done, Error> {
    tolerated.extend(task.tolerated(client));
    let location = client.location(client.types.user, shown.row.id);
    let at = Some((shown.row.version, location));
    let seen = if task.is_shown(client.types.user, client) {
        let projection = task.projection(client.types.user, client)?;
        let mut seen = view::users(change.tx, client, &[shown], &projection).await?;
        seen.pop()
    } else {
        None
    };
    let status = task.status(seen.is_some());
    Ok(Done {
        status,
        at,
        seen,
        ignored,
        tolerated,
    })
}

/// An id of ours; anything else names nobody.
fn known(id: &str) -> Result<ScimUserId, Error> {
    id.parse().map_err(|_| Error::NotFound(Kind::User))
}
