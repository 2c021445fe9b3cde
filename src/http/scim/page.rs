//! Pages of resources (RFC 7644 §3.4.2, RFC 9865): from a query to a search, and back to a list.

use std::cmp::Ordering;

use axum::http::StatusCode;
use axum::response::Response;

use crate::http::reply;
use crate::http::scim::cursor::Cursors;
use crate::http::scim::with_tolerated;
use crate::provisioning::Error;
use crate::provisioning::scim_client::ScimClient;
use crate::scim::list::{self, ListQuery, Start};
use crate::scim::{self, Map, ResourceType};
use crate::store::search::{After, Direction, Search};
use crate::store::types::AnyId;

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

/// How many there are in all, where a page that begins with the first tells: it is not full.
pub(super) fn total(search: &Search, window: Option<(i64, i64)>, read: usize) -> Option<i64> {
    let (_, limit) = window.filter(|(offset, _)| *offset == 0 && search.after.is_none())?;
    i64::try_from(read).ok().filter(|read| *read < limit)
}

/// Notes where the page ended, for whoever walks on by `startIndex`.
pub(super) fn note(cursors: &Cursors, client: &ScimClient, query: &ListQuery, ids: &[AnyId]) {
    let (Start::Index(index), Some(last), None) = (&query.start, ids.last(), query.sort_by) else {
        return;
    };
    let next = index.max(&1) + ids.len() as u64;
    cursors.note(client, &query.question(), next, *last);
}

/// Cuts what was read to the page; answers whether there is more.
pub(super) fn cut<T>(query: &ListQuery, rows: &mut Vec<T>) -> bool {
    let limit = usize::try_from(query.limit()).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
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
pub(super) fn response(
    cursors: &Cursors,
    client: &ScimClient,
    query: &ListQuery,
    (total, next): (i64, Option<After>),
    resources: Vec<Map>,
) -> Response {
    let total = u64::try_from(total).unwrap_or_default();
    let body = match query.start {
        Start::Index(index) => list::response(total, index, resources),
        Start::First | Start::Cursor(_) => {
            let question = query.question();
            let next = next.map(|after| cursors.seal(client, &question, &after));
            list::response_by_cursor(total, next, resources)
        }
    };
    let answer = reply::scim::json(StatusCode::OK, body.to_string());
    with_tolerated(answer, client, query.tolerated)
}
