//! What the other channels do with invitations: a directory that names the invited person, or
//! turns them away; a sign-in that asserts the address.

use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::grant::GrantSource;
use crate::directory::invitation::{Standing, State};
use crate::id::{ProjectId, UserId};
use crate::provisioning::invitations::{Rules, close};
use crate::provisioning::{Change, Error};
use crate::store::rows::{GrantRow, InvitationRow};

/// The invitation to this address that can be accepted now.
pub async fn live(change: &mut Change<'_>, norm: &str) -> Result<Option<InvitationRow>, Error> {
    let rows = change
        .tx
        .open_invitations(change.org, &[norm.to_owned()])
        .await?;
    let now = change.now;
    let live = |row: &InvitationRow| row.state.at(row.expires_at.0, now) == Standing::Pending;
    let Some(row) = rows.into_iter().find(live) else {
        return Ok(None);
    };
    // What would need an admin's look before its link worked brings nobody in by another door.
    let rules = Rules::read(change.tx, change.org).await?;
    let stands = inviter_may(change, &rules, &row).await?
        && standing_projects(change, &row).await?.is_some();
    Ok(stands.then_some(row))
}

/// The person came through another door: what they were invited to is theirs all the same.
pub async fn arrived(
    change: &mut Change<'_>,
    row: InvitationRow,
    user: UserId,
    via: &'static str,
) -> Result<bool, Error> {
    let projects = standing_projects(change, &row).await?;
    let Some(projects) = projects else {
        close(change, row, State::Superseded, "no_project_left").await?;
        return Ok(false);
    };
    take(change, &row, user, projects, via).await
}

/// A directory named somebody with this address, or says that they are not to come.
pub async fn named_by_directory(
    change: &mut Change<'_>,
    norm: &str,
    user: Option<UserId>,
    active: bool,
) -> Result<(), Error> {
    if let Some(user) = user.filter(|_| active)
        && let Some(row) = live(change, norm).await?
    {
        arrived(change, row, user, "scim").await?;
        return Ok(());
    }
    let open = change
        .tx
        .open_invitations(change.org, &[norm.to_owned()])
        .await?;
    for row in open {
        close(change, row, State::Superseded, "superseded_by_directory").await?;
    }
    Ok(())
}

/// Whether the inviter could still hand out the role: a demoted admin's invitations wait.
pub(super) async fn inviter_may(
    change: &mut Change<'_>,
    rules: &Rules,
    row: &InvitationRow,
) -> Result<bool, Error> {
    let Some(inviter) = row.inviter_id else {
        return Ok(true);
    };
    let Some(user) = change.tx.user(change.org, inviter).await? else {
        return Ok(true);
    };
    if !user.is_active() {
        // Who left as a member in good standing leaves their invitations behind.
        return Ok(true);
    }
    let rank = user.role_id.map_or(0, |role| rules.roles.rank(role));
    Ok(rank >= rules.roles.rank(row.role_id))
}

/// The projects of an invitation that are still live; none where it was for some and none is left:
/// an empty list would mean the whole organization.
pub(super) async fn standing_projects(
    change: &mut Change<'_>,
    row: &InvitationRow,
) -> Result<Option<Vec<ProjectId>>, Error> {
    let named = change.tx.invitation_projects(change.org, &[row.id]).await?;
    let all = change.tx.projects(change.org).await?;
    let live = |id: &ProjectId| {
        all.iter()
            .any(|project| project.id == *id && project.archived_at.is_none())
    };
    let left: Vec<_> = named.iter().map(|(_, id)| *id).filter(live).collect();
    Ok((named.is_empty() || !left.is_empty()).then_some(left))
}

/// Takes the invitation and grants what it was for; `false` where somebody was faster.
pub(super) async fn take(
    change: &mut Change<'_>,
    row: &InvitationRow,
    user: UserId,
    projects: Vec<ProjectId>,
    via: &'static str,
) -> Result<bool, Error> {
    let (org, now) = (change.org, change.time());
    let taken = change
        .tx
        .accept_invitation(org, row.id, row.version, user, via, now)
        .await?;
    if !taken {
        return Ok(false);
    }
    change.tx.cancel_deliveries(org, row.id, now).await?;
    let source = if row.import_id.is_some() {
        GrantSource::Csv
    } else {
        GrantSource::Invite
    };
    let grant = GrantRow {
        org_id: org,
        id: change.id(),
        user_id: user,
        role_id: row.role_id,
        source,
        source_ref: row.id.to_string(),
        granted_at: now,
        cause: change.context.cause.clone(),
        ends_at: None,
        retired_at: None,
        retired_cause: None,
    };
    change
        .tx
        .insert_grants(std::slice::from_ref(&grant))
        .await?;
    let scope: Vec<_> = projects.iter().map(|id| (org, grant.id, *id)).collect();
    change.tx.insert_grant_projects(&scope).await?;
    let data = json!({
        "invitation_id": row.id,
        "user_id": user,
        "email": row.email,
        "via": via,
    });
    change.record_of(user, EventKind::InvitationAccepted, data);
    Ok(true)
}
