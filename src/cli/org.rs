//! `usher org`.

use clap::Subcommand;
use futures_util::FutureExt;

use crate::cli::break_glass::BreakGlassArgs;
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::cli::ownership::OfOwner;
use crate::cli::share_webhook::ShareWebhook;
use crate::provisioning::change;
use crate::provisioning::settings::organizations::{self, NewOrganization, OrganizationChange};

/// Organizations: the tenants; everything else belongs to one
#[derive(Debug, Subcommand)]
pub(super) enum Org {
    /// Create an organization with the roles owner, admin, editor and viewer
    ///
    /// With --owner the first owner is created, too, and a link is printed that lets them in at the
    /// console, once and for 72 hours. No connection may sign the owner in until
    /// `usher connection confirm-owner` says so.
    ///
    /// Examples:
    ///   usher org create acme
    ///   usher org create acme --name "Acme Inc." --owner ada@acme.example
    #[command(verbatim_doc_comment)]
    Create {
        /// The organization's name in URLs and tokens: a-z, 0-9 and -, fixed for life
        slug: String,
        /// The name for people [default: the slug]
        #[arg(long)]
        name: Option<String>,
        /// The first owner's e-mail address
        #[arg(long, value_name = "EMAIL")]
        owner: Option<String>,
    },
    /// List the organizations
    ///
    /// Example:
    ///   usher org list --json
    #[command(verbatim_doc_comment)]
    List,
    /// Show one organization
    ///
    /// Example:
    ///   usher org show acme
    #[command(verbatim_doc_comment)]
    Show {
        /// The organization's slug
        slug: String,
    },
    /// Give an organization another name for people
    ///
    /// Example:
    ///   usher org rename acme "Acme Inc."
    #[command(verbatim_doc_comment)]
    Rename {
        /// The organization's slug
        slug: String,
        /// Its name for people
        name: String,
    },
    BreakGlass(BreakGlassArgs),
    #[command(subcommand)]
    ShareWebhook(ShareWebhook),
    #[command(flatten)]
    OfOwner(OfOwner),
}

impl Org {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let store = &opened.store;
        match self {
            Self::Create { slug, name, owner } => {
                let new = NewOrganization { slug, name, owner };
                opened.output.record(
                    &organizations::create(store, opened.context(), new, opened.public_url())
                        .await?,
                )
            }
            Self::List => {
                let all = organizations::list(store).await?;
                opened
                    .output
                    .rows(&all, &["slug", "name", "default_role", "owner", "id"])
            }
            Self::Show { slug } => opened
                .output
                .record(&organizations::show(store, &slug).await?),
            Self::Rename { slug, name } => {
                let org = opened.organization(&slug).await?;
                let wanted = OrganizationChange { name };
                let renamed = change(store, org, opened.context(), move |change| {
                    let wanted = wanted.clone();
                    async move { organizations::rename(change, &wanted).await }.boxed()
                });
                opened.output.record(&renamed.await?)
            }
            Self::BreakGlass(wanted) => wanted.run(opened).await,
            Self::ShareWebhook(webhook) => webhook.run(opened).await,
            Self::OfOwner(of_owner) => of_owner.run(opened).await,
        }
    }
}
