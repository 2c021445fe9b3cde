//! The queries of roles.

use crate::id::{OrganizationId, RoleId};
use crate::store::rows::{GrantRow, InvitationRow, RoleRow};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// The roles that there are, the highest first.
    roles = roles::list(org: OrganizationId) -> Vec<RoleRow>;
    /// The roles that there are, and those that were removed, which old grants still name.
    every_role = roles::every(org: OrganizationId) -> Vec<RoleRow>;
    /// Adds a role.
    insert_role = roles::insert(row: &RoleRow) -> ();
    /// Removes a role: its slug and its rank are free again.
    rename_role = roles::rename(org: OrganizationId, id: RoleId, name: &str) -> ();
    /// The query `roles::remove`.
    remove_role = roles::remove(org: OrganizationId, id: RoleId, at: Time) -> ();
    /// The live grants of a role, the oldest first.
    grants_of_role = roles::grants(org: OrganizationId, role: RoleId) -> Vec<GrantRow>;
    /// The open invitations to a role, expired ones too.
    invitations_to_role = roles::invitations(org: OrganizationId, role: RoleId) -> Vec<InvitationRow>;
}
