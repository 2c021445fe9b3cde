//! What is kept of a request: what the schemas know and nothing secret, and whom it was about.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::id::{OrganizationId, UserId};
use crate::provisioning::request_log::{Effect, Entry, view};
use crate::scim::catalog::custom::Types;
use crate::scim::redaction::{GONE, Redaction};
use crate::scim::{fold, validate};
use crate::secret;
use crate::store::rows::{KeptRequest, ScimRequestRow};
use crate::store::types::Time;

/// Characters of a path, of a refusal, of what was left out.
const LONGEST: usize = 500;
/// Ids of people and resources that one request's effects name.
const NAMED: usize = 1_000;
/// What a row takes beside its texts, and a subject beside its own: keys, numbers, indices.
const ROW: usize = 400;
const SUBJECT: usize = 120;

/// What is kept of a request; without the types of a caller who is known nothing of its body is.
pub(super) fn kept(entry: &Entry, org: OrganizationId, types: Option<Types>) -> KeptRequest {
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
