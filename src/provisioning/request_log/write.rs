//! Writing the log: what waits is taken, what may not be kept is left out, and the rest is written,
//! many requests in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::FutureExt;

use crate::id::{ConnectionId, OrganizationId};
use crate::provisioning::Error;
use crate::provisioning::request_log::kept::kept;
use crate::provisioning::request_log::{Counts, Entry, Hour, RequestLog, Waiting, count_row, hour};
use crate::scim::catalog::custom::Types;
use crate::store::rows::{ConnectionRow, KeptRequest};
use crate::store::{self, Store};

/// Requests that one transaction writes.
const BATCH: usize = 256;

/// What was taken from the log to be written.
#[derive(Default)]
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
    fn take(&self) -> Batch {
        let Some(shared) = &self.0 else {
            return Batch::default();
        };
        let mut waiting = shared.lock();
        let count = waiting.known.len().min(BATCH);
        let known: Vec<_> = waiting.known.drain(..count).collect();
        let room: usize = known.iter().map(Entry::room).sum();
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
    fn give_up(&self, mut batch: Batch) {
        if batch.known.is_empty() && batch.strangers.is_empty() {
            // The counts themselves are what is refused.
            return;
        }
        for entry in std::mem::take(&mut batch.known) {
            if let Some(met) = entry.witness.met() {
                let at = (met.org, met.connection, hour(entry.at));
                batch.counts.entry(at).or_default().lost += 1;
            }
        }
        batch.strangers.clear();
        self.put_back(batch);
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

/// Writes everything that waits; answers how many requests were kept. What cannot be written
/// waits on.
pub async fn write_out(log: &RequestLog, store: &Store) -> Result<usize, Error> {
    let mut count = 0;
    loop {
        let batch = log.take();
        if batch.unheard > 0 {
            let message = "Requests without a good token came too fast to be looked at";
            tracing::warn!(count = batch.unheard, "{message}");
        }
        if batch.is_empty() {
            return Ok(count);
        }
        match connections(store, &batch).await {
            Ok(connections) => count += write(log, store, batch, &connections).await?,
            Err(error) => {
                log.put_back(batch);
                return Err(error);
            }
        }
    }
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

async fn write(
    log: &RequestLog,
    store: &Store,
    batch: Batch,
    connections: &BTreeMap<ConnectionId, ConnectionRow>,
) -> Result<usize, Error> {
    let (rows, counts) = rows(log, &batch, connections);
    let mut room: BTreeMap<OrganizationId, i64> = BTreeMap::new();
    for kept in &rows {
        *room.entry(kept.row.org_id).or_default() += kept.row.bytes;
    }
    let lost: i64 = counts.values().map(|it| it.lost).sum();
    let count = rows.len();
    let counted: Vec<_> = counts
        .iter()
        .map(|(hour, it)| count_row(hour, it))
        .collect();
    let parts = Arc::new((rows, counted, room.into_iter().collect::<Vec<_>>()));
    let written = store.write(move |tx| {
        let parts = Arc::clone(&parts);
        async move {
            let (rows, counted, room) = &*parts;
            tx.insert_scim_requests(rows).await?;
            tx.count_scim_requests(counted).await?;
            tx.use_request_room(room).await
        }
        .boxed()
    });
    let written: Result<(), store::Error> = written.await;
    match written {
        Ok(()) => {
            if lost > 0 {
                let message = "SCIM requests found no room in the request log";
                tracing::warn!(count = lost, "{message}");
            }
            Ok(count)
        }
        Err(error) if is_passing(&error) => {
            log.put_back(batch);
            Err(error.into())
        }
        Err(error) => {
            tracing::error!(%error, "The store refuses a part of the request log; it is lost");
            log.give_up(batch);
            Ok(0)
        }
    }
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
