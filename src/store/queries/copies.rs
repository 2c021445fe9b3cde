//! One organization's rows, read as a whole and written as they are: for copies in memory.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::OrganizationId;
use crate::store::copies::{Copy, Extent, People};
use crate::store::rows::{
    ConnectionRow, DomainRow, GrantRow, IdentityRow, InvitationRow, MappingRow, OrganizationRow,
    ProjectRow, RoleRow, ScimGroupRow, ScimUserRow, ScimValueRow, UserProjectRow, UserRow,
};
use crate::store::schema::{
    connections, grant_projects, grants, identities, invitation_projects, invitations,
    mapping_projects, mappings, organizations, projects, roles, scim_groups, scim_members,
    scim_users, scim_values, trusted_domains, user_projects, users,
};

/// The rows of a table that are the organization's.
macro_rules! all {
    ($conn:ident, $org:ident, $table:ident, $row:ty) => {
        $table::table
            .filter($table::org_id.eq($org))
            .select(super::whole::<$row>())
            .load($conn)
            .await?
    };
}

/// The same of a table that has no struct, with these columns beside the organization.
macro_rules! columns {
    ($conn:ident, $org:ident, $table:ident, $($column:ident),+) => {
        $table::table
            .filter($table::org_id.eq($org))
            .select(($($table::$column),+))
            .load($conn)
            .await?
    };
}

macro_rules! put {
    ($conn:ident, $table:ident, $rows:expr) => {
        for row in $rows {
            diesel::insert_into($table::table)
                .values(row.clone())
                .execute($conn)
                .await?;
        }
    };
}

/// Whether an organization has more people, or groups, than so many.
pub(crate) async fn exceeds(conn: &mut Conn, org: OrganizationId, limit: i64) -> QueryResult<bool> {
    let people: Vec<crate::id::UserId> = users::table
        .filter(users::org_id.eq(org))
        .select(users::id)
        .order(users::id)
        .offset(limit)
        .limit(1)
        .load(conn)
        .await?;
    let groups: Vec<crate::id::ScimGroupId> = scim_groups::table
        .filter(scim_groups::org_id.eq(org))
        .select(scim_groups::id)
        .order(scim_groups::id)
        .offset(limit)
        .limit(1)
        .load(conn)
        .await?;
    Ok(!people.is_empty() || !groups.is_empty())
}

/// What each connection is trusted with; what is proved for all of them is listed on each.
async fn domains(conn: &mut Conn, connections: &[ConnectionRow]) -> QueryResult<Vec<DomainRow>> {
    let mut domains = Vec::new();
    for row in connections {
        domains.extend(super::domains::trusted(conn, row.org_id, row.id).await?);
    }
    Ok(domains)
}

/// An organization's rows; none where it is not there.
pub(crate) async fn load(
    conn: &mut Conn,
    org: OrganizationId,
    extent: Extent,
) -> QueryResult<Option<Copy>> {
    let organization = organizations::table
        .find(org)
        .select(super::whole::<OrganizationRow>());
    let Some(organization) = organization.first(conn).await.optional()? else {
        return Ok(None);
    };
    let schemas = organizations::table
        .find(org)
        .select(organizations::schemas);
    let connections = all!(conn, org, connections, ConnectionRow);
    let mut copy = Copy {
        schemas: schemas.first(conn).await?,
        roles: all!(conn, org, roles, RoleRow),
        projects: all!(conn, org, projects, ProjectRow),
        domains: domains(conn, &connections).await?,
        connections,
        mappings: all!(conn, org, mappings, MappingRow),
        mapping_projects: columns!(conn, org, mapping_projects, mapping_id, project_id),
        organization,
        people: None,
    };
    if extent == Extent::Everything {
        let invitations = invitations::table
            .filter(invitations::org_id.eq(org))
            .filter(invitations::closed_at.is_null())
            .select(super::whole::<InvitationRow>());
        copy.people = Some(People {
            users: all!(conn, org, users, UserRow),
            user_projects: all!(conn, org, user_projects, UserProjectRow),
            scim_users: all!(conn, org, scim_users, ScimUserRow),
            scim_values: all!(conn, org, scim_values, ScimValueRow),
            scim_groups: all!(conn, org, scim_groups, ScimGroupRow),
            scim_members: columns!(
                conn,
                org,
                scim_members,
                group_id,
                member_id,
                member_is_group,
                created_at
            ),
            grants: all!(conn, org, grants, GrantRow),
            grant_projects: columns!(conn, org, grant_projects, grant_id, project_id),
            identities: all!(conn, org, identities, IdentityRow),
            invitations: invitations.load(conn).await?,
            invitation_projects: columns!(
                conn,
                org,
                invitation_projects,
                invitation_id,
                project_id
            ),
        });
    }
    Ok(Some(copy))
}

/// Writes an organization's rows into an empty store. What leads out of the organization, to apps
/// and imports, is left out.
pub(crate) async fn put(conn: &mut Conn, copy: &Copy) -> QueryResult<()> {
    let org = copy.organization.id;
    put!(conn, organizations, [&copy.organization]);
    let target = organizations::table.find(org);
    kept(diesel::update(target).set(organizations::schemas.eq(copy.schemas.clone())))
        .later(conn)
        .await?;
    put!(conn, roles, &copy.roles);
    put!(conn, projects, &copy.projects);
    let connections = copy.connections.iter().map(|row| ConnectionRow {
        app_id: None,
        ..row.clone()
    });
    put!(conn, connections, connections);
    put!(conn, trusted_domains, &copy.domains);
    let Some(people) = &copy.people else {
        // A rule that a group was bound to waits for the next group of the name.
        let free = copy.mappings.iter().map(|row| MappingRow {
            bound_group_id: None,
            ..row.clone()
        });
        put!(conn, mappings, free);
        return put_mapping_projects(conn, copy).await;
    };
    put!(conn, mappings, &copy.mappings);
    put_mapping_projects(conn, copy).await?;
    put_people(conn, org, people).await
}

async fn put_people(conn: &mut Conn, org: OrganizationId, people: &People) -> QueryResult<()> {
    put!(conn, users, &people.users);
    put!(conn, user_projects, &people.user_projects);
    put!(conn, scim_users, &people.scim_users);
    put!(conn, scim_values, &people.scim_values);
    put!(conn, scim_groups, &people.scim_groups);
    for (group, member, is_group, at) in &people.scim_members {
        let row = (
            scim_members::org_id.eq(org),
            scim_members::group_id.eq(*group),
            scim_members::member_id.eq(*member),
            scim_members::member_is_group.eq(*is_group),
            scim_members::created_at.eq(*at),
        );
        let insert = diesel::insert_into(scim_members::table).values(row);
        insert.later(conn).await?;
    }
    put!(conn, grants, &people.grants);
    for (grant, project) in &people.grant_projects {
        let row = (
            grant_projects::org_id.eq(org),
            grant_projects::grant_id.eq(*grant),
            grant_projects::project_id.eq(*project),
        );
        let insert = diesel::insert_into(grant_projects::table).values(row);
        insert.later(conn).await?;
    }
    put!(conn, identities, &people.identities);
    let invitations = people.invitations.iter().map(|row| InvitationRow {
        import_id: None,
        ..row.clone()
    });
    put!(conn, invitations, invitations);
    // Those of closed invitations are not copied, and neither are their projects.
    let open = |id| people.invitations.iter().any(|row| row.id == id);
    for (invitation, project) in people.invitation_projects.iter().filter(|it| open(it.0)) {
        let row = (
            invitation_projects::org_id.eq(org),
            invitation_projects::invitation_id.eq(*invitation),
            invitation_projects::project_id.eq(*project),
        );
        let insert = diesel::insert_into(invitation_projects::table).values(row);
        insert.later(conn).await?;
    }
    Ok(())
}

async fn put_mapping_projects(conn: &mut Conn, copy: &Copy) -> QueryResult<()> {
    for (mapping, project) in &copy.mapping_projects {
        let row = (
            mapping_projects::org_id.eq(copy.organization.id),
            mapping_projects::mapping_id.eq(*mapping),
            mapping_projects::project_id.eq(*project),
        );
        let insert = diesel::insert_into(mapping_projects::table).values(row);
        insert.later(conn).await?;
    }
    Ok(())
}
