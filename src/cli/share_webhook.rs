//! `usher org share-webhook`.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::arguments::text;
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::outbound;
use crate::provisioning::invitations::hook;

/// The incoming webhook, as Slack has them, that shared invitations are posted to
#[derive(Debug, Subcommand)]
pub(super) enum ShareWebhook {
    /// Set it; its URL is a secret and not shown again, so that no flag takes it
    ///
    /// Examples:
    ///   usher org share-webhook set acme webhook.txt
    ///   usher org share-webhook set acme < webhook.txt
    #[command(verbatim_doc_comment)]
    Set {
        /// The organization's slug
        slug: String,
        /// The file with the URL; standard input unless said
        #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
        file: PathBuf,
    },
    /// Show its host, and since when it is set
    ///
    /// Example:
    ///   usher org share-webhook show acme
    #[command(verbatim_doc_comment)]
    Show {
        /// The organization's slug
        slug: String,
    },
    /// Remove it; what was not posted yet is not posted
    ///
    /// Example:
    ///   usher org share-webhook remove acme
    #[command(verbatim_doc_comment)]
    Remove {
        /// The organization's slug
        slug: String,
    },
}

impl ShareWebhook {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let (store, output) = (&opened.store, opened.output);
        let (slug, url) = match self {
            Self::Show { slug } => {
                let org = opened.organization(&slug).await?;
                return output.record(&hook::show(store, org).await?);
            }
            Self::Set { slug, file } => {
                if file.as_os_str() == "-" && io::stdin().is_terminal() {
                    output.note("Paste the URL, then press Enter and Ctrl-D.")?;
                }
                let private = opened.config.outbound.allow_private_targets;
                let url = outbound::settable(text(&file)?.trim(), private);
                // The URL is a secret: what is wrong is said without it.
                let url = url.map_err(|why| Failure::Usage(format!("the webhook's URL: {why}")))?;
                (slug, Some(url))
            }
            Self::Remove { slug } => (slug, None),
        };
        let org = opened.organization(&slug).await?;
        let set = hook::set(store, opened.context(), &opened.links, org, url).await?;
        output.record(&set)
    }
}
