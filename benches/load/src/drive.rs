//! A round: so many connections do operations, one behind the other each, until there are enough.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::failure::{Failure, Wrong};
use crate::http::{Connection, Origin};

/// Wrong answers that are kept word for word.
const KEPT: usize = 3;
/// Wrong answers, and none right, after which a round has said enough.
const HOPELESS: u64 = 50;

/// How long a round is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    Operations(u64),
    Seconds(Duration),
}

/// Something that is done over and over.
pub(crate) trait Workload {
    /// Whom it asks.
    fn origin(&self) -> &Origin;

    /// How many connections do it, where so many are asked for.
    fn connections(&self, asked: usize) -> usize {
        asked
    }

    /// How much of it is a round, where so much is asked for.
    fn amount(&self, asked: Amount) -> Amount {
        asked
    }

    /// What must be there before a round of so many operations; it is not measured.
    async fn prepare(&self, _lane: &mut Lane, _operations: u64) -> Result<(), Failure> {
        Ok(())
    }

    /// One operation, the `number`th of all rounds.
    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong>;

    /// What must be so after a round, and what is put back; it is not measured.
    async fn check(&self, _lane: &mut Lane) -> Result<(), Wrong> {
        Ok(())
    }
}

/// One of the connections, and where it is.
pub(crate) struct Lane {
    pub(crate) connection: Connection,
    /// Which one it is.
    pub(crate) index: usize,
    /// Of how many.
    pub(crate) lanes: usize,
    /// Operations that it has done.
    pub(crate) steps: usize,
}

/// What came of a round.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How long each operation took.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) wrong: u64,
    /// The first wrong answers.
    pub(crate) first: Vec<String>,
}

/// What the lanes of a round share.
struct Round<W> {
    workload: Rc<W>,
    number: Rc<Cell<u64>>,
    left: Cell<u64>,
    end: Option<Instant>,
    tally: RefCell<Tally>,
}

impl Lane {
    /// All lanes to one server.
    pub(crate) fn open(origin: &Origin, lanes: usize, patience: Duration) -> Vec<Self> {
        let one = |index| Self {
            connection: Connection::new(origin, patience),
            index,
            lanes,
            steps: 0,
        };
        (0..lanes).map(one).collect()
    }

    /// Which of so many things is this step's: no two lanes have one at the same time, if there are enough.
    pub(crate) fn own(&self, things: usize) -> usize {
        let turns = (things / self.lanes).max(1);
        (self.index + self.lanes * (self.steps % turns)) % things.max(1)
    }
}

impl Tally {
    /// Notes a wrong answer.
    pub(crate) fn note(&mut self, wrong: &Wrong) {
        self.wrong += 1;
        if self.first.len() < KEPT {
            self.first.push(wrong.to_string());
        }
    }

    fn is_hopeless(&self) -> bool {
        self.wrong >= HOPELESS && self.latencies.len() as u64 == self.wrong
    }
}

/// Does a round. `number` counts on from round to round.
pub(crate) async fn round<W: Workload + 'static>(
    workload: &Rc<W>,
    lanes: &mut Vec<Lane>,
    amount: Amount,
    number: &Rc<Cell<u64>>,
) -> Result<Tally, Failure> {
    let (left, end) = match amount {
        Amount::Operations(count) => (count, None),
        Amount::Seconds(long) => (u64::MAX, Some(Instant::now() + long)),
    };
    let round = Rc::new(Round {
        workload: Rc::clone(workload),
        number: Rc::clone(number),
        left: Cell::new(left),
        end,
        tally: RefCell::default(),
    });
    let mut tasks = JoinSet::new();
    for lane in lanes.drain(..) {
        tasks.spawn_local(work(Rc::clone(&round), lane));
    }
    while let Some(done) = tasks.join_next().await {
        lanes.push(done.map_err(|error| Failure::new(format!("a connection fell over: {error}")))?);
    }
    lanes.sort_by_key(|lane| lane.index);
    Ok(round.tally.take())
}

async fn work<W: Workload>(round: Rc<Round<W>>, mut lane: Lane) -> Lane {
    while let Some(number) = round.next() {
        let started = Instant::now();
        let came = round.workload.operate(&mut lane, number).await;
        let took = started.elapsed();
        lane.steps += 1;
        let mut tally = round.tally.borrow_mut();
        tally.latencies.push(took);
        if let Err(wrong) = came {
            tally.note(&wrong);
        }
    }
    lane
}

impl<W> Round<W> {
    /// The next operation's number, if there is one.
    fn next(&self) -> Option<u64> {
        let over = self.end.is_some_and(|end| Instant::now() >= end);
        if over || self.tally.borrow().is_hopeless() {
            return None;
        }
        self.left.set(self.left.get().checked_sub(1)?);
        let number = self.number.get();
        self.number.set(number + 1);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_never_share_what_is_theirs() {
        let origin = Origin::parse("http://127.0.0.1:1").unwrap();
        let mut lanes = Lane::open(&origin, 3, Duration::from_secs(1));
        let mut met = [usize::MAX; 10];
        for _ in 0..7 {
            for lane in &mut lanes {
                let own = lane.own(10);
                assert!(met[own] == usize::MAX || met[own] == lane.index);
                met[own] = lane.index;
                lane.steps += 1;
            }
        }
        assert_eq!(lanes[0].own(0), 0);
    }
}
