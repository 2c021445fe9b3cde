//! Pages of resources (RFC 7644 §3.4.2, RFC 9865): from a query to a search, and back to a list.

use std::cmp::Ordering;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::http::reply;
use crate::http::scim::cursor::Cursors;
use crate::http::scim::with_tolerated;
use crate::limits;
use crate::provisioning::Error;
use crate::provisioning::scim_client::ScimClient;
use crate::scim::list::{ListQuery, ListResponse, Start};
use crate::scim::{self, ResourceType, Shown};
use crate::store::search::{After, Direction, Search};
use crate::store::types::AnyId;
use crate::store::{self, Tx};

/// The search that a query means in this connection.
pub(super) fn search(
    cursors: &Cursors,
    client: &ScimClient,
    kind: &'static ResourceType,
    query: &ListQuery,
) -> Result<Search, Error> {
    let paths = query
        .filter
        .iter()
        .flat_map(scim::Filter::paths)
        .chain(query.sort_by);
    for path in paths {
        let name = path.sub.map_or("", |sub| sub.name);
        if path.attribute.name == "manager" && name != "value" && !name.is_empty() {
            return Err(Error::Scim(scim::Error::invalid_filter(format!(
                "{path} is worked out for each answer and cannot be searched; use manager.value"
            ))));
        }
    }
    let after = match &query.start {
        Start::Cursor(text) => Some(cursors.open(client, &query.question(), text)?),
        Start::Index(index) if *index > 1 && query.sort_by.is_none() => {
            let behind = cursors.noted(client, &query.question(), *index);
            behind.map(|id| After { key: None, id })
        }
        Start::First | Start::Index(_) => None,
    };
    Ok(Search {
        org: client.org,
        connection: client.connection.id,
        kind,
        filter: query.filter.clone(),
        sort: query.sort_by.map(|path| (path, direction(query))),
        after,
        base: client.base.clone(),
        tells_members: query.projection.wants("groups"),
    })
}

/// Which way the query's order goes.
pub(super) fn direction(query: &ListQuery) -> Direction {
    if query.descending {
        Direction::Descending
    } else {
        Direction::Ascending
    }
}

/// Offset and limit of the rows that must be read for the page; none where nothing can be on it.
/// By cursor one more is read, which tells whether there is a next page.
pub(super) fn window(query: &ListQuery, search: &Search) -> Option<(i64, i64)> {
    let offset = match search.after {
        Some(_) => 0,
        None => i64::try_from(query.offset()).ok()?,
    };
    let limit = i64::try_from(query.limit()).ok()?;
    let one_more = i64::from(query.is_by_cursor());
    (limit > 0).then_some((offset, limit + one_more))
}

/// A kind of resource whose list the store keeps.
pub(super) trait Listed {
    /// A resource as it is stored.
    type Row;

    /// Whether more of them than this would be read.
    async fn exceed(tx: &mut Tx, search: &Search, budget: i64) -> Result<bool, store::Error>;
    /// How many the search finds.
    async fn count(tx: &mut Tx, search: &Search) -> Result<i64, store::Error>;
    /// So many of them, behind so many.
    async fn rows(
        tx: &mut Tx,
        search: &Search,
        window: (i64, i64),
    ) -> Result<Vec<Self::Row>, store::Error>;
    /// What a resource is sorted by.
    async fn key(tx: &mut Tx, search: &Search, id: AnyId) -> Result<Option<String>, store::Error>;
    /// The resource's id.
    fn id(row: &Self::Row) -> AnyId;
}

/// What a page shows.
pub(super) struct Page<R> {
    /// The resources, in order.
    pub(super) rows: Vec<R>,
    /// How many there are in all.
    pub(super) total: i64,
    /// Whether another page follows, or may: by cursor it is known, elsewhere the page is full.
    pub(super) more: bool,
}

/// Reads the page that the query asks for; 400 `tooMany` where too many would have to be looked at.
pub(super) async fn read<K: Listed>(
    tx: &mut Tx,
    query: &ListQuery,
    search: &Search,
) -> Result<Page<K::Row>, Error> {
    if search.is_scan() && K::exceed(tx, search, limits::SCAN_BUDGET).await? {
        return Err(Error::Store(store::Error::TooMany));
    }
    let window = window(query, search);
    // Whoever begins with the first is counted where the page does not tell; elsewhere the count tells whether there is a
    // page at all.
    let known = match window {
        Some((0, _)) => None,
        _ => Some(K::count(tx, search).await?),
    };
    let mut rows = match window {
        Some(window) if known.is_none_or(|total| window.0 < total) => {
            K::rows(tx, search, window).await?
        }
        _ => Vec::new(),
    };
    let total = match known.or_else(|| total(search, window, rows.len())) {
        Some(total) => total,
        None => K::count(tx, search).await?,
    };
    let more = cut(query, &mut rows);
    Ok(Page { rows, total, more })
}

/// How many there are in all, where a page that begins with the first tells: it is not full.
fn total(search: &Search, window: Option<(i64, i64)>, read: usize) -> Option<i64> {
    let (_, limit) = window.filter(|(offset, _)| *offset == 0 && search.after.is_none())?;
    i64::try_from(read).ok().filter(|read| *read < limit)
}

/// The page as an answer, whose resources are shown as these. Where it ended is told or noted, for whoever walks on.
pub(super) async fn answer<K: Listed>(
    tx: &mut Tx,
    (cursors, client): (&Cursors, &ScimClient),
    (query, search): (&ListQuery, &Search),
    page: &Page<K::Row>,
    resources: Vec<Shown>,
) -> Result<Response, Error> {
    let last = page.rows.last().map(K::id).filter(|_| page.more);
    let next = match last {
        Some(id) if query.is_by_cursor() => Some(After {
            key: match search.sort {
                Some(_) => K::key(tx, search, id).await?,
                None => None,
            },
            id,
        }),
        Some(id) => {
            note(cursors, client, query, page.rows.len(), id);
            None
        }
        None => None,
    };
    let found = (page.total, next);
    Ok(response(cursors, client, query, found, resources))
}

/// Notes that the page, of so many, ended with this one.
fn note(cursors: &Cursors, client: &ScimClient, query: &ListQuery, count: usize, last: AnyId) {
    if let (Start::Index(index), None) = (&query.start, query.sort_by) {
        let next = index.max(&1) + count as u64;
        cursors.note(client, &query.question(), next, last);
    }
}

/// Cuts what was read to the page; answers whether there may be more: by cursor one more was read, which tells, and
/// elsewhere a full page is taken to be followed.
pub(super) fn cut<T>(query: &ListQuery, rows: &mut Vec<T>) -> bool {
    let limit = usize::try_from(query.limit()).unwrap_or(usize::MAX);
    let more = rows.len() >= limit.saturating_add(usize::from(query.is_by_cursor()));
    rows.truncate(limit);
    more
}

/// The order of RFC 7644 §3.4.2.3: no key comes last, or first where the order is reversed.
pub(super) fn compare(a: &After, b: &After, direction: Direction) -> Ordering {
    let keys = match (&a.key, &b.key) {
        (Some(a), Some(b)) => a.as_bytes().cmp(b.as_bytes()),
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (None, None) => Ordering::Equal,
    };
    let keys = match direction {
        Direction::Ascending => keys,
        Direction::Descending => keys.reverse(),
    };
    keys.then_with(|| a.id.uuid().cmp(&b.id.uuid()))
}

/// The list as an answer; `next` is the last resource of the page where another page follows.
pub(super) fn response<T: Serialize>(
    cursors: &Cursors,
    client: &ScimClient,
    query: &ListQuery,
    (total, next): (i64, Option<After>),
    resources: Vec<T>,
) -> Response {
    let total = u64::try_from(total).unwrap_or_default();
    let body = match query.start {
        Start::Index(index) => ListResponse::new(total, index, resources),
        Start::First | Start::Cursor(_) => {
            let question = query.question();
            let next = next.map(|after| cursors.seal(client, &question, &after));
            ListResponse::by_cursor(total, next, resources)
        }
    };
    let answer = reply::scim::said(StatusCode::OK, &body);
    with_tolerated(answer, client, query.tolerated)
}
