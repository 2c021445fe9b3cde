//! Roles that are computed anew, in batches: which, and whose are still to be.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::id::{OrganizationId, RecomputeId, UserId};
use crate::store::rows::RecomputeRow;
use crate::store::schema::{recompute_people, recomputes};
use crate::store::types::{IdSql, Time};

pub(crate) async fn insert(
    conn: &mut Conn,
    row: &RecomputeRow,
    people: &[UserId],
) -> QueryResult<()> {
    diesel::insert_into(recomputes::table)
        .values(row.clone())
        .later(conn)
        .await?;
    let lines: Vec<_> = people
        .iter()
        .map(|user| (row.org_id, row.id, *user))
        .collect();
    for lines in pieces(&lines) {
        let insert = Rows {
            head: "INSERT INTO recompute_people (org_id, recompute_id, user_id) VALUES",
            lines,
            bind: bind_person,
            tail: "",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_person<'b>(
    row: &'b (OrganizationId, RecomputeId, UserId),
    values: &mut Values<'_, '_, 'b>,
) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.0)?;
    values.bind::<IdSql, _>(&row.1)?;
    values.bind::<IdSql, _>(&row.2)
}

/// The oldest that is not done, of each organization that has one.
pub(crate) async fn open(conn: &mut Conn) -> QueryResult<Vec<(OrganizationId, RecomputeId)>> {
    let all: Vec<(OrganizationId, RecomputeId)> = recomputes::table
        .filter(recomputes::finished_at.is_null())
        .select((recomputes::org_id, recomputes::id))
        .order((recomputes::org_id, recomputes::id))
        .load(conn)
        .await?;
    let mut oldest = all;
    oldest.dedup_by_key(|(org, _)| *org);
    Ok(oldest)
}

/// Whether an organization has one that is not done.
pub(crate) async fn is_open(conn: &mut Conn, org: OrganizationId) -> QueryResult<bool> {
    let find = recomputes::table
        .filter(recomputes::org_id.eq(org))
        .filter(recomputes::finished_at.is_null())
        .select(recomputes::id);
    let found: Option<RecomputeId> = find.first(conn).await.optional()?;
    Ok(found.is_some())
}

/// Of these people, those whom one has not come to.
pub(crate) async fn waiting(
    conn: &mut Conn,
    org: OrganizationId,
    users: &[UserId],
) -> QueryResult<Vec<UserId>> {
    let mut waiting = Vec::new();
    for some in users.chunks(CHUNK) {
        let find = recompute_people::table
            .filter(recompute_people::org_id.eq(org))
            .filter(recompute_people::user_id.any_of(some.to_vec()))
            .select(recompute_people::user_id);
        let found: Vec<UserId> = find.load(conn).await?;
        waiting.extend(found);
    }
    Ok(waiting)
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: RecomputeId,
) -> QueryResult<Option<RecomputeRow>> {
    recomputes::table
        .find((org, id))
        .select(super::whole::<RecomputeRow>())
        .first(conn)
        .await
        .optional()
}

pub(crate) async fn list(
    conn: &mut Conn,
    org: OrganizationId,
    limit: i64,
) -> QueryResult<Vec<RecomputeRow>> {
    recomputes::table
        .filter(recomputes::org_id.eq(org))
        .select(super::whole::<RecomputeRow>())
        .order(recomputes::id.desc())
        .limit(limit)
        .load(conn)
        .await
}

pub(crate) async fn of_person(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<Option<RecomputeId>> {
    let mine = recompute_people::recompute_id
        .eq(recomputes::id)
        .and(recompute_people::org_id.eq(recomputes::org_id))
        .and(recompute_people::user_id.eq(user));
    recomputes::table
        .inner_join(recompute_people::table.on(mine))
        .filter(recomputes::org_id.eq(org))
        .filter(recomputes::finished_at.is_null())
        .select(recomputes::id)
        .order(recomputes::id)
        .first(conn)
        .await
        .optional()
}

/// Takes the next people of one out of it.
pub(crate) async fn take(
    conn: &mut Conn,
    org: OrganizationId,
    id: RecomputeId,
    limit: i64,
) -> QueryResult<Vec<UserId>> {
    let its = recompute_people::table
        .filter(recompute_people::org_id.eq(org))
        .filter(recompute_people::recompute_id.eq(id));
    let next: Vec<UserId> = its
        .select(recompute_people::user_id)
        .order(recompute_people::user_id)
        .limit(limit)
        .load(conn)
        .await?;
    let taken = recompute_people::table
        .filter(recompute_people::org_id.eq(org))
        .filter(recompute_people::recompute_id.eq(id))
        .filter(recompute_people::user_id.any_of(next.clone()));
    diesel::delete(taken).later(conn).await?;
    Ok(next)
}

pub(crate) async fn update(conn: &mut Conn, row: &RecomputeRow) -> QueryResult<()> {
    kept(
        diesel::update(recomputes::table.find((row.org_id, row.id))).set((
            recomputes::done.eq(row.done),
            recomputes::finished_at.eq(row.finished_at),
        )),
    )
    .later(conn)
    .await
}

pub(crate) async fn forget(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    diesel::delete(recomputes::table.filter(recomputes::finished_at.lt(before)))
        .execute(conn)
        .await
}
