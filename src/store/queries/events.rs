//! Events: appended in the transaction of the change, read in order.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, Db};
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::directory::event::EventKind;
use crate::id::{OrganizationId, UserId};
use crate::store::rows::EventRow;
use crate::store::schema::events;
use crate::store::types::{DocSql, IdSql, Time, TimeSql};

pub(crate) async fn append(conn: &mut Conn, rows: &[EventRow]) -> QueryResult<()> {
    for rows in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO events (org_id, seq, id, type, visibility, time, actor, cause, \
                data, salts, mac) VALUES",
            lines: rows,
            bind: bind_event,
            tail: "",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_event<'b>(row: &'b EventRow, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.org_id)?;
    values.bind::<BigInt, _>(&row.seq)?;
    values.bind::<IdSql, _>(&row.id)?;
    values.bind::<Text, _>(&row.kind)?;
    values.bind::<Text, _>(&row.visibility)?;
    values.bind::<TimeSql, _>(&row.time)?;
    values.bind::<Text, _>(&row.actor)?;
    values.bind::<Text, _>(&row.cause)?;
    values.bind::<DocSql, _>(&row.data)?;
    values.bind::<Nullable<Text>, _>(&row.salts)?;
    values.bind::<Nullable<Binary>, _>(&row.mac)
}

pub(crate) async fn of_cause(
    conn: &mut Conn,
    org: OrganizationId,
    cause: &str,
    limit: i64,
) -> QueryResult<Vec<EventRow>> {
    events::table
        .filter(events::org_id.eq(org))
        .filter(events::cause.eq(cause.to_owned()))
        .select(super::whole::<EventRow>())
        .order(events::seq)
        .limit(limit)
        .load(conn)
        .await
}

pub(crate) async fn between(
    conn: &mut Conn,
    org: OrganizationId,
    (from, to): (Time, Time),
    limit: i64,
) -> QueryResult<Vec<EventRow>> {
    events::table
        .filter(events::org_id.eq(org))
        .filter(events::time.ge(from))
        .filter(events::time.le(to))
        .select(super::whole::<EventRow>())
        .order(events::seq)
        .limit(limit)
        .load(conn)
        .await
}

/// An organization's events: of these kinds, or of all where none is named.
fn of_kinds(org: OrganizationId, kinds: &[EventKind]) -> events::BoxedQuery<'static, Db> {
    let query = events::table.filter(events::org_id.eq(org)).into_boxed();
    if kinds.is_empty() {
        return query;
    }
    query.filter(events::kind.any_of(kinds.to_vec()))
}

/// Events after a number, in order: of these kinds, or of all where none is named.
pub(crate) async fn after(
    conn: &mut Conn,
    org: OrganizationId,
    seq: i64,
    kinds: &[EventKind],
    limit: i64,
) -> QueryResult<Vec<EventRow>> {
    let query = of_kinds(org, kinds)
        .filter(events::seq.gt(seq))
        .select(super::whole::<EventRow>());
    query.order(events::seq).limit(limit).load(conn).await
}

/// Events before one of this number, the latest first: of these kinds, or of all where none is named.
pub(crate) async fn before(
    conn: &mut Conn,
    org: OrganizationId,
    seq: i64,
    kinds: &[EventKind],
    limit: i64,
) -> QueryResult<Vec<EventRow>> {
    let query = of_kinds(org, kinds)
        .filter(events::seq.lt(seq))
        .select(super::whole::<EventRow>());
    query
        .order(events::seq.desc())
        .limit(limit)
        .load(conn)
        .await
}

/// What happened to a person before an event of this number, the latest first.
pub(crate) async fn about(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<EventRow>> {
    let of_them =
        diesel::dsl::sql::<Bool>("(data ->> 'user_id') = ").bind::<Text, _>(user.to_string());
    events::table
        .filter(events::org_id.eq(org))
        .filter(of_them)
        .filter(events::seq.lt(before))
        .select(super::whole::<EventRow>())
        .order(events::seq.desc())
        .limit(limit)
        .load(conn)
        .await
}

/// The number of the organization's latest event; 0 where there is none.
pub(crate) async fn last(conn: &mut Conn, org: OrganizationId) -> QueryResult<i64> {
    let numbers = events::table.filter(events::org_id.eq(org));
    let last: Option<i64> = numbers
        .select(diesel::dsl::max(events::seq))
        .first(conn)
        .await?;
    Ok(last.unwrap_or(0))
}
