//! `usher user export` and `usher user erase`: what is kept of a person is handed out, or goes.

use clap::Args;
use futures_util::FutureExt;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::id::{OrganizationId, UserId};
use crate::provisioning::{Error, admission, change, erase, user_export};

/// Print everything that is kept of a person, as one JSON document
///
/// Example:
///   usher user export --org acme ada@acme.example > ada.json
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Export {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// The person: an id, or a sign-in address
    user: String,
}

/// Erase everything personal that is kept of a person, for good
///
/// The person must be suspended or deleted. That somebody was there, and what was done, stays; their name,
/// addresses, resources, sign-ins and invitations go, and a directory that names them again makes a new
/// person. Backups are not touched.
///
/// Example:
///   usher user erase --org acme ada@acme.example --reason "request of 2026-11-20" --yes
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Erase {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// The person: an id, or a sign-in address
    user: String,
    /// Why: it is kept in the audit log, so that it should name nobody
    #[arg(long)]
    reason: String,
    /// Do it: there is no way back
    #[arg(long)]
    yes: bool,
}

impl Export {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let org = opened.organization(&self.org).await?;
        let (id, now) = (find(opened, org, &self.user).await?, opened.now());
        let export = opened
            .store
            .read(move |tx| async move { user_export::export(tx, org, id, now).await }.boxed());
        crate::cli::output::Output::line(&export.await?)
    }
}

impl Erase {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        if !self.yes {
            let why = "what is erased does not come back; add --yes to do it";
            return Err(Failure::Usage(why.to_owned()));
        }
        let org = opened.organization(&self.org).await?;
        let id = find(opened, org, &self.user).await?;
        let reason = self.reason;
        let erased = change(&opened.store, org, opened.context(), move |change| {
            let reason = reason.clone();
            async move { erase::erase(change, id, &reason).await }.boxed()
        });
        opened.output.record(&erased.await?)
    }
}

async fn find(opened: &Opened, org: OrganizationId, named: &str) -> Result<UserId, Failure> {
    let named = named.to_owned();
    let found = opened.store.read(move |tx| {
        let named = named.clone();
        async move { Ok::<_, Error>(admission::find(tx, org, &named).await?.id) }.boxed()
    });
    Ok(found.await?)
}
