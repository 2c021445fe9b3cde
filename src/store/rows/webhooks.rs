//! Webhooks, and what they are owed.
#![expect(
    missing_docs,
    reason = "fields are columns; the migrations describe them"
)]

use diesel::prelude::*;

use crate::directory::webhook::{Disabling, Format, Posting, WebhookState};
use crate::id::{EventId, LeaseId, OrganizationId, WebhookId};
use crate::store::schema;
use crate::store::types::Time;

/// Where an organization's events are posted to.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::webhooks)]
pub struct WebhookRow {
    pub org_id: OrganizationId,
    pub id: WebhookId,
    pub name: String,
    pub url_sealed: Vec<u8>,
    pub host: String,
    pub types: Option<String>,
    pub format: Format,
    pub by_operator: bool,
    pub secret_sealed: Vec<u8>,
    pub former_secret_sealed: Option<Vec<u8>>,
    pub former_until: Option<Time>,
    pub state: WebhookState,
    pub disabled_at: Option<Time>,
    pub disabled_cause: Option<Disabling>,
    pub failing_since: Option<Time>,
    pub last_success_at: Option<Time>,
    pub lease: Option<LeaseId>,
    pub leased_until: Time,
    pub created_at: Time,
    pub updated_at: Time,
}

/// An event that is owed to a webhook, or was.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::webhook_deliveries)]
pub struct WebhookDeliveryRow {
    pub org_id: OrganizationId,
    pub webhook_id: WebhookId,
    pub event_id: EventId,
    pub seq: i64,
    #[diesel(column_name = kind)]
    pub kind: String,
    pub state: Posting,
    pub attempts: i64,
    pub due_at: Time,
    pub last_status: Option<i64>,
    pub last_reply: Option<String>,
    pub last_tried_at: Option<Time>,
    pub created_at: Time,
    pub finished_at: Option<Time>,
}
