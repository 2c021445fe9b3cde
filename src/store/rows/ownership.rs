//! The rows of what the owner, or who is to be it, is asked, and of the owner's way in without a connection.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

use crate::directory::link::ProofState;
use crate::directory::ownership::TransferState;
use crate::id::{BreakGlassId, IdentityId, MailCodeId, OrganizationId, TransferId, UserId};
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

/// The owner's way in while no connection brings them in, opened for a while.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::break_glass)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct BreakGlassRow {
    pub org_id: OrganizationId,
    pub id: BreakGlassId,
    pub user_id: UserId,
    pub hash: Vec<u8>,
    pub mark: String,
    pub reason: String,
    pub actor: String,
    pub created_at: Time,
    pub expires_at: Time,
    pub closed_at: Option<Time>,
    pub closed_by: Option<String>,
}

/// A code that was mailed for it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::break_glass_codes)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct BreakGlassCodeRow {
    pub org_id: OrganizationId,
    pub id: MailCodeId,
    pub break_glass_id: BreakGlassId,
    pub browser: Vec<u8>,
    pub tries: i64,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
}
