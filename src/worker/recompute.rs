//! Roles of many people are computed in batches; several processes share the work, one batch of an
//! organization at a time.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::provisioning::{Error, recompute};
use crate::worker::Office;

/// How often somebody looks whether there is something to compute.
const TICK: Duration = Duration::from_secs(1);

impl Office {
    /// Computes a batch of each organization that has one; answers of how many people.
    pub async fn recompute(&self) -> Result<usize, Error> {
        recompute::step(&self.store, &self.ids).await
    }

    /// Computes batches for as long as the worker runs.
    pub(super) async fn keep_recomputing(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.recompute().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "It cannot be read what is to be computed"),
            }
            tokio::select! {
                () = sleep(TICK) => {}
                _ = stop.changed() => {}
            }
        }
    }
}
