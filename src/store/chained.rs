//! The key of the audit chain, as a store holds it once its installation is open: what a job writes
//! is chained by it. A store without one lets no event be written.

use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;

use crate::secret::chain::ChainKey;

tokio::task_local! {
    /// The key of the store whose job runs.
    static KEY: Option<ChainKey>;
}

/// The key of the store whose job runs; none where that has none, or no job runs.
pub fn key() -> Option<ChainKey> {
    KEY.try_with(Clone::clone).ok().flatten()
}

/// Where a store holds its key.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Held(Arc<OnceLock<ChainKey>>);

impl Held {
    pub(in crate::store) fn hold(&self, key: ChainKey) {
        // The key of a store is one for good: whoever brings it a second time brings the same.
        let _ = self.0.set(key);
    }

    pub(in crate::store) fn key(&self) -> Option<ChainKey> {
        self.0.get().cloned()
    }

    /// Runs a job that may chain what it writes.
    pub(in crate::store) fn lend<'a, T: Send + 'a>(
        &self,
        job: BoxFuture<'a, T>,
    ) -> BoxFuture<'a, T> {
        Box::pin(KEY.scope(self.key(), job))
    }
}
