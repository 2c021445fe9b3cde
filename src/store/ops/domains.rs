//! The queries on domains.

use crate::id::{ConnectionId, LeaseId, OrganizationId};
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
    /// Writes a proof that is there.
    update_domain_proof = domains::update_proof(row: &DomainProofRow) -> ();
    /// The verified domains, of every organization, that are to be looked at and that nobody holds.
    due_domain_proofs = domains::due(now: Time, limit: i64) -> Vec<DomainProofRow>;
    /// Takes a proof as it was seen, unless somebody else holds it: see `domains::claim`.
    claim_domain_proof = domains::claim(row: &DomainProofRow, lease: LeaseId, now: Time, until: Time) -> bool;
    /// The query `domains::delete_proof`.
    delete_domain_proof = domains::delete_proof(org: OrganizationId, domain: &str) -> ();
}
