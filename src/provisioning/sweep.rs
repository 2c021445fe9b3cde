//! What time makes superfluous: rows that no rule reads any more.

use futures_util::FutureExt;

use crate::id::Ids;
use crate::provisioning::Error;
use crate::store::Store;
use crate::store::types::Time;

/// Forgets SAML messages that could not be replayed any more, since they have expired; answers
/// how many.
pub async fn forget_messages(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = Time(ids.clock().now());
    store
        .write(move |tx| async move { Ok(tx.forget_messages(now).await?) }.boxed())
        .await
}
