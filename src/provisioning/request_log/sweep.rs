//! What of the request log goes: what is old, and the oldest of whoever has too much. Where there
//! is too much, requests without a good token go first, except the latest of them: no stranger
//! pushes out what a connection's clients did, and what strangers try can still be seen. A look
//! takes a bounded number of rows, so that no transaction is long.

use std::collections::BTreeMap;

use futures_util::FutureExt;

use crate::id::{Ids, OrganizationId, ScimRequestId};
use crate::limits;
use crate::provisioning::Error;
use crate::store::types::Time;
use crate::store::{self, Store, Tx};

/// Requests that one transaction forgets.
const AT_ONCE: i64 = 1_000;
/// Transactions of one look.
const STEPS: usize = 20;
/// Organizations that are looked at in one transaction.
const ORGANIZATIONS: i64 = 20;

/// Forgets requests after [`limits::REQUEST_LOG_LIFE`], and the oldest of organizations whose
/// requests take more than [`limits::REQUEST_LOG_ROOM`]; answers how many.
pub async fn forget(store: &Store, ids: &Ids) -> Result<usize, Error> {
    forget_beyond(store, ids, limits::REQUEST_LOG_ROOM).await
}

/// The same, with this room.
pub async fn forget_beyond(store: &Store, ids: &Ids, room: i64) -> Result<usize, Error> {
    let before = Time(ids.clock().now() - limits::REQUEST_LOG_LIFE);
    let mut count = 0;
    for _ in 0..STEPS {
        let step = store.write(move |tx| {
            async move {
                let old = forget_old(tx, before).await?;
                Ok::<_, store::Error>(old + forget_oldest(tx, room).await?)
            }
            .boxed()
        });
        match step.await? {
            0 => break,
            step => count += step,
        }
    }
    Ok(count)
}

async fn forget_old(tx: &mut Tx, before: Time) -> Result<usize, store::Error> {
    let old = tx.scim_requests_before(before, AT_ONCE).await?;
    let mut of: BTreeMap<OrganizationId, Vec<(ScimRequestId, i64)>> = BTreeMap::new();
    for (org, id, bytes) in old {
        of.entry(org).or_default().push((id, bytes));
    }
    let mut count = 0;
    for (org, gone) in of {
        count += remove(tx, org, &gone).await?;
    }
    Ok(count + tx.forget_scim_request_counts(before).await?)
}

async fn forget_oldest(tx: &mut Tx, room: i64) -> Result<usize, store::Error> {
    let mut count = 0;
    for (org, bytes) in tx.scim_requests_over(room, ORGANIZATIONS).await? {
        let mut left = bytes - room;
        let spared = limits::REQUEST_LOG_STRANGERS as i64;
        let mut oldest = tx.oldest_strange_requests(org, spared, AT_ONCE).await?;
        if oldest.is_empty() {
            oldest = tx.oldest_scim_requests(org, AT_ONCE).await?;
        }
        if oldest.is_empty() {
            // Nothing is there: what was noted of the room is an error of the past.
            tx.use_request_room(&[(org, -bytes)]).await?;
        }
        let gone: Vec<_> = oldest
            .into_iter()
            .take_while(|(_, bytes)| {
                let take = left > 0;
                left -= bytes;
                take
            })
            .collect();
        count += remove(tx, org, &gone).await?;
    }
    Ok(count)
}

/// Forgets requests and gives their room back.
pub async fn remove(
    tx: &mut Tx,
    org: OrganizationId,
    gone: &[(ScimRequestId, i64)],
) -> Result<usize, store::Error> {
    if gone.is_empty() {
        return Ok(0);
    }
    let ids: Vec<_> = gone.iter().map(|(id, _)| *id).collect();
    let bytes: i64 = gone.iter().map(|(_, bytes)| bytes).sum();
    let count = tx.delete_scim_requests(org, &ids).await?;
    tx.use_request_room(&[(org, -bytes)]).await?;
    Ok(count)
}
