//! `usher events`.

use clap::Args;
use futures_util::FutureExt;

use crate::cli::arguments::word;
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::directory::event::EventKind;
use crate::provisioning::feed::{self, Wanted};

/// Print an organization's events, one JSON document a line, in the order of their numbers
///
/// The numbers have no gaps: a reader who has seen 41 goes on with --after 41.
///
/// Examples:
///   usher events --org acme
///   usher events --org acme --after 41 --limit 10
///   usher events --org acme --types user.role_changed,user.suspended
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Events {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// Only events after this number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: i64,
    /// How many events at most [default: all there are now]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Only events of these types [default: all]
    #[arg(long, value_name = "TYPE", value_delimiter = ',', value_parser = word::<EventKind>(EventKind::WORDS), hide_possible_values = true)]
    types: Vec<EventKind>,
}

/// Events that are read at once.
const PAGE: usize = 500;

impl Events {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let org = opened.organization(&self.org).await?;
        let (mut after, mut left) = (self.after, self.limit.unwrap_or(usize::MAX));
        while left > 0 {
            let size = PAGE.min(left);
            let wanted = Wanted {
                after,
                kinds: self.types.clone(),
                limit: size,
                as_admin: true,
            };
            let page = opened.store.read(move |tx| {
                let wanted = wanted.clone();
                async move { feed::read(tx, org, &wanted).await }.boxed()
            });
            let page = page.await?;
            after = page.next;
            left -= page.data.len();
            for event in &page.data {
                Output::line(event)?;
            }
            if page.data.len() < size {
                break;
            }
        }
        Ok(())
    }
}
