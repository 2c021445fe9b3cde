//! Looks for the records that prove domains: asked for by an admin, or daily once a domain is
//! verified, by whichever process claims it.
//!
//! ```text
//! begin or claim (a lease in the row) -> the name server, by whoever holds it -> finish or keep
//! ```
//!
//! Of one domain of an organization one look is under way at a time, and for
//! [`limits::DOMAIN_GAP`] after it none begins. A record that is gone, as the name server says
//! itself, for [`limits::DOMAIN_LAPSE`] ends the trust; a name server that does not answer ends
//! nothing.

use futures_util::FutureExt;
use jiff::SignedDuration;
use serde_json::json;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::metadata::spread;
use crate::id::{Ids, LeaseId, OrganizationId};
use crate::limits;
use crate::provisioning::metadata::chance;
use crate::provisioning::settings::domains::{self, Domain, Record, described};
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::store::Store;
use crate::store::rows::DomainProofRow;
use crate::store::types::Time;

/// How long nobody else looks: longer than a look may take.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// A look that is this process's to take.
#[derive(Clone, Debug)]
pub struct Look {
    org: OrganizationId,
    domain: String,
    record: Record,
    lease: LeaseId,
}

impl Look {
    fn of(row: &DomainProofRow, lease: LeaseId) -> Self {
        Self {
            org: row.org_id,
            domain: row.domain.clone(),
            record: Record::of(row),
            lease,
        }
    }

    /// Whose domain it is.
    pub fn organization(&self) -> OrganizationId {
        self.org
    }

    /// The name under which the record is looked for.
    pub fn name(&self) -> &str {
        &self.record.name
    }
}

/// What an admin's wish for a look comes to.
#[derive(Clone, Debug)]
pub enum Begun {
    /// Nothing is to be looked for: the domain is verified, as far as anybody knows.
    Known(Domain),
    /// A look.
    Look(Look),
}

/// How a daily look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The record is gone, and the trust with it.
    Lapsed,
    /// Somebody else holds the look by now, or the proof was removed.
    Lost,
    /// The record is gone.
    Missing,
    /// The record is there.
    There,
    /// No good answer came.
    Unknown,
}

/// Begins a look that an admin asks for.
pub async fn begin(change: &mut Change<'_>, domain: &str) -> Result<Begun, Error> {
    let row = domains::row(change.tx, change.org, domain).await?;
    if row.verified_at.is_some() && row.missing_since.is_none() {
        return Ok(Begun::Known(described(change.tx, row).await?));
    }
    let (lease, now) = (change.id::<LeaseId>(), change.time());
    let until = Time(change.now + LEASE);
    if change
        .tx
        .claim_domain_proof(&row, lease, now, until)
        .await?
    {
        return Ok(Begun::Look(Look::of(&row, lease)));
    }
    Err(too_soon(change, &row).into())
}

fn too_soon(change: &Change<'_>, row: &DomainProofRow) -> Violation {
    let again_at = row.held_until.map_or(change.now, |until| until.0);
    Violation::DomainTooSoon { again_at }
}

/// Ends a look that an admin asked for: the domain is taken for proved where its record is among
/// the texts. Without texts, since no answer is known, it stays as it is.
pub async fn finish(
    change: &mut Change<'_>,
    look: &Look,
    found: Option<&[String]>,
) -> Result<Result<Domain, Violation>, Error> {
    let row = change.tx.domain_proof(change.org, &look.domain).await?;
    let row = row.ok_or(Error::NotFound(Kind::Domain))?;
    let Some(mut row) = released(change, look, row.clone()) else {
        return Ok(Err(too_soon(change, &row)));
    };
    let is_there = found.is_some_and(|texts| has(texts, look));
    if is_there {
        trust(change, &mut row);
    }
    change.tx.update_domain_proof(&row).await?;
    match found {
        Some(texts) if !is_there => Ok(Err(Violation::DomainUnverified {
            name: look.record.name.clone(),
            value: look.record.value.clone(),
            found: said(texts),
        })),
        _ => Ok(Ok(described(change.tx, row).await?)),
    }
}

/// The proof as it is once the look is over; `None` where it is somebody else's look by now.
fn released(change: &Change<'_>, look: &Look, mut row: DomainProofRow) -> Option<DomainProofRow> {
    if row.lease != Some(look.lease) {
        return None;
    }
    row.lease = None;
    row.held_until = Some(Time(change.now + limits::DOMAIN_GAP));
    Some(row)
}

fn has(texts: &[String], look: &Look) -> bool {
    texts.iter().any(|text| text.trim() == look.record.value)
}

/// Trusts a domain whose record is there.
fn trust(change: &mut Change<'_>, row: &mut DomainProofRow) {
    if row.verified_at.is_none() {
        row.verified_at = Some(change.time());
        change.record(EventKind::DomainVerified, json!({"domain": row.domain}));
    }
    row.missing_since = None;
    row.absences = 0;
    row.due_at = Some(after(change, limits::DOMAIN_INTERVAL));
}

fn after(change: &Change<'_>, wait: SignedDuration) -> Time {
    let chance = chance(&change.context.ids);
    Time(spread(change.now, wait, chance, SignedDuration::ZERO))
}

/// What was found, in few words.
fn said(found: &[String]) -> String {
    /// Characters of a text that are repeated.
    const SHOWN: usize = 80;
    match found {
        [] => "no TXT record is there".to_owned(),
        [text, ..] => {
            let shown: String = text.chars().take(SHOWN).collect();
            format!("{} TXT records are there, such as {shown:?}", found.len())
        }
    }
}

/// Takes some of the daily looks that are due.
pub async fn claim(store: &Store, ids: &Ids, limit: i64) -> Result<Vec<Look>, Error> {
    let now = Time(ids.clock().now());
    let due = store
        .read(move |tx| async move { tx.due_domain_proofs(now, limit).await }.boxed())
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.clone();
    let mine = store.write(move |tx| {
        let (ids, due) = (ids.clone(), due.clone());
        async move {
            let now = ids.clock().now();
            let mut mine = Vec::new();
            for row in due {
                let lease = ids.next::<LeaseId>();
                let until = Time(now + LEASE);
                if tx.claim_domain_proof(&row, lease, Time(now), until).await? {
                    mine.push(Look::of(&row, lease));
                }
            }
            Ok::<_, Error>(mine)
        }
        .boxed()
    });
    mine.await
}

/// Ends a daily look.
pub async fn keep(
    store: &Store,
    context: Context,
    look: &Look,
    found: Option<Vec<String>>,
) -> Result<Kept, Error> {
    let (org, look) = (look.org, look.clone());
    change(store, org, context, move |change| {
        let (look, found) = (look.clone(), found.clone());
        async move {
            let row = change.tx.domain_proof(org, &look.domain).await?;
            let Some(mut row) = row.and_then(|row| released(change, &look, row)) else {
                return Ok(Kept::Lost);
            };
            let kept = match found {
                None => {
                    row.due_at = Some(after(change, limits::DOMAIN_RETRY));
                    Kept::Unknown
                }
                Some(texts) if has(&texts, &look) => {
                    trust(change, &mut row);
                    Kept::There
                }
                Some(_) => miss(change, &mut row),
            };
            change.tx.update_domain_proof(&row).await?;
            Ok(kept)
        }
        .boxed()
    })
    .await
}

/// Notes that the record of a verified domain is gone, and ends the trust where it has been for
/// long. What was found out on a single day, or on none in between, is not enough.
fn miss(change: &mut Change<'_>, row: &mut DomainProofRow) -> Kept {
    let since = row.missing_since.unwrap_or_else(|| change.time());
    row.missing_since = Some(since);
    row.absences = row.absences.saturating_add(1);
    let is_long = change.now.duration_since(since.0) >= limits::DOMAIN_LAPSE;
    if !is_long || row.absences < limits::DOMAIN_ABSENCES {
        row.due_at = Some(after(change, limits::DOMAIN_INTERVAL));
        return Kept::Missing;
    }
    let data = json!({"domain": row.domain, "missing_since": since.0});
    change.record(EventKind::DomainLapsed, data);
    row.verified_at = None;
    row.missing_since = None;
    row.absences = 0;
    row.due_at = None;
    Kept::Lapsed
}
