//! What webhooks are owed and were sent, and what they are to get once more.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::webhook::{Posting, TEST, WebhookState};
use crate::id::{EventId, OrganizationId, WebhookId};
use crate::limits;
use crate::provisioning::settings::webhooks::{invalid, row};
use crate::provisioning::{Change, Error};
use crate::store::Tx;
use crate::store::rows::{WebhookDeliveryRow, WebhookRow};
use crate::store::types::Time;

/// What a webhook is owed, or was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// The event's id, which is the `webhook-id` of each try.
    #[schema(value_type = String, format = "uuid")]
    pub event_id: EventId,
    /// The event's number in the feed; null where it only tried the webhook.
    pub seq: Option<i64>,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// `waiting`, `delivered` or `failed`.
    pub state: Posting,
    /// Tries so far.
    pub attempts: i64,
    /// When it is tried again.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub next_try_at: Option<Timestamp>,
    /// The status of the last answer; null where there was none.
    pub last_status: Option<i64>,
    /// The beginning of the last answer, or why there was none.
    pub last_reply: Option<String>,
    /// When it was tried last.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub last_tried_at: Option<Timestamp>,
    /// When the event happened.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it was delivered, or given up.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub finished_at: Option<Timestamp>,
}

fn delivery(row: WebhookDeliveryRow) -> WebhookDelivery {
    let waits = row.state == Posting::Waiting && row.attempts > 0;
    WebhookDelivery {
        event_id: row.event_id,
        seq: Some(row.seq).filter(|seq| *seq > 0),
        kind: row.kind,
        state: row.state,
        attempts: row.attempts,
        next_try_at: Some(row.due_at.0).filter(|_| waits),
        last_status: row.last_status,
        last_reply: row.last_reply,
        last_tried_at: row.last_tried_at.map(|it| it.0),
        created_at: row.created_at.0,
        finished_at: row.finished_at.map(|it| it.0),
    }
}

/// The webhook, if events are posted to it.
async fn active(change: &mut Change<'_>, id: WebhookId) -> Result<WebhookRow, Error> {
    let row = row(change.tx, change.org, id).await?;
    if row.state == WebhookState::Active {
        return Ok(row);
    }
    Err(invalid("the webhook is disabled; enable it first"))
}

/// Owes a webhook a post that only tries it.
pub async fn test(change: &mut Change<'_>, id: WebhookId) -> Result<WebhookDelivery, Error> {
    let hook = active(change, id).await?;
    let row = WebhookDeliveryRow {
        org_id: change.org,
        webhook_id: hook.id,
        event_id: change.id(),
        seq: 0,
        kind: TEST.to_owned(),
        state: Posting::Waiting,
        attempts: 0,
        due_at: Time(Timestamp::UNIX_EPOCH),
        last_status: None,
        last_reply: None,
        last_tried_at: None,
        created_at: change.time(),
        finished_at: None,
    };
    change.tx.insert_webhook_delivery(&row).await?;
    Ok(delivery(row))
}

/// How much is owed once more.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct WebhookAgain {
    /// Events.
    pub events: usize,
}

/// Owes a webhook the events of these numbers once more, also those that it was never owed: of the types
/// that it asks for.
pub async fn redeliver(
    change: &mut Change<'_>,
    id: WebhookId,
    from: i64,
    to: i64,
) -> Result<WebhookAgain, Error> {
    active(change, id).await?;
    let most = limits::WEBHOOK_AGAIN;
    if from < 1 || to < from || to - from >= most {
        return Err(invalid(format_args!(
            "name the numbers of {most} events at most, the first one first"
        )));
    }
    let now = change.time();
    let org = change.org;
    let events = change.tx.owe_webhook_again(org, id, from, to, now).await?;
    if events == 0 {
        return Err(invalid(
            "no event of these numbers is one that this webhook asks for",
        ));
    }
    Ok(WebhookAgain { events })
}

/// What a webhook is owed and was, the latest event first.
pub async fn deliveries(
    tx: &mut Tx,
    (org, id): (OrganizationId, WebhookId),
    state: Option<Posting>,
    after: Option<EventId>,
    limit: usize,
) -> Result<Vec<WebhookDelivery>, Error> {
    row(tx, org, id).await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.webhook_deliveries(org, id, state, after, limit).await?;
    Ok(rows.into_iter().map(delivery).collect())
}
