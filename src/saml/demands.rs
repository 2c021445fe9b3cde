//! What a connection demands of its identity provider's messages beyond what every message must be.
//!
//! Signatures and encryption are looked at in [`super::signature`], the authentication in
//! [`super::conditions`]; [`super::request`] asks for its context. With [`Demands::NONE`] nothing is asked
//! and nothing more is checked.

use super::{
    error::Error,
    gate::{Element, Gated},
};

/// What is demanded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Demands<'a> {
    /// Classes of the context of an authentication (Core 2.7.2.2), as URIs; with none, any will do.
    pub authn_context: &'a [String],
    /// How what is asserted compares with them.
    pub comparison: Comparison,
    /// Whether the person must have authenticated for this very sign-in, asked for here or not.
    pub force_authn: bool,
    /// Whether the assertion must be encrypted.
    pub require_encryption: bool,
    /// Which signatures must be there, and verify.
    pub signatures: Signatures,
}

/// How a context compares with those that are named (Core 3.3.2.2.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Comparison {
    /// Stronger than each of them.
    Better,
    /// One of them.
    #[default]
    Exact,
    /// As strong as can be, and no stronger than one of them.
    Maximum,
    /// As strong as one of them at least.
    Minimum,
}

impl Comparison {
    /// The word of the schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Exact => "exact",
            Self::Maximum => "maximum",
            Self::Minimum => "minimum",
        }
    }
}

/// Which signatures must be there, and verify.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Signatures {
    /// One of the two.
    #[default]
    Any,
    /// The assertion's own.
    Assertion,
    /// Both.
    Both,
    /// The response's.
    Response,
}

impl Signatures {
    /// Whether the assertion's own is demanded.
    pub fn of_assertion(self) -> bool {
        matches!(self, Self::Assertion | Self::Both)
    }

    /// Whether the response's is demanded.
    pub fn of_response(self) -> bool {
        matches!(self, Self::Response | Self::Both)
    }
}

impl Demands<'static> {
    /// Nothing.
    pub const NONE: Self = Self {
        authn_context: &[],
        comparison: Comparison::Exact,
        force_authn: false,
        require_encryption: false,
        signatures: Signatures::Any,
    };
}

impl Demands<'_> {
    /// Refuses what lacks a signature or encryption as it was received. What is signed inside of what is
    /// encrypted is not known yet; of what is there, every signature must verify in any case.
    pub(super) fn admit(&self, gated: &Gated) -> Result<(), Error> {
        let is_signed = |element| gated.signed().iter().any(|it| it.element == element);
        if self.require_encryption && !gated.is_encrypted() {
            return Err(Error::EncryptionRequired);
        }
        if self.signatures.of_response() && !is_signed(Element::Response) {
            return Err(Error::ResponseSignatureMissing);
        }
        let may_be_inside = gated.is_encrypted() || is_signed(Element::Assertion);
        if self.signatures.of_assertion() && !may_be_inside {
            return Err(Error::AssertionSignatureMissing);
        }
        Ok(())
    }

    /// Whether an authentication of this class of context is good enough. Which classes are stronger than
    /// others only the identity provider knows: where it was to compare, it answers for what it asserts.
    pub(super) fn satisfied_by(&self, class: Option<&str>) -> bool {
        let is_it = |class| self.authn_context.iter().any(|it| it == class);
        match self.comparison {
            Comparison::Exact => class.is_some_and(is_it),
            Comparison::Better | Comparison::Maximum | Comparison::Minimum => {
                class.is_some_and(|class| !class.is_empty())
            }
        }
    }

    /// The demanded context, for people.
    pub(super) fn of_the_context(&self) -> Option<String> {
        let classes = self.authn_context.join(", ");
        let comparison = self.comparison.as_str();
        (!classes.is_empty()).then(|| format!("{comparison}: {classes}"))
    }

    /// The demanded signatures and encryption, for people.
    pub(super) fn of_the_message(&self) -> Option<String> {
        let signed = match self.signatures {
            Signatures::Any => None,
            Signatures::Assertion => Some("the assertion signed"),
            Signatures::Both => Some("the response signed, the assertion signed"),
            Signatures::Response => Some("the response signed"),
        };
        let encrypted = self.require_encryption.then_some("the assertion encrypted");
        let all: Vec<_> = [encrypted, signed].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}
