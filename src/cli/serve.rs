//! `usher serve`.

use clap::Args;

use crate::app;
use crate::cli::failure::{Failure, Outcome};
use crate::config::Config;

/// Run the server: SCIM, SAML, the OpenID provider and the admin API on one address
///
/// The database is created and brought up to date first. The server is ready when GET /readyz
/// answers 200; SIGTERM or Ctrl-C lets the requests in flight finish and ends with exit code 0.
///
/// Examples:
///   usher serve
///   usher serve --listen 0.0.0.0:8080 --public-url https://id.example
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Serve {
    /// Where the server listens [environment: USHER_LISTEN]
    #[arg(long, value_name = "ADDRESS", help_heading = "Settings")]
    pub(super) listen: Option<String>,
}

/// Serves until the process is told to stop.
pub(super) async fn run(config: &Config) -> Result<Outcome, Failure> {
    Box::pin(app::serve(config)).await?;
    Ok(Outcome::Done)
}
