//! The title moves: from one person to the other, in one change.

use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::grant::GrantSource;
use crate::directory::ownership::TransferState;
use crate::directory::role::{ADMIN_RANK, OWNER_RANK};
use crate::provisioning::by_hand::WIDE;
use crate::provisioning::questions::{self, Letter};
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Error, break_glass};
use crate::store::rows::{GrantRow, TransferRow, UserRow};

/// Why what the former owner held is retired.
const MOVED: &str = "ownership_transferred";

/// Gives the title to the chosen one; the former owner is an admin from then on, by a grant by hand, which
/// counts where no group of a directory decides, and sleeps while they are suspended.
pub(super) async fn swap(
    change: &mut Change<'_>,
    row: &TransferRow,
    owner: Option<UserRow>,
    mut chosen: UserRow,
) -> Result<(), Error> {
    break_glass::close_for(change, MOVED).await?;
    // First the one, then the other: at no time are there two.
    if let Some(former) = owner {
        step_down(change, row, former).await?;
    }
    unconfirm(change, &chosen).await?;
    chosen.owner = true;
    chosen.provisional_since = None;
    chosen.updated_at = change.time();
    change.tx.update_user(&chosen).await?;
    let data = json!({
        "user_id": chosen.id,
        "former_owner_id": row.owner_id,
        "transfer_id": row.id,
        "forced": row.state == TransferState::Forced,
        "transfer_reason": row.reason,
        "changes": [{"attribute": "owner", "old": false, "new": true}],
    });
    change.record_of(chosen.id, EventKind::OrganizationOwnerChanged, data);
    Ok(())
}

/// A connection that the operator let the owner sign in through stays so where the new owner is its already:
/// managed by its directory, or known by a subject of its identity provider. To others nobody said that they
/// may bring this owner in.
async fn unconfirm(change: &mut Change<'_>, chosen: &UserRow) -> Result<(), Error> {
    let known = change.tx.identities_of(change.org, chosen.id).await?;
    for mut row in change.tx.connections(change.org).await? {
        let is_theirs =
            chosen.managed_by == Some(row.id) || known.iter().any(|it| it.connection_id == row.id);
        let Some(was) = row.owner_confirmed_at.filter(|_| !is_theirs) else {
            continue;
        };
        row.owner_confirmed_at = None;
        row.updated_at = change.time();
        change.tx.update_connection(&row).await?;
        let undone = json!({"attribute": "owner_confirmed_at", "old": was.0, "new": null});
        let data = json!({"connection_id": row.id, "changes": [undone]});
        change.record(EventKind::ConnectionUpdated, data);
    }
    Ok(())
}

async fn step_down(
    change: &mut Change<'_>,
    row: &TransferRow,
    mut former: UserRow,
) -> Result<(), Error> {
    former.owner = false;
    former.updated_at = change.time();
    change.tx.update_user(&former).await?;
    let live = change.tx.live_grants(change.org, &[former.id]).await?;
    let goes = |it: &&GrantRow| match it.source {
        GrantSource::Bootstrap => true,
        GrantSource::Manual => it.source_ref == WIDE,
        GrantSource::Csv
        | GrantSource::DirectoryGroup
        | GrantSource::Invite
        | GrantSource::Override
        | GrantSource::SamlGroup => false,
    };
    let ids: Vec<_> = live.iter().filter(goes).map(|it| it.id).collect();
    change
        .tx
        .retire_grants(change.org, &ids, change.time(), MOVED)
        .await?;
    let roles = catalogue(change.tx, change.org).await?;
    // The roles are told from the highest on.
    let admin = roles
        .iter()
        .filter(|role| (ADMIN_RANK..OWNER_RANK).contains(&role.rank))
        .last();
    if let Some(admin) = admin {
        let of = (GrantSource::Manual, WIDE.to_owned());
        let grant = GrantRow {
            reason: Some("owned the organization before".to_owned()),
            ..change.mint().grant(former.id, admin.id, of)
        };
        change.give(&grant, &[]).await?;
    }
    let data = json!({
        "user_id": former.id,
        "transfer_id": row.id,
        "changes": [{"attribute": "owner", "old": true, "new": false}],
    });
    change.record_of(former.id, EventKind::UserUpdated, data);
    questions::owe(
        change,
        Letter::Changed,
        row.id.uuid(),
        former.email.as_deref(),
    )
    .await
}
