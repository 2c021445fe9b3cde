//! What is kept of a request: what the schemas know and nothing secret, and whom it was about.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::id::{OrganizationId, UserId};
use crate::provisioning::request_log::view::{self, Effects};
use crate::provisioning::request_log::{Effect, Entry};
use crate::scim::catalog::custom::Types;
use crate::scim::redaction::{GONE, Redaction};
use crate::scim::{fold, validate};
use crate::secret;
use crate::store::rows::{KeptRequest, ScimRequestRow};
use crate::store::types::Time;

/// Characters of a path, of a refusal, of what was left out.
const LONGEST: usize = 500;
/// Stretches of events, people and resources that one request's effects name, each.
const NAMED: usize = 1_000;
/// What a row takes beside its texts, and a subject beside its own: keys, numbers, indices.
const ROW: usize = 400;
const SUBJECT: usize = 120;

/// What is kept of a request; without the types of a caller who is known nothing of its body is.
pub(super) fn kept(entry: &Entry, org: OrganizationId, types: Option<Types>) -> KeptRequest {
    let mut redaction = Redaction::default();
    let path = redaction.path(&entry.path);
    let below = path.split('/').skip(2).collect::<Vec<_>>().join("/");
    let query = entry.query.as_ref().map(|it| match types {
        Some(types) => redaction.query(types, it),
        None => GONE.to_owned(),
    });
    let (body, omitted) = body(entry, &below, types, &mut redaction);
    let effects = told(&entry.witness.effects());
    let subjects = subjects(org, &path, &effects, &redaction);
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
        path: clean(&path),
        query,
        headers: Value::Object(headers).to_string(),
        body_bytes: entry.body_bytes as i64,
        omitted: omitted.map(str::to_owned),
        dropped: json!(redaction.dropped).to_string(),
        status: i64::from(entry.status),
        scim_type: entry.scim_type.map(str::to_owned),
        detail,
        ignored: entry.ignored.as_deref().map(|it| clean(&named(it))),
        micros: i64::try_from(entry.took.as_micros()).unwrap_or(i64::MAX),
        effects: json!(effects).to_string(),
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
            if redaction.is_crowded {
                return (None, Some(view::CROWDED));
            }
            (Some(value.to_string()), None)
        }
        Err(_) => (None, Some(view::NOT_JSON)),
    }
}

/// Whom a request was about: the resource that the path names, what it did, and what its body
/// says, where that is kept.
fn subjects(
    org: OrganizationId,
    path: &str,
    effects: &Effects,
    redaction: &Redaction,
) -> Vec<String> {
    let id = |text: &str| Uuid::try_parse(text).ok().map(|it| it.to_string());
    let named = path.split('/').take(NAMED).filter_map(id);
    let changed = effects.resources.iter().chain(&effects.users);
    let mut subjects: BTreeSet<_> = named.chain(changed.cloned()).collect();
    if !redaction.is_crowded {
        subjects.extend(redaction.members.iter().filter_map(|it| id(it)));
        subjects.extend(redaction.names.iter().map(|name| subject(org, name)));
    }
    subjects.into_iter().collect()
}

/// By what the requests about somebody are found who bears this name, address or externalId: the
/// same in one organization, another one in each.
pub fn subject(org: OrganizationId, name: &str) -> String {
    let hash = secret::hash(&format!("scim_requests {org} {}", fold(name)));
    URL_SAFE_NO_PAD.encode(hash)
}

/// Effects as they are kept: stretches of event numbers, ids of resources and of people.
fn told(effects: &[Effect]) -> Effects {
    let mut events: Vec<(i64, i64)> = Vec::new();
    for effect in effects {
        match events.last_mut() {
            Some((_, last)) if *last + 1 == effect.seq => *last = effect.seq,
            _ => events.push((effect.seq, effect.seq)),
        }
    }
    events.truncate(NAMED);
    Effects {
        events,
        resources: first(effects.iter().filter_map(|it| it.resource)),
        users: first(effects.iter().filter_map(|it| it.user).map(UserId::uuid)),
    }
}

/// The first of these, each once, in their order.
fn first(all: impl Iterator<Item = Uuid>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let once = all.filter(|it| seen.insert(*it));
    once.take(NAMED).map(|it| it.to_string()).collect()
}

/// What was left out, by name: without what its paths compare with.
fn named(ignored: &str) -> String {
    let bare = |name: &str| match name.split_once('[') {
        Some((name, _)) => format!("{name}[{GONE}]"),
        None => name.to_owned(),
    };
    ignored.split(", ").map(bare).collect::<Vec<_>>().join(", ")
}

/// A text that any store takes, and no longer than it needs to be.
fn clean(text: &str) -> String {
    let shown = text.chars().map(|c| if c == '\0' { '\u{fffd}' } else { c });
    shown.take(LONGEST).collect()
}
