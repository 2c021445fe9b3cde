//! `usher key`.

use clap::Subcommand;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::scope::{EVERYTHING, Scopes};
use crate::provisioning::settings::keys;

/// Keys: bearers of the admin API, for programs
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Issue a key; it is shown this once
    ///
    /// Without --org it is a key of the operator and good for every organization.
    ///
    /// A key with connections:write can make credentials that push people by SCIM: give it to nobody
    /// who may not do that.
    ///
    /// Examples:
    ///   usher key issue --org acme
    ///   usher key issue --org acme --scopes users:read,events:read
    #[command(verbatim_doc_comment)]
    Issue {
        /// The organization's slug
        #[arg(long)]
        org: Option<String>,
        /// What it may do, such as users:read,events:read [default: everything]
        #[arg(long, value_name = "SCOPE", value_delimiter = ',', num_args = 1..)]
        scopes: Vec<String>,
    },
}

impl Key {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let Self::Issue { org, scopes } = self;
        let words = if scopes.is_empty() {
            EVERYTHING.to_owned()
        } else {
            scopes.join(" ")
        };
        let scopes: Scopes = words
            .parse()
            .map_err(|error| Failure::Usage(format!("--scopes {words}: {error}, or *")))?;
        let org = match org {
            Some(slug) => Some(opened.organization(&slug).await?),
            None => None,
        };
        let issued = keys::issue(&opened.store, opened.context(), org, scopes).await?;
        opened
            .output
            .note("The key is shown this once; keep it safe.")?;
        opened.output.record(&issued)
    }
}
