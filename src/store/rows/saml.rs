//! Rows of what we are to identity providers: our requests and our keys.

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::directory::connection::KeyState;
use crate::id::{ConnectionId, OrganizationId, SamlKeyId};
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

/// One of our own keys of a connection.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::saml_keys)]
pub struct SamlKeyRow {
    pub org_id: OrganizationId,
    pub id: SamlKeyId,
    pub connection_id: ConnectionId,
    pub state: KeyState,
    pub certificate: Vec<u8>,
    pub sealed: Vec<u8>,
    pub created_at: Time,
}
