//! `usher key`.

use clap::Subcommand;
use futures_util::FutureExt;
use jiff::SignedDuration;

use crate::cli::app::algorithm;
use crate::cli::arguments::lifetime;
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::scope::Scopes;
use crate::id::{ApiKeyId, OrganizationId};
use crate::oidc::keys::Algorithm;
use crate::provisioning::settings::keys::{self, KeyRevocation, NewKey};
use crate::provisioning::signing_keys;

/// Keys: bearers of the admin API, for programs; and those that sign tokens for apps
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
    ///   usher key issue --org acme --name "Nightly report" --expires 90d
    ///   usher key issue --org acme --scopes users:read,events:read
    #[command(verbatim_doc_comment)]
    Issue {
        /// The organization's slug
        #[arg(long)]
        org: Option<String>,
        /// What it may do, such as users:read,events:read [default: everything]
        #[arg(long, value_name = "SCOPE", value_delimiter = ',', num_args = 1..)]
        scopes: Vec<String>,
        /// What people call it
        #[arg(long)]
        name: Option<String>,
        /// How long it lives, such as 90d or 1y [default: until it is revoked]
        #[arg(long, value_name = "TIME", value_parser = lifetime)]
        expires: Option<SignedDuration>,
    },
    /// List the keys of the admin API, without their secrets
    ///
    /// Without --org the operator's.
    ///
    /// Example:
    ///   usher key list --org acme
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: Option<String>,
    },
    /// Revoke a key of the admin API, for good
    ///
    /// Without --org one of the operator's.
    ///
    /// Example:
    ///   usher key revoke --org acme KEY_ID
    #[command(verbatim_doc_comment)]
    Revoke {
        /// The organization's slug
        #[arg(long)]
        org: Option<String>,
        /// The key
        #[arg(value_name = "KEY_ID")]
        id: ApiKeyId,
        /// And the keys that it issued, and theirs in turn: for one that is in somebody else's hands
        #[arg(long)]
        with_issued: bool,
    },
    /// List the keys that sign tokens for apps
    ///
    /// Example:
    ///   usher key list-signing
    #[command(verbatim_doc_comment)]
    ListSigning,
    /// Sign tokens for apps with the next key from now on
    ///
    /// The next key is published for some minutes before it may sign, so that every app has it; the
    /// one before stays published for a day, while its tokens may come back. A running server sees it
    /// at once, and no token is refused.
    ///
    /// With --now, for a key that somebody else has: all keys of the algorithm are new, the next one
    /// too, and each token that the old ones signed is refused from now on. Apps read the new set when
    /// they meet the new key; until then, 5 minutes at most, they may take what the old ones sign.
    ///
    /// Examples:
    ///   usher key rotate-signing
    ///   usher key rotate-signing --alg RS256 --now
    #[command(verbatim_doc_comment)]
    RotateSigning {
        /// The keys of this algorithm alone [default: all]
        #[arg(long, value_parser = algorithm())]
        alg: Option<Algorithm>,
        /// The current key is compromised
        #[arg(long)]
        now: bool,
    },
}

const SIGNING: [&str; 5] = ["kid", "alg", "state", "published_at", "published_until"];
const COLUMNS: [&str; 7] = [
    "name",
    "state",
    "scopes",
    "last4",
    "last_used_at",
    "expires_at",
    "id",
];

impl Key {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        match self {
            Self::Issue {
                org,
                scopes,
                name,
                expires,
            } => {
                let days = expires.map(|life| life.as_hours() / 24);
                let new = NewKey {
                    name,
                    scopes,
                    expires_in_days: days.and_then(|days| u16::try_from(days).ok()),
                };
                issue(opened, org.as_deref(), new).await
            }
            Self::List { org } => {
                let (org, now) = (of(opened, org.as_deref()).await?, opened.now());
                let read = opened
                    .store
                    .read(move |tx| async move { keys::list(tx, org, now).await }.boxed());
                let all: Vec<keys::Key> = read.await.map_err(Failure::from)?;
                opened.output.rows(&all, &COLUMNS)
            }
            Self::Revoke {
                org,
                id,
                with_issued,
            } => {
                let how = KeyRevocation { with_issued };
                let (org, context) = (of(opened, org.as_deref()).await?, opened.context());
                let revoked = keys::revoke(&opened.store, context, org, (id, how)).await?;
                opened.output.record(&revoked)
            }
            Self::ListSigning => {
                let keys = signing_keys::list(&opened.store).await?;
                opened.output.rows(&keys, &SIGNING)
            }
            Self::RotateSigning { alg, now } => {
                let (context, secrets) = (opened.context(), &opened.links.secrets);
                let asked = alg.map_or_else(|| Algorithm::ALL.to_vec(), |alg| vec![alg]);
                let rotated =
                    signing_keys::rotate(&opened.store, &context, secrets, &asked, now).await?;
                opened.output.rows(&rotated, &SIGNING)
            }
        }
    }
}

/// The organization of a slug; none is the operator.
async fn of(opened: &Opened, slug: Option<&str>) -> Result<Option<OrganizationId>, Failure> {
    Ok(match slug {
        Some(slug) => Some(opened.organization(slug).await?),
        None => None,
    })
}

async fn issue(opened: &Opened, org: Option<&str>, new: NewKey) -> Result<(), Failure> {
    let words = new.scopes.join(" ");
    if let Err(error) = words.parse::<Scopes>() {
        let text = format!("--scopes {words}: {error}, or *");
        return Err(Failure::Usage(text));
    }
    let org = of(opened, org).await?;
    let issued = keys::issue(&opened.store, opened.context(), org, new).await?;
    opened
        .output
        .note("The key is shown this once; keep it safe.")?;
    opened.output.record(&issued)
}
