//! Accepting an invitation: one conditional write in one transaction, so that of twenty clicks one
//! makes the person, and of accepting and revoking one wins.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::invitation::State;
use crate::id::{OrganizationId, UserId};
use crate::provisioning::invitations::asked::notify;
use crate::provisioning::invitations::interplay::{inviter_may, standing_projects, take};
use crate::provisioning::invitations::judgement::{Barrier, Click, Judgement, here, proven};
use crate::provisioning::invitations::{Links, Rules, close, overriding, told};
use crate::provisioning::people::retire_all;
use crate::provisioning::sessions::{self, ABSOLUTE};
use crate::provisioning::sign_in::Cookie;
use crate::provisioning::{Change, Context, Error, change};
use crate::secret::{Bearer, Hash};
use crate::store::Store;
use crate::store::rows::{InvitationRow, UserRow};
use crate::store::types::Time;

/// What a click on "accept" came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing: something stands in the way.
    Barred(Barrier),
    /// The person came.
    In(Entered),
    /// It waits for an admin now.
    NeedsAttention,
}

/// Somebody who came.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The organization.
    pub org: OrganizationId,
    /// The person.
    pub user: UserId,
    /// Their address.
    pub email: String,
    /// The new session's cookie.
    pub cookie: Cookie,
}

/// Accepts an invitation.
pub async fn accept(
    store: &Store,
    context: Context,
    links: &Arc<Links>,
    token: &str,
    code: Option<String>,
    cookies: Vec<Hash>,
) -> Result<Outcome, Error> {
    let (claim, org) = proven(store, links, token).await?;
    let secret = Bearer::new("", context.ids.entropy());
    let here = here(store, &context, cookies).await?;
    let links = Arc::clone(links);
    change(store, org, context, move |change| {
        let (links, code, secret) = (Arc::clone(&links), code.clone(), secret.clone());
        let here = here.clone();
        async move {
            let click = Click {
                links: &links,
                claim,
                code: code.as_deref(),
                here: &here,
            };
            let outcome = enter(change, &click, secret).await?;
            if let Outcome::In(_) = outcome {
                for live in here.iter().filter(|live| live.session.org_id == org) {
                    sessions::end_in(change, &live.session, "replaced").await?;
                }
            }
            Ok(outcome)
        }
        .boxed()
    })
    .await
}

async fn enter(
    change: &mut Change<'_>,
    click: &Click<'_>,
    secret: Bearer,
) -> Result<Outcome, Error> {
    let (rules, row) = match click.judged(change).await? {
        Judgement::Barred(barrier) => return Ok(Outcome::Barred(barrier)),
        Judgement::Free(free) => *free,
    };
    let holder = change.tx.user_by_email(change.org, &row.email_norm).await?;
    if holder.as_ref().is_some_and(|holder| !returns(&row, holder)) {
        close(change, row, State::Superseded, "came_otherwise").await?;
        return Ok(Outcome::Barred(Barrier::Closed));
    }
    join(change, &rules, row, holder, secret).await
}

/// Makes the person, unless an admin has to look first.
async fn join(
    change: &mut Change<'_>,
    rules: &Rules,
    row: InvitationRow,
    holder: Option<UserRow>,
    secret: Bearer,
) -> Result<Outcome, Error> {
    if !overriding::holds(change, rules, &row).await? {
        attend(change, row, "override_not_allowed").await?;
        return Ok(Outcome::NeedsAttention);
    }
    if !inviter_may(change, rules, &row).await? {
        attend(change, row, "inviter_below_role").await?;
        return Ok(Outcome::NeedsAttention);
    }
    let Some(projects) = standing_projects(change, &row).await? else {
        attend(change, row, "no_project_left").await?;
        return Ok(Outcome::NeedsAttention);
    };
    let user = match holder {
        Some(holder) => bring_back(change, holder).await?,
        None => make(change, &row).await?,
    };
    if !take(change, &row, user, projects, "link").await? {
        return Err(Error::Stale);
    }
    let cookie = begin(change, user, secret).await?;
    Ok(Outcome::In(Entered {
        org: change.org,
        user,
        email: row.email,
        cookie,
    }))
}

/// Makes the person.
async fn make(change: &mut Change<'_>, row: &InvitationRow) -> Result<UserId, Error> {
    let user = UserRow {
        email: Some(row.email.clone()),
        email_norm: Some(row.email_norm.clone()),
        override_at: row.override_reason.as_ref().map(|_| change.time()),
        ..UserRow::fresh(change.org, change.id(), change.time())
    };
    change.tx.insert_user(&user).await?;
    let data = json!({
        "user_id": user.id,
        "email": user.email,
        "invitation_id": row.id,
    });
    change.record_of(user.id, EventKind::UserCreated, data);
    Ok(user.id)
}

/// Whether the holder of the address is somebody whom a directory turned away, and who is invited
/// all the same.
fn returns(row: &InvitationRow, holder: &UserRow) -> bool {
    let by_others = holder
        .suspended_by_admin_at
        .or(holder.suspended_by_expiry_at);
    row.override_reason.is_some()
        && holder.suspended_by_directory_at.is_some()
        && by_others.is_none()
}

/// Lets in somebody whom a directory turned away. From here on no directory manages them: its
/// resource stays as it is, and means nobody until somebody says so.
async fn bring_back(change: &mut Change<'_>, mut user: UserRow) -> Result<UserId, Error> {
    retire_all(change, user.id, "directory_overridden").await?;
    for (_, connection, id) in change.tx.scim_links_of(change.org, &[user.id]).await? {
        if let Some(mut resource) = change.tx.scim_user(change.org, connection, id).await? {
            resource.user_id = None;
            resource.proposed_user_id = Some(user.id);
            resource.proposed_at = Some(change.time());
            change.tx.update_scim_user(&resource).await?;
        }
    }
    user.managed_by = None;
    user.suspended_by_directory_at = None;
    user.override_at = Some(change.time());
    user.updated_at = change.time();
    change.tx.update_user(&user).await?;
    let data = json!({"user_id": user.id, "email": user.email, "override": true});
    change.record_of(user.id, EventKind::UserReactivated, data);
    change.touch(user.id);
    Ok(user.id)
}

async fn attend(
    change: &mut Change<'_>,
    mut row: InvitationRow,
    why: &'static str,
) -> Result<(), Error> {
    row.state = State::NeedsAttention;
    row.updated_at = change.time();
    change.tx.update_invitation(&row).await?;
    change.record(EventKind::InvitationNeedsAttention, told(&row, why));
    notify(
        change,
        &row,
        json!({"about": "needs_attention", "attention": why}),
    )
    .await
}

async fn begin(change: &mut Change<'_>, user: UserId, secret: Bearer) -> Result<Cookie, Error> {
    let expires_at = change.now.checked_add(ABSOLUTE).unwrap_or(change.now);
    let session = sessions::without_connection(change, user, &secret, Time(expires_at));
    change.tx.insert_session(&session).await?;
    let data = json!({"user_id": user, "connection_id": null, "session_id": session.id});
    change.record(EventKind::SessionCreated, data);
    Ok(Cookie {
        org: change.org,
        secret,
        expires_at,
    })
}
