//! The rows of safeguards.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

use crate::directory::safeguard::{Danger, SafeguardState, WaiverKind, WaiverState};
use crate::id::{ConnectionId, OrganizationId, SafeguardId, UserId, WaiverId};
use crate::store::schema;
use crate::store::types::Time;

/// Something that counts towards a safeguard.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::safeguard_marks)]
pub struct SafeguardMarkRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub kind: Danger,
    pub at: Time,
    pub user_id: UserId,
}

/// A safeguard that tripped.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::safeguards)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct SafeguardRow {
    pub org_id: OrganizationId,
    pub id: SafeguardId,
    pub connection_id: ConnectionId,
    pub kind: Danger,
    pub state: SafeguardState,
    pub people: i64,
    pub threshold: i64,
    pub active_people: i64,
    pub began_at: Time,
    pub tripped_at: Time,
    pub latest_at: Time,
    pub expires_at: Option<Time>,
    pub decided_at: Option<Time>,
    pub decided_by: Option<String>,
}

/// What the directory says of a person that is not in force.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::waivers)]
pub struct WaiverRow {
    pub org_id: OrganizationId,
    pub id: WaiverId,
    pub user_id: UserId,
    pub connection_id: ConnectionId,
    pub kind: WaiverKind,
    pub reference: String,
    pub state: WaiverState,
    pub safeguard_id: Option<SafeguardId>,
    pub reason: String,
    pub created_at: Time,
}

/// What is set of a connection's safeguard beside its mode.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::safeguard_settings)]
#[diesel(treat_none_as_null = true, primary_key(org_id, connection_id))]
pub struct SafeguardSettingsRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub planned_until: Option<Time>,
    pub hold_minutes: i64,
}

/// What a safeguard counted last of a connection.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::safeguard_tallies)]
#[diesel(primary_key(org_id, connection_id, kind))]
pub struct SafeguardTallyRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub kind: Danger,
    /// People within the window, never fewer than there are.
    pub people: i64,
    /// Of how many active ones; none where that was not counted.
    pub active_people: i64,
    pub counted_at: Time,
}
