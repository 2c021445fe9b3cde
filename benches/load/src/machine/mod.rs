//! What the machine tells of processes: their CPU time and their memory, read from `/proc`.

mod process;

use std::collections::BTreeSet;
use std::ops::Add;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::failure::Failure;
pub(crate) use crate::machine::process::Used;
use crate::machine::process::{Process, every, thread};
use crate::report::real;

/// The one thread that asks: its CPU time is told, and left out of every other figure.
const CLIENT: &str = "/proc/thread-self";

/// What is watched. Children belong to their parents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    /// The server's process.
    pub(crate) server: Option<u32>,
    /// A thread that is the server, in this process.
    pub(crate) thread: Option<PathBuf>,
    /// The database's processes.
    pub(crate) database: Vec<u32>,
    /// Names of processes that are the database's.
    pub(crate) names: Vec<String>,
}

/// CPU time since each began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpu {
    pub(crate) server: Option<Used>,
    pub(crate) database: Option<Used>,
    pub(crate) client: Used,
}

/// Memory that is theirs: anonymous, and shared without a file (RssAnon + RssShmem), in MiB.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) server: Option<f64>,
    pub(crate) database: Option<f64>,
}

impl Watched {
    /// Whether every process that was named is there.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let processes = every();
        for pid in self.server.iter().chain(&self.database) {
            if !processes.iter().any(|process| process.pid == *pid) {
                return Err(Failure::new(format!(
                    "there is no process {pid}: give --pid the number of a running one (pgrep usher)"
                )));
            }
        }
        for name in &self.names {
            if !processes.iter().any(|process| process.name == *name) {
                return Err(Failure::new(format!(
                    "no process is called {name}: give --process-name what `ps -e` shows"
                )));
            }
        }
        Ok(())
    }

    /// Whether memory can be told of anything.
    pub(crate) fn has_processes(&self) -> bool {
        self.server.is_some() || self.has_database()
    }

    /// The CPU time that all of it has used.
    pub(crate) fn cpu(&self) -> Cpu {
        let client = thread(Path::new(CLIENT));
        if let Some(folder) = &self.thread {
            let server = Some(thread(folder));
            return Cpu {
                server,
                database: None,
                client,
            };
        }
        let (server, database) = self.processes();
        let used = |processes: Vec<Process>| {
            processes
                .iter()
                .map(Process::used)
                .fold(Used::default(), Used::add)
        };
        Cpu {
            server: self.server.map(|_| used(server)),
            database: self.has_database().then(|| used(database)),
            client,
        }
    }

    /// The memory that all of it has now. Memory that the database's processes share counts once.
    pub(crate) fn memory(&self) -> Memory {
        let (server, database) = self.processes();
        let of = |processes: &[Process], once: bool| {
            let parts = processes.iter().map(Process::memory);
            let (anonymous, shared): (Vec<u64>, Vec<u64>) = parts.unzip();
            let shared: u64 = if once {
                shared.into_iter().max().unwrap_or_default()
            } else {
                shared.into_iter().sum()
            };
            real(anonymous.into_iter().sum::<u64>() + shared) / 1024.0
        };
        Memory {
            server: self.server.map(|_| of(&server, false)),
            database: self.has_database().then(|| of(&database, true)),
        }
    }

    fn has_database(&self) -> bool {
        !self.database.is_empty() || !self.names.is_empty()
    }

    /// The server's processes and the database's.
    fn processes(&self) -> (Vec<Process>, Vec<Process>) {
        if !self.has_processes() {
            return (Vec::new(), Vec::new());
        }
        let all = every();
        let named = all
            .iter()
            .filter(|process| self.names.contains(&process.name));
        let roots = named
            .map(|process| process.pid)
            .chain(self.database.clone());
        let database = family(&all, roots.collect());
        let server = family(&all, self.server.into_iter().collect());
        let of = |pids: &dyn Fn(u32) -> bool| -> Vec<Process> {
            let chosen = all.iter().filter(|process| pids(process.pid));
            chosen.cloned().collect()
        };
        (
            of(&|pid| server.contains(&pid) && !database.contains(&pid)),
            of(&|pid| database.contains(&pid)),
        )
    }
}

impl Memory {
    /// The larger of each.
    pub(crate) fn peak(self, other: Self) -> Self {
        let larger = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        Self {
            server: larger(self.server, other.server),
            database: larger(self.database, other.database),
        }
    }
}

/// Processes with their children, and theirs.
fn family(all: &[Process], roots: BTreeSet<u32>) -> BTreeSet<u32> {
    let mut family = roots;
    loop {
        let before = family.len();
        let children = all
            .iter()
            .filter(|process| family.contains(&process.parent));
        let children: Vec<u32> = children.map(|process| process.pid).collect();
        family.extend(children);
        if family.len() == before {
            return family;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen() {
        let watched = Watched {
            server: Some(std::process::id()),
            ..Watched::default()
        };
        watched.check().unwrap();
        let before = watched.cpu().server.unwrap();
        let mut sum = 0_u64;
        let long = std::time::Duration::from_millis(30);
        while watched.cpu().server.unwrap().since(before) < long {
            sum = sum.wrapping_add((0..100_000).sum::<u64>());
        }
        assert!(sum > 0);
        assert!(watched.memory().server.unwrap() > 0.1);
        assert!(watched.memory().database.is_none());
    }

    #[test]
    fn nobody_is_a_failure() {
        let watched = Watched {
            names: vec!["nobody-is-called-so".to_owned()],
            ..Watched::default()
        };
        assert!(watched.check().is_err());
    }
}
