//! What was seen of a connection: counts, and samples of what its directory and its sign-ins said.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::kept::kept;
use super::later::Later;
use crate::id::{ConnectionId, OrganizationId};
use crate::store::rows::{IdentityRow, ScimGroupRow, SightingRow};
use crate::store::schema::{identities, scim_groups, scim_users, sightings, users};

/// Adds to what was counted before.
pub(crate) async fn add(conn: &mut Conn, row: &SightingRow) -> QueryResult<()> {
    kept(
        diesel::insert_into(sightings::table)
            .values(row.clone())
            .on_conflict((sightings::org_id, sightings::connection_id, sightings::kind))
            .do_update()
            .set((
                sightings::count.eq(sightings::count + excluded(sightings::count)),
                sightings::last_at.eq(excluded(sightings::last_at)),
            )),
    )
    .later(conn)
    .await
}

pub(crate) async fn of(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Vec<SightingRow>> {
    sightings::table
        .filter(sightings::org_id.eq(org))
        .filter(sightings::connection_id.eq(connection))
        .select(super::whole::<SightingRow>())
        .order(sightings::kind)
        .load(conn)
        .await
}

/// The externalId, where there is one, and the userName of the newest SCIM Users.
pub(crate) async fn newest_users(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    limit: i64,
) -> QueryResult<Vec<(Option<String>, String)>> {
    scim_users::table
        .filter(scim_users::org_id.eq(org))
        .filter(scim_users::connection_id.eq(connection))
        .select((scim_users::external_id, scim_users::user_name))
        .order(scim_users::id.desc())
        .limit(limit)
        .load(conn)
        .await
}

/// The sign-in addresses of the newest people whom the connection manages.
pub(crate) async fn newest_addresses(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    limit: i64,
) -> QueryResult<Vec<Option<String>>> {
    users::table
        .filter(users::org_id.eq(org))
        .filter(users::managed_by.eq(connection))
        .filter(users::deleted_at.is_null())
        .filter(users::email_norm.is_not_null())
        .select(users::email_norm)
        .order(users::id.desc())
        .limit(limit)
        .load(conn)
        .await
}

/// The newest links of people who signed in through the connection.
pub(crate) async fn newest_identities(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    limit: i64,
) -> QueryResult<Vec<IdentityRow>> {
    identities::table
        .filter(identities::org_id.eq(org))
        .filter(identities::connection_id.eq(connection))
        .select(super::whole::<IdentityRow>())
        .order(identities::id.desc())
        .limit(limit)
        .load(conn)
        .await
}

/// The SCIM Groups of a connection which these values name by externalId.
pub(crate) async fn groups_by_external_ids(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    values: &[String],
) -> QueryResult<Vec<ScimGroupRow>> {
    let mut rows = Vec::new();
    for values in values.chunks(super::CHUNK) {
        let query = scim_groups::table
            .filter(scim_groups::org_id.eq(org))
            .filter(scim_groups::connection_id.eq(connection))
            .filter(scim_groups::external_id.any_of(values.to_vec()))
            .select(super::whole::<ScimGroupRow>())
            .order(scim_groups::id);
        rows.extend(query.load::<ScimGroupRow>(conn).await?);
    }
    Ok(rows)
}
