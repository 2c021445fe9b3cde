//! `usher config`.

use clap::Subcommand;

use crate::cli::config_code::{Apply, Export, Look};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::config::Config;

/// Settings of this installation, and what admins set up as a file
#[derive(Debug, Subcommand)]
pub(super) enum Settings {
    /// Show each setting with its value, without passwords, and where it comes from
    ///
    /// Defaults come first, then the file, then the environment, then flags.
    ///
    /// Example:
    ///   usher config show
    #[command(verbatim_doc_comment)]
    Show,
    Export(Export),
    Plan(Look),
    Apply(Apply),
}

impl Settings {
    pub(super) async fn run(self, config: Config, output: Output) -> Result<Outcome, Failure> {
        match self {
            Self::Show => {
                output.rows(&config.describe(), &["key", "value", "origin"])?;
                Ok(Outcome::Done)
            }
            Self::Export(export) => {
                let opened = Opened::open(config, output).await?;
                Box::pin(export.run(&opened)).await
            }
            Self::Plan(look) => {
                let opened = Opened::open(config, output).await?;
                Box::pin(look.run(&opened)).await
            }
            Self::Apply(apply) => {
                let opened = Opened::open(config, output).await?;
                Box::pin(apply.run(&opened)).await
            }
        }
    }
}
