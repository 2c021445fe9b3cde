//! `usher audit`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use futures_util::FutureExt;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::provisioning::audit::verify::{Report, verify};
use crate::provisioning::audit::{checkpoints, view};

/// Verify and export the audit log
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    Export(Export),
    Verify(Verify),
}

/// Print the audit log, one JSON document a line, to be kept elsewhere
///
/// Each line has the event, the mac that chains it to the one before, the commitments to its personal values
/// and, where there is one, the checkpoint that vouches for the log up to it.
///
/// Example:
///   usher audit export --org acme > acme-audit.jsonl
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Export {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// Only events after this number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: i64,
}

/// Tell whether the audit log is as it was written
///
/// Exit code 1 where it is not: the table says at which event, and what was done there. A checkpoint that
/// was kept elsewhere also tells whether the whole database was put back. FILE holds a checkpoint, events
/// of the type audit.checkpoint, or what usher audit export printed.
///
/// Examples:
///   usher audit verify --org acme
///   usher audit verify --org acme --checkpoint acme-audit.jsonl
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Verify {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// A file of checkpoints that was kept elsewhere
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
}

/// Lines that are read at once.
const PAGE: usize = 500;

const COLUMNS: [&str; 4] = ["seq", "through", "kind", "says"];

impl Audit {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        match self {
            Self::Export(export) => export.run(opened).await,
            Self::Verify(verify) => verify.run(opened).await,
        }
    }
}

impl Export {
    async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let org = opened.organization(&self.org).await?;
        let mut after = self.after;
        loop {
            let page = opened
                .store
                .read(move |tx| async move { view::read(tx, org, after, PAGE).await }.boxed());
            let page = page.await?;
            after = page.next;
            for line in &page.data {
                Output::line(line)?;
            }
            if page.data.len() < PAGE {
                return Ok(Outcome::Done);
            }
        }
    }
}

impl Verify {
    async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let org = opened.organization(&self.org).await?;
        let mut outside = Vec::new();
        for file in &self.checkpoint {
            let found = checkpoints::in_text(&text(file)?);
            if found.is_empty() {
                let why = format!("there is no checkpoint in {}", file.display());
                return Err(Failure::Usage(why));
            }
            let named = |text: String| (format!("of {}", file.display()), text);
            outside.extend(found.into_iter().map(named));
        }
        let report = verify(&opened.store, &opened.keys, org, &outside).await?;
        show(opened.output, &report)?;
        Ok(if report.good {
            Outcome::Done
        } else {
            Outcome::Failed
        })
    }
}

fn text(file: &Path) -> Result<String, Failure> {
    let unreadable = |error| Failure::File(format!("cannot read {}: {error}", file.display()));
    std::fs::read_to_string(file).map_err(unreadable)
}

fn show(output: Output, report: &Report) -> Result<(), Failure> {
    if output.is_json() {
        return output.record(report);
    }
    if !report.faults.is_empty() {
        output.rows(&report.faults, &COLUMNS)?;
    }
    let before = match report.before_the_chain {
        0 => String::new(),
        some => format!("; {some} older events were never chained"),
    };
    let verdict = match (report.good, report.more) {
        (true, _) => "as written",
        (false, false) => "NOT as written",
        (false, true) => "NOT as written, and there is more",
    };
    Output::print(&format!(
        "{} events up to {} and {} checkpoints: {verdict}{before}\n",
        report.rows, report.head, report.checkpoints
    ))
}
