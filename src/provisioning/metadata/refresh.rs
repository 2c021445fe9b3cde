//! A look at published metadata: claimed so that of several processes one fetches, and written down
//! in one transaction with whatever it changes.

use futures_util::FutureExt;
use jiff::SignedDuration;
use serde_json::json;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::metadata::{RefreshOutcome, next_look, next_try};
use crate::id::{ConnectionId, Ids, LeaseId};
use crate::provisioning::metadata::decide::{Decision, Newer, decide};
use crate::provisioning::metadata::{Published, proposal};
use crate::provisioning::metadata::{chance, keep_validity, look_again, rest_where_nobody_looks};
use crate::provisioning::settings::connection_view::{find, row as connection_row};
use crate::provisioning::{Change, Context, Error, change};
use crate::saml::metadata::Diff;
use crate::store::Store;
use crate::store::rows::MetadataRow;
use crate::store::types::{Doc, Time};

/// How long a claimed row is nobody else's: longer than a fetch may take.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// Characters that are kept of a reason.
const REASON: usize = 500;

/// Metadata that are this process's to fetch.
#[derive(Clone, Debug)]
pub struct Claim {
    row: MetadataRow,
    lease: LeaseId,
}

impl Claim {
    /// Where they are published, with what was told of the copy that is known.
    pub fn published(&self) -> Published {
        Published {
            url: self.row.url.clone().unwrap_or_default(),
            etag: self.row.etag.clone(),
            last_modified: self.row.last_modified.clone(),
        }
    }

    /// Whose they are.
    pub fn connection(&self) -> ConnectionId {
        self.row.connection_id
    }
}

/// What came of a fetch.
#[derive(Clone, Debug)]
pub enum Arrived {
    /// A document, with where it was and what was told of it.
    New(String, Published),
    /// Nothing, and why.
    Nothing(String),
    /// Word that the copy which is known is good.
    Unchanged,
}

/// Takes some of what is due.
pub async fn claim(store: &Store, ids: &Ids, limit: i64) -> Result<Vec<Claim>, Error> {
    let now = Time(ids.clock().now());
    let due = store
        .read(move |tx| async move { tx.due_metadata(now, limit).await }.boxed())
        .await?;
    take(store, ids, due).await
}

/// Takes the metadata of one connection, due or not.
pub async fn claim_of(store: &Store, ids: &Ids, id: ConnectionId) -> Result<Claim, Error> {
    let (org, now) = (find(store, id).await?.org_id, ids.clock().now());
    let row = store
        .read(move |tx| async move { tx.metadata(org, id).await }.boxed())
        .await?;
    let row = row.filter(|row| row.url.is_some());
    let row = row.ok_or_else(no_address)?;
    let held = row.leased_until.is_some_and(|until| until.0 > now);
    let due = if held { Vec::new() } else { vec![row] };
    let claimed = take(store, ids, due).await?.pop();
    claimed.ok_or_else(|| {
        let rule = "the metadata are being fetched right now; look again in a moment";
        Violation::Invalid(rule.to_owned()).into()
    })
}

pub(super) fn no_address() -> Error {
    let rule = "no address of the identity provider's metadata is known; set one with \
                `usher connection update ID --idp-metadata https://...`";
    Violation::Invalid(rule.to_owned()).into()
}

async fn take(store: &Store, ids: &Ids, due: Vec<MetadataRow>) -> Result<Vec<Claim>, Error> {
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.clone();
    let mine = store.write(move |tx| {
        let (ids, due) = (ids.clone(), due.clone());
        async move {
            let until = Time(ids.clock().now() + LEASE);
            let mut mine = Vec::new();
            for row in due {
                let lease = ids.next::<LeaseId>();
                if tx.claim_metadata(&row, lease, until).await? {
                    mine.push(Claim { row, lease });
                }
            }
            Ok::<_, Error>(mine)
        }
        .boxed()
    });
    mine.await
}

/// Writes what came of a fetch; `None` where the claim was lost meanwhile.
pub async fn finish(
    store: &Store,
    context: Context,
    claim: &Claim,
    arrived: Arrived,
) -> Result<Option<RefreshOutcome>, Error> {
    let (claim, org) = (claim.clone(), claim.row.org_id);
    change(store, org, context, move |change| {
        let (claim, arrived) = (claim.clone(), arrived.clone());
        async move {
            let row = change.tx.metadata(org, claim.connection()).await?;
            let Some(mut row) = row.filter(|row| row.lease == Some(claim.lease)) else {
                return Ok(None);
            };
            row.lease = None;
            row.leased_until = None;
            row.fetched_at = Some(change.time());
            judge(change, &mut row, arrived).await?;
            rest_where_nobody_looks(&mut row);
            change.tx.put_metadata(&row).await?;
            Ok(row.outcome)
        }
        .boxed()
    })
    .await
}

/// Decides, and does it.
async fn judge(
    change: &mut Change<'_>,
    row: &mut MetadataRow,
    arrived: Arrived,
) -> Result<(), Error> {
    let (text, published) = match arrived {
        Arrived::New(text, published) => (text, published),
        Arrived::Nothing(reason) => {
            fail(change, row, &reason);
            return Ok(());
        }
        Arrived::Unchanged => {
            let waits = row.proposal.is_some();
            let outcome = if waits {
                RefreshOutcome::Proposed
            } else {
                RefreshOutcome::Unchanged
            };
            succeed(change, row, outcome);
            return Ok(());
        }
    };
    let mut connection = connection_row(change, row.connection_id).await?;
    let known = proposal::trusted(change, &connection, row).await?;
    match decide(row.mode, &known, &text, change.now) {
        Decision::Failed(reason) => {
            fail(change, row, &reason);
            return Ok(());
        }
        Decision::Refused(diff) => {
            refuse(change, row, &diff);
            return Ok(());
        }
        Decision::Unchanged(validity) => {
            keep_validity(row, validity);
            proposal::forget(row);
            succeed(change, row, RefreshOutcome::Unchanged);
        }
        Decision::Apply(newer) => {
            proposal::take(change, &mut connection, row, &newer).await?;
            succeed(change, row, RefreshOutcome::Applied);
        }
        Decision::Propose(newer) => propose(change, row, *newer),
    }
    row.etag = published.etag;
    row.last_modified = published.last_modified;
    Ok(())
}

fn succeed(change: &Change<'_>, row: &mut MetadataRow, outcome: RefreshOutcome) {
    row.outcome = Some(outcome);
    row.reason = None;
    row.failures = 0;
    row.due_at = Some(look_again(change, row));
}

fn fail(change: &Change<'_>, row: &mut MetadataRow, reason: &str) {
    row.outcome = Some(RefreshOutcome::Failed);
    row.reason = Some(reason.chars().take(REASON).collect());
    row.failures = row.failures.saturating_add(1);
    let chance = chance(&change.context.ids);
    row.due_at = Some(next_try(change.now, row.failures, chance).into());
}

/// Another provider's document is trusted by nobody's yes but an admin's who imports it.
fn refuse(change: &mut Change<'_>, row: &mut MetadataRow, diff: &Diff) {
    let ids = diff.entity_id.clone().unwrap_or_default();
    let reason = format!(
        "the metadata are now of {:?}, not of {:?}: another provider is trusted only where it is \
         imported",
        ids.new, ids.old
    );
    let reason: String = reason.chars().take(REASON).collect();
    let is_news = row.reason.as_ref() != Some(&reason);
    if is_news {
        let data = json!({"connection_id": row.connection_id, "changes": diff});
        change.record(EventKind::ConnectionMetadataRefused, data);
    }
    row.outcome = Some(RefreshOutcome::Refused);
    row.reason = Some(reason);
    row.failures = 0;
    let chance = chance(&change.context.ids);
    row.due_at = Some(next_look(change.now, None, chance).into());
}

/// Keeps what waits for a yes; what waits already, or got a no, is not told of again.
fn propose(change: &mut Change<'_>, row: &mut MetadataRow, newer: Newer) {
    let same = |kept: &Option<Doc>| {
        let kept = kept.as_ref();
        let kept = kept.and_then(|doc| serde_json::from_str::<Diff>(&doc.0).ok());
        kept.is_some_and(|kept| kept.timeless() == newer.diff.timeless())
    };
    if same(&row.dismissed_changes) {
        proposal::forget_pending(row);
        succeed(change, row, RefreshOutcome::Unchanged);
        return;
    }
    if !same(&row.proposed_changes) {
        row.proposed_at = Some(change.time());
        let data = json!({"connection_id": row.connection_id, "changes": newer.diff});
        change.record(EventKind::ConnectionMetadataProposed, data);
    }
    row.proposed_changes = Some(Doc(json!(newer.diff).to_string()));
    row.proposal = Some(newer.text);
    row.cache_seconds = newer
        .provider
        .validity
        .cache_duration
        .map(|it| it.as_secs());
    succeed(change, row, RefreshOutcome::Proposed);
}
