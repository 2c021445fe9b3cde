//! `usher sign-ins`.

use clap::Args;
use futures_util::FutureExt;

use crate::cli::arguments::word;
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::sign_in::SignInOutcome;
use crate::id::{ConnectionId, SignInId};
use crate::provisioning::settings::connections;
use crate::provisioning::sign_in_log;
use crate::store::rows::WantedSignIns;

/// Sign-ins by SAML, the latest first: who came in, who did not, and which check said no
///
/// Every attempt is kept for 30 days, one whose signature was not found good for a day; of refusals,
/// 30 a minute of a connection. Addresses are masked.
///
/// Examples:
///   usher sign-ins --connection ID
///   usher sign-ins --connection ID --outcome refused --limit 5
///   usher sign-ins --connection ID --show SIGN_IN
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct SignIns {
    /// The connection
    #[arg(long, value_name = "ID")]
    connection: ConnectionId,
    /// Only those that ended so
    #[arg(long, value_parser = word::<SignInOutcome>(SignInOutcome::WORDS))]
    outcome: Option<SignInOutcome>,
    /// Only those that were refused for this reason, such as audience_mismatch
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// The checks of this one instead
    #[arg(long, value_name = "SIGN_IN", conflicts_with_all = ["outcome", "reason"])]
    show: Option<SignInId>,
}

const COLUMNS: [&str; 6] = [
    "time",
    "outcome",
    "reason",
    "started_at_provider",
    "subject",
    "id",
];
const CHECKS: [&str; 5] = ["check", "result", "expected", "arrived", "detail"];

impl SignIns {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let org = connections::find(&opened.store, self.connection)
            .await?
            .org_id;
        if let Some(id) = self.show {
            let read = opened
                .store
                .read(move |tx| async move { sign_in_log::show(tx, org, id).await }.boxed());
            return opened.output.rows(&read.await?.checks, &CHECKS);
        }
        let wanted = WantedSignIns {
            connection: Some(self.connection),
            outcome: self.outcome,
            reason: self.reason,
            after: None,
        };
        let limit = i64::from(self.limit);
        let read = opened.store.read(move |tx| {
            let wanted = wanted.clone();
            async move { sign_in_log::list(tx, org, &wanted, limit).await }.boxed()
        });
        opened.output.rows(&read.await?, &COLUMNS)
    }
}
