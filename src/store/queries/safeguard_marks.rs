//! What safeguards count: people whom a connection did something to, when, and what that came to last.

use diesel::dsl::count;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::directory::safeguard::Danger;
use crate::id::{ConnectionId, OrganizationId, UserId};
use crate::store::rows::{SafeguardMarkRow, SafeguardTallyRow};
use crate::store::schema::{identities, safeguard_marks, safeguard_tallies, users};
use crate::store::types::{IdSql, Time, TimeSql};

/// What a connection did of a kind since then.
#[diesel::dsl::auto_type]
fn within(org: OrganizationId, connection: ConnectionId, kind: Danger, since: Time) -> _ {
    safeguard_marks::table
        .filter(safeguard_marks::org_id.eq(org))
        .filter(safeguard_marks::connection_id.eq(connection))
        .filter(safeguard_marks::kind.eq(kind))
        .filter(safeguard_marks::at.ge(since))
}

pub(crate) async fn mark(conn: &mut Conn, rows: &[SafeguardMarkRow]) -> QueryResult<()> {
    for rows in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO safeguard_marks (org_id, connection_id, kind, at, user_id) VALUES",
            lines: rows,
            bind: bind_mark,
            tail: "ON CONFLICT DO NOTHING",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_mark<'b>(row: &'b SafeguardMarkRow, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.org_id)?;
    values.bind::<IdSql, _>(&row.connection_id)?;
    values.bind::<Text, _>(&row.kind)?;
    values.bind::<TimeSql, _>(&row.at)?;
    values.bind::<IdSql, _>(&row.user_id)
}

pub(crate) async fn marks(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    kind: Danger,
    since: Time,
) -> QueryResult<i64> {
    within(org, connection, kind, since)
        .select(count(safeguard_marks::user_id).aggregate_distinct())
        .first(conn)
        .await
}

pub(crate) async fn marked(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    kind: Danger,
    since: Time,
) -> QueryResult<Vec<UserId>> {
    within(org, connection, kind, since)
        .select(safeguard_marks::user_id)
        .distinct()
        .load(conn)
        .await
}

/// The first mark of the window, and the last one before an instant.
pub(crate) async fn mark_span(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    kind: Danger,
    since: Time,
    before: Time,
) -> QueryResult<(Option<Time>, Option<Time>)> {
    let within = within(org, connection, kind, since);
    let first = within
        .select(safeguard_marks::at)
        .order(safeguard_marks::at)
        .limit(1);
    let last = within
        .filter(safeguard_marks::at.lt(before))
        .select(safeguard_marks::at)
        .order(safeguard_marks::at.desc())
        .limit(1);
    diesel::select((first.single_value(), last.single_value()))
        .get_result(conn)
        .await
}

/// Those of these people who are marked within the window.
pub(crate) async fn marked_among(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    kind: Danger,
    since: Time,
    people: &[UserId],
) -> QueryResult<Vec<UserId>> {
    let mut marked = Vec::new();
    for people in people.chunks(CHUNK) {
        let query = within(org, connection, kind, since)
            .filter(safeguard_marks::user_id.any_of(people.to_vec()))
            .select(safeguard_marks::user_id)
            .distinct();
        marked.extend(query.load::<UserId>(conn).await?);
    }
    Ok(marked)
}

pub(crate) async fn set_tally(conn: &mut Conn, row: &SafeguardTallyRow) -> QueryResult<()> {
    kept(
        diesel::insert_into(safeguard_tallies::table)
            .values(row.clone())
            .on_conflict((
                safeguard_tallies::org_id,
                safeguard_tallies::connection_id,
                safeguard_tallies::kind,
            ))
            .do_update()
            .set(row.clone()),
    )
    .later(conn)
    .await
}

pub(crate) async fn forget_marks(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    diesel::delete(safeguard_marks::table.filter(safeguard_marks::at.lt(before)))
        .execute(conn)
        .await
}

/// Those of the marked who are not active now.
pub(crate) async fn marks_gone(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    kind: Danger,
    since: Time,
) -> QueryResult<i64> {
    let theirs = users::org_id
        .eq(safeguard_marks::org_id)
        .and(users::id.eq(safeguard_marks::user_id));
    within(org, connection, kind, since)
        .inner_join(users::table.on(theirs))
        .filter(
            users::deleted_at
                .is_not_null()
                .or(users::suspended_by_directory_at.is_not_null())
                .or(users::suspended_by_admin_at.is_not_null())
                .or(users::suspended_by_expiry_at.is_not_null()),
        )
        .select(count(safeguard_marks::user_id).aggregate_distinct())
        .first(conn)
        .await
}

/// Active people whom the connection manages, or who sign in through it.
pub(crate) async fn active_people(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<i64> {
    let links = identities::table
        .filter(identities::org_id.eq(users::org_id))
        .filter(identities::user_id.eq(users::id))
        .filter(identities::connection_id.eq(connection));
    users::table
        .filter(users::org_id.eq(org))
        .filter(
            users::managed_by
                .eq(connection)
                .or(diesel::dsl::exists(links)),
        )
        .filter(users::deleted_at.is_null())
        .filter(users::erased_at.is_null())
        .filter(users::suspended_by_directory_at.is_null())
        .filter(users::suspended_by_admin_at.is_null())
        .filter(users::suspended_by_expiry_at.is_null())
        .count()
        .get_result(conn)
        .await
}
