//! Another owner where the present one cannot act: an admin asks for it, and the operator confirms it.

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::ownership::TransferState;
use crate::id::TransferId;
use crate::provisioning::{Change, Error, Source, admission};
use crate::store::rows::{TransferRow, UserRow};

use super::swap::swap;
use super::{find, fresh, make_way, may_be_chosen, refused, spare_the_owner, told};

/// Asks the operator for this owner in place of one who cannot act, or of none.
pub(super) async fn ask(
    change: &mut Change<'_>,
    (owner, chosen): (Option<&UserRow>, &UserRow),
    why: Option<String>,
    is_operator: bool,
) -> Result<TransferId, Error> {
    if is_operator {
        return Err(refused(
            "there is no owner who could be asked; transfer the ownership with --force",
        ));
    }
    if !matches!(change.context.source, Source::Key(_) | Source::User(_)) {
        return Err(Error::Forbidden("only an admin asks for another owner"));
    }
    may_be_chosen(change, chosen).await?;
    make_way(change).await?;
    spare_the_owner(change).await?;
    let row = TransferRow {
        reason: why,
        state: TransferState::AwaitingOperator,
        ..fresh(change, owner, chosen)
    };
    change.tx.insert_transfer(&row).await?;
    change.record(EventKind::OrganizationTransferBegun, told(&row));
    Ok(row.id)
}

/// Gives the title to whom an admin asked for. The operator's alone, and only while the owner cannot act: one who
/// can is asked. Doing it again changes nothing.
pub async fn confirm(change: &mut Change<'_>, id: TransferId) -> Result<(), Error> {
    confirms(change.is_operators())?;
    let mut row = find(change, id).await?;
    match row.state.at(row.expires_at.0, change.now) {
        TransferState::AwaitingOperator => {}
        TransferState::Forced => return Ok(()),
        TransferState::AwaitingAcceptance | TransferState::AwaitingOwner => {
            return Err(refused(
                "others are asked about this transfer, not the operator",
            ));
        }
        state @ (TransferState::Accepted
        | TransferState::Cancelled
        | TransferState::Declined
        | TransferState::Expired
        | TransferState::Refused
        | TransferState::Superseded) => return Err(Violation::Decided(state.as_str()).into()),
    }
    let owner = change.tx.owner_of(change.org).await?;
    if owner.as_ref().is_some_and(UserRow::is_active) {
        return Err(refused(
            "the owner can act again; cancel this, and begin a transfer about which they are asked",
        ));
    }
    let chosen = admission::living(change, &row.chosen_id.to_string()).await?;
    may_be_chosen(change, &chosen).await?;
    row.owner_id = owner.as_ref().map(|it| it.id);
    row.state = TransferState::Forced;
    row.closed_at = Some(change.time());
    row.closed_by = Some(change.context.source.actor());
    change.tx.update_transfer(&row).await?;
    swap(change, &row, owner, chosen).await
}

/// Refuses who does not answer for another owner.
pub fn confirms(they_do: bool) -> Result<(), Error> {
    if they_do {
        return Ok(());
    }
    Err(Error::Forbidden(
        "only the operator confirms another owner in place of one who cannot act",
    ))
}
