//! The owner's exception: somebody is invited whom a directory turned away. Only whoever may make
//! such an invitation renews it, and what let it be made still has to hold when it is accepted.

use crate::directory::invitation::Message;
use crate::directory::policy::Policy;
use crate::directory::role::OWNER_RANK;
use crate::provisioning::invitations::known::policy;
use crate::provisioning::invitations::{Inviter, Obstacle, Rules};
use crate::provisioning::{Change, Error};
use crate::store::rows::{InvitationRow, UserRow};

/// Why the directory's word is not to stand, if this inviter may say so here.
pub(super) fn explained(
    inviter: &Inviter,
    policy: &Policy,
    reason: Option<&str>,
) -> Result<String, Error> {
    permitted(inviter, policy)?;
    let reason = Message::read(reason.unwrap_or_default())?;
    let reason = reason.ok_or(Obstacle::OverrideUnexplained)?;
    Ok(reason.as_str().to_owned())
}

/// Refuses whoever could not make the invitation now to send, extend, change or share it. Where
/// nobody is named, it is whoever the source of the change is.
pub(super) async fn renewed_by(
    change: &mut Change<'_>,
    inviter: Option<&Inviter>,
    row: &InvitationRow,
) -> Result<(), Error> {
    if row.override_reason.is_none() {
        return Ok(());
    }
    let policy = policy(change.tx, change.org).await?;
    match inviter {
        Some(inviter) => permitted(inviter, &policy),
        None => permitted(&Inviter::of(change).await?, &policy),
    }
}

fn permitted(inviter: &Inviter, policy: &Policy) -> Result<(), Error> {
    // An organization's own key has the owner's rank, and is nobody who answers for it.
    let answers = !inviter.bounded || (inviter.person.is_some() && inviter.rank >= OWNER_RANK);
    if !answers {
        return Err(Error::Forbidden(
            "only the owner and the operator override the directory",
        ));
    }
    if !policy.allow_directory_override {
        return Err(Obstacle::OverrideNotAllowed.into());
    }
    Ok(())
}

/// Whether the exception still holds, where the invitation is one: the organization allows it, and
/// the operator made it, or somebody who is the owner now.
pub(super) async fn holds(
    change: &mut Change<'_>,
    rules: &Rules,
    row: &InvitationRow,
) -> Result<bool, Error> {
    if row.override_reason.is_none() {
        return Ok(true);
    }
    if !rules.policy.allow_directory_override {
        return Ok(false);
    }
    let Some(inviter) = row.inviter_id else {
        return Ok(true);
    };
    let user = change.tx.user(change.org, inviter).await?;
    let role = user.filter(UserRow::is_active).and_then(|it| it.role_id);
    Ok(role.is_some_and(|role| rules.roles.rank(role) >= OWNER_RANK))
}
