//! Admission: an admin shuts a person out and lets them in again. What the directory says of the
//! same person stands beside it, and both must say yes.

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::Violation;
use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::directory::user::UserState;
use crate::id::{ConnectionId, OrganizationId, UserId};
use crate::provisioning::{Change, Context, Error, Kind, change, people, sign_in, sign_out};
use crate::store::rows::UserRow;
use crate::store::types::Whose;
use crate::store::{Store, Tx};

/// The row of a person, by id or by sign-in address.
pub async fn find(tx: &mut Tx, org: OrganizationId, named: &str) -> Result<UserRow, Error> {
    let row = match (named.parse::<UserId>(), Address::parse(named)) {
        (Ok(id), _) => tx.user(org, id).await?,
        (_, Some(address)) => tx.user_by_email(org, address.norm()).await?,
        _ => None,
    };
    row.ok_or(Error::NotFound(Kind::User))
}

/// An admin suspends a person: no sign-in, no role, and every session and code ends with it. The
/// owner is not suspended by hand. Doing it again changes nothing.
pub async fn suspend(
    store: &Store,
    org: OrganizationId,
    context: Context,
    named: &str,
) -> Result<UserId, Error> {
    let named = named.to_owned();
    change(store, org, context, move |change| {
        let named = named.clone();
        async move { shut_out(change, &named).await }.boxed()
    })
    .await
}

/// An admin lifts an admin's suspension; one by the directory stays.
pub async fn reactivate(
    store: &Store,
    org: OrganizationId,
    context: Context,
    named: &str,
) -> Result<UserId, Error> {
    let named = named.to_owned();
    change(store, org, context, move |change| {
        let named = named.clone();
        async move { let_in(change, &named).await }.boxed()
    })
    .await
}

/// Somebody who is there, active or suspended.
pub(super) async fn living(change: &mut Change<'_>, named: &str) -> Result<UserRow, Error> {
    let user = find(change.tx, change.org, named).await?;
    match user.state() {
        UserState::Active | UserState::Suspended => Ok(user),
        UserState::Deleted | UserState::Erased => Err(Error::NotFound(Kind::User)),
    }
}

/// Suspends a person within a change; see [`suspend`].
pub async fn shut_out(change: &mut Change<'_>, named: &str) -> Result<UserId, Error> {
    let mut user = living(change, named).await?;
    if user.suspended_by_admin_at.is_some() {
        return Ok(user.id);
    }
    if user.owner {
        return Err(Violation::LastOwner.into());
    }
    let before = user.state();
    user.suspended_by_admin_at = Some(change.time());
    write(change, &mut user).await?;
    tell(change, EventKind::UserSuspended, &user, before);
    people::end_sessions_of(change, user.id, "suspended_by_admin").await?;
    Ok(user.id)
}

/// Lifts an admin's suspension within a change; see [`reactivate`].
pub async fn let_in(change: &mut Change<'_>, named: &str) -> Result<UserId, Error> {
    let mut user = living(change, named).await?;
    if user.suspended_by_admin_at.is_none() {
        return Ok(user.id);
    }
    let before = user.state();
    user.suspended_by_admin_at = None;
    user.delete_at = None;
    write(change, &mut user).await?;
    let kind = if user.is_active() {
        EventKind::UserReactivated
    } else {
        EventKind::UserUpdated
    };
    tell(change, kind, &user, before);
    Ok(user.id)
}

async fn write(change: &mut Change<'_>, user: &mut UserRow) -> Result<(), Error> {
    user.updated_at = change.time();
    Ok(change.tx.update_user(user).await?)
}

fn tell(change: &mut Change<'_>, kind: EventKind, user: &UserRow, before: UserState) {
    let mut changes = Vec::new();
    if before != user.state() {
        changes.push(json!({"attribute": "state", "old": before, "new": user.state()}));
    }
    let by_admin = user.suspended_by_admin_at.is_some();
    let mark = json!({"attribute": "suspended_by_admin", "old": !by_admin, "new": by_admin});
    changes.push(mark);
    let data = json!({"user_id": user.id, "connection_id": user.managed_by, "changes": changes});
    change.record_of(user.id, kind, data);
}

/// Ends every live session that was made through a connection, and the codes and refresh tokens made
/// from them; those that wait for a yes will not start.
pub async fn end_sessions_through(
    change: &mut Change<'_>,
    connection: ConnectionId,
    cause: &str,
) -> Result<(), Error> {
    let (org, now) = (change.org, change.time());
    let live = change.tx.live_sessions_through(org, connection, now);
    let live = live.await?;
    sign_out::end(change, &live, cause).await?;
    sign_in::give_up(change, Whose::Connection(connection)).await
}

/// The same of those that no certificate vouched for which still is trusted, where one of those before
/// is trusted no more.
pub async fn end_sessions_rekeyed(
    change: &mut Change<'_>,
    connection: ConnectionId,
    (before, still): (&[String], &[String]),
) -> Result<(), Error> {
    if before.iter().all(|it| still.contains(it)) {
        return Ok(());
    }
    let (org, now) = (change.org, change.time());
    let live = change.tx.live_sessions_through(org, connection, now);
    let mut live = live.await?;
    let stands = |by: &String| still.contains(by);
    live.retain(|session| !session.certificate.as_ref().is_some_and(stands));
    sign_out::end(change, &live, "connection_rekeyed").await?;
    sign_in::give_up(change, Whose::Connection(connection)).await
}
