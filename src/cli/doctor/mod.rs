//! `usher doctor`.

mod links;
mod mail;
mod records;

use clap::Subcommand;
use serde::Serialize;

use crate::app;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;
use crate::config::Config;
use crate::provisioning::installation::Opener;
use crate::store::{Direction, Store};

/// Find out what is wrong
#[derive(Debug, Subcommand)]
pub(super) enum Doctor {
    /// Check the database: reachable, up to date, opened by the master key
    ///
    /// Exit code 1 where a check fails. Nothing is changed.
    ///
    /// Example:
    ///   usher doctor db
    #[command(verbatim_doc_comment)]
    Db,
    /// Check where links lead: the public URL, and each organization's alternate one
    ///
    /// Each must answer, and be this Usher by its signing keys. Exit code 1 where one is not.
    ///
    /// Example:
    ///   usher doctor links
    #[command(verbatim_doc_comment)]
    Links,
    /// Check the way of mail: the relay or the folder, the sender, and its SPF, DKIM and DMARC
    ///
    /// The records of the sender's domain are looked up where mail goes to a relay; of each is told
    /// what to publish. Exit code 1 where a check fails. What was not checked, since no name server
    /// answers or no selector is named, is neither passed nor failed.
    ///
    /// Examples:
    ///   usher doctor mail --selector s1
    ///   usher doctor mail --to me@acme.example
    #[command(verbatim_doc_comment)]
    Mail(mail::Asked),
}

/// One check.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    /// Nothing where it was not checked.
    passed: Option<bool>,
    detail: String,
}

impl Check {
    fn passed(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Some(true), detail)
    }

    fn failed(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Some(false), detail)
    }

    fn new(name: &'static str, passed: Option<bool>, detail: impl Into<String>) -> Self {
        Self {
            name,
            passed,
            detail: detail.into(),
        }
    }
}

impl Doctor {
    pub(super) async fn run(self, config: &Config, output: Output) -> Result<Outcome, Failure> {
        let checks = match self {
            Self::Db => database(config).await,
            Self::Links => links::checks(config).await,
            Self::Mail(asked) => mail::checks(config, &asked).await,
        };
        output.rows(&checks, &["name", "passed", "detail"])?;
        let good = checks.iter().all(|check| check.passed != Some(false));
        Ok(if good { Outcome::Done } else { Outcome::Failed })
    }
}

/// The checks, each only where the one before it passed.
async fn database(config: &Config) -> Vec<Check> {
    let place = app::place(config);
    if place.file().is_some_and(|file| !file.exists()) {
        let detail = format!("there is nothing at {} yet", config.database.url);
        return vec![Check::failed("reachable", detail)];
    }
    let steps = match Store::migrate(&place, &Direction::Status).await {
        Ok(steps) => steps,
        Err(error) => return vec![Check::failed("reachable", error.to_string())],
    };
    let mut checks = vec![Check::passed("reachable", config.database.url.to_string())];
    let behind = steps.iter().filter(|step| !step.applied).count();
    if behind > 0 {
        let detail = format!("{behind} versions behind: run `usher migrate up`");
        checks.push(Check::failed("up to date", detail));
        return checks;
    }
    checks.push(Check::passed(
        "up to date",
        format!("{} versions", steps.len()),
    ));
    let key_file = config.keys.master_key_file.display();
    checks.push(
        match app::open(config, &app::ids(), Opener::Examiner).await {
            Ok(installation) => {
                let keys = installation.keys.keys().count();
                Check::passed(
                    "master key",
                    format!("{key_file} opens it, and {keys} signing keys"),
                )
            }
            Err(error) => Check::failed("master key", error.to_string()),
        },
    );
    checks
}
