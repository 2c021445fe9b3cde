//! What an admin says to somebody who asks to be invited at another address.

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::delivery::MailKind;
use crate::directory::email::{Address, domain_of};
use crate::directory::event::EventKind;
use crate::directory::invitation::change::{ChangeState, Decision};
use crate::directory::invitation::{Refusal, Standing, State};
use crate::id::{InvitationId, OrganizationId, UserId};
use crate::provisioning::invitations::bounds::bound_of_address;
use crate::provisioning::invitations::owe::owe;
use crate::provisioning::invitations::{Found, Inviter, Known, Obstacle, Rules, close, find, told};
use crate::provisioning::trust::is_trusted_by_any;
use crate::provisioning::{Change, Context, Error, change};
use crate::store::Store;
use crate::store::rows::{InvitationChangeRow, InvitationRow};

/// What a decision came to.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The invitation now.
    pub row: InvitationRow,
    /// What a member, whose address it is, could be given by hand: nothing of them changed.
    pub offer: Option<Offer>,
    /// What should be known.
    pub warnings: Vec<&'static str>,
}

/// What the invitation was for, and who could be given it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The member.
    pub user: UserId,
    /// The slug of the role.
    pub role: String,
    /// The slugs of the projects; none means the whole organization.
    pub projects: Vec<String>,
}

/// Decides.
pub async fn decide(
    store: &Store,
    org: OrganizationId,
    context: Context,
    inviter: Option<Inviter>,
    id: InvitationId,
    decision: Decision,
) -> Result<Decided, Error> {
    change(store, org, context, move |change| {
        let inviter = inviter.clone();
        async move { decide_in(change, inviter, id, decision).await }.boxed()
    })
    .await
}

/// Decides in a change that is under way.
pub async fn decide_in(
    change: &mut Change<'_>,
    inviter: Option<Inviter>,
    id: InvitationId,
    decision: Decision,
) -> Result<Decided, Error> {
    let inviter = match inviter {
        Some(inviter) => inviter,
        None => Inviter::of(change).await?,
    };
    let row = find(change, id).await?;
    row.state.may_change()?;
    let open = change.tx.open_invitation_changes(change.org, &[id]).await?;
    let wish = open.into_iter().next().ok_or(Obstacle::NoAddressChange)?;
    let rules = Rules::read(change.tx, change.org).await?;
    let offered = offered(change, &rules, &row).await?;
    // Whoever could not invite to this role says neither yes nor no.
    let role = rules.role(&offered.0, offered.1.len(), inviter.rank)?;
    change.may_give(role.rank)?;
    match decision {
        Decision::Approve => approve(change, &inviter, &rules, row, &wish, offered).await,
        Decision::Reject => {
            settle(change, &wish, ChangeState::Rejected).await?;
            let data = told(&row, "address_change_rejected");
            change.record(EventKind::InvitationUpdated, data);
            Ok(plain(row))
        }
    }
}

/// Says yes at once where the organization lets anybody of the invited domain answer for it, and
/// nothing stands in the way. Answers whether it did; an admin decides where it did not.
pub(super) async fn approve_at_once(
    change: &mut Change<'_>,
    row: InvitationRow,
    wish: &InvitationChangeRow,
) -> Result<bool, Error> {
    let rules = Rules::read(change.tx, change.org).await?;
    let domain = domain_of(&wish.email_norm);
    let allowed = rules.policy.same_domain_accept && domain == domain_of(&row.email_norm);
    if !allowed || !is_trusted_by_any(change.tx, change.org, domain).await? {
        return Ok(false);
    }
    // What a member has is changed by nobody but an admin.
    if let Some(holder) = change
        .tx
        .user_by_email(change.org, &wish.email_norm)
        .await?
        && holder.is_active()
    {
        return Ok(false);
    }
    // Whoever invited still answers for it: their rank is judged when it is accepted.
    let inviter = Inviter {
        person: row.inviter_id,
        name: row.inviter_name.clone(),
        rank: 0,
        bounded: true,
    };
    let offered = offered(change, &rules, &row).await?;
    match approve(change, &inviter, &rules, row, wish, offered).await {
        Ok(_) => Ok(true),
        // Said before anything was written.
        Err(Error::Invitation(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The slug of the role and those of the projects.
type Offered = (String, Vec<String>);

async fn offered(
    change: &mut Change<'_>,
    rules: &Rules,
    row: &InvitationRow,
) -> Result<Offered, Error> {
    let role = rules.roles.role(row.role_id);
    let role = role.map(|role| role.slug.clone()).unwrap_or_default();
    let named = change.tx.invitation_projects(change.org, &[row.id]).await?;
    let all = rules.projects.iter();
    let named = all.filter(|project| named.iter().any(|(_, id)| *id == project.id));
    Ok((role, named.map(|project| project.slug.clone()).collect()))
}

fn plain(row: InvitationRow) -> Decided {
    Decided {
        row,
        offer: None,
        warnings: Vec::new(),
    }
}

async fn settle(
    change: &mut Change<'_>,
    wish: &InvitationChangeRow,
    state: ChangeState,
) -> Result<(), Error> {
    let (org, by, at) = (change.org, change.context.source.actor(), change.time());
    let decided = change
        .tx
        .decide_invitation_change(org, wish.id, state, &by, at)
        .await?;
    if decided { Ok(()) } else { Err(Error::Stale) }
}

async fn approve(
    change: &mut Change<'_>,
    inviter: &Inviter,
    rules: &Rules,
    row: InvitationRow,
    wish: &InvitationChangeRow,
    (role, projects): Offered,
) -> Result<Decided, Error> {
    match row.state.at(row.expires_at.0, change.now) {
        Standing::Pending => {}
        Standing::Expired => return Err(Obstacle::InvitationExpired.into()),
        _ => return Err(Refusal::Closed(row.state).into()),
    }
    let address = Address::parse(&wish.email).ok_or(Obstacle::InvalidEmail)?;
    let known = Known::look_up(change, rules, &[address.norm().to_owned()]).await?;
    let found = known.of(address.norm(), change.now);
    if let Found::Member(user, _) = found {
        settle(change, wish, ChangeState::Approved).await?;
        let row = close(change, row, State::Superseded, "member_at_other_address").await?;
        let offer = Offer {
            user,
            role,
            projects,
        };
        return Ok(Decided {
            offer: Some(offer),
            ..plain(row)
        });
    }
    if let Some(obstacle) = found.obstacle() {
        return Err(obstacle.into());
    }
    let warning = rules.domain(&address)?;
    if inviter.bounded {
        bound_of_address(change, address.norm()).await?;
    }
    settle(change, wish, ChangeState::Approved).await?;
    if let Found::Expired(other) = found {
        close(change, other, State::Superseded, "superseded").await?;
    }
    let row = readdress(change, inviter, row, &address).await?;
    Ok(Decided {
        warnings: warning.into_iter().collect(),
        ..plain(row)
    })
}

/// Invites at the other address what was invited at this one: the links that are out are dead, and
/// so is what was said of the old address alone.
async fn readdress(
    change: &mut Change<'_>,
    inviter: &Inviter,
    mut row: InvitationRow,
    address: &Address,
) -> Result<InvitationRow, Error> {
    let old = std::mem::replace(&mut row.email, address.typed().to_owned());
    row.email_norm = address.norm().to_owned();
    row.version += 1;
    row.share_version += 1;
    row.shared_at = None;
    row.asked_at = None;
    row.mailed_role_id = None;
    row.override_reason = None;
    // Whoever says yes answers for it from now on.
    row.inviter_id = inviter.person;
    row.inviter_name.clone_from(&inviter.name);
    row.updated_at = change.time();
    change.tx.update_invitation(&row).await?;
    change
        .tx
        .cancel_deliveries(change.org, row.id, change.time())
        .await?;
    owe(change, &row, MailKind::Invitation, &row.email, json!({})).await?;
    let data = json!({
        "invitation_id": row.id,
        "email": row.email,
        "changes": [{"attribute": "email", "old": old, "new": row.email}],
    });
    change.record(EventKind::InvitationUpdated, data);
    Ok(row)
}
