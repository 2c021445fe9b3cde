//! `usher console-link`.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::provisioning::console;

/// Print a link that lets you in at the console, once
///
/// It is the operator's, and good for 15 minutes: whoever opens it may do everything in every
/// organization. With --org it lets that organization's owner in, for 72 hours, and the link
/// before it is good no more.
///
/// Examples:
///   usher console-link
///   usher console-link --org acme
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct ConsoleLink {
    /// The organization's slug
    #[arg(long)]
    org: Option<String>,
}

#[derive(Serialize)]
struct Printed {
    url: String,
    expires_at: Timestamp,
}

impl ConsoleLink {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let org = match &self.org {
            Some(slug) => Some(opened.organization(slug).await?),
            None => None,
        };
        let issued = console::issue(&opened.store, opened.context(), org).await?;
        opened.output.record(&Printed {
            url: issued.url(opened.public_url()),
            expires_at: issued.expires_at,
        })
    }
}
