//! `usher conformance`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use usher_conformance::report::Report;
use usher_conformance::{Http, Options, Target};

use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;

/// Ask a server whether it keeps to the standards
#[derive(Debug, Subcommand)]
pub(super) enum Conformance {
    /// Check any SCIM 2.0 server: RFC 7643, RFC 7644, RFC 9865, and what identity providers send
    ///
    /// It reads the server's discovery, skips what the server does not offer, names everything it
    /// makes `conformance-...` and takes it away again, also on Ctrl-C. Point it at a tenant for
    /// tests all the same. Exit code 1 where a requirement does not hold.
    ///
    /// Examples:
    ///   usher conformance scim --base-url https://idp.example/scim/v2 --token-file token
    ///   usher conformance scim --base-url URL --token T --only P20,F03 --junit scim.xml
    #[command(verbatim_doc_comment)]
    Scim(Scim),
}

/// The server, and what to check.
#[derive(Args, Debug)]
pub(super) struct Scim {
    /// The SCIM base URL, to which /Users is appended
    #[arg(long, value_name = "URL")]
    base_url: String,
    /// The bearer token; whoever can list processes can read it, so better use --token-file
    #[arg(long, value_name = "T", required_unless_present = "token_file")]
    token: Option<String>,
    /// The file that has the bearer token; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    token_file: Option<PathBuf>,
    /// Only these requirements, such as P20,F03
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// The letter of the standard: leave out what only the field asks for, allow no tolerance
    #[arg(long)]
    rfc: bool,
    /// Write the report as JSON to this file; without a file, print it in place of the table
    #[arg(
        id = "json",
        long,
        num_args = 0..=1,
        default_missing_value = "-",
        value_name = "FILE",
        help_heading = "Output"
    )]
    document: Option<PathBuf>,
    /// Write the report as JUnit XML to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    junit: Option<PathBuf>,
}

impl Conformance {
    pub(super) async fn run(self, output: Output) -> Result<Outcome, Failure> {
        let Self::Scim(scim) = self;
        scim.run(output).await
    }
}

impl Scim {
    async fn run(self, output: Output) -> Result<Outcome, Failure> {
        let base = self.base_url.trim_end_matches('/');
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(Failure::Usage(
                "--base-url is an http or https URL".to_owned(),
            ));
        }
        let http = Http::new().map_err(|error| Failure::File(error.to_string()))?;
        let target = Target {
            transport: Arc::new(http),
            base: base.to_owned(),
            token: self.token()?,
        };
        let options = Options {
            only: self.only.clone(),
            rfc: self.rfc,
        };
        let interrupted = async { drop(tokio::signal::ctrl_c().await) };
        let checked = usher_conformance::scim(target, &options, interrupted).await;
        let report = checked.map_err(|error| match error {
            usher_conformance::Error::Unknown(_) => Failure::Usage(error.to_string()),
            usher_conformance::Error::Unreachable(_) => Failure::File(error.to_string()),
        })?;
        self.tell(&report, output)?;
        let good = report.failed == 0 && !report.interrupted && report.left.is_empty();
        Ok(if good { Outcome::Done } else { Outcome::Failed })
    }

    fn token(&self) -> Result<String, Failure> {
        let text = match (&self.token, &self.token_file) {
            (Some(token), _) => Ok(token.clone()),
            (None, Some(file)) if file == Path::new("-") => {
                std::io::read_to_string(std::io::stdin())
            }
            (None, file) => std::fs::read_to_string(file.clone().unwrap_or_default()),
        };
        let text =
            text.map_err(|error| Failure::File(format!("cannot read the token: {error}")))?;
        Ok(text.trim().to_owned())
    }

    fn tell(&self, report: &Report, output: Output) -> Result<(), Failure> {
        if let Some(file) = &self.junit {
            write(file, &report.junit())?;
        }
        if let Some(file) = self.document.as_deref().filter(|it| *it != Path::new("-")) {
            let text = serde_json::to_string_pretty(report)
                .map_err(|error| Failure::File(format!("cannot write the report: {error}")))?;
            write(file, &(text + "\n"))?;
        }
        if output.is_json() {
            return Output::line(report);
        }
        Output::print(&report.text(output.has_colour()))
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let written = std::fs::write(file, text);
    written.map_err(|error| Failure::File(format!("cannot write {}: {error}", file.display())))
}
