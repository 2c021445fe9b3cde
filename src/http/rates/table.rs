//! The buckets of a limit, and one more that is shared: strangers invent as many keys as they like, and the table is
//! not theirs to grow.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// The least time between two looks for buckets that are full again: while the table stays full, not every request
/// pays for one.
const SWEEP_GAP: Nanos = Nanos::new(1_000_000_000);

/// So many buckets at most, each as the instant from which it is full.
#[derive(Debug)]
pub(super) struct Table<K> {
    most: usize,
    buckets: Mutex<Buckets<K>>,
}

#[derive(Debug)]
struct Buckets<K> {
    own: HashMap<K, Nanos>,
    /// That of whoever comes while the table is full.
    shared: Option<Nanos>,
    swept: Option<Nanos>,
}

impl<K> Table<K> {
    /// A table without any bucket yet: one that was never asked for is full.
    pub(super) fn new(most: usize) -> Self {
        let buckets = Buckets {
            own: HashMap::new(),
            shared: None,
            swept: None,
        };
        Self {
            most,
            buckets: Mutex::new(buckets),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buckets<K>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> StateStore for Table<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &Self::Key, judge: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut buckets = self.lock();
        let own = buckets.own.get(key).copied();
        let is_shared = own.is_none() && buckets.own.len() >= self.most;
        let before = if is_shared { buckets.shared } else { own };
        let (outcome, after) = judge(before)?;
        if is_shared {
            buckets.shared = Some(after);
        } else {
            buckets.own.insert(key.clone(), after);
        }
        Ok(outcome)
    }
}

impl<K: Clone + Eq + Hash> ShrinkableKeyedStateStore<K> for Table<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        let mut buckets = self.lock();
        let is_due = |swept: Nanos| swept + SWEEP_GAP <= drop_below;
        if buckets.swept.is_none_or(is_due) {
            buckets.own.retain(|_, full| *full > drop_below);
            buckets.swept = Some(drop_below);
        }
    }

    fn len(&self) -> usize {
        self.lock().own.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
