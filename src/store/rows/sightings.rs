//! The rows of what was seen of connections.

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::id::{ConnectionId, OrganizationId};
use crate::store::schema;
use crate::store::types::Time;

/// How often something was seen of a connection.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::sightings)]
pub struct SightingRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub kind: String,
    pub count: i64,
    pub first_at: Time,
    pub last_at: Time,
}
