//! A user: the states of a person of an organization.

use crate::directory::words::words;

words! {
    /// What a user is, derived from the marks that commands set; nobody writes it.
    UserState {
        /// May sign in.
        Active = "active",
        /// Left: kept as a tombstone.
        Deleted = "deleted",
        /// Their personal fields are gone.
        Erased = "erased",
        /// May not sign in until every suspension is lifted.
        Suspended = "suspended",
    }
}
