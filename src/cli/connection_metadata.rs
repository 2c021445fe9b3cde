//! `usher connection metadata`.

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::metadata::client;
use crate::cli::opened::Opened;
use crate::id::ConnectionId;
use crate::provisioning::metadata;
use crate::worker::metadata::fetch;

/// What is done about published metadata; nothing, and they are only shown.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(super) struct MetadataStep {
    /// Trust what waits for a yes and has this digest, which is shown with it
    #[arg(long, value_name = "DIGEST")]
    apply: Option<String>,
    /// Say no to it: it is not proposed again
    #[arg(long, value_name = "DIGEST")]
    dismiss: Option<String>,
    /// Read the metadata again, now
    #[arg(long)]
    refresh_now: bool,
}

impl MetadataStep {
    pub(super) async fn run(self, opened: &Opened, id: ConnectionId) -> Result<(), Failure> {
        let (store, context) = (&opened.store, opened.context());
        let shown = if let Some(digest) = &self.apply {
            metadata::apply(store, context, id, digest).await?
        } else if let Some(digest) = &self.dismiss {
            metadata::dismiss(store, context, id, digest).await?
        } else {
            if self.refresh_now {
                let client = client(&opened.config.outbound)?;
                let claim = metadata::claim_of(store, &opened.ids, id).await?;
                let arrived = fetch(&client, &claim).await;
                metadata::finish(store, context, &claim, arrived).await?;
            }
            metadata::show(store, id).await?
        };
        opened.output.record(&shown)
    }
}
