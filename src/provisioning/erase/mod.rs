//! Erasing a person: everything personal that is kept of them goes, in one change; that somebody was there,
//! and what was done, stays.
//!
//! | Of them | becomes |
//! |---|---|
//! | profile | nothing but `erased-ID` as the name |
//! | resources of directories | gone, and out of their groups, as by a DELETE |
//! | subjects, sign-ins, what sessions knew | gone |
//! | grants | retired |
//! | invitations to them | closed, their addresses replaced |
//! | rows of imports, bodies of SCIM requests, mails | emptied, and not sent |
//! | personal values in events | gone with their salts; the commitments stay, so that the chain holds |
//!
//! What backups, receivers of webhooks and readers of the feed have is theirs to erase: the event
//! `user.erased` tells them.

mod traces;
mod whom;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::user::UserState;
use crate::id::UserId;
use crate::limits::ERASURE_REASON;
use crate::provisioning::{Change, Error, Kind, groups, people, setup};
use crate::store::rows::{ScimUserRow, UserRow};
pub(super) use whom::Whom;

/// A person who was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErasedUser {
    /// The id, which stays.
    #[schema(value_type = String, format = "uuid")]
    pub id: UserId,
    /// What the person is now.
    pub state: UserState,
    /// When it was done.
    #[schema(value_type = String, format = "date-time")]
    pub erased_at: Timestamp,
}

/// Why sessions end and grants retire.
const CAUSE: &str = "erased";

/// Erases a person who is suspended or deleted, for this reason. Whoever is erased stays so: a second time
/// answers the same.
pub async fn erase(change: &mut Change<'_>, id: UserId, reason: &str) -> Result<ErasedUser, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > ERASURE_REASON {
        let rule = format!("say why in the reason, in up to {ERASURE_REASON} characters");
        return Err(Violation::Invalid(rule).into());
    }
    let user = change.tx.user(change.org, id).await?;
    let user = user.ok_or(Error::NotFound(Kind::User))?;
    if let Some(at) = user.erased_at {
        return Ok(answer(id, at.0));
    }
    if user.owner {
        return Err(Violation::LastOwner.into());
    }
    if user.is_active() {
        return Err(Violation::MustBeSuspended.into());
    }
    let resources = change.tx.resources_about(change.org, id).await?;
    let identities = change.tx.identities_of(change.org, id).await?;
    let mut whom = Whom::gather(change.tx, &user, &resources, &identities).await?;
    let invitations = traces::invitations(change, &mut whom, id).await?;
    let rows = traces::events(change, &whom).await?;
    traces::letters(change, &whom, &invitations).await?;
    traces::requests(change, &whom).await?;
    traces::imports(change, &whom).await?;
    setup::forget(change, |address| whom.is_address(address)).await?;
    leave(change, &resources).await?;
    people::end_sessions_of(change, id, CAUSE).await?;
    people::retire_all(change, id, CAUSE).await?;
    change.tx.erase_ties(change.org, id).await?;
    change.tx.erase_transfers(change.org, id).await?;
    empty(change, user).await?;
    let data = json!({
        "user_id": id,
        "reason": reason,
        "scim_ids": resources.iter().map(|row| row.id).collect::<Vec<_>>(),
        "invitation_ids": invitations,
        "rows": rows,
    });
    change.record_of(id, EventKind::UserErased, data);
    Ok(answer(id, change.now))
}

fn answer(id: UserId, erased_at: Timestamp) -> ErasedUser {
    let state = UserState::Erased;
    ErasedUser {
        id,
        state,
        erased_at,
    }
}

/// The resources go, out of each of their groups, too.
async fn leave(change: &mut Change<'_>, resources: &[ScimUserRow]) -> Result<(), Error> {
    for row in resources {
        groups::leave_groups(change, row.connection_id, row.id.uuid()).await?;
        change.tx.delete_scim_user(change.org, row.id).await?;
    }
    Ok(())
}

async fn empty(change: &mut Change<'_>, user: UserRow) -> Result<(), Error> {
    let at = change.time();
    let row = UserRow {
        display_name: Some(whom::pseudonym(user.id)),
        email: None,
        email_norm: None,
        given_name: None,
        family_name: None,
        managed_by: None,
        provisional_since: None,
        last_connection_id: None,
        last_external_id: None,
        last_user_name_folded: None,
        erased_at: Some(at),
        delete_at: None,
        updated_at: at,
        ..user
    };
    Ok(change.tx.update_user(&row).await?)
}
