//! `usher safeguard`.

use clap::{Args, Subcommand};
use futures_util::FutureExt;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::id::{ConnectionId, ImportId, OrganizationId, SafeguardId};
use crate::limits;
use crate::provisioning::change;
use crate::provisioning::safeguards::view::{self, SafeguardView};
use crate::provisioning::safeguards::{self, Decision, Planned};
use crate::provisioning::settings::connections;
use crate::provisioning::undo::{self, Undo, Window};

/// Safeguards: what a directory took away or gave all at once
#[derive(Debug, Subcommand)]
pub(super) enum Safeguard {
    /// List the safeguards that tripped, with what they hold
    ///
    /// Example:
    ///   usher safeguard list --org acme
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
    /// Approve what a safeguard holds: it is done now
    ///
    /// Examples:
    ///   usher safeguard approve --org acme SAFEGUARD_ID
    ///   usher safeguard approve --org acme SAFEGUARD_ID --digest DIGEST
    #[command(verbatim_doc_comment)]
    Approve {
        #[command(flatten)]
        one: One,
        /// The digest that `usher safeguard list` told: where the directory said more since, nothing is done
        #[arg(long, allow_hyphen_values = true)]
        digest: Option<String>,
    },
    /// Reject what a safeguard holds: it is not done until the directory says something else
    ///
    /// Example:
    ///   usher safeguard reject --org acme SAFEGUARD_ID
    #[command(verbatim_doc_comment)]
    Reject(One),
    /// Say until when a connection's removals are planned, and how long a hold waits
    ///
    /// Example:
    ///   usher safeguard plan --connection ID --until 2026-12-01T18:00:00Z
    #[command(verbatim_doc_comment)]
    Plan {
        /// The connection
        #[arg(long, value_name = "ID")]
        connection: ConnectionId,
        /// Until when removals are not counted, at most 7 days ahead [default: they are]
        #[arg(long, value_name = "TIME")]
        until: Option<jiff::Timestamp>,
        /// How many minutes a hold waits for a decision
        #[arg(long, value_name = "N", default_value_t = limits::SAFEGUARD_HOLD_MINUTES)]
        hold_minutes: i64,
    },
    /// Show where what directories say and what is in force differ
    ///
    /// Example:
    ///   usher safeguard drift --org acme
    #[command(verbatim_doc_comment)]
    Drift {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
    /// Undo what a request, an import, or a connection within a window did to people
    ///
    /// Without --digest it tells what it would do and changes nothing: exit code 4 where it would.
    ///
    /// Examples:
    ///   usher safeguard undo --org acme --request REQUEST_ID
    ///   usher safeguard undo --org acme --import IMPORT_ID
    ///   usher safeguard undo --org acme --connection ID --from TIME --to TIME --digest DIGEST
    #[command(verbatim_doc_comment)]
    Undo(Undoing),
}

#[derive(Args, Debug)]
pub(super) struct One {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// The safeguard
    #[arg(value_name = "SAFEGUARD_ID")]
    id: SafeguardId,
}

#[derive(Args, Debug)]
pub(super) struct Undoing {
    /// The organization's slug
    #[arg(long)]
    org: String,
    /// The request, as events name their cause
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["connection", "import"],
        required_unless_present_any = ["connection", "import"]
    )]
    request: Option<String>,
    /// The import: who has not come is not invited any more, who has come loses what it gave
    #[arg(long, value_name = "ID", conflicts_with = "connection")]
    import: Option<ImportId>,
    /// The connection
    #[arg(long, value_name = "ID", requires = "from")]
    connection: Option<ConnectionId>,
    /// The beginning of the window
    #[arg(long, value_name = "TIME")]
    from: Option<jiff::Timestamp>,
    /// The end of the window [default: now]
    #[arg(long, value_name = "TIME")]
    to: Option<jiff::Timestamp>,
    /// The digest of the plan that was shown: do it
    #[arg(long, allow_hyphen_values = true)]
    digest: Option<String>,
}

const COLUMNS: [&str; 7] = [
    "tripped_at",
    "kind",
    "state",
    "people",
    "threshold",
    "id",
    "digest",
];

impl Safeguard {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let output = opened.output;
        match self {
            Self::List { org } => {
                let org = opened.organization(&org).await?;
                let all = opened
                    .store
                    .read(move |tx| async move { view::list(tx, org).await }.boxed());
                let all: Vec<SafeguardView> = all.await.map_err(Failure::from)?;
                output.rows(&all, &COLUMNS)?;
            }
            Self::Approve { one, digest } => decide(opened, one, Decision::Approve(digest)).await?,
            Self::Reject(one) => decide(opened, one, Decision::Reject).await?,
            Self::Plan {
                connection,
                until,
                hold_minutes,
            } => {
                let org = connections::find(&opened.store, connection).await?.org_id;
                let planned = Planned {
                    planned_until: until,
                    hold_minutes: Some(hold_minutes),
                };
                let set = change(&opened.store, org, opened.context(), move |change| {
                    let planned = planned.clone();
                    async move { safeguards::plan_change(change, connection, &planned).await }
                        .boxed()
                });
                output.record(&set.await?)?;
            }
            Self::Drift { org } => {
                let org = opened.organization(&org).await?;
                let drift = opened
                    .store
                    .read(move |tx| async move { view::drift(tx, org).await }.boxed());
                output.record(&drift.await?)?;
            }
            Self::Undo(undoing) => return undo(opened, undoing).await,
        }
        Ok(Outcome::Done)
    }
}

async fn decide(opened: &Opened, one: One, decision: Decision) -> Result<(), Failure> {
    let (org, id) = (opened.organization(&one.org).await?, one.id);
    let decided = change(&opened.store, org, opened.context(), move |change| {
        let decision = decision.clone();
        async move { safeguards::decide(change, id, &decision).await }.boxed()
    });
    decided.await?;
    opened.output.record(&show(opened, org, id).await?)
}

async fn show(
    opened: &Opened,
    org: OrganizationId,
    id: SafeguardId,
) -> Result<SafeguardView, Failure> {
    let shown = opened
        .store
        .read(move |tx| async move { view::show(tx, org, id).await }.boxed());
    Ok(shown.await?)
}

async fn undo(opened: &Opened, asked: Undoing) -> Result<Outcome, Failure> {
    let org = opened.organization(&asked.org).await?;
    let window = asked.connection.zip(asked.from);
    let wanted = Undo {
        request_id: asked.request,
        window: window.map(|(connection_id, from)| Window {
            connection_id,
            from,
            to: asked.to,
        }),
        import_id: asked.import,
        digest: asked.digest,
    };
    let does = wanted.digest.is_some();
    let told = change(&opened.store, org, opened.context(), move |change| {
        let wanted = wanted.clone();
        async move {
            if wanted.digest.is_some() {
                undo::apply(change, &wanted).await
            } else {
                undo::outlook(change, &wanted).await
            }
        }
        .boxed()
    });
    let told = told.await?;
    opened.output.record(&told)?;
    let ends = !told.revoked.is_empty() || !told.ended.is_empty();
    let changes = ends || !told.plan.people.is_empty();
    Ok(if changes && !does {
        Outcome::WouldChange
    } else {
        Outcome::Done
    })
}
