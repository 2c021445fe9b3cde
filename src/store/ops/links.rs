//! The queries of resources that are nobody's, and of what owners, and people of their own links, are asked.

use crate::directory::link::LinkState;
use crate::id::{
    ConnectionId, IdentityId, MailCodeId, OrganizationId, ScimUserId, TransferId, UserId,
};
use crate::store::rows::{LinkProofRow, ScimUserRow, TransferRow};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// A page of the resources of an organization that are nobody's, in the order of ids.
    unlinked_scim_users = links::unlinked(org: OrganizationId, state: Option<LinkState>, after: Option<ScimUserId>, limit: i64) -> Vec<ScimUserRow>;
    /// The query `links::insert_transfer`.
    insert_transfer = links::insert_transfer(row: &TransferRow) -> ();
    /// The query `links::update_transfer`.
    update_transfer = links::update_transfer(row: &TransferRow) -> ();
    /// A transfer of ownership.
    transfer = links::transfer(org: OrganizationId, id: TransferId) -> Option<TransferRow>;
    /// The transfer that a link names, in whichever organization: the link tells it.
    transfer_of_link = links::transfer_of_link(id: TransferId) -> Option<TransferRow>;
    /// The transfer of an organization that nobody closed.
    open_transfer = links::open_transfer(org: OrganizationId) -> Option<TransferRow>;
    /// The transfers of an organization, in the order of ids.
    transfers = links::transfers(org: OrganizationId, after: Option<TransferId>, limit: i64) -> Vec<TransferRow>;
    /// The transfers of an organization that were begun since then.
    transfers_since = links::transfers_since(org: OrganizationId, since: Time) -> Vec<TransferRow>;
    /// Forgets that a person confirmed the links that they have, and that they are about to.
    unconfirm_identities = links::unconfirm_person(org: OrganizationId, user: UserId, now: Time) -> ();
    /// Forgets what transfers and proofs say of a person.
    erase_transfers = links::erase_transfers(org: OrganizationId, user: UserId) -> ();
    /// The query `links::insert_proof`.
    insert_link_proof = links::insert_proof(row: &LinkProofRow) -> ();
    /// The query `links::update_proof`.
    update_link_proof = links::update_proof(row: &LinkProofRow) -> ();
    /// A proof of a person's.
    link_proof = links::proof(org: OrganizationId, id: MailCodeId) -> Option<LinkProofRow>;
    /// The proof that a link names, in whichever organization: the link tells it.
    link_proof_of_link = links::proof_of_link(id: MailCodeId) -> Option<LinkProofRow>;
    /// What a person was mailed since then to prove subjects by, the latest first.
    link_proofs_since = links::proofs_since(org: OrganizationId, user: UserId, since: Time) -> Vec<LinkProofRow>;
    /// The proofs that wait for the owner's yes, in the order of ids.
    proved_links = links::proved(org: OrganizationId) -> Vec<LinkProofRow>;
    /// Writes that a person confirmed a link that is theirs; `false` where it is not.
    confirm_identity = links::confirm_identity(org: OrganizationId, id: IdentityId, user: UserId) -> bool;
    /// Forgets that people confirmed links of a connection.
    unconfirm_connection = links::unconfirm_connection(org: OrganizationId, connection: ConnectionId, now: Time) -> ();
}
