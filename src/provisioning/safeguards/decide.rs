//! Deciding: what a safeguard holds is done, or is not; nobody's decision is one, too.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::safeguard::{Danger, SafeguardState, WaiverKind, WaiverState};
use crate::id::{ConnectionId, Ids, OrganizationId, SafeguardId, UserId};
use crate::limits;
use crate::provisioning::people::{alarm_owner_unavailable, end_sessions_of, retire_all};
use crate::provisioning::safeguards::{told, view};
use crate::provisioning::{Change, Context, Error, Kind, change, owner_kept};
use crate::store::Store;
use crate::store::rows::{SafeguardRow, SafeguardSettingsRow, WaiverRow};
use crate::store::types::Time;

/// Safeguards that are decided by time in one look.
const AT_ONCE: i64 = 50;

/// What is said of what a safeguard holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is done: where a digest says what was looked at, just that or nothing.
    Approve(Option<String>),
    /// It is not done: the directory's word stands as its word, and is not in force.
    Reject,
    /// Nobody said anything in time: removals are done, promotions are not.
    Expire,
}

/// What an approval says.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The digest of what was looked at: where the directory said more since, nothing is done. Without it,
    /// all is done that is held by then.
    pub digest: Option<String>,
}

/// Decides about all that a safeguard holds. Saying the same again changes nothing.
pub async fn decide(
    change: &mut Change<'_>,
    id: SafeguardId,
    decision: &Decision,
) -> Result<SafeguardId, Error> {
    let row = change.tx.safeguard(change.org, id).await?;
    let mut row = row.ok_or(Error::NotFound(Kind::Safeguard))?;
    let (state, event) = match decision {
        Decision::Approve(_) => (SafeguardState::Approved, EventKind::SafeguardApproved),
        Decision::Reject => (SafeguardState::Rejected, EventKind::SafeguardRejected),
        Decision::Expire => (SafeguardState::Expired, EventKind::SafeguardExpired),
    };
    if row.state == state {
        return Ok(id);
    }
    if row.state != SafeguardState::Held {
        return Err(Violation::Decided(row.state.as_str()).into());
    }
    let held = change.tx.waivers_of_safeguard(change.org, id).await?;
    let held: Vec<_> = held
        .into_iter()
        .filter(|it| it.state == WaiverState::Held)
        .collect();
    if let Decision::Approve(Some(seen)) = decision
        && view::digest(&held) != *seen
    {
        return Err(Error::Stale);
    }
    row.state = state;
    row.decided_at = Some(change.time());
    row.decided_by = Some(change.context.source.actor());
    change.tx.update_safeguard(&row).await?;
    change.record(event, told(&row));
    let done = match decision {
        Decision::Approve(_) => true,
        Decision::Reject => false,
        Decision::Expire => row.kind == Danger::Removals,
    };
    if done {
        return enforce(change, &held).await.map(|()| id);
    }
    let ids: Vec<_> = held.iter().map(|it| it.id).collect();
    let state = match decision {
        Decision::Expire => WaiverState::Expired,
        Decision::Approve(_) | Decision::Reject => WaiverState::Rejected,
    };
    change.tx.set_waivers(change.org, &ids, state).await?;
    Ok(id)
}

/// Decides by time what the safeguards of a connection hold that is about to go.
pub(in crate::provisioning) async fn decide_all(
    change: &mut Change<'_>,
    connection: ConnectionId,
) -> Result<(), Error> {
    for row in change.tx.safeguards(change.org).await? {
        if row.connection_id == connection && row.state == SafeguardState::Held {
            decide(change, row.id, &Decision::Expire).await?;
        }
    }
    Ok(())
}

/// Does at once what a safeguard holds of one person.
pub async fn decide_person(
    change: &mut Change<'_>,
    id: SafeguardId,
    user: UserId,
) -> Result<SafeguardId, Error> {
    let row = change.tx.safeguard(change.org, id).await?;
    row.ok_or(Error::NotFound(Kind::Safeguard))?;
    let held = change.tx.waivers_of_safeguard(change.org, id).await?;
    let is_theirs = |it: &WaiverRow| it.user_id == user;
    let held: Vec<_> = held.into_iter().filter(is_theirs).collect();
    if held.is_empty() {
        return Err(Error::NotFound(Kind::User));
    }
    enforce(change, &held).await?;
    Ok(id)
}

/// Brings what the directory said into force.
async fn enforce(change: &mut Change<'_>, held: &[WaiverRow]) -> Result<(), Error> {
    let ids: Vec<_> = held.iter().map(|it| it.id).collect();
    change.tx.end_waivers(change.org, &ids).await?;
    // What follows for people's roles is told as what the safeguard had held.
    change.held_before = held
        .iter()
        .find_map(|it| it.safeguard_id.zip(Some(it.connection_id)));
    for waiver in held {
        change.touch(waiver.user_id);
        if waiver.is_removal() {
            remove(change, waiver).await?;
        }
    }
    Ok(())
}

async fn remove(change: &mut Change<'_>, waiver: &WaiverRow) -> Result<(), Error> {
    let Some(mut user) = change.tx.user(change.org, waiver.user_id).await? else {
        return Ok(());
    };
    // Since it was held, the title may have come to them; it is theirs to keep as if the directory said it now.
    if user.owner && owner_kept::is_kept(change).await? {
        return Ok(());
    }
    let before = user.state();
    let kind = if waiver.kind == WaiverKind::Deletion && !user.owner {
        user.managed_by = None;
        user.deleted_at = user.deleted_at.or(Some(change.time()));
        retire_all(change, user.id, "deleted_by_directory").await?;
        EventKind::UserDeleted
    } else {
        let since = user.suspended_by_directory_at;
        user.suspended_by_directory_at = since.or(Some(change.time()));
        EventKind::UserSuspended
    };
    if before == user.state() {
        return Ok(());
    }
    end_sessions_of(change, user.id, "deactivated_by_directory").await?;
    user.updated_at = change.time();
    change.tx.update_user(&user).await?;
    let data = json!({
        "user_id": user.id,
        "connection_id": waiver.connection_id,
        "safeguard_id": waiver.safeguard_id,
        "changes": [{"attribute": "state", "old": before, "new": user.state()}],
    });
    change.record_of(user.id, kind, data);
    if user.owner {
        alarm_owner_unavailable(change, user.id);
    }
    Ok(())
}

/// Decides by time what nobody decided; answers how many safeguards that were.
pub async fn expire_overdue(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = Time(ids.clock().now());
    let overdue = store
        .read(move |tx| async move { tx.overdue_safeguards(now, AT_ONCE).await }.boxed())
        .await?;
    let count = overdue.len();
    for (org, id) in overdue {
        if let Err(error) = expire(store, ids, org, id).await {
            tracing::warn!(%error, org.id = %org, "A safeguard whose time is over still holds");
        }
    }
    Ok(count)
}

async fn expire(
    store: &Store,
    ids: &Ids,
    org: OrganizationId,
    id: SafeguardId,
) -> Result<(), Error> {
    let context = Context::of_system(ids, format_args!("safeguard_expired:{id}"));
    change(store, org, context, move |change| {
        async move {
            // Somebody may have decided since the look.
            let row = change.tx.safeguard(change.org, id).await?;
            let is_held = |row: &SafeguardRow| row.state == SafeguardState::Held;
            if row.as_ref().is_some_and(is_held) {
                decide(change, id, &Decision::Expire).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// What is set of a connection's safeguard beside its mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// Until when removals are planned and not counted: at most 7 days ahead; null means not.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub planned_until: Option<Timestamp>,
    /// How many minutes a hold waits for a decision: 1 to 60; 15 unless said.
    #[serde(default)]
    pub hold_minutes: Option<i64>,
}

/// Sets until when a connection's removals are planned, and how long a hold waits.
pub async fn plan_change(
    change: &mut Change<'_>,
    connection_id: ConnectionId,
    planned: &Planned,
) -> Result<Planned, Error> {
    let connection = change.tx.connection(change.org, connection_id).await?;
    connection.ok_or(Error::NotFound(Kind::Connection))?;
    let minutes = planned
        .hold_minutes
        .unwrap_or(limits::SAFEGUARD_HOLD_MINUTES);
    let longest = limits::SAFEGUARD_LONGEST_HOLD_MINUTES;
    if !(1..=longest).contains(&minutes) {
        let rule = format!("a hold waits 1 to {longest} minutes");
        return Err(Violation::Invalid(rule).into());
    }
    let last = change.now + limits::SAFEGUARD_PLANNED;
    if planned.planned_until.is_some_and(|until| until > last) {
        let rule = format!("removals are planned until {last} at the latest");
        return Err(Violation::Invalid(rule).into());
    }
    let set = Planned {
        planned_until: planned.planned_until,
        hold_minutes: Some(minutes),
    };
    let known = change
        .tx
        .safeguard_settings(change.org, connection_id)
        .await?;
    let old = known.map(|row| Planned {
        planned_until: row.planned_until.map(|at| at.0),
        hold_minutes: Some(row.hold_minutes),
    });
    if old.as_ref() == Some(&set) {
        return Ok(set);
    }
    let row = SafeguardSettingsRow {
        org_id: change.org,
        connection_id,
        planned_until: planned.planned_until.map(Time),
        hold_minutes: minutes,
    };
    change.tx.set_safeguard_settings(&row).await?;
    let data = json!({"connection_id": connection_id, "changes": [
        {"attribute": "safeguard_settings", "old": old, "new": set},
    ]});
    change.record(EventKind::ConnectionUpdated, data);
    Ok(set)
}
