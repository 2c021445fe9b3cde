//! `usher-load growth`: the same workloads at one size of the organization after the other.

use serde::Serialize;

use crate::command::GrowthArguments;
use crate::failure::Failure;
use crate::people::fill::Filling;
use crate::report::{GROWTH, Report, print, table};
use crate::run::Plan;

/// Connections that fill.
const LANES: usize = 4;

/// Every size, and what became of the cost.
#[derive(Serialize)]
struct Growth {
    sizes: Vec<AtSize>,
    factors: Vec<Factor>,
}

#[derive(Serialize)]
struct AtSize {
    users: u64,
    report: Report,
}

/// How much dearer a workload became from the first size that has it to the last.
#[derive(Serialize)]
struct Factor {
    workload: String,
    /// CPU ms an operation, or p50 where no process was watched, at each size that has it.
    cost_ms: Vec<(u64, f64)>,
    times: f64,
    limit: f64,
}

/// The command.
pub(crate) async fn command(asked: GrowthArguments) -> Result<u64, Failure> {
    let watched = asked.processes.watched()?;
    let bench = asked.size.bench(watched, asked.server.patience())?;
    let mut sizes = Vec::new();
    for users in &asked.sizes {
        eprintln!("growth: {users} users");
        let filling = Filling {
            users: *users,
            batch: asked.batch.max(1),
            lanes: LANES,
        };
        filling.fill(&asked.server).await?;
        let plan = Plan {
            server: &asked.server,
            workloads: &asked.workloads,
            group_sizes: &asked.groups.group_sizes,
            sign_in: None,
            engine: asked.printed.targets.then_some(asked.printed.engine),
        };
        let report = plan.perform(&bench).await?;
        if !asked.printed.json {
            eprintln!("{}", report.table());
        }
        let users = *users;
        sizes.push(AtSize { users, report });
    }
    let factors = factors(&sizes);
    let growth = Growth { sizes, factors };
    print(asked.printed.json, &growth, &growth.table())?;
    Ok(bench.wrong.get())
}

fn factors(sizes: &[AtSize]) -> Vec<Factor> {
    let mut names: Vec<&str> = Vec::new();
    for line in sizes.iter().flat_map(|size| &size.report.workloads) {
        if !names.contains(&line.workload.as_str()) {
            names.push(&line.workload);
        }
    }
    names
        .into_iter()
        .filter_map(|name| factor(name, sizes))
        .collect()
}

fn factor(name: &str, sizes: &[AtSize]) -> Option<Factor> {
    let cost = |size: &AtSize| {
        let mut lines = size.report.workloads.iter();
        let line = lines.find(|line| line.workload == name)?;
        Some((size.users, line.cpu_ms.or(line.p50_ms)?.median))
    };
    let cost_ms: Vec<(u64, f64)> = sizes.iter().filter_map(cost).collect();
    let (first, last) = (cost_ms.first()?.1, cost_ms.last()?.1);
    Some(Factor {
        workload: name.to_owned(),
        cost_ms,
        times: last / first.max(f64::MIN_POSITIVE),
        limit: GROWTH,
    })
}

impl Growth {
    fn table(&self) -> String {
        let mut head = vec!["ms an operation".to_owned()];
        head.extend(self.sizes.iter().map(|size| format!("at {}", size.users)));
        head.extend(["factor", "limit"].map(str::to_owned));
        let mut rows = vec![head];
        for factor in &self.factors {
            let mut row = vec![factor.workload.clone()];
            row.extend(self.sizes.iter().map(|size| {
                let mut known = factor.cost_ms.iter();
                let cost = known.find(|(users, _)| *users == size.users);
                cost.map_or("-".to_owned(), |(_, cost)| table::figure(*cost))
            }));
            row.extend([
                format!("x{:.2}", factor.times),
                format!("x{}", factor.limit),
            ]);
            rows.push(row);
        }
        table::columns(&rows)
    }
}
