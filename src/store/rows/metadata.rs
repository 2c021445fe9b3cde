//! Rows of how the metadata of identity providers are kept up to date.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

use crate::directory::metadata::{RefreshMode, RefreshOutcome};
use crate::id::{ConnectionId, LeaseId, OrganizationId};
use crate::store::schema;
use crate::store::types::{Doc, Time};

/// Where a connection's metadata are published, how the last look ended, and what waits for a yes.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::metadata_refreshes)]
#[diesel(treat_none_as_null = true, primary_key(org_id, connection_id))]
pub struct MetadataRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub mode: RefreshMode,
    pub url: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub fetched_at: Option<Time>,
    pub outcome: Option<RefreshOutcome>,
    pub reason: Option<String>,
    pub failures: i64,
    pub due_at: Option<Time>,
    pub lease: Option<LeaseId>,
    pub leased_until: Option<Time>,
    pub valid_until: Option<Time>,
    pub cache_seconds: Option<i64>,
    pub proposal: Option<String>,
    pub proposed_changes: Option<Doc>,
    pub proposed_at: Option<Time>,
    pub dismissed_changes: Option<Doc>,
}

/// That somebody was told of an end: of a certificate, or of metadata.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::expiry_notices)]
pub struct ExpiryNoticeRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub subject: String,
    pub days: i64,
    pub created_at: Time,
}
