//! What is done with an invitation that is there: sent again, extended, changed, taken back; one
//! at a time or many.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde_json::json;

use crate::directory::delivery::MailKind;
use crate::directory::event::EventKind;
use crate::directory::invitation::expiry::{Extension, extended};
use crate::directory::invitation::{State, resending};
use crate::id::{ImportId, InvitationId, OrganizationId, RoleId, UserId};
use crate::provisioning::invitations::owe::owe;
use crate::provisioning::invitations::{Inviter, Rules, close, find, overriding, told};
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::store::Store;
use crate::store::rows::InvitationRow;
use crate::store::types::Time;

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Action {
    /// Extended by 7, 14 or 30 days; and mailed, if that is asked for.
    Extend {
        /// The days.
        days: i64,
        /// Whether the person is told.
        notify: bool,
    },
    /// Sent again; with a new link, if that is asked for.
    Resend {
        /// Whether older links die.
        rotate: bool,
    },
    /// Taken back.
    Revoke,
    /// Given another role, or other projects, under the same link and without a mail.
    Set {
        /// The slug of the role.
        role: Option<String>,
        /// The slugs of the projects.
        projects: Option<Vec<String>>,
    },
}

/// What it came to.
#[derive(Clone, Debug)]
pub struct Done {
    /// The invitation now.
    pub row: InvitationRow,
    /// Whether sending it again extended it.
    pub extended: bool,
    /// What should be known.
    pub warnings: Vec<&'static str>,
}

impl Done {
    fn plain(row: InvitationRow) -> Self {
        Self {
            row,
            extended: false,
            warnings: Vec::new(),
        }
    }
}

/// Does it to one invitation.
pub async fn act(
    store: &Store,
    org: OrganizationId,
    context: Context,
    inviter: Option<Inviter>,
    id: InvitationId,
    action: Action,
) -> Result<Done, Error> {
    change(store, org, context, move |change| {
        let (inviter, action) = (inviter.clone(), action.clone());
        async move { act_in(change, inviter, id, &action).await }.boxed()
    })
    .await
}

/// Does it in a change that is under way.
pub async fn act_in(
    change: &mut Change<'_>,
    inviter: Option<Inviter>,
    id: InvitationId,
    action: &Action,
) -> Result<Done, Error> {
    let inviter = match inviter {
        Some(inviter) => inviter,
        None => Inviter::of(change).await?,
    };
    let row = find(change, id).await?;
    if !matches!(action, Action::Revoke) {
        overriding::renewed_by(change, Some(&inviter), &row).await?;
    }
    match action {
        Action::Extend { days, notify } => extend(change, row, *days, *notify).await,
        Action::Resend { rotate } => send_again(change, row, *rotate).await,
        Action::Revoke => revoke(change, row).await,
        Action::Set { role, projects } => {
            set(change, &inviter, row, role.as_deref(), projects.as_deref()).await
        }
    }
}

/// Takes back what somebody's invitations leave open, in a change that is under way; answers how
/// many. Whoever they are: a member, or somebody who left.
pub async fn revoke_inviter_in(change: &mut Change<'_>, inviter: UserId) -> Result<usize, Error> {
    let user = change.tx.user(change.org, inviter).await?;
    user.ok_or(Error::NotFound(Kind::User))?;
    let rows = change.tx.open_invitations_by(change.org, inviter).await?;
    let count = rows.len();
    for row in rows {
        close(change, row, State::Revoked, "inviter_revoked").await?;
    }
    Ok(count)
}

/// The same, as a change of its own.
pub async fn revoke_inviter(
    store: &Store,
    org: OrganizationId,
    context: Context,
    inviter: UserId,
) -> Result<usize, Error> {
    change(store, org, context, move |change| {
        async move { revoke_inviter_in(change, inviter).await }.boxed()
    })
    .await
}

/// Takes back what of an import is still open; answers how many.
pub async fn revoke_import(
    store: &Store,
    org: OrganizationId,
    context: Context,
    id: ImportId,
) -> Result<usize, Error> {
    change(store, org, context, move |change| {
        async move { revoke_import_in(change, id).await }.boxed()
    })
    .await
}

/// The same, in a change that is under way.
pub async fn revoke_import_in(change: &mut Change<'_>, id: ImportId) -> Result<usize, Error> {
    let import = change.tx.import(change.org, id).await?;
    import.ok_or(Error::NotFound(Kind::Import))?;
    let rows = change.tx.open_invitations_of_import(change.org, id).await?;
    let count = rows.len();
    for row in rows {
        close(change, row, State::Revoked, "import_cancelled").await?;
    }
    Ok(count)
}

/// Sends it again: the same link and expiry while it lives, seven more days once it has expired.
pub(super) async fn send_again(
    change: &mut Change<'_>,
    mut row: InvitationRow,
    rotate: bool,
) -> Result<Done, Error> {
    let org = change.org;
    let times = sent_again(change, &row).await?;
    let resending = resending(row.state, row.expires_at.0, &times, change.now)?;
    if resending.extended {
        may_invite_to(change, row.role_id).await?;
    }
    row.expires_at = Time(resending.expires_at);
    if rotate {
        row.version += 1;
        row.share_version += 1;
    }
    row.updated_at = change.time();
    change.tx.update_invitation(&row).await?;
    // What still waits is this very mail, later.
    change
        .tx
        .cancel_deliveries(org, row.id, change.time())
        .await?;
    let email = row.email.clone();
    owe(change, &row, MailKind::Invitation, &email, json!({})).await?;
    if resending.extended {
        let mut data = told(&row, "resent");
        if let Some(data) = data.as_object_mut() {
            data.insert("expires_at".to_owned(), json!(row.expires_at.0));
        }
        change.record(EventKind::InvitationExtended, data);
    } else {
        let why = if rotate { "rotated" } else { "resent" };
        change.record(EventKind::InvitationUpdated, told(&row, why));
    }
    let warning = resending.ends_soon.then_some("expires_soon");
    Ok(Done {
        row,
        extended: resending.extended,
        warnings: warning.into_iter().collect(),
    })
}

/// Refuses whoever asks and may not give the role now: an invitation that lives longer is given anew.
async fn may_invite_to(change: &mut Change<'_>, role: RoleId) -> Result<(), Error> {
    let roles = catalogue(change.tx, change.org).await?;
    change.may_give(roles.rank(role))
}

/// When it was mailed again, the first mail not among them.
async fn sent_again(change: &mut Change<'_>, row: &InvitationRow) -> Result<Vec<Timestamp>, Error> {
    let sent = change
        .tx
        .deliveries_of_invitations(change.org, &[row.id])
        .await?;
    Ok(sent
        .iter()
        .filter(|delivery| delivery.kind == MailKind::Invitation)
        .map(|delivery| delivery.created_at.0)
        .filter(|at| *at > row.created_at.0)
        .collect())
}

async fn extend(
    change: &mut Change<'_>,
    mut row: InvitationRow,
    days: i64,
    notify: bool,
) -> Result<Done, Error> {
    may_invite_to(change, row.role_id).await?;
    let by = Extension::try_from(days)?;
    row.expires_at = Time(extended(row.state, row.expires_at.0, by, change.now)?);
    row.updated_at = change.time();
    change.tx.update_invitation(&row).await?;
    let mut data = told(&row, "extended");
    if let Some(data) = data.as_object_mut() {
        data.insert("expires_at".to_owned(), json!(row.expires_at.0));
    }
    change.record(EventKind::InvitationExtended, data);
    if notify {
        let sent = sent_again(change, &row).await?;
        resending(row.state, row.expires_at.0, &sent, change.now)?;
        change
            .tx
            .cancel_deliveries(change.org, row.id, change.time())
            .await?;
        let email = row.email.clone();
        owe(change, &row, MailKind::Invitation, &email, json!({})).await?;
    }
    Ok(Done::plain(row))
}

async fn revoke(change: &mut Change<'_>, row: InvitationRow) -> Result<Done, Error> {
    if row.state.revocation()? {
        let row = close(change, row, State::Revoked, "revoked").await?;
        return Ok(Done::plain(row));
    }
    Ok(Done::plain(row))
}

async fn set(
    change: &mut Change<'_>,
    inviter: &Inviter,
    mut row: InvitationRow,
    role: Option<&str>,
    projects: Option<&[String]>,
) -> Result<Done, Error> {
    row.state.may_change()?;
    let (org, rules) = (change.org, Rules::read(change.tx, change.org).await?);
    let before = change.tx.invitation_projects(org, &[row.id]).await?;
    let before: Vec<_> = before.into_iter().map(|(_, project)| project).collect();
    let after: Vec<_> = match projects {
        Some(slugs) => rules.projects(slugs)?.iter().map(|row| row.id).collect(),
        None => before.clone(),
    };
    let old = rules.roles.role(row.role_id).map(|role| role.slug.clone());
    let slug = role.or(old.as_deref()).unwrap_or_default();
    let role = rules.role(slug, after.len(), inviter.rank)?;
    change.may_give(role.rank)?;
    let attended = row.state == State::NeedsAttention;
    if row.role_id == role.id && before == after && !attended {
        return Ok(Done::plain(row));
    }
    row.role_id = role.id;
    // Whoever sets it answers for it from now on.
    row.state = State::Pending;
    row.inviter_id = inviter.person;
    row.inviter_name.clone_from(&inviter.name);
    row.updated_at = change.time();
    change.tx.update_invitation(&row).await?;
    change.tx.forget_invitation_projects(org, row.id).await?;
    let lines: Vec<_> = after.iter().map(|id| (org, row.id, *id)).collect();
    change.tx.insert_invitation_projects(&lines).await?;
    let data = json!({
        "invitation_id": row.id,
        "email": row.email,
        "changes": [
            {"attribute": "role", "old": old, "new": role.slug},
            {"attribute": "project_ids", "old": before, "new": after},
        ],
    });
    change.record(EventKind::InvitationUpdated, data);
    Ok(Done::plain(row))
}
