//! Imports: a file of people becomes invitations, all of them or none, in one transaction.
//!
//! - [`plan`](mod@plan): what would become of each row, by the rules of single invitations
//! - [`view`]: the answer, and imports that were committed
//!
//! A plan that was shown is bound to the one that is carried out by its digest. Whoever plans in a
//! change holds the organization's row, so nobody invites the same people between the look and the
//! write, and a plan cannot be overtaken.

use serde::Serialize;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::invitation::State;
use crate::id::ImportId;
use crate::provisioning::invitations::{self, Inviter};
use crate::provisioning::{Change, Error};
use crate::roster::{File, Finding, Report};
use crate::store::rows::ImportRow;
use crate::store::types::Doc;

mod judge;
pub mod plan;
pub mod view;

pub use plan::{Plan, plan};
pub use view::{ImportOutcome, ImportReport};

/// What goes for the whole file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Settings {
    /// In how many days the invitations expire.
    pub expires_in_days: Option<i64>,
    /// When they expire: a time or a date; seven days where neither is said.
    pub expires_at: Option<String>,
    /// What the inviter adds.
    pub message: Option<String>,
    /// Whether an address that comes again with another role or other projects is an error.
    pub strict: bool,
    /// Whether invitations are only made, and not mailed.
    pub silent: bool,
}

/// A file that was read, and what goes for it.
#[derive(Clone, Debug)]
pub struct Import {
    /// The file, or why it cannot be read.
    pub file: Result<File, Vec<Finding>>,
    /// What goes for the whole of it.
    pub settings: Settings,
}

impl Import {
    /// Reads a file.
    pub fn read(bytes: &[u8], settings: Settings) -> Self {
        Self {
            file: crate::roster::read(bytes),
            settings,
        }
    }
}

/// Invites everybody whom the file names, or nobody. With the digest of a plan that was shown, only
/// if it is still the plan.
pub async fn commit(
    change: &mut Change<'_>,
    inviter: &Inviter,
    import: &Import,
    digest: Option<&str>,
) -> Result<ImportReport, Error> {
    let Plan {
        report,
        invitations,
    } = plan(change.tx, change.org, change.now, inviter, import).await?;
    let shown = digest.is_none_or(|digest| report.plan_digest.as_deref() == Some(digest));
    let outcome = if !shown {
        ImportOutcome::PlanChanged
    } else if report.is_refused() {
        ImportOutcome::Refused
    } else if invitations.is_empty() {
        ImportOutcome::NothingToDo
    } else {
        ImportOutcome::Committed
    };
    if outcome != ImportOutcome::Committed {
        return Ok(ImportReport::new(outcome, None, report));
    }
    if inviter.bounded {
        invitations::bounds(change, None, invitations.len() as u64).await?;
    }
    let id = keep(change, import, &report).await?;
    let mut drafts = Vec::with_capacity(invitations.len());
    for planned in invitations {
        if let Some(expired) = planned.replaces {
            invitations::close(change, expired, State::Superseded, "superseded").await?;
        }
        let mut draft = planned.draft;
        draft.import = Some(id);
        drafts.push(draft);
    }
    for draft in drafts {
        invitations::write(change, inviter, draft).await?;
    }
    let data = json!({
        "import_id": id,
        "total": report.total,
        "created": report.created,
        "skipped": report.skipped,
        "warnings": report.warnings.len(),
    });
    change.record(EventKind::ImportCompleted, data);
    Ok(ImportReport::new(outcome, Some(id), report))
}

/// Writes the import's own row, with what became of each row of the file.
async fn keep(
    change: &mut Change<'_>,
    import: &Import,
    report: &Report,
) -> Result<ImportId, Error> {
    let result = import.file.as_ref().ok().map(|file| {
        let kept = view::Kept::new(file, report);
        Doc(serde_json::to_string(&kept).expect("a file's cells are text"))
    });
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let row = ImportRow {
        org_id: change.org,
        id: change.id(),
        actor: change.context.source.actor(),
        digest: report.plan_digest.clone().unwrap_or_default(),
        total: count(report.total),
        created: count(report.created),
        skipped: count(report.skipped),
        warnings: count(report.warnings.len()),
        result,
        created_at: change.time(),
    };
    change.tx.insert_import(&row).await?;
    Ok(row.id)
}
