//! Rows of our requests to identity providers.

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::id::{ConnectionId, OrganizationId};
use crate::store::schema;
use crate::store::types::Time;

/// A request that waits for its answer.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::saml_requests)]
pub struct SamlRequestRow {
    pub org_id: OrganizationId,
    pub id: String,
    pub connection_id: ConnectionId,
    pub browser_hash: Vec<u8>,
    pub relay: Option<String>,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
    pub fresh_since: Option<Time>,
}
