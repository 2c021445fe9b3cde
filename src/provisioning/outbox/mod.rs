//! The outbox: mails that are owed, from the row that a change wrote to the relay's last word. Each
//! step is a transaction:
//!
//! ```text
//! queued -> claim (a lease) -> sending (committed before the first octet of the mail goes out)
//!        -> sent | failed | cancelled, or queued again for the next try
//! ```
//!
//! A mail is never sent twice unmarked: who finds a row that was being handed over when its lease
//! ran out marks it `uncertain`, and so does who never heard the relay's answer. It is never lost:
//! a row stays due until one of the three ends is written.

mod alert;
mod compose;
mod composed;
mod decision;
mod letterhead;
mod logout;
mod owed;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::directory::delivery::{Delivery, Load, MailKind};
use crate::directory::event::EventKind;
use crate::directory::invitation::Standing;
use crate::id::{Ids, LeaseId, RoleId};
use crate::limits;
use crate::provisioning::{Change, Context, Error, change};
use crate::store::rows::{InvitationRow, OutboxRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

pub use compose::{Cause, Told, compose};
pub use composed::{Composed, Letter, Post};
pub use letterhead::{Letterhead, mail_domain};
pub use logout::{Logout, Owed};

/// How long a claimed row is nobody else's, counted anew when the handing over begins: longer than
/// a relay may take to answer.
pub const LEASE: SignedDuration = SignedDuration::from_mins(3);

/// The time from each try to the next: tries at once and after 1 minute, 30 minutes, 6 hours and
/// 24 hours.
const DELAYS: [SignedDuration; limits::MAIL_TRIES as usize - 1] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(29),
    SignedDuration::from_mins(5 * 60 + 30),
    SignedDuration::from_hours(18),
];

/// Looks for what is due so often before it lets the others have it.
const ROUNDS: usize = 5;

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What the mail was about is over.
    Cancelled,
    /// It was not taken; it may be another time.
    Deferred(String),
    /// It was not taken and never will be.
    Refused(String),
    /// The relay took it. An invitation's mail named this role.
    Sent(String, Option<RoleId>),
    /// The relay had all of it, and whether it was taken is not known.
    Unknown(String),
    /// Nothing was tried.
    Untried,
}

/// Takes some of what is due of a load, and nobody else gets it for [`LEASE`]. None are left where
/// this answers none.
pub async fn claim(
    store: &Store,
    ids: &Ids,
    load: Load,
    limit: i64,
) -> Result<Vec<OutboxRow>, Error> {
    for _ in 0..ROUNDS {
        let now = Time(ids.clock().now());
        let due = store
            .read(move |tx| async move { tx.due_deliveries(load, now, limit).await }.boxed())
            .await?;
        if due.is_empty() {
            break;
        }
        let ids = ids.clone();
        let mine = store.write(move |tx| {
            let (ids, due) = (ids.clone(), due.clone());
            async move {
                let mut mine = Vec::new();
                for row in due {
                    let lease = ids.next::<LeaseId>();
                    if tx.claim_delivery(&row, lease, later(now.0, LEASE)).await? {
                        mine.extend(tx.delivery(row.org_id, row.id).await?);
                    }
                }
                Ok::<_, Error>(mine)
            }
            .boxed()
        });
        let mine = mine.await?;
        if !mine.is_empty() {
            return Ok(mine);
        }
    }
    Ok(Vec::new())
}

/// Whether a claimed row has had all its tries: the last one was cut off.
pub fn is_spent(row: &OutboxRow) -> bool {
    row.attempts >= limits::MAIL_TRIES
}

/// Writes that the mail goes out from here on; where it is not to be sent any more, since the lease
/// is lost, the mail cancelled, or what it is about over since it was composed, `false`.
pub async fn sending(store: &Store, ids: &Ids, row: &OutboxRow) -> Result<bool, Error> {
    let Some(lease) = row.lease else {
        return Ok(false);
    };
    let (row, now) = (row.clone(), ids.clock().now());
    store
        .write(move |tx| {
            let row = row.clone();
            async move {
                if is_over(tx, &row, now).await? {
                    let over = after(&row, &Outcome::Cancelled, now);
                    tx.finish_delivery(&over, lease).await?;
                    return Ok(false);
                }
                let until = later(now, LEASE);
                Ok(tx
                    .sending_delivery(row.org_id, row.id, lease, until)
                    .await?)
            }
            .boxed()
        })
        .await
}

/// Whether there is nothing left to accept for whoever would get the mail: it is over, or somebody
/// else's by now. A notice tells of what is over; an alert is for whoever still is in charge.
async fn is_over(tx: &mut Tx, row: &OutboxRow, now: Timestamp) -> Result<bool, Error> {
    if row.kind == MailKind::Alert {
        return alert::is_over(tx, row).await;
    }
    let Some(id) = row.invitation_id.filter(|_| row.kind != MailKind::Notice) else {
        return Ok(false);
    };
    let invitation = tx.invitation(row.org_id, id).await?;
    let theirs = |it: &InvitationRow| row.kind != MailKind::Invitation || it.email == row.recipient;
    let pending =
        |it: InvitationRow| it.state.at(it.expires_at.0, now) == Standing::Pending && theirs(&it);
    Ok(!invitation.is_some_and(pending))
}

/// Writes how a try ended, and tells it where it was the end; answers how far the mail is now,
/// `None` where the lease is lost.
pub async fn finish(
    store: &Store,
    ids: &Ids,
    row: &OutboxRow,
    outcome: &Outcome,
) -> Result<Option<Delivery>, Error> {
    let Some(lease) = row.lease else {
        return Ok(None);
    };
    let after = after(row, outcome, ids.clock().now());
    let role = match outcome {
        Outcome::Sent(_, role) => *role,
        _ => None,
    };
    let state = after.state;
    let told = match row.kind {
        MailKind::Invitation => matches!(state, Delivery::Failed | Delivery::Sent),
        MailKind::WebhookPost => state == Delivery::Failed,
        MailKind::Alert
        | MailKind::Code
        | MailKind::Decision
        | MailKind::Logout
        | MailKind::Notice => false,
    };
    let written = if told {
        let context = Context::of_system(ids, row.id);
        change(store, row.org_id, context, move |change| {
            let after = after.clone();
            async move { tell(change, &after, lease, role).await }.boxed()
        })
        .await?
    } else {
        store
            .write(move |tx| {
                let after = after.clone();
                async move { Ok::<_, Error>(tx.finish_delivery(&after, lease).await?) }.boxed()
            })
            .await?
    };
    Ok(written.then_some(state))
}

/// Writes the end of an invitation's mail, and what the invitation then says of it.
async fn tell(
    change: &mut Change<'_>,
    row: &OutboxRow,
    lease: LeaseId,
    role: Option<RoleId>,
) -> Result<bool, Error> {
    if !change.tx.finish_delivery(row, lease).await? {
        return Ok(false);
    }
    let Some(id) = row.invitation_id else {
        return Ok(true);
    };
    if row.state == Delivery::Failed {
        let data = json!({
            "invitation_id": id,
            "delivery_id": row.id,
            "kind": row.kind,
            "uncertain": row.uncertain,
            "reply": row.last_reply,
        });
        change.record(EventKind::InvitationSendFailed, data);
        return Ok(true);
    }
    let Some(mut invitation) = change.tx.invitation(change.org, id).await? else {
        return Ok(true);
    };
    invitation.send_count += 1;
    invitation.last_sent_at = Some(change.time());
    invitation.mailed_role_id = role.or(invitation.mailed_role_id);
    change.tx.update_invitation(&invitation).await?;
    let data = json!({
        "invitation_id": id,
        "delivery_id": row.id,
        "uncertain": row.uncertain,
        "send_count": invitation.send_count,
    });
    change.record(EventKind::InvitationSent, data);
    Ok(true)
}

/// What a claimed row is after a try that ended so.
fn after(row: &OutboxRow, outcome: &Outcome, now: Timestamp) -> OutboxRow {
    let mut row = row.clone();
    let (ended, reply) = match outcome {
        Outcome::Cancelled => (Some(Delivery::Cancelled), None),
        Outcome::Untried => (None, None),
        Outcome::Deferred(reply) | Outcome::Unknown(reply) => {
            row.attempts += 1;
            row.uncertain |= matches!(outcome, Outcome::Unknown(_));
            let index = usize::try_from(row.attempts - 1).unwrap_or(usize::MAX);
            let delay = DELAYS.get(index);
            if let Some(delay) = delay {
                row.due_at = later(now, *delay);
            }
            (delay.is_none().then_some(Delivery::Failed), Some(reply))
        }
        Outcome::Refused(reply) => {
            row.attempts = limits::MAIL_TRIES.min(row.attempts + 1);
            (Some(Delivery::Failed), Some(reply))
        }
        Outcome::Sent(reply, _) => {
            row.attempts += 1;
            (Some(Delivery::Sent), Some(reply))
        }
    };
    row.state = ended.unwrap_or(Delivery::Queued);
    row.finished_at = ended.map(|_| Time(now));
    if let Some(reply) = reply {
        row.last_reply = Some(kept(reply, &row.recipient));
    }
    row
}

/// A reply in which nobody is named.
pub fn unaddressed(reply: &str) -> String {
    kept(reply, "")
}

/// What is kept of a reply: a line, not too long, that names nobody but the receiver.
fn kept(reply: &str, recipient: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let reply: String = reply.chars().map(plain).collect();
    let (ours, hidden) = (recipient.to_lowercase(), "(an address)");
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let stranger = word.contains('@') && bare.to_lowercase() != ours;
        if stranger {
            hidden.to_owned()
        } else {
            word.to_owned()
        }
    };
    let words: Vec<_> = reply.split_whitespace().map(word).collect();
    words.join(" ").chars().take(limits::MAIL_REPLY).collect()
}

fn later(time: Timestamp, by: SignedDuration) -> Time {
    Time(time.checked_add(by).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::types::Doc;

    fn row() -> OutboxRow {
        let now = Time("2026-11-22T10:00:00Z".parse().unwrap());
        OutboxRow {
            org_id: Uuid::from_u128(1).into(),
            id: Uuid::from_u128(2).into(),
            kind: MailKind::Invitation,
            recipient: "grace@acme.example".to_owned(),
            invitation_id: None,
            code_id: None,
            detail: Doc("{}".to_owned()),
            state: Delivery::Queued,
            uncertain: false,
            attempts: 0,
            due_at: now,
            lease: None,
            leased_until: None,
            last_reply: None,
            created_at: now,
            finished_at: None,
        }
    }

    #[test]
    fn five_tries_are_spread_over_a_day() {
        let (mut now, mut row) = (row().created_at.0, row());
        let mut waited = Vec::new();
        while row.finished_at.is_none() {
            row = after(&row, &Outcome::Deferred("450 later".to_owned()), now);
            waited.push(row.due_at.0.duration_since(row.created_at.0).as_mins());
            now = row.due_at.0;
        }
        assert_eq!(waited, [1, 30, 6 * 60, 24 * 60, 24 * 60]);
        assert_eq!((row.state, row.attempts), (Delivery::Failed, 5));
        assert!(!row.uncertain && is_spent(&row));
    }

    #[test]
    fn an_end_is_written_as_what_it_is() {
        let said = || "250 ok".to_owned();
        for (outcome, state, uncertain, attempts) in [
            (Outcome::Cancelled, Delivery::Cancelled, false, 0),
            (Outcome::Deferred(said()), Delivery::Queued, false, 1),
            (Outcome::Refused(said()), Delivery::Failed, false, 1),
            (Outcome::Sent(said(), None), Delivery::Sent, false, 1),
            (Outcome::Unknown(said()), Delivery::Queued, true, 1),
            (Outcome::Untried, Delivery::Queued, false, 0),
        ] {
            let row = after(&row(), &outcome, row().created_at.0);
            let found = (row.state, row.uncertain, row.attempts);
            assert_eq!(found, (state, uncertain, attempts), "{outcome:?}");
            assert_eq!(row.finished_at.is_some(), state != Delivery::Queued);
        }
    }

    #[test]
    fn a_reply_is_short_and_names_no_stranger() {
        for (reply, expected) in [
            ("250 2.0.0 Ok: queued as 4B1", "250 2.0.0 Ok: queued as 4B1"),
            (
                "550 <Grace@acme.example>: unknown\r\n\u{1b}[31m",
                "550 <Grace@acme.example>: unknown [31m",
            ),
            (
                "554 ask postmaster@relay.example, or <a@b>",
                "554 ask (an address) or (an address)",
            ),
            ("550 grace@acme.example,eve@b.example", "550 (an address)"),
        ] {
            assert_eq!(kept(reply, "grace@acme.example"), expected);
        }
        assert_eq!(kept(&"\u{e4}".repeat(900), "").chars().count(), 500);
    }
}
