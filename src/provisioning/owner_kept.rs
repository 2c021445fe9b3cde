//! An owner whom no directory turns away: where the organization wants it so, deactivating or deleting the
//! owner's resource is refused, and that somebody tried is told all the same.

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::policy::OwnerDeprovision;
use crate::id::{ConnectionId, OrganizationId, ScimUserId, UserId};
use crate::provisioning::invitations::known;
use crate::provisioning::{Change, Context, Error, change};
use crate::store::Store;
use crate::store::rows::{ScimUserRow, UserRow};

/// What a directory wanted of the owner's resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The organization.
    pub org: OrganizationId,
    /// The connection of the directory.
    pub connection: ConnectionId,
    /// The owner.
    pub owner: UserId,
    /// The resource.
    pub scim_id: ScimUserId,
    /// What was wanted: `deactivate` or `delete`.
    pub wanted: &'static str,
}

/// Refuses what turns the owner away who is behind the resource, where the organization does not let a directory do that.
pub(super) async fn refuse(
    change: &mut Change<'_>,
    row: &ScimUserRow,
    user: Option<&UserRow>,
    wanted: &'static str,
) -> Result<(), Error> {
    let Some(owner) = user.filter(|user| user.owner) else {
        return Ok(());
    };
    if !is_kept(change).await? {
        return Ok(());
    }
    Err(Error::OwnerKept(Kept {
        org: change.org,
        connection: row.connection_id,
        owner: owner.id,
        scim_id: row.id,
        wanted,
    }))
}

/// Whether the organization lets no directory turn its owner away.
pub(super) async fn is_kept(change: &mut Change<'_>) -> Result<bool, Error> {
    let policy = known::policy(change.tx, change.org).await?;
    Ok(match policy.owner_deprovision {
        OwnerDeprovision::Refuse => true,
        OwnerDeprovision::Suspend => false,
    })
}

/// Tells, once everything of the refused request is undone, that it was refused.
pub(super) async fn note(store: &Store, context: Context, kept: Kept) {
    let told = change(store, kept.org, context, move |change| {
        async move {
            tell(change, kept);
            Ok(())
        }
        .boxed()
    });
    if let Err(error) = told.await {
        tracing::error!(%error, org.id = %kept.org, "that the owner was kept could not be told");
    }
}

/// The same within a change.
pub(super) fn tell(change: &mut Change<'_>, kept: Kept) {
    let data = json!({
        "user_id": kept.owner,
        "connection_id": kept.connection,
        "scim_id": kept.scim_id,
        "wanted": kept.wanted,
    });
    change.record(EventKind::OrganizationOwnerKept, data);
}
