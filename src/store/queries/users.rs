//! People, and the roles that are derived for them.

use diesel::prelude::*;
use diesel::sql_types::Nullable;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::directory::user::UserState;
use crate::id::{ConnectionId, OrganizationId, RoleId, UserId};
use crate::store::rows::{UserProjectRow, UserRow};
use crate::store::schema::{user_projects, users};
use crate::store::types::{IdSql, Time};

pub(crate) async fn insert(conn: &mut Conn, row: &UserRow) -> QueryResult<()> {
    diesel::insert_into(users::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update(conn: &mut Conn, row: &UserRow) -> QueryResult<()> {
    let target = users::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: UserId,
) -> QueryResult<Option<UserRow>> {
    let find = users::table
        .find((org, id))
        .select(super::whole::<UserRow>());
    find.first(conn).await.optional()
}

/// The living person whose sign-in address this is.
pub(crate) async fn by_email(
    conn: &mut Conn,
    org: OrganizationId,
    norm: &str,
) -> QueryResult<Option<UserRow>> {
    let find = users::table
        .filter(users::org_id.eq(org))
        .filter(users::email_norm.eq(norm.to_owned()))
        .filter(users::deleted_at.is_null())
        .filter(users::erased_at.is_null())
        .select(super::whole::<UserRow>());
    find.first(conn).await.optional()
}

/// The living people with these sign-in addresses.
/// How many people there are with an address in this domain.
pub(crate) async fn of_domain(
    conn: &mut Conn,
    org: OrganizationId,
    domain: &str,
) -> QueryResult<i64> {
    let domain = domain.replace(['\\', '%', '_'], "_");
    users::table
        .filter(users::org_id.eq(org))
        .filter(users::email_norm.like(format!("%@{domain}")))
        .filter(users::deleted_at.is_null())
        .filter(users::erased_at.is_null())
        .count()
        .get_result(conn)
        .await
}

pub(crate) async fn by_emails(
    conn: &mut Conn,
    org: OrganizationId,
    norms: &[String],
) -> QueryResult<Vec<UserRow>> {
    let mut rows = Vec::new();
    for norms in norms.chunks(CHUNK) {
        let query = users::table
            .filter(users::org_id.eq(org))
            .filter(users::email_norm.any_of(norms.to_vec()))
            .filter(users::deleted_at.is_null())
            .filter(users::erased_at.is_null())
            .select(super::whole::<UserRow>());
        rows.extend(query.load::<UserRow>(conn).await?);
    }
    Ok(rows)
}

/// People with these addresses whom a directory deleted, the latest deleted last.
pub(crate) async fn buried(
    conn: &mut Conn,
    org: OrganizationId,
    norms: &[String],
) -> QueryResult<Vec<UserRow>> {
    let mut rows = Vec::new();
    for norms in norms.chunks(CHUNK) {
        let query = users::table
            .filter(users::org_id.eq(org))
            .filter(users::email_norm.any_of(norms.to_vec()))
            .filter(users::deleted_at.is_not_null())
            .filter(users::erased_at.is_null())
            .filter(users::last_connection_id.is_not_null())
            .select(super::whole::<UserRow>())
            .order(users::deleted_at);
        rows.extend(query.load::<UserRow>(conn).await?);
    }
    Ok(rows)
}

/// Tombstones that a connection's directory left, by the last externalId.
pub(crate) async fn tombstones(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    external_id: &str,
) -> QueryResult<Vec<UserRow>> {
    users::table
        .filter(users::org_id.eq(org))
        .filter(users::last_connection_id.eq(connection))
        .filter(users::last_external_id.eq(external_id.to_owned()))
        .filter(users::deleted_at.is_not_null())
        .filter(users::erased_at.is_null())
        .select(super::whole::<UserRow>())
        .order(users::id)
        .limit(2)
        .load(conn)
        .await
}

/// Tombstones that a connection's directory left, by the last userName or the address.
pub(crate) async fn tombstones_of(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    user_name_folded: &str,
    email_norm: Option<&str>,
) -> QueryResult<Vec<UserRow>> {
    let mut query = users::table
        .filter(users::org_id.eq(org))
        .filter(users::last_connection_id.eq(connection))
        .filter(users::deleted_at.is_not_null())
        .select(super::whole::<UserRow>())
        .into_boxed();
    let named = users::last_user_name_folded.eq(user_name_folded.to_owned());
    query = match email_norm {
        Some(norm) => query.filter(named.or(users::email_norm.eq(norm.to_owned()))),
        None => query.filter(named),
    };
    query.order(users::id).limit(2).load(conn).await
}

pub(crate) async fn list(
    conn: &mut Conn,
    org: OrganizationId,
    after: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<UserRow>> {
    let mut query = users::table
        .filter(users::org_id.eq(org))
        .select(super::whole::<UserRow>())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(users::id.gt(after));
    }
    query.order(users::id).limit(limit).load(conn).await
}

/// People in the order of their ids: those with an address, those who are something now.
pub(crate) async fn wanted(
    conn: &mut Conn,
    org: OrganizationId,
    email_norm: Option<&str>,
    state: Option<UserState>,
    after: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<UserRow>> {
    let mut query = users::table
        .filter(users::org_id.eq(org))
        .select(super::whole::<UserRow>())
        .into_boxed();
    if let Some(norm) = email_norm {
        query = query.filter(users::email_norm.eq(norm.to_owned()));
    }
    if let Some(after) = after {
        query = query.filter(users::id.gt(after));
    }
    let here = users::deleted_at.is_null().and(users::erased_at.is_null());
    let suspended = users::suspended_by_directory_at
        .is_not_null()
        .or(users::suspended_by_admin_at.is_not_null())
        .or(users::suspended_by_expiry_at.is_not_null());
    query = match state {
        None => query,
        Some(UserState::Active) => query.filter(here.and(diesel::dsl::not(suspended))),
        Some(UserState::Deleted) => query.filter(
            users::deleted_at
                .is_not_null()
                .and(users::erased_at.is_null()),
        ),
        Some(UserState::Erased) => query.filter(users::erased_at.is_not_null()),
        Some(UserState::Suspended) => query.filter(here.and(suspended)),
    };
    query.order(users::id).limit(limit).load(conn).await
}

pub(crate) async fn by_ids(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[UserId],
) -> QueryResult<Vec<UserRow>> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let query = users::table
            .filter(users::org_id.eq(org))
            .filter(users::id.any_of(ids.to_vec()))
            .select(super::whole::<UserRow>());
        rows.extend(query.load::<UserRow>(conn).await?);
    }
    Ok(rows)
}

/// People in any organization who wait for their directory since before then; the sweep's look.
pub(crate) async fn overdue(
    conn: &mut Conn,
    since: Time,
    limit: i64,
) -> QueryResult<Vec<(OrganizationId, UserId)>> {
    users::table
        .filter(users::provisional_since.is_not_null())
        .filter(users::provisional_since.le(since))
        .filter(users::suspended_by_expiry_at.is_null())
        .filter(users::deleted_at.is_null())
        .filter(users::erased_at.is_null())
        .select((users::org_id, users::id))
        .order((users::org_id, users::id))
        .limit(limit)
        .load(conn)
        .await
}

/// People in any organization who are to go by then.
pub(crate) async fn to_delete(
    conn: &mut Conn,
    by: Time,
    limit: i64,
) -> QueryResult<Vec<(OrganizationId, UserId)>> {
    users::table
        .filter(users::delete_at.le(by))
        .select((users::org_id, users::id))
        .order((users::delete_at, users::id))
        .limit(limit)
        .load(conn)
        .await
}

/// Who holds the owner's title.
pub(crate) async fn owner(conn: &mut Conn, org: OrganizationId) -> QueryResult<Option<UserRow>> {
    let find = users::table
        .filter(users::org_id.eq(org))
        .filter(users::owner)
        .select(super::whole::<UserRow>());
    find.first(conn).await.optional()
}

/// Ids of the people whom a connection manages.
pub(crate) async fn managed_by(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Vec<UserId>> {
    users::table
        .filter(users::org_id.eq(org))
        .filter(users::managed_by.eq(connection))
        .filter(users::deleted_at.is_null())
        .select(users::id)
        .order(users::id)
        .load(conn)
        .await
}

/// The people who have this organization-wide role.
pub(crate) async fn with_role(
    conn: &mut Conn,
    org: OrganizationId,
    role: RoleId,
) -> QueryResult<Vec<UserId>> {
    users::table
        .filter(users::org_id.eq(org))
        .filter(users::role_id.eq(role))
        .select(users::id)
        .order(users::id)
        .load(conn)
        .await
}

/// Active people with a sign-in address who are the owner or have one of these roles, the owner first,
/// then those who are there the longest.
pub(crate) async fn in_charge(
    conn: &mut Conn,
    org: OrganizationId,
    roles: &[RoleId],
    limit: i64,
) -> QueryResult<Vec<UserRow>> {
    let has_role = users::role_id.any_of(roles.to_vec()).assume_not_null();
    users::table
        .filter(users::org_id.eq(org))
        .filter(users::owner.or(users::role_id.is_not_null().and(has_role)))
        .filter(users::email_norm.is_not_null())
        .filter(users::deleted_at.is_null())
        .filter(users::erased_at.is_null())
        .filter(users::suspended_by_directory_at.is_null())
        .filter(users::suspended_by_admin_at.is_null())
        .filter(users::suspended_by_expiry_at.is_null())
        .select(super::whole::<UserRow>())
        .order((users::owner.desc(), users::id))
        .limit(limit)
        .load(conn)
        .await
}

pub(crate) async fn projects_of(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[UserId],
) -> QueryResult<Vec<UserProjectRow>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let query = user_projects::table
            .filter(user_projects::org_id.eq(org))
            .filter(user_projects::user_id.any_of(ids.to_vec()))
            .select(super::whole::<UserProjectRow>())
            .order((user_projects::user_id, user_projects::project_id));
        rows.extend(query.load::<UserProjectRow>(conn).await?);
    }
    Ok(rows)
}

pub(crate) async fn replace_projects(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[UserId],
    rows: &[UserProjectRow],
) -> QueryResult<()> {
    for ids in ids.chunks(CHUNK) {
        let target = user_projects::table
            .filter(user_projects::org_id.eq(org))
            .filter(user_projects::user_id.any_of(ids.to_vec()));
        diesel::delete(target).later(conn).await?;
    }
    for rows in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO user_projects (org_id, user_id, project_id, role_id) VALUES",
            lines: rows,
            bind: bind_project,
            tail: "",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_project<'b>(row: &'b UserProjectRow, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.org_id)?;
    values.bind::<IdSql, _>(&row.user_id)?;
    values.bind::<IdSql, _>(&row.project_id)?;
    values.bind::<Nullable<IdSql>, _>(&row.role_id)
}
