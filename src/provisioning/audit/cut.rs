//! How long the log is kept: rows go once they are old, up to a checkpoint. What goes is verified first,
//! so that nobody has others cut what they changed, and the checkpoint's mac, sealed, is where the chain
//! begins afterwards.

use futures_util::FutureExt;

use crate::id::{Ids, OrganizationId};
use crate::limits::{AUDIT_PAGE, EVENTS_KEPT};
use crate::provisioning::Error;
use crate::provisioning::audit::digest::covered;
use crate::provisioning::audit::faults::{Judge, Passing};
use crate::provisioning::audit::{base, data, key};
use crate::secret::equal;
use crate::store::rows::CheckpointRow;
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// Checkpoints up to which an organization's rows go, in one look.
const ROUNDS: usize = 50;

/// Forgets events that are older than [`EVENTS_KEPT`]; answers how many.
pub async fn forget(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let before = Time(ids.clock().now() - EVENTS_KEPT);
    let old = store
        .read(move |tx| async move { Ok::<_, Error>(tx.old_checkpoints(before).await?) }.boxed());
    let mut count = 0;
    for (org, _) in old.await? {
        for _ in 0..ROUNDS {
            let cut = store.write(move |tx| async move { cut(tx, org, before).await }.boxed());
            match cut.await {
                Ok(0) => break,
                Ok(some) => count += some,
                // One organization's trouble is not the others'.
                Err(error) => {
                    tracing::warn!(%error, organization.id = %org, "Old events are kept");
                    break;
                }
            }
        }
    }
    Ok(count)
}

/// Cuts at the first checkpoint after the base, where it is old enough.
async fn cut(tx: &mut Tx, org: OrganizationId, before: Time) -> Result<usize, Error> {
    let Some(row) = tx.lock_organization(org).await? else {
        return Ok(0);
    };
    let key = key()?;
    let changed = || {
        let message = "Old events are kept: the audit log was changed; run usher audit verify";
        tracing::error!(organization.id = %org, "{message}");
    };
    let Some((base, mac)) = base(&key, &row) else {
        changed();
        return Ok(0);
    };
    let next = tx.checkpoints(org, base, i64::MAX, 1).await?;
    let Some(checkpoint) = next.first().filter(|it| it.created_at < before) else {
        return Ok(0);
    };
    let mut judge = Judge::new(&key, org, base, Some(mac));
    let old = are_old(tx, &mut judge, checkpoint, before).await?;
    let (last, mac) = judge.last();
    let met = last == checkpoint.seq && mac.is_some_and(|mac| equal(mac, &checkpoint.mac));
    let (faults, _) = judge.found(true);
    if !met || !old || !faults.is_empty() {
        changed();
        return Ok(0);
    }
    let seal = key.base(*org.uuid().as_bytes(), checkpoint.seq, &checkpoint.mac);
    tx.rebase_events(org, checkpoint.seq, &checkpoint.mac, &seal)
        .await?;
    Ok(tx.cut_events(org, checkpoint.seq).await?)
}

/// Lets the rows up to a checkpoint go by; whether all of them are old.
async fn are_old(
    tx: &mut Tx,
    judge: &mut Judge<'_>,
    checkpoint: &CheckpointRow,
    before: Time,
) -> Result<bool, Error> {
    let mut after = judge.last().0;
    while after < checkpoint.seq {
        let most = AUDIT_PAGE.min(checkpoint.seq - after);
        let rows = tx.events_after(checkpoint.org_id, after, &[], most).await?;
        let Some(last) = rows.last().map(|row| row.seq) else {
            return Ok(false);
        };
        for row in &rows {
            if row.time >= before {
                return Ok(false);
            }
            judge.pass(Passing {
                seq: row.seq,
                mac: row.mac.clone(),
                digest: covered(row, &data(row)?).ok().map(|it| it.digest),
            });
        }
        after = last;
    }
    Ok(true)
}
