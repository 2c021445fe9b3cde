//! Families of refresh tokens, and the tokens. Whoever uses a token takes its family's row first, so
//! that of two who come at once the second sees what the first did.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::kept::kept;
use super::later::Later;
use crate::id::{AppId, OrganizationId, RefreshFamilyId};
use crate::secret::Hash;
use crate::store::rows::{RefreshFamilyRow, RefreshTokenRow};
use crate::store::schema::{refresh_families, refresh_tokens};
use crate::store::types::Time;

pub(crate) async fn insert_family(conn: &mut Conn, row: &RefreshFamilyRow) -> QueryResult<()> {
    diesel::insert_into(refresh_families::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn insert(conn: &mut Conn, row: &RefreshTokenRow) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn family(
    conn: &mut Conn,
    org: OrganizationId,
    id: RefreshFamilyId,
) -> QueryResult<Option<RefreshFamilyRow>> {
    let find = refresh_families::table
        .find((org, id))
        .select(super::whole::<RefreshFamilyRow>());
    find.first(conn).await.optional()
}

/// The family, whose row is held until the transaction ends.
pub(crate) async fn take_family(
    conn: &mut Conn,
    org: OrganizationId,
    id: RefreshFamilyId,
) -> QueryResult<Option<RefreshFamilyRow>> {
    let held = kept(
        diesel::update(refresh_families::table.find((org, id)))
            .set(refresh_families::scope.eq(refresh_families::scope)),
    )
    .execute(conn)
    .await?;
    if held == 0 {
        return Ok(None);
    }
    family(conn, org, id).await
}

/// The token of this hash, in whichever organization: the credential tells the organization.
pub(crate) async fn by_hash(conn: &mut Conn, hash: &Hash) -> QueryResult<Option<RefreshTokenRow>> {
    let find = refresh_tokens::table
        .filter(refresh_tokens::hash.eq(hash.to_vec()))
        .select(super::whole::<RefreshTokenRow>());
    find.first(conn).await.optional()
}

/// Uses a token up, and keeps its sealed successor; `false` where it was used before.
pub(crate) async fn use_token(
    conn: &mut Conn,
    org: OrganizationId,
    hash: &Hash,
    at: Time,
    successor: &[u8],
) -> QueryResult<bool> {
    let target = refresh_tokens::table
        .filter(refresh_tokens::org_id.eq(org))
        .filter(refresh_tokens::hash.eq(hash.to_vec()))
        .filter(refresh_tokens::used_at.is_null());
    let set = (
        refresh_tokens::used_at.eq(Some(at)),
        refresh_tokens::successor.eq(Some(successor.to_vec())),
    );
    Ok(kept(diesel::update(target).set(set)).execute(conn).await? == 1)
}

/// Ends a family; `false` where it had ended before, or there is none.
pub(crate) async fn end_family(
    conn: &mut Conn,
    org: OrganizationId,
    id: RefreshFamilyId,
    at: Time,
    cause: &str,
) -> QueryResult<bool> {
    let target = refresh_families::table
        .filter(refresh_families::org_id.eq(org))
        .filter(refresh_families::id.eq(id))
        .filter(refresh_families::ended_at.is_null());
    let set = (
        refresh_families::ended_at.eq(Some(at)),
        refresh_families::ended_cause.eq(Some(cause.to_owned())),
    );
    Ok(kept(diesel::update(target).set(set)).execute(conn).await? == 1)
}

/// Ends the families of an app, but for those of these organizations.
pub(crate) async fn end_families_of_app(
    conn: &mut Conn,
    app: AppId,
    spared: &[OrganizationId],
    at: Time,
    cause: &str,
) -> QueryResult<usize> {
    let target = refresh_families::table
        .filter(refresh_families::app_id.eq(app))
        .filter(refresh_families::org_id.ne_all(spared.to_vec()))
        .filter(refresh_families::ended_at.is_null());
    let set = (
        refresh_families::ended_at.eq(Some(at)),
        refresh_families::ended_cause.eq(Some(cause.to_owned())),
    );
    kept(diesel::update(target).set(set)).execute(conn).await
}

/// Forgets so many families whose time is over, of every organization, and their tokens.
pub(crate) async fn forget(conn: &mut Conn, before: Time, limit: i64) -> QueryResult<usize> {
    let over: Vec<(OrganizationId, RefreshFamilyId)> = refresh_families::table
        .filter(refresh_families::expires_at.lt(before))
        .order((refresh_families::expires_at, refresh_families::id))
        .limit(limit)
        .select((refresh_families::org_id, refresh_families::id))
        .load(conn)
        .await?;
    let ids: Vec<_> = over.iter().map(|(_, id)| *id).collect();
    let orgs: Vec<_> = over.iter().map(|(org, _)| *org).collect();
    let target = refresh_families::table
        .filter(refresh_families::org_id.any_of(orgs))
        .filter(refresh_families::id.any_of(ids))
        .filter(refresh_families::expires_at.lt(before));
    diesel::delete(target).execute(conn).await
}
