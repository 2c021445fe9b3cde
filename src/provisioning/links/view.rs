//! Resources that are nobody's as admins see them, each with the person for whom it is proposed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::link::{LinkState, Privilege};
use crate::id::{ConnectionId, OrganizationId, ScimUserId, UserId};
use crate::provisioning::correlate::privileges;
use crate::provisioning::{Error, Kind};
use crate::scim::etag;
use crate::store::Tx;
use crate::store::rows::{GrantRow, RoleRow, ScimUserRow, UserRow};

/// A resource of a directory, and whose it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Link {
    /// The resource.
    #[schema(value_type = String, format = "uuid")]
    pub scim_id: ScimUserId,
    /// Its version: said along with a decision, nothing is done where it is another one by then.
    pub version: String,
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// The connection's name.
    pub connection: String,
    /// The resource's userName.
    pub user_name: String,
    /// Its externalId.
    pub external_id: Option<String>,
    /// The resource's address, which a yes makes the person's sign-in address.
    pub address: Option<String>,
    /// Whether the directory says that the person is active: else a yes suspends them.
    pub active: bool,
    /// Whose it is.
    pub state: LinkState,
    /// The person whose it is, for whom it is proposed, or who was rejected; none for nobody's.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub user_id: Option<UserId>,
    /// The person's sign-in address.
    pub email: Option<String>,
    /// The person's name as shown.
    pub display_name: Option<String>,
    /// Why a directory's word alone does not make it theirs, by what holds now.
    pub because: Vec<Privilege>,
    /// Since when it is so: proposed or rejected.
    #[schema(value_type = String, format = "date-time")]
    pub since: Timestamp,
}

/// Whose a resource is.
pub fn state(row: &ScimUserRow) -> LinkState {
    match (row.user_id, row.proposed_user_id, row.rejected_user_id) {
        (Some(_), _, _) => LinkState::Linked,
        (None, Some(_), _) => LinkState::Proposed,
        (None, None, Some(_)) => LinkState::Rejected,
        (None, None, None) => LinkState::Unlinked,
    }
}

/// A page of the resources that are nobody's, in the order of their ids.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    wanted: Option<LinkState>,
    after: Option<ScimUserId>,
    limit: usize,
) -> Result<Vec<Link>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.unlinked_scim_users(org, wanted, after, limit).await?;
    described(tx, org, rows).await
}

/// One resource, whosever it is.
pub async fn show(tx: &mut Tx, org: OrganizationId, id: ScimUserId) -> Result<Link, Error> {
    let rows = tx.scim_users_by_ids(org, &[id]).await?;
    let mut links = described(tx, org, rows).await?;
    links.pop().ok_or(Error::NotFound(Kind::Link))
}

/// The one whom a resource is about.
fn about(row: &ScimUserRow) -> Option<UserId> {
    row.user_id
        .or(row.proposed_user_id)
        .or(row.rejected_user_id)
}

async fn described(
    tx: &mut Tx,
    org: OrganizationId,
    rows: Vec<ScimUserRow>,
) -> Result<Vec<Link>, Error> {
    let people: BTreeSet<_> = rows.iter().filter_map(about).collect();
    let people: Vec<_> = people.into_iter().collect();
    let users = tx.users_by_ids(org, &people).await?;
    let connections = tx.connections(org).await?;
    let scene = Scene {
        users: users.into_iter().map(|row| (row.id, row)).collect(),
        grants: tx.live_grants(org, &people).await?,
        roles: tx.roles(org).await?,
        names: connections
            .into_iter()
            .map(|row| (row.id, row.name))
            .collect(),
    };
    Ok(rows.into_iter().map(|row| scene.link(row)).collect())
}

/// What the rows are read beside.
struct Scene {
    users: BTreeMap<UserId, UserRow>,
    grants: Vec<GrantRow>,
    roles: Vec<RoleRow>,
    names: BTreeMap<ConnectionId, String>,
}

impl Scene {
    fn link(&self, row: ScimUserRow) -> Link {
        let user = about(&row).and_then(|id| self.users.get(&id));
        let mut because = BTreeSet::new();
        if let Some(user) = user {
            because = privileges(user, &self.grants, &self.roles);
            because.extend(user.override_at.map(|_| Privilege::DirectoryOverridden));
        }
        let since = row.proposed_at.or(row.rejected_at);
        Link {
            scim_id: row.id,
            version: etag::of(row.version),
            connection_id: row.connection_id,
            connection: self
                .names
                .get(&row.connection_id)
                .cloned()
                .unwrap_or_default(),
            state: state(&row),
            user_id: user.map(|user| user.id),
            email: user.and_then(|user| user.email.clone()),
            display_name: user.and_then(|user| user.display_name.clone()),
            because: because.into_iter().collect(),
            // A resource that was proposed before this was kept was so from the beginning.
            since: since.unwrap_or(row.created_at).0,
            user_name: row.user_name,
            external_id: row.external_id,
            address: row.email_folded,
            active: row.active,
        }
    }
}
