//! Our requests to identity providers that wait for their answers.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::id::{ConnectionId, OrganizationId};
use crate::secret::Hash;
use crate::store::rows::SamlRequestRow;
use crate::store::schema::saml_requests;
use crate::store::types::Time;

/// Requests of one browser to one connection that are looked at: the newest.
const OPEN: i64 = 20;

pub(crate) async fn insert(conn: &mut Conn, row: &SamlRequestRow) -> QueryResult<()> {
    diesel::insert_into(saml_requests::table)
        .values(row.clone())
        .execute(conn)
        .await
        .map(drop)
}

/// The ids of those that a browser may bring an answer to, the oldest first. One that was answered
/// is among them: the same answer may come once more.
pub(crate) async fn open(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    browser: &Hash,
    now: Time,
) -> QueryResult<Vec<String>> {
    let mut ids: Vec<String> = saml_requests::table
        .filter(saml_requests::org_id.eq(org))
        .filter(saml_requests::connection_id.eq(connection))
        .filter(saml_requests::browser_hash.eq(browser.to_vec()))
        .filter(saml_requests::expires_at.gt(now))
        .order((saml_requests::created_at.desc(), saml_requests::id))
        .limit(OPEN)
        .select(saml_requests::id)
        .load(conn)
        .await?;
    ids.reverse();
    Ok(ids)
}

/// Takes the request that is answered, so that no second answer finds it.
pub(crate) async fn take(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    id: &str,
    browser: &Hash,
    now: Time,
) -> QueryResult<Option<SamlRequestRow>> {
    let open = saml_requests::table
        .filter(saml_requests::org_id.eq(org))
        .filter(saml_requests::id.eq(id.to_owned()))
        .filter(saml_requests::connection_id.eq(connection))
        .filter(saml_requests::browser_hash.eq(browser.to_vec()))
        .filter(saml_requests::used_at.is_null())
        .filter(saml_requests::expires_at.gt(now));
    let used = diesel::update(open)
        .set(saml_requests::used_at.eq(Some(now)))
        .execute(conn)
        .await?;
    if used == 0 {
        return Ok(None);
    }
    let find = saml_requests::table
        .find((org, id.to_owned()))
        .select(SamlRequestRow::as_select());
    find.first(conn).await.optional()
}

/// Forgets those whose time is over, of every organization.
pub(crate) async fn forget(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let target = saml_requests::table.filter(saml_requests::expires_at.lt(before));
    diesel::delete(target).execute(conn).await
}
