//! The tally: how many people a connection did something to within the window, and of how many active ones, without
//! counting everybody at each of them.
//!
//! What was counted last is kept. From there on those who come are added, so that it is never less than there are:
//! where even that is few enough, nobody is counted. Where it is too many, all are counted, once in a while: what was
//! too much a moment ago still is.

use jiff::SignedDuration;

use crate::directory::safeguard::Danger;
use crate::id::{ConnectionId, UserId};
use crate::limits;
use crate::provisioning::safeguards::active_people;
use crate::provisioning::{Change, Error};
use crate::store::rows::{SafeguardMarkRow, SafeguardTallyRow};
use crate::store::types::Time;

/// What a connection did within the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    /// To how many people.
    pub(super) people: i64,
    /// Of how many active ones; none where few enough are few anyway.
    pub(super) active: i64,
}

/// Marks these people, and tells what that comes to, with what was counted before.
pub(super) async fn after(
    change: &mut Change<'_>,
    (connection, danger): (ConnectionId, Danger),
    (people, before): (&[UserId], Option<SafeguardTallyRow>),
) -> Result<Tally, Error> {
    let (org, now) = (change.org, change.time());
    let since = change.ago(limits::SAFEGUARD_WINDOW);
    let known = change
        .tx
        .safeguard_marked_among(org, connection, danger, since, people)
        .await?;
    let mark = |user: &UserId| SafeguardMarkRow {
        org_id: org,
        connection_id: connection,
        kind: danger,
        at: now,
        user_id: *user,
    };
    let marks: Vec<_> = people.iter().map(mark).collect();
    change.tx.mark_safeguard(&marks).await?;
    let new = people.iter().filter(|it| !known.contains(it)).count() as i64;
    let row = match before.and_then(|row| carried(row, danger, new, now)) {
        Some(row) => row,
        None => counted(change, (connection, danger), since).await?,
    };
    change.tx.set_safeguard_tally(&row).await?;
    Ok(Tally {
        people: row.people,
        active: row.active_people,
    })
}

/// What was counted before, with so many more; none where that does not tell enough.
fn carried(
    row: SafeguardTallyRow,
    danger: Danger,
    new: i64,
    now: Time,
) -> Option<SafeguardTallyRow> {
    let age = now.0.duration_since(row.counted_at.0);
    let is_within = |most: SignedDuration| !age.is_negative() && age <= most;
    let people = row.people + new;
    let is_few = people <= danger.threshold(0)
        || (people <= danger.threshold(row.active_people)
            && is_within(limits::SAFEGUARD_FEW_COUNTED));
    let was_much = row.people > danger.threshold(row.active_people);
    let is_much = was_much && is_within(limits::SAFEGUARD_MANY_COUNTED);
    (is_few || is_much).then_some(SafeguardTallyRow { people, ..row })
}

/// What there is, counted.
async fn counted(
    change: &mut Change<'_>,
    (connection, danger): (ConnectionId, Danger),
    since: Time,
) -> Result<SafeguardTallyRow, Error> {
    let org = change.org;
    let people = change
        .tx
        .safeguard_marks(org, connection, danger, since)
        .await?;
    let active_people = if people > danger.threshold(0) {
        active_people(change.tx, (org, connection), danger, since).await?
    } else {
        0
    };
    Ok(SafeguardTallyRow {
        org_id: org,
        connection_id: connection,
        kind: danger,
        people,
        active_people,
        counted_at: change.time(),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn row(people: i64, active_people: i64) -> SafeguardTallyRow {
        SafeguardTallyRow {
            org_id: Uuid::nil().into(),
            connection_id: Uuid::nil().into(),
            kind: Danger::Removals,
            people,
            active_people,
            counted_at: Time(Timestamp::UNIX_EPOCH),
        }
    }

    #[test]
    fn everybody_is_counted_only_where_what_was_counted_does_not_tell() {
        // The threshold is ten, or a fifth of those who are active.
        for (people, active, new, seconds, expected) in [
            // Few are few, whenever that was.
            (3, 0, 1, 90_000, Some(4)),
            (10, 0, 1, 0, None),
            // Few of many are few for a while.
            (11, 100, 1, 300, Some(12)),
            (11, 100, 1, 301, None),
            (20, 100, 1, 0, None),
            // Too many still are too many, for a moment.
            (21, 100, 1, 60, Some(22)),
            (21, 100, 1, 61, None),
            // A clock that was set back tells nothing.
            (11, 100, 1, -1, None),
        ] {
            let now = Time(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds));
            let carried = carried(row(people, active), Danger::Removals, new, now);
            let told = carried.map(|it| it.people);
            assert_eq!(
                told, expected,
                "{people} of {active} and {new} at {seconds}"
            );
        }
    }
}
