//! Lanes to PostgreSQL: so many changes of one organization are under way at once as can be of use. Its row is held by
//! one of them at a time, and whoever waits for it in the database holds a connection that others could use. So one
//! organization's many changes wait here, in order, and leave the connections to everybody.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::id::OrganizationId;
use crate::store::Error;

/// One change that holds the row, and one that is on its way to it.
const WIDTH: usize = 2;
/// The most changes of one organization that wait; one more is told to come back.
const WAITING: usize = 512;
/// So many lanes are known before those are forgotten in which nobody is.
const MOST: usize = 1_000;

/// The lanes of one process. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Lanes(Arc<Mutex<HashMap<OrganizationId, Weak<Lane>>>>);

struct Lane {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// A place in a lane, until it is dropped.
pub(super) struct Place {
    _lane: Arc<Lane>,
    _permit: OwnedSemaphorePermit,
}

impl Lanes {
    /// Waits for a place in the organization's lane, so long at most.
    pub(super) async fn enter(&self, org: OrganizationId, wait: Duration) -> Result<Place, Error> {
        let busy = || Error::Unavailable("too many changes of the organization wait".into());
        let lane = self.lane(org);
        if lane.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            lane.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(busy());
        }
        let place = tokio::time::timeout(wait, Arc::clone(&lane.places).acquire_owned()).await;
        lane.waiting.fetch_sub(1, Ordering::Relaxed);
        match place {
            Ok(Ok(permit)) => Ok(Place {
                _lane: lane,
                _permit: permit,
            }),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }

    fn lane(&self, org: OrganizationId) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(&org).and_then(Weak::upgrade) {
            return lane;
        }
        if lanes.len() >= MOST {
            lanes.retain(|_, lane| lane.strong_count() > 0);
        }
        let lane = Arc::new(Lane {
            places: Arc::new(Semaphore::new(WIDTH)),
            waiting: AtomicUsize::new(0),
        });
        lanes.insert(org, Arc::downgrade(&lane));
        lane
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_lane_is_as_wide_as_it_is_and_one_s_own() {
        let lanes = Lanes::default();
        let (one, other) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let first = lanes.enter(one, SHORT).await.unwrap();
        let second = lanes.enter(one, SHORT).await.unwrap();
        assert!(lanes.enter(one, SHORT).await.is_err());
        lanes.enter(other, SHORT).await.unwrap();
        drop(first);
        let third = lanes.enter(one, SHORT).await.unwrap();
        drop((second, third));
        assert_eq!(lanes.lane(one).places.available_permits(), WIDTH);
    }

    #[tokio::test]
    async fn lanes_in_which_nobody_is_are_forgotten() {
        let lanes = Lanes::default();
        for n in 0..3 * MOST as u128 {
            lanes.enter(Uuid::from_u128(n).into(), SHORT).await.unwrap();
        }
        assert!(lanes.0.lock().unwrap().len() <= MOST);
    }
}
