//! `usher org break-glass`.

use clap::Args;
use futures_util::FutureExt;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::limits;
use crate::provisioning::break_glass::{self, NewBreakGlass};
use crate::provisioning::change;

/// Let the owner sign in without a connection for a while, or show whether they can
///
/// The link is shown this once: hand it to the owner in person, or by any channel but their mailbox. With it, and
/// with a code that is mailed to their own address, they sign in with their own role, for an hour at a time.
/// Admins and the operator are told by mail, now and each time that it is used.
///
/// Examples:
///   usher org break-glass acme
///   usher org break-glass acme --for 8h --reason "Okta is down"
///   usher org break-glass acme --off
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct BreakGlassArgs {
    /// The organization's slug
    slug: String,
    /// Open it for so long: hours, 168h at most
    #[arg(long = "for", value_name = "HOURS", requires = "reason", value_parser = hours)]
    hours: Option<u16>,
    /// Why; it is kept with the event, and told to the admins
    #[arg(long, value_name = "TEXT", requires = "hours")]
    reason: Option<String>,
    /// Close it: the link is dead, and what was begun by it ends
    #[arg(long, conflicts_with_all = ["hours", "reason"])]
    off: bool,
}

/// `24h`, or `24`.
fn hours(text: &str) -> Result<u16, String> {
    let most = limits::BREAK_GLASS_HOURS_AT_MOST;
    let number = text.strip_suffix('h').unwrap_or(text).parse().ok();
    let number = number.filter(|hours| (1..=most).contains(hours));
    number.ok_or_else(|| format!("expected 1h to {most}h"))
}

impl BreakGlassArgs {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let org = opened.organization(&self.slug).await?;
        let (store, context) = (&opened.store, opened.context());
        if let Some(reason) = self.reason {
            let wanted = NewBreakGlass {
                hours: self.hours,
                reason,
            };
            let public_url = opened.public_url().to_owned();
            let opening = change(store, org, context, move |change| {
                let (wanted, public_url) = (wanted.clone(), public_url.clone());
                async move { break_glass::open(change, &wanted, &public_url).await }.boxed()
            });
            return opened.output.record(&opening.await?);
        }
        if self.off {
            let closing = change(store, org, context, |change| {
                async move { break_glass::close(change).await }.boxed()
            });
            closing.await?;
        }
        let now = opened.now();
        let shown =
            store.read(move |tx| async move { break_glass::show(tx, org, now).await }.boxed());
        opened.output.record(&shown.await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_a_number_with_or_without_its_unit() {
        for (text, expected) in [
            ("24h", Some(24)),
            ("1", Some(1)),
            ("168h", Some(168)),
            ("169h", None),
            ("0h", None),
            ("2d", None),
            ("h", None),
            ("-1h", None),
        ] {
            assert_eq!(hours(text).ok(), expected, "{text}");
        }
    }
}
