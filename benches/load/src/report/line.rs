//! A workload's figures.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde::Serialize;

use crate::drive::Tally;
use crate::machine::{Cpu, Used};
use crate::report::spread::{Spread, milliseconds, percentile, real};

/// Wrong answers that a line names.
const NAMED: usize = 3;

/// What all rounds of a workload came to.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) workload: String,
    /// Operations of all rounds.
    pub(crate) operations: u64,
    pub(crate) wrong: u64,
    pub(crate) first_wrong: Vec<String>,
    /// Operations a second, by the clock on the wall.
    pub(crate) rate: Option<Spread>,
    pub(crate) p50_ms: Option<Spread>,
    pub(crate) p95_ms: Option<Spread>,
    pub(crate) p99_ms: Option<Spread>,
    /// CPU time an operation.
    pub(crate) server_cpu_ms: Option<Spread>,
    pub(crate) database_cpu_ms: Option<Spread>,
    /// Of both together: the figure to trust.
    pub(crate) cpu_ms: Option<Spread>,
    /// This tool's own, which is in no other figure.
    pub(crate) client_cpu_ms: Option<Spread>,
    pub(crate) target_ms: Option<f64>,
    /// What was measured over what must be reached.
    pub(crate) ratio: Option<f64>,
    #[serde(skip)]
    rounds: Vec<Measured>,
}

/// What a round came to.
#[derive(Debug)]
pub(crate) struct Measured {
    operations: u64,
    wrong: u64,
    rate: f64,
    percentiles: [f64; 3],
    server: Option<f64>,
    database: Option<f64>,
    client: f64,
}

impl Measured {
    pub(crate) fn new(tally: &Tally, took: Duration, before: Cpu, after: Cpu) -> Self {
        let operations = tally.latencies.len() as u64;
        let each = |time: Duration| milliseconds(time) / real(operations.max(1));
        let used = |before: Option<Used>, after: Option<Used>| {
            let (before, after) = before.zip(after)?;
            Some(each(after.since(before)))
        };
        let mut ordered = tally.latencies.clone();
        ordered.sort_unstable();
        Self {
            operations,
            wrong: tally.wrong,
            rate: real(operations) / took.as_secs_f64().max(f64::MIN_POSITIVE),
            percentiles: [50, 95, 99].map(|percent| percentile(&ordered, percent)),
            server: used(before.server, after.server),
            database: used(before.database, after.database),
            client: each(after.client.since(before.client)),
        }
    }

    /// Of the server and the database together.
    fn cpu(&self) -> Option<f64> {
        match (self.server, self.database) {
            (None, None) => None,
            (server, database) => Some(server.unwrap_or_default() + database.unwrap_or_default()),
        }
    }
}

impl Display for Measured {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let (operations, rate) = (self.operations, self.rate);
        write!(formatter, "{operations} operations, {rate:.0}/s")?;
        if let Some(cpu) = self.cpu() {
            write!(formatter, ", {cpu:.3} ms of CPU each")?;
        }
        if self.wrong > 0 {
            write!(formatter, ", {} WRONG", self.wrong)?;
        }
        Ok(())
    }
}

impl Line {
    pub(crate) fn new(workload: &str) -> Self {
        Self {
            workload: workload.to_owned(),
            operations: 0,
            wrong: 0,
            first_wrong: Vec::new(),
            rate: None,
            p50_ms: None,
            p95_ms: None,
            p99_ms: None,
            server_cpu_ms: None,
            database_cpu_ms: None,
            cpu_ms: None,
            client_cpu_ms: None,
            target_ms: None,
            ratio: None,
            rounds: Vec::new(),
        }
    }

    /// Of the warm-up only what was wrong counts.
    pub(crate) fn warm(&mut self, tally: &Tally) {
        self.wrong += tally.wrong;
        let room = NAMED.saturating_sub(self.first_wrong.len());
        self.first_wrong
            .extend(tally.first.iter().take(room).cloned());
    }

    /// Adds a round.
    pub(crate) fn add(&mut self, tally: &Tally, measured: Measured) {
        self.warm(tally);
        self.operations += measured.operations;
        self.rounds.push(measured);
        let rounds = &self.rounds;
        let of = |figure: &dyn Fn(&Measured) -> Option<f64>| {
            Spread::of(rounds.iter().filter_map(figure))
        };
        self.rate = of(&|round| Some(round.rate));
        self.p50_ms = of(&|round| round.percentiles.first().copied());
        self.p95_ms = of(&|round| round.percentiles.get(1).copied());
        self.p99_ms = of(&|round| round.percentiles.get(2).copied());
        self.server_cpu_ms = of(&|round| round.server);
        self.database_cpu_ms = of(&|round| round.database);
        self.cpu_ms = of(&Measured::cpu);
        self.client_cpu_ms = of(&|round| Some(round.client));
    }
}
