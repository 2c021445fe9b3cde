//! Another address: somebody who was invited at one has their account at another, shows that it is
//! theirs, and asks to be invited there. An admin decides; it never happens by itself.

use crate::directory::words::words;

words! {
    /// What became of such a wish.
    ChangeState {
        /// An admin said yes.
        Approved = "approved",
        /// Nobody has decided yet.
        Open = "open",
        /// An admin said no.
        Rejected = "rejected",
        /// The invitation was over before anybody decided.
        Void = "void",
    }
}

words! {
    /// What an admin says to it.
    Decision {
        /// The other address it is.
        Approve = "approve",
        /// The invitation stays as it is.
        Reject = "reject",
    }
}

words! {
    /// How somebody showed that an address is theirs.
    Proof {
        /// They said the six digits that were mailed to it.
        Code = "code",
        /// They are signed in to the organization with it.
        Session = "session",
    }
}
