//! `usher migrate`.

use clap::Subcommand;

use crate::app;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;
use crate::config::Config;
use crate::store::{Direction, Store};

/// The tables' versions: look at them, go up, go down
#[derive(Debug, Subcommand)]
pub(super) enum Migrate {
    /// Show which versions the database has
    ///
    /// Example:
    ///   usher migrate status
    #[command(verbatim_doc_comment)]
    Status,
    /// Bring the database up to date; `usher serve` does so by itself
    ///
    /// Example:
    ///   usher migrate up
    #[command(verbatim_doc_comment)]
    Up,
    /// Take the database back to a version; what newer versions keep is lost
    ///
    /// Example:
    ///   usher migrate down --to 1 --yes
    #[command(verbatim_doc_comment)]
    Down {
        /// The version that stays; 0 drops everything
        #[arg(long, value_name = "N")]
        to: u16,
        /// Do it without being asked
        #[arg(long)]
        yes: bool,
    },
}

impl Migrate {
    pub(super) async fn run(self, config: &Config, output: Output) -> Result<Outcome, Failure> {
        let direction = match self {
            Self::Status => Direction::Status,
            Self::Up => Direction::Up,
            Self::Down { yes: false, .. } => {
                let advice = "going down loses data: back the database up, then add --yes";
                return Err(Failure::Usage(advice.to_owned()));
            }
            Self::Down { to, yes: true } => Direction::DownTo(format!("{to:04}")),
        };
        let place = app::place(config);
        let steps = if direction == Direction::Status && place.file().is_some_and(|f| !f.exists()) {
            // Looking must not make the file.
            return Err(Failure::File(format!(
                "there is no database at {}",
                config.database.url
            )));
        } else {
            Store::migrate(&place, &direction).await?
        };
        output.rows(&steps, &["version", "applied"])?;
        Ok(Outcome::Done)
    }
}
