//! Organizations and their projects.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::{OrganizationId, RoleId};
use crate::store::memory::Stamp;
use crate::store::rows::{OrganizationRow, ProjectRow};
use crate::store::schema::{connections, organizations, projects};
use crate::store::types::{Doc, Time};

/// The stamp of its settings; none where there is no such organization.
pub(crate) async fn stamp(conn: &mut Conn, org: OrganizationId) -> QueryResult<Option<Stamp>> {
    let find = organizations::table
        .find(org)
        .select(organizations::settings_stamp);
    let stamp: Option<i64> = find.get_result(conn).await.optional()?;
    Ok(stamp.map(Stamp))
}

/// Replaces an organization's policy.
pub(crate) async fn set_policy(
    conn: &mut Conn,
    org: OrganizationId,
    policy: Doc,
) -> QueryResult<()> {
    kept(diesel::update(organizations::table.find(org)).set(organizations::policy.eq(policy)))
        .later(conn)
        .await
}

/// Writes which role people have whom nothing else gives one.
pub(crate) async fn set_default_role(
    conn: &mut Conn,
    org: OrganizationId,
    role: RoleId,
) -> QueryResult<()> {
    kept(
        diesel::update(organizations::table.find(org)).set(organizations::default_role_id.eq(role)),
    )
    .later(conn)
    .await
}

/// The SCIM schemas that it registered.
pub(crate) async fn schemas(conn: &mut Conn, org: OrganizationId) -> QueryResult<Doc> {
    let find = organizations::table
        .find(org)
        .select(organizations::schemas);
    find.first(conn).await
}

/// Replaces them, in each of its connections, too.
pub(crate) async fn set_schemas(
    conn: &mut Conn,
    org: OrganizationId,
    schemas: Doc,
) -> QueryResult<()> {
    kept(
        diesel::update(organizations::table.find(org))
            .set(organizations::schemas.eq(schemas.clone())),
    )
    .later(conn)
    .await?;
    kept(
        diesel::update(connections::table.filter(connections::org_id.eq(org)))
            .set(connections::schemas.eq(schemas)),
    )
    .later(conn)
    .await
}

/// Counts a change of the schemas. The count begins anew when its first change is long past.
pub(crate) async fn count_schema_change(
    conn: &mut Conn,
    org: OrganizationId,
    day_ago: Time,
    now: Time,
) -> QueryResult<i64> {
    let row = organizations::table.find(org);
    let begun = organizations::schema_changes_since.gt(day_ago);
    let counted: Option<i64> = diesel::update(row.filter(begun))
        .set(organizations::schema_changes.eq(organizations::schema_changes + 1))
        .returning(organizations::schema_changes)
        .get_result(conn)
        .await
        .optional()?;
    if let Some(count) = counted {
        return Ok(count);
    }
    let first = (
        organizations::schema_changes.eq(1),
        organizations::schema_changes_since.eq(now),
    );
    let update = diesel::update(organizations::table.find(org)).set(first);
    update.later(conn).await?;
    Ok(1)
}

pub(crate) async fn insert(conn: &mut Conn, row: &OrganizationRow) -> QueryResult<()> {
    diesel::insert_into(organizations::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    id: OrganizationId,
) -> QueryResult<Option<OrganizationRow>> {
    let find = organizations::table
        .find(id)
        .select(super::whole::<OrganizationRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn by_slug(conn: &mut Conn, slug: &str) -> QueryResult<Option<OrganizationRow>> {
    // PostgreSQL's text has no null character: no such organization is there.
    if slug.contains('\0') {
        return Ok(None);
    }
    let find = organizations::table
        .filter(organizations::slug.eq(slug.to_owned()))
        .select(super::whole::<OrganizationRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn list(conn: &mut Conn) -> QueryResult<Vec<OrganizationRow>> {
    organizations::table
        .select(super::whole::<OrganizationRow>())
        .order(organizations::slug)
        .load(conn)
        .await
}

/// Organizations in the order of their ids.
pub(crate) async fn page(
    conn: &mut Conn,
    after: Option<OrganizationId>,
    limit: i64,
) -> QueryResult<Vec<OrganizationRow>> {
    let mut query = organizations::table
        .select(super::whole::<OrganizationRow>())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(organizations::id.gt(after));
    }
    query.order(organizations::id).limit(limit).load(conn).await
}

pub(crate) async fn projects(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<ProjectRow>> {
    projects::table
        .filter(projects::org_id.eq(org))
        .select(super::whole::<ProjectRow>())
        .order(projects::slug)
        .load(conn)
        .await
}

pub(crate) async fn insert_project(conn: &mut Conn, row: &ProjectRow) -> QueryResult<()> {
    diesel::insert_into(projects::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update_project(conn: &mut Conn, row: &ProjectRow) -> QueryResult<()> {
    let set = (
        projects::name.eq(row.name.clone()),
        projects::archived_at.eq(row.archived_at),
    );
    kept(diesel::update(projects::table.find((row.org_id, row.id))).set(set))
        .later(conn)
        .await
}

pub(crate) async fn rename(conn: &mut Conn, org: OrganizationId, name: &str) -> QueryResult<()> {
    kept(
        diesel::update(organizations::table.find(org)).set(organizations::name.eq(name.to_owned())),
    )
    .later(conn)
    .await
}
