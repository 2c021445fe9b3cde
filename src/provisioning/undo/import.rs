//! The inverse of an import: invitations that are open are taken back, and who came by one stays, without
//! what it gave. What somebody has changed by hand since is left as it is.

use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::grant::GrantSource;
use crate::directory::invitation::State;
use crate::id::{ImportId, UserId};
use crate::provisioning::invitations;
use crate::provisioning::settings::catalogue;
use crate::provisioning::undo::{Done, Left};
use crate::provisioning::{Change, Error};
use crate::store::rows::{GrantRow, InvitationRow};

/// Why the invitations close, and the grants end.
const CAUSE: &str = "import_undone";

/// Takes back what an import did.
pub(super) async fn inverse(change: &mut Change<'_>, id: ImportId) -> Result<Done, Error> {
    let mut done = Done::default();
    for row in change.tx.invitations_of_import(change.org, id).await? {
        match row.state {
            State::NeedsAttention | State::Pending => {
                done.revoked.push(row.id);
                invitations::close(change, row, State::Revoked, CAUSE).await?;
            }
            State::Accepted => part(change, &row, &mut done).await?,
            State::Declined | State::Revoked | State::Superseded => {}
        }
    }
    Ok(done)
}

/// Ends what an invitation gave whoever accepted it, or says why not.
async fn part(
    change: &mut Change<'_>,
    invitation: &InvitationRow,
    done: &mut Done,
) -> Result<(), Error> {
    let Some(id) = invitation.accepted_user_id else {
        return Ok(());
    };
    let Some(user) = change.tx.user(change.org, id).await? else {
        return Ok(());
    };
    let history = change.tx.grant_history(change.org, id).await?;
    let reference = invitation.id.to_string();
    let its = |row: &&GrantRow| row.source == GrantSource::Csv && row.source_ref == reference;
    let its: Vec<_> = history.iter().filter(its).collect();
    let live = its.iter().find(|row| row.retired_at.is_none());
    let why = match live {
        _ if user.erased_at.is_some() => Some("the person is erased"),
        _ if user.owner => Some("the person owns the organization by now"),
        None => Some("what the import gave is over already"),
        Some(_) if its.len() > 1 => Some("what the import gave was given again since"),
        Some(live) if by_hand_since(&history, live) => Some("a role was given by hand since"),
        Some(_) => None,
    };
    match (live, why) {
        (Some(live), None) => end(change, live, done).await,
        (_, why) => {
            let why = why.unwrap_or_default();
            done.left.insert(Left { user_id: id, why });
            Ok(())
        }
    }
}

/// Whether somebody gave the person a role by hand after a grant began.
fn by_hand_since(history: &[GrantRow], grant: &GrantRow) -> bool {
    history.iter().any(|row| {
        let by_hand = matches!(row.source, GrantSource::Manual | GrantSource::Override);
        by_hand && row.granted_at >= grant.granted_at
    })
}

async fn end(change: &mut Change<'_>, row: &GrantRow, done: &mut Done) -> Result<(), Error> {
    let (org, at, id): (_, _, UserId) = (change.org, change.time(), row.user_id);
    change.tx.retire_grants(org, &[row.id], at, CAUSE).await?;
    let roles = catalogue(change.tx, org).await?;
    let scopes = change.tx.grant_projects(org, &[row.id]).await?;
    let projects = change.tx.projects(org).await?;
    let is_its = |id| scopes.iter().any(|(_, it)| *it == id);
    let slugs = projects
        .iter()
        .filter(|it| is_its(it.id))
        .map(|it| &it.slug);
    let data = json!({
        "user_id": id,
        "grant_id": row.id,
        "source": row.source,
        "role": roles.role(row.role_id).map(|role| &role.slug),
        "projects": slugs.collect::<Vec<_>>(),
        "because": CAUSE,
    });
    change.record(EventKind::GrantEnded, data);
    change.touch(id);
    done.ended.push(row.id);
    done.people.push(id);
    Ok(())
}
