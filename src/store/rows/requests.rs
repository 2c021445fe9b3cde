//! Rows of what SCIM clients asked.

use diesel::prelude::{Queryable, Selectable};

use crate::id::{ConnectionId, OrganizationId, ScimRequestId};
use crate::store::schema;
use crate::store::types::{AnyId, Time};

/// A request of a SCIM client, without its body.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = schema::scim_requests)]
pub struct ScimRequestRow {
    pub org_id: OrganizationId,
    pub id: ScimRequestId,
    pub connection_id: ConnectionId,
    pub time: Time,
    pub token_id: Option<AnyId>,
    pub token: Option<String>,
    pub client: Option<String>,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: String,
    pub body_bytes: i64,
    pub omitted: Option<String>,
    pub dropped: String,
    pub status: i64,
    pub scim_type: Option<String>,
    pub detail: Option<String>,
    pub ignored: Option<String>,
    pub micros: i64,
    pub effects: String,
    pub bytes: i64,
}

/// A request that is to be kept: its row, its body, and whom it was about.
#[derive(Clone, Debug)]
pub struct KeptRequest {
    pub row: ScimRequestRow,
    pub body: Option<String>,
    pub subjects: Vec<String>,
}

/// How many requests of a connection there were in an hour.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = schema::scim_request_counts)]
pub struct ScimRequestCountRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub hour: Time,
    pub reads: i64,
    pub writes: i64,
    pub refused: i64,
    pub strangers: i64,
    pub lost: i64,
}

/// Which requests are looked for.
#[derive(Clone, Debug, Default)]
pub struct WantedRequests {
    /// Those of this connection.
    pub connection: Option<ConnectionId>,
    /// Those that were answered with this status.
    pub status: Option<i64>,
    /// Those that were refused, as a whole or in a part of a bulk request.
    pub failed: bool,
    /// Those with this method, in capitals.
    pub method: Option<String>,
    /// Those that did not come before.
    pub since: Option<Time>,
    /// Those that come after this one in the order that is walked.
    pub after: Option<ScimRequestId>,
    /// Whether the oldest come first, and not the latest.
    pub oldest_first: bool,
}
