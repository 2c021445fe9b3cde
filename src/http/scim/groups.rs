//! `/Groups` (RFC 7644 §3.3 to §3.6).

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use axum::response::Response;

use crate::http::scim::cursor::Cursors;
use crate::http::scim::page::Listed;
use crate::http::scim::task::{Done, Task};
use crate::http::scim::{ScimRequest, page, resource, unchanged, view, with_tolerated};
use crate::id::ScimGroupId;
use crate::limits;
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::{Change, Error, Kind, groups};
use crate::scim::list::ListQuery;
use crate::scim::patch::Patch;
use crate::scim::{Tolerance, Tolerances, validate};
use crate::store::rows::ScimGroupRow;
use crate::store::search::Search;
use crate::store::types::AnyId;
use crate::store::{self, Tx};

/// What is named where members were left out.
const MEMBERS: &str = "members";

/// One of them.
pub(super) async fn one(
    tx: &mut Tx,
    client: &ScimClient,
    request: &ScimRequest,
    id: &str,
) -> Result<Response, Error> {
    let projection = request.task.projection(client.types.group, client)?;
    let row = tx
        .scim_group(client.org, client.connection.id, known(id)?)
        .await?;
    let row = row.ok_or(Error::NotFound(Kind::Group))?;
    if let Some(response) = unchanged(request, row.version) {
        return Ok(response);
    }
    let location = client.location(client.types.group, row.id);
    let version = row.version;
    let body = view::groups(tx, client, &[row], &projection)
        .await?
        .pop()
        .ok_or(Error::NotFound(Kind::Group))?;
    let answer = resource(StatusCode::OK, body, version, &location);
    Ok(with_tolerated(
        answer,
        client,
        request.task.tolerated(client),
    ))
}

/// Their list.
struct Groups;

impl Listed for Groups {
    type Row = ScimGroupRow;

    async fn exceed(tx: &mut Tx, search: &Search, budget: i64) -> Result<bool, store::Error> {
        tx.groups_exceed(search, budget).await
    }

    async fn count(tx: &mut Tx, search: &Search) -> Result<i64, store::Error> {
        tx.count_scim_groups(search).await
    }

    async fn rows(
        tx: &mut Tx,
        search: &Search,
        (offset, limit): (i64, i64),
    ) -> Result<Vec<ScimGroupRow>, store::Error> {
        tx.scim_group_page(search, offset, limit).await
    }

    async fn key(tx: &mut Tx, search: &Search, id: AnyId) -> Result<Option<String>, store::Error> {
        tx.scim_group_key(search, id.uuid().into()).await
    }

    fn id(row: &ScimGroupRow) -> AnyId {
        row.id.uuid().into()
    }
}

/// Those that a query asks for.
pub(super) async fn list(
    tx: &mut Tx,
    client: &ScimClient,
    cursors: &Cursors,
    pairs: &[(String, String)],
) -> Result<Response, Error> {
    let query = ListQuery::parse(client.types.group, pairs, client.strictness())?;
    let search = page::search(cursors, client, client.types.group, &query)?;
    let mut found = page::read::<Groups>(tx, &query, &search).await?;
    if query.projection.wants("members") {
        let ids: Vec<_> = found.rows.iter().map(|row| row.id).collect();
        let shown = affordable(tx, client, &ids).await?;
        found.more |= shown < found.rows.len();
        found.rows.truncate(shown);
    }
    let resources = view::groups(tx, client, &found.rows, &query.projection).await?;
    let (by, asked) = ((cursors, client), (&query, &search));
    page::answer::<Groups>(tx, by, asked, &found, resources).await
}

/// How many of these groups a page can show with their members: all, unless they are huge; the
/// rest is the next page's.
pub(super) async fn affordable(
    tx: &mut Tx,
    client: &ScimClient,
    ids: &[ScimGroupId],
) -> Result<usize, Error> {
    if ids.len() < 2 {
        return Ok(ids.len());
    }
    let counts = tx.member_counts(client.org, ids).await?;
    let counts: BTreeMap<_, _> = counts.into_iter().collect();
    let mut members = 0;
    let fits = ids.iter().take_while(|id| {
        members += counts.get(id).copied().unwrap_or_default();
        members <= limits::MEMBERS_PER_PAGE
    });
    Ok(fits.count().max(1))
}

/// Creates one.
pub(super) async fn create(
    change: &mut Change<'_>,
    client: &ScimClient,
    task: &Task,
) -> Result<Done, Error> {
    let draft = validate::create(client.types.group, task.body()?, client.strictness())?;
    let members = draft.members.unwrap_or_default();
    let id = task.id.map_or_else(|| change.id(), Into::into);
    let row = groups::create(change, client, id, &draft.resource, &members).await?;
    let left = (draft.ignored, draft.tolerated);
    done(change, client, task, row, left).await
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
    let row = match task.method {
        Method::DELETE => {
            groups::delete(change, client, known(id)?, conditions).await?;
            return Ok(Done::gone());
        }
        Method::PUT => {
            let body = task.body()?;
            groups::replace(change, client, known(id)?, conditions, |current| {
                let draft = validate::replace(client.types.group, current, body, strictness)?;
                left = (draft.ignored, draft.tolerated);
                Ok((draft.resource, draft.members))
            })
            .await?
        }
        _ => {
            let patch = Patch::parse(client.types.group, task.body()?, strictness)?;
            let ignored = patch.ignored().to_vec();
            let patched = groups::patch(change, client, known(id)?, conditions, patch);
            let (row, tolerated) = patched.await?;
            left = (ignored, tolerated);
            row
        }
    };
    done(change, client, task, row, left).await
}

/// What was done, and the resource as it is stored now.
async fn done(
    change: &mut Change<'_>,
    client: &ScimClient,
    task: &Task,
    row: ScimGroupRow,
    (mut ignored, mut tolerated): (Vec<String>, Tolerances),
) -> Result<Done, Error> {
    tolerated.extend(task.tolerated(client));
    if change.left_out_members() {
        ignored.push(MEMBERS.to_owned());
        tolerated.insert(Tolerance::UnknownMember);
    }
    let at = Some((row.version, client.location(client.types.group, row.id)));
    let seen = if task.is_shown(client.types.group, client) {
        let projection = task.projection(client.types.group, client)?;
        let mut seen = view::groups(change.tx, client, &[row], &projection).await?;
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
fn known(id: &str) -> Result<ScimGroupId, Error> {
    id.parse().map_err(|_| Error::NotFound(Kind::Group))
}
