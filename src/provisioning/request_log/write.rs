//! Writing the log: what waits is taken, what may not be kept is left out, and the rest is written,
//! many requests in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::id::{ConnectionId, OrganizationId, UserId};
use crate::provisioning::Error;
use crate::provisioning::request_log::{
    Counts, Effect, Entry, Hour, RequestLog, Waiting, count_row, hour, view,
};
use crate::scim::catalog::custom::Types;
use crate::scim::redaction::{GONE, Redaction};
use crate::scim::{fold, validate};
use crate::secret;
use crate::store::rows::{ConnectionRow, KeptRequest, ScimRequestRow};
use crate::store::types::Time;
use crate::store::{self, Store};

/// Requests that one transaction writes.
const BATCH: usize = 256;
/// Characters of a path, of a refusal, of what was left out.
const LONGEST: usize = 500;
/// Ids of people and resources that one request's effects name.
const NAMED: usize = 1_000;
/// What a row takes beside its texts, and a subject beside its own: keys, numbers, indices.
const ROW: usize = 400;
const SUBJECT: usize = 120;

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

/// What is kept of a request; without the types of a caller who is known nothing of its body is.
fn kept(entry: &Entry, org: OrganizationId, types: Option<Types>) -> KeptRequest {
    let mut redaction = Redaction::default();
    let (path, below) = path(entry, &mut redaction);
    let query = entry.query.as_ref().map(|it| redaction.query(it));
    let (body, omitted) = body(entry, &below, types, &mut redaction);
    let effects = entry.witness.effects();
    let subjects = subjects(org, &below, &effects, &redaction);
    let detail = entry
        .detail
        .as_deref()
        .map(|it| clean(&redaction.cleaned(it)));
    let headers: serde_json::Map<_, _> = entry
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(redaction.cleaned(value))))
        .collect();
    let mut row = ScimRequestRow {
        org_id: org,
        id: entry.id,
        connection_id: entry.connection,
        time: Time(entry.at),
        token_id: entry.witness.met().map(|met| met.credential.uuid().into()),
        token: entry.token.clone(),
        client: entry.client.map(|it| it.to_string()),
        method: clean(&entry.method),
        path,
        query,
        headers: Value::Object(headers).to_string(),
        body_bytes: entry.body_bytes as i64,
        omitted: omitted.map(str::to_owned),
        dropped: json!(redaction.dropped).to_string(),
        status: i64::from(entry.status),
        scim_type: entry.scim_type.map(str::to_owned),
        detail,
        ignored: entry.ignored.as_deref().map(clean),
        micros: i64::try_from(entry.took.as_micros()).unwrap_or(i64::MAX),
        effects: told(&effects).to_string(),
        bytes: 0,
    };
    let texts = [
        row.path.len(),
        row.query.as_ref().map_or(0, String::len),
        row.headers.len(),
        row.dropped.len(),
        row.detail.as_ref().map_or(0, String::len),
        row.ignored.as_ref().map_or(0, String::len),
        row.effects.len(),
        body.as_ref().map_or(0, String::len),
    ];
    let about: usize = subjects.iter().map(|it| it.len() + SUBJECT).sum();
    row.bytes = (ROW + texts.iter().sum::<usize>() + about) as i64;
    KeptRequest {
        row,
        body,
        subjects,
    }
}

/// The path as it is kept, and the part of it below the base URL. What stands in the place of an
/// id and is none may be anybody's name.
fn path(entry: &Entry, redaction: &mut Redaction) -> (String, String) {
    let mut segments: Vec<&str> = entry.path.split('/').collect();
    let kind = segments.get(2).copied().unwrap_or_default();
    let is_resource = ["users", "groups"].contains(&kind.to_ascii_lowercase().as_str());
    for segment in segments.iter_mut().skip(3).filter(|_| is_resource) {
        let known = segment.is_empty() || segment.eq_ignore_ascii_case(".search");
        if !known && Uuid::try_parse(segment).is_err() {
            redaction.dropped.push("path".to_owned());
            redaction.removed.push((*segment).to_owned());
            *segment = GONE;
        }
    }
    let below = segments.iter().skip(2).copied().collect::<Vec<_>>();
    (clean(&segments.join("/")), format!("/{}", below.join("/")))
}

/// The body as it is kept, or why it is not.
fn body(
    entry: &Entry,
    below: &str,
    types: Option<Types>,
    redaction: &mut Redaction,
) -> (Option<String>, Option<&'static str>) {
    let Some(types) = types else {
        return (None, (entry.body_bytes > 0).then_some(view::STRANGER));
    };
    let Some(octets) = &entry.body else {
        return (None, (entry.body_bytes > 0).then_some(view::TOO_LARGE));
    };
    let octets = (**octets).as_ref();
    if octets.is_empty() {
        return (None, None);
    }
    match validate::parse_body(octets) {
        Ok(mut value) => {
            redaction.body(types, &entry.method, below, &mut value);
            (Some(value.to_string()), None)
        }
        Err(_) => (None, Some(view::NOT_JSON)),
    }
}

/// Whom a request was about: the resource that the path names, what it did, and what its body
/// says.
fn subjects(
    org: OrganizationId,
    below: &str,
    effects: &[Effect],
    redaction: &Redaction,
) -> Vec<String> {
    let id = |text: &str| Uuid::try_parse(text).ok();
    let named = below.split('/').filter_map(id);
    let members = redaction.members.iter().filter_map(|it| id(it));
    let resources = effects.iter().filter_map(|it| it.resource);
    let users = effects.iter().filter_map(|it| it.user).map(UserId::uuid);
    let ids = named.chain(members).chain(resources).chain(users);
    let mut subjects: BTreeSet<_> = ids.map(|it| it.to_string()).collect();
    subjects.extend(redaction.names.iter().map(|name| subject(org, name)));
    subjects.into_iter().collect()
}

/// By what the requests about somebody are found who bears this name, address or externalId: the
/// same in one organization, another one in each.
pub fn subject(org: OrganizationId, name: &str) -> String {
    let hash = secret::hash(&format!("scim_requests {org} {}", fold(name)));
    URL_SAFE_NO_PAD.encode(hash)
}

/// Effects as they are kept: stretches of event numbers, ids of resources and of people.
fn told(effects: &[Effect]) -> Value {
    let mut events: Vec<(i64, i64)> = Vec::new();
    for effect in effects {
        match events.last_mut() {
            Some((_, last)) if *last + 1 == effect.seq => *last = effect.seq,
            _ => events.push((effect.seq, effect.seq)),
        }
    }
    let mut resources: Vec<_> = effects.iter().filter_map(|it| it.resource).collect();
    resources.dedup();
    resources.truncate(NAMED);
    let mut users: Vec<_> = effects.iter().filter_map(|it| it.user).collect();
    users.dedup();
    users.truncate(NAMED);
    json!({"events": events, "resources": resources, "users": users})
}

/// A text that any store takes, and no longer than it needs to be.
fn clean(text: &str) -> String {
    let shown = text.chars().map(|c| if c == '\0' { '\u{fffd}' } else { c });
    shown.take(LONGEST).collect()
}
