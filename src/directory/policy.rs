//! What an organization decided for itself about who may come: data, kept with the organization,
//! changed through the admin API.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::directory::words::words;

words! {
    /// Whether people may be invited whose domain a directory manages.
    ManagedDomains {
        /// Yes, and nothing is said.
        Allow = "allow",
        /// No.
        Block = "block",
        /// Yes, and the inviter is told.
        Warn = "warn",
    }
}

words! {
    /// What becomes of it when a directory turns the owner away, by deactivating or deleting their resource.
    OwnerDeprovision {
        /// It is refused, and everything else of the request with it.
        Refuse = "refuse",
        /// The owner is suspended like anybody, and keeps the title.
        Suspend = "suspend",
    }
}

/// An organization's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Domains whose addresses may be invited; empty means any.
    pub invite_domains: Vec<String>,
    /// Whether people may be invited whose domain a directory manages.
    pub managed_domains: ManagedDomains,
    /// Whether whoever is invited in a domain that a connection is trusted with accepts by signing
    /// in through it, and not by their mailbox alone.
    pub sso_required: bool,
    /// Whether answers to an invitation's mail go to the inviter.
    pub reply_to_inviter: bool,
    /// Whether somebody who shows that another address of the invited domain is theirs is invited
    /// there without an admin's yes. Only in domains that a connection is trusted with: everybody
    /// has an address at a mail provider.
    pub same_domain_accept: bool,
    /// Whether the owner may invite somebody whom the directory turned away.
    pub allow_directory_override: bool,
    /// Another public URL of this installation, for links where the first one is blocked.
    pub alternate_public_url: Option<String>,
    /// What becomes of it when a directory turns the owner away.
    pub owner_deprovision: OwnerDeprovision,
    /// Whether the owner and the admins are told of alerts by mail; the operator is in any case.
    pub alerts: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            invite_domains: Vec::new(),
            managed_domains: ManagedDomains::Warn,
            sso_required: false,
            reply_to_inviter: true,
            same_domain_accept: false,
            allow_directory_override: false,
            alternate_public_url: None,
            owner_deprovision: OwnerDeprovision::Suspend,
            alerts: true,
        }
    }
}
