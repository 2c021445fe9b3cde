//! Ownership: one person owns an organization, and the title moves in one transaction. The chosen admin says
//! yes by a link that is mailed to them; who begins without being the owner or the operator has the owner
//! asked first, by a link of the same kind. The operator may move the title at once. Where the owner cannot act,
//! admins ask the operator for another one.
//!
//! A link is good while both are who they were: the owner owns, the chosen one is an active admin, and
//! whoever is asked has the address that the link was mailed to.

mod recovery;
mod swap;
mod view;

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::ownership::{Question, TransferState};
use crate::directory::role::{ADMIN_RANK, OWNER_RANK};
use crate::id::TransferId;
use crate::limits;
use crate::provisioning::by_hand::reason;
use crate::provisioning::questions::{self, Letter};
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Error, Kind, Source, admission, sweep};
use crate::store::rows::{TransferRow, UserRow};
use crate::store::types::Time;

pub use recovery::{confirm, confirms};
use swap::swap;
pub use view::{Transfer, list, show};

/// Who is to own the organization.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransfer {
    /// The id of the person: an active admin.
    pub to: String,
    /// Why: at most 500 characters, and needed with `force`; it is kept with the event.
    pub reason: Option<String>,
    /// Whether the title moves at once, to anybody who is active and without anybody being asked. An
    /// operator's key alone may say so.
    #[serde(default)]
    pub force: bool,
}

fn refused(why: &str) -> Error {
    Violation::NotTransferable(why.to_owned()).into()
}

/// Begins a transfer, or makes it at once.
pub async fn begin(
    change: &mut Change<'_>,
    wanted: &NewTransfer,
    is_operator: bool,
) -> Result<TransferId, Error> {
    if wanted.force && !is_operator {
        return Err(Error::Forbidden(
            "only the operator moves the ownership at once; without force the owner is asked",
        ));
    }
    let chosen = admission::living(change, &wanted.to).await?;
    let owner = change.tx.owner_of(change.org).await?;
    if chosen.owner {
        return Err(refused("the person owns the organization already"));
    }
    if !chosen.is_active() {
        return Err(refused("the person is not active; choose somebody who is"));
    }
    if wanted.force {
        return force(change, (owner, chosen), wanted.reason.as_deref()).await;
    }
    let why = wanted.reason.as_deref().map(reason).transpose()?;
    let owner = match owner {
        Some(owner) if owner.is_active() => owner,
        gone => return recovery::ask(change, (gone.as_ref(), &chosen), why, is_operator).await,
    };
    let owner_mark = mark(&owner);
    let is_asked = match change.context.source {
        Source::User(id) if id == owner.id && change.reach() >= OWNER_RANK => false,
        // An admin at the console, or the owner by a mailbox alone: the owner is asked.
        Source::User(_) if change.access.is_some() => true,
        Source::Command | Source::Key(_) | Source::Operator(_) => !is_operator,
        Source::Invitee
        | Source::Scim(_)
        | Source::Setup(_)
        | Source::SignIn(_)
        | Source::System
        | Source::User(_) => {
            return Err(Error::Forbidden("only the owner transfers the ownership"));
        }
    };
    if is_asked {
        may_be_asked(&owner)?;
    }
    may_be_chosen(change, &chosen).await?;
    make_way(change).await?;
    if is_asked {
        spare_the_owner(change).await?;
    }
    let state = if is_asked {
        TransferState::AwaitingOwner
    } else {
        TransferState::AwaitingAcceptance
    };
    let row = TransferRow {
        owner_mark,
        reason: why,
        state,
        ..fresh(change, Some(&owner), &chosen)
    };
    change.tx.insert_transfer(&row).await?;
    change.record(EventKind::OrganizationTransferBegun, told(&row));
    ask(change, &row, (&owner, &chosen)).await?;
    Ok(row.id)
}

/// Mails the question to whoever is asked next, and tells the owner where others began it.
async fn ask(
    change: &mut Change<'_>,
    row: &TransferRow,
    (owner, chosen): (&UserRow, &UserRow),
) -> Result<(), Error> {
    if row.state == TransferState::AwaitingOwner {
        return mail(change, row, (Letter::Asks(Question::Confirm), owner)).await;
    }
    let is_at_console = change.access.is_some();
    if is_at_console || !matches!(change.context.source, Source::User(_)) {
        mail(change, row, (Letter::Begun, owner)).await?;
    }
    mail(change, row, (Letter::Asks(Question::Accept), chosen)).await
}

async fn mail(
    change: &mut Change<'_>,
    row: &TransferRow,
    (letter, to): (Letter, &UserRow),
) -> Result<(), Error> {
    questions::owe(change, letter, row.id.uuid(), to.email.as_deref()).await
}

/// Somebody who may own the organization: an active admin who has an address of their own.
async fn may_be_chosen(change: &mut Change<'_>, chosen: &UserRow) -> Result<(), Error> {
    let roles = catalogue(change.tx, change.org).await?;
    let rank = roles.rank(chosen.role_id);
    if !chosen.is_active() || rank < ADMIN_RANK {
        return Err(refused("choose an active admin"));
    }
    if chosen.email_norm.is_none() || chosen.email_changed_at.is_some() {
        return Err(refused(
            "the person is asked by mail, and has no address, or one that a directory changed; the \
             operator can transfer the ownership with --force",
        ));
    }
    Ok(())
}

/// An owner whose address is their own: whoever changed it would get what is mailed to it.
fn may_be_asked(owner: &UserRow) -> Result<(), Error> {
    if owner.email_norm.is_some() && owner.email_changed_at.is_none() {
        return Ok(());
    }
    Err(refused(
        "the owner is asked by mail, and a directory changed the owner's address, or there is none; the \
         operator can begin the transfer",
    ))
}

/// An owner who said no is not asked again for a while, and nobody is asked all day long.
async fn spare_the_owner(change: &mut Change<'_>) -> Result<(), Error> {
    let window = limits::OWNER_LEFT_ALONE.max(limits::OWNER_ASKED_WITHIN);
    let since = Time(change.now - window);
    let lately = change.tx.transfers_since(change.org, since).await?;
    let within = |at: Time, window| change.now.duration_since(at.0) < window;
    let refused_lately = |row: &TransferRow| {
        let at = row
            .closed_at
            .filter(|_| row.state == TransferState::Refused);
        at.is_some_and(|at| within(at, limits::OWNER_LEFT_ALONE))
    };
    if lately.iter().any(refused_lately) {
        return Err(refused(
            "the owner said no less than 7 days ago; the owner, or the operator, begins the next one",
        ));
    }
    let by_others = |row: &&TransferRow| {
        let by = Source::of_actor(&row.actor);
        !matches!(by, Some(Source::User(id)) if Some(id) == row.owner_id)
    };
    let today = |row: &&TransferRow| within(row.created_at, limits::OWNER_ASKED_WITHIN);
    let asked = lately.iter().filter(by_others).filter(today);
    if asked.count() >= limits::OWNER_ASKED_AT_MOST {
        return Err(refused(
            "the owner was asked three times within a day; ask again tomorrow",
        ));
    }
    Ok(())
}

/// Closes a transfer whose time is over; one that is under way stays.
async fn make_way(change: &mut Change<'_>) -> Result<(), Error> {
    match change.tx.open_transfer(change.org).await? {
        Some(row) if row.state.at(row.expires_at.0, change.now) == TransferState::Expired => {
            close(change, row, TransferState::Expired).await
        }
        Some(_) => Err(Violation::TransferOpen.into()),
        None => Ok(()),
    }
}

/// The title moves at once.
async fn force(
    change: &mut Change<'_>,
    (owner, chosen): (Option<UserRow>, UserRow),
    why: Option<&str>,
) -> Result<TransferId, Error> {
    let why = reason(why.unwrap_or_default())?;
    if let Some(open) = change.tx.open_transfer(change.org).await? {
        close(change, open, TransferState::Superseded).await?;
    }
    let row = TransferRow {
        state: TransferState::Forced,
        reason: Some(why),
        closed_at: Some(change.time()),
        closed_by: Some(change.context.source.actor()),
        ..fresh(change, owner.as_ref(), &chosen)
    };
    change.tx.insert_transfer(&row).await?;
    swap(change, &row, owner, chosen).await?;
    Ok(row.id)
}

fn fresh(change: &Change<'_>, owner: Option<&UserRow>, chosen: &UserRow) -> TransferRow {
    TransferRow {
        org_id: change.org,
        id: change.id(),
        owner_id: owner.map(|owner| owner.id),
        owner_mark: owner.map(mark).unwrap_or_default(),
        chosen_id: chosen.id,
        chosen_mark: mark(chosen),
        state: TransferState::AwaitingOwner,
        reason: None,
        actor: change.context.source.actor(),
        created_at: change.time(),
        expires_at: until(change),
        closed_at: None,
        closed_by: None,
    }
}

fn until(change: &Change<'_>) -> Time {
    Time(change.now + limits::OWNERSHIP_TRANSFER)
}

/// What stands for the address that a person has; nothing where they have none.
pub(super) fn mark(user: &UserRow) -> String {
    let norm = user.email_norm.as_deref();
    norm.map(|norm| sweep::forgotten(user.org_id, norm))
        .unwrap_or_default()
}

/// What an event says of a transfer.
fn told(row: &TransferRow) -> serde_json::Value {
    json!({
        "transfer_id": row.id,
        "user_id": row.chosen_id,
        "owner_id": row.owner_id,
        "state": row.state,
        "transfer_reason": row.reason,
        "expires_at": row.expires_at.0,
    })
}

/// Ends a transfer by which nobody becomes the owner.
async fn close(
    change: &mut Change<'_>,
    mut row: TransferRow,
    state: TransferState,
) -> Result<(), Error> {
    row.state = state;
    row.closed_at = Some(change.time());
    row.closed_by = Some(change.context.source.actor());
    change.tx.update_transfer(&row).await?;
    change.record(EventKind::OrganizationTransferEnded, told(&row));
    Ok(())
}

/// Takes a transfer back. Doing it again changes nothing; one that is over otherwise stays as it is.
pub async fn cancel(change: &mut Change<'_>, id: TransferId) -> Result<(), Error> {
    let row = find(change, id).await?;
    match row.state.at(row.expires_at.0, change.now) {
        TransferState::AwaitingAcceptance
        | TransferState::AwaitingOperator
        | TransferState::AwaitingOwner => close(change, row, TransferState::Cancelled).await,
        TransferState::Cancelled => Ok(()),
        state @ (TransferState::Accepted
        | TransferState::Declined
        | TransferState::Expired
        | TransferState::Forced
        | TransferState::Refused
        | TransferState::Superseded) => Err(Violation::Decided(state.as_str()).into()),
    }
}

async fn find(change: &mut Change<'_>, id: TransferId) -> Result<TransferRow, Error> {
    let row = change.tx.transfer(change.org, id).await?;
    row.ok_or(Error::NotFound(Kind::Transfer))
}

/// What an answer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It is done.
    Done,
    /// It cannot be answered so any more: the page says how it stands.
    Over,
    /// A yes is wanted from somebody who is signed in, and they are not.
    SignInFirst,
}

/// The answer of whoever was asked this by mail.
pub(super) async fn answer(
    change: &mut Change<'_>,
    id: TransferId,
    question: Question,
    is_yes: bool,
) -> Result<Answered, Error> {
    let row = find(change, id).await?;
    if !is_asked(change.tx, &row, question, change.now).await? {
        return Ok(Answered::Over);
    }
    match (question, is_yes) {
        (Question::Accept, true) => accept(change, row).await?,
        (Question::Accept, false) => close(change, row, TransferState::Declined).await?,
        (Question::Confirm, true) => agreed(change, row).await?,
        (Question::Confirm | Question::Link, false) => {
            close(change, row, TransferState::Refused).await?;
        }
        (Question::Link, true) => return Ok(Answered::Over),
    }
    Ok(Answered::Done)
}

pub(super) use view::is_asked;

async fn agreed(change: &mut Change<'_>, mut row: TransferRow) -> Result<(), Error> {
    let chosen = admission::living(change, &row.chosen_id.to_string()).await?;
    row.state = TransferState::AwaitingAcceptance;
    row.expires_at = until(change);
    change.tx.update_transfer(&row).await?;
    change.record(EventKind::OrganizationTransferConfirmed, told(&row));
    mail(change, &row, (Letter::Asks(Question::Accept), &chosen)).await
}

async fn accept(change: &mut Change<'_>, mut row: TransferRow) -> Result<(), Error> {
    let chosen = admission::living(change, &row.chosen_id.to_string()).await?;
    let owner = change.tx.owner_of(change.org).await?;
    row.state = TransferState::Accepted;
    row.closed_at = Some(change.time());
    row.closed_by = Some(change.context.source.actor());
    change.tx.update_transfer(&row).await?;
    swap(change, &row, owner, chosen).await
}
