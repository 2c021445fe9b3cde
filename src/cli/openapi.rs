//! `usher openapi`.

use clap::Args;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;
use crate::http::admin;

/// Print the OpenAPI 3.1 document of the admin API
///
/// It is the one that the server gives at /api/v1/openapi.json.
///
/// Example:
///   usher openapi > openapi.json
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct OpenApi {}

/// Prints the document, in either form of output.
pub(super) fn run() -> Result<Outcome, Failure> {
    Output::line(&admin::openapi())?;
    Ok(Outcome::Done)
}
