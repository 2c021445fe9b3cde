//! Writing the log: what waits is taken, what may not be kept is left out, and the rest is written,
//! many requests in one transaction.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures_util::FutureExt;

use crate::id::{ConnectionId, OrganizationId};
use crate::provisioning::Error;
use crate::provisioning::request_log::kept::kept;
use crate::provisioning::request_log::{Counts, Entry, Hour, RequestLog, Waiting, count_row, hour};
use crate::scim::catalog::custom::Types;
use crate::store::rows::{ConnectionRow, KeptRequest, ScimRequestCountRow};
use crate::store::{self, Store};

/// Requests that are looked at in one go, and their octets.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 1024 * 1024;
/// Requests and people whom they are about that one transaction writes.
const AT_ONCE: usize = 5_000;

/// What was taken from the log to be written.
#[derive(Clone, Default)]
struct Batch {
    known: Vec<Entry>,
    strangers: Vec<Entry>,
    counts: BTreeMap<Hour, Counts>,
    unheard: u64,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.known.is_empty() && self.strangers.is_empty() && self.counts.is_empty()
    }
}

impl RequestLog {
    /// How many requests wait.
    fn waiting(&self) -> usize {
        self.0
            .as_ref()
            .map_or(0, |shared| shared.lock().known.len())
    }

    fn take(&self) -> Batch {
        let Some(shared) = &self.0 else {
            return Batch::default();
        };
        let mut waiting = shared.lock();
        let (mut count, mut room) = (0, 0);
        for entry in waiting.known.iter().take(BATCH) {
            if count > 0 && room + entry.room() > BATCH_BYTES {
                break;
            }
            (count, room) = (count + 1, room + entry.room());
        }
        let known: Vec<_> = waiting.known.drain(..count).collect();
        waiting.room = waiting.room.saturating_sub(room);
        Batch {
            known,
            strangers: waiting.strangers.drain(..).collect(),
            counts: std::mem::take(&mut waiting.counts),
            unheard: std::mem::take(&mut waiting.unheard),
        }
    }

    /// Puts back what could not be written; what came meanwhile keeps its place behind it.
    fn put_back(&self, batch: Batch) {
        let Some(shared) = &self.0 else { return };
        let mut waiting = shared.lock();
        waiting.room += batch.known.iter().map(Entry::room).sum::<usize>();
        for entry in batch.known.into_iter().rev() {
            waiting.known.push_front(entry);
        }
        for entry in batch.strangers.into_iter().rev() {
            waiting.strangers.push_front(entry);
        }
        for (hour, counts) in batch.counts {
            waiting.counts.entry(hour).or_default().add(counts);
        }
    }

    /// Counts as lost what cannot be written at all.
    fn lose(&self, hours: impl IntoIterator<Item = Hour>) {
        let Some(shared) = &self.0 else { return };
        let mut waiting = shared.lock();
        for hour in hours {
            waiting.counts.entry(hour).or_default().lost += 1;
        }
    }

    /// Which of these strangers are shown; the others are counted as lost.
    fn shown(
        &self,
        found: Vec<(Entry, OrganizationId)>,
        counts: &mut BTreeMap<Hour, Counts>,
    ) -> Vec<(Entry, OrganizationId)> {
        let Some(shared) = &self.0 else {
            return Vec::new();
        };
        let mut waiting = shared.lock();
        let mut shown = |(entry, org): &(Entry, OrganizationId)| {
            let kept = Waiting::has_patience(&mut waiting, entry.connection, entry.at);
            let at = (*org, entry.connection, hour(entry.at));
            counts.entry(at).or_default().add(Counts {
                strangers: 1,
                lost: i64::from(!kept),
                ..Counts::default()
            });
            kept
        };
        found.into_iter().filter(|it| shown(it)).collect()
    }
}

/// Writes everything that waits, and not what comes meanwhile: that is gathered again. Answers how many requests were
/// kept. What cannot be written waits on.
pub async fn write_out(log: &RequestLog, store: &Store) -> Result<usize, Error> {
    let (mut count, mut left) = (0, log.waiting().max(1));
    while left > 0 {
        let batch = log.take();
        if batch.unheard > 0 {
            let message = "Requests without a good token came too fast to be looked at";
            tracing::warn!(count = batch.unheard, "{message}");
        }
        if batch.is_empty() {
            break;
        }
        left = left.saturating_sub(batch.known.len().max(1));
        match connections(store, &batch).await {
            Ok(connections) => count += write(log, store, batch, connections).await?,
            Err(error) => {
                log.put_back(batch);
                return Err(error);
            }
        }
    }
    Ok(count)
}

/// The connections that a batch names, where they are there.
async fn connections(
    store: &Store,
    batch: &Batch,
) -> Result<BTreeMap<ConnectionId, ConnectionRow>, Error> {
    let all = batch.known.iter().chain(&batch.strangers);
    let ids: Arc<BTreeSet<_>> = Arc::new(all.map(|entry| entry.connection).collect());
    let found = store.read(move |tx| {
        let ids = Arc::clone(&ids);
        async move {
            let mut found = BTreeMap::new();
            for id in ids.iter() {
                found.extend(tx.connection_of_url(*id).await?.map(|row| (*id, row)));
            }
            Ok::<_, store::Error>(found)
        }
        .boxed()
    });
    Ok(found.await?)
}

/// What one transaction writes.
struct Part {
    rows: Vec<KeptRequest>,
    counts: Vec<ScimRequestCountRow>,
}

impl Part {
    /// The smallest parts of it: each request alone, and what was counted.
    fn split(self) -> Vec<Self> {
        let counts = Self {
            rows: Vec::new(),
            counts: self.counts,
        };
        let alone = self.rows.into_iter().map(|row| Self {
            rows: vec![row],
            counts: Vec::new(),
        });
        let parts = alone.chain([counts]);
        parts
            .filter(|it| !it.rows.is_empty() || !it.counts.is_empty())
            .collect()
    }

    async fn write(self: &Arc<Self>, store: &Store) -> Result<(), store::Error> {
        let part = Arc::clone(self);
        let write = store.write(move |tx| {
            let part = Arc::clone(&part);
            async move {
                let mut room: BTreeMap<OrganizationId, i64> = BTreeMap::new();
                for kept in &part.rows {
                    *room.entry(kept.row.org_id).or_default() += kept.row.bytes;
                }
                let room: Vec<_> = room.into_iter().collect();
                tx.insert_scim_requests(&part.rows).await?;
                tx.count_scim_requests(&part.counts).await?;
                tx.use_request_room(&room).await
            }
            .boxed()
        });
        write.await
    }
}

async fn write(
    log: &RequestLog,
    store: &Store,
    mut batch: Batch,
    connections: BTreeMap<ConnectionId, ConnectionRow>,
) -> Result<usize, Error> {
    let (told, seen) = (log.clone(), batch.clone());
    let redact = move || rows(&told, &seen, &connections);
    let Ok((rows, counts)) = tokio::task::spawn_blocking(redact).await else {
        tracing::error!("A part of the request log could not be read; it is lost");
        log.lose(batch.known.iter().filter_map(hour_of));
        return Ok(0);
    };
    let lost: i64 = counts.values().map(|it| it.lost).sum();
    if lost > 0 {
        let message = "SCIM requests found no room in the request log";
        tracing::warn!(count = lost, "{message}");
    }
    let mut waiting = parts(rows, &counts);
    let mut count = 0;
    while let Some(part) = waiting.pop_front() {
        let part = Arc::new(part);
        let written = part.write(store).await;
        let part = Arc::into_inner(part);
        let error = match written {
            Ok(()) => {
                let Some(part) = part else { continue };
                count += part.rows.len();
                let done: BTreeSet<_> = part.rows.iter().map(|it| it.row.id).collect();
                let left = |it: &Entry| !done.contains(&it.id);
                batch.known.retain(left);
                batch.strangers.retain(left);
                if !part.counts.is_empty() {
                    batch.counts.clear();
                }
                continue;
            }
            Err(error) => error,
        };
        if is_passing(&error) {
            log.put_back(batch);
            return Err(error.into());
        }
        let mut split = part.map(Part::split).unwrap_or_default();
        if split.len() > 1 {
            // One that the store refuses takes no other with it.
            waiting.extend(split);
        } else {
            tracing::error!(%error, "The store refuses a request of the request log; it is lost");
            let rows = split.pop().map(|it| it.rows).unwrap_or_default();
            let hours = rows
                .iter()
                .map(|KeptRequest { row, .. }| (row.org_id, row.connection_id, hour(row.time.0)));
            log.lose(hours);
        }
    }
    Ok(count)
}

fn hour_of(entry: &Entry) -> Option<Hour> {
    let met = entry.witness.met()?;
    Some((met.org, met.connection, hour(entry.at)))
}

/// What is written together: what was counted comes with the first.
fn parts(rows: Vec<KeptRequest>, counts: &BTreeMap<Hour, Counts>) -> VecDeque<Part> {
    let counts = counts.iter().map(|(hour, it)| count_row(hour, it));
    let mut part = Part {
        rows: Vec::new(),
        counts: counts.collect(),
    };
    let (mut parts, mut room) = (VecDeque::new(), AT_ONCE);
    for kept in rows {
        let weight = 1 + kept.subjects.len();
        if weight > room && !part.rows.is_empty() {
            let empty = Part {
                rows: Vec::new(),
                counts: Vec::new(),
            };
            parts.push_back(std::mem::replace(&mut part, empty));
            room = AT_ONCE;
        }
        room = room.saturating_sub(weight);
        part.rows.push(kept);
    }
    parts.push_back(part);
    parts
}

/// What is kept of a batch, and all that was counted.
fn rows(
    log: &RequestLog,
    batch: &Batch,
    connections: &BTreeMap<ConnectionId, ConnectionRow>,
) -> (Vec<KeptRequest>, BTreeMap<Hour, Counts>) {
    let mut counts = batch.counts.clone();
    let strangers = batch.strangers.iter().filter_map(|entry| {
        let connection = connections.get(&entry.connection)?;
        Some((entry.clone(), connection.org_id))
    });
    let mut rows: Vec<KeptRequest> = log
        .shown(strangers.collect(), &mut counts)
        .into_iter()
        .map(|(entry, org)| kept(&entry, org, None))
        .collect();
    for entry in &batch.known {
        let types = connections.get(&entry.connection);
        let types = types.and_then(|it| Types::stored(&it.schemas.0));
        let types = types.unwrap_or(Types::STANDARD);
        let met = entry.witness.met();
        rows.extend(met.map(|met| kept(entry, met.org, Some(types))));
    }
    (rows, counts)
}

/// Whether the same may be written later; else it would stand in the way of all that follows.
fn is_passing(error: &store::Error) -> bool {
    use store::Error::{Lost, Unavailable, Uncertain};
    matches!(error, Lost | Unavailable(_) | Uncertain(_))
}
