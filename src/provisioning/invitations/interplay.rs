//! What the other channels do with invitations: a directory that names the invited person, or
//! turns them away; a sign-in that asserts the address.

use serde_json::json;

use crate::directory::email::domain_of;
use crate::directory::event::EventKind;
use crate::directory::grant::GrantSource;
use crate::directory::invitation::{Standing, State};
use crate::directory::role::ADMIN_RANK;
use crate::id::{ProjectId, UserId};
use crate::provisioning::invitations::{Rules, close};
use crate::provisioning::trust::is_trusted;
use crate::provisioning::{Change, Error};
use crate::store::rows::{ConnectionRow, InvitationRow};

/// The invitation to this address that the connection may bring its person to, now.
///
/// A connection speaks for the domains that it is trusted with. Where another one is trusted with
/// the domain, this one brings nobody; where none is, it brings the organization's guests, but no
/// admins: those come from their mailbox.
pub async fn live(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    norm: &str,
) -> Result<Option<InvitationRow>, Error> {
    match open(change, norm).await? {
        Some(row) if brings(change, connection, &row).await? => Ok(Some(row)),
        _ => Ok(None),
    }
}

/// Whether the connection may bring the person of an open invitation to it, now.
async fn brings(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    row: &InvitationRow,
) -> Result<bool, Error> {
    if row.state.at(row.expires_at.0, change.now) != Standing::Pending {
        return Ok(false);
    }
    // Where the owner overrides a directory, none of them speaks for the person.
    if row.override_reason.is_some() {
        return Ok(false);
    }
    // What would need an admin's look before its link worked brings nobody in by another door.
    let rules = Rules::read(change.tx, change.org).await?;
    Ok(may_speak(change, connection, &rules, row).await?
        && inviter_may(change, &rules, row).await?
        && standing_projects(change, row).await?.is_some())
}

async fn open(change: &mut Change<'_>, norm: &str) -> Result<Option<InvitationRow>, Error> {
    let norms = [norm.to_owned()];
    let rows = change.tx.open_invitations(change.org, &norms).await?;
    Ok(rows.into_iter().next())
}

/// Whether the connection may say of an invited address who it is.
async fn may_speak(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    rules: &Rules,
    row: &InvitationRow,
) -> Result<bool, Error> {
    let domain = domain_of(&row.email_norm);
    let mut elsewhere = false;
    for other in change.tx.connections(change.org).await? {
        if is_trusted(change.tx, change.org, other.id, domain).await? {
            if other.id == connection.id {
                return Ok(true);
            }
            elsewhere = true;
        }
    }
    Ok(!elsewhere && rules.roles.rank(row.role_id) < ADMIN_RANK)
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

/// A directory named somebody with this address, or says that they are not to come. A directory
/// that does not speak for the address changes nothing.
pub async fn named_by_directory(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    norm: &str,
    user: UserId,
    arrives: bool,
) -> Result<(), Error> {
    let Some(row) = open(change, norm).await? else {
        return Ok(());
    };
    if arrives && brings(change, connection, &row).await? {
        arrived(change, row, user, "scim").await?;
        return Ok(());
    }
    // That it turns the person away is what the owner overrides.
    if arrives || row.override_reason.is_none() {
        let rules = Rules::read(change.tx, change.org).await?;
        if may_speak(change, connection, &rules, &row).await? {
            close(change, row, State::Superseded, "superseded_by_directory").await?;
        }
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
        // Who left leaves their invitations behind; but nobody can tell any more what they were
        // when they left, so that an admin's role takes an admin's look.
        return Ok(rules.roles.rank(row.role_id) < ADMIN_RANK);
    }
    let rank = rules.roles.rank(user.role_id);
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
    change.tx.void_invitation_changes(org, row.id, now).await?;
    let source = if row.import_id.is_some() {
        GrantSource::Csv
    } else {
        GrantSource::Invite
    };
    let of = (source, row.id.to_string());
    let grant = change.mint().grant(user, row.role_id, of);
    change.give(&grant, &projects).await?;
    let data = json!({
        "invitation_id": row.id,
        "user_id": user,
        "email": row.email,
        "via": via,
    });
    change.record_of(user, EventKind::InvitationAccepted, data);
    Ok(true)
}
