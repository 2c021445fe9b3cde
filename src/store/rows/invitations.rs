//! Rows of invitations, imports and the outbox.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

use crate::directory::delivery::{Delivery, MailKind};
use crate::directory::invitation::State;
use crate::directory::invitation::change::{ChangeState, Proof};
use crate::directory::invitation::link::Channel;
use crate::id::{
    ApiKeyId, DeliveryId, ImportId, InvitationChangeId, InvitationId, LeaseId, MailCodeId,
    OrganizationId, RoleId, UserId,
};
use crate::store::schema;
use crate::store::types::{Doc, Time};

/// A committed import.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::imports)]
pub struct ImportRow {
    pub org_id: OrganizationId,
    pub id: ImportId,
    pub actor: String,
    pub digest: String,
    pub total: i64,
    pub created: i64,
    pub skipped: i64,
    pub warnings: i64,
    pub result: Option<Doc>,
    pub created_at: Time,
}

/// An invitation. It is open until `closed_at`; that it has expired follows from the time.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::invitations, treat_none_as_null = true)]
pub struct InvitationRow {
    pub org_id: OrganizationId,
    pub id: InvitationId,
    pub email: String,
    pub email_norm: String,
    pub role_id: RoleId,
    pub mailed_role_id: Option<RoleId>,
    pub message: Option<String>,
    pub override_reason: Option<String>,
    pub state: State,
    pub version: i64,
    pub share_version: i64,
    pub shared_at: Option<Time>,
    pub inviter_id: Option<UserId>,
    pub inviter_name: Option<String>,
    pub actor: String,
    pub import_id: Option<ImportId>,
    pub send_count: i64,
    pub last_sent_at: Option<Time>,
    pub asked_at: Option<Time>,
    pub expires_at: Time,
    pub accepted_user_id: Option<UserId>,
    pub accepted_via: Option<String>,
    pub closed_at: Option<Time>,
    pub closed_cause: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}

/// Somebody asks to be invited at another address than the one that was.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::invitation_changes)]
pub struct InvitationChangeRow {
    pub org_id: OrganizationId,
    pub id: InvitationChangeId,
    pub invitation_id: InvitationId,
    pub email: String,
    pub email_norm: String,
    pub proof: Proof,
    pub channel: Channel,
    pub state: ChangeState,
    pub created_at: Time,
    pub closed_at: Option<Time>,
    pub closed_by: Option<String>,
}

/// A six-digit code that was mailed, and the address that saying it proves. The digits follow from
/// its id and a key.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::mail_codes)]
pub struct MailCodeRow {
    pub org_id: OrganizationId,
    pub id: MailCodeId,
    pub invitation_id: InvitationId,
    pub email: String,
    pub email_norm: String,
    pub tries: i64,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
}

/// A mail that is owed to somebody, or was sent.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::outbox)]
pub struct OutboxRow {
    pub org_id: OrganizationId,
    pub id: DeliveryId,
    pub kind: MailKind,
    pub recipient: String,
    pub invitation_id: Option<InvitationId>,
    pub code_id: Option<MailCodeId>,
    pub detail: Doc,
    pub state: Delivery,
    pub uncertain: bool,
    pub attempts: i64,
    pub due_at: Time,
    pub lease: Option<LeaseId>,
    pub leased_until: Option<Time>,
    pub last_reply: Option<String>,
    pub created_at: Time,
    pub finished_at: Option<Time>,
}

/// Where an organization's shared links are posted to.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::share_hooks)]
pub struct ShareHookRow {
    pub org_id: OrganizationId,
    pub sealed: Vec<u8>,
    pub host: String,
    pub updated_at: Time,
}

/// A request that carried an `Idempotency-Key`; its answer once there is one, sealed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::idempotency)]
pub struct IdempotencyRow {
    pub key_id: ApiKeyId,
    pub name: String,
    pub digest: Vec<u8>,
    pub sealed: Option<Vec<u8>>,
    pub created_at: Time,
}
