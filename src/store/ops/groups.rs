//! The queries of groups, as admins see them.

use crate::id::{ConnectionId, OrganizationId, ScimGroupId, UserId};
use crate::store::rows::ScimGroupRow;
use crate::store::tx::ops;
use crate::store::types::AnyId;

ops! {
    /// The groups of an organization, or of one of its connections, in the order of their ids.
    listed_scim_groups = scim_groups::listed(org: OrganizationId, connection: Option<ConnectionId>, after: Option<ScimGroupId>, limit: i64) -> Vec<ScimGroupRow>;
    /// A page of a group's members in the order of their ids: whether each is a group, its person, and the name that
    /// its resource shows.
    member_page = scim_members::page(org: OrganizationId, group: ScimGroupId, after: Option<AnyId>, limit: i64) -> Vec<(AnyId, bool, Option<UserId>, Option<String>)>;
}
