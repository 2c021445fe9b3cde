//! What the rules were, what held of people, and what was decided.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::kept::{kept, kept_if_short};
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::id::{OrganizationId, UserId};
use crate::store::ops::Decided;
use crate::store::rows::{PolicyRevisionRow, StandingRow};
use crate::store::schema::{organizations, policy_revisions, standings, users};
use crate::store::types::{IdSql, Time, TimeSql};

pub(crate) async fn insert_revision(conn: &mut Conn, row: &PolicyRevisionRow) -> QueryResult<()> {
    diesel::insert_into(policy_revisions::table)
        .values(row.clone())
        .later(conn)
        .await?;
    kept(
        diesel::update(organizations::table.find(row.org_id))
            .set(organizations::policy_rev.eq(row.rev)),
    )
    .later(conn)
    .await
}

pub(crate) async fn revision_at(
    conn: &mut Conn,
    org: OrganizationId,
    at: Time,
) -> QueryResult<Option<PolicyRevisionRow>> {
    policy_revisions::table
        .filter(policy_revisions::org_id.eq(org))
        .filter(policy_revisions::at.le(at))
        .select(super::whole::<PolicyRevisionRow>())
        .order(policy_revisions::rev.desc())
        .first(conn)
        .await
        .optional()
}

pub(crate) async fn set_roles(
    conn: &mut Conn,
    org: OrganizationId,
    decided: &Decided,
    rev: i64,
    at: Time,
) -> QueryResult<()> {
    for ((role, standing), ids) in decided {
        for ids in ids.chunks(CHUNK) {
            let target = users::table
                .filter(users::org_id.eq(org))
                .filter(users::id.any_of(ids.to_vec()));
            kept_if_short(
                diesel::update(target).set((
                    users::role_id.eq(role),
                    users::roles_version.eq(users::roles_version + 1),
                    users::updated_at.eq(at),
                    users::standing.eq(standing),
                    users::policy_rev.eq(rev),
                )),
                ids.len(),
            )
            .later(conn)
            .await?;
        }
    }
    Ok(())
}

pub(crate) async fn set_standings(
    conn: &mut Conn,
    org: OrganizationId,
    standings: &BTreeMap<String, Vec<UserId>>,
    rev: i64,
) -> QueryResult<()> {
    for (standing, ids) in standings {
        for ids in ids.chunks(CHUNK) {
            let target = users::table
                .filter(users::org_id.eq(org))
                .filter(users::id.any_of(ids.to_vec()));
            kept_if_short(
                diesel::update(target)
                    .set((users::standing.eq(standing), users::policy_rev.eq(rev))),
                ids.len(),
            )
            .later(conn)
            .await?;
        }
    }
    Ok(())
}

pub(crate) async fn keep_standings(conn: &mut Conn, rows: &[StandingRow]) -> QueryResult<()> {
    for rows in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO standings (org_id, user_id, until, standing) VALUES",
            lines: rows,
            bind: bind_standing,
            // Two changes within one instant: the first says what held before it.
            tail: "ON CONFLICT DO NOTHING",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_standing<'b>(row: &'b StandingRow, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.org_id)?;
    values.bind::<IdSql, _>(&row.user_id)?;
    values.bind::<TimeSql, _>(&row.until)?;
    values.bind::<Text, _>(&row.standing)
}

pub(crate) async fn standing_at(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
    at: Time,
) -> QueryResult<Option<StandingRow>> {
    standings::table
        .filter(standings::org_id.eq(org))
        .filter(standings::user_id.eq(user))
        .filter(standings::until.gt(at))
        .select(super::whole::<StandingRow>())
        .order(standings::until)
        .first(conn)
        .await
        .optional()
}
