//! `usher user`.

use clap::{Args, Subcommand};
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::cli::user_data;
use crate::cli::user_roles::ByHand;
use crate::directory::user::UserState;
use crate::id::{OrganizationId, SessionId, UserId};
use crate::provisioning::people_view::sessions::{self, Session};
use crate::provisioning::people_view::{
    self, Explanation, ProjectRole, User as Person, UserDetail, Wanted, file,
};
use crate::provisioning::{Error, admission, change};
use crate::roster::people;

/// People: who is in, with which role, and why
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// List an organization's people
    ///
    /// Examples:
    ///   usher user list --org acme
    ///   usher user list --org acme --limit 50 --after USER_ID --json
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// Only people after this one, in the order of ids
        #[arg(long, value_name = "USER_ID")]
        after: Option<UserId>,
        /// How many people at most [default: all]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show a person with their ties to connections
    ///
    /// Example:
    ///   usher user show --org acme ada@acme.example
    #[command(verbatim_doc_comment)]
    Show(One),
    /// Tell why a person has the role they have: each grant and its verdict
    ///
    /// Example:
    ///   usher user explain --org acme ada@acme.example
    ///   usher user explain --org acme ada@acme.example --at 2026-11-01T09:00:00Z
    #[command(verbatim_doc_comment)]
    Explain {
        #[command(flatten)]
        one: One,
        /// An instant of the past, in UTC [default: now]
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
    },
    /// Print an organization's people as a CSV file
    ///
    /// Example:
    ///   usher user file --org acme > people.csv
    #[command(verbatim_doc_comment)]
    File {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
    /// List a person's sessions that have not ended
    ///
    /// Example:
    ///   usher user sessions --org acme ada@acme.example
    #[command(verbatim_doc_comment)]
    Sessions(One),
    /// End a person's sessions; apps are told, and they may sign in anew
    ///
    /// To keep somebody out, suspend them.
    ///
    /// Examples:
    ///   usher user sign-out --org acme ada@acme.example
    ///   usher user sign-out --org acme ada@acme.example --session SESSION_ID
    #[command(verbatim_doc_comment)]
    SignOut {
        #[command(flatten)]
        one: One,
        /// That session alone
        #[arg(long, value_name = "SESSION_ID")]
        session: Option<SessionId>,
    },
    /// Shut a person out: no sign-in, no role, and every session ends at once
    ///
    /// Example:
    ///   usher user suspend --org acme ada@acme.example
    #[command(verbatim_doc_comment)]
    Suspend(One),
    /// Lift an admin's suspension; one by the directory stays
    ///
    /// Example:
    ///   usher user reactivate --org acme ada@acme.example
    #[command(verbatim_doc_comment)]
    Reactivate(One),
    #[command(flatten)]
    ByHand(ByHand),
    Export(user_data::Export),
    Erase(user_data::Erase),
}

#[derive(Args, Debug)]
pub(super) struct One {
    /// The organization's slug
    #[arg(long)]
    pub(super) org: String,
    /// The person: an id, or a sign-in address
    pub(super) user: String,
}

/// People that are read at once.
const PAGE: usize = 500;
const GRANTS: [&str; 5] = ["verdict", "role", "projects", "source", "told"];
const SESSIONS: [&str; 5] = [
    "created_at",
    "last_seen_at",
    "expires_at",
    "connection_id",
    "id",
];
const COLUMNS: [&str; 6] = ["email", "display_name", "state", "role", "projects", "id"];

impl User {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let (store, output) = (&opened.store, opened.output);
        match self {
            Self::Export(export) => export.run(opened).await,
            Self::Erase(erase) => erase.run(opened).await,
            Self::List { org, after, limit } => {
                let org = opened.organization(&org).await?;
                let people = everybody(opened, org, after, limit.unwrap_or(usize::MAX)).await?;
                output.rows(&people, &COLUMNS)
            }
            Self::File { org } => {
                let org = opened.organization(&org).await?;
                print_file(opened, org).await
            }
            Self::Sessions(one) => {
                let (org, id) = one.find(opened).await?;
                output.rows(&live_sessions(opened, org, id).await?, &SESSIONS)
            }
            Self::SignOut { one, session } => {
                let (org, id) = one.find(opened).await?;
                let ended = change(store, org, opened.context(), move |change| {
                    async move { sessions::revoke(change, id, session).await }.boxed()
                });
                output.record(&json!({"revoked": ended.await?}))
            }
            Self::Show(one) => {
                let (org, id) = one.find(opened).await?;
                output.record(&show(opened, org, id).await?)
            }
            Self::Explain { one, at } => {
                let (org, id) = one.find(opened).await?;
                told(output, &explain(opened, org, id, at).await?)
            }
            Self::Suspend(one) => {
                let org = opened.organization(&one.org).await?;
                let id = admission::suspend(store, org, opened.context(), &one.user).await?;
                output.record(&show(opened, org, id).await?)
            }
            Self::Reactivate(one) => {
                let org = opened.organization(&one.org).await?;
                let id = admission::reactivate(store, org, opened.context(), &one.user).await?;
                output.record(&show(opened, org, id).await?)
            }
            Self::ByHand(by_hand) => by_hand.run(opened).await,
        }
    }
}

/// What a person holds, and what decided it.
#[derive(Serialize)]
struct Decided<'e> {
    user_id: UserId,
    state: UserState,
    role: Option<&'e str>,
    projects: &'e [ProjectRole],
    because: &'static str,
}

/// An explanation: one document, or what decided and then a line a grant.
fn told(output: Output, explanation: &Explanation) -> Result<(), Failure> {
    if output.is_json() {
        return output.record(explanation);
    }
    output.record(&Decided {
        user_id: explanation.user_id,
        state: explanation.state,
        role: explanation.role.as_deref(),
        projects: &explanation.projects,
        because: explanation.because.source,
    })?;
    let grants = explanation.candidates.iter().map(|grant| {
        json!({
            "verdict": grant.verdict,
            "role": grant.role,
            "projects": grant.projects,
            "source": grant.source,
            "told": grant.told,
        })
    });
    Output::print("\n")?;
    output.rows(&grants.collect::<Vec<_>>(), &GRANTS)
}

impl One {
    async fn find(&self, opened: &Opened) -> Result<(OrganizationId, UserId), Failure> {
        let org = opened.organization(&self.org).await?;
        let named = self.user.clone();
        let found = opened.store.read(move |tx| {
            let named = named.clone();
            async move { Ok::<_, Error>(admission::find(tx, org, &named).await?.id) }.boxed()
        });
        Ok((org, found.await?))
    }
}

async fn everybody(
    opened: &Opened,
    org: OrganizationId,
    mut after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Person>, Failure> {
    let mut all: Vec<Person> = Vec::new();
    while all.len() < limit {
        let size = PAGE.min(limit - all.len());
        let wanted = Wanted {
            after,
            ..Wanted::default()
        };
        let page = opened.store.read(move |tx| {
            let wanted = wanted.clone();
            async move { people_view::list(tx, org, &wanted, size).await }.boxed()
        });
        let page = page.await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let is_last = page.len() < size;
        all.extend(page);
        if is_last {
            break;
        }
    }
    Ok(all)
}

/// Prints the file, a part at a time.
async fn print_file(opened: &Opened, org: OrganizationId) -> Result<(), Failure> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Output::print(&text(people::begin()))?;
    let mut after = None;
    loop {
        let part = opened
            .store
            .read(move |tx| async move { file::part(tx, org, after).await }.boxed());
        let (bytes, next) = part.await.map_err(Failure::from)?;
        Output::print(&text(bytes))?;
        match next {
            Some(id) => after = Some(id),
            None => return Ok(()),
        }
    }
}

async fn live_sessions(
    opened: &Opened,
    org: OrganizationId,
    id: UserId,
) -> Result<Vec<Session>, Failure> {
    let now = opened.now();
    let listed = opened
        .store
        .read(move |tx| async move { sessions::list(tx, org, id, now).await }.boxed());
    Ok(listed.await?)
}

pub(super) async fn show(
    opened: &Opened,
    org: OrganizationId,
    id: UserId,
) -> Result<UserDetail, Failure> {
    let shown = opened
        .store
        .read(move |tx| async move { people_view::show(tx, org, id).await }.boxed());
    Ok(shown.await?)
}

async fn explain(
    opened: &Opened,
    org: OrganizationId,
    id: UserId,
    at: Option<Timestamp>,
) -> Result<Explanation, Failure> {
    let now = opened.ids.clock().now();
    let told = opened
        .store
        .read(move |tx| async move { people_view::explain(tx, org, id, now, at).await }.boxed());
    Ok(told.await?)
}
