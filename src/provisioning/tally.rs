//! The tally: what requests show of a connection is counted in memory, off every request's way,
//! and written in one batch a minute. A count is a hint for people; what a crash takes of the last
//! minute is not missed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use jiff::Timestamp;

use crate::directory::lint::Sighting;
use crate::id::{ConnectionId, OrganizationId};
use crate::limits;
use crate::provisioning::Error;
use crate::scim::Tolerances;
use crate::store::Store;
use crate::store::rows::SightingRow;
use crate::store::types::Time;

/// A connection, in its organization.
pub type Of = (OrganizationId, ConnectionId);

/// What was counted since the last write.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<(Of, Sighting), Count>>);

/// How often, since when, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How often.
    pub count: i64,
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
}

impl Count {
    /// The two together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            first_at: self.first_at.min(other.first_at),
            last_at: self.last_at.max(other.last_at),
        }
    }
}

impl Tally {
    /// Counts something once.
    pub fn note(&self, of: Of, what: Sighting, now: Timestamp) {
        let once = Count {
            count: 1,
            first_at: now,
            last_at: now,
        };
        self.add((of, what), once);
    }

    /// Counts the tolerances of one request.
    pub fn tolerated(&self, of: Of, used: Tolerances, now: Timestamp) {
        for tolerance in used.iter() {
            self.note(of, Sighting::Tolerance(tolerance), now);
        }
    }

    /// What was counted of one connection and is not written yet.
    pub fn unwritten(&self, of: Of) -> BTreeMap<Sighting, Count> {
        let all = self.all();
        let ours = all.iter().filter(|((other, _), _)| *other == of);
        ours.map(|((_, what), count)| (*what, *count)).collect()
    }

    /// Writes what was counted; answers how many kinds. What cannot be written is kept.
    pub async fn flush(&self, store: &Store) -> Result<usize, Error> {
        let counted = std::mem::take(&mut *self.all());
        if counted.is_empty() {
            return Ok(0);
        }
        let rows: Vec<_> = counted.iter().map(row).collect();
        let written = store.write(move |tx| {
            let rows = rows.clone();
            async move {
                let mut known: BTreeMap<Of, bool> = BTreeMap::new();
                let mut count = 0;
                for row in rows {
                    let of = (row.org_id, row.connection_id);
                    let there = match known.get(&of) {
                        Some(there) => *there,
                        None => tx.connection(of.0, of.1).await?.is_some(),
                    };
                    known.insert(of, there);
                    if there {
                        tx.add_sighting(&row).await?;
                        count += 1;
                    }
                }
                Ok::<_, Error>(count)
            }
            .boxed()
        });
        let written = written.await;
        if written.is_err() {
            for (key, count) in counted {
                self.add(key, count);
            }
        }
        written
    }

    fn add(&self, key: (Of, Sighting), count: Count) {
        let mut all = self.all();
        let full = all.len() >= limits::SIGHTINGS;
        match all.get_mut(&key) {
            Some(known) => *known = known.with(count),
            None if full => tracing::debug!("the tally is full until it is written"),
            None => {
                all.insert(key, count);
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<(Of, Sighting), Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn row((((org_id, connection_id), what), count): (&(Of, Sighting), &Count)) -> SightingRow {
    SightingRow {
        org_id: *org_id,
        connection_id: *connection_id,
        kind: what.word(),
        count: count.count,
        first_at: Time(count.first_at),
        last_at: Time(count.last_at),
    }
}
