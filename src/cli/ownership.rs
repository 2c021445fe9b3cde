//! `usher org`, what is about the owner.

use clap::Subcommand;
use futures_util::FutureExt;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::policy::{OwnerDeprovision, Policy};
use crate::id::{OrganizationId, TransferId};
use crate::provisioning::change;
use crate::provisioning::invitations::known;
use crate::provisioning::ownership::{self, NewTransfer, Transfer};
use crate::provisioning::settings::policy;

#[derive(Debug, Subcommand)]
pub(super) enum OfOwner {
    /// Transfer the ownership of an organization to one of its admins, who is asked by mail
    ///
    /// With --force the title moves at once, to anybody who is active, and nobody is asked: for an owner who
    /// is gone. Whoever owned the organization is an admin from then on.
    ///
    /// Examples:
    ///   usher org transfer-ownership acme --to bob@acme.example
    ///   usher org transfer-ownership acme --to bob@acme.example --force --reason "Ada left"
    #[command(verbatim_doc_comment)]
    TransferOwnership {
        /// The organization's slug
        slug: String,
        /// The person: an id, or a sign-in address
        #[arg(long, value_name = "USER")]
        to: String,
        /// Move the title at once
        #[arg(long, requires = "reason")]
        force: bool,
        /// Why; it is kept with the event
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// List the transfers of ownership of an organization
    ///
    /// Example:
    ///   usher org transfers acme
    #[command(verbatim_doc_comment)]
    Transfers {
        /// The organization's slug
        slug: String,
    },
    /// Cancel a transfer of ownership
    ///
    /// Example:
    ///   usher org cancel-transfer acme TRANSFER_ID
    #[command(verbatim_doc_comment)]
    CancelTransfer {
        /// The organization's slug
        slug: String,
        /// The transfer
        #[arg(value_name = "TRANSFER_ID")]
        id: TransferId,
    },
    /// Confirm another owner, whom an admin asked for in place of one who cannot act
    ///
    /// The title moves at once. Make sure of it first: whoever asked had a key of the organization, and no more.
    ///
    /// Example:
    ///   usher org confirm-transfer acme TRANSFER_ID
    #[command(verbatim_doc_comment)]
    ConfirmTransfer {
        /// The organization's slug
        slug: String,
        /// The transfer
        #[arg(value_name = "TRANSFER_ID")]
        id: TransferId,
    },
    /// Show an organization's policy, or say what becomes of it when a directory turns the owner away
    ///
    /// Examples:
    ///   usher org policy acme
    ///   usher org policy acme --owner-deprovision refuse
    #[command(verbatim_doc_comment)]
    Policy {
        /// The organization's slug
        slug: String,
        /// suspend: like anybody, with the title kept; refuse: the request is answered 409
        #[arg(long, value_name = "WORD")]
        owner_deprovision: Option<OwnerDeprovision>,
    },
}

const COLUMNS: [&str; 6] = [
    "created_at",
    "state",
    "email",
    "expires_at",
    "begun_by",
    "id",
];

/// Transfers that are read at once.
const PAGE: usize = 500;

impl OfOwner {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        match self {
            Self::TransferOwnership {
                slug,
                to,
                force,
                reason,
            } => begin(opened, &slug, NewTransfer { to, reason, force }).await,
            Self::Transfers { slug } => list(opened, &slug).await,
            Self::CancelTransfer { slug, id } => {
                let org = opened.organization(&slug).await?;
                let done = change(&opened.store, org, opened.context(), move |change| {
                    async move { ownership::cancel(change, id).await }.boxed()
                });
                done.await?;
                show(opened, org, id).await
            }
            Self::ConfirmTransfer { slug, id } => {
                let org = opened.organization(&slug).await?;
                let done = change(&opened.store, org, opened.context(), move |change| {
                    async move { ownership::confirm(change, id).await }.boxed()
                });
                done.await?;
                show(opened, org, id).await
            }
            Self::Policy {
                slug,
                owner_deprovision,
            } => set_policy(opened, &slug, owner_deprovision).await,
        }
    }
}

async fn begin(opened: &Opened, slug: &str, wanted: NewTransfer) -> Result<(), Failure> {
    let org = opened.organization(slug).await?;
    let begun = change(&opened.store, org, opened.context(), move |change| {
        let wanted = wanted.clone();
        async move { ownership::begin(change, &wanted, true).await }.boxed()
    });
    show(opened, org, begun.await?).await
}

async fn show(opened: &Opened, org: OrganizationId, id: TransferId) -> Result<(), Failure> {
    let now = opened.now();
    let shown = opened
        .store
        .read(move |tx| async move { ownership::show(tx, org, id, now).await }.boxed());
    opened.output.record(&shown.await?)
}

async fn list(opened: &Opened, slug: &str) -> Result<(), Failure> {
    let (org, now) = (opened.organization(slug).await?, opened.now());
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let read = opened.store.read(move |tx| {
            async move { ownership::list(tx, org, after, PAGE, now).await }.boxed()
        });
        let page: Vec<Transfer> = read.await.map_err(Failure::from)?;
        after = page.last().map(|it| it.id);
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return opened.output.rows(&all, &COLUMNS);
        }
    }
}

async fn set_policy(
    opened: &Opened,
    slug: &str,
    wanted: Option<OwnerDeprovision>,
) -> Result<(), Failure> {
    let org = opened.organization(slug).await?;
    let policy: Policy = match wanted {
        None => {
            let read = opened
                .store
                .read(move |tx| async move { known::policy(tx, org).await }.boxed());
            read.await.map_err(Failure::from)?
        }
        Some(owner_deprovision) => {
            let set = change(&opened.store, org, opened.context(), move |change| {
                async move {
                    let next = Policy {
                        owner_deprovision,
                        ..known::policy(change.tx, change.org).await?
                    };
                    policy::replace(change, true, next).await
                }
                .boxed()
            });
            set.await?
        }
    };
    opened.output.record(&policy)
}
