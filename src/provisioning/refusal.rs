//! Why a sign-in that the identity provider vouched for is refused all the same.

use crate::directory::UnknownWord;

/// A reason; its word is stable and public, its help is for the person at the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The person holds more than this connection may give, and did not confirm the link.
    AboveCeiling,
    /// The subject is known under another address, which no directory confirmed.
    AddressChanged,
    /// The address is missing or none.
    AddressMissing,
    /// Several people of the directory could be meant.
    Ambiguous,
    /// The person is somebody of another connection.
    AnotherConnection,
    /// The question whether to go on was not answered in time, or not in this browser.
    ConfirmationExpired,
    /// The directory or an admin deactivated the person.
    Deprovisioned,
    /// The address lies outside this connection's trusted domains.
    DomainNotTrusted,
    /// The address or the externalId is too fresh at the directory to move a sign-in by itself.
    FreshAddress,
    /// IdP-initiated sign-in is off for this connection.
    IdpInitiatedOff,
    /// Nobody is created by signing in here.
    JitOff,
    /// No rule of the connection gives the person a role, which it demands.
    NoMappedGroup,
    /// The person was to authenticate afresh, and did not.
    NotAfresh,
    /// The owner has not confirmed this connection.
    OwnerNotConfirmed,
    /// The connection is paused.
    Paused,
    /// This very message was used before.
    Replayed,
    /// The request that the message answers is over, or was another browser's.
    RequestOver,
    /// The identity provider ended the very session after it had made the message.
    SignedOut,
    /// The message names nobody whom a link could be kept for.
    SubjectMissing,
}

impl Refusal {
    /// The stable public word.
    pub fn reason(self) -> &'static str {
        match self {
            Self::AboveCeiling => "above_ceiling",
            Self::AddressChanged => "address_changed",
            Self::AddressMissing => "address_missing",
            Self::Ambiguous => "ambiguous_subject",
            Self::AnotherConnection => "another_connection",
            Self::ConfirmationExpired => "confirmation_expired",
            Self::Deprovisioned => "deprovisioned",
            Self::DomainNotTrusted => "domain_not_trusted",
            Self::FreshAddress => "fresh_address",
            Self::IdpInitiatedOff => "idp_initiated_off",
            Self::JitOff => "jit_off",
            Self::NoMappedGroup => "no_mapped_group",
            Self::NotAfresh => "authentication_too_old",
            Self::OwnerNotConfirmed => "owner_not_confirmed",
            Self::Paused => "connection_paused",
            Self::Replayed => "replayed",
            Self::RequestOver => "request_over",
            Self::SignedOut => "signed_out",
            Self::SubjectMissing => "subject_missing",
        }
    }

    /// A sentence for the person at the screen: what happened and who can mend it.
    pub fn help(self) -> &'static str {
        match self {
            Self::AboveCeiling | Self::OwnerNotConfirmed => {
                "Your role is higher than this connection may sign in. Ask the operator of this \
                 application to confirm the connection for you."
            }
            Self::AddressChanged | Self::FreshAddress | Self::AnotherConnection => {
                "Your account here is linked to another sign-in. Ask your administrator to \
                 confirm the change."
            }
            Self::Ambiguous => {
                "Several people of your organization's directory match this sign-in. Ask your \
                 administrator to compare userName and externalId."
            }
            Self::ConfirmationExpired => {
                "The question was not answered in time, or another one took its place in this \
                 browser. Start again from your identity provider."
            }
            Self::AddressMissing | Self::SubjectMissing => {
                "Your identity provider did not say who you are in a way that can be kept. Ask \
                 your administrator to send a NameID and an e-mail address."
            }
            Self::Deprovisioned => {
                "Your account was deactivated by your organization's directory. Ask your \
                 administrator if you think this is a mistake."
            }
            Self::DomainNotTrusted => {
                "Your e-mail address is outside the domains that this connection may sign in. \
                 Ask your administrator to add the domain or to provision you."
            }
            Self::IdpInitiatedOff => {
                "Sign-in has to be started from the application, not from the identity provider."
            }
            Self::JitOff => {
                "You have no account here yet. Ask your administrator to assign the application \
                 to you."
            }
            Self::NoMappedGroup => {
                "You are in none of the groups that may use this application. Ask your \
                 administrator to put you into one of them at your identity provider."
            }
            Self::NotAfresh => {
                "You were asked to sign in afresh, and your identity provider let you through \
                 without. Sign out there, and try again."
            }
            Self::RequestOver => {
                "This sign-in took too long, or was begun in another browser. Start again from \
                 the application."
            }
            Self::Paused => "This connection is paused. Ask your administrator.",
            Self::SignedOut => {
                "You signed out at your identity provider after this sign-in was made. Start again \
                 from there."
            }
            Self::Replayed => {
                "This sign-in was used before. Start again from your identity provider."
            }
        }
    }
}

impl From<UnknownWord> for crate::directory::Violation {
    fn from(word: UnknownWord) -> Self {
        Self::Invalid(word.to_string())
    }
}
