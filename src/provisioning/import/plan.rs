//! The plan of an import: the settings are read, everything about the addresses is looked up at
//! once, and every row is judged.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::directory::email::Address;
use crate::directory::invitation::{Message, expiry};
use crate::id::OrganizationId;
use crate::provisioning::Error;
use crate::provisioning::import::judge::Judge;
use crate::provisioning::import::{Import, ImportOutcome, ImportReport};
use crate::provisioning::invitations::{Draft, Inviter, Known, Rules};
use crate::roster::{RawRow, Report};
use crate::store::Tx;
use crate::store::rows::InvitationRow;

/// What would become of a file.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What becomes of each row.
    pub report: Report,
    /// The invitations; none where anything is wrong.
    pub invitations: Vec<Planned>,
}

/// An invitation that is to be made.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What it consists of.
    pub draft: Draft,
    /// The expired invitation whose place it takes.
    pub replaces: Option<InvitationRow>,
}

/// What goes for every invitation of the file.
pub(super) struct Common {
    pub(super) expires_at: Timestamp,
    pub(super) message: Option<Message>,
    pub(super) mailed: bool,
    pub(super) strict: bool,
}

/// Tells what would become of a file, and changes nothing.
pub async fn preview(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
    inviter: &Inviter,
    import: &Import,
) -> Result<ImportReport, Error> {
    let report = plan(tx, org, now, inviter, import).await?.report;
    let outcome = if report.is_refused() {
        ImportOutcome::Refused
    } else if report.created == 0 {
        ImportOutcome::NothingToDo
    } else {
        ImportOutcome::Planned
    };
    Ok(ImportReport::new(outcome, None, report))
}

/// Plans an import.
pub async fn plan(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
    inviter: &Inviter,
    import: &Import,
) -> Result<Plan, Error> {
    let settings = &import.settings;
    let (days, at) = (settings.expires_in_days, settings.expires_at.as_deref());
    let text = settings.message.as_deref().unwrap_or_default();
    let common = Common {
        expires_at: expiry::expiry(days, at, now)?,
        message: Message::read(text)?,
        mailed: !settings.silent,
        strict: settings.strict,
    };
    let file = match &import.file {
        Ok(file) => file,
        Err(findings) => {
            return Ok(Plan {
                report: Report::unreadable(findings.clone()),
                invitations: Vec::new(),
            });
        }
    };
    let rows: Vec<(&RawRow, Option<Address>)> = file
        .rows
        .iter()
        .map(|row| (row, Address::parse(&row.email)))
        .collect();
    let addresses = rows.iter().filter_map(|(_, address)| address.as_ref());
    let norms: BTreeSet<_> = addresses.map(|it| it.norm().to_owned()).collect();
    let norms: Vec<String> = norms.into_iter().collect();
    let rules = Rules::read(tx, org).await?;
    let known = Known::read(tx, org, now, &rules, &norms).await?;
    let mut judge = Judge::new(&rules, &known, inviter, &common, now);
    let (mut judged, mut invitations) = (Vec::new(), Vec::new());
    for (row, address) in &rows {
        let (row, planned) = judge.row(row, address.as_ref());
        judged.push(row);
        invitations.extend(planned);
    }
    let bound = serde_json::to_vec(&(org, settings)).expect("settings are words and numbers");
    let report = Report::new(file, judged, &bound);
    if report.is_refused() {
        invitations.clear();
    }
    Ok(Plan {
        report,
        invitations,
    })
}
