//! A measurement: warm-up, then rounds, each with the time, the CPU time and the memory that it took.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::spawn_local;
use tokio::time::sleep;

use crate::drive::{Amount, Lane, Tally, Workload, round};
use crate::failure::Failure;
use crate::machine::{Cpu, Memory, Watched};
use crate::report::{Line, Measured};

/// What a server does behind an answer belongs to the operation: it is waited for before its CPU time is read.
const SETTLE: Duration = Duration::from_millis(300);
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// How everything is measured.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) amount: Amount,
    pub(crate) connections: usize,
    pub(crate) repeat: usize,
    pub(crate) warm_up: u64,
    pub(crate) patience: Duration,
    pub(crate) watched: Watched,
    /// The most memory that was seen.
    pub(crate) peak: Rc<Cell<Option<Memory>>>,
    /// Wrong answers of everything so far.
    pub(crate) wrong: Rc<Cell<u64>>,
}

impl Bench {
    /// Measures a workload of which a round has a share of the operations that were asked for: one in `share`.
    pub(crate) async fn measure<W: Workload + 'static>(
        &self,
        name: &str,
        share: u64,
        workload: W,
    ) -> Result<Line, Failure> {
        let workload = Rc::new(workload);
        let amount = workload.amount(self.amount.share(share));
        let connections = workload.connections(self.connections);
        let mut lanes = Lane::open(workload.origin(), connections, self.patience);
        let number = Rc::new(Cell::new(0));
        let mut line = Line::new(name);
        if self.warm_up > 0 {
            eprintln!("{name}: warm-up");
            let warm_up = Amount::Operations(self.warm_up.div_ceil(share));
            let (tally, _) = self.round(&workload, &mut lanes, warm_up, &number).await?;
            line.warm(&tally);
        }
        for turn in 1..=self.repeat {
            let (tally, measured) = self.round(&workload, &mut lanes, amount, &number).await?;
            eprintln!("{name}: round {turn} of {}: {measured}", self.repeat);
            line.add(&tally, measured);
        }
        for said in &line.first_wrong {
            eprintln!("{name}: WRONG: {said}");
        }
        self.wrong.set(self.wrong.get() + line.wrong);
        Ok(line)
    }

    async fn round<W: Workload + 'static>(
        &self,
        workload: &Rc<W>,
        lanes: &mut Vec<Lane>,
        amount: Amount,
        number: &Rc<Cell<u64>>,
    ) -> Result<(Tally, Measured), Failure> {
        let first =
            |lanes: &mut Vec<Lane>| lanes.pop().ok_or_else(|| Failure::new("no connection"));
        let mut lane = first(lanes)?;
        let operations = amount.operations();
        workload.prepare(&mut lane, operations).await?;
        lanes.push(lane);
        sleep(SETTLE).await;
        let looking = spawn_local(look(self.watched.clone(), Rc::clone(&self.peak)));
        let (before, started) = (self.watched.cpu(), Instant::now());
        let mut tally = round(workload, lanes, amount, number).await?;
        let took = started.elapsed();
        let client = self.watched.cpu().client;
        sleep(SETTLE).await;
        let after = Cpu {
            client,
            ..self.watched.cpu()
        };
        looking.abort();
        let mut lane = first(lanes)?;
        if let Err(wrong) = workload.check(&mut lane).await {
            tally.note(&wrong.during("read back after the round"));
        }
        lanes.push(lane);
        let measured = Measured::new(&tally, took, before, after);
        Ok((tally, measured))
    }
}

impl Amount {
    /// One in so many.
    fn share(self, share: u64) -> Self {
        match self {
            Self::Operations(count) => Self::Operations(count.div_ceil(share)),
            Self::Seconds(long) => Self::Seconds(long),
        }
    }

    /// How many operations are known to come.
    fn operations(self) -> u64 {
        match self {
            Self::Operations(count) => count,
            Self::Seconds(_) => 0,
        }
    }
}

/// Remembers the most memory that is seen.
async fn look(watched: Watched, peak: Rc<Cell<Option<Memory>>>) {
    while watched.has_processes() {
        let now = watched.memory();
        peak.set(Some(peak.get().map_or(now, |before| before.peak(now))));
        sleep(LOOK).await;
    }
}
