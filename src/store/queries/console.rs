//! Who is at the console, and what lets somebody in there.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{Conn, Db};
use super::kept::kept;
use super::later::Later;
use crate::id::{ConsoleLinkId, ConsoleSessionId, MailCodeId, OrganizationId, UserId};
use crate::secret::Hash;
use crate::store::rows::{ConsoleCodeRow, ConsoleLinkRow, ConsoleSessionRow};
use crate::store::schema::{console_codes, console_links, console_sessions};
use crate::store::types::Time;

pub(crate) async fn insert_session(conn: &mut Conn, row: &ConsoleSessionRow) -> QueryResult<()> {
    diesel::insert_into(console_sessions::table)
        .values(row.clone())
        .later(conn)
        .await
}

/// The session of this cookie: the cookie is what tells who it is.
pub(crate) async fn session_by_hash(
    conn: &mut Conn,
    hash: &Hash,
) -> QueryResult<Option<ConsoleSessionRow>> {
    let find = console_sessions::table
        .filter(console_sessions::hash.eq(hash.to_vec()))
        .select(super::whole::<ConsoleSessionRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn session_by_id(
    conn: &mut Conn,
    id: ConsoleSessionId,
) -> QueryResult<Option<ConsoleSessionRow>> {
    let find = console_sessions::table
        .find(id)
        .select(super::whole::<ConsoleSessionRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn touch_session(
    conn: &mut Conn,
    id: ConsoleSessionId,
    at: Time,
) -> QueryResult<()> {
    kept(
        diesel::update(console_sessions::table.find(id)).set(console_sessions::last_seen_at.eq(at)),
    )
    .later(conn)
    .await
}

pub(crate) async fn end_session(
    conn: &mut Conn,
    id: ConsoleSessionId,
    at: Time,
) -> QueryResult<()> {
    let target = console_sessions::table
        .find(id)
        .filter(console_sessions::ended_at.is_null());
    kept(diesel::update(target).set(console_sessions::ended_at.eq(Some(at))))
        .later(conn)
        .await
}

/// Ends what a person has open at the console.
pub(crate) async fn end_sessions_of(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
    at: Time,
) -> QueryResult<()> {
    let target = console_sessions::table
        .filter(console_sessions::org_id.eq(org))
        .filter(console_sessions::user_id.eq(user))
        .filter(console_sessions::ended_at.is_null());
    kept(diesel::update(target).set(console_sessions::ended_at.eq(Some(at))))
        .later(conn)
        .await
}

/// Forgets what was over before then, but for who was there of this organization, and as the operator: keys that they
/// issued tell them by their session.
pub(crate) async fn forget(
    conn: &mut Conn,
    before: Time,
    kept: Option<OrganizationId>,
) -> QueryResult<()> {
    let over = console_sessions::table
        .filter(console_sessions::expires_at.le(before))
        .filter(console_sessions::org_id.is_not_null());
    let mut sessions = diesel::delete(over).into_boxed::<Db>();
    if let Some(kept) = kept {
        sessions = sessions.filter(console_sessions::org_id.ne(kept).assume_not_null());
    }
    sessions.later(conn).await?;
    let target = console_links::table.filter(console_links::expires_at.le(before));
    diesel::delete(target).later(conn).await?;
    let target = console_codes::table.filter(console_codes::expires_at.le(before));
    diesel::delete(target).later(conn).await
}

pub(crate) async fn insert_link(conn: &mut Conn, row: &ConsoleLinkRow) -> QueryResult<()> {
    diesel::insert_into(console_links::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn link_by_hash(
    conn: &mut Conn,
    hash: &Hash,
) -> QueryResult<Option<ConsoleLinkRow>> {
    let find = console_links::table
        .filter(console_links::hash.eq(hash.to_vec()))
        .select(super::whole::<ConsoleLinkRow>());
    find.first(conn).await.optional()
}

/// Uses a link up; whether it was good until now.
pub(crate) async fn use_link(conn: &mut Conn, id: ConsoleLinkId, at: Time) -> QueryResult<bool> {
    let target = console_links::table
        .find(id)
        .filter(console_links::used_at.is_null());
    let used = diesel::update(target).set(console_links::used_at.eq(Some(at)));
    Ok(used.execute(conn).await? == 1)
}

/// Ends the links that let a person in.
pub(crate) async fn end_links_of(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
    at: Time,
) -> QueryResult<()> {
    let target = console_links::table
        .filter(console_links::org_id.eq(org))
        .filter(console_links::user_id.eq(user))
        .filter(console_links::used_at.is_null());
    kept(diesel::update(target).set(console_links::used_at.eq(Some(at))))
        .later(conn)
        .await
}

pub(crate) async fn insert_code(conn: &mut Conn, row: &ConsoleCodeRow) -> QueryResult<()> {
    diesel::insert_into(console_codes::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update_code(conn: &mut Conn, row: &ConsoleCodeRow) -> QueryResult<()> {
    let target = console_codes::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn code(
    conn: &mut Conn,
    org: OrganizationId,
    id: MailCodeId,
) -> QueryResult<Option<ConsoleCodeRow>> {
    let find = console_codes::table
        .find((org, id))
        .select(super::whole::<ConsoleCodeRow>());
    find.first(conn).await.optional()
}

/// What was mailed to a person since then, the latest first.
pub(crate) async fn codes_since(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
    since: Time,
) -> QueryResult<Vec<ConsoleCodeRow>> {
    console_codes::table
        .filter(console_codes::org_id.eq(org))
        .filter(console_codes::user_id.eq(user))
        .filter(console_codes::created_at.gt(since))
        .select(super::whole::<ConsoleCodeRow>())
        .order((console_codes::created_at.desc(), console_codes::id.desc()))
        .load(conn)
        .await
}
