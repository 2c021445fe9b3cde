//! Links: whose a directory's resource is. The directory says so itself, but for people whom nobody takes over
//! by a directory's word alone: there somebody who is in says yes or no.

use crate::directory::words::words;

words! {
    /// Whose a resource is.
    LinkState {
        /// Somebody's.
        Linked = "linked",
        /// Somebody's, if somebody who may says yes.
        Proposed = "proposed",
        /// Not that person's, as somebody said.
        Rejected = "rejected",
        /// Nobody's.
        Unlinked = "unlinked",
    }
}

words! {
    /// How far somebody is who proves a subject to be theirs.
    ProofState {
        /// The owner, or the operator, said yes.
        Confirmed = "confirmed",
        /// The digits were mailed.
        Mailed = "mailed",
        /// The digits were said: the owner's yes is waited for.
        Proved = "proved",
        /// The owner, or an admin, said no.
        Refused = "refused",
    }
}

words! {
    /// Why nobody is taken over by a directory's word alone.
    Privilege {
        /// They hold an admin's rank that no directory gave.
        AdminByHand = "admin_by_hand",
        /// A directory turned them away, and the owner let them in all the same.
        DirectoryOverridden = "directory_overridden",
        /// They hold a role against the directory's word, for a while.
        Override = "override",
        /// They own the organization.
        Owner = "owner",
    }
}
