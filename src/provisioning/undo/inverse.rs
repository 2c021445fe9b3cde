//! The inverse of what happened to one person.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::grant::GrantSource;
use crate::directory::role::ADMIN_RANK;
use crate::directory::rulebook::Rulebook;
use crate::directory::safeguard::{WaiverKind, WaiverState};
use crate::directory::user::UserState;
use crate::id::{ConnectionId, ProjectId, UserId};
use crate::limits;
use crate::provisioning::people::retire_after_absence;
use crate::provisioning::resolution::mapping_of;
use crate::provisioning::safeguards::waiver;
use crate::provisioning::settle::reference;
use crate::provisioning::undo::{Left, Story};
use crate::provisioning::{Change, Error};
use crate::store::rows::{GrantRow, UserRow, WaiverRow};

/// Why grants ended that a change of the directory ended.
const BY_DIRECTORY: [&str; 3] = [
    "deleted_by_directory",
    "no_longer_due",
    "superseded_by_directory",
];

/// Takes back what happened to a person: who was shut out is let in, what ended is given again, and what was
/// given ends.
pub(super) async fn of(
    change: &mut Change<'_>,
    book: &Rulebook,
    (id, story): (UserId, &Story),
    left: &mut BTreeSet<Left>,
) -> Result<(), Error> {
    let mut leave = |why| left.insert(Left { user_id: id, why });
    let Some(user) = change.tx.user(change.org, id).await? else {
        return Ok(());
    };
    if user.erased_at.is_some() {
        leave("the person is erased");
        return Ok(());
    }
    let Some(connection) = story.connection.or(user.managed_by) else {
        leave("no directory did it");
        return Ok(());
    };
    if !book.connections.contains_key(&connection) {
        leave("the connection is gone: let the person in by hand");
        return Ok(());
    }
    for (_, kind) in &story.kinds {
        left_because(*kind).map(&mut leave);
    }
    release(change, id, story).await?;
    match let_in(change, user, story, connection).await? {
        Ok(()) => {}
        Err(why) => {
            leave(why);
            return Ok(());
        }
    }
    let history = change.tx.grant_history(change.org, id).await?;
    let past = Past {
        history: &history,
        story,
    };
    for row in past.ended() {
        if let Err(why) = give_again(change, book, &past, row, connection).await? {
            leave(why);
        }
    }
    for row in past.began() {
        let of = (WaiverKind::Withheld, reference(row.source, &row.source_ref));
        let fresh = waiver(change, row.user_id, connection, of);
        keep(change, fresh).await?;
    }
    change.touch(id);
    Ok(())
}

fn left_because(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::UserCreated => Some("the person came by it: suspend them by hand"),
        EventKind::UserAdopted => Some("the directory took the person over by it"),
        EventKind::UserReactivated => Some("the person was let in by it: suspend them by hand"),
        _ => None,
    }
}

/// What a safeguard still holds of it is not done any more.
async fn release(change: &mut Change<'_>, id: UserId, story: &Story) -> Result<(), Error> {
    let all = change.tx.waivers_of(change.org, &[id]).await?;
    let its = all
        .iter()
        .filter(|it| it.state == WaiverState::Held && story.causes.contains(&it.reason));
    let ids: Vec<_> = its.map(|it| it.id).collect();
    Ok(change
        .tx
        .set_waivers(change.org, &ids, WaiverState::Undone)
        .await?)
}

/// Lets in who was shut out by it and still is; answers why not, where the person stays out.
async fn let_in(
    change: &mut Change<'_>,
    mut user: UserRow,
    story: &Story,
    connection: ConnectionId,
) -> Result<Result<(), &'static str>, Error> {
    let by_it = |at: Timestamp| story.instants.contains(&at);
    let before = user.state();
    let kind = if let Some(at) = user.deleted_at {
        if !by_it(at.0) {
            return Ok(Err("the person is gone by something else"));
        }
        if change.now.duration_since(at.0) > limits::TOMBSTONE {
            return Ok(Err("the person is gone for too long"));
        }
        user.deleted_at = None;
        user.managed_by = Some(connection);
        if let Some(norm) = user.email_norm.clone()
            && change.tx.user_by_email(change.org, &norm).await?.is_some()
        {
            user.email_norm = None;
        }
        WaiverKind::Deletion
    } else if let Some(at) = user.suspended_by_directory_at {
        if !by_it(at.0) {
            return Ok(Err("the person was suspended by something else"));
        }
        retire_after_absence(change, &user).await?;
        user.suspended_by_directory_at = None;
        WaiverKind::Suspension
    } else {
        return Ok(Ok(()));
    };
    user.updated_at = change.time();
    change.tx.update_user(&user).await?;
    let fresh = waiver(change, user.id, connection, (kind, connection.to_string()));
    keep(change, fresh).await?;
    let event = match user.state() {
        UserState::Active => EventKind::UserReactivated,
        _ => EventKind::UserUpdated,
    };
    let data = json!({
        "user_id": user.id,
        "connection_id": connection,
        "because": "undone",
        "changes": [{"attribute": "state", "old": before, "new": user.state()}],
    });
    change.record_of(user.id, event, data);
    Ok(Ok(()))
}

async fn keep(change: &mut Change<'_>, row: WaiverRow) -> Result<(), Error> {
    let row = WaiverRow {
        state: WaiverState::Undone,
        ..row
    };
    Ok(change.tx.insert_waivers(&[row]).await?)
}

/// A person's grants, against what is undone.
struct Past<'p> {
    history: &'p [GrantRow],
    story: &'p Story,
}

impl Past<'_> {
    fn began_by_it(&self, row: &GrantRow) -> bool {
        let is_its = self.story.instants.contains(&row.granted_at.0);
        is_its && self.story.causes.contains(&row.cause)
    }

    fn ended_by_it(&self, row: &GrantRow) -> bool {
        let why = row.retired_cause.as_deref().unwrap_or_default();
        let at = row.retired_at.map(|at| at.0);
        at.is_some_and(|at| self.story.instants.contains(&at)) && BY_DIRECTORY.contains(&why)
    }

    fn same(&self, row: &GrantRow) -> impl Iterator<Item = &GrantRow> {
        let of = (row.source, row.source_ref.clone());
        self.history
            .iter()
            .filter(move |it| (it.source, &it.source_ref) == (of.0, &of.1))
    }

    /// What counted before and ended by it, and does not count again.
    fn ended(&self) -> Vec<&GrantRow> {
        let ended = self.history.iter().filter(|row| {
            self.ended_by_it(row)
                && !self.began_by_it(row)
                && !self.same(row).any(|it| it.retired_at.is_none())
        });
        ended.collect()
    }

    /// What a rule gave by it, still gives, and had not given before.
    fn began(&self) -> Vec<&GrantRow> {
        let began = self.history.iter().filter(|row| {
            let before = |it: &GrantRow| self.ended_by_it(it) && !self.began_by_it(it);
            row.retired_at.is_none()
                && row.source.is_by_rule()
                && self.began_by_it(row)
                && !self.same(row).any(before)
        });
        began.collect()
    }

    /// Whether the same was given or taken once more since.
    fn changed_since(&self, row: &GrantRow) -> bool {
        let last = self.story.instants.last().copied();
        let later = |at: Timestamp| last.is_some_and(|last| at > last);
        self.same(row)
            .any(|it| later(it.granted_at.0) || it.retired_at.is_some_and(|at| later(at.0)))
    }

    /// Whether a group decides that is not undone.
    fn is_governed(&self) -> bool {
        self.history.iter().any(|row| {
            row.retired_at.is_none()
                && row.source == GrantSource::DirectoryGroup
                && !self.began_by_it(row)
        })
    }
}

/// Gives again what ended by it, as the rules are now; answers why not, where it stays ended.
async fn give_again(
    change: &mut Change<'_>,
    book: &Rulebook,
    past: &Past<'_>,
    row: &GrantRow,
    connection: ConnectionId,
) -> Result<Result<(), &'static str>, Error> {
    if past.changed_since(row) {
        return Ok(Err("something of it was changed since"));
    }
    let scope: Vec<ProjectId>;
    let mut role_id = row.role_id;
    if row.source.is_by_rule() {
        let rule = mapping_of(row).and_then(|id| book.rules.get(&id));
        let Some(rule) = rule.filter(|rule| rule.enabled) else {
            return Ok(Err("the rule of a group is gone"));
        };
        role_id = rule.role;
        scope = rule.projects.iter().copied().collect();
    } else if book.roles.role(row.role_id).is_none() {
        return Ok(Err("the role was removed"));
    } else {
        let given = matches!(
            row.source,
            GrantSource::Csv | GrantSource::Invite | GrantSource::Manual
        );
        if !given || book.roles.rank(row.role_id) >= ADMIN_RANK {
            return Ok(Err(
                "what only the owner or an admin gives is restored by hand",
            ));
        }
        if row.source == GrantSource::Manual && past.is_governed() {
            return Ok(Err("a group of the directory decides the role"));
        }
        let scopes = change.tx.grant_projects(change.org, &[row.id]).await?;
        scope = scopes.into_iter().map(|(_, project)| project).collect();
    }
    let of = (row.source, row.source_ref.clone());
    let fresh = GrantRow {
        ends_at: row.ends_at,
        reason: row.reason.clone(),
        ..change.mint().grant(row.user_id, role_id, of)
    };
    change.give(&fresh, &scope).await?;
    if row.source.is_by_rule() {
        let of = (WaiverKind::Kept, reference(row.source, &row.source_ref));
        let fresh = waiver(change, row.user_id, connection, of);
        keep(change, fresh).await?;
    }
    Ok(Ok(()))
}
