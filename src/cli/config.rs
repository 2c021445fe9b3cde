//! `usher config`.

use clap::Subcommand;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;
use crate::config::Config;

/// Settings: defaults, then the file, then the environment, then flags
#[derive(Debug, Subcommand)]
pub(super) enum Show {
    /// Show each setting with its value, without passwords, and where it comes from
    ///
    /// Example:
    ///   usher config show
    #[command(verbatim_doc_comment)]
    Show,
}

impl Show {
    pub(super) fn run(self, config: &Config, output: Output) -> Result<Outcome, Failure> {
        let Self::Show = self;
        output.rows(&config.describe(), &["key", "value", "origin"])?;
        Ok(Outcome::Done)
    }
}
