//! How the metadata of identity providers are kept up to date: what is due, claimed under a lease,
//! and what ends soon.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{Conn, Db};
use super::kept::kept;
use super::later::Later;
use crate::id::{ConnectionId, LeaseId, OrganizationId};
use crate::store::rows::{CertificateRow, ExpiryNoticeRow, MetadataRow};
use crate::store::schema::{connection_certificates, expiry_notices, metadata_refreshes};
use crate::store::types::Time;

pub(crate) async fn by_connection(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Option<MetadataRow>> {
    let find = metadata_refreshes::table
        .find((org, connection))
        .select(super::whole::<MetadataRow>());
    find.first(conn).await.optional()
}

/// Writes a row, whether or not there is one; whoever fetches for the one that was loses their
/// lease.
pub(crate) async fn put(conn: &mut Conn, row: &MetadataRow) -> QueryResult<()> {
    kept(
        diesel::insert_into(metadata_refreshes::table)
            .values(row.clone())
            .on_conflict((
                metadata_refreshes::org_id,
                metadata_refreshes::connection_id,
            ))
            .do_update()
            .set(row.clone()),
    )
    .later(conn)
    .await
}

/// What is due in any organization and under nobody's lease, the longest due first.
pub(crate) async fn due(conn: &mut Conn, now: Time, limit: i64) -> QueryResult<Vec<MetadataRow>> {
    let free = metadata_refreshes::leased_until
        .is_null()
        .or(metadata_refreshes::leased_until.le(now));
    metadata_refreshes::table
        .filter(metadata_refreshes::due_at.le(now))
        .filter(free)
        .select(super::whole::<MetadataRow>())
        .order((
            metadata_refreshes::due_at,
            metadata_refreshes::connection_id,
        ))
        .limit(limit)
        .load(conn)
        .await
}

/// Takes a row as it was seen for a while; `false` where somebody else did.
pub(crate) async fn claim(
    conn: &mut Conn,
    row: &MetadataRow,
    lease: LeaseId,
    until: Time,
) -> QueryResult<bool> {
    let update = diesel::update(metadata_refreshes::table.find((row.org_id, row.connection_id)))
        .set((
            metadata_refreshes::lease.eq(Some(lease)),
            metadata_refreshes::leased_until.eq(Some(until)),
        ))
        .into_boxed::<Db>();
    let update = match row.due_at {
        Some(due) => update.filter(metadata_refreshes::due_at.eq(due)),
        None => update.filter(metadata_refreshes::due_at.is_null()),
    };
    // Every claim has a lease of its own: whoever claims what they saw claims it first.
    let update = match row.lease {
        Some(lease) => update.filter(metadata_refreshes::lease.eq(lease)),
        None => update.filter(metadata_refreshes::lease.is_null()),
    };
    Ok(update.execute(conn).await? == 1)
}

/// Certificates, of every organization, that end before then, and of whose end so many days ahead
/// nobody was told.
pub(crate) async fn certificates_ending(
    conn: &mut Conn,
    before: Time,
    days: i64,
    limit: i64,
) -> QueryResult<Vec<CertificateRow>> {
    let told = expiry_notices::table
        .filter(expiry_notices::org_id.eq(connection_certificates::org_id))
        .filter(expiry_notices::connection_id.eq(connection_certificates::connection_id))
        .filter(expiry_notices::subject.eq(connection_certificates::fingerprint))
        .filter(expiry_notices::days.eq(days));
    connection_certificates::table
        .filter(connection_certificates::not_after.le(before))
        .filter(diesel::dsl::not(diesel::dsl::exists(told)))
        .select(super::whole::<CertificateRow>())
        .order((
            connection_certificates::org_id,
            connection_certificates::connection_id,
            connection_certificates::fingerprint,
        ))
        .limit(limit)
        .load(conn)
        .await
}

/// Metadata, of every organization, that are good no longer.
pub(crate) async fn expired(
    conn: &mut Conn,
    now: Time,
    after: Option<ConnectionId>,
    limit: i64,
) -> QueryResult<Vec<MetadataRow>> {
    let mut query = metadata_refreshes::table
        .filter(metadata_refreshes::valid_until.le(now))
        .select(super::whole::<MetadataRow>())
        .order(metadata_refreshes::connection_id)
        .limit(limit)
        .into_boxed::<Db>();
    if let Some(after) = after {
        query = query.filter(metadata_refreshes::connection_id.gt(after));
    }
    query.load(conn).await
}

/// Whether somebody was told.
pub(crate) async fn is_noted(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    subject: &str,
    days: i64,
) -> QueryResult<bool> {
    let find = expiry_notices::table
        .find((org, connection, subject.to_owned(), days))
        .select(expiry_notices::days);
    let found: Option<i64> = find.first(conn).await.optional()?;
    Ok(found.is_some())
}

/// Notes that somebody was told; `false` where it was noted before.
pub(crate) async fn note(conn: &mut Conn, row: &ExpiryNoticeRow) -> QueryResult<bool> {
    let insert = diesel::insert_into(expiry_notices::table)
        .values(row.clone())
        .on_conflict_do_nothing();
    Ok(insert.execute(conn).await? == 1)
}
