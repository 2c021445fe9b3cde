//! `usher scim`.

mod replay;

use clap::Subcommand;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::id::{ConnectionId, ScimRequestId};
use crate::provisioning::request_log::view;
use crate::provisioning::settings::connections;
use crate::store::rows::WantedRequests;
use crate::store::types::Time;

/// What identity providers asked by SCIM, what they were answered and why, and the same again
///
/// The log keeps every write and every refusal for 30 days; of reads that succeed one in a hundred.
/// Secrets, what filters compare with, and attributes that no schema knows are left out.
#[derive(Debug, Subcommand)]
pub(super) enum Scim {
    /// List what a connection's identity provider asked, the latest first
    ///
    /// Examples:
    ///   usher scim requests --connection ID
    ///   usher scim requests --connection ID --failed --limit 5
    #[command(verbatim_doc_comment)]
    Requests {
        /// The connection
        #[arg(long, value_name = "ID")]
        connection: ConnectionId,
        /// Only those that were refused, within a bulk request too
        #[arg(long)]
        failed: bool,
        /// Only those that were answered with this status
        #[arg(long, value_name = "N", conflicts_with = "failed")]
        status: Option<u16>,
        /// Only those with this method
        #[arg(long, value_name = "M")]
        method: Option<String>,
        /// Only those that did not come before, such as 2026-01-31T12:00:00Z
        #[arg(long, value_name = "TIME")]
        since: Option<Timestamp>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Show one request, with what is kept of its body
    ///
    /// Its id is what the answer told as X-Request-Id.
    ///
    /// Example:
    ///   usher scim request ID
    #[command(verbatim_doc_comment)]
    Request {
        /// The request's id
        #[arg(value_name = "ID")]
        id: ScimRequestId,
    },
    Replay(replay::Replay),
}

const COLUMNS: [&str; 8] = [
    "time",
    "method",
    "path",
    "status",
    "scim_type",
    "detail",
    "token",
    "id",
];

/// Lost requests are told of this time.
const TOLD: SignedDuration = SignedDuration::from_hours(24);

impl Scim {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        match self {
            Self::Requests {
                connection,
                failed,
                status,
                method,
                since,
                limit,
            } => {
                let wanted = WantedRequests {
                    connection: Some(connection),
                    status: status.map(i64::from),
                    failed,
                    method: method.map(|it| it.to_ascii_uppercase()),
                    since: since.map(Time),
                    ..WantedRequests::default()
                };
                requests(opened, connection, wanted, limit).await?;
            }
            Self::Request { id } => {
                let shown = opened
                    .store
                    .read(move |tx| async move { view::show_any(tx, id).await }.boxed());
                show(opened, &shown.await?)?;
            }
            Self::Replay(replay) => return replay.run(opened).await,
        }
        Ok(Outcome::Done)
    }
}

async fn requests(
    opened: &Opened,
    connection: ConnectionId,
    wanted: WantedRequests,
    limit: usize,
) -> Result<(), Failure> {
    let org = connections::find(&opened.store, connection).await?.org_id;
    let since = opened.ids.clock().now() - TOLD;
    let read = opened.store.read(move |tx| {
        let wanted = wanted.clone();
        async move {
            let found = view::list(tx, org, &wanted, limit).await?;
            let counts = view::counts(tx, org, Some(connection), since).await?;
            Ok::<_, crate::provisioning::Error>((found, counts))
        }
        .boxed()
    });
    let (found, counts) = read.await?;
    opened.output.rows(&found, &COLUMNS)?;
    let lost: i64 = counts.iter().map(|it| it.lost).sum();
    if lost > 0 {
        let note =
            format!("{lost} more of the last 24 hours were not kept: too many came at once.");
        opened.output.note(&note)?;
    }
    Ok(())
}

/// For people a body is one line as it was sent, not a table of its members.
fn show(opened: &Opened, shown: &view::ScimRequestDetail) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Shown<'a> {
        #[serde(flatten)]
        request: &'a view::ScimRequest,
        headers: &'a Value,
        body: Option<String>,
        body_bytes: i64,
        body_omitted: &'a Option<String>,
        left_out: &'a [String],
        not_replayable: &'a Option<String>,
    }
    if opened.output.is_json() {
        return opened.output.record(shown);
    }
    opened.output.record(&Shown {
        request: &shown.request,
        headers: &shown.headers,
        body: shown.body.as_ref().map(Value::to_string),
        body_bytes: shown.body_bytes,
        body_omitted: &shown.body_omitted,
        left_out: &shown.left_out,
        not_replayable: &shown.not_replayable,
    })
}
