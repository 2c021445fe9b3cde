//! Safeguards: what they hold, and what is not in force.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::directory::safeguard::{Danger, SafeguardState, WaiverState};
use crate::id::{ConnectionId, OrganizationId, SafeguardId, UserId, WaiverId};
use crate::store::rows::{SafeguardRow, SafeguardSettingsRow, WaiverRow};
use crate::store::schema::{safeguard_settings, safeguards, waivers};
use crate::store::types::{IdSql, Time, TimeSql};

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: SafeguardId,
) -> QueryResult<Option<SafeguardRow>> {
    safeguards::table
        .find((org, id))
        .select(super::whole::<SafeguardRow>())
        .first(conn)
        .await
        .optional()
}

pub(crate) async fn open(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    kind: Danger,
    state: SafeguardState,
) -> QueryResult<Option<SafeguardRow>> {
    safeguards::table
        .filter(safeguards::org_id.eq(org))
        .filter(safeguards::connection_id.eq(connection))
        .filter(safeguards::kind.eq(kind))
        .filter(safeguards::state.eq(state))
        .filter(safeguards::decided_at.is_null())
        .select(super::whole::<SafeguardRow>())
        .order(safeguards::tripped_at.desc())
        .first(conn)
        .await
        .optional()
}

pub(crate) async fn list(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<SafeguardRow>> {
    safeguards::table
        .filter(safeguards::org_id.eq(org))
        .select(super::whole::<SafeguardRow>())
        .order(safeguards::id.desc())
        .load(conn)
        .await
}

pub(crate) async fn overdue(
    conn: &mut Conn,
    by: Time,
    limit: i64,
) -> QueryResult<Vec<(OrganizationId, SafeguardId)>> {
    safeguards::table
        .filter(safeguards::expires_at.le(by))
        .filter(safeguards::decided_at.is_null())
        .select((safeguards::org_id, safeguards::id))
        .order(safeguards::expires_at)
        .limit(limit)
        .load(conn)
        .await
}

pub(crate) async fn insert(conn: &mut Conn, row: &SafeguardRow) -> QueryResult<()> {
    diesel::insert_into(safeguards::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update(conn: &mut Conn, row: &SafeguardRow) -> QueryResult<()> {
    kept(diesel::update(safeguards::table.find((row.org_id, row.id))).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn settings(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Option<SafeguardSettingsRow>> {
    safeguard_settings::table
        .find((org, connection))
        .select(super::whole::<SafeguardSettingsRow>())
        .first(conn)
        .await
        .optional()
}

pub(crate) async fn set_settings(conn: &mut Conn, row: &SafeguardSettingsRow) -> QueryResult<()> {
    kept(
        diesel::insert_into(safeguard_settings::table)
            .values(row.clone())
            .on_conflict((
                safeguard_settings::org_id,
                safeguard_settings::connection_id,
            ))
            .do_update()
            .set(row.clone()),
    )
    .later(conn)
    .await
}

pub(crate) async fn waivers_of(
    conn: &mut Conn,
    org: OrganizationId,
    users: &[UserId],
) -> QueryResult<Vec<WaiverRow>> {
    let mut rows = Vec::new();
    for users in users.chunks(CHUNK) {
        let query = waivers::table
            .filter(waivers::org_id.eq(org))
            .filter(waivers::user_id.any_of(users.to_vec()))
            .select(super::whole::<WaiverRow>())
            .order(waivers::id);
        rows.extend(query.load::<WaiverRow>(conn).await?);
    }
    Ok(rows)
}

pub(crate) async fn waivers_of_safeguard(
    conn: &mut Conn,
    org: OrganizationId,
    id: SafeguardId,
) -> QueryResult<Vec<WaiverRow>> {
    waivers::table
        .filter(waivers::org_id.eq(org))
        .filter(waivers::safeguard_id.eq(id))
        .select(super::whole::<WaiverRow>())
        .order(waivers::id)
        .load(conn)
        .await
}

pub(crate) async fn waivers(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<WaiverRow>> {
    waivers::table
        .filter(waivers::org_id.eq(org))
        .select(super::whole::<WaiverRow>())
        .order(waivers::id)
        .load(conn)
        .await
}

pub(crate) async fn insert_waivers(conn: &mut Conn, rows: &[WaiverRow]) -> QueryResult<()> {
    for rows in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO waivers (org_id, id, user_id, connection_id, kind, reference, state, \
                safeguard_id, reason, created_at) VALUES",
            lines: rows,
            bind: bind_waiver,
            tail: "ON CONFLICT (org_id, user_id, kind, reference) DO UPDATE SET id = excluded.id, \
                connection_id = excluded.connection_id, state = excluded.state, \
                safeguard_id = excluded.safeguard_id, reason = excluded.reason, \
                created_at = excluded.created_at",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_waiver<'b>(row: &'b WaiverRow, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.org_id)?;
    values.bind::<IdSql, _>(&row.id)?;
    values.bind::<IdSql, _>(&row.user_id)?;
    values.bind::<IdSql, _>(&row.connection_id)?;
    values.bind::<Text, _>(&row.kind)?;
    values.bind::<Text, _>(&row.reference)?;
    values.bind::<Text, _>(&row.state)?;
    values.bind::<Nullable<IdSql>, _>(&row.safeguard_id)?;
    values.bind::<Text, _>(&row.reason)?;
    values.bind::<TimeSql, _>(&row.created_at)
}

pub(crate) async fn set_waivers(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[WaiverId],
    state: WaiverState,
) -> QueryResult<()> {
    for ids in ids.chunks(CHUNK) {
        let those = waivers::table
            .filter(waivers::org_id.eq(org))
            .filter(waivers::id.any_of(ids.to_vec()));
        diesel::update(those)
            .set(waivers::state.eq(state))
            .later(conn)
            .await?;
    }
    Ok(())
}

pub(crate) async fn end_waivers(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[WaiverId],
) -> QueryResult<()> {
    for ids in ids.chunks(CHUNK) {
        let those = waivers::table
            .filter(waivers::org_id.eq(org))
            .filter(waivers::id.any_of(ids.to_vec()));
        diesel::delete(those).later(conn).await?;
    }
    Ok(())
}
