//! Wake-ups: whoever waits for an organization's events in this process sleeps until somebody of
//! this process has committed one. A job that writes events [`tell`]s of it, and the bell rings once
//! the job's transaction stands. Commits of other processes ring no bell here; who waits looks for
//! them now and then. The outbox has bells of its own.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::directory::delivery::Load;
use crate::id::OrganizationId;

tokio::task_local! {
    /// What the job that runs has told.
    static TOLD: Told;
}

/// Says, within a job that writes, that the organization has new events.
pub fn tell(org: OrganizationId) {
    // A job that nobody listens to has nobody to wake.
    let _ = TOLD.try_with(|told| told.lock().organizations.insert(org));
}

/// Says, within a job that writes, that something new is owed to somebody outside.
pub(in crate::store) fn tell_outbox(load: Load) {
    let _ = TOLD.try_with(|told| match load {
        Load::Logouts => told.lock().logouts = true,
        Load::Mails => told.lock().mails = true,
        Load::Posts => told.lock().posts = true,
    });
}

/// Says, within a job that writes, that webhooks are owed something new.
pub(in crate::store) fn tell_webhooks() {
    let _ = TOLD.try_with(|told| told.lock().webhooks = true);
}

/// What a job has told of.
#[derive(Clone, Default)]
pub(in crate::store) struct Told(Arc<Mutex<News>>);

#[derive(Default)]
struct News {
    organizations: BTreeSet<OrganizationId>,
    logouts: bool,
    mails: bool,
    posts: bool,
    webhooks: bool,
}

impl Told {
    /// Runs a job and listens to what it tells.
    pub(in crate::store) fn listen<'a, T: Send + 'a>(
        &self,
        job: BoxFuture<'a, T>,
    ) -> BoxFuture<'a, T> {
        Box::pin(TOLD.scope(self.clone(), job))
    }

    fn lock(&self) -> MutexGuard<'_, News> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bells of the organizations that somebody waits for. Cheap to clone.
#[derive(Clone, Default)]
pub struct Wakeups(Arc<Bells>);

#[derive(Default)]
struct Bells {
    closed: AtomicBool,
    logouts: Notify,
    mails: Notify,
    posts: Notify,
    webhooks: Notify,
    by_organization: Mutex<HashMap<OrganizationId, Weak<Notify>>>,
}

impl Wakeups {
    /// The bell of an organization. What was committed before its `notified()` was called must be
    /// read after it.
    pub fn bell(&self, org: OrganizationId) -> Arc<Notify> {
        let mut bells = self
            .0
            .by_organization
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = bells.get(&org).and_then(Weak::upgrade) {
            return bell;
        }
        let bell = Arc::new(Notify::new());
        bells.insert(org, Arc::downgrade(&bell));
        bell
    }

    /// The outbox's bell for a load. It keeps ringing until one of those who send has heard it.
    pub fn outbox(&self, load: Load) -> &Notify {
        match load {
            Load::Logouts => &self.0.logouts,
            Load::Mails => &self.0.mails,
            Load::Posts => &self.0.posts,
        }
    }

    /// The bell of those who post to webhooks. It keeps ringing until one has heard it.
    pub fn webhooks(&self) -> &Notify {
        &self.0.webhooks
    }

    /// Wakes whoever waits for what a job has told of, now that it is committed.
    pub(in crate::store) fn ring(&self, told: &Told) {
        let mut bells = self
            .0
            .by_organization
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let news = std::mem::take(&mut *told.lock());
        if news.logouts {
            self.0.logouts.notify_one();
        }
        if news.mails {
            self.0.mails.notify_one();
        }
        if news.posts {
            self.0.posts.notify_one();
        }
        if news.webhooks {
            self.0.webhooks.notify_one();
        }
        for org in news.organizations {
            match bells.get(&org).map(Weak::upgrade) {
                Some(Some(bell)) => bell.notify_waiters(),
                Some(None) => drop(bells.remove(&org)),
                None => {}
            }
        }
    }

    /// Wakes everybody for good: the process is about to stop, nobody waits any more.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        let mut bells = self
            .0
            .by_organization
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (_, bell) in bells.drain() {
            if let Some(bell) = bell.upgrade() {
                bell.notify_waiters();
            }
        }
    }

    /// Whether nobody is to wait any more.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::id::{Entropy, Ids};

    #[tokio::test]
    async fn a_bell_wakes_those_who_wait_for_its_organization() {
        let ids = Ids::new(
            Clock::fixed(jiff::Timestamp::UNIX_EPOCH),
            Entropy::seeded(1),
        );
        let (ours, other): (OrganizationId, OrganizationId) = (ids.next(), ids.next());
        let wakeups = Wakeups::default();
        let (bell, quiet) = (wakeups.bell(ours), wakeups.bell(other));
        let (rung, silent) = (bell.notified(), quiet.notified());
        let told = Told::default();
        told.listen(Box::pin(async move { tell(ours) })).await;
        wakeups.ring(&told);
        rung.await;
        let soon = std::time::Duration::from_millis(1);
        assert!(tokio::time::timeout(soon, silent).await.is_err());
        let last = quiet.notified();
        wakeups.close();
        last.await;
        assert!(wakeups.is_closed());
    }
}
