//! Safeguards: a directory that suddenly takes away much, or makes many admins, is watched. What one
//! connection does within an hour is counted; beyond the threshold an alarm goes out, and by choice the
//! change waits. Whose removal is held may not sign in and keeps what they had until somebody decides; whose
//! group is held keeps its role.
//!
//! What a directory says and what is not in force is kept as a waiver, whether a safeguard holds it,
//! somebody refused it, or somebody undid it. A waiver ends when the directory says something else.

use serde_json::json;

use crate::directory::connection::Safeguard;
use crate::directory::event::EventKind;
use crate::directory::grant::GrantSource;
use crate::directory::role::ADMIN_RANK;
use crate::directory::safeguard::{Danger, Reaction, SafeguardState, WaiverKind, WaiverState};
use crate::id::{ConnectionId, OrganizationId, SafeguardId, UserId};
use crate::limits;
use crate::provisioning::people::end_sessions_of;
use crate::provisioning::resolution::Rules;
use crate::provisioning::settle::reference;
use crate::provisioning::{Change, Error};
use crate::store::Tx;
use crate::store::rows::{ConnectionRow, SafeguardRow, SafeguardSettingsRow, UserRow, WaiverRow};
use crate::store::types::Time;

mod decide;
mod outlook;
mod tally;
pub mod view;

use tally::Tally;

pub(in crate::provisioning) use decide::decide_all;
pub use decide::{Approval, Decision, Planned, decide, decide_person, expire_overdue, plan_change};
pub use outlook::Outlook;
pub(in crate::provisioning) use outlook::outlook;

/// Counts what a connection does to these people, and answers the safeguard that holds it, if one does.
/// Removals are only counted where they may not be held.
pub(super) async fn judge(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    danger: Danger,
    people: &[UserId],
    may_hold: bool,
) -> Result<Option<SafeguardId>, Error> {
    if people.is_empty() || connection.safeguard == Safeguard::Off {
        return Ok(None);
    }
    let (org, now) = (change.org, change.time());
    let watched = change.tx.watched(org, connection.id, danger).await?;
    let (set, before) = watched.map_or((None, None), |it| (it.settings, it.tally));
    if mode_of(connection, danger, set.as_ref(), now) == Safeguard::Off {
        return Ok(None);
    }
    let Tally {
        people: total,
        active,
    } = tally::after(change, (connection.id, danger), (people, before)).await?;
    let reaction = danger.reaction(connection.safeguard, total, active);
    if reaction == Reaction::Nothing {
        return Ok(None);
    }
    let since = change.ago(limits::SAFEGUARD_WINDOW);
    let (first, last) = change
        .tx
        .safeguard_mark_span(org, connection.id, danger, since, now)
        .await?;
    let apart = last.is_some_and(|at| change.now.duration_since(at.0) > limits::SAFEGUARD_APART);
    let mut hold = reaction == Reaction::Hold;
    if danger == Danger::Removals {
        if apart && people.len() == 1 {
            return Ok(None);
        }
        // What must not wait is done, and is no less of an alarm.
        hold &= may_hold && !change.apply_now;
    }
    let counted = (total, danger.threshold(active), active);
    let minutes = set.map_or(limits::SAFEGUARD_HOLD_MINUTES, |set| set.hold_minutes);
    let until = Time(change.now + jiff::SignedDuration::from_mins(minutes));
    let row = SafeguardRow {
        began_at: first.unwrap_or(now),
        expires_at: hold.then_some(until),
        ..fresh(change, (connection.id, danger), hold, counted)
    };
    let id = trip(change, row).await?;
    Ok(Some(id).filter(|_| hold))
}

/// What is done about what is counted now: nothing about removals that are planned.
fn mode_of(
    connection: &ConnectionRow,
    danger: Danger,
    set: Option<&SafeguardSettingsRow>,
    now: Time,
) -> Safeguard {
    let planned = set.and_then(|set| set.planned_until);
    let is_planned = danger == Danger::Removals && planned.is_some_and(|until| until > now);
    if is_planned {
        Safeguard::Off
    } else {
        connection.safeguard
    }
}

/// How many active people a connection had when it began: those who are there, and those who went since.
async fn active_people(
    tx: &mut Tx,
    (org, connection): (OrganizationId, ConnectionId),
    danger: Danger,
    since: Time,
) -> Result<i64, Error> {
    let gone = tx.safeguard_marks_gone(org, connection, danger, since);
    let gone = gone.await?;
    Ok(tx.active_people_of(org, connection).await? + gone)
}

/// A safeguard that trips now.
fn fresh(
    change: &Change<'_>,
    (connection_id, kind): (ConnectionId, Danger),
    hold: bool,
    (people, threshold, active_people): (i64, i64, i64),
) -> SafeguardRow {
    let now = change.time();
    SafeguardRow {
        org_id: change.org,
        id: change.id(),
        connection_id,
        kind,
        state: if hold {
            SafeguardState::Held
        } else {
            SafeguardState::Observed
        },
        people,
        threshold,
        active_people,
        began_at: now,
        tripped_at: now,
        latest_at: now,
        expires_at: None,
        decided_at: None,
        decided_by: None,
    }
}

/// The safeguard trips, or goes on.
async fn trip(change: &mut Change<'_>, row: SafeguardRow) -> Result<SafeguardId, Error> {
    let open = change
        .tx
        .open_safeguard(row.org_id, row.connection_id, row.kind, row.state)
        .await?;
    let goes_on = |it: &SafeguardRow| {
        it.state == SafeguardState::Held
            || change.now.duration_since(it.latest_at.0) <= limits::SAFEGUARD_WINDOW
    };
    if let Some(mut open) = open.filter(goes_on) {
        open.people = row.people;
        open.latest_at = row.latest_at;
        // Whoever joins waits as long as the first did, while the first does not wait for ever.
        let longest = jiff::SignedDuration::from_mins(limits::SAFEGUARD_LONGEST_HOLD_MINUTES);
        let last = Time(open.tripped_at.0 + longest);
        open.expires_at = row.expires_at.map(|at| at.min(last)).max(open.expires_at);
        change.tx.update_safeguard(&open).await?;
        return Ok(open.id);
    }
    change.tx.insert_safeguard(&row).await?;
    change.record(EventKind::SafeguardTripped, told(&row));
    tracing::warn!(
        org.id = %row.org_id,
        connection.id = %row.connection_id,
        people = row.people,
        threshold = row.threshold,
        "A safeguard tripped: {} beyond what is usual within an hour", row.kind
    );
    Ok(row.id)
}

fn told(row: &SafeguardRow) -> serde_json::Value {
    json!({
        "safeguard_id": row.id,
        "connection_id": row.connection_id,
        "kind": row.kind,
        "state": row.state,
        "people": row.people,
        "threshold": row.threshold,
        "active_people": row.active_people,
    })
}

/// Whether a removal of a person by their directory waits: then their sessions end and nobody signs in as
/// them, and everything else stays as it is.
pub(super) async fn hold_removal(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    user: &UserRow,
    kind: WaiverKind,
) -> Result<Option<SafeguardId>, Error> {
    if !user.is_active() {
        return Ok(None);
    }
    // Whoever may do harm is out at once.
    let may_hold = connection.safeguard == Safeguard::Hold
        && !user.owner
        && !is_privileged(change, user).await?;
    let held = judge(change, connection, Danger::Removals, &[user.id], may_hold).await?;
    let Some(safeguard) = held else {
        return Ok(None);
    };
    end_sessions_of(change, user.id, "held_by_safeguard").await?;
    let waiver = waiver(
        change,
        user.id,
        connection.id,
        (kind, connection.id.to_string()),
    );
    let mut waivers = vec![waiver];
    if kind == WaiverKind::Deletion {
        waivers.extend(kept(change, user.id, connection.id).await?);
    }
    for waiver in &mut waivers {
        waiver.safeguard_id = Some(safeguard);
    }
    change.tx.insert_waivers(&waivers).await?;
    change.held = Some(safeguard);
    Ok(Some(safeguard))
}

/// What the directory's groups gave somebody whom it deletes: their memberships go with the resource.
async fn kept(
    change: &mut Change<'_>,
    user: UserId,
    connection: ConnectionId,
) -> Result<Vec<WaiverRow>, Error> {
    let live = change.tx.live_grants(change.org, &[user]).await?;
    let of_groups = live
        .iter()
        .filter(|row| row.source == GrantSource::DirectoryGroup);
    let names = of_groups.map(|row| reference(row.source, &row.source_ref));
    let kept = names.map(|name| waiver(change, user, connection, (WaiverKind::Kept, name)));
    Ok(kept.collect())
}

async fn is_privileged(change: &mut Change<'_>, user: &UserRow) -> Result<bool, Error> {
    let Some(role) = user.role_id else {
        return Ok(false);
    };
    let rules = Rules::load(change.tx, change.org).await?;
    Ok(rules.book.roles.rank(Some(role)) >= ADMIN_RANK)
}

/// A waiver that a safeguard holds.
pub(super) fn waiver(
    change: &Change<'_>,
    user_id: UserId,
    connection_id: ConnectionId,
    (kind, reference): (WaiverKind, String),
) -> WaiverRow {
    WaiverRow {
        org_id: change.org,
        id: change.id(),
        user_id,
        connection_id,
        kind,
        reference,
        state: WaiverState::Held,
        safeguard_id: None,
        reason: change.context.cause.clone(),
        created_at: change.time(),
    }
}

/// What of the directory's word on a person's being there is not in force, at this connection.
pub(super) async fn removal_waived(
    change: &mut Change<'_>,
    user: UserId,
    connection: ConnectionId,
) -> Result<Option<WaiverRow>, Error> {
    let all = change.tx.waivers_of(change.org, &[user]).await?;
    let is_it = |it: &WaiverRow| it.is_removal() && it.connection_id == connection;
    Ok(all.into_iter().find(is_it))
}

/// The directory says something else of a person's being there: what was kept from being in force is over,
/// and with a deletion what was kept of its groups.
pub(super) async fn clear_removal(
    change: &mut Change<'_>,
    user: UserId,
    connection: ConnectionId,
) -> Result<(), Error> {
    let all = change.tx.waivers_of(change.org, &[user]).await?;
    let mut here: Vec<_> = all
        .into_iter()
        .filter(|it| it.connection_id == connection)
        .collect();
    let deleted = here.iter().any(|it| it.kind == WaiverKind::Deletion);
    here.retain(|it| it.is_removal() || (deleted && it.kind == WaiverKind::Kept));
    let ids: Vec<_> = here.iter().map(|it| it.id).collect();
    Ok(change.tx.end_waivers(change.org, &ids).await?)
}

impl WaiverRow {
    /// Whether it is about the person's being there, and not about a group.
    pub fn is_removal(&self) -> bool {
        matches!(self.kind, WaiverKind::Deletion | WaiverKind::Suspension)
    }
}
