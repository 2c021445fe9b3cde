//! `usher key`.

use clap::Subcommand;

use crate::cli::app::algorithm;
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::scope::{EVERYTHING, Scopes};
use crate::oidc::keys::Algorithm;
use crate::provisioning::settings::keys;
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

const COLUMNS: [&str; 5] = ["kid", "alg", "state", "published_at", "published_until"];

impl Key {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let (org, scopes) = match self {
            Self::Issue { org, scopes } => (org, scopes),
            Self::ListSigning => {
                let keys = signing_keys::list(&opened.store).await?;
                return opened.output.rows(&keys, &COLUMNS);
            }
            Self::RotateSigning { alg, now } => {
                let (context, secrets) = (opened.context(), &opened.links.secrets);
                let asked = alg.map_or_else(|| Algorithm::ALL.to_vec(), |alg| vec![alg]);
                let rotated =
                    signing_keys::rotate(&opened.store, &context, secrets, &asked, now).await?;
                return opened.output.rows(&rotated, &COLUMNS);
            }
        };
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
