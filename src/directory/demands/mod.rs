//! What a connection demands of its identity provider's assertions, and in which attributes it finds
//! the person: data, kept with the connection. With the defaults nothing is demanded beyond what
//! every assertion must be, and the profile names the attributes.

mod changes;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::directory::words::words;
use crate::limits;

pub use changes::{AttributeChanges, DemandChanges, Fault, Said, said};

words! {
    /// How the context of an authentication must compare with those that are named (SAML Core
    /// 3.3.2.2.1).
    #[derive(Default)]
    AuthnComparison {
        /// Stronger than each of them; the identity provider knows which are.
        Better = "better",
        /// One of them.
        #[default]
        Exact = "exact",
        /// As strong as can be, and no stronger than one of them, as the identity provider sees it.
        Maximum = "maximum",
        /// As strong as one of them at least, as the identity provider sees it.
        Minimum = "minimum",
    }
}

words! {
    /// Which signatures must be there, and verify.
    #[derive(Default)]
    RequireSigned {
        /// That of the response or that of the assertion.
        #[default]
        Any = "any",
        /// The assertion's own, inside of what is encrypted too.
        Assertion = "assertion",
        /// The response's and the assertion's own.
        Both = "both",
        /// The response's.
        Response = "response",
    }
}

/// What a connection demands of its identity provider's assertions, and where it reads the person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Demands {
    /// Classes of the context of an authentication, as URIs: they are asked for, and with `exact` one
    /// of them must be asserted. With none nothing is asked and nothing is checked.
    pub authn_context: Vec<String>,
    /// How what is asserted must compare with them.
    pub authn_comparison: AuthnComparison,
    /// Whether each sign-in is to be an authentication of its own, whatever session the identity
    /// provider has.
    pub force_authn: bool,
    /// Whether an assertion that is not encrypted is refused.
    pub require_encryption: bool,
    /// Which signatures must be there, and verify.
    pub require_signed: RequireSigned,
    /// By how many seconds the identity provider's clock may differ from ours, 0 to 300.
    #[schema(minimum = 0, maximum = 300)]
    pub skew_seconds: Option<i64>,
    /// Whether nobody comes in to whom no rule of this connection gives a role, but the owner and whom
    /// an override is for.
    pub require_mapped_group: bool,
    /// In which attributes the person is found, where that is not as the profile says.
    pub attributes: AttributeNames,
}

/// The names of attributes, each a Name or a FriendlyName (SAML Core 2.7.3.1), in place of those
/// that the connection's profile looks for; null where the profile's count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct AttributeNames {
    /// Whom the assertion is about, in place of its NameID; it must have one value.
    pub subject: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The user name.
    pub user_name: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// The identifier that SCIM calls `externalId`.
    pub external_id: Option<String>,
    /// The groups.
    pub groups: Option<String>,
    /// Whether groups come as distinguished names, of which the first CN is meant.
    pub groups_are_distinguished_names: bool,
}

impl Demands {
    /// By how many seconds the clocks may differ: as it was set, or as everywhere.
    pub fn skew_seconds(&self) -> i64 {
        let everywhere = || limits::CLOCK_SKEW.as_secs();
        self.skew_seconds.unwrap_or_else(everywhere)
    }

    /// What holds: where nothing was set, what counts instead.
    #[must_use]
    pub fn in_force(&self) -> Self {
        Self {
            skew_seconds: Some(self.skew_seconds()),
            ..self.clone()
        }
    }
}
