//! A connection: one organization's tie to one identity provider; its SAML half, its SCIM half
//! and its mappings.

use crate::directory::words::words;

words! {
    /// Whose habits the connection expects.
    Profile {
        /// Microsoft Entra ID.
        Entra = "entra",
        /// Any other identity provider.
        Generic = "generic",
        /// Google Workspace.
        Google = "google",
        /// Okta.
        Okta = "okta",
    }
}

words! {
    /// How SCIM requests that the standards leave open, or forbid, are taken.
    Strictness {
        /// What identity providers really send is understood.
        Lenient = "lenient",
        /// To the letter of RFC 7643 and RFC 7644.
        Rfc = "rfc",
    }
}

words! {
    /// Whether a sign-in may create a person.
    Jit {
        /// `on` until the connection's first SCIM write, `provisional` from then on.
        Auto = "auto",
        /// Nobody is created by signing in.
        Off = "off",
        /// A trusted address is created for good.
        On = "on",
        /// A trusted address is created and waits for the directory.
        Provisional = "provisional",
    }
}

words! {
    /// How the connection's groups weigh against other grants.
    Mode {
        /// Every layer counts, the highest rank wins.
        Additive = "additive",
        /// The directory's groups come before what people granted by hand.
        Authoritative = "authoritative",
    }
}

words! {
    /// What happens when a directory removes many people at once.
    Safeguard {
        /// The changes wait.
        Hold = "hold",
        /// The changes apply and an alarm goes out.
        Observe = "observe",
        /// Nothing is watched.
        Off = "off",
    }
}

words! {
    /// Whether a connection works.
    ConnectionState {
        /// It works.
        Active = "active",
        /// An admin stopped it: no SCIM, no sign-in.
        Paused = "paused",
    }
}

words! {
    /// What one of our own keys of a connection is for.
    KeyState {
        /// It signs and decrypts.
        Current = "current",
        /// The identity provider is told of it, and it decrypts: it signs from the switch on.
        Next = "next",
        /// It decrypts what is still encrypted for it.
        Retired = "retired",
    }
}

words! {
    /// What becomes of a deleted connection's people.
    Remains {
        /// They are suspended now, and go after 30 days unless an admin lets them in.
        Delete = "delete",
        /// They stay, with the role that they had; who was suspended stays suspended.
        Keep = "keep",
        /// They stay and are suspended, until an admin lets them in.
        Suspend = "suspend",
    }
}

words! {
    /// What becomes of one of a deleted connection's people.
    Fate {
        /// They are suspended, and go after 30 days.
        Deleted = "deleted",
        /// They stay as they are.
        Kept = "kept",
        /// They stay and are suspended.
        Suspended = "suspended",
    }
}

impl Jit {
    /// What a person's first sign-in may do: `auto` resolved by whether SCIM was ever used.
    #[must_use]
    pub fn effective(self, scim_was_used: bool) -> Self {
        match (self, scim_was_used) {
            (Self::Auto, false) => Self::On,
            (Self::Auto, true) => Self::Provisional,
            (set, _) => set,
        }
    }
}
