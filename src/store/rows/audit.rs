//! The rows of the event log, which is the audit log.

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::directory::event::{EventKind, Visibility};
use crate::id::{EventId, OrganizationId};
use crate::store::schema;
use crate::store::types::{Doc, Time};

/// An event.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::events)]
pub struct EventRow {
    pub org_id: OrganizationId,
    pub seq: i64,
    pub id: EventId,
    pub kind: EventKind,
    pub visibility: Visibility,
    pub time: Time,
    pub actor: String,
    pub cause: String,
    pub data: Doc,
    pub salts: Option<String>,
    pub mac: Option<Vec<u8>>,
}

/// An organization, as its chain of events has it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = schema::organizations)]
pub struct ChainRow {
    pub id: OrganizationId,
    pub event_seq: i64,
    pub event_mac: Option<Vec<u8>>,
    pub event_seal: Option<Vec<u8>>,
    pub base_seq: Option<i64>,
    pub base_mac: Option<Vec<u8>>,
    pub base_seal: Option<Vec<u8>>,
    pub checkpoint_seq: i64,
    pub checkpoint_at: Option<Time>,
    pub created_at: Time,
    pub settings_stamp: i64,
}

/// A signed word for the chain up to a row.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::audit_checkpoints)]
pub struct CheckpointRow {
    pub org_id: OrganizationId,
    pub seq: i64,
    pub mac: Vec<u8>,
    pub jws: String,
    pub created_at: Time,
}
