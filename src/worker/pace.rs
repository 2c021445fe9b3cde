//! The pace: so many mails in a second and no more, whoever of this process sends them.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Gives each mail its moment.
pub(super) struct Pace {
    gap: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    /// A pace of so many in a second.
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        Self {
            gap: Duration::from_secs(1) / per_second.get(),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for the next moment. A pause is not caught up on.
    pub(super) async fn wait(&self) {
        let mut next = self.next.lock().await;
        let at = (*next).max(Instant::now());
        *next = at + self.gap;
        drop(next);
        sleep_until(at).await;
    }
}
