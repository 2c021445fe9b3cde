//! Roles: those of an organization, what is of one, and its end.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::{OrganizationId, RoleId};
use crate::store::rows::{GrantRow, InvitationRow, RoleRow};
use crate::store::schema::{grants, invitations, roles};
use crate::store::types::Time;

/// The roles that there are, the highest first.
pub(crate) async fn list(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<RoleRow>> {
    roles::table
        .filter(roles::org_id.eq(org))
        .filter(roles::removed_at.is_null())
        .select(super::whole::<RoleRow>())
        .order(roles::rank.desc())
        .load(conn)
        .await
}

/// These and those that are gone.
pub(crate) async fn every(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<RoleRow>> {
    roles::table
        .filter(roles::org_id.eq(org))
        .select(super::whole::<RoleRow>())
        .order((roles::rank.desc(), roles::id))
        .load(conn)
        .await
}

pub(crate) async fn insert(conn: &mut Conn, row: &RoleRow) -> QueryResult<()> {
    diesel::insert_into(roles::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn rename(
    conn: &mut Conn,
    org: OrganizationId,
    id: RoleId,
    name: &str,
) -> QueryResult<()> {
    kept(diesel::update(roles::table.find((org, id))).set(roles::name.eq(name.to_owned())))
        .later(conn)
        .await
}

pub(crate) async fn remove(
    conn: &mut Conn,
    org: OrganizationId,
    id: RoleId,
    at: Time,
) -> QueryResult<()> {
    kept(diesel::update(roles::table.find((org, id))).set(roles::removed_at.eq(at)))
        .later(conn)
        .await
}

/// The live grants of a role, the oldest first.
pub(crate) async fn grants(
    conn: &mut Conn,
    org: OrganizationId,
    role: RoleId,
) -> QueryResult<Vec<GrantRow>> {
    grants::table
        .filter(grants::org_id.eq(org))
        .filter(grants::role_id.eq(role))
        .filter(grants::retired_at.is_null())
        .select(super::whole::<GrantRow>())
        .order(grants::id)
        .load(conn)
        .await
}

/// The open invitations to a role, the oldest first.
pub(crate) async fn invitations(
    conn: &mut Conn,
    org: OrganizationId,
    role: RoleId,
) -> QueryResult<Vec<InvitationRow>> {
    invitations::table
        .filter(invitations::org_id.eq(org))
        .filter(invitations::role_id.eq(role))
        .filter(invitations::closed_at.is_null())
        .select(super::whole::<InvitationRow>())
        .order(invitations::id)
        .load(conn)
        .await
}
