//! Grants: rows for every source, retired rather than removed.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::directory::grant::GrantSource;
use crate::id::{ConnectionId, GrantId, MappingId, OrganizationId, ProjectId, RoleId, UserId};
use crate::store::ops::GrantProject;
use crate::store::rows::GrantRow;
use crate::store::schema::{grant_projects, grants, users};
use crate::store::types::{IdSql, Time, TimeSql};

/// The live grants of these people.
pub(crate) async fn live(
    conn: &mut Conn,
    org: OrganizationId,
    users: &[UserId],
) -> QueryResult<Vec<GrantRow>> {
    let mut rows = Vec::new();
    for users in users.chunks(CHUNK) {
        let query = grants::table
            .filter(grants::org_id.eq(org))
            .filter(grants::user_id.any_of(users.to_vec()))
            .filter(grants::retired_at.is_null())
            .select(super::whole::<GrantRow>())
            .order(grants::id);
        rows.extend(query.load::<GrantRow>(conn).await?);
    }
    Ok(rows)
}

/// Every grant of one person, retired ones too, oldest first.
pub(crate) async fn history(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<Vec<GrantRow>> {
    grants::table
        .filter(grants::org_id.eq(org))
        .filter(grants::user_id.eq(user))
        .select(super::whole::<GrantRow>())
        .order(grants::id)
        .load(conn)
        .await
}

/// The people to whom somebody or something gives this role, whether it counts or not.
pub(crate) async fn grantees(
    conn: &mut Conn,
    org: OrganizationId,
    role: RoleId,
) -> QueryResult<Vec<UserId>> {
    grants::table
        .filter(grants::org_id.eq(org))
        .filter(grants::role_id.eq(role))
        .filter(grants::retired_at.is_null())
        .select(grants::user_id)
        .distinct()
        .order(grants::user_id)
        .load(conn)
        .await
}

/// People who have a grant whose time was over by then.
pub(crate) async fn ended(
    conn: &mut Conn,
    by: Time,
    limit: i64,
) -> QueryResult<Vec<(OrganizationId, UserId)>> {
    grants::table
        .filter(grants::ends_at.le(by))
        .filter(grants::retired_at.is_null())
        .select((grants::org_id, grants::user_id))
        .order(grants::ends_at)
        .limit(limit)
        .load(conn)
        .await
}

/// The live grants that no rule gave, the oldest first.
pub(crate) async fn holdings(
    conn: &mut Conn,
    org: OrganizationId,
) -> QueryResult<Vec<(GrantRow, Option<String>, Option<ConnectionId>)>> {
    let by_rule = [GrantSource::DirectoryGroup, GrantSource::SamlGroup];
    let theirs = users::org_id
        .eq(grants::org_id)
        .and(users::id.eq(grants::user_id));
    grants::table
        .inner_join(users::table.on(theirs))
        .filter(grants::org_id.eq(org))
        .filter(grants::retired_at.is_null())
        .filter(grants::source.ne_all(by_rule.to_vec()))
        .filter(users::deleted_at.is_null())
        .select((GrantRow::as_select(), users::email, users::managed_by))
        .order(grants::id)
        .load(conn)
        .await
}

/// The projects of these grants.
pub(crate) async fn projects(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[GrantId],
) -> QueryResult<Vec<(GrantId, ProjectId)>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let query = grant_projects::table
            .filter(grant_projects::org_id.eq(org))
            .filter(grant_projects::grant_id.any_of(ids.to_vec()))
            .select((grant_projects::grant_id, grant_projects::project_id))
            .order((grant_projects::grant_id, grant_projects::project_id));
        rows.extend(query.load::<(GrantId, ProjectId)>(conn).await?);
    }
    Ok(rows)
}

pub(crate) async fn insert(conn: &mut Conn, rows: &[GrantRow]) -> QueryResult<()> {
    for rows in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO grants (org_id, id, user_id, role_id, source, source_ref, \
                granted_at, cause, ends_at, actor, reason) VALUES",
            lines: rows,
            bind: bind_grant,
            tail: "",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_grant<'b>(row: &'b GrantRow, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.org_id)?;
    values.bind::<IdSql, _>(&row.id)?;
    values.bind::<IdSql, _>(&row.user_id)?;
    values.bind::<IdSql, _>(&row.role_id)?;
    values.bind::<Text, _>(&row.source)?;
    values.bind::<Text, _>(&row.source_ref)?;
    values.bind::<TimeSql, _>(&row.granted_at)?;
    values.bind::<Text, _>(&row.cause)?;
    values.bind::<Nullable<TimeSql>, _>(&row.ends_at)?;
    values.bind::<Nullable<Text>, _>(&row.actor)?;
    values.bind::<Nullable<Text>, _>(&row.reason)
}

pub(crate) async fn insert_projects(conn: &mut Conn, rows: &[GrantProject]) -> QueryResult<()> {
    for rows in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO grant_projects (org_id, grant_id, project_id) VALUES",
            lines: rows,
            bind: bind_project,
            tail: "",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_project<'b>(row: &'b GrantProject, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.0)?;
    values.bind::<IdSql, _>(&row.1)?;
    values.bind::<IdSql, _>(&row.2)
}

pub(crate) async fn retire(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[GrantId],
    at: Time,
    cause: &str,
) -> QueryResult<()> {
    for ids in ids.chunks(CHUNK) {
        let target = grants::table
            .filter(grants::org_id.eq(org))
            .filter(grants::id.any_of(ids.to_vec()));
        diesel::update(target)
            .set((
                grants::retired_at.eq(Some(at)),
                grants::retired_cause.eq(Some(cause.to_owned())),
            ))
            .later(conn)
            .await?;
    }
    Ok(())
}

/// The people who hold a live grant from this mapping.
pub(crate) async fn holders(
    conn: &mut Conn,
    org: OrganizationId,
    mapping: MappingId,
) -> QueryResult<Vec<UserId>> {
    let start = format!("{mapping}/");
    let end = format!("{mapping}0");
    grants::table
        .filter(grants::org_id.eq(org))
        .filter(grants::retired_at.is_null())
        .filter(grants::source_ref.ge(start))
        .filter(grants::source_ref.lt(end))
        .select(grants::user_id)
        .distinct()
        .load(conn)
        .await
}
