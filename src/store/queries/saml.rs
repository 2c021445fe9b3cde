//! What we are to identity providers: requests that wait for their answers, and our keys.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::directory::connection::KeyState;
use crate::id::{ConnectionId, OrganizationId, SamlKeyId};
use crate::secret::Hash;
use crate::store::rows::{SamlKeyRow, SamlLogoutHeardRow, SamlLogoutRow, SamlRequestRow};
use crate::store::schema::{saml_keys, saml_logouts, saml_logouts_heard, saml_requests};
use crate::store::types::Time;

/// Requests of one browser to one connection that are looked at: the newest.
const OPEN: i64 = 20;

pub(crate) async fn insert(conn: &mut Conn, row: &SamlRequestRow) -> QueryResult<()> {
    diesel::insert_into(saml_requests::table)
        .values(row.clone())
        .later(conn)
        .await
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

/// Where the person was to go whose browser waits for the answer to a request.
pub(crate) async fn relay(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    id: &str,
    browser: &Hash,
) -> QueryResult<Option<String>> {
    let relay = saml_requests::table
        .filter(saml_requests::org_id.eq(org))
        .filter(saml_requests::id.eq(id.to_owned()))
        .filter(saml_requests::connection_id.eq(connection))
        .filter(saml_requests::browser_hash.eq(browser.to_vec()))
        .select(saml_requests::relay)
        .first(conn)
        .await
        .optional()?;
    Ok(relay.flatten())
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
    let used = kept(diesel::update(open).set(saml_requests::used_at.eq(Some(now))))
        .execute(conn)
        .await?;
    if used == 0 {
        return Ok(None);
    }
    let find = saml_requests::table
        .find((org, id.to_owned()))
        .select(super::whole::<SamlRequestRow>());
    find.first(conn).await.optional()
}

/// Forgets those whose time is over, of every organization.
pub(crate) async fn forget(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let target = saml_requests::table.filter(saml_requests::expires_at.lt(before));
    diesel::delete(target).execute(conn).await
}

pub(crate) async fn insert_logout(conn: &mut Conn, row: &SamlLogoutRow) -> QueryResult<()> {
    diesel::insert_into(saml_logouts::table)
        .values(row.clone())
        .later(conn)
        .await
}

/// Takes the logout request that is answered, so that no second answer finds it.
pub(crate) async fn take_logout(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    id: &str,
    now: Time,
) -> QueryResult<Option<SamlLogoutRow>> {
    let find = saml_logouts::table
        .filter(saml_logouts::org_id.eq(org))
        .filter(saml_logouts::id.eq(id.to_owned()))
        .filter(saml_logouts::connection_id.eq(connection))
        .filter(saml_logouts::expires_at.gt(now))
        .select(super::whole::<SamlLogoutRow>());
    let Some(row) = find.first(conn).await.optional()? else {
        return Ok(None);
    };
    let taken = diesel::delete(saml_logouts::table.find((org, id.to_owned())))
        .execute(conn)
        .await?;
    Ok((taken == 1).then_some(row))
}

/// Forgets logout requests whose time is over, of every organization.
pub(crate) async fn forget_logouts(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let target = saml_logouts::table.filter(saml_logouts::expires_at.lt(before));
    diesel::delete(target).execute(conn).await
}

pub(crate) async fn insert_heard(conn: &mut Conn, row: &SamlLogoutHeardRow) -> QueryResult<()> {
    diesel::insert_into(saml_logouts_heard::table)
        .values(row.clone())
        .later(conn)
        .await
}

/// The logouts that a connection's identity provider asked for somebody of this name, after then.
pub(crate) async fn heard(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    name: &Hash,
    since: Time,
) -> QueryResult<Vec<SamlLogoutHeardRow>> {
    saml_logouts_heard::table
        .filter(saml_logouts_heard::org_id.eq(org))
        .filter(saml_logouts_heard::connection_id.eq(connection))
        .filter(saml_logouts_heard::name_hash.eq(name.to_vec()))
        .filter(saml_logouts_heard::issued_at.gt(since))
        .select(super::whole::<SamlLogoutHeardRow>())
        .load(conn)
        .await
}

/// Forgets logouts that no assertion could still come after, of every organization.
pub(crate) async fn forget_heard(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let target = saml_logouts_heard::table.filter(saml_logouts_heard::until.lt(before));
    diesel::delete(target).execute(conn).await
}

/// A connection's own keys: the current one, the next one, the retired one, as far as there are.
pub(crate) async fn keys(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Vec<SamlKeyRow>> {
    saml_keys::table
        .filter(saml_keys::org_id.eq(org))
        .filter(saml_keys::connection_id.eq(connection))
        .select(super::whole::<SamlKeyRow>())
        .order(saml_keys::state)
        .load(conn)
        .await
}

/// Adds a key; where the connection has one of that state already, nothing is done.
pub(crate) async fn insert_key(conn: &mut Conn, row: &SamlKeyRow) -> QueryResult<()> {
    diesel::insert_into(saml_keys::table)
        .values(row.clone())
        .on_conflict_do_nothing()
        .later(conn)
        .await
}

pub(crate) async fn set_key_state(
    conn: &mut Conn,
    org: OrganizationId,
    id: SamlKeyId,
    state: KeyState,
) -> QueryResult<()> {
    kept(diesel::update(saml_keys::table.find((org, id))).set(saml_keys::state.eq(state)))
        .later(conn)
        .await
}

pub(crate) async fn delete_key(
    conn: &mut Conn,
    org: OrganizationId,
    id: SamlKeyId,
) -> QueryResult<()> {
    diesel::delete(saml_keys::table.find((org, id)))
        .later(conn)
        .await
}
