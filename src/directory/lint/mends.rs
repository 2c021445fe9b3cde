//! What each tolerance means to people, and how it is mended.

use crate::scim::Tolerance;

/// What was seen.
pub(super) fn seen(tolerance: Tolerance) -> &'static str {
    match tolerance {
        Tolerance::AbsentTarget => "A replace named a value that was not there; it was made.",
        Tolerance::BareMember => "Members were named by bare ids, or by one object for a list.",
        Tolerance::BareValue => "A value that is an object came as plain text.",
        Tolerance::BlankPath => "An operation had a blank path; it was read as none.",
        Tolerance::BothProjections => {
            "attributes and excludedAttributes came together; the first counted."
        }
        Tolerance::FilterSpelling => "A filter quoted a boolean, or did not quote a text.",
        Tolerance::LoneValue => "One value stood where a list is due.",
        Tolerance::LooseText => "A country, a link or a certificate was not in its form.",
        Tolerance::MessageSchema => "A message did not name its schema.",
        Tolerance::NullAdded => "An operation added null; it was passed over.",
        Tolerance::OldUrn => "A schema was named by an old or misspelt URN.",
        Tolerance::Password => "A password was sent; it was dropped unseen.",
        Tolerance::RemoveWithoutPath => "A remove had no path; what its value names was removed.",
        Tolerance::SeveralPrimaries => "Several values were primary; the first stayed so.",
        Tolerance::TextBoolean => "A boolean came as text.",
        Tolerance::UnknownAttribute => "Attributes that do not exist here were left out.",
        Tolerance::UnknownMember => {
            "A group named members who are nobody here; they were left out."
        }
        Tolerance::UnknownMemberType => "A member was of a type that does not exist here.",
        Tolerance::UnknownSchema => "Schemas that do not exist here were left out.",
        Tolerance::WrappedValue => "A plain value came wrapped in a list or an object.",
    }
}

/// How it is mended, in one sentence.
pub(super) fn mend(tolerance: Tolerance) -> &'static str {
    match tolerance {
        Tolerance::TextBoolean => {
            "At Entra, append ?aadOptscim062020 to the tenant URL, so that booleans are booleans."
        }
        Tolerance::Password => {
            "Switch off password synchronization at the identity provider: people sign in by SAML."
        }
        Tolerance::UnknownAttribute => {
            "Remove these attributes from the mapping at the identity provider, or register a \
             schema that has them; the Usher-Ignored header of the answers names them."
        }
        Tolerance::UnknownSchema => {
            "Nothing is lost if Entra names its group schema here; any other URN belongs out of \
             the mapping, or into a schema that the organization registers."
        }
        Tolerance::UnknownMember => {
            "Assign the people to the application before their groups are pushed, and push the \
             groups again: whoever was left out is in no group until then."
        }
        Tolerance::OldUrn => {
            "Correct the URNs in the request template at the identity provider to those that \
             /Schemas lists."
        }
        Tolerance::SeveralPrimaries => {
            "Map one address as the primary one and the others without the mark."
        }
        Tolerance::LooseText => {
            "Map country to the two letters of ISO 3166-1, links to whole URLs, and certificates \
             to DER in base64."
        }
        Tolerance::BareMember
        | Tolerance::BareValue
        | Tolerance::LoneValue
        | Tolerance::WrappedValue => {
            "Nothing needs to be done; a client that you write yourself should send values as \
             /Schemas describes them."
        }
        Tolerance::AbsentTarget
        | Tolerance::BlankPath
        | Tolerance::BothProjections
        | Tolerance::FilterSpelling
        | Tolerance::MessageSchema
        | Tolerance::NullAdded
        | Tolerance::RemoveWithoutPath
        | Tolerance::UnknownMemberType => {
            "Nothing needs to be done; a client that you write yourself should keep to RFC 7644, \
             and --strictness rfc refuses what does not."
        }
    }
}
