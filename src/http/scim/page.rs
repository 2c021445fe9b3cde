//! Pages of resources (RFC 7644 §3.4.2): from a query to a search, and back to a list.

use axum::http::StatusCode;
use axum::response::Response;

use crate::http::reply;
use crate::provisioning::Error;
use crate::provisioning::scim_client::ScimClient;
use crate::scim::list::{self, ListQuery};
use crate::scim::{self, Map};
use crate::store::search::{Direction, Search};

/// The search that a query means in this connection.
pub(super) fn search(client: &ScimClient, query: &ListQuery) -> Result<Search, Error> {
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
    let direction = if query.descending {
        Direction::Descending
    } else {
        Direction::Ascending
    };
    Ok(Search {
        org: client.org,
        connection: client.connection.id,
        filter: query.filter.clone(),
        sort: query.sort_by.map(|path| (path, direction)),
        base: client.base.clone(),
    })
}

/// Offset and limit of the page; none where nothing can be on it.
pub(super) fn window(query: &ListQuery, total: i64) -> Option<(i64, i64)> {
    let offset = i64::try_from(query.offset()).ok()?;
    let limit = i64::try_from(query.limit()).ok()?;
    (limit > 0 && offset < total).then_some((offset, limit))
}

/// The list as an answer.
pub(super) fn response(query: &ListQuery, total: i64, resources: Vec<Map>) -> Response {
    let total = u64::try_from(total).unwrap_or_default();
    let body = list::response(total, query.start_index, resources);
    reply::scim::json(StatusCode::OK, body.to_string())
}
