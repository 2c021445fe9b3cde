//! What a connection demands of its identity provider's assertions, and where it reads the person: put
//! into its row.

use crate::directory::Violation;
use crate::directory::demands::DemandChanges;
use crate::provisioning::Error;
use crate::store::Tx;
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
pub(in crate::provisioning) async fn is_live(
    tx: &mut Tx,
    row: &ConnectionRow,
) -> Result<bool, Error> {
    let writes = row.scim_since.is_some() && !row.awaits_operator;
    if !row.testing || row.went_live_at.is_some() || writes {
        return Ok(true);
    }
    let links = tx.newest_identities(row.org_id, row.id, 1).await?;
    Ok(!links.is_empty())
}
