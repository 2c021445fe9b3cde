//! What a connection demands of its identity provider's assertions, and where it reads the person: put
//! into its row, and changed by a key of the admin API.

use crate::directory::Violation;
use crate::directory::demands::DemandChanges;
use crate::id::ConnectionId;
use crate::provisioning::access::Access;
use crate::provisioning::settings::connection_view::row;
use crate::provisioning::settings::connections::{ConnectionSettings, update_in};
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

/// Changes what a connection demands, as a key asks for it. What is demanded, and which attribute
/// says who somebody is, decides who comes in, and as whom: for a connection by which people come
/// in, or once came, that is the operator's to say.
pub async fn change_by_key(
    change: &mut Change<'_>,
    access: &Access,
    id: ConnectionId,
    changes: DemandChanges,
) -> Result<(), Error> {
    let before = row(change, id).await?;
    let mut after = before.clone();
    put(&mut after, &changes)?;
    if after.demands == before.demands {
        return Ok(());
    }
    if is_live(change, &before).await? {
        access.require_operator()?;
    }
    let settings = ConnectionSettings {
        demands: changes,
        ..ConnectionSettings::default()
    };
    update_in(change, id, &settings).await.map(drop)
}

/// Whether people come in by it, or somebody ever did.
async fn is_live(change: &mut Change<'_>, row: &ConnectionRow) -> Result<bool, Error> {
    if !row.testing {
        return Ok(true);
    }
    let links = change.tx.newest_identities(row.org_id, row.id, 1).await?;
    Ok(!links.is_empty())
}
