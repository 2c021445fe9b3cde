//! `usher link`.

use clap::{Args, Subcommand};
use futures_util::FutureExt;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::link::LinkState;
use crate::id::{MailCodeId, ScimUserId, UserId};
use crate::provisioning::links::proof::{self, Proved};
use crate::provisioning::links::{self, Moved, Said};
use crate::provisioning::{Change, Error, admission, change};

/// Resources of directories that are nobody's: whose they are
#[derive(Debug, Subcommand)]
pub(super) enum Link {
    /// List the resources that are nobody's, with the person for whom each is proposed
    ///
    /// Examples:
    ///   usher link list --org acme
    ///   usher link list --org acme --state proposed --json
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// Only those that are this: proposed, rejected or unlinked [default: all]
        #[arg(long, value_name = "STATE")]
        state: Option<LinkState>,
    },
    /// Approve a proposed link: the directory adopts the person
    ///
    /// Example:
    ///   usher link approve --org acme SCIM_ID --reason "she is the Ada of the directory"
    #[command(verbatim_doc_comment)]
    Approve(One),
    /// Reject a proposed link: the resource is nobody's
    ///
    /// Example:
    ///   usher link reject --org acme SCIM_ID --reason "another Ada"
    #[command(verbatim_doc_comment)]
    Reject(One),
    /// Say whose a resource is that is nobody's
    ///
    /// Example:
    ///   usher link move --org acme SCIM_ID --to bob@acme.example --reason "Bob's second account"
    #[command(verbatim_doc_comment)]
    Move {
        #[command(flatten)]
        one: One,
        /// The person: an id, or a sign-in address
        #[arg(long, value_name = "USER")]
        to: String,
    },
    /// List the links that people proved to be theirs, to sign in with their own role
    ///
    /// Example:
    ///   usher link confirmations --org acme
    #[command(verbatim_doc_comment)]
    Confirmations {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
    /// Say yes to one of them in the owner's place, or no
    ///
    /// Examples:
    ///   usher link confirm --org acme ID
    ///   usher link confirm --org acme ID --refuse
    #[command(verbatim_doc_comment)]
    Confirm {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The id of the question
        id: MailCodeId,
        /// Say no
        #[arg(long)]
        refuse: bool,
    },
}

#[derive(Args, Clone, Debug)]
pub(super) struct One {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// The resource
    #[arg(value_name = "SCIM_ID")]
    id: ScimUserId,
    /// Why; it is kept with the event
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The version that was looked at: where it is another one by now, nothing is done
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
}

/// What is said of a resource.
#[derive(Clone)]
enum Word {
    Approve,
    Move(String),
    Reject,
}

const COLUMNS: [&str; 9] = [
    "state",
    "user_name",
    "external_id",
    "connection",
    "address",
    "email",
    "because",
    "since",
    "scim_id",
];

impl Link {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let (one, word) = match self {
            Self::List { org, state } => return list(opened, &org, state).await,
            Self::Confirmations { org } => return confirmations(opened, &org).await,
            Self::Confirm { org, id, refuse } => return confirm(opened, &org, id, !refuse).await,
            Self::Approve(one) => (one, Word::Approve),
            Self::Reject(one) => (one, Word::Reject),
            Self::Move { one, to } => (one, Word::Move(to)),
        };
        let (org, id) = (opened.organization(&one.org).await?, one.id);
        let changed = change(&opened.store, org, opened.context(), move |change| {
            let (one, word) = (one.clone(), word.clone());
            async move { decide(change, one, word).await }.boxed()
        });
        changed.await?;
        let shown = opened
            .store
            .read(move |tx| async move { links::show(tx, org, id).await }.boxed());
        opened.output.record(&shown.await?)
    }
}

async fn decide(change: &mut Change<'_>, one: One, word: Word) -> Result<(), Error> {
    let One {
        id,
        reason,
        version,
        org: _,
    } = one;
    match word {
        Word::Approve => links::approve(change, id, &Said { reason, version }, true).await,
        Word::Reject => links::reject(change, id, &Said { reason, version }).await,
        Word::Move(to) => {
            let user_id = person(change, &to).await?;
            let moved = Moved {
                user_id,
                reason,
                version,
            };
            links::relocate(change, id, &moved, true).await
        }
    }
}

async fn person(change: &mut Change<'_>, named: &str) -> Result<UserId, Error> {
    Ok(admission::find(change.tx, change.org, named).await?.id)
}

async fn list(opened: &Opened, org: &str, state: Option<LinkState>) -> Result<(), Failure> {
    let org = opened.organization(org).await?;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let read = opened
            .store
            .read(move |tx| async move { links::list(tx, org, state, after, PAGE).await }.boxed());
        let page: Vec<links::Link> = read.await.map_err(Failure::from)?;
        after = page.last().map(|link| link.scim_id);
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return opened.output.rows(&all, &COLUMNS);
        }
    }
}

/// Resources that are read at once.
const PAGE: usize = 500;

const PROVED: [&str; 5] = ["email", "name_id", "connection_id", "expires_at", "id"];

async fn confirmations(opened: &Opened, org: &str) -> Result<(), Failure> {
    let (org, now) = (opened.organization(org).await?, opened.now());
    let read = opened
        .store
        .read(move |tx| async move { proof::waiting(tx, org, now).await }.boxed());
    let all: Vec<Proved> = read.await.map_err(Failure::from)?;
    opened.output.rows(&all, &PROVED)
}

async fn confirm(opened: &Opened, org: &str, id: MailCodeId, is_yes: bool) -> Result<(), Failure> {
    let org = opened.organization(org).await?;
    let done = change(&opened.store, org, opened.context(), move |change| {
        async move { proof::decide(change, id, is_yes, true).await }.boxed()
    });
    done.await?;
    let shown = opened
        .store
        .read(move |tx| async move { proof::show(tx, org, id).await }.boxed());
    opened.output.record(&shown.await?)
}
