//! `usher setup-link`.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use futures_util::FutureExt;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::email::Address;
use crate::directory::setup::Purpose;
use crate::id::{ConnectionId, SetupLinkId};
use crate::provisioning::change;
use crate::provisioning::setup::{self, NewSetupLink};

/// Set-up links: a customer's IT admin, who has no account, brings SAML and SCIM to work by one
#[derive(Debug, Subcommand)]
pub(super) enum SetupLink {
    /// Make a link; it is shown this once
    ///
    /// What is set up by it is in testing: nobody signs in and nothing is provisioned until an admin
    /// at the console, or you, take it live. The link before it for the same purpose is taken back.
    ///
    /// Examples:
    ///   usher setup-link create --org acme
    ///   usher setup-link create --org acme --purpose sign_in --hours 24
    ///   usher setup-link create --org acme --contact it@acme.example
    #[command(verbatim_doc_comment)]
    Create {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// What it covers [default: everything]
        #[arg(long, value_parser = PossibleValuesParser::new(Purpose::WORDS))]
        purpose: Option<String>,
        /// For how many hours it is good, 1 to 720 [default: 72]
        #[arg(long)]
        hours: Option<u16>,
        /// A connection that is in testing [default: the link makes one]
        #[arg(long, value_name = "CONNECTION_ID")]
        connection: Option<ConnectionId>,
        /// Whom it is for: it opens once they say six digits that are mailed there [default: whoever has it]
        #[arg(long, value_name = "EMAIL", value_parser = address)]
        contact: Option<Address>,
    },
    /// List the links of an organization
    ///
    /// Example:
    ///   usher setup-link list --org acme
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
    /// Take a link back
    ///
    /// Example:
    ///   usher setup-link revoke --org acme LINK_ID
    #[command(verbatim_doc_comment)]
    Revoke {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The link
        #[arg(value_name = "LINK_ID")]
        id: SetupLinkId,
    },
}

const COLUMNS: [&str; 7] = [
    "purpose",
    "state",
    "contact_email",
    "connection_id",
    "expires_at",
    "seen_at",
    "id",
];

fn address(said: &str) -> Result<Address, &'static str> {
    Address::parse(said).ok_or("this is no e-mail address")
}

impl SetupLink {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        match self {
            Self::Create {
                org,
                purpose,
                hours,
                connection,
                contact,
            } => {
                let new = NewSetupLink {
                    purpose: purpose.and_then(|word| word.parse().ok()),
                    expires_in_hours: hours,
                    connection_id: connection,
                    contact,
                };
                let (org, url) = (
                    opened.organization(&org).await?,
                    opened.public_url().to_owned(),
                );
                let issued = change(&opened.store, org, opened.context(), move |change| {
                    let (new, url) = (new.clone(), url.clone());
                    async move { setup::issue(change, &new, &url).await }.boxed()
                });
                opened.output.record(&issued.await?)
            }
            Self::List { org } => {
                let (org, now) = (opened.organization(&org).await?, opened.now());
                let read = opened
                    .store
                    .read(move |tx| async move { setup::list(tx, org, now).await }.boxed());
                opened.output.rows(&read.await?, &COLUMNS)
            }
            Self::Revoke { org, id } => {
                let org = opened.organization(&org).await?;
                let revoked = change(&opened.store, org, opened.context(), move |change| {
                    async move { setup::revoke(change, id).await }.boxed()
                });
                opened.output.record(&revoked.await?)
            }
        }
    }
}
