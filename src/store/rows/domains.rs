//! Domains.
#![expect(
    missing_docs,
    reason = "fields are columns; the migrations describe them"
)]

use diesel::prelude::*;

use crate::id::{ConnectionId, LeaseId, OrganizationId};
use crate::store::schema;
use crate::store::types::Time;

/// A domain whose addresses a connection may speak for.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::trusted_domains)]
pub struct DomainRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub domain: String,
    pub source: String,
    pub created_at: Time,
}

/// A domain that an organization proves to be its own.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::domain_proofs)]
#[diesel(treat_none_as_null = true, primary_key(org_id, domain))]
pub struct DomainProofRow {
    pub org_id: OrganizationId,
    pub domain: String,
    pub challenge: String,
    pub created_at: Time,
    pub verified_at: Option<Time>,
    pub lease: Option<LeaseId>,
    pub held_until: Option<Time>,
    pub due_at: Option<Time>,
    pub missing_since: Option<Time>,
    pub absences: i64,
}
