//! What a person's row says of the person: the state that follows from its marks.

use crate::directory::user::UserState;
use crate::id::{OrganizationId, UserId};
use crate::store::rows::UserRow;
use crate::store::types::Time;

impl UserRow {
    /// A person of whom nothing is known yet: active, without address, role or connection.
    pub fn fresh(org: OrganizationId, id: UserId, at: Time) -> Self {
        Self {
            org_id: org,
            id,
            email: None,
            email_norm: None,
            display_name: None,
            given_name: None,
            family_name: None,
            managed_by: None,
            provisional_since: None,
            suspended_by_directory_at: None,
            suspended_by_admin_at: None,
            suspended_by_expiry_at: None,
            deleted_at: None,
            erased_at: None,
            last_connection_id: None,
            last_external_id: None,
            last_user_name_folded: None,
            email_changed_at: None,
            external_id_changed_at: None,
            override_at: None,
            owner: false,
            role_id: None,
            roles_version: 1,
            created_at: at,
            updated_at: at,
            standing: None,
            policy_rev: 0,
            delete_at: None,
        }
    }

    /// The state that follows from the marks.
    pub fn state(&self) -> UserState {
        if self.erased_at.is_some() {
            UserState::Erased
        } else if self.deleted_at.is_some() {
            UserState::Deleted
        } else if self.suspended_by_directory_at.is_some()
            || self.suspended_by_admin_at.is_some()
            || self.suspended_by_expiry_at.is_some()
        {
            UserState::Suspended
        } else {
            UserState::Active
        }
    }

    /// Whether the person may act.
    pub fn is_active(&self) -> bool {
        self.state() == UserState::Active
    }
}
