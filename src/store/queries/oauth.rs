//! OAuth clients of connections, their access tokens, and the assertions that they used.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, Db};
use super::kept::kept;
use super::later::Later;
use crate::id::{ConnectionId, OauthClientId, OrganizationId};
use crate::secret::Hash;
use crate::store::rows::{AccessTokenRow, OauthClientRow};
use crate::store::schema::{oauth_access_tokens, oauth_assertions, oauth_clients};
use crate::store::types::{Doc, Time};

pub(crate) async fn insert(conn: &mut Conn, row: &OauthClientRow) -> QueryResult<()> {
    diesel::insert_into(oauth_clients::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn list(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Vec<OauthClientRow>> {
    oauth_clients::table
        .filter(oauth_clients::org_id.eq(org))
        .filter(oauth_clients::connection_id.eq(connection))
        .select(super::whole::<OauthClientRow>())
        .order(oauth_clients::id)
        .load(conn)
        .await
}

/// Clients, of every organization, that end before then and were not revoked.
pub(crate) async fn ending(
    conn: &mut Conn,
    before: Time,
    after: Option<OauthClientId>,
    limit: i64,
) -> QueryResult<Vec<OauthClientRow>> {
    let mut query = oauth_clients::table
        .filter(oauth_clients::expires_at.le(before))
        .filter(oauth_clients::revoked_at.is_null())
        .select(super::whole::<OauthClientRow>())
        .order(oauth_clients::id)
        .limit(limit)
        .into_boxed::<Db>();
    if let Some(after) = after {
        query = query.filter(oauth_clients::id.gt(after));
    }
    query.load(conn).await
}

/// The client of this id, in whichever organization: the credential tells the organization.
pub(crate) async fn by_client_id(
    conn: &mut Conn,
    id: OauthClientId,
) -> QueryResult<Option<OauthClientRow>> {
    let find = oauth_clients::table
        .filter(oauth_clients::id.eq(id))
        .select(super::whole::<OauthClientRow>());
    find.first(conn).await.optional()
}

/// The client whose access token has this hash and has not expired, in whichever organization.
pub(crate) async fn by_access_token(
    conn: &mut Conn,
    hash: &Hash,
    now: Time,
) -> QueryResult<Option<OauthClientRow>> {
    let is_its = oauth_clients::org_id
        .eq(oauth_access_tokens::org_id)
        .and(oauth_clients::id.eq(oauth_access_tokens::client_id));
    let find = oauth_access_tokens::table
        .inner_join(oauth_clients::table.on(is_its))
        .filter(oauth_access_tokens::hash.eq(hash.to_vec()))
        .filter(oauth_access_tokens::expires_at.gt(now))
        .select(super::whole::<OauthClientRow>());
    find.first(conn).await.optional()
}

/// Revokes a client and forgets its access tokens; answers how many were live until now.
pub(crate) async fn revoke(
    conn: &mut Conn,
    org: OrganizationId,
    id: OauthClientId,
    at: Time,
) -> QueryResult<usize> {
    let tokens = oauth_access_tokens::table
        .filter(oauth_access_tokens::org_id.eq(org))
        .filter(oauth_access_tokens::client_id.eq(id));
    diesel::delete(tokens).later(conn).await?;
    let target = oauth_clients::table
        .filter(oauth_clients::org_id.eq(org))
        .filter(oauth_clients::id.eq(id))
        .filter(oauth_clients::revoked_at.is_null());
    let revoked = kept(diesel::update(target).set(oauth_clients::revoked_at.eq(Some(at))))
        .execute(conn)
        .await?;
    // What a client proved itself by is good for nothing now.
    let target = oauth_clients::table
        .find((org, id))
        .filter(oauth_clients::jwks.is_not_null());
    kept(diesel::update(target).set(oauth_clients::jwks.eq(Some(Doc("{\"keys\":[]}".to_owned())))))
        .later(conn)
        .await?;
    Ok(revoked)
}

pub(crate) async fn touch(
    conn: &mut Conn,
    org: OrganizationId,
    id: OauthClientId,
    at: Time,
) -> QueryResult<()> {
    kept(
        diesel::update(oauth_clients::table.find((org, id)))
            .set(oauth_clients::last_used_at.eq(Some(at))),
    )
    .later(conn)
    .await
}

/// Adds an access token; so many of its client are kept at most, the newest.
pub(crate) async fn insert_token(
    conn: &mut Conn,
    row: &AccessTokenRow,
    most: i64,
) -> QueryResult<()> {
    let older: Vec<Vec<u8>> = oauth_access_tokens::table
        .filter(oauth_access_tokens::org_id.eq(row.org_id))
        .filter(oauth_access_tokens::client_id.eq(row.client_id))
        .order((
            oauth_access_tokens::created_at.desc(),
            oauth_access_tokens::hash,
        ))
        .offset(most - 1)
        .limit(most)
        .select(oauth_access_tokens::hash)
        .load(conn)
        .await?;
    if !older.is_empty() {
        let target = oauth_access_tokens::table.filter(oauth_access_tokens::hash.any_of(older));
        diesel::delete(target).later(conn).await?;
    }
    diesel::insert_into(oauth_access_tokens::table)
        .values(row.clone())
        .later(conn)
        .await
}

/// Remembers that an assertion was used; `false` where it was before.
pub(crate) async fn use_assertion(
    conn: &mut Conn,
    org: OrganizationId,
    client: OauthClientId,
    jti: &Hash,
    until: Time,
) -> QueryResult<bool> {
    let values = (
        oauth_assertions::org_id.eq(org),
        oauth_assertions::client_id.eq(client),
        oauth_assertions::jti.eq(jti.to_vec()),
        oauth_assertions::expires_at.eq(until),
    );
    let insert = diesel::insert_into(oauth_assertions::table).values(values);
    let inserted = insert.on_conflict_do_nothing().execute(conn).await?;
    Ok(inserted == 1)
}

/// Forgets clients, of every organization, that were revoked or expired before then.
pub(crate) async fn forget_clients(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let is_over = oauth_clients::revoked_at
        .lt(before)
        .or(oauth_clients::expires_at.lt(before));
    diesel::delete(oauth_clients::table.filter(is_over.assume_not_null()))
        .execute(conn)
        .await
}

/// Forgets access tokens and assertions whose time is over, of every organization.
pub(crate) async fn forget(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let tokens = oauth_access_tokens::table.filter(oauth_access_tokens::expires_at.lt(before));
    let assertions = oauth_assertions::table.filter(oauth_assertions::expires_at.lt(before));
    let tokens = diesel::delete(tokens).execute(conn).await?;
    Ok(tokens + diesel::delete(assertions).execute(conn).await?)
}
