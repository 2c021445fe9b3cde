//! What a person's row says of the person: the state that follows from its marks.

use crate::directory::user::UserState;
use crate::store::rows::UserRow;

impl UserRow {
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
