//! An organization as a whole, as it is copied into a store in memory.
#![expect(
    missing_docs,
    reason = "fields are tables; the migrations describe them"
)]

use crate::id::{GrantId, InvitationId, MappingId, ProjectId, ScimGroupId};
use crate::store::rows::{
    ConnectionRow, DomainRow, GrantRow, IdentityRow, InvitationRow, MappingRow, OrganizationRow,
    ProjectRow, RoleRow, ScimGroupRow, ScimUserRow, ScimValueRow, UserProjectRow, UserRow,
};
use crate::store::types::{AnyId, Doc, Time};

/// How much of an organization is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What admins set up.
    Configuration,
    /// That, and people, groups, grants, and invitations that are open.
    Everything,
}

/// An organization: what admins set up, and who is there. No token, key or session is in it.
#[derive(Clone, Debug)]
pub struct Copy {
    pub organization: OrganizationRow,
    pub schemas: Doc,
    pub roles: Vec<RoleRow>,
    pub projects: Vec<ProjectRow>,
    pub connections: Vec<ConnectionRow>,
    pub domains: Vec<DomainRow>,
    pub mappings: Vec<MappingRow>,
    pub mapping_projects: Vec<(MappingId, ProjectId)>,
    pub people: Option<People>,
}

/// Who is in an organization, and why.
#[derive(Clone, Debug)]
pub struct People {
    pub users: Vec<UserRow>,
    pub user_projects: Vec<UserProjectRow>,
    pub scim_users: Vec<ScimUserRow>,
    pub scim_values: Vec<ScimValueRow>,
    pub scim_groups: Vec<ScimGroupRow>,
    pub scim_members: Vec<(ScimGroupId, AnyId, bool, Time)>,
    pub grants: Vec<GrantRow>,
    pub grant_projects: Vec<(GrantId, ProjectId)>,
    pub identities: Vec<IdentityRow>,
    pub invitations: Vec<InvitationRow>,
    pub invitation_projects: Vec<(InvitationId, ProjectId)>,
}
