//! How often somebody may ask: each has a bucket of as many requests as a minute has for them, which fills up again
//! all the time (GCRA, as the `governor` crate counts).
//!
//! Buckets are in memory, and of this process alone. They go by the monotonic clock, which nobody sets: a wall clock
//! that is set back would keep whoever had used up theirs away until it has caught up.

mod table;

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter};

use crate::http::rates::table::Table;
use crate::http::reply::quota::Told;
use crate::limits;

/// A limit of requests a minute, for each of those that a `K` tells apart.
pub(in crate::http) struct Limit<K, C = MonotonicClock>
where
    K: Clone + Eq + Hash,
    C: Clock,
{
    name: &'static str,
    most: NonZeroU32,
    clock: C,
    buckets: RateLimiter<K, Table<K>, C, StateInformationMiddleware>,
}

impl<K: Clone + Eq + Hash> Limit<K> {
    /// A limit of this name, whose buckets are all full.
    pub(in crate::http) fn new(name: &'static str, most: NonZeroU32) -> Self {
        Self::by(name, most, MonotonicClock)
    }
}

impl<K, C> Limit<K, C>
where
    K: Clone + Eq + Hash,
    C: Clock + Clone,
{
    fn by(name: &'static str, most: NonZeroU32, clock: C) -> Self {
        let table = Table::new(limits::RATE_BUCKETS);
        Self {
            name,
            most,
            buckets: RateLimiter::new(Quota::per_minute(most), table, clock.clone()),
            clock,
        }
    }

    /// Takes one request out of somebody's bucket and tells what is in it then; `Err` where it was empty.
    pub(in crate::http) fn take(&self, who: &K) -> Result<Told, Told> {
        if self.buckets.len() >= limits::RATE_BUCKETS {
            self.buckets.retain_recent();
        }
        match self.buckets.check_key(who) {
            Ok(after) => {
                let next = Quota::per_minute(self.most).replenish_interval();
                Ok(self.told(after.remaining_burst_capacity(), next))
            }
            Err(until) => Err(self.told(0, until.wait_time_from(self.clock.now()))),
        }
    }

    fn told(&self, left: u32, next: Duration) -> Told {
        // Not a moment too early: a part of a second is a second.
        let seconds = next.as_secs() + u64::from(next.subsec_nanos() > 0);
        Told {
            name: self.name,
            most: u64::from(self.most.get()),
            window: limits::RATE_WINDOW,
            left: u64::from(left),
            again: i64::try_from(seconds.max(1)).unwrap_or(limits::RATE_WINDOW),
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limit(most: u32) -> (FakeRelativeClock, Limit<usize, FakeRelativeClock>) {
        let clock = FakeRelativeClock::default();
        let most = NonZeroU32::new(most).unwrap();
        (clock.clone(), Limit::by("key", most, clock))
    }

    /// Whether a request is taken, what is left then, and in how many seconds there is more.
    fn asked(limit: &Limit<usize, FakeRelativeClock>, who: usize) -> (bool, u64, i64) {
        match limit.take(&who) {
            Ok(told) => (true, told.left, told.again),
            Err(told) => (false, told.left, told.again),
        }
    }

    #[test]
    fn a_bucket_empties_and_fills_up_again() {
        let (clock, limit) = limit(2);
        assert_eq!(asked(&limit, 1), (true, 1, 30));
        assert_eq!(asked(&limit, 1), (true, 0, 30));
        assert_eq!(asked(&limit, 1), (false, 0, 30));
        assert_eq!(asked(&limit, 2), (true, 1, 30));
        clock.advance(Duration::from_millis(29_001));
        assert_eq!(asked(&limit, 1), (false, 0, 1));
        clock.advance(Duration::from_millis(999));
        assert_eq!(asked(&limit, 1), (true, 0, 30));
        clock.advance(Duration::from_mins(10));
        assert_eq!(asked(&limit, 1), (true, 1, 30));
    }

    #[test]
    fn many_requests_a_minute_are_a_second_apart_at_most() {
        let (_, limit) = limit(limits::RATE);
        assert_eq!(asked(&limit, 1), (true, 999_999, 1));
    }

    #[test]
    fn whoever_comes_when_there_are_too_many_shares_one_bucket() {
        let (clock, limit) = limit(2);
        let most = limits::RATE_BUCKETS;
        for who in 0..most {
            assert_eq!(asked(&limit, who), (true, 1, 30));
        }
        assert_eq!(asked(&limit, most), (true, 1, 30));
        assert_eq!(asked(&limit, most + 1), (true, 0, 30));
        assert_eq!(asked(&limit, most + 2), (false, 0, 30));
        assert_eq!(asked(&limit, 0), (true, 0, 30));
        assert_eq!(limit.buckets.len(), most);
        // Whose bucket is full again is forgotten, and makes room.
        clock.advance(Duration::from_mins(3));
        assert_eq!(asked(&limit, most + 2), (true, 1, 30));
        assert_eq!(limit.buckets.len(), 1);
    }
}
