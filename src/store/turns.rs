//! A bounded queue with turns: whoever has much to do waits behind their own, and everybody else has a turn in between.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::id::OrganizationId;

/// Whose something is; what is nobody's in particular waits together.
pub(super) type Lane = Option<OrganizationId>;

/// Why something was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The queue is closed.
    Closed,
    /// Too much waits, in all or of this one.
    Full,
}

/// The queue.
pub(super) struct Turns<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
    most: usize,
}

struct State<T> {
    lanes: HashMap<Lane, VecDeque<T>>,
    /// Whose turn comes first: everybody of whom something waits.
    order: VecDeque<Lane>,
    waiting: usize,
    closed: bool,
}

impl<T> Turns<T> {
    /// A queue in which so much waits at most. Nobody has more in it than would leave as much to one more than are
    /// there: half of it who is there alone, a third of two.
    pub(super) fn new(most: usize) -> Self {
        let state = State {
            lanes: HashMap::new(),
            order: VecDeque::new(),
            waiting: 0,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            ready: Condvar::new(),
            most,
        }
    }

    /// Puts something in.
    pub(super) fn put(&self, lane: Lane, item: T) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        let own = state.lanes.get(&lane).map_or(0, VecDeque::len);
        let there = state.lanes.len() + usize::from(own == 0);
        if state.waiting >= self.most || (own > 0 && own >= self.most / (there + 1)) {
            return Err(Refused::Full);
        }
        state.lanes.entry(lane).or_default().push_back(item);
        state.waiting += 1;
        if own == 0 {
            state.order.push_back(lane);
        }
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Takes the next, once there is one; none once the queue is closed and empty.
    pub(super) fn take(&self) -> Option<(Lane, T)> {
        let mut state = self.lock();
        loop {
            if let Some(next) = state.next() {
                return Some(next);
            }
            if state.closed {
                return None;
            }
            state = self
                .ready
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the next, if there is one.
    pub(super) fn try_take(&self) -> Option<(Lane, T)> {
        self.lock().next()
    }

    /// Takes nothing more in; what is in is handed out still.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn next(&mut self) -> Option<(Lane, T)> {
        let lane = self.order.pop_front()?;
        let own = self.lanes.get_mut(&lane)?;
        let item = own.pop_front()?;
        if own.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.order.push_back(lane);
        }
        self.waiting -= 1;
        Some((lane, item))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn org(n: u128) -> OrganizationId {
        Uuid::from_u128(n).into()
    }

    #[test]
    fn everybody_has_a_turn() {
        let turns = Turns::new(100);
        for n in 0..3 {
            turns.put(Some(org(1)), (1, n)).unwrap();
        }
        for item in [(2, 0), (2, 1)] {
            turns.put(Some(org(2)), item).unwrap();
        }
        turns.put(None, (0, 0)).unwrap();
        let order: Vec<_> = std::iter::from_fn(|| turns.try_take().map(|it| it.1)).collect();
        assert_eq!(order, [(1, 0), (2, 0), (0, 0), (1, 1), (2, 1), (1, 2)]);
    }

    #[test]
    fn one_alone_does_not_fill_it() {
        let turns = Turns::new(12);
        let put = |of| std::iter::from_fn(|| turns.put(of, ()).ok()).count();
        // Half, then a third, and so on; what is left is for whoever comes next.
        assert_eq!([put(Some(org(1))), put(None), put(Some(org(2)))], [6, 4, 2]);
        assert_eq!(put(Some(org(3))), 0);
        assert_eq!(turns.take(), Some((Some(org(1)), ())));
        assert_eq!(put(Some(org(1))), 0);
        assert_eq!(put(Some(org(3))), 1);
    }

    #[test]
    fn what_is_in_is_handed_out_after_the_end() {
        let turns = Turns::new(4);
        turns.put(None, 1).unwrap();
        turns.close();
        assert_eq!(turns.put(None, 2), Err(Refused::Closed));
        assert_eq!(turns.take(), Some((None, 1)));
        assert_eq!(turns.take(), None);
    }
}
