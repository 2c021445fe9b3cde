//! Where pages ended, for those who walk a list by `startIndex` (RFC 7644 §3.4.2.4): the next page goes on behind the
//! last resource of the page before. So a page costs the same at any depth, and a walk leaves nobody out because
//! somebody before was deleted meanwhile. Nothing hangs on a place: whoever finds none counts from the first resource.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::id::ConnectionId;
use crate::limits;
use crate::store::types::AnyId;

/// Of which connection, by which question, beginning with which resource.
type Asked = (ConnectionId, [u8; 32], u64);

/// The places of one process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Places(Arc<Mutex<HashMap<Asked, (AnyId, Timestamp)>>>);

impl Places {
    /// Notes behind which resource a page begins.
    pub(super) fn note(&self, asked: Asked, behind: AnyId, now: Timestamp) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= limits::WALKS {
            places.retain(|_, (_, at)| is_good(*at, now));
        }
        if places.len() >= limits::WALKS {
            places.clear();
        }
        places.insert(asked, (behind, now));
    }

    /// Behind which resource a page begins, where the page before was read a moment ago.
    pub(super) fn find(&self, asked: &Asked, now: Timestamp) -> Option<AnyId> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (behind, at) = places.get(asked)?;
        is_good(*at, now).then_some(*behind)
    }
}

fn is_good(at: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(at);
    age >= SignedDuration::ZERO && age < limits::WALK_LIFE
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn asked(start: u64) -> Asked {
        (Uuid::nil().into(), [0; 32], start)
    }

    #[test]
    fn a_place_is_good_for_a_while() {
        let (places, then) = (Places::default(), Timestamp::UNIX_EPOCH);
        let behind: AnyId = Uuid::max().into();
        places.note(asked(101), behind, then);
        let life = limits::WALK_LIFE;
        for (start, later, expected) in [
            (101, SignedDuration::ZERO, Some(behind)),
            (102, SignedDuration::ZERO, None),
            (101, life - SignedDuration::from_secs(1), Some(behind)),
            (101, life, None),
            (101, SignedDuration::from_secs(-1), None),
        ] {
            assert_eq!(places.find(&asked(start), then + later), expected);
        }
    }

    #[test]
    fn there_are_not_more_than_so_many() {
        let places = Places::default();
        for start in 0..3 * limits::WALKS as u64 {
            places.note(asked(start), Uuid::nil().into(), Timestamp::UNIX_EPOCH);
        }
        assert!(places.0.lock().unwrap().len() <= limits::WALKS);
    }
}
