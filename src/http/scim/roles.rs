//! `/Roles`: the organization's roles, to be read. There are few, so that they are filtered, sorted
//! and paged in memory by the rules of every other list.

use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::json;

use crate::directory::role::OWNER_RANK;
use crate::http::scim::cursor::Cursors;
use crate::http::scim::{Endpoint, ScimRequest, page};
use crate::http::{Gateway, reply};
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::{Error, Kind, scim_question};
use crate::scim::catalog::ROLE_TYPE;
use crate::scim::list::ListQuery;
use crate::scim::projection::Projection;
use crate::scim::{Map, comparable, urn};
use crate::store::rows::RoleRow;
use crate::store::search::After;
use crate::store::{Reach, Tx};

/// Answers a request to the list or to one of it.
pub(super) async fn answer(gateway: &Gateway, request: ScimRequest) -> Result<Response, Error> {
    let credentials = (request.credentials.clone(), Reach::Few);
    let all = Cursors::of(gateway);
    scim_question(
        &gateway.store,
        &gateway.ids,
        credentials,
        move |tx, client| {
            let (cursors, request) = (all.clone(), request.clone());
            async move { ask(tx, client, &cursors, &request).await }.boxed()
        },
    )
    .await
}

async fn ask(
    tx: &mut Tx,
    client: &ScimClient,
    cursors: &Cursors,
    request: &ScimRequest,
) -> Result<Response, Error> {
    let rows = tx.roles(client.org).await?;
    if let Endpoint::Role(id) = &request.task.endpoint {
        let projection = request.task.projection(&ROLE_TYPE, client)?;
        let row = rows.iter().find(|row| row.id.to_string() == *id);
        let row = row.ok_or(Error::NotFound(Kind::Role))?;
        let shown = projection.apply(&ROLE_TYPE, seen(client, row, &rows));
        let body = serde_json::Value::Object(shown).to_string();
        return Ok(reply::scim::json(StatusCode::OK, body));
    }
    let query = ListQuery::parse(&ROLE_TYPE, &request.pairs, client.strictness())?;
    let search = page::search(cursors, client, &ROLE_TYPE, &query)?;
    let mut found: Vec<_> = rows
        .iter()
        .map(|row| (row, seen(client, row, &rows)))
        .filter(|(_, role)| query.filter.as_ref().is_none_or(|it| it.matches(role)))
        .map(|(row, role)| (place(&query, row, &role), role))
        .collect();
    let direction = page::direction(&query);
    found.sort_by(|(a, _), (b, _)| page::compare(a, b, direction));
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    if let Some(after) = &search.after {
        found.retain(|(place, _)| page::compare(place, after, direction).is_gt());
    }
    let offset = usize::try_from(query.offset()).unwrap_or(usize::MAX);
    found.drain(..found.len().min(offset));
    let more = page::cut(&query, &mut found);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(place, _)| place.clone());
    let resources = projected(&query.projection, found);
    Ok(page::response(
        cursors,
        client,
        &query,
        (total, next),
        resources,
    ))
}

fn projected(projection: &Projection, found: Vec<(After, Map)>) -> Vec<Map> {
    let roles = found.into_iter();
    roles
        .map(|(_, it)| projection.apply(&ROLE_TYPE, it))
        .collect()
}

/// Where a role stands in the query's order: without one, by its id.
fn place(query: &ListQuery, row: &RoleRow, role: &Map) -> After {
    let value = query.sort_by.and_then(|path| {
        let value = path.holder(role)?.get(path.attribute.name)?;
        let value = path.sub.map_or(Some(value), |sub| value.get(sub.name))?;
        let value = value.as_array().map_or(Some(value), |list| list.first())?;
        comparable(path.leaf(), value)
    });
    After {
        key: value,
        id: row.id.uuid().into(),
    }
}

/// The whole representation. The owner's role is nobody's to map.
fn seen(client: &ScimClient, row: &RoleRow, all: &[RoleRow]) -> Map {
    let below: Vec<_> = all
        .iter()
        .filter(|other| other.rank < row.rank)
        .map(|other| &other.slug)
        .collect();
    let mut map = Map::new();
    map.insert("schemas".to_owned(), json!([urn::ROLE]));
    map.insert("id".to_owned(), json!(row.id));
    map.insert("value".to_owned(), json!(row.slug));
    map.insert("display".to_owned(), json!(row.name));
    map.insert("supported".to_owned(), json!(!is_owner(row)));
    if !below.is_empty() {
        map.insert("contains".to_owned(), json!(below));
    }
    let meta = json!({
        "resourceType": ROLE_TYPE.name,
        "created": row.created_at.0,
        "lastModified": row.created_at.0,
        "location": client.location(&ROLE_TYPE, row.id),
    });
    map.insert("meta".to_owned(), meta);
    map
}

fn is_owner(row: &RoleRow) -> bool {
    row.rank >= OWNER_RANK
}
