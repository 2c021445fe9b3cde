//! The queries on webhooks.

use crate::directory::webhook::{Disabling, Posting};
use crate::id::{EventId, LeaseId, OrganizationId, WebhookId};
use crate::store::rows::{EventRow, WebhookDeliveryRow, WebhookRow};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// The query `webhooks::insert`.
    insert_webhook = webhooks::insert(row: &WebhookRow) -> ();
    /// The query `webhooks::by_id`.
    webhook = webhooks::by_id(org: OrganizationId, id: WebhookId) -> Option<WebhookRow>;
    /// The webhooks of an organization, the oldest first.
    webhooks = webhooks::list(org: OrganizationId) -> Vec<WebhookRow>;
    /// Writes what admins set of a webhook, and nothing that posting writes.
    update_webhook = webhooks::update(row: &WebhookRow) -> ();
    /// Lets a webhook begin anew: it is active, and has failed nobody.
    renew_webhook = webhooks::renew(org: OrganizationId, id: WebhookId) -> ();
    /// Disables a webhook that is active, and gives up what it is owed; `false` where it is not.
    disable_webhook = webhooks::disable(org: OrganizationId, id: WebhookId, cause: Disabling, at: Time, reply: &str) -> bool;
    /// Deletes a webhook, and all that it is owed or was.
    delete_webhook = webhooks::delete(org: OrganizationId, id: WebhookId) -> ();
    /// Whether any webhook waits to be taken: see `webhooks::claim`.
    webhooks_wait = webhooks::wait(failing: bool, now: Time) -> bool;
    /// Takes webhooks of any organization that are owed something now, for a while: see
    /// `webhooks::claim`.
    claim_webhooks = webhooks::claim(failing: bool, lease: LeaseId, now: Time, until: Time, limit: i64) -> Vec<WebhookRow>;
    /// Lets go of a webhook; where the lease is lost, somebody else holds it.
    release_webhook = webhooks::release(org: OrganizationId, id: WebhookId, lease: LeaseId, now: Time) -> ();
    /// Writes how a webhook answered, and holds it longer; `false` where the lease is lost.
    webhook_answered = webhooks::answered(org: OrganizationId, id: WebhookId, lease: LeaseId, good: bool, now: Time, until: Time) -> bool;
    /// Whether an organization has webhooks, in whichever state.
    has_webhooks = webhooks::any(org: OrganizationId) -> bool;
    /// Owes the events after a number to the webhooks that ask for them; answers how many rows.
    owe_webhooks = webhook_deliveries::owe(org: OrganizationId, after: i64) -> usize;
    /// Owes events of these numbers to a webhook once more; answers how many.
    owe_webhook_again = webhook_deliveries::owe_again(org: OrganizationId, id: WebhookId, from: i64, to: i64, now: Time) -> usize;
    /// The query `webhook_deliveries::insert`.
    insert_webhook_delivery = webhook_deliveries::insert(row: &WebhookDeliveryRow) -> ();
    /// What a webhook is owed now, in the order in which it goes out.
    due_webhook_deliveries = webhook_deliveries::due(org: OrganizationId, id: WebhookId, now: Time, limit: i64) -> Vec<WebhookDeliveryRow>;
    /// Events by their numbers.
    events_by_seq = webhook_deliveries::events(org: OrganizationId, seqs: &[i64]) -> Vec<EventRow>;
    /// Writes how a delivery went that was owed until now; `false` where it was not.
    update_webhook_delivery = webhook_deliveries::update(row: &WebhookDeliveryRow) -> bool;
    /// The deliveries of a webhook, the latest event first.
    webhook_deliveries = webhook_deliveries::page(org: OrganizationId, id: WebhookId, state: Option<Posting>, after: Option<EventId>, limit: i64) -> Vec<WebhookDeliveryRow>;
    /// Forgets so many deliveries that ended so before then, of all organizations.
    forget_webhook_deliveries = webhook_deliveries::forget(state: Posting, before: Time, limit: i64) -> usize;
}
