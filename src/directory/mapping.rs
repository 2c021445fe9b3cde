//! A mapping: a connection's rule that a group gives a role.

use crate::directory::words::words;

words! {
    /// By what a rule knows its group.
    MatchKind {
        /// The group's `externalId`.
        ExternalId = "external_id",
        /// The SCIM group's id.
        Id = "id",
        /// The group's name, in any case.
        Name = "name",
    }
}
