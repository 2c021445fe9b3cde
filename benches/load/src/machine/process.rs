//! One process, as `/proc/PID` describes it (proc(5)).

use std::fs::{read_dir, read_to_string};
use std::ops::Add;
use std::path::Path;
use std::time::Duration;

/// The kernel's unit of `/proc/PID/stat`: USER_HZ is 100 on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// A process.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) name: String,
    /// CPU time of its own, threads that have ended included.
    own: Duration,
    /// CPU time of children that have ended.
    children: Duration,
}

/// CPU time that was used so far, told in two ways.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// By the sum of the threads, in nanoseconds: it forgets threads that have ended.
    exact: Duration,
    /// By the processes, which forget nothing but are cut to ticks.
    ticked: Duration,
    /// How far the second may lie from the truth.
    blur: Duration,
}

impl Used {
    /// What was used since: exact, unless threads have ended that the exact sum has forgotten.
    pub(crate) fn since(self, before: Self) -> Duration {
        let exact = self.exact.saturating_sub(before.exact);
        let ticked = self.ticked.saturating_sub(before.ticked);
        let is_near = exact.abs_diff(ticked) <= self.blur.max(before.blur);
        if is_near { exact } else { ticked }
    }
}

impl Add for Used {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            exact: self.exact + other.exact,
            ticked: self.ticked + other.ticked,
            blur: self.blur + other.blur,
        }
    }
}

/// Every process there is.
pub(super) fn every() -> Vec<Process> {
    let entries = read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(Process::read).collect()
}

/// The CPU time of a thread that goes on, by its folder.
pub(super) fn thread(folder: &Path) -> Used {
    let stat = read_to_string(folder.join("stat")).unwrap_or_default();
    let ticked = Stat::parse(&stat).map(|stat| stat.own).unwrap_or_default();
    Used {
        exact: scheduled(folder).unwrap_or(ticked),
        ticked,
        blur: 2 * TICK,
    }
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let stat = Stat::parse(&stat)?;
        Some(Self {
            pid,
            parent: stat.parent,
            name: stat.name,
            own: stat.own,
            children: stat.children,
        })
    }

    /// All of its CPU time so far.
    pub(super) fn used(&self) -> Used {
        let tasks = read_dir(format!("/proc/{}/task", self.pid));
        let tasks = tasks.into_iter().flatten().flatten();
        let exact: Duration = tasks.filter_map(|task| scheduled(&task.path())).sum();
        Used {
            exact: exact + self.children,
            ticked: self.own + self.children,
            blur: 2 * TICK,
        }
    }

    /// Anonymous memory, and shared memory without a file, in KiB.
    pub(super) fn memory(&self) -> (u64, u64) {
        let status = read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let of = |name: &str| {
            let mut lines = status.lines();
            let said = lines.find_map(|line| line.strip_prefix(name))?;
            said.split_whitespace().next()?.parse().ok()
        };
        (
            of("RssAnon:").unwrap_or_default(),
            of("RssShmem:").unwrap_or_default(),
        )
    }
}

/// The first figure of `schedstat`.
fn scheduled(folder: &Path) -> Option<Duration> {
    let said = read_to_string(folder.join("schedstat")).ok()?;
    let nanoseconds = said.split_whitespace().next()?.parse().ok()?;
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}

/// What a line of `stat` says.
struct Stat {
    name: String,
    parent: u32,
    own: Duration,
    children: Duration,
}

impl Stat {
    fn parse(line: &str) -> Option<Self> {
        // A name may hold anything, parentheses too.
        let (front, behind) = line.rsplit_once(')')?;
        let (_, name) = front.split_once('(')?;
        let fields: Vec<&str> = behind.split_whitespace().collect();
        let ticks = |at: usize| -> Option<Duration> {
            let ticks: u32 = fields.get(at)?.parse().ok()?;
            Some(TICK * ticks)
        };
        Some(Self {
            name: name.to_owned(),
            parent: fields.get(1)?.parse().ok()?,
            own: ticks(11)? + ticks(12)?,
            children: ticks(13)? + ticks(14)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_have_taken_with_them_is_not_forgotten() {
        let used = |exact, ticked| Used {
            exact: Duration::from_micros(exact),
            ticked: Duration::from_millis(ticked),
            blur: 2 * TICK,
        };
        let before = used(50_123, 60);
        assert_eq!(
            used(62_345, 70).since(before),
            Duration::from_micros(12_222)
        );
        assert_eq!(used(10_000, 160).since(before), Duration::from_millis(100));
    }

    #[test]
    fn a_line_is_read_whatever_the_name() {
        let line = "12 (a) b (c)) S 7 12 12 0 -1 4194304 100 0 0 0 30 4 500 6 20 0 1 0 3753298";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.name.as_str(), stat.parent), ("a) b (c)", 7));
        assert_eq!(stat.own, Duration::from_millis(340));
        assert_eq!(stat.children, Duration::from_millis(5060));
        assert!(Stat::parse("12 nothing").is_none());
    }
}
