//! The queries on domains.

use crate::id::{ConnectionId, OrganizationId};
use crate::store::rows::{ConnectionRow, DomainProofRow, DomainRow};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// The domains that a connection is trusted with: listed on it, or proved by its organization.
    domains = domains::trusted(org: OrganizationId, id: ConnectionId) -> Vec<DomainRow>;
    /// Lists a domain on a connection; one that is listed stays.
    add_domain = domains::list(row: &DomainRow) -> ();
    /// The domains that the operator listed on an organization's connections, by name.
    listed_domains = domains::listed(org: OrganizationId) -> Vec<DomainRow>;
    /// Lists a domain on a connection no longer.
    delete_domain = domains::unlist(row: &DomainRow) -> ();
    /// The connections, of every organization, that may speak for a domain: whoever is to sign in
    /// is yet to be known.
    connections_of_domain = domains::connections_of(domain: &str) -> Vec<ConnectionRow>;
    /// The query `domains::proofs`.
    domain_proofs = domains::proofs(org: OrganizationId) -> Vec<DomainProofRow>;
    /// The query `domains::proof`.
    domain_proof = domains::proof(org: OrganizationId, domain: &str) -> Option<DomainProofRow>;
    /// The query `domains::insert_proof`.
    insert_domain_proof = domains::insert_proof(row: &DomainProofRow) -> ();
    /// The query `domains::mark_verified`.
    mark_domain_verified = domains::mark_verified(org: OrganizationId, domain: &str, at: Time) -> ();
    /// The query `domains::delete_proof`.
    delete_domain_proof = domains::delete_proof(org: OrganizationId, domain: &str) -> ();
}
