//! Links for a person's own role: whoever holds more than their connection may sign in shows, from a session
//! of that connection, that they read the mailbox of their address, too, and the owner says yes. From then on
//! the link reaches as high as the person does.
//!
//! The two are apart on purpose: an identity provider, and the mailbox behind it, are often in the same hands,
//! and the ceiling of a connection is there for just those.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::invitation::digits;
use crate::directory::link::ProofState;
use crate::directory::ownership::Question;
use crate::id::{ConnectionId, IdentityId, MailCodeId, OrganizationId, SessionId, UserId};
use crate::limits;
use crate::provisioning::invitations::Links;
use crate::provisioning::ownership::{Answered, mark};
use crate::provisioning::questions::{self, Letter};
use crate::provisioning::sessions::{self, Live};
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::store::rows::{IdentityRow, LinkProofRow, UserRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// A link that a person proved to be theirs, and that waits for a yes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Proved {
    /// The id of the question.
    #[schema(value_type = String, format = "uuid")]
    pub id: MailCodeId,
    /// The person.
    #[schema(value_type = String, format = "uuid")]
    pub user_id: UserId,
    /// Their sign-in address.
    pub email: Option<String>,
    /// The subject by which they sign in.
    #[schema(value_type = String, format = "uuid")]
    pub identity_id: IdentityId,
    /// Its connection.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub connection_id: Option<ConnectionId>,
    /// Its NameID.
    pub name_id: Option<String>,
    /// How far it is.
    pub state: ProofState,
    /// Until when it can be answered.
    #[schema(value_type = String, format = "date-time")]
    pub expires_at: Timestamp,
}

/// The proofs of an organization that wait for a yes, in the order of ids.
pub async fn waiting(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
) -> Result<Vec<Proved>, Error> {
    let mut all = Vec::new();
    for row in tx.proved_links(org).await? {
        if row.expires_at.0 > now {
            all.push(described(tx, row).await?);
        }
    }
    Ok(all)
}

/// One of them, however far it is.
pub async fn show(tx: &mut Tx, org: OrganizationId, id: MailCodeId) -> Result<Proved, Error> {
    let row = tx.link_proof(org, id).await?;
    described(tx, row.ok_or(Error::NotFound(Kind::Link))?).await
}

async fn described(tx: &mut Tx, row: LinkProofRow) -> Result<Proved, Error> {
    let user = tx.user(row.org_id, row.user_id).await?;
    let identity = tx.identity(row.org_id, row.identity_id).await?;
    Ok(Proved {
        id: row.id,
        user_id: row.user_id,
        email: user.and_then(|it| it.email),
        identity_id: row.identity_id,
        connection_id: identity.as_ref().map(|it| it.connection_id),
        name_id: identity.and_then(|it| it.name_id),
        state: row.state,
        expires_at: row.expires_at.0,
    })
}

/// Whether somebody in this session could sign in higher by confirming its link. The owner's connections are
/// the operator's to confirm.
pub async fn is_capped(tx: &mut Tx, live: &Live, now: Timestamp) -> Result<bool, Error> {
    Ok(capped(tx, live, now).await?.is_some())
}

async fn capped(tx: &mut Tx, live: &Live, now: Timestamp) -> Result<Option<IdentityRow>, Error> {
    let (user, org) = (&live.user, live.session.org_id);
    let Some((connection, id)) = live.connection().zip(live.session.identity_id) else {
        return Ok(None);
    };
    let roles = catalogue(tx, org).await?;
    let rank = roles.rank(user.role_id);
    if user.owner || rank <= roles.rank(connection.max_role_id) {
        return Ok(None);
    }
    let link = tx.identity(org, id).await?;
    let link = link.filter(|it| it.user_id == user.id && it.confirmed_by.is_none());
    if link.is_some() && is_with_the_owner(tx, (org, user.id, id), now).await? {
        return Ok(None);
    }
    Ok(link)
}

/// Whether the owner is asked about a link, or said no to it a short while ago: then they are not asked again.
async fn is_with_the_owner(
    tx: &mut Tx,
    (org, user, link): (OrganizationId, UserId, IdentityId),
    now: Timestamp,
) -> Result<bool, Error> {
    let since = Time(now - limits::OWNERSHIP_TRANSFER.max(limits::OWNER_LEFT_ALONE));
    let lately = tx.link_proofs_since(org, user, since).await?;
    let with_them = |row: &LinkProofRow| match row.state {
        ProofState::Proved => row.expires_at.0 > now,
        ProofState::Refused => row
            .closed_at
            .is_some_and(|at| now.duration_since(at.0) < limits::OWNER_LEFT_ALONE),
        ProofState::Confirmed | ProofState::Mailed => false,
    };
    let mut its = lately.iter().filter(|row| row.identity_id == link);
    Ok(its.any(with_them))
}

/// Mails a person six digits by which they confirm the link of their session, unless enough were mailed
/// lately, or their address is one that a directory put there.
pub async fn send(store: &Store, context: Context, live: &Live) -> Result<(), Error> {
    let session = live.session.id;
    change(store, live.session.org_id, context, move |change| {
        async move { mail(change, session).await }.boxed()
    })
    .await
}

async fn mail(change: &mut Change<'_>, session: SessionId) -> Result<(), Error> {
    let Some((user, link)) = provable(change, session).await? else {
        return Ok(());
    };
    let today = change.ago(SignedDuration::from_hours(24));
    let mailed = change.tx.link_proofs_since(change.org, user.id, today);
    let mailed = mailed.await?;
    let hour = change.ago(SignedDuration::from_hours(1));
    let lately = mailed.iter().filter(|it| it.created_at > hour).count();
    let enough = usize::try_from(limits::SHORT_CODES_PER_HOUR).unwrap_or_default();
    if lately >= enough || mailed.len() >= limits::SHORT_CODES_PER_DAY {
        return Ok(());
    }
    let row = LinkProofRow {
        org_id: change.org,
        id: change.id(),
        identity_id: link.id,
        user_id: user.id,
        mark: mark(&user),
        owner_mark: None,
        state: ProofState::Mailed,
        tries: 0,
        created_at: change.time(),
        expires_at: Time(change.now + limits::SHORT_CODE_LIFE),
        closed_at: None,
        closed_by: None,
    };
    change.tx.insert_link_proof(&row).await?;
    questions::owe(change, Letter::Code, row.id.uuid(), user.email.as_deref()).await
}

/// The person of a session that is good, and the link that they may confirm.
async fn provable(
    change: &mut Change<'_>,
    session: SessionId,
) -> Result<Option<(UserRow, IdentityRow)>, Error> {
    let (org, now) = (change.org, change.now);
    let Some(live) = sessions::live_by_id(change.tx, org, session, now).await? else {
        return Ok(None);
    };
    let is_own = live.user.email_norm.is_some() && live.user.email_changed_at.is_none();
    let link = capped(change.tx, &live, now).await?.filter(|_| is_own);
    Ok(link.map(|link| (live.user, link)))
}

/// Whether these are the digits that were mailed last for the link of this session. A wrong try counts, and
/// stays counted; the right ones are good once, and the owner is asked.
pub async fn say(
    store: &Store,
    context: Context,
    links: &Links,
    live: &Live,
    said: &str,
) -> Result<bool, Error> {
    let session = live.session.id;
    let (links, said) = (links.clone(), said.to_owned());
    change(store, live.session.org_id, context, move |change| {
        let (links, said) = (links.clone(), said.clone());
        async move { prove(change, &links, session, &said).await }.boxed()
    })
    .await
}

async fn prove(
    change: &mut Change<'_>,
    links: &Links,
    session: SessionId,
    said: &str,
) -> Result<bool, Error> {
    let Some((user, link)) = provable(change, session).await? else {
        return Ok(false);
    };
    let since = change.ago(limits::SHORT_CODE_LIFE);
    let mailed = change.tx.link_proofs_since(change.org, user.id, since);
    let last = mailed
        .await?
        .into_iter()
        .find(|it| it.identity_id == link.id);
    let good = |it: &LinkProofRow| {
        it.state == ProofState::Mailed
            && it.tries < i64::from(limits::SHORT_CODE_TRIES)
            && it.expires_at.0 > change.now
            && it.mark == mark(&user)
    };
    let Some(mut row) = last.filter(good) else {
        return Ok(false);
    };
    row.tries += 1;
    if !digits::is_said(&links.codes, change.org, row.id, said) {
        change.tx.update_link_proof(&row).await?;
        return Ok(false);
    }
    let owner = change.tx.owner_of(change.org).await?;
    let owner = owner.filter(|it| it.is_active() && it.email_changed_at.is_none());
    row.state = ProofState::Proved;
    row.owner_mark = owner.as_ref().map(mark).filter(|mark| !mark.is_empty());
    row.expires_at = Time(change.now + limits::OWNERSHIP_TRANSFER);
    change.tx.update_link_proof(&row).await?;
    change.record(EventKind::UserLinkProved, told(&row, &link));
    let to = owner.and_then(|it| it.email);
    questions::owe(
        change,
        Letter::Asks(Question::Link),
        row.id.uuid(),
        to.as_deref(),
    )
    .await?;
    Ok(true)
}

fn told(row: &LinkProofRow, link: &IdentityRow) -> Value {
    json!({
        "user_id": row.user_id,
        "connection_id": link.connection_id,
        "identity_id": row.identity_id,
        "confirmation_id": row.id,
    })
}

/// Whether the owner is still asked about a proof by mail.
pub(in crate::provisioning) async fn is_asked(
    tx: &mut Tx,
    row: &LinkProofRow,
    now: Timestamp,
) -> Result<bool, Error> {
    let owner = tx.owner_of(row.org_id).await?;
    let is_theirs = owner.is_some_and(|it| {
        it.is_active() && it.email_changed_at.is_none() && row.owner_mark == Some(mark(&it))
    });
    Ok(is_theirs && link_of(tx, row, now).await?.is_some())
}

/// The link of a proof that waits for a yes, while the person is who they were then.
async fn link_of(
    tx: &mut Tx,
    row: &LinkProofRow,
    now: Timestamp,
) -> Result<Option<IdentityRow>, Error> {
    if row.state != ProofState::Proved || row.expires_at.0 <= now {
        return Ok(None);
    }
    let user = tx.user(row.org_id, row.user_id).await?;
    let same = |it: &UserRow| it.is_active() && !it.owner && mark(it) == row.mark;
    if !user.as_ref().is_some_and(same) {
        return Ok(None);
    }
    let link = tx.identity(row.org_id, row.identity_id).await?;
    Ok(link.filter(|it| it.user_id == row.user_id && it.confirmed_by.is_none()))
}

/// The owner's answer, by mail.
pub(in crate::provisioning) async fn answered(
    change: &mut Change<'_>,
    id: MailCodeId,
    is_yes: bool,
) -> Result<Answered, Error> {
    let row = find(change, id).await?;
    if !is_asked(change.tx, &row, change.now).await? {
        return Ok(Answered::Over);
    }
    close(change, row, is_yes).await
}

/// The operator's answer, in place of the owner's; an admin may only say no.
pub async fn decide(
    change: &mut Change<'_>,
    id: MailCodeId,
    is_yes: bool,
    is_operator: bool,
) -> Result<(), Error> {
    answers(!is_yes || is_operator)?;
    let row = find(change, id).await?;
    match close(change, row, is_yes).await? {
        Answered::Done => Ok(()),
        Answered::Over | Answered::SignInFirst => {
            Err(Violation::Decided("it waits for no answer any more").into())
        }
    }
}

/// Refuses who does not answer for a link that reaches above its connection's ceiling.
pub fn answers(they_do: bool) -> Result<(), Error> {
    if they_do {
        return Ok(());
    }
    Err(Error::Forbidden(
        "only the owner and the operator let a link reach above its connection's ceiling",
    ))
}

async fn find(change: &mut Change<'_>, id: MailCodeId) -> Result<LinkProofRow, Error> {
    let row = change.tx.link_proof(change.org, id).await?;
    row.ok_or(Error::NotFound(Kind::Link))
}

async fn close(
    change: &mut Change<'_>,
    mut row: LinkProofRow,
    is_yes: bool,
) -> Result<Answered, Error> {
    let Some(link) = link_of(change.tx, &row, change.now).await? else {
        return Ok(Answered::Over);
    };
    let (state, kind) = if is_yes {
        let (id, user) = (row.identity_id, row.user_id);
        change.tx.confirm_identity(change.org, id, user).await?;
        (ProofState::Confirmed, EventKind::UserLinkConfirmed)
    } else {
        (ProofState::Refused, EventKind::UserLinkRefused)
    };
    row.state = state;
    row.closed_at = Some(change.time());
    row.closed_by = Some(change.context.source.actor());
    change.tx.update_link_proof(&row).await?;
    change.record(kind, told(&row, &link));
    Ok(Answered::Done)
}
