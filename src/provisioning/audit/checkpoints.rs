//! Checkpoints: every so often the mac of the last row is signed by a key that everybody can look up, and
//! told in an event. Whoever keeps one elsewhere can prove later that the log was put back or rewritten,
//! even by somebody who has the keys.
//!
//! The event of a checkpoint follows the row that it vouches for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::directory::event::EventKind;
use crate::id::{Ids, OrganizationId};
use crate::limits::{CHECKPOINT_AGE, CHECKPOINT_EVENTS};
use crate::oidc::keys::{self, Algorithm, KeySet};
use crate::provisioning::audit::Head;
use crate::provisioning::signing_keys::Keyring;
use crate::provisioning::{Change, Context, Error, change};
use crate::store::rows::{ChainRow, CheckpointRow};
use crate::store::types::Time;
use crate::store::{self, Store};

/// The `typ` of a checkpoint.
pub const CHECKPOINT_TYPE: &str = "usher-checkpoint+jwt";

/// Organizations that are looked at together.
const AT_ONCE: i64 = 100;

/// What a checkpoint says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// The organization. It is nobody's `sub`, so that no checkpoint stands for a person.
    org: String,
    seq: i64,
    mac: String,
    iat: i64,
}

/// A checkpoint that was read.
#[derive(Clone, Debug)]
pub(super) struct Vouched {
    pub(super) organization: OrganizationId,
    pub(super) seq: i64,
    pub(super) mac: Vec<u8>,
}

/// Makes the checkpoints that are due now; answers how many.
pub async fn make(store: &Store, ids: &Ids, keys: &Keyring, issuer: &str) -> Result<usize, Error> {
    let now = ids.clock().now();
    let before = Time(now - CHECKPOINT_AGE);
    let due = store.read(move |tx| {
        async move {
            Ok::<_, Error>(
                tx.due_checkpoints(CHECKPOINT_EVENTS, before, AT_ONCE)
                    .await?,
            )
        }
        .boxed()
    });
    let mut count = 0;
    for org in due.await? {
        let set = keys.now(now).await?;
        let context = Context::of_system(ids, ids.next::<Uuid>());
        let issuer = issuer.to_owned();
        let made = change(store, org, context, move |change| {
            let (set, issuer) = (set.clone(), issuer.clone());
            async move { in_change(change, &set, issuer).await }.boxed()
        });
        match made.await {
            Ok(Some(row)) => {
                count += 1;
                told(&row);
            }
            Ok(None) => {}
            // One organization's trouble is not the others'.
            Err(error) => tracing::warn!(%error, organization.id = %org, "No checkpoint was made"),
        }
    }
    Ok(count)
}

fn told(row: &CheckpointRow) {
    let (org, seq, jws) = (row.org_id, row.seq, &row.jws);
    let message = "The audit log holds together up to this event";
    tracing::info!(organization.id = %org, event.number = seq, checkpoint = jws, "{message}");
}

async fn in_change(
    change: &mut Change<'_>,
    keys: &KeySet,
    issuer: String,
) -> Result<Option<CheckpointRow>, Error> {
    let head = Head::of(&change.chain)?;
    // Of two that come at once, the second finds that there is no news.
    if !is_due(&change.chain, change.now) || !head.is_sealed() {
        return Ok(None);
    }
    let (seq, mac) = (change.chain.event_seq, URL_SAFE_NO_PAD.encode(head.mac()));
    let claims = Claims {
        iss: issuer,
        org: change.org.to_string(),
        seq,
        mac: mac.clone(),
        iat: change.now.as_second(),
    };
    let signed = keys.sign(Algorithm::Es256, CHECKPOINT_TYPE, &claims);
    let jws = signed.map_err(|error| store::Error::Engine(error.to_string()))?;
    let row = CheckpointRow {
        org_id: change.org,
        seq,
        mac: head.mac().to_vec(),
        jws,
        created_at: change.time(),
    };
    change.tx.insert_checkpoint(&row).await?;
    let data = json!({"vouches_for": seq, "mac": mac, "jws": row.jws});
    change.record(EventKind::AuditCheckpoint, data);
    Ok(Some(row))
}

fn is_due(row: &ChainRow, now: jiff::Timestamp) -> bool {
    let news = row.event_seq - row.checkpoint_seq;
    let since = row.checkpoint_at.unwrap_or(row.created_at).0;
    news > 1 && (news >= CHECKPOINT_EVENTS || since <= now - CHECKPOINT_AGE)
}

/// The checkpoints in a text that somebody kept: a bare one, or lines of JSON that have some, such as
/// events and what `usher audit export` printed.
pub fn in_text(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let whole: Option<Value> = serde_json::from_str(text).ok();
    match whole {
        Some(value) => collect(&value, &mut found),
        None => {
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                match serde_json::from_str(line) {
                    Ok(value) => collect(&value, &mut found),
                    Err(_) => found.push(line.to_owned()),
                }
            }
        }
    }
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(text) if matches!(name.as_str(), "jws" | "checkpoint") => {
                        found.push(text.to_owned());
                    }
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// Reads a checkpoint. One whose key is published no longer is taken at its word: the mac in it is one that
/// only the key of the chain makes.
pub(super) fn read(keys: &KeySet, text: &str) -> Result<Vouched, &'static str> {
    let claims: Claims = match keys.verify(CHECKPOINT_TYPE, text) {
        Ok(claims) => claims,
        Err(keys::Error::Untrusted("kid")) => unverified(text).ok_or("is none")?,
        Err(keys::Error::Untrusted("header" | "typ")) => return Err("is none"),
        Err(_) => return Err("was not signed by this installation"),
    };
    let organization = claims.org.parse().map_err(|_| "is none")?;
    let mac = URL_SAFE_NO_PAD.decode(&claims.mac).map_err(|_| "is none")?;
    Ok(Vouched {
        organization,
        seq: claims.seq,
        mac,
    })
}

fn unverified(text: &str) -> Option<Claims> {
    let payload = text.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
