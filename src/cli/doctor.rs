//! `usher doctor`.

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
}

/// One check.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    passed: bool,
    detail: String,
}

impl Doctor {
    pub(super) async fn run(self, config: &Config, output: Output) -> Result<Outcome, Failure> {
        let Self::Db = self;
        let checks = database(config).await;
        output.rows(&checks, &["name", "passed", "detail"])?;
        let good = checks.iter().all(|check| check.passed);
        Ok(if good { Outcome::Done } else { Outcome::Failed })
    }
}

/// The checks, each only where the one before it passed.
async fn database(config: &Config) -> Vec<Check> {
    let place = app::place(config);
    let passed = |name, detail: String| Check {
        name,
        passed: true,
        detail,
    };
    let failed = |name, detail: String| Check {
        name,
        passed: false,
        detail,
    };
    if place.file().is_some_and(|file| !file.exists()) {
        let detail = format!("there is nothing at {} yet", config.database.url);
        return vec![failed("reachable", detail)];
    }
    let steps = match Store::migrate(&place, &Direction::Status).await {
        Ok(steps) => steps,
        Err(error) => return vec![failed("reachable", error.to_string())],
    };
    let mut checks = vec![passed("reachable", config.database.url.to_string())];
    let behind = steps.iter().filter(|step| !step.applied).count();
    if behind > 0 {
        let detail = format!("{behind} versions behind: run `usher migrate up`");
        checks.push(failed("up to date", detail));
        return checks;
    }
    checks.push(passed("up to date", format!("{} versions", steps.len())));
    let key_file = config.keys.master_key_file.display();
    checks.push(
        match app::open(config, &app::ids(), Opener::Examiner).await {
            Ok(installation) => {
                let keys = installation.keys.keys().count();
                passed(
                    "master key",
                    format!("{key_file} opens it, and {keys} signing keys"),
                )
            }
            Err(error) => failed("master key", error.to_string()),
        },
    );
    checks
}
