//! Connections, the certificates they trust and the domains they may speak for.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::{ConnectionId, IdentityId, OrganizationId};
use crate::store::rows::{CertificateRow, ConnectionRow};
use crate::store::schema::{
    connection_certificates, connections, identities, mappings, safeguard_marks,
    safeguard_settings, safeguard_tallies, saml_replays, saml_requests, scim_groups, scim_tokens,
    scim_totals, scim_users, sessions, trusted_domains, waivers,
};
use crate::store::types::Time;

/// The connection that a URL names: the one look-up without an organization, since the
/// connection is what tells the organization.
pub(crate) async fn by_url(
    conn: &mut Conn,
    id: ConnectionId,
) -> QueryResult<Option<ConnectionRow>> {
    let find = connections::table
        .filter(connections::id.eq(id))
        .select(super::whole::<ConnectionRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: ConnectionId,
) -> QueryResult<Option<ConnectionRow>> {
    let find = connections::table
        .find((org, id))
        .select(super::whole::<ConnectionRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn list(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<ConnectionRow>> {
    connections::table
        .filter(connections::org_id.eq(org))
        .select(super::whole::<ConnectionRow>())
        .order(connections::id)
        .load(conn)
        .await
}

pub(crate) async fn insert(conn: &mut Conn, row: &ConnectionRow) -> QueryResult<()> {
    diesel::insert_into(connections::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update(conn: &mut Conn, row: &ConnectionRow) -> QueryResult<()> {
    let target = connections::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn mark_scim(
    conn: &mut Conn,
    org: OrganizationId,
    id: ConnectionId,
    at: Time,
) -> QueryResult<()> {
    let target = connections::table.find((org, id));
    kept(diesel::update(target).set(connections::scim_since.eq(Some(at))))
        .later(conn)
        .await
}

pub(crate) async fn mark_groups(
    conn: &mut Conn,
    org: OrganizationId,
    id: ConnectionId,
    at: Time,
) -> QueryResult<()> {
    let target = connections::table.find((org, id));
    kept(diesel::update(target).set(connections::scim_groups_since.eq(Some(at))))
        .later(conn)
        .await
}

pub(crate) async fn certificates(
    conn: &mut Conn,
    org: OrganizationId,
    id: ConnectionId,
) -> QueryResult<Vec<CertificateRow>> {
    connection_certificates::table
        .filter(connection_certificates::org_id.eq(org))
        .filter(connection_certificates::connection_id.eq(id))
        .select(super::whole::<CertificateRow>())
        .order(connection_certificates::fingerprint)
        .load(conn)
        .await
}

pub(crate) async fn replace_certificates(
    conn: &mut Conn,
    org: OrganizationId,
    id: ConnectionId,
    rows: &[CertificateRow],
) -> QueryResult<()> {
    let target = connection_certificates::table
        .filter(connection_certificates::org_id.eq(org))
        .filter(connection_certificates::connection_id.eq(id));
    diesel::delete(target).later(conn).await?;
    for row in rows {
        let insert = diesel::insert_into(connection_certificates::table).values(row.clone());
        insert.later(conn).await?;
    }
    Ok(())
}

/// Deletes a connection and what hangs on it. Its sessions are to be over, and its people managed
/// by nobody or by another connection; the sessions stay, and know no connection any more.
pub(crate) async fn delete(
    conn: &mut Conn,
    org: OrganizationId,
    id: ConnectionId,
) -> QueryResult<()> {
    let its = sessions::table
        .filter(sessions::org_id.eq(org))
        .filter(sessions::connection_id.eq(id));
    kept(diesel::update(its).set((
        sessions::connection_id.eq(None::<ConnectionId>),
        sessions::identity_id.eq(None::<IdentityId>),
    )))
    .later(conn)
    .await?;
    macro_rules! delete_from {
        ($($table:ident)+) => {$(
            let its = $table::table
                .filter($table::org_id.eq(org))
                .filter($table::connection_id.eq(id));
            diesel::delete(its).later(conn).await?;
        )+};
    }
    delete_from!(
        identities mappings scim_groups scim_users scim_tokens saml_requests saml_replays
        connection_certificates trusted_domains safeguard_marks safeguard_settings
        safeguard_tallies scim_totals waivers
    );
    diesel::delete(connections::table.find((org, id)))
        .later(conn)
        .await
}
