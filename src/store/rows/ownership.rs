//! The rows of what the owner, or who is to be it, is asked.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

use crate::directory::link::ProofState;
use crate::directory::ownership::TransferState;
use crate::id::{IdentityId, MailCodeId, OrganizationId, TransferId, UserId};
use crate::store::schema;
use crate::store::types::Time;

/// A transfer of ownership.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::ownership_transfers)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct TransferRow {
    pub org_id: OrganizationId,
    pub id: TransferId,
    pub owner_id: Option<UserId>,
    pub owner_mark: String,
    pub chosen_id: UserId,
    pub chosen_mark: String,
    pub state: TransferState,
    pub reason: Option<String>,
    pub actor: String,
    pub created_at: Time,
    pub expires_at: Time,
    pub closed_at: Option<Time>,
    pub closed_by: Option<String>,
}

/// A person who proves a subject to be theirs.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::link_proofs)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct LinkProofRow {
    pub org_id: OrganizationId,
    pub id: MailCodeId,
    pub identity_id: IdentityId,
    pub user_id: UserId,
    pub mark: String,
    pub owner_mark: Option<String>,
    pub state: ProofState,
    pub tries: i64,
    pub created_at: Time,
    pub expires_at: Time,
    pub closed_at: Option<Time>,
    pub closed_by: Option<String>,
}
