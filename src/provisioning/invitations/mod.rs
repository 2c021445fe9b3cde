//! Invitations: people who come because somebody asks them to, one at a time or by a file. An
//! invitation is a row; its link follows from the row, so that role, projects and expiry change
//! under the same link, and closing the row kills it at once.
//!
//! - [`create`]: one invitation; [`known`] says what stands in the way
//! - [`actions`]: what is done with one that is there
//! - `overriding`: who invites whom a directory turned away
//! - [`look`], [`judgement`], [`acceptance`], [`asked`], [`codes`]: what its link shows and does
//! - [`change_request`], [`change_decision`]: whoever was invited has another address
//! - [`share`]: the link that somebody passes on, and how a message is known again
//! - [`interplay`]: what a directory or a sign-in does with it
//! - [`view`]: the list
//!
//! Operators invite without [`bounds`](bounds()); a person, or an organization's own key, has them.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde_json::json;

use crate::directory::delivery::MailKind;
use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::directory::invitation::{Message, State, expiry, may_invite};
use crate::directory::role::{OWNER_RANK, Role};
use crate::id::{ImportId, InvitationId, OrganizationId, ProjectId, UserId};
use crate::provisioning::{Change, Context, Error, Source, change};
use crate::store::Store;
use crate::store::Tx;
use crate::store::rows::InvitationRow;
use crate::store::types::Time;

pub mod acceptance;
pub mod actions;
pub mod asked;
mod bounds;
pub mod change_decision;
pub mod change_request;
pub mod codes;
pub mod hook;
pub mod interplay;
pub mod judgement;
pub mod known;
pub mod links;
pub mod look;
mod obstacle;
mod overriding;
mod owe;
mod said;
pub mod share;
pub mod view;

pub use bounds::bounds;
pub use known::{Found, Known, Rules};
pub use links::Links;
pub use obstacle::{Obstacle, Quota};

use owe::owe;

/// Who invites.
#[derive(Clone, Debug)]
pub struct Inviter {
    /// The person, if it is one.
    pub person: Option<UserId>,
    /// Their name, as the mail shows it.
    pub name: Option<String>,
    /// Their rank; an operator has the owner's.
    pub rank: i64,
    /// Whether they may only invite so many.
    pub bounded: bool,
}

impl Inviter {
    /// The operator: a command, or a key for all organizations.
    pub fn operator() -> Self {
        Self {
            person: None,
            name: None,
            rank: OWNER_RANK,
            bounded: false,
        }
    }

    /// An organization's own key.
    pub fn organization() -> Self {
        Self {
            bounded: true,
            ..Self::operator()
        }
    }

    /// Who the source of a change is: a command is the operator, a person is looked up as they are
    /// now, and nobody else invites by being the source alone.
    pub async fn of(change: &mut Change<'_>) -> Result<Self, Error> {
        let id = match change.context.source {
            Source::Command | Source::Operator(_) => return Ok(Self::operator()),
            Source::User(id) => id,
            _ => return Err(Error::Forbidden("only admins and the owner invite")),
        };
        let reach = change.reach();
        let inviter = Self::of_person(change.tx, change.org, id).await?;
        let rank = inviter.rank.min(reach);
        Ok(Self { rank, ..inviter })
    }

    /// A person, as they are now.
    pub async fn of_person(tx: &mut Tx, org: OrganizationId, id: UserId) -> Result<Self, Error> {
        let rules = Rules::read(tx, org).await?;
        let user = tx.user(org, id).await?;
        let user = user.filter(crate::store::rows::UserRow::is_active);
        let user = user.ok_or(Error::Forbidden("the inviter is no member any more"))?;
        let rank = rules.roles.rank(user.role_id);
        if !may_invite(rank) {
            return Err(Error::Forbidden("only admins and the owner invite"));
        }
        Ok(Self {
            person: Some(user.id),
            name: user.display_name.or(user.email),
            rank,
            bounded: true,
        })
    }
}

/// An invitation to be.
#[derive(Clone, Debug, Default)]
pub struct NewInvitation {
    /// The address.
    pub email: String,
    /// The slug of the role.
    pub role: String,
    /// The slugs of the projects; none means the whole organization.
    pub projects: Vec<String>,
    /// When it expires: a time or a date; seven days where neither is said.
    pub expires_at: Option<String>,
    /// In how many days it expires.
    pub expires_in_days: Option<i64>,
    /// What the inviter adds.
    pub message: Option<String>,
    /// Whether it is only made, and not mailed.
    pub silent: bool,
    /// Whether an invitation that is there is sent again instead.
    pub resends: bool,
    /// Whether somebody is invited whom the directory turned away.
    pub overrides: bool,
    /// Why, then.
    pub reason: Option<String>,
}

/// What an invitation consists of once every rule has said yes.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The address.
    pub address: Address,
    /// The role.
    pub role: Role,
    /// The projects.
    pub projects: Vec<ProjectId>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// What the inviter adds.
    pub message: Option<Message>,
    /// Whether it is mailed.
    pub mailed: bool,
    /// The import that it is part of.
    pub import: Option<ImportId>,
    /// Why the directory's word about the person does not stand.
    pub override_reason: Option<String>,
}

/// What creating came to.
#[derive(Clone, Debug)]
pub struct Created {
    /// The invitation.
    pub row: InvitationRow,
    /// Whether it was there before and was sent again.
    pub resent: bool,
    /// What the inviter should know.
    pub warnings: Vec<&'static str>,
}

/// Invites somebody.
pub async fn create(
    store: &Store,
    org: OrganizationId,
    context: Context,
    inviter: Option<Inviter>,
    new: NewInvitation,
) -> Result<Created, Error> {
    change(store, org, context, move |change| {
        let (inviter, new) = (inviter.clone(), new.clone());
        async move { invite(change, inviter, &new).await }.boxed()
    })
    .await
}

/// Invites somebody, in a change that is under way.
pub async fn invite(
    change: &mut Change<'_>,
    inviter: Option<Inviter>,
    new: &NewInvitation,
) -> Result<Created, Error> {
    let inviter = match inviter {
        Some(inviter) => inviter,
        None => Inviter::of(change).await?,
    };
    let rules = Rules::read(change.tx, change.org).await?;
    let address = Address::parse(&new.email).ok_or(Obstacle::InvalidEmail)?;
    let projects = rules.projects(&new.projects)?;
    let role = rules.role(&new.role, projects.len(), inviter.rank)?;
    let expires_at = expiry::expiry(new.expires_in_days, new.expires_at.as_deref(), change.now)?;
    let message = new
        .message
        .as_deref()
        .map(Message::read)
        .transpose()?
        .flatten();
    let warning = rules.domain(&address)?;
    let known = Known::look_up(change, &rules, &[address.norm().to_owned()]).await?;
    let override_reason = explained(&inviter, &rules, new)?;
    let mut found = known.of(address.norm(), change.now);
    let overridden = override_reason.filter(|_| matches!(found, Found::Deprovisioned(_)));
    if overridden.is_some() {
        found = known.invitation(address.norm(), change.now);
    }
    if let (Found::Invited(row), true) = (&found, new.resends) {
        overriding::renewed_by(change, Some(&inviter), row).await?;
        let resent = actions::send_again(change, row.clone(), false).await?;
        return Ok(Created {
            row: resent.row,
            resent: true,
            warnings: resent.warnings,
        });
    }
    if let Some(obstacle) = found.obstacle() {
        return Err(obstacle.into());
    }
    if inviter.bounded {
        bounds(change, Some(address.norm()), 1).await?;
    }
    if let Found::Expired(row) = found {
        close(change, row, State::Superseded, "superseded").await?;
    }
    let draft = Draft {
        role: role.clone(),
        projects: projects.iter().map(|row| row.id).collect(),
        address,
        expires_at,
        message,
        mailed: !new.silent,
        import: None,
        override_reason: overridden,
    };
    let row = write(change, &inviter, draft).await?;
    Ok(Created {
        row,
        resent: false,
        warnings: warning.into_iter().collect(),
    })
}

/// Why the directory's word is not to stand, where somebody who may says so.
fn explained(
    inviter: &Inviter,
    rules: &Rules,
    new: &NewInvitation,
) -> Result<Option<String>, Error> {
    if !new.overrides {
        return Ok(None);
    }
    let reason = new.reason.as_deref();
    overriding::explained(inviter, &rules.policy, reason).map(Some)
}

/// Writes an invitation, the mail that is owed for it, and its event.
pub async fn write(
    change: &mut Change<'_>,
    inviter: &Inviter,
    draft: Draft,
) -> Result<InvitationRow, Error> {
    change.may_give(draft.role.rank)?;
    let row = InvitationRow {
        org_id: change.org,
        id: change.id(),
        email: draft.address.typed().to_owned(),
        email_norm: draft.address.norm().to_owned(),
        role_id: draft.role.id,
        mailed_role_id: None,
        message: draft.message.map(|message| message.as_str().to_owned()),
        override_reason: draft.override_reason,
        state: State::Pending,
        version: 1,
        share_version: 1,
        // Whoever invites one person is handed the link to share.
        shared_at: draft.import.is_none().then(|| change.time()),
        inviter_id: inviter.person,
        inviter_name: inviter.name.clone(),
        actor: change.context.source.actor(),
        import_id: draft.import,
        send_count: 0,
        last_sent_at: None,
        asked_at: None,
        expires_at: Time(draft.expires_at),
        accepted_user_id: None,
        accepted_via: None,
        closed_at: None,
        closed_cause: None,
        created_at: change.time(),
        updated_at: change.time(),
    };
    change.tx.insert_invitation(&row).await?;
    let org = change.org;
    let projects: Vec<_> = draft.projects.iter().map(|id| (org, row.id, *id)).collect();
    change.tx.insert_invitation_projects(&projects).await?;
    if draft.mailed {
        owe(change, &row, MailKind::Invitation, &row.email, json!({})).await?;
    }
    let data = json!({
        "invitation_id": row.id,
        "email": row.email,
        "role": draft.role.slug,
        "project_ids": draft.projects,
        "expires_at": draft.expires_at,
        "import_id": draft.import,
        "override_reason": row.override_reason,
    });
    change.record(EventKind::InvitationCreated, data);
    Ok(row)
}

/// Closes an invitation that is open: its link is dead, what was not sent yet is not sent.
pub(super) async fn close(
    change: &mut Change<'_>,
    mut row: InvitationRow,
    state: State,
    cause: &str,
) -> Result<InvitationRow, Error> {
    row.state = state;
    row.closed_at = Some(change.time());
    row.closed_cause = Some(cause.to_owned());
    row.updated_at = change.time();
    change.tx.update_invitation(&row).await?;
    change
        .tx
        .cancel_deliveries(change.org, row.id, change.time())
        .await?;
    change
        .tx
        .void_invitation_changes(change.org, row.id, change.time())
        .await?;
    let kind = match state {
        State::Declined => EventKind::InvitationDeclined,
        State::Revoked => EventKind::InvitationRevoked,
        _ => EventKind::InvitationSuperseded,
    };
    change.record(kind, told(&row, cause));
    Ok(row)
}

/// What an event says of an invitation.
pub(super) fn told(row: &InvitationRow, cause: &str) -> serde_json::Value {
    json!({"invitation_id": row.id, "email": row.email, "reason": cause})
}

/// The invitation of this id.
pub(super) async fn find(
    change: &mut Change<'_>,
    id: InvitationId,
) -> Result<InvitationRow, Error> {
    let row = change.tx.invitation(change.org, id).await?;
    row.ok_or(Error::NotFound(crate::provisioning::Kind::Invitation))
}
