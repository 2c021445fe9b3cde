//! The log's writer: a task that writes what waits, for as long as the server runs and a moment
//! longer.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::limits;
use crate::provisioning::request_log::RequestLog;
use crate::provisioning::request_log::write::write_out;
use crate::store::Store;

/// How long the writer gathers before it writes.
const GATHER: Duration = Duration::from_millis(250);
/// How often it looks where no bell rang: good reads are only counted.
const TICK: Duration = Duration::from_secs(5);
/// How long it rests when the store cannot be written to.
const REST: Duration = Duration::from_secs(2);
/// Tries to write what is left when the process stops.
const LAST_TRIES: usize = 3;

/// The running writer.
pub struct Writer {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Writer {
    /// Starts to write what the log is told.
    pub fn start(log: RequestLog, store: Store) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(work(log, store, stopped));
        Self { stop, task }
    }

    /// Writes what is left, once no door is open any more, and stops; in
    /// [`limits::DRAIN_TIME`] at most.
    pub async fn stopped(self) {
        self.stop.send_replace(true);
        let stop = self.task.abort_handle();
        if timeout(limits::DRAIN_TIME, self.task).await.is_err() {
            stop.abort();
            tracing::warn!("The last SCIM requests could not be written to the request log");
        }
    }
}

async fn work(log: RequestLog, store: Store, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Some(shared) = &log.0 {
            tokio::select! {
                _ = timeout(TICK, shared.bell.notified()) => {}
                _ = stop.changed() => break,
            }
        }
        tokio::select! {
            () = sleep(GATHER) => {}
            _ = stop.changed() => break,
        }
        if let Err(error) = write_out(&log, &store).await {
            tracing::warn!(%error, "The request log cannot be written; it waits");
            tokio::select! {
                () = sleep(REST) => {}
                _ = stop.changed() => break,
            }
        }
    }
    for _ in 0..LAST_TRIES {
        match write_out(&log, &store).await {
            Ok(_) => return,
            Err(error) => tracing::warn!(%error, "The request log is not written yet"),
        }
    }
    tracing::error!("The last SCIM requests are not in the request log");
}
