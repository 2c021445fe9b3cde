//! A mapping: a connection's rule that a group gives a role.

use crate::directory::words::words;

words! {
    /// What a change of the rules is to a person.
    Outcome {
        /// More here and less there.
        Changed = "changed",
        /// More than before, and less nowhere.
        Gained = "gained",
        /// Less than before, and more nowhere.
        Lost = "lost",
    }
}

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
