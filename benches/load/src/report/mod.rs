//! What is told in the end: a line a workload, as a table for people or as one JSON document.

mod line;
mod spread;
pub(crate) mod table;
mod targets;

pub(crate) use line::{Line, Measured};
pub(crate) use spread::{Spread, real};
pub(crate) use targets::{Engine, GROWTH, target};

use std::io::{Write, stdout};

use serde::Serialize;

use crate::bench::Bench;
use crate::clock;
use crate::failure::Failure;
use crate::machine::Memory;

/// Everything that a run found.
#[derive(Serialize)]
pub(crate) struct Report {
    /// When it ended.
    pub(crate) at: String,
    pub(crate) asked: String,
    pub(crate) connections: usize,
    pub(crate) repeat: usize,
    pub(crate) warm_up: u64,
    /// Users that the server held at the beginning.
    pub(crate) users: Option<u64>,
    pub(crate) workloads: Vec<Line>,
    pub(crate) memory_mib: MemoryReport,
}

/// Memory before the first round, at the end, and the most that was seen.
#[derive(Serialize)]
pub(crate) struct MemoryReport {
    pub(crate) before: Option<Memory>,
    pub(crate) current: Option<Memory>,
    pub(crate) peak: Option<Memory>,
}

impl Report {
    /// What a bench found.
    pub(crate) fn new(asked: &str, bench: &Bench, before: Option<Memory>) -> Self {
        let watched = &bench.watched;
        Self {
            at: clock::now().to_string(),
            asked: asked.to_owned(),
            connections: bench.connections,
            repeat: bench.repeat,
            warm_up: bench.warm_up,
            users: None,
            workloads: Vec::new(),
            memory_mib: MemoryReport {
                before,
                current: watched.has_processes().then(|| watched.memory()),
                peak: bench.peak.get(),
            },
        }
    }

    /// Puts what must be reached beside what was.
    pub(crate) fn against(&mut self, engine: Engine) {
        let users = self.users.unwrap_or_default();
        for line in &mut self.workloads {
            line.target_ms = target(&line.workload, engine, users);
            let cost = line.cpu_ms.as_ref().map(|spread| spread.median);
            line.ratio = line.target_ms.zip(cost).map(|(target, cost)| cost / target);
        }
    }

    /// The whole as text.
    pub(crate) fn table(&self) -> String {
        table::report(self)
    }
}

/// Prints a table, or one JSON document.
pub(crate) fn print(json: bool, document: &impl Serialize, table: &str) -> Result<(), Failure> {
    let failed = |error: String| Failure::new(format!("the report cannot be written: {error}"));
    let text = if json {
        serde_json::to_string_pretty(document).map_err(|error| failed(error.to_string()))?
    } else {
        table.trim_end().to_owned()
    };
    writeln!(stdout().lock(), "{text}").map_err(|error| failed(error.to_string()))
}
