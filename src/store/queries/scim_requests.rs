//! What SCIM clients asked: written in batches, walked in the order of their ids, which is that of
//! time, and swept by age and by the room that an organization's take.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, Db};
use super::CHUNK;
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::id::{ConnectionId, OrganizationId, ScimRequestId};
use crate::store::rows::{KeptRequest, ScimRequestCountRow, ScimRequestRow, WantedRequests};
use crate::store::schema::{
    scim_request_counts, scim_request_subjects, scim_request_usage, scim_requests,
};
use crate::store::types::{IdSql, Time, TimeSql};

pub(crate) async fn insert(conn: &mut Conn, kept: &[KeptRequest]) -> QueryResult<()> {
    for lines in pieces(kept) {
        let insert = Rows {
            head: "INSERT INTO scim_requests (org_id, id, connection_id, time, token_id, token, \
                client, method, path, query, headers, body, body_bytes, omitted, dropped, status, \
                scim_type, detail, ignored, micros, effects, bytes) VALUES",
            lines,
            bind: bind_request,
            tail: "ON CONFLICT DO NOTHING",
        };
        insert.later(conn).await?;
    }
    let subject = |kept: &KeptRequest| {
        let (org, id) = (kept.row.org_id, kept.row.id);
        let subjects = kept.subjects.clone();
        subjects.into_iter().map(move |it| (org, it, id))
    };
    let subjects: Vec<_> = kept.iter().flat_map(subject).collect();
    for lines in pieces(&subjects) {
        let insert = Rows {
            head: "INSERT INTO scim_request_subjects (org_id, subject, request_id) VALUES",
            lines,
            bind: bind_subject,
            tail: "ON CONFLICT DO NOTHING",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_request<'b>(kept: &'b KeptRequest, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    let row = &kept.row;
    values.bind::<IdSql, _>(&row.org_id)?;
    values.bind::<IdSql, _>(&row.id)?;
    values.bind::<IdSql, _>(&row.connection_id)?;
    values.bind::<TimeSql, _>(&row.time)?;
    values.bind::<Nullable<IdSql>, _>(&row.token_id)?;
    values.bind::<Nullable<Text>, _>(&row.token)?;
    values.bind::<Nullable<Text>, _>(&row.client)?;
    values.bind::<Text, _>(&row.method)?;
    values.bind::<Text, _>(&row.path)?;
    values.bind::<Nullable<Text>, _>(&row.query)?;
    values.bind::<Text, _>(&row.headers)?;
    values.bind::<Nullable<Text>, _>(&kept.body)?;
    values.bind::<BigInt, _>(&row.body_bytes)?;
    values.bind::<Nullable<Text>, _>(&row.omitted)?;
    values.bind::<Text, _>(&row.dropped)?;
    values.bind::<BigInt, _>(&row.status)?;
    values.bind::<Nullable<Text>, _>(&row.scim_type)?;
    values.bind::<Nullable<Text>, _>(&row.detail)?;
    values.bind::<Nullable<Text>, _>(&row.ignored)?;
    values.bind::<BigInt, _>(&row.micros)?;
    values.bind::<Text, _>(&row.effects)?;
    values.bind::<BigInt, _>(&row.bytes)
}

type Subject = (OrganizationId, String, ScimRequestId);

fn bind_subject<'b>(row: &'b Subject, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.0)?;
    values.bind::<Text, _>(&row.1)?;
    values.bind::<IdSql, _>(&row.2)
}

/// Adds to what was counted. Rows in one order, so that two writers do not wait for each other.
pub(crate) async fn count(conn: &mut Conn, rows: &[ScimRequestCountRow]) -> QueryResult<()> {
    for lines in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO scim_request_counts (org_id, connection_id, hour, reads, writes, \
                refused, strangers, lost) VALUES",
            lines,
            bind: bind_count,
            tail: "ON CONFLICT (org_id, connection_id, hour) DO UPDATE SET \
                reads = scim_request_counts.reads + excluded.reads, \
                writes = scim_request_counts.writes + excluded.writes, \
                refused = scim_request_counts.refused + excluded.refused, \
                strangers = scim_request_counts.strangers + excluded.strangers, \
                lost = scim_request_counts.lost + excluded.lost",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_count<'b>(
    row: &'b ScimRequestCountRow,
    values: &mut Values<'_, '_, 'b>,
) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.org_id)?;
    values.bind::<IdSql, _>(&row.connection_id)?;
    values.bind::<TimeSql, _>(&row.hour)?;
    values.bind::<BigInt, _>(&row.reads)?;
    values.bind::<BigInt, _>(&row.writes)?;
    values.bind::<BigInt, _>(&row.refused)?;
    values.bind::<BigInt, _>(&row.strangers)?;
    values.bind::<BigInt, _>(&row.lost)
}

/// Adds to the room that an organization's requests take.
pub(crate) async fn use_room(conn: &mut Conn, rows: &[(OrganizationId, i64)]) -> QueryResult<()> {
    for lines in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO scim_request_usage (org_id, bytes) VALUES",
            lines,
            bind: bind_usage,
            tail: "ON CONFLICT (org_id) DO UPDATE SET \
                bytes = scim_request_usage.bytes + excluded.bytes",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_usage<'b>(
    row: &'b (OrganizationId, i64),
    values: &mut Values<'_, '_, 'b>,
) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.0)?;
    values.bind::<BigInt, _>(&row.1)
}

/// Those that are looked for, in order.
pub(crate) async fn page(
    conn: &mut Conn,
    org: OrganizationId,
    wanted: &WantedRequests,
    limit: i64,
) -> QueryResult<Vec<ScimRequestRow>> {
    let mut query = scim_requests::table
        .filter(scim_requests::org_id.eq(org))
        .select(super::whole::<ScimRequestRow>())
        .into_boxed::<Db>();
    if let Some(connection) = wanted.connection {
        query = query.filter(scim_requests::connection_id.eq(connection));
    }
    if let Some(status) = wanted.status {
        query = query.filter(scim_requests::status.eq(status));
    }
    if wanted.failed {
        let refused = scim_requests::status.ge(400);
        query = query.filter(refused.or(scim_requests::detail.is_not_null()));
    }
    if let Some(method) = &wanted.method {
        query = query.filter(scim_requests::method.eq(method.clone()));
    }
    if let Some(since) = wanted.since {
        query = query.filter(scim_requests::time.ge(since));
    }
    if wanted.oldest_first {
        if let Some(after) = wanted.after {
            query = query.filter(scim_requests::id.gt(after));
        }
        query = query.order(scim_requests::id.asc());
    } else {
        if let Some(after) = wanted.after {
            query = query.filter(scim_requests::id.lt(after));
        }
        query = query.order(scim_requests::id.desc());
    }
    query.limit(limit).load(conn).await
}

/// One request and its body.
pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: ScimRequestId,
) -> QueryResult<Option<(ScimRequestRow, Option<String>)>> {
    let find = scim_requests::table
        .find((org, id))
        .select((ScimRequestRow::as_select(), scim_requests::body));
    find.first(conn).await.optional()
}

/// The requests that were about any of these subjects.
pub(crate) async fn about(
    conn: &mut Conn,
    org: OrganizationId,
    subjects: &[String],
) -> QueryResult<Vec<ScimRequestId>> {
    let mut found = Vec::new();
    for subjects in subjects.chunks(CHUNK) {
        let ids: Vec<ScimRequestId> = scim_request_subjects::table
            .filter(scim_request_subjects::org_id.eq(org))
            .filter(scim_request_subjects::subject.any_of(subjects.to_vec()))
            .select(scim_request_subjects::request_id)
            .load(conn)
            .await?;
        found.extend(ids);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What was counted since then, the latest hour first.
pub(crate) async fn counts(
    conn: &mut Conn,
    org: OrganizationId,
    connection: Option<ConnectionId>,
    since: Time,
) -> QueryResult<Vec<ScimRequestCountRow>> {
    let mut query = scim_request_counts::table
        .filter(scim_request_counts::org_id.eq(org))
        .filter(scim_request_counts::hour.ge(since))
        .select(super::whole::<ScimRequestCountRow>())
        .into_boxed::<Db>();
    if let Some(connection) = connection {
        query = query.filter(scim_request_counts::connection_id.eq(connection));
    }
    let order = (
        scim_request_counts::hour.desc(),
        scim_request_counts::connection_id,
    );
    query.order(order).load(conn).await
}

/// The oldest requests of any organization that came before then: organization, id and room.
pub(crate) async fn before(
    conn: &mut Conn,
    before: Time,
    limit: i64,
) -> QueryResult<Vec<(OrganizationId, ScimRequestId, i64)>> {
    scim_requests::table
        .filter(scim_requests::time.lt(before))
        .select((
            scim_requests::org_id,
            scim_requests::id,
            scim_requests::bytes,
        ))
        .order(scim_requests::time)
        .limit(limit)
        .load(conn)
        .await
}

/// Organizations whose requests take more room than this, and how much.
pub(crate) async fn over(
    conn: &mut Conn,
    room: i64,
    limit: i64,
) -> QueryResult<Vec<(OrganizationId, i64)>> {
    scim_request_usage::table
        .filter(scim_request_usage::bytes.gt(room))
        .select((scim_request_usage::org_id, scim_request_usage::bytes))
        .order(scim_request_usage::bytes.desc())
        .limit(limit)
        .load(conn)
        .await
}

/// The oldest requests of an organization: id and room.
pub(crate) async fn oldest(
    conn: &mut Conn,
    org: OrganizationId,
    limit: i64,
) -> QueryResult<Vec<(ScimRequestId, i64)>> {
    scim_requests::table
        .filter(scim_requests::org_id.eq(org))
        .select((scim_requests::id, scim_requests::bytes))
        .order(scim_requests::id)
        .limit(limit)
        .load(conn)
        .await
}

/// The oldest requests of an organization that had no good token, without its latest so many: id
/// and room.
pub(crate) async fn oldest_strangers(
    conn: &mut Conn,
    org: OrganizationId,
    spared: i64,
    limit: i64,
) -> QueryResult<Vec<(ScimRequestId, i64)>> {
    let strangers = || {
        scim_requests::table
            .filter(scim_requests::org_id.eq(org))
            .filter(scim_requests::token_id.is_null())
    };
    let latest_to_go: Option<ScimRequestId> = strangers()
        .select(scim_requests::id)
        .order(scim_requests::id.desc())
        .offset(spared)
        .first(conn)
        .await
        .optional()?;
    let Some(latest) = latest_to_go else {
        return Ok(Vec::new());
    };
    strangers()
        .filter(scim_requests::id.le(latest))
        .select((scim_requests::id, scim_requests::bytes))
        .order(scim_requests::id)
        .limit(limit)
        .load(conn)
        .await
}

/// Forgets these, and for whom they were.
pub(crate) async fn delete(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[ScimRequestId],
) -> QueryResult<usize> {
    let mut count = 0;
    for ids in ids.chunks(CHUNK) {
        let target = scim_requests::table
            .filter(scim_requests::org_id.eq(org))
            .filter(scim_requests::id.any_of(ids.to_vec()));
        count += diesel::delete(target).execute(conn).await?;
    }
    Ok(count)
}

/// Forgets what was counted before then; answers how many hours.
pub(crate) async fn forget_counts(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let target = scim_request_counts::table.filter(scim_request_counts::hour.lt(before));
    diesel::delete(target).execute(conn).await
}
