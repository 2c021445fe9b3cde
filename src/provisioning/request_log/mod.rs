//! What SCIM clients asked, and what came of it: the request log.
//!
//! ```text
//! door -> Witness (who was let in, what was done) -> RequestLog::note, a bounded queue
//!      -> write: what may be kept of it, in batches, off the request's path
//!      -> scim_requests: every write, every refusal, one of a hundred good reads
//! ```
//!
//! Noting never waits and never fails: what finds no room is lost, and that is counted.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::id::{ConnectionId, OrganizationId, ScimRequestId};
use crate::limits;
use crate::store::rows::ScimRequestCountRow;
use crate::store::types::Time;

pub mod kept;
pub mod replayable;
pub mod sweep;
pub mod view;
mod witness;
pub mod write;
pub mod writer;

pub use witness::{Effect, Met, Witness};

/// The octets of a body, shared with whoever works on it.
pub type Octets = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Whether one of so many good reads is kept: the first, and every hundredth after it.
const SAMPLE: u64 = limits::REQUEST_LOG_SAMPLE;

/// A request that was answered, as the door saw it. Nothing of it is redacted yet.
#[derive(Clone)]
pub struct Entry {
    /// The id that the answer told.
    pub id: ScimRequestId,
    /// The connection that the path names.
    pub connection: ConnectionId,
    /// When the request came.
    pub at: Timestamp,
    /// How its bearer looks: what it starts and ends with, never the token.
    pub token: Option<String>,
    /// Whom it came from.
    pub client: Option<IpAddr>,
    /// The method.
    pub method: String,
    /// The path below the connection, as it was sent.
    pub path: String,
    /// The query, as it was sent.
    pub query: Option<String>,
    /// The headers that bear on the answer.
    pub headers: Vec<(&'static str, String)>,
    /// The body, where it is not too large to be kept.
    pub body: Option<Octets>,
    /// How many octets the body has.
    pub body_bytes: usize,
    /// The status of the answer.
    pub status: u16,
    /// The scimType of a refusal.
    pub scim_type: Option<&'static str>,
    /// What a refusal says.
    pub detail: Option<String>,
    /// What was left out of the request.
    pub ignored: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// Who was let in, and what was done.
    pub witness: Witness,
}

impl Entry {
    /// Whether it only asks (RFC 7644 §3.4).
    pub fn is_read(&self) -> bool {
        is_read(&self.method, &self.path)
    }

    /// Whether it was refused, as a whole or in a part.
    pub fn is_refused(&self) -> bool {
        self.status >= 400 || self.detail.is_some()
    }

    fn room(&self) -> usize {
        let text = self.path.len() + self.query.as_ref().map_or(0, String::len);
        text + self.body.as_ref().map_or(0, |it| (**it).as_ref().len())
    }
}

/// Whether a request only asks (RFC 7644 §3.4): by its method, or a query by POST (§3.4.3).
pub fn is_read(method: &str, path: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
        || path
            .trim_end_matches('/')
            .to_ascii_lowercase()
            .ends_with("/.search")
}

/// How many requests of a connection there were, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Good reads.
    pub reads: i64,
    /// Good writes.
    pub writes: i64,
    /// Refusals of callers who are known.
    pub refused: i64,
    /// Refusals of callers who are not.
    pub strangers: i64,
    /// What should have been kept, and found no room.
    pub lost: i64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.reads += other.reads;
        self.writes += other.writes;
        self.refused += other.refused;
        self.strangers += other.strangers;
        self.lost += other.lost;
    }
}

/// A connection's hour.
type Hour = (OrganizationId, ConnectionId, Timestamp);

#[derive(Default)]
struct Waiting {
    known: VecDeque<Entry>,
    strangers: VecDeque<Entry>,
    room: usize,
    counts: BTreeMap<Hour, Counts>,
    /// Good reads of each connection since the start.
    reads: BTreeMap<ConnectionId, u64>,
    /// Strangers for whom there was no room; which connections they named is not known.
    unheard: u64,
    /// How many strangers a connection may still show, and since when.
    patience: BTreeMap<ConnectionId, (u32, Timestamp)>,
}

/// The log of a process, as doors see it. Cheap to clone.
#[derive(Clone, Default)]
pub struct RequestLog(Option<Arc<Shared>>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

impl RequestLog {
    /// A log that keeps what it is told until it is written.
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// A log that keeps nothing, for copies that nobody looks back at.
    pub fn off() -> Self {
        Self(None)
    }

    /// Notes that a known caller's good read was answered; whether this one is to be told in full.
    pub fn is_told(&self, met: &Met, at: Timestamp) -> bool {
        let Some(shared) = &self.0 else { return false };
        let mut waiting = shared.lock();
        let good = Counts {
            reads: 1,
            ..Counts::default()
        };
        waiting.count(met, at, good);
        let seen = waiting.reads.entry(met.connection).or_default();
        *seen += 1;
        (*seen - 1).is_multiple_of(SAMPLE)
    }

    /// Notes a request that is to be kept.
    pub fn note(&self, entry: Entry) {
        let Some(shared) = &self.0 else { return };
        let mut waiting = shared.lock();
        match entry.witness.met() {
            Some(met) => waiting.note(&met, entry),
            None if waiting.strangers.len() < limits::REQUEST_LOG_STRANGERS => {
                waiting.strangers.push_back(entry);
            }
            None => waiting.unheard += 1,
        }
        drop(waiting);
        shared.bell.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn note(&mut self, met: &Met, entry: Entry) {
        let mut count = Counts::default();
        if entry.status >= 400 {
            count.refused = 1;
        } else if !entry.is_read() {
            count.writes = 1;
        }
        let (at, room) = (entry.at, self.room + entry.room());
        if self.known.len() < limits::REQUEST_LOG_WAITING
            && room <= limits::REQUEST_LOG_WAITING_BYTES
        {
            self.room = room;
            self.known.push_back(entry);
        } else {
            count.lost = 1;
        }
        self.count(met, at, count);
    }

    fn count(&mut self, met: &Met, at: Timestamp, count: Counts) {
        let hour = (met.org, met.connection, hour(at));
        self.counts.entry(hour).or_default().add(count);
    }

    /// Whether a stranger's request may be shown: some at once, then one now and then.
    fn has_patience(&mut self, connection: ConnectionId, now: Timestamp) -> bool {
        let most = limits::REQUEST_LOG_STRANGERS_AT_ONCE;
        if self.patience.len() >= limits::REQUEST_LOG_WAITING {
            self.patience.clear();
        }
        let (left, since) = self.patience.entry(connection).or_insert((most, now));
        let pace = limits::REQUEST_LOG_STRANGER_PACE.as_secs().max(1);
        let gained = now.duration_since(*since).as_secs() / pace;
        if gained > 0 {
            *left = left
                .saturating_add(u32::try_from(gained).unwrap_or(most))
                .min(most);
            *since = now;
        }
        let has = *left > 0;
        *left = left.saturating_sub(1);
        has
    }
}

fn hour(at: Timestamp) -> Timestamp {
    let seconds = at.as_second().div_euclid(3600) * 3600;
    Timestamp::from_second(seconds).unwrap_or(at)
}

fn count_row((org_id, connection_id, hour): &Hour, counts: &Counts) -> ScimRequestCountRow {
    ScimRequestCountRow {
        org_id: *org_id,
        connection_id: *connection_id,
        hour: Time(*hour),
        reads: counts.reads,
        writes: counts.writes,
        refused: counts.refused,
        strangers: counts.strangers,
        lost: counts.lost,
    }
}
