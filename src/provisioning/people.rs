//! What befalls a person: the effects of being suspended, deleted or let back in, the same
//! whichever channel says so.

use serde_json::json;

use crate::directory::event::EventKind;
use crate::id::UserId;
use crate::provisioning::{Change, Error, sign_in, sign_out};
use crate::store::rows::UserRow;
use crate::store::types::Whose;

/// After so long an absence grants that no directory gave do not come back by themselves.
const LONG_ABSENCE_SECONDS: i64 = 30 * 24 * 60 * 60;

/// Ends every session of a person, and every code and refresh token made from one, in this very
/// transaction; those that wait for a yes will not start.
pub async fn end_sessions_of(
    change: &mut Change<'_>,
    user: UserId,
    cause: &str,
) -> Result<(), Error> {
    let (org, at) = (change.org, change.time());
    let Some(openings) = change.tx.openings(org, user).await? else {
        return Ok(());
    };
    if openings.sessions {
        let live = change.tx.live_sessions_of(org, user, at).await?;
        sign_out::end(change, &live, cause).await?;
    }
    if openings.console_sessions {
        change.tx.end_console_sessions_of(org, user, at).await?;
    }
    if openings.waiting {
        sign_in::give_up(change, Whose::User(user)).await?;
    }
    Ok(())
}

/// Retires what a person held beside the directory's grants, when they come back after a long
/// absence: a mistake heals completely, a returning leaver does not regain old rights.
pub async fn retire_after_absence(change: &mut Change<'_>, user: &UserRow) -> Result<(), Error> {
    let long = |at: crate::store::types::Time| {
        change.now.duration_since(at.0).as_secs() > LONG_ABSENCE_SECONDS
    };
    if !user.suspended_by_directory_at.is_some_and(long) {
        return Ok(());
    }
    let live = change.tx.live_grants(change.org, &[user.id]).await?;
    let ids: Vec<_> = live
        .iter()
        .filter(|grant| !grant.source.is_by_rule())
        .map(|grant| grant.id)
        .collect();
    Ok(change
        .tx
        .retire_grants(change.org, &ids, change.time(), "long_absence")
        .await?)
}

/// Retires everything that a person holds.
pub async fn retire_all(change: &mut Change<'_>, user: UserId, cause: &str) -> Result<(), Error> {
    let live = change.tx.live_grants(change.org, &[user]).await?;
    let ids: Vec<_> = live.iter().map(|grant| grant.id).collect();
    Ok(change
        .tx
        .retire_grants(change.org, &ids, change.time(), cause)
        .await?)
}

/// Tells the admins and the operator that the owner cannot act.
pub fn alarm_owner_unavailable(change: &mut Change<'_>, user: UserId) {
    change.record(
        EventKind::OrganizationOwnerUnavailable,
        json!({"user_id": user}),
    );
}
