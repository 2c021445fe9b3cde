//! `usher import`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::config::Config;
use crate::directory::role::OWNER_RANK;
use crate::limits;
use crate::provisioning::change;
use crate::provisioning::import::{self, ImportOutcome, ImportReport, Settings, plan, view};
use crate::provisioning::invitations::Inviter;
use crate::roster::{self, Finding};

/// Invite everybody whom a CSV file names, or nobody
///
/// The file has the columns email and role and, if wanted, projects; `usher import template` prints
/// one to start from. Where one row is wrong nothing is done, and every mistake of every row is
/// told. Who is there or invited already is skipped. The mails leave once all of it is written.
///
/// Exit codes: 0 done, or nothing to do; 3 refused; 4 would invite somebody (--dry-run).
///
/// Examples:
///   usher import people.csv --org acme --dry-run
///   usher import people.csv --org acme --expires-in-days 14 --message "Welcome to Acme!"
///   usher import - --org acme < people.csv
///   usher import template --org acme > people.csv
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(super) struct Import {
    #[command(subcommand)]
    template: Option<Template>,
    /// The file; - reads standard input
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    /// The organization's slug
    #[arg(long, value_name = "SLUG", required = true)]
    org: Option<String>,
    /// Tell what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Only carry out the plan of this digest, which a dry run told
    #[arg(
        long,
        value_name = "DIGEST",
        allow_hyphen_values = true,
        conflicts_with = "dry_run"
    )]
    plan_digest: Option<String>,
    /// Refuse an address that comes again with another role or other projects
    #[arg(long)]
    strict: bool,
    /// In how many days the invitations expire, 1 to 30 [default: 7]
    #[arg(long, value_name = "N")]
    expires_in_days: Option<i64>,
    /// When they expire: a time with its zone, or a date, which means the end of that day in UTC
    #[arg(long, value_name = "TIME", conflicts_with = "expires_in_days")]
    expires_at: Option<String>,
    /// Plain text that goes with each, up to 500 characters
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// Make the invitations, and mail nobody
    #[arg(long)]
    no_email: bool,
}

#[derive(Debug, Subcommand)]
enum Template {
    /// Print the file to start from
    ///
    /// With --org the roles and projects that may stand in it are told beside it.
    ///
    /// Example:
    ///   usher import template > people.csv
    #[command(verbatim_doc_comment)]
    Template {
        /// The organization whose roles and projects are told
        #[arg(long, value_name = "SLUG")]
        org: Option<String>,
    },
}

impl Import {
    pub(super) async fn run(self, config: Config, output: Output) -> Result<Outcome, Failure> {
        match self.template {
            Some(Template::Template { org: None }) => print_template(output, None),
            Some(Template::Template { org: Some(org) }) => {
                let opened = Opened::open(config, output).await?;
                let org = opened.organization(&org).await?;
                let read = opened.store.read(move |tx| {
                    async move { view::template(tx, org, OWNER_RANK).await }.boxed()
                });
                print_template(output, Some(read.await?))
            }
            None => self.import(&Opened::open(config, output).await?).await,
        }
    }

    async fn import(self, opened: &Opened) -> Result<Outcome, Failure> {
        let org = opened.organization(&self.org.unwrap_or_default()).await?;
        let bytes = bytes(&self.file.unwrap_or_default())?;
        let settings = Settings {
            expires_in_days: self.expires_in_days,
            expires_at: self.expires_at,
            message: self.message,
            strict: self.strict,
            silent: self.no_email,
        };
        let import = Arc::new(import::Import::read(&bytes, settings));
        if let Ok(file) = &import.file {
            let said = match file.rows.len() {
                1 => "1 row is read".to_owned(),
                rows => format!("{rows} rows are read"),
            };
            opened.output.note(&said)?;
        }
        let report = if self.dry_run {
            let now = opened.ids.clock().now();
            let read = opened.store.read(move |tx| {
                let import = Arc::clone(&import);
                async move { plan::preview(tx, org, now, &Inviter::operator(), &import).await }
                    .boxed()
            });
            read.await?
        } else {
            let digest = self.plan_digest;
            let context = opened.context();
            let written = change(&opened.store, org, context, move |change| {
                let (import, digest) = (Arc::clone(&import), digest.clone());
                async move {
                    let inviter = Inviter::operator();
                    import::commit(change, &inviter, &import, digest.as_deref()).await
                }
                .boxed()
            });
            written.await?
        };
        print(opened.output, &report)?;
        Ok(match report.outcome {
            ImportOutcome::Committed | ImportOutcome::NothingToDo => Outcome::Done,
            ImportOutcome::Planned => Outcome::WouldChange,
            ImportOutcome::PlanChanged | ImportOutcome::Refused => Outcome::Refused,
        })
    }
}

/// The file's bytes, or standard input's: at most one more than an import takes.
fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let (mut bytes, most) = (Vec::new(), limits::CSV_BYTES as u64 + 1);
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::File(format!(
            "cannot read {}: {error}",
            path.display()
        ))),
    }
}

fn print(output: Output, report: &ImportReport) -> Result<(), Failure> {
    if output.is_json() {
        return Output::line(report);
    }
    let found = report.report.errors.iter().chain(&report.report.warnings);
    let findings: Vec<_> = found.map(shown).collect();
    if !findings.is_empty() {
        let columns = ["row", "column", "kind", "value", "what", "suggestion"];
        output.rows(&findings, &columns)?;
        Output::print("\n")?;
    }
    for row in report.report.rows.iter().filter(|row| row.reason.is_some()) {
        let reason = row.detail.split(';').next().unwrap_or_default();
        output.note(&format!("row {} is skipped: {reason}", row.row))?;
    }
    Output::print(&format!("{}\n", report.summary))?;
    if let Some(id) = report.id {
        Output::print(&format!("import  {id}\n"))?;
    }
    if report.outcome == ImportOutcome::Planned {
        let digest = report.report.plan_digest.as_deref().unwrap_or_default();
        Output::print(&format!("plan digest  {digest}\n"))?;
    }
    Ok(())
}

fn shown(finding: &Finding) -> Value {
    json!({
        "row": finding.row,
        "column": finding.column,
        "kind": if finding.is_error() { "error" } else { "warning" },
        "value": finding.value,
        "what": finding.message,
        "suggestion": finding.suggestion,
    })
}

fn print_template(output: Output, beside: Option<view::Template>) -> Result<Outcome, Failure> {
    let bytes = roster::template::bytes();
    let text = String::from_utf8_lossy(&bytes);
    if output.is_json() {
        Output::line(&json!({"template": text, "beside": beside}))?;
        return Ok(Outcome::Done);
    }
    Output::print(&text)?;
    for (what, choices) in beside
        .iter()
        .flat_map(|it| [("roles", &it.roles), ("projects", &it.projects)])
    {
        let slugs: Vec<_> = choices.iter().map(|choice| choice.slug.as_str()).collect();
        if slugs.is_empty() {
            output.note(&format!("{what}: there are none yet"))?;
        } else {
            output.note(&format!("{what}: {}", slugs.join(", ")))?;
        }
    }
    Ok(Outcome::Done)
}
