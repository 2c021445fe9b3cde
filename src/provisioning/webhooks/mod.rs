//! Posting events to webhooks, from the row that a change wrote to the receiver's word:
//!
//! ```text
//! waiting -> claim (a lease on the webhook) -> compose -> the post -> finish
//!         -> delivered | failed, or waiting again for the next try
//! ```
//!
//! An event is posted at least once: it waits until one of the two ends is written, and whoever is cut
//! off between the post and that word leaves it to the next, who posts it under the same id. The lease
//! is on the webhook, not on its rows: one process at a time posts for it, one event after the other, so
//! that where all goes well its events arrive in their order. Where the last post failed, several go
//! out at once: who answers nothing holds up no more than itself.

pub mod compose;
mod owed;
pub mod signature;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::webhook::{self, Disabling, Posting, WebhookState};
use crate::id::{Ids, LeaseId};
use crate::limits;
use crate::provisioning::{Change, Context, Error, change, outbox};
use crate::store::rows::{EventRow, WebhookDeliveryRow, WebhookRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

pub use compose::{Call, Composed, Token, Told, compose};
pub(in crate::provisioning) use owed::owe;

/// How long a claimed webhook is nobody else's, counted anew with each answer: much longer than an
/// answer may take.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// What of a webhook is claimed at once.
const BATCH: i64 = 20;
/// Deliveries forgotten in one transaction.
const FORGOTTEN: i64 = 500;
/// So often in one look.
const ROUNDS: usize = 50;

/// Which webhooks somebody posts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Those whose last post failed: they hold up none of the others.
    Failing,
    /// Those whose last post was good, or that had none yet.
    Steady,
}

/// An event that is owed.
#[derive(Clone, Debug)]
pub struct Owed {
    /// What is known of the delivery.
    pub row: WebhookDeliveryRow,
    /// The event; none where this only tries the webhook, or the event is gone.
    pub event: Option<EventRow>,
}

impl Owed {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        let event = self.event.as_ref();
        event.map_or(self.row.created_at, |event| event.time).0
    }
}

/// A webhook under a lease, and some of what it is owed, in order.
#[derive(Clone, Debug)]
pub struct Held {
    /// The webhook.
    pub hook: WebhookRow,
    /// What it is owed.
    pub owed: Vec<Owed>,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not taken, by an answer of this status or without one.
    Failed(Option<u16>, String),
    /// The receiver is gone for good.
    Gone(String),
    /// Nothing can be posted, ever.
    Impossible(String),
    /// It was taken.
    Taken(u16, String),
}

/// What became of a webhook by what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is disabled.
    Disabled(Disabling),
    /// It is held longer.
    Held,
    /// Somebody else holds it.
    Lost,
}

/// Takes some webhooks that are owed something, and nobody else gets them for [`LEASE`].
pub async fn claim(store: &Store, ids: &Ids, lane: Lane, limit: i64) -> Result<Vec<Held>, Error> {
    let (now, failing) = (Time(ids.clock().now()), lane == Lane::Failing);
    let wait = store.read(move |tx| async move { tx.webhooks_wait(failing, now).await }.boxed());
    if limit == 0 || !wait.await? {
        return Ok(Vec::new());
    }
    let lease = ids.next::<LeaseId>();
    store
        .write(move |tx| {
            async move {
                let until = later(now.0, LEASE);
                let hooks = tx.claim_webhooks(failing, lease, now, until, limit).await?;
                let mut held = Vec::with_capacity(hooks.len());
                for hook in hooks {
                    let owed = due(tx, &hook, now).await?;
                    held.push(Held { hook, owed });
                }
                Ok::<_, Error>(held)
            }
            .boxed()
        })
        .await
}

async fn due(tx: &mut Tx, hook: &WebhookRow, now: Time) -> Result<Vec<Owed>, Error> {
    let rows = tx
        .due_webhook_deliveries(hook.org_id, hook.id, now, BATCH)
        .await?;
    let seqs: Vec<_> = rows.iter().map(|row| row.seq).collect();
    let events = tx.events_by_seq(hook.org_id, &seqs).await?;
    let owed = rows.into_iter().map(|row| Owed {
        event: events.iter().find(|it| it.id == row.event_id).cloned(),
        row,
    });
    Ok(owed.collect())
}

/// A claimed webhook as it is now: its secret and its URL may be others by now. `None` where it is not to
/// be posted to any more, or somebody else holds it.
pub async fn current(store: &Store, hook: &WebhookRow) -> Result<Option<WebhookRow>, Error> {
    let (org, id, lease) = (hook.org_id, hook.id, hook.lease);
    let read = store.read(move |tx| async move { tx.webhook(org, id).await }.boxed());
    let is_ours = |it: &WebhookRow| it.state == WebhookState::Active && it.lease == lease;
    Ok(read.await?.filter(is_ours))
}

/// Writes how a try ended, and holds the webhook longer. `failing_since` is since when its posts fail,
/// this one not counted.
pub async fn finish(
    store: &Store,
    ids: &Ids,
    (hook, failing_since): (&WebhookRow, Option<Timestamp>),
    row: &WebhookDeliveryRow,
    outcome: &Outcome,
) -> Result<Written, Error> {
    let Some(lease) = hook.lease else {
        return Ok(Written::Lost);
    };
    let now = ids.clock().now();
    let chance = u16::from_be_bytes(ids.entropy().bytes());
    let row = after(row, outcome, chance, now);
    if let Some(cause) = disabling(outcome, (failing_since, row.attempts), now) {
        let context = Context::of_system(ids, row.event_id);
        return change(store, hook.org_id, context, move |change| {
            let row = row.clone();
            async move { disable(change, &row, lease, cause).await }.boxed()
        })
        .await;
    }
    let good = matches!(outcome, Outcome::Taken(..));
    let answered = matches!(outcome, Outcome::Taken(..) | Outcome::Failed(..));
    store
        .write(move |tx| {
            let row = row.clone();
            async move {
                let (org, id, until) = (row.org_id, row.webhook_id, later(now, LEASE));
                // The webhook is written before what it is owed, as everywhere.
                let held = !answered
                    || tx
                        .webhook_answered(org, id, lease, good, Time(now), until)
                        .await?;
                // What was taken was taken, whoever holds the webhook now.
                if held || good {
                    tx.update_webhook_delivery(&row).await?;
                }
                Ok(if held { Written::Held } else { Written::Lost })
            }
            .boxed()
        })
        .await
}

/// Why a webhook is to be disabled by how a try ended, of an event that was tried so often. One that is
/// seldom posted to has failed for days after one failure: an event that was tried again and again says that
/// it is the webhook.
fn disabling(
    outcome: &Outcome,
    (failing_since, attempts): (Option<Timestamp>, i64),
    now: Timestamp,
) -> Option<Disabling> {
    match outcome {
        Outcome::Gone(_) => Some(Disabling::Gone),
        Outcome::Failed(..) => failing_since
            .filter(|since| attempts >= limits::WEBHOOK_TRIED && webhook::is_given_up(*since, now))
            .map(|_| Disabling::Failing),
        Outcome::Impossible(_) | Outcome::Taken(..) => None,
    }
}

/// Writes the last try of a webhook, and that nothing is posted to it any more.
async fn disable(
    change: &mut Change<'_>,
    row: &WebhookDeliveryRow,
    lease: LeaseId,
    cause: Disabling,
) -> Result<Written, Error> {
    let (org, id, now) = (change.org, row.webhook_id, change.time());
    let until = later(change.now, LEASE);
    let held = change
        .tx
        .webhook_answered(org, id, lease, false, now, until)
        .await?;
    if !held {
        return Ok(Written::Lost);
    }
    change.tx.update_webhook_delivery(row).await?;
    let reply = "not posted: the webhook was disabled";
    let Some(hook) = change.tx.webhook(org, id).await? else {
        return Ok(Written::Held);
    };
    // Another post may have been good meanwhile, or somebody may have mended the webhook.
    let fails = |it: Time| webhook::is_given_up(it.0, change.now);
    if cause == Disabling::Failing && !hook.failing_since.is_some_and(fails) {
        return Ok(Written::Held);
    }
    if change
        .tx
        .disable_webhook(org, id, cause, now, reply)
        .await?
    {
        let data = json!({
            "webhook_id": id,
            "name": hook.name,
            "host": hook.host,
            "cause": cause,
            "failing_since": hook.failing_since.map(|it| it.0),
        });
        change.record(EventKind::WebhookDisabled, data);
    }
    Ok(Written::Disabled(cause))
}

/// Lets go of a webhook, so that whoever comes next need not wait for the lease to run out.
pub async fn release(store: &Store, ids: &Ids, hook: &WebhookRow) -> Result<(), Error> {
    let Some(lease) = hook.lease else {
        return Ok(());
    };
    let (org, id, now) = (hook.org_id, hook.id, Time(ids.clock().now()));
    store
        .write(move |tx| async move { Ok(tx.release_webhook(org, id, lease, now).await?) }.boxed())
        .await
}

/// What a delivery is after a try that ended so.
fn after(
    row: &WebhookDeliveryRow,
    outcome: &Outcome,
    chance: u16,
    now: Timestamp,
) -> WebhookDeliveryRow {
    let mut row = row.clone();
    row.attempts += 1;
    row.last_tried_at = Some(Time(now));
    let (ended, status, reply) = match outcome {
        Outcome::Failed(status, reply) => {
            let wait = webhook::wait(row.attempts, chance);
            if let Some(wait) = wait {
                row.due_at = later(now, wait);
            }
            (wait.is_none().then_some(Posting::Failed), *status, reply)
        }
        Outcome::Gone(reply) => (Some(Posting::Failed), Some(410), reply),
        Outcome::Impossible(reason) => (Some(Posting::Failed), None, reason),
        Outcome::Taken(status, reply) => (Some(Posting::Delivered), Some(*status), reply),
    };
    row.state = ended.unwrap_or(Posting::Waiting);
    row.finished_at = ended.map(|_| Time(now));
    row.last_status = status.map(i64::from);
    row.last_reply = Some(outbox::unaddressed(reply));
    row
}

/// Forgets what webhooks took [`limits::WEBHOOK_DELIVERED`] ago, and what they did not take
/// [`limits::WEBHOOK_FAILED`] ago; answers how many.
pub async fn forget(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = ids.clock().now();
    let (taken, failed) = (
        Time(now - limits::WEBHOOK_DELIVERED),
        Time(now - limits::WEBHOOK_FAILED),
    );
    let mut count = 0;
    for _ in 0..ROUNDS {
        let forgotten = store.write(move |tx| {
            async move {
                let (taken_state, failed_state) = (Posting::Delivered, Posting::Failed);
                let taken = tx.forget_webhook_deliveries(taken_state, taken, FORGOTTEN);
                let taken = taken.await?;
                let failed = tx.forget_webhook_deliveries(failed_state, failed, FORGOTTEN);
                Ok::<_, Error>(taken + failed.await?)
            }
            .boxed()
        });
        let forgotten = forgotten.await?;
        count += forgotten;
        if forgotten == 0 {
            break;
        }
    }
    Ok(count)
}

fn later(time: Timestamp, by: SignedDuration) -> Time {
    Time(time.checked_add(by).unwrap_or(Timestamp::MAX))
}
