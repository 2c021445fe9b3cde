//! What a connection demands, in the words of SAML.

use crate::directory::demands::{AuthnComparison, Demands, RequireSigned};
use crate::saml;
use crate::saml::demands::{Comparison, Signatures};
use crate::saml::profile::Overrides;

/// What is demanded of a message.
pub fn of(demands: &Demands) -> saml::Demands<'_> {
    saml::Demands {
        authn_context: &demands.authn_context,
        comparison: match demands.authn_comparison {
            AuthnComparison::Better => Comparison::Better,
            AuthnComparison::Exact => Comparison::Exact,
            AuthnComparison::Maximum => Comparison::Maximum,
            AuthnComparison::Minimum => Comparison::Minimum,
        },
        force_authn: demands.force_authn,
        require_encryption: demands.require_encryption,
        signatures: match demands.require_signed {
            RequireSigned::Any => Signatures::Any,
            RequireSigned::Assertion => Signatures::Assertion,
            RequireSigned::Both => Signatures::Both,
            RequireSigned::Response => Signatures::Response,
        },
    }
}

/// In which attributes the person is found, where that is not as the product's preset says.
pub fn overrides(demands: &Demands) -> Overrides {
    let names = demands.attributes.clone();
    Overrides {
        subject_attribute: names.subject,
        email_attribute: names.email,
        user_name_attribute: names.user_name,
        given_name_attribute: names.given_name,
        family_name_attribute: names.family_name,
        display_name_attribute: names.display_name,
        external_id_attribute: names.external_id,
        groups_attribute: names.groups,
        groups_are_distinguished_names: names.groups_are_distinguished_names,
    }
}
