//! `usher webhook`.

use std::io::{self, IsTerminal};
use std::path::Path;

use clap::{Args, Subcommand};
use futures_util::FutureExt;
use url::Url;

use crate::cli::arguments::{text, word};
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::webhook::{Format, Posting};
use crate::id::{EventId, OrganizationId, WebhookId};
use crate::outbound::{self, Target};
use crate::provisioning::change;
use crate::provisioning::settings::webhook_deliveries;
use crate::provisioning::settings::webhooks::{
    self, NewWebhook, Types, Webhook as Shown, WebhookChange,
};

/// Webhooks: where an organization's events are posted to, as Standard Webhooks has it
///
/// Each post is signed: whoever gets it checks the signature by the secret that `create` shows once. One
/// that is not answered by a 2xx status is tried again, ten times within three days; `deliveries` tells
/// how it went. The server posts; these commands only say what is to be posted where.
#[derive(Debug, Subcommand)]
pub(super) enum Webhook {
    /// Set up a webhook; its secret is shown this once
    ///
    /// Examples:
    ///   usher webhook create --org acme --url https://app.example/hooks
    ///   usher webhook create --org acme --url https://app.example/hooks \
    ///     --type user.created --type user.deleted
    ///   usher webhook create --org acme --url - < url.txt
    ///   usher webhook create --org acme --url https://app.example/events --format caep
    #[command(verbatim_doc_comment)]
    Create(Create),
    /// List an organization's webhooks, without their secrets
    ///
    /// Example:
    ///   usher webhook list --org acme
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
    /// Show a webhook: whether its posts fail, and since when
    ///
    /// Example:
    ///   usher webhook show --org acme ID
    #[command(verbatim_doc_comment)]
    Show(Named),
    /// Change a webhook; what is not named stays
    ///
    /// What waits to be posted goes to the new URL, too.
    ///
    /// Examples:
    ///   usher webhook update --org acme ID --url https://app.example/other
    ///   usher webhook update --org acme ID --type user.created
    ///   usher webhook update --org acme ID --all-types
    #[command(verbatim_doc_comment)]
    Update(Update),
    /// Delete a webhook; what it is owed is not posted any more
    ///
    /// Example:
    ///   usher webhook delete --org acme ID
    #[command(verbatim_doc_comment)]
    Delete(Named),
    /// Give a webhook a fresh secret, which is shown this once
    ///
    /// The one before signs, too, for a day more, so that the receiver can be given the new one without a
    /// gap; with --now it is over at once.
    ///
    /// Examples:
    ///   usher webhook rotate-secret --org acme ID
    ///   usher webhook rotate-secret --org acme --now ID
    #[command(verbatim_doc_comment)]
    RotateSecret {
        #[command(flatten)]
        webhook: Named,
        /// Sign by the secret before no more, since others know it
        #[arg(long)]
        now: bool,
    },
    /// Let the server post an event of the type webhook.test
    ///
    /// Example:
    ///   usher webhook test --org acme ID
    #[command(verbatim_doc_comment)]
    Test(Named),
    /// Post to a webhook again that was disabled; what it missed is for `redeliver`
    ///
    /// Example:
    ///   usher webhook enable --org acme ID
    #[command(verbatim_doc_comment)]
    Enable(Named),
    /// List what a webhook was sent and is owed, the latest event first
    ///
    /// What it took is kept for 7 days, what it did not take for 90.
    ///
    /// Examples:
    ///   usher webhook deliveries --org acme ID
    ///   usher webhook deliveries --org acme ID --state failed
    #[command(verbatim_doc_comment)]
    Deliveries {
        #[command(flatten)]
        webhook: Named,
        /// Those in this state
        #[arg(long, value_parser = word::<Posting>(Posting::WORDS))]
        state: Option<Posting>,
        /// How many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Go on after the delivery of this event
        #[arg(long, value_name = "EVENT_ID")]
        after: Option<EventId>,
    },
    /// Post events once more, by their numbers in the feed; they keep their ids
    ///
    /// Also those that the webhook missed while it was disabled or not there yet. At most 1,000.
    ///
    /// Examples:
    ///   usher webhook redeliver --org acme ID --seq 41
    ///   usher webhook redeliver --org acme ID --from 41 --to 99
    #[command(verbatim_doc_comment)]
    Redeliver {
        #[command(flatten)]
        webhook: Named,
        /// The number of one event
        #[arg(long, required_unless_present_all = ["from", "to"], conflicts_with_all = ["from", "to"])]
        seq: Option<i64>,
        /// The number of the first event
        #[arg(long, requires = "to")]
        from: Option<i64>,
        /// The number of the last event
        #[arg(long, requires = "from")]
        to: Option<i64>,
    },
}

/// One webhook.
#[derive(Args, Debug)]
pub(super) struct Named {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// The webhook's id
    id: WebhookId,
}

/// A webhook to be.
#[derive(Args, Debug)]
pub(super) struct Create {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// Where events are posted to, by https; - for standard input. It is not shown again
    #[arg(long)]
    url: String,
    /// A name for people [default: the host]
    #[arg(long)]
    name: Option<String>,
    /// A type of events; may be given several times [default: all of the feed]
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// standard, or caep: who may come in no more, as security event tokens
    #[arg(long, default_value = "standard", value_parser = word::<Format>(Format::WORDS))]
    format: Format,
}

/// What is to change of a webhook.
#[derive(Args, Debug)]
pub(super) struct Update {
    #[command(flatten)]
    webhook: Named,
    /// Where events are posted to, by https; - for standard input
    #[arg(long)]
    url: Option<String>,
    /// A name for people
    #[arg(long)]
    name: Option<String>,
    /// A type of events; may be given several times
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "all_types")]
    types: Vec<String>,
    /// Post every event of the feed
    #[arg(long)]
    all_types: bool,
}

const SHOWN_ONCE: &str = "The secret is shown this once; keep it safe.";

const POSTED_SOON: &str = "The server posts it now; `usher webhook deliveries` tells how it went.";

const COLUMNS: [&str; 7] = [
    "id",
    "name",
    "host",
    "types",
    "state",
    "failing_since",
    "last_success_at",
];

const DELIVERIES: [&str; 7] = [
    "seq",
    "type",
    "state",
    "attempts",
    "next_try_at",
    "last_status",
    "last_reply",
];

impl Webhook {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let output = opened.output;
        match self {
            Self::Create(new) => Box::pin(new.run(opened)).await,
            Self::List { org } => {
                let (org, now) = (opened.organization(&org).await?, opened.now());
                let listed = opened
                    .store
                    .read(move |tx| async move { webhooks::list(tx, org, now).await }.boxed());
                output.rows(&listed.await?, &COLUMNS)
            }
            Self::Show(named) => output.record(&named.shown(opened).await?),
            Self::Update(update) => Box::pin(update.run(opened)).await,
            Self::Delete(named) => Box::pin(named.delete(opened)).await,
            Self::RotateSecret { webhook, now } => Box::pin(webhook.rotate(opened, now)).await,
            Self::Test(named) => Box::pin(named.test(opened)).await,
            Self::Enable(named) => Box::pin(named.enable(opened)).await,
            Self::Deliveries {
                webhook,
                state,
                limit,
                after,
            } => {
                let (its, most) = (webhook.found(opened).await?, usize::from(limit));
                let listed = opened.store.read(move |tx| {
                    async move { webhook_deliveries::deliveries(tx, its, state, after, most).await }
                        .boxed()
                });
                output.rows(&listed.await?, &DELIVERIES)
            }
            Self::Redeliver {
                webhook,
                seq,
                from,
                to,
            } => {
                let stretch = (seq.or(from).unwrap_or(0), seq.or(to).unwrap_or(0));
                Box::pin(webhook.redeliver(opened, stretch)).await
            }
        }
    }
}

impl Named {
    async fn found(&self, opened: &Opened) -> Result<(OrganizationId, WebhookId), Failure> {
        Ok((opened.organization(&self.org).await?, self.id))
    }

    async fn shown(&self, opened: &Opened) -> Result<Shown, Failure> {
        let ((org, id), now) = (self.found(opened).await?, opened.now());
        let shown = opened
            .store
            .read(move |tx| async move { webhooks::show(tx, org, id, now).await }.boxed());
        Ok(shown.await?)
    }

    async fn delete(&self, opened: &Opened) -> Result<(), Failure> {
        let (org, id) = self.found(opened).await?;
        let deleted = change(&opened.store, org, opened.context(), move |change| {
            async move { webhooks::delete(change, id).await }.boxed()
        });
        opened.output.record(&deleted.await?)
    }

    async fn rotate(&self, opened: &Opened, now: bool) -> Result<(), Failure> {
        let (org, id) = self.found(opened).await?;
        let keys = opened.links.secrets.clone();
        let rotated = change(&opened.store, org, opened.context(), move |change| {
            let keys = keys.clone();
            async move { webhooks::rotate_secret(change, &keys, id, now).await }.boxed()
        });
        let rotated = rotated.await?;
        opened.output.note(SHOWN_ONCE)?;
        opened.output.record(&rotated)
    }

    async fn test(&self, opened: &Opened) -> Result<(), Failure> {
        let (org, id) = self.found(opened).await?;
        let owed = change(&opened.store, org, opened.context(), move |change| {
            async move { webhook_deliveries::test(change, id).await }.boxed()
        });
        let owed = owed.await?;
        opened.output.note(POSTED_SOON)?;
        opened.output.record(&owed)
    }

    async fn enable(&self, opened: &Opened) -> Result<(), Failure> {
        let (org, id) = self.found(opened).await?;
        let enabled = change(&opened.store, org, opened.context(), move |change| {
            async move { webhooks::enable(change, id).await }.boxed()
        });
        opened.output.record(&enabled.await?)
    }

    async fn redeliver(&self, opened: &Opened, (from, to): (i64, i64)) -> Result<(), Failure> {
        let (org, id) = self.found(opened).await?;
        let again = change(&opened.store, org, opened.context(), move |change| {
            async move { webhook_deliveries::redeliver(change, id, from, to).await }.boxed()
        });
        opened.output.record(&again.await?)
    }
}

impl Create {
    async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let new = NewWebhook {
            url: target(opened, &self.url)?,
            by_operator: true,
            name: self.name,
            types: (!self.types.is_empty()).then_some(self.types),
            format: self.format,
        };
        let org = opened.organization(&self.org).await?;
        let keys = opened.links.secrets.clone();
        let created = change(&opened.store, org, opened.context(), move |change| {
            let (keys, new) = (keys.clone(), new.clone());
            async move { webhooks::create(change, &keys, new).await }.boxed()
        });
        let created = created.await?;
        opened.output.note(SHOWN_ONCE)?;
        opened.output.record(&created)
    }
}

impl Update {
    async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let (org, id) = self.webhook.found(opened).await?;
        let url = self.url.map(|url| target(opened, &url)).transpose()?;
        let types = (!self.types.is_empty()).then_some(Types::These(self.types));
        let wanted = WebhookChange {
            url: url.map(|url| (url, true)),
            name: self.name,
            types: if self.all_types {
                Some(Types::All)
            } else {
                types
            },
        };
        let keys = opened.links.secrets.clone();
        let updated = change(&opened.store, org, opened.context(), move |change| {
            let (keys, wanted) = (keys.clone(), wanted.clone());
            async move { webhooks::update(change, &keys, id, wanted).await }.boxed()
        });
        opened.output.record(&updated.await?)
    }
}

/// The URL of an option, or what stands at standard input.
fn target(opened: &Opened, url: &str) -> Result<Url, Failure> {
    let read = if url == "-" {
        if io::stdin().is_terminal() {
            opened
                .output
                .note("Paste the URL, then press Enter and Ctrl-D.")?;
        }
        text(Path::new("-"))?
    } else {
        url.to_owned()
    };
    // The URL is a secret: what is wrong is said without it.
    allowed(opened, read.trim()).map_err(|why| Failure::Usage(format!("--url: {why}")))
}

/// Where the operator lets events be posted to: a public place, or one that the settings allow.
pub(super) fn allowed(opened: &Opened, text: &str) -> Result<Url, String> {
    let rules = &opened.config.outbound;
    let named = Url::parse(text).ok();
    let named = named.and_then(|url| Target::of(&url).ok());
    let is_named = named.is_some_and(|target| rules.names(&target.host, target.address));
    outbound::settable(text, rules.allow_private_targets || is_named)
}
