//! The queries of how the metadata of identity providers are kept up to date.

use crate::id::{ConnectionId, LeaseId, OrganizationId};
use crate::store::rows::{CertificateRow, ExpiryNoticeRow, MetadataRow};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// The query `metadata::by_connection`.
    metadata = metadata::by_connection(org: OrganizationId, connection: ConnectionId) -> Option<MetadataRow>;
    /// Writes a row, whether or not there is one.
    put_metadata = metadata::put(row: &MetadataRow) -> ();
    /// What is due in any organization and under nobody's lease.
    due_metadata = metadata::due(now: Time, limit: i64) -> Vec<MetadataRow>;
    /// Takes a row as it was seen for a while; `false` where somebody else did.
    claim_metadata = metadata::claim(row: &MetadataRow, lease: LeaseId, until: Time) -> bool;
    /// Certificates that end before then, of whose end so many days ahead nobody was told.
    certificates_ending = metadata::certificates_ending(before: Time, days: i64, limit: i64) -> Vec<CertificateRow>;
    /// Metadata that are good no longer.
    expired_metadata = metadata::expired(now: Time, after: Option<ConnectionId>, limit: i64) -> Vec<MetadataRow>;
    /// Whether somebody was told of an end.
    is_expiry_noted = metadata::is_noted(org: OrganizationId, connection: ConnectionId, subject: &str, days: i64) -> bool;
    /// Notes that somebody was told of an end; `false` where it was noted before.
    note_expiry = metadata::note(row: &ExpiryNoticeRow) -> bool;
}
