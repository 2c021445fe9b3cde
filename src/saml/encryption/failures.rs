//! A brake for who asks about CBC again and again.
//!
//! A wrong padding can be told from a wrong signature by the time it takes (Jager and Somorovsky, 2011), so
//! that a ciphertext which anybody may change tells of its plaintext, question by question. An EncryptedKey
//! is therefore good for a few failures only. A failure is counted before it can happen and taken back
//! where there was none: questions that are asked at once count as well.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::limits;

/// How often each EncryptedKey failed of late.
#[derive(Debug, Default)]
pub struct Failures(Mutex<HashMap<[u8; 32], Count>>);

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    last: Timestamp,
}

impl Count {
    fn is_over(self, now: Timestamp) -> bool {
        now.duration_since(self.last) >= limits::CBC_FAILURES_KEPT
    }
}

/// The failures, and what time it is.
#[derive(Clone, Copy)]
pub(in crate::saml) struct Brake<'a> {
    pub(in crate::saml) failures: &'a Failures,
    pub(in crate::saml) now: Timestamp,
}

impl Brake<'_> {
    /// Whether a key failed too often.
    pub(super) fn holds(&self, key: &[u8; 32]) -> bool {
        let counts = self.failures.counts();
        let count = counts.get(key).filter(|it| !it.is_over(self.now));
        count.is_some_and(|it| it.failures >= limits::CBC_FAILURES)
    }

    /// Counts a failure that is yet to come, unless there were too many.
    pub(super) fn begin(&self, key: [u8; 32]) -> bool {
        let mut counts = self.failures.counts();
        let known = counts.get(&key).copied().filter(|it| !it.is_over(self.now));
        let failures = known.map_or(0, |it| it.failures);
        if failures >= limits::CBC_FAILURES {
            return false;
        }
        if known.is_none() {
            make_room(&mut counts, self.now);
        }
        let count = Count {
            failures: failures + 1,
            last: self.now,
        };
        counts.insert(key, count);
        true
    }

    /// Takes it back: it was none.
    pub(in crate::saml) fn succeeded(&self, key: &[u8; 32]) {
        let mut counts = self.failures.counts();
        if let Some(count) = counts.get_mut(key) {
            count.failures = count.failures.saturating_sub(1);
            if count.failures == 0 {
                counts.remove(key);
            }
        }
    }
}

impl Failures {
    fn counts(&self) -> MutexGuard<'_, HashMap<[u8; 32], Count>> {
        // Counts are whole at any time, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what is over; if that is nothing, the one that failed least and longest ago, so that a flood of
/// new keys pushes out its own.
fn make_room(counts: &mut HashMap<[u8; 32], Count>, now: Timestamp) {
    if counts.len() < limits::CBC_KEYS {
        return;
    }
    counts.retain(|_, count| !count.is_over(now));
    if counts.len() >= limits::CBC_KEYS {
        let least = counts.iter().min_by_key(|(_, it)| (it.failures, it.last));
        if let Some(least) = least.map(|(key, _)| *key) {
            counts.remove(&least);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn key(number: usize) -> [u8; 32] {
        openssl::sha::sha256(&number.to_be_bytes())
    }

    #[test]
    fn a_key_fails_five_times_in_thirty_minutes() {
        let failures = Failures::default();
        let brake = |minutes| Brake {
            failures: &failures,
            now: at(minutes),
        };
        for minute in 0..5 {
            assert!(!brake(minute).holds(&key(0)));
            assert!(brake(minute).begin(key(0)));
        }
        assert!(brake(5).holds(&key(0)) && !brake(5).begin(key(0)));
        assert!(!brake(5).holds(&key(1)) && brake(5).begin(key(1)));
        assert!(brake(33).holds(&key(0)), "30 minutes from the last one");
        assert!(!brake(34).holds(&key(0)) && brake(34).begin(key(0)));
    }

    #[test]
    fn a_success_takes_its_own_back_and_nothing_else() {
        let failures = Failures::default();
        let brake = Brake {
            failures: &failures,
            now: at(0),
        };
        for _ in 0..100 {
            assert!(brake.begin(key(0)));
            brake.succeeded(&key(0));
        }
        assert!(failures.counts().is_empty());
        for _ in 0..4 {
            assert!(brake.begin(key(0)));
        }
        assert!(brake.begin(key(0)));
        brake.succeeded(&key(0));
        assert!(brake.begin(key(0)) && !brake.begin(key(0)));
    }

    #[test]
    fn a_flood_of_keys_stays_bounded_and_pushes_out_its_own() {
        let failures = Failures::default();
        let brake = Brake {
            failures: &failures,
            now: at(0),
        };
        while brake.begin(key(0)) {}
        for number in 1..=limits::CBC_KEYS + 100 {
            assert!(brake.begin(key(number)));
        }
        assert_eq!(failures.counts().len(), limits::CBC_KEYS);
        assert!(brake.holds(&key(0)));
        let later = Brake {
            now: at(30),
            ..brake
        };
        assert!(later.begin(key(1)));
        assert!(later.begin(key(limits::CBC_KEYS + 200)));
        assert!(failures.counts().len() <= 2 + 1);
    }
}
