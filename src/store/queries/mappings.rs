//! Mappings: a connection's group-to-role rules.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::kept::kept;
use super::later::Later;
use crate::id::{ConnectionId, MappingId, OrganizationId, ProjectId, ScimGroupId};
use crate::store::rows::MappingRow;
use crate::store::schema::{mapping_projects, mappings};
use crate::store::types::Time;

pub(crate) async fn list(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<MappingRow>> {
    mappings::table
        .filter(mappings::org_id.eq(org))
        .filter(mappings::removed_at.is_null())
        .select(super::whole::<MappingRow>())
        .order((mappings::connection_id, mappings::position, mappings::id))
        .load(conn)
        .await
}

pub(crate) async fn projects(
    conn: &mut Conn,
    org: OrganizationId,
) -> QueryResult<Vec<(MappingId, ProjectId)>> {
    mapping_projects::table
        .filter(mapping_projects::org_id.eq(org))
        .select((mapping_projects::mapping_id, mapping_projects::project_id))
        .order((mapping_projects::mapping_id, mapping_projects::project_id))
        .load(conn)
        .await
}

pub(crate) async fn insert(
    conn: &mut Conn,
    row: &MappingRow,
    projects: &[ProjectId],
) -> QueryResult<()> {
    diesel::insert_into(mappings::table)
        .values(row.clone())
        .later(conn)
        .await?;
    insert_projects(conn, row, projects).await
}

async fn insert_projects(
    conn: &mut Conn,
    row: &MappingRow,
    projects: &[ProjectId],
) -> QueryResult<()> {
    for project in projects {
        let values = (
            mapping_projects::org_id.eq(row.org_id),
            mapping_projects::mapping_id.eq(row.id),
            mapping_projects::project_id.eq(*project),
        );
        diesel::insert_into(mapping_projects::table)
            .values(values)
            .later(conn)
            .await?;
    }
    Ok(())
}

pub(crate) async fn update(
    conn: &mut Conn,
    row: &MappingRow,
    projects: &[ProjectId],
) -> QueryResult<()> {
    kept(
        diesel::update(mappings::table.find((row.org_id, row.id))).set((
            mappings::role_id.eq(row.role_id),
            mappings::position.eq(row.position),
            mappings::enabled.eq(row.enabled),
            mappings::rev.eq(row.rev),
        )),
    )
    .later(conn)
    .await?;
    let its = mapping_projects::table
        .filter(mapping_projects::org_id.eq(row.org_id))
        .filter(mapping_projects::mapping_id.eq(row.id));
    diesel::delete(its).later(conn).await?;
    insert_projects(conn, row, projects).await
}

pub(crate) async fn bind(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[MappingId],
    group: Option<ScimGroupId>,
    lost_at: Option<Time>,
) -> QueryResult<()> {
    let target = mappings::table
        .filter(mappings::org_id.eq(org))
        .filter(mappings::id.any_of(ids.to_vec()));
    diesel::update(target)
        .set((
            mappings::bound_group_id.eq(group),
            mappings::group_lost_at.eq(lost_at),
        ))
        .later(conn)
        .await
}

pub(crate) async fn end(
    conn: &mut Conn,
    org: OrganizationId,
    id: MappingId,
    at: Time,
) -> QueryResult<()> {
    kept(diesel::update(mappings::table.find((org, id))).set((
        mappings::removed_at.eq(at),
        mappings::enabled.eq(false),
        mappings::bound_group_id.eq(None::<ScimGroupId>),
    )))
    .later(conn)
    .await
}

pub(crate) async fn ended(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[MappingId],
) -> QueryResult<Vec<MappingRow>> {
    mappings::table
        .filter(mappings::org_id.eq(org))
        .filter(mappings::id.any_of(ids.to_vec()))
        .filter(mappings::removed_at.is_not_null())
        .select(super::whole::<MappingRow>())
        .load(conn)
        .await
}

/// The position after a connection's last rule.
pub(crate) async fn next_position(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<i64> {
    let last = mappings::table
        .filter(mappings::org_id.eq(org))
        .filter(mappings::connection_id.eq(connection))
        .select(diesel::dsl::max(mappings::position))
        .first::<Option<i64>>(conn)
        .await?;
    Ok(last.unwrap_or(0) + 1)
}
