//! Bearers: SCIM tokens and keys of the admin API, found by their hash.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{Conn, Db};
use super::kept::kept;
use super::later::Later;
use crate::id::{ApiKeyId, ConnectionId, OrganizationId, ScimTokenId};
use crate::secret::Hash;
use crate::store::memory::Stamp;
use crate::store::rows::{ApiKeyRow, ScimTokenRow};
use crate::store::schema::{api_keys, organizations, scim_tokens};
use crate::store::types::Time;

/// The token of this hash, in whichever organization: the credential tells the organization. With it comes the stamp
/// of the organization's settings.
pub(crate) async fn by_hash(
    conn: &mut Conn,
    hash: &Hash,
) -> QueryResult<Option<(ScimTokenRow, Stamp)>> {
    let find = scim_tokens::table
        .inner_join(organizations::table.on(organizations::id.eq(scim_tokens::org_id)))
        .filter(scim_tokens::hash.eq(hash.to_vec()))
        .select((
            super::whole::<ScimTokenRow>(),
            organizations::settings_stamp,
        ));
    let found: Option<(ScimTokenRow, i64)> = find.first(conn).await.optional()?;
    Ok(found.map(|(row, stamp)| (row, Stamp(stamp))))
}

pub(crate) async fn insert(conn: &mut Conn, row: &ScimTokenRow) -> QueryResult<()> {
    diesel::insert_into(scim_tokens::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn list(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Vec<ScimTokenRow>> {
    scim_tokens::table
        .filter(scim_tokens::org_id.eq(org))
        .filter(scim_tokens::connection_id.eq(connection))
        .select(super::whole::<ScimTokenRow>())
        .order(scim_tokens::id)
        .load(conn)
        .await
}

pub(crate) async fn revoke(
    conn: &mut Conn,
    org: OrganizationId,
    id: ScimTokenId,
    at: Time,
) -> QueryResult<usize> {
    let target = scim_tokens::table
        .filter(scim_tokens::org_id.eq(org))
        .filter(scim_tokens::id.eq(id))
        .filter(scim_tokens::revoked_at.is_null());
    kept(diesel::update(target).set(scim_tokens::revoked_at.eq(Some(at))))
        .execute(conn)
        .await
}

pub(crate) async fn touch(
    conn: &mut Conn,
    org: OrganizationId,
    id: ScimTokenId,
    at: Time,
) -> QueryResult<()> {
    let target = scim_tokens::table.find((org, id));
    kept(diesel::update(target).set(scim_tokens::last_used_at.eq(Some(at))))
        .later(conn)
        .await
}

/// Tokens, of every organization, that end before then and were not revoked.
pub(crate) async fn ending(
    conn: &mut Conn,
    before: Time,
    after: Option<ScimTokenId>,
    limit: i64,
) -> QueryResult<Vec<ScimTokenRow>> {
    let mut query = scim_tokens::table
        .filter(scim_tokens::expires_at.le(before))
        .filter(scim_tokens::revoked_at.is_null())
        .select(super::whole::<ScimTokenRow>())
        .order(scim_tokens::id)
        .limit(limit)
        .into_boxed::<Db>();
    if let Some(after) = after {
        query = query.filter(scim_tokens::id.gt(after));
    }
    query.load(conn).await
}

/// Forgets tokens, of every organization, that were revoked or expired before then.
pub(crate) async fn forget(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let is_over = scim_tokens::revoked_at
        .lt(before)
        .or(scim_tokens::expires_at.lt(before));
    diesel::delete(scim_tokens::table.filter(is_over.assume_not_null()))
        .execute(conn)
        .await
}

pub(crate) async fn key_by_hash(conn: &mut Conn, hash: &Hash) -> QueryResult<Option<ApiKeyRow>> {
    let find = api_keys::table
        .filter(api_keys::hash.eq(hash.to_vec()))
        .select(super::whole::<ApiKeyRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn insert_key(conn: &mut Conn, row: &ApiKeyRow) -> QueryResult<()> {
    diesel::insert_into(api_keys::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn touch_key(conn: &mut Conn, id: ApiKeyId, at: Time) -> QueryResult<()> {
    let target = api_keys::table.find(id);
    kept(diesel::update(target).set(api_keys::last_used_at.eq(Some(at))))
        .later(conn)
        .await
}

/// The keys of an organization, or of the operator, in the order of ids.
pub(crate) async fn keys(
    conn: &mut Conn,
    org: Option<OrganizationId>,
) -> QueryResult<Vec<ApiKeyRow>> {
    let query = keys_of(org).select(super::whole::<ApiKeyRow>());
    query.order(api_keys::id).load(conn).await
}

/// A key of an organization, or of the operator.
pub(crate) async fn key(
    conn: &mut Conn,
    org: Option<OrganizationId>,
    id: ApiKeyId,
) -> QueryResult<Option<ApiKeyRow>> {
    let find = keys_of(org)
        .filter(api_keys::id.eq(id))
        .select(super::whole::<ApiKeyRow>());
    find.first(conn).await.optional()
}

fn keys_of(org: Option<OrganizationId>) -> api_keys::BoxedQuery<'static, Db> {
    let query = api_keys::table.into_boxed();
    match org {
        Some(org) => query.filter(api_keys::org_id.eq(org)),
        None => query.filter(api_keys::org_id.is_null()),
    }
}

pub(crate) async fn revoke_key(conn: &mut Conn, id: ApiKeyId, at: Time) -> QueryResult<()> {
    kept(diesel::update(api_keys::table.find(id)).set(api_keys::revoked_at.eq(Some(at))))
        .later(conn)
        .await
}
