//! How a sign-in ended.

use crate::directory::words::words;

words! {
    /// How a sign-in by SAML ended.
    SignInOutcome {
        /// The person was asked whether it is meant, and the session waits for a yes.
        Asked = "asked",
        /// Nobody came in.
        Refused = "refused",
        /// A session began, or the one that the very message made goes on.
        SignedIn = "signed_in",
        /// It would have been good: the connection is in testing, and nobody came in.
        Tested = "tested",
    }
}
