//! The owner's way in while no connection brings them in.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::{BreakGlassId, MailCodeId, OrganizationId};
use crate::secret::Hash;
use crate::store::rows::{BreakGlassCodeRow, BreakGlassRow, SessionRow};
use crate::store::schema::{break_glass, break_glass_codes, sessions};
use crate::store::types::Time;

pub(crate) async fn insert(conn: &mut Conn, row: &BreakGlassRow) -> QueryResult<()> {
    diesel::insert_into(break_glass::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update(conn: &mut Conn, row: &BreakGlassRow) -> QueryResult<()> {
    let target = break_glass::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: BreakGlassId,
) -> QueryResult<Option<BreakGlassRow>> {
    let find = break_glass::table
        .find((org, id))
        .select(super::whole::<BreakGlassRow>());
    find.first(conn).await.optional()
}

/// The one of this link: the link is what tells the organization.
pub(crate) async fn by_hash(conn: &mut Conn, hash: &Hash) -> QueryResult<Option<BreakGlassRow>> {
    let find = break_glass::table
        .filter(break_glass::hash.eq(hash.to_vec()))
        .select(super::whole::<BreakGlassRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn latest(
    conn: &mut Conn,
    org: OrganizationId,
) -> QueryResult<Option<BreakGlassRow>> {
    let find = break_glass::table
        .filter(break_glass::org_id.eq(org))
        .select(super::whole::<BreakGlassRow>())
        .order((break_glass::created_at.desc(), break_glass::id.desc()));
    find.first(conn).await.optional()
}

/// The one of an organization that nobody closed.
pub(crate) async fn open(
    conn: &mut Conn,
    org: OrganizationId,
) -> QueryResult<Option<BreakGlassRow>> {
    let find = break_glass::table
        .filter(break_glass::org_id.eq(org))
        .filter(break_glass::closed_at.is_null())
        .select(super::whole::<BreakGlassRow>());
    find.first(conn).await.optional()
}

/// Those whose time is over and that nobody closed, in whichever organization.
pub(crate) async fn overdue(
    conn: &mut Conn,
    now: Time,
    limit: i64,
) -> QueryResult<Vec<(OrganizationId, BreakGlassId)>> {
    break_glass::table
        .filter(break_glass::closed_at.is_null())
        .filter(break_glass::expires_at.le(now))
        .select((break_glass::org_id, break_glass::id))
        .order(break_glass::expires_at)
        .limit(limit)
        .load(conn)
        .await
}

/// The sessions that were begun by it and that nobody ended, also those whose time is over: an app may have
/// made one of its own of them, and is to hear of the end.
pub(crate) async fn sessions_by(
    conn: &mut Conn,
    org: OrganizationId,
    id: BreakGlassId,
) -> QueryResult<Vec<SessionRow>> {
    sessions::table
        .filter(sessions::org_id.eq(org))
        .filter(sessions::break_glass_id.eq(id))
        .filter(sessions::ended_at.is_null())
        .select(super::whole::<SessionRow>())
        .order(sessions::id)
        .load(conn)
        .await
}

pub(crate) async fn insert_code(conn: &mut Conn, row: &BreakGlassCodeRow) -> QueryResult<()> {
    diesel::insert_into(break_glass_codes::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update_code(conn: &mut Conn, row: &BreakGlassCodeRow) -> QueryResult<()> {
    let target = break_glass_codes::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn code(
    conn: &mut Conn,
    org: OrganizationId,
    id: MailCodeId,
) -> QueryResult<Option<BreakGlassCodeRow>> {
    let find = break_glass_codes::table
        .find((org, id))
        .select(super::whole::<BreakGlassCodeRow>());
    find.first(conn).await.optional()
}

/// What was mailed for it since then, the latest first.
pub(crate) async fn codes_since(
    conn: &mut Conn,
    org: OrganizationId,
    id: BreakGlassId,
    since: Time,
) -> QueryResult<Vec<BreakGlassCodeRow>> {
    break_glass_codes::table
        .filter(break_glass_codes::org_id.eq(org))
        .filter(break_glass_codes::break_glass_id.eq(id))
        .filter(break_glass_codes::created_at.gt(since))
        .select(super::whole::<BreakGlassCodeRow>())
        .order((
            break_glass_codes::created_at.desc(),
            break_glass_codes::id.desc(),
        ))
        .load(conn)
        .await
}

pub(crate) async fn forget_codes(
    conn: &mut Conn,
    org: OrganizationId,
    id: BreakGlassId,
) -> QueryResult<()> {
    let target = break_glass_codes::table
        .filter(break_glass_codes::org_id.eq(org))
        .filter(break_glass_codes::break_glass_id.eq(id));
    diesel::delete(target).later(conn).await
}
