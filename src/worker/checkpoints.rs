//! Checkpoints of the audit log are made as they are due, by whichever process looks first.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::provisioning::Error;
use crate::provisioning::audit::checkpoints;
use crate::worker::Office;

/// How often somebody looks for what is due.
const TICK: Duration = Duration::from_mins(1);

impl Office {
    /// Makes the checkpoints that are due now; answers how many.
    pub async fn make_checkpoints(&self) -> Result<usize, Error> {
        let issuer = self.letterhead.public_url();
        checkpoints::make(&self.store, &self.ids, &self.keys, issuer).await
    }

    /// Makes checkpoints for as long as the worker runs.
    pub(super) async fn keep_checkpoints(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.make_checkpoints().await {
                tracing::warn!(%error, "It cannot be read which checkpoints are due");
            }
            tokio::select! {
                () = sleep(TICK) => {}
                _ = stop.changed() => {}
            }
        }
    }
}
