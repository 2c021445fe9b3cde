//! Transfers of ownership, as admins see them, and whether somebody can still be asked.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::ownership::{Question, TransferState};
use crate::directory::role::ADMIN_RANK;
use crate::id::{OrganizationId, TransferId, UserId};
use crate::provisioning::ownership::mark;
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Error, Kind};
use crate::store::Tx;
use crate::store::rows::{TransferRow, UserRow};

/// A transfer of ownership.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Transfer {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: TransferId,
    /// How far it is.
    pub state: TransferState,
    /// Who owned the organization when it began; null where nobody did.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub owner_id: Option<UserId>,
    /// Who is to own it.
    #[schema(value_type = String, format = "uuid")]
    pub to: UserId,
    /// Their address.
    pub email: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who began it, as events name actors.
    pub begun_by: String,
    /// When it began.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// Until when whoever is asked may answer.
    #[schema(value_type = String, format = "date-time")]
    pub expires_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub closed_at: Option<Timestamp>,
    /// By whom, as events name actors.
    pub closed_by: Option<String>,
    /// What to see to: `no_connection_for_owner` where no connection may sign the owner in
    /// (`usher connection confirm-owner`).
    pub warnings: Vec<&'static str>,
}

/// A page of an organization's transfers, in the order of ids.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    after: Option<TransferId>,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Transfer>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.transfers(org, after, limit).await?;
    described(tx, org, rows, now).await
}

/// One of them.
pub async fn show(
    tx: &mut Tx,
    org: OrganizationId,
    id: TransferId,
    now: Timestamp,
) -> Result<Transfer, Error> {
    let row = tx.transfer(org, id).await?;
    let row = row.ok_or(Error::NotFound(Kind::Transfer))?;
    let mut one = described(tx, org, vec![row], now).await?;
    one.pop().ok_or(Error::NotFound(Kind::Transfer))
}

async fn described(
    tx: &mut Tx,
    org: OrganizationId,
    rows: Vec<TransferRow>,
    now: Timestamp,
) -> Result<Vec<Transfer>, Error> {
    let people: Vec<_> = rows.iter().map(|row| row.chosen_id).collect();
    let users = tx.users_by_ids(org, &people).await?;
    let connections = tx.connections(org).await?;
    let has_door = connections.iter().any(|it| it.owner_confirmed_at.is_some());
    let warnings: Vec<_> = (!has_door)
        .then_some("no_connection_for_owner")
        .into_iter()
        .collect();
    let view = |row: TransferRow| {
        let chosen = users.iter().find(|it| it.id == row.chosen_id);
        let state = row.state.at(row.expires_at.0, now);
        Transfer {
            id: row.id,
            state,
            owner_id: row.owner_id,
            to: row.chosen_id,
            email: chosen.and_then(|it| it.email.clone()),
            reason: row.reason,
            begun_by: row.actor,
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
            closed_at: row.closed_at.map(|at| at.0),
            closed_by: row.closed_by,
            warnings: warnings.clone(),
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Whether a question of a transfer is still one: it waits for this answer, the owner owns, the chosen one is
/// an active admin, and whoever is asked has the address that they were asked at.
pub(in crate::provisioning) async fn is_asked(
    tx: &mut Tx,
    row: &TransferRow,
    question: Question,
    now: Timestamp,
) -> Result<bool, Error> {
    let waits = match question {
        Question::Accept => TransferState::AwaitingAcceptance,
        Question::Confirm => TransferState::AwaitingOwner,
        Question::Link => return Ok(false),
    };
    if row.state.at(row.expires_at.0, now) != waits {
        return Ok(false);
    }
    let owner = tx.owner_of(row.org_id).await?;
    let owner = owner.filter(|it| it.is_active() && Some(it.id) == row.owner_id);
    let chosen = tx.user(row.org_id, row.chosen_id).await?;
    let roles = catalogue(tx, row.org_id).await?;
    let is_admin = |it: &UserRow| roles.rank(it.role_id) >= ADMIN_RANK;
    let chosen = chosen.filter(|it| it.is_active() && is_admin(it));
    let (Some(owner), Some(chosen)) = (owner, chosen) else {
        return Ok(false);
    };
    Ok(match question {
        Question::Accept => mark(&chosen) == row.chosen_mark && chosen.email_changed_at.is_none(),
        Question::Confirm => mark(&owner) == row.owner_mark && owner.email_changed_at.is_none(),
        Question::Link => false,
    })
}
