//! What somebody looks for in the list of invitations.

use crate::directory::invitation::Standing;
use crate::id::{ImportId, InvitationId, ProjectId, RoleId, UserId};
use crate::store::types::Time;

/// The order of the list, and where the last page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they were made.
    Creation(Option<InvitationId>),
    /// As they expire.
    Expiry(Option<(Time, InvitationId)>),
}

/// A page of invitations.
#[derive(Clone, Debug)]
pub struct Invited {
    /// How they stand.
    pub standing: Option<Standing>,
    /// How their addresses begin, normalized.
    pub email_prefix: Option<String>,
    /// Their role.
    pub role: Option<RoleId>,
    /// A project that they are for.
    pub project: Option<ProjectId>,
    /// Who made them.
    pub inviter: Option<UserId>,
    /// The import that made them.
    pub import: Option<ImportId>,
    /// Their order.
    pub order: Order,
    /// How many.
    pub limit: i64,
}
