//! What time brings about: rows that no rule reads any more go, and people whose directory never
//! said that they belong are suspended.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::user::UserState;
use crate::id::{Ids, OrganizationId, UserId};
use crate::limits;
use crate::provisioning::settings::organizations::RESERVED;
use crate::provisioning::{Change, Context, Error, break_glass, change, people};
use crate::secret;
use crate::store::Store;
use crate::store::rows::UserRow;
use crate::store::types::Time;

/// People suspended, or forgotten, in one look; the next look takes the next ones.
const AT_ONCE: i64 = 200;
/// Families of refresh tokens forgotten at once: each has a token for every few minutes of a day.
const FAMILIES: i64 = 100;
/// So often in one look.
const ROUNDS: usize = 50;

/// Forgets SAML messages that could not be replayed any more, since they have expired, and our
/// requests that nobody answered; answers how many.
pub async fn forget_messages(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = Time(ids.clock().now());
    store
        .write(move |tx| {
            async move {
                let messages = tx.forget_messages(now).await?;
                let requests = tx.forget_saml_requests(now).await?;
                let logouts = tx.forget_saml_logouts(now).await?;
                let heard = tx.forget_heard_logouts(now).await?;
                Ok(messages + requests + logouts + heard)
            }
            .boxed()
        })
        .await
}

/// Forgets signing keys whose last token has expired, access tokens of SCIM clients, and assertions of theirs and of apps, that are good for nothing any more,
/// and the credentials themselves [`limits::DEAD_CREDENTIAL`] after their end; answers how many.
pub async fn forget_credentials(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = Time(ids.clock().now());
    let before = Time(now.0 - limits::DEAD_CREDENTIAL);
    store
        .write(move |tx| {
            async move {
                let used = tx.forget_app_assertions(now).await?;
                let used = used + tx.forget_signing_keys(now).await?;
                let expired = used + tx.forget_oauth(now).await?;
                let operators = tx.organization_by_slug(RESERVED).await?.map(|it| it.id);
                let long_ago = Time(now.0 - limits::CONSOLE_KEPT);
                tx.forget_console(long_ago, operators).await?;
                let closed = Time(now.0 - limits::CLOSED_INVITATION);
                tx.forget_setup(long_ago, closed).await?;
                let tokens = tx.forget_scim_tokens(before).await?;
                Ok(expired + tokens + tx.forget_oauth_clients(before).await?)
            }
            .boxed()
        })
        .await
}

/// Forgets families of refresh tokens whose time is over, and what apps were told of sessions
/// [`limits::LOGOUT_KEPT`] ago, [`FAMILIES`] in one transaction so that nobody waits long for it;
/// answers how many.
pub async fn forget_hand_offs(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = ids.clock().now();
    let (now, told) = (Time(now), Time(now - limits::LOGOUT_KEPT));
    let mut count = 0;
    for _ in 0..ROUNDS {
        let forgotten = store.write(move |tx| {
            async move {
                let families = tx.forget_refresh_families(now, FAMILIES).await?;
                Ok::<_, Error>(families + tx.forget_logouts(told, FAMILIES).await?)
            }
            .boxed()
        });
        let forgotten = forgotten.await?;
        count += forgotten;
        if forgotten == 0 {
            break;
        }
    }
    Ok(count)
}

/// Forgets alerts that were mailed, or not for good, [`limits::ALERT_KEPT`] ago; answers how many.
pub async fn forget_alerts(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let before = Time(ids.clock().now() - limits::ALERT_KEPT);
    store
        .write(move |tx| async move { Ok(tx.forget_alerts(before, AT_ONCE).await?) }.boxed())
        .await
}

/// Suspends people whom a sign-in created while their connection's directory was on, and whom the
/// directory has not named for [`limits::PROVISIONAL`]; answers how many. The directory lifts it
/// by naming them.
pub async fn suspend_overdue(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let since = Time(ids.clock().now() - limits::PROVISIONAL);
    let overdue = store
        .read(move |tx| async move { tx.overdue_users(since, AT_ONCE).await }.boxed())
        .await?;
    let mut count = 0;
    for (org, user) in overdue {
        match suspend(store, ids, org, user, since).await {
            Ok(done) => count += usize::from(done),
            // One organization's trouble is not the others'.
            Err(error) => tracing::warn!(%error, org.id = %org, "An overdue person is kept"),
        }
    }
    Ok(count)
}

/// Deletes people whose connection was removed [`limits::REMOVED_PERSON`] ago with the word that they go, and
/// whom nobody let in since; answers of how many it was to be decided.
pub async fn delete_due(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = Time(ids.clock().now());
    let due = store
        .read(move |tx| async move { tx.people_to_delete(now, AT_ONCE).await }.boxed())
        .await?;
    let count = due.len();
    for (org, user) in due {
        let context = Context::of_system(ids, "connection_deleted");
        let deleted = change(store, org, context, move |change| {
            async move { delete(change, user).await }.boxed()
        });
        if let Err(error) = deleted.await {
            tracing::warn!(%error, org.id = %org, "A person whose time is over is kept");
        }
    }
    Ok(count)
}

async fn delete(change: &mut Change<'_>, id: UserId) -> Result<(), Error> {
    let user = change.tx.user(change.org, id).await?;
    let is_due = |user: &UserRow| user.delete_at.is_some_and(|at| at.0 <= change.now);
    let Some(mut user) = user.filter(is_due) else {
        return Ok(());
    };
    user.delete_at = None;
    user.updated_at = change.time();
    // Another directory may have taken the person over meanwhile.
    let goes = user.state() == UserState::Suspended
        && user.suspended_by_admin_at.is_some()
        && user.managed_by.is_none()
        && !user.owner;
    if goes {
        let before = user.state();
        user.deleted_at = Some(change.time());
        people::retire_all(change, id, "connection_deleted").await?;
        let data = json!({
            "user_id": id,
            "reason": "connection_deleted",
            "changes": [{"attribute": "state", "old": before, "new": user.state()}],
        });
        change.record_of(id, EventKind::UserDeleted, data);
    }
    Ok(change.tx.update_user(&user).await?)
}

/// Forgets the rows of imports after [`limits::IMPORT_RESULT`]; their counts stay. Answers of how
/// many.
pub async fn forget_results(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let before = Time(ids.clock().now() - limits::IMPORT_RESULT);
    store
        .write(move |tx| async move { Ok(tx.forget_import_results(before).await?) }.boxed())
        .await
}

/// Forgets whom invitations named that were closed [`limits::CLOSED_INVITATION`] ago; answers how
/// many. A hash stays, by which an address that is known can be found again.
pub async fn forget_invited(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let before = Time(ids.clock().now() - limits::CLOSED_INVITATION);
    store
        .write(move |tx| {
            async move {
                let rows = tx.stale_invitations(before, AT_ONCE).await?;
                let count = rows.len();
                for mut row in rows {
                    row.email_norm = forgotten(row.org_id, &row.email_norm);
                    row.email.clear();
                    row.message = None;
                    row.override_reason = None;
                    tx.update_invitation(&row).await?;
                    tx.forget_recipients(row.org_id, row.id).await?;
                    tx.forget_invitation_changes(row.org_id, row.id).await?;
                }
                Ok(count)
            }
            .boxed()
        })
        .await
}

/// What stays of an address: the same in one organization, another one in each.
pub(super) fn forgotten(org: OrganizationId, norm: &str) -> String {
    let hash = secret::hash(&format!("{org} {norm}"));
    URL_SAFE_NO_PAD.encode(hash)
}

/// Forgets what safeguards counted and count no longer; answers how much.
pub async fn forget_marks(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let before = Time(ids.clock().now() - limits::SAFEGUARD_WINDOW);
    store
        .write(move |tx| async move { Ok(tx.forget_safeguard_marks(before).await?) }.boxed())
        .await
}

/// Forgets recomputes that were done [`limits::RECOMPUTE_KEPT`] ago; answers how many.
pub async fn forget_recomputes(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let before = Time(ids.clock().now() - limits::RECOMPUTE_KEPT);
    store
        .write(move |tx| async move { Ok(tx.forget_recomputes(before).await?) }.boxed())
        .await
}

/// Closes the ways in of owners whose time is over; answers how many it was about.
pub async fn close_break_glass(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = Time(ids.clock().now());
    let overdue = store
        .read(move |tx| async move { tx.overdue_break_glass(now, AT_ONCE).await }.boxed())
        .await?;
    let count = overdue.len();
    for (org, id) in overdue {
        let context = Context::of_system(ids, "break_glass_expired");
        let closed = change(store, org, context, move |change| {
            async move { break_glass::expire(change, id).await }.boxed()
        });
        if let Err(error) = closed.await {
            tracing::warn!(%error, org.id = %org, "A way in whose time is over is kept");
        }
    }
    Ok(count)
}

/// Retires grants whose time is over, and with them the roles they gave; answers how many people it was
/// about.
pub async fn end_grants(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = Time(ids.clock().now());
    let ended = store
        .read(move |tx| async move { tx.ended_grants(now, AT_ONCE).await }.boxed())
        .await?;
    let count = ended.len();
    for (org, user) in ended {
        let context = Context::of_system(ids, "grant_expired");
        let settled = change(store, org, context, move |change| {
            async move {
                change.touch(user);
                Ok(())
            }
            .boxed()
        });
        if let Err(error) = settled.await {
            tracing::warn!(%error, org.id = %org, "A grant whose time is over is kept");
        }
    }
    Ok(count)
}

async fn suspend(
    store: &Store,
    ids: &Ids,
    org: OrganizationId,
    user: UserId,
    since: Time,
) -> Result<bool, Error> {
    let context = Context::of_system(ids, "provisional");
    change(store, org, context, move |change| {
        async move { expire(change, user, since).await }.boxed()
    })
    .await
}

async fn expire(change: &mut Change<'_>, id: UserId, since: Time) -> Result<bool, Error> {
    let user = change.tx.user(change.org, id).await?;
    // The directory may have spoken since the look.
    let overdue = |user: &UserRow| {
        user.provisional_since.is_some_and(|at| at <= since)
            && user.suspended_by_expiry_at.is_none()
            && user.deleted_at.is_none()
            && !user.owner
    };
    let Some(mut user) = user.filter(overdue) else {
        return Ok(false);
    };
    let before = user.state();
    user.suspended_by_expiry_at = Some(change.time());
    user.updated_at = change.time();
    change.tx.update_user(&user).await?;
    let data = json!({
        "user_id": id,
        "reason": "awaited_the_directory",
        "changes": [{"attribute": "state", "old": before, "new": user.state()}],
    });
    change.record_of(id, EventKind::UserSuspended, data);
    people::end_sessions_of(change, id, "awaited_the_directory").await?;
    Ok(true)
}
