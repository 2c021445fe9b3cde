//! Mappings: a connection's group-to-role rules.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::id::{ConnectionId, MappingId, OrganizationId, ProjectId, ScimGroupId};
use crate::store::rows::MappingRow;
use crate::store::schema::{mapping_projects, mappings};

pub(crate) async fn list(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<MappingRow>> {
    mappings::table
        .filter(mappings::org_id.eq(org))
        .select(MappingRow::as_select())
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
        .execute(conn)
        .await?;
    for project in projects {
        let values = (
            mapping_projects::org_id.eq(row.org_id),
            mapping_projects::mapping_id.eq(row.id),
            mapping_projects::project_id.eq(*project),
        );
        diesel::insert_into(mapping_projects::table)
            .values(values)
            .execute(conn)
            .await?;
    }
    Ok(())
}

pub(crate) async fn bind(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[MappingId],
    group: Option<ScimGroupId>,
) -> QueryResult<()> {
    let target = mappings::table
        .filter(mappings::org_id.eq(org))
        .filter(mappings::id.eq_any(ids.to_vec()));
    diesel::update(target)
        .set(mappings::bound_group_id.eq(group))
        .execute(conn)
        .await
        .map(drop)
}

pub(crate) async fn delete(
    conn: &mut Conn,
    org: OrganizationId,
    id: MappingId,
) -> QueryResult<usize> {
    diesel::delete(mappings::table.find((org, id)))
        .execute(conn)
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
