//! Columns that stand under one another.

use std::fmt::Write as _;

use crate::machine::Memory;
use crate::report::{Line, Report, Spread};

const HEAD: [&str; 11] = [
    "workload",
    "operations",
    "wrong",
    "rate/s (min..max)",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "server",
    "database",
    "CPU ms/op (min..max)",
    "client",
];

/// A run's table, with what is to be said around it.
pub(super) fn report(report: &Report) -> String {
    let users = report
        .users
        .map(|users| format!(", {users} users"))
        .unwrap_or_default();
    let mut text = format!(
        "{}\n{} connections{users}; medians of {} rounds after a warm-up of {} operations\n\n",
        report.asked, report.connections, report.repeat, report.warm_up,
    );
    let targets = report.workloads.iter().any(|line| line.target_ms.is_some());
    let mut head: Vec<String> = HEAD.iter().map(|name| (*name).to_owned()).collect();
    if targets {
        head.extend(["target".to_owned(), "ratio".to_owned()]);
    }
    let mut rows = vec![head];
    rows.extend(report.workloads.iter().map(|line| row(line, targets)));
    text.push_str(&columns(&rows));
    text.push('\n');
    let memory = [
        ("before", report.memory_mib.before),
        ("now", report.memory_mib.current),
        ("peak", report.memory_mib.peak),
    ];
    for (when, memory) in memory {
        if let Some(memory) = memory {
            text.push_str(&said(when, memory));
        }
    }
    for line in &report.workloads {
        for wrong in &line.first_wrong {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "WRONG {}: {wrong}", line.workload);
        }
    }
    text
}

/// Rows as lines: the first column to the left, the others to the right.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(at, (cell, width))| match at {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(line: &Line, targets: bool) -> Vec<String> {
    let median = |spread: Option<Spread>| spread.map_or("-".to_owned(), |it| figure(it.median));
    let around = |spread: Option<Spread>| {
        spread.map_or("-".to_owned(), |it| {
            let (median, min, max) = (figure(it.median), figure(it.min), figure(it.max));
            format!("{median} ({min}..{max})")
        })
    };
    let mut row = vec![
        line.workload.clone(),
        line.operations.to_string(),
        line.wrong.to_string(),
        around(line.rate),
        median(line.p50_ms),
        median(line.p95_ms),
        median(line.p99_ms),
        median(line.server_cpu_ms),
        median(line.database_cpu_ms),
        around(line.cpu_ms),
        median(line.client_cpu_ms),
    ];
    if targets {
        row.push(
            line.target_ms
                .map_or("-".to_owned(), |target| target.to_string()),
        );
        row.push(
            line.ratio
                .map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
        );
    }
    row
}

fn said(when: &str, memory: Memory) -> String {
    let of = |who: &str, mib: Option<f64>| mib.map(|mib| format!("{who} {mib:.1} MiB"));
    let parts = [of("server", memory.server), of("database", memory.database)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("memory {when:<6}  {}\n", parts.join(", "))
}

/// Three digits that count.
pub(crate) fn figure(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 1.0 => format!("{figure:.2}"),
        size if size >= 0.1 => format!("{figure:.3}"),
        _ => format!("{figure:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let rows = [row(&["a", "bc"]), row(&["def", "g"])];
        assert_eq!(columns(&rows), "a    bc\ndef   g\n");
    }

    #[test]
    fn figures_have_three_digits() {
        for (number, said) in [
            (1234.5, "1234"),
            (12.34, "12.3"),
            (0.1234, "0.123"),
            (0.01234, "0.0123"),
        ] {
            assert_eq!(figure(number), said);
        }
    }
}
