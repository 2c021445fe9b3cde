//! Seeded faults: wrappers between the checker and the gateway that make it answer as other servers
//! are known to do. Each must make the named requirement fail.

use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use usher_conformance::Options;
use usher_conformance::report::Verdict;
use usher_conformance::transport::{Reply, Request, Transport, Unreachable};

use super::Checked;
use crate::harness::InProcess;

mod answered;
mod asked;
mod both;

/// A server's fault.
#[derive(Clone, Copy)]
struct Fault {
    /// What the server does.
    name: &'static str,
    /// The requirement that must fail.
    fails: &'static str,
    how: How,
}

#[derive(Clone, Copy)]
enum How {
    /// It understands something else than was asked.
    Asked(fn(Request) -> Request),
    /// It says something else than it did.
    Answered(fn(&Request, &mut Reply)),
    /// It does something else altogether.
    Both(for<'a> fn(&'a InProcess, Request) -> BoxFuture<'a, Result<Reply, Unreachable>>),
}

/// A gateway with a fault.
struct Faulty {
    way: InProcess,
    fault: Fault,
}

impl Transport for Faulty {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Reply, Unreachable>> {
        async move {
            match self.fault.how {
                How::Asked(rewrite) => self.way.send(&rewrite(request.clone())).await,
                How::Answered(rewrite) => {
                    let mut reply = self.way.send(request).await?;
                    rewrite(request, &mut reply);
                    Ok(reply)
                }
                How::Both(act) => act(&self.way, request.clone()).await,
            }
        }
        .boxed()
    }
}

#[expect(clippy::print_stdout, reason = "the table is what one reads")]
#[tokio::test]
async fn every_seeded_fault_is_caught() {
    let faults = [asked::FAULTS, answered::FAULTS, both::FAULTS].concat();
    assert!(faults.len() >= 25);
    let (mut table, mut missed) = (String::new(), Vec::new());
    for fault in faults {
        let checked = Checked::start().await;
        let faulty = Faulty {
            way: checked.way.clone(),
            fault,
        };
        let options = Options {
            only: vec![fault.fails.to_owned()],
            rfc: false,
        };
        let report = checked.check(Arc::new(faulty), &options).await;
        let requirement = report
            .requirements()
            .next()
            .expect("the requirement is one");
        let why = requirement
            .failures
            .first()
            .map_or("missed", |it| it.why.as_str());
        let short: String = why.chars().take(90).collect();
        let _ = writeln!(table, "{:52} {:8} {short}", fault.name, fault.fails);
        if requirement.result != Verdict::Failed {
            missed.push(fault.name);
        }
    }
    println!("{table}");
    assert!(missed.is_empty(), "missed: {missed:?}\n{table}");
}
