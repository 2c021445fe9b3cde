//! The event feed: an organization's events in the order of their numbers. The numbers have no
//! gaps, so a reader who has seen 41 knows that 42 comes next; for that, events that only admins
//! may read are delivered too, to others without their data.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::directory::event::{EventKind, Visibility};
use crate::id::{EventId, OrganizationId, UserId};
use crate::provisioning::{Error, Kind};
use crate::store::rows::EventRow;
use crate::store::{self, Store, Tx};

/// How often a reader who waits looks for what other processes committed.
const LOOK: Duration = Duration::from_secs(1);

/// An event, as readers see it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Event {
    /// Its number in the organization: gapless, in the order of commits.
    pub seq: i64,
    /// Its id, the same in a webhook.
    #[schema(value_type = String, format = "uuid")]
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    pub time: Timestamp,
    /// Who did it: `command`, `invitee`, `key:ID`, `scim:CONNECTION`, `saml:CONNECTION`, `system` or
    /// `user:ID`; not there where only admins may read the event and the key may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The request or command that caused it.
    pub cause: String,
    /// What of it there is to tell; empty where only admins may read it and the key may not.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// A stretch of the feed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Feed {
    /// The events, in order.
    pub data: Vec<Event>,
    /// Where to go on: the number of the last event that was looked at.
    pub next: i64,
}

/// Which events a reader asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Those after this number.
    pub after: i64,
    /// Of these kinds; none named means all.
    pub kinds: Vec<EventKind>,
    /// So many at most.
    pub limit: usize,
    /// Whether the reader may read what is for admins.
    pub as_admin: bool,
}

/// Events after a number. Who may not read what is for admins sees of such an event only that it
/// happened.
pub async fn read(tx: &mut Tx, org: OrganizationId, wanted: &Wanted) -> Result<Feed, Error> {
    let Wanted {
        after,
        ref kinds,
        limit,
        as_admin,
    } = *wanted;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.events_after(org, after, kinds, most).await?;
    let next = match rows.last() {
        Some(last) if kinds.is_empty() || rows.len() >= limit => last.seq,
        // Everything there is was looked at.
        _ if !kinds.is_empty() => tx.last_event(org).await?.max(after),
        _ => after,
    };
    let data = rows
        .into_iter()
        .map(|row| event(row, as_admin))
        .collect::<Result<_, _>>()?;
    Ok(Feed { data, next })
}

/// What happened before an event of this number, the latest first: of one kind, or of all.
pub async fn latest(
    tx: &mut Tx,
    org: OrganizationId,
    kind: Option<EventKind>,
    (before, limit): (i64, usize),
    as_admin: bool,
) -> Result<Vec<Event>, Error> {
    let kinds: Vec<_> = kind.into_iter().collect();
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.events_before(org, before, &kinds, most).await?;
    rows.into_iter().map(|row| event(row, as_admin)).collect()
}

/// What happened to one person over all channels, the latest first: before an event of this number.
pub async fn timeline(
    tx: &mut Tx,
    (org, user): (OrganizationId, UserId),
    (before, limit): (i64, usize),
    as_admin: bool,
) -> Result<Vec<Event>, Error> {
    let user = tx
        .user(org, user)
        .await?
        .ok_or(Error::NotFound(Kind::User))?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.events_about(org, user.id, before, most).await?;
    rows.into_iter().map(|row| event(row, as_admin)).collect()
}

fn event(row: EventRow, as_admin: bool) -> Result<Event, Error> {
    let is_shown = as_admin || row.visibility == Visibility::Feed;
    let data = if is_shown {
        let corrupt = |_| store::Error::Corrupt {
            table: "events",
            column: "data",
        };
        serde_json::from_str(&row.data.0).map_err(corrupt)?
    } else {
        Value::Object(serde_json::Map::new())
    };
    let EventRow {
        seq,
        id,
        kind,
        time,
        actor,
        cause,
        ..
    } = row;
    Ok(Event {
        seq,
        id,
        kind,
        time: time.0,
        actor: is_shown.then_some(actor),
        cause,
        data,
    })
}

/// Reads until there is an event or the time is over. A commit of this process wakes it at once;
/// those of others are seen within a second. Each reading checks the credential again.
pub async fn follow<F, R, E>(store: &Store, wait: Duration, read: R) -> Result<Feed, E>
where
    R: Fn() -> F,
    F: Future<Output = Result<(OrganizationId, Feed), E>>,
{
    let deadline = Instant::now() + wait;
    let mut bell: Option<Arc<Notify>> = None;
    loop {
        let here = bell.clone();
        let rung = here.as_ref().map(|bell| bell.notified());
        let (org, feed) = read().await?;
        let left = deadline.saturating_duration_since(Instant::now());
        if !feed.data.is_empty() || left.is_zero() || store.wakeups().is_closed() {
            return Ok(feed);
        }
        match rung {
            // Woken or not: the store is asked again.
            Some(rung) => drop(timeout(left.min(LOOK), rung).await),
            None => bell = Some(store.wakeups().bell(org)),
        }
    }
}
