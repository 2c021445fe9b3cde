//! What a connection demands of its identity provider's assertions, and where it reads the person: put
//! into its row.

use crate::directory::Violation;
use crate::directory::demands::DemandChanges;
use crate::provisioning::{Change, Error};
use crate::store::rows::ConnectionRow;

/// Puts a change into the row, if it can be made.
pub(super) fn put(row: &mut ConnectionRow, changes: &DemandChanges) -> Result<(), Error> {
    if let Some(fault) = changes.faults().first() {
        let place = fault.pointer.trim_start_matches('/');
        let rule = format!("{place}: {}", fault.why);
        return Err(Violation::Invalid(rule).into());
    }
    changes.apply(&mut row.demands);
    Ok(())
}

/// Whether people come in by it, or ever could. What was forgotten of them since does not count.
pub(super) async fn is_live(change: &mut Change<'_>, row: &ConnectionRow) -> Result<bool, Error> {
    if !row.testing || row.went_live_at.is_some() {
        return Ok(true);
    }
    let links = change.tx.newest_identities(row.org_id, row.id, 1).await?;
    Ok(!links.is_empty())
}
