//! The console's own sessions: who is there, and what they may do at this moment. One begins by a link that lets
//! in once, by a sign-in through a connection that was made for it, or by a code that is mailed while there is no
//! such connection. It is another one than the session that apps are served from, and ends sooner.
//!
//! An admin of an organization may do there what its keys may do; a person of the organization `operators` who
//! signs in through one of its connections, and whoever opens the link of `usher console-link`, may do what the
//! operator's keys may do. What decides who comes in wants somebody who said a short while ago who they are.

mod by_mail;
mod entry;

use jiff::Timestamp;

use crate::directory::role::{ADMIN_RANK, OWNER_RANK};
use crate::directory::scope::{EVERYTHING, Scopes};
use crate::id::{ConnectionId, ConsoleSessionId, OrganizationId, UserId};
use crate::limits;
use crate::provisioning::Error;
use crate::provisioning::access::{Access, Holder};
use crate::provisioning::hand_off::reach;
use crate::provisioning::sessions::{self, Door, Live};
use crate::provisioning::settings::catalogue;
use crate::provisioning::settings::organizations::RESERVED;
use crate::secret::Hash;
use crate::store::Tx;
use crate::store::rows::{ConsoleSessionRow, UserRow};

pub(in crate::provisioning) use by_mail::is_wanted;
pub use by_mail::{Whom, mail, say};
pub(in crate::provisioning) use entry::issue_in;
pub use entry::{Entered, Issued, Look, enter, enter_signed_in, issue, leave, look};

/// How a session began that six digits by mail let in.
const BY_CODE: &str = "code";

/// Whoever asks is nobody at the console, or nobody any more.
const NOBODY: Error = Error::Unauthorized;

/// Who is at the console.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// What they may do.
    pub access: Access,
    /// What they are called.
    pub name: String,
    /// The slug and the name of the organization that they administer; the operator has all.
    pub organization: Option<(String, String)>,
    /// When they said who they are.
    pub authenticated_at: Timestamp,
    /// The connection that brought them, which can again.
    pub connection: Option<ConnectionId>,
    /// Whether a code can be mailed to them.
    pub has_mailbox: bool,
}

/// Who is there with this cookie.
pub async fn visitor(tx: &mut Tx, cookie: &Hash, now: Timestamp) -> Result<Visitor, Error> {
    let row = good(tx, cookie, now).await?;
    let access = of_session(tx, &row, now).await?;
    let organization = match access.org {
        Some(org) => tx.organization(org).await?.map(|it| (it.slug, it.name)),
        None => None,
    };
    let user = match (row.org_id, row.user_id) {
        (Some(org), Some(user)) => tx.user(org, user).await?,
        _ => None,
    };
    let session = match (row.org_id, row.session_id) {
        (Some(org), Some(id)) => tx.session(org, id).await?,
        _ => None,
    };
    let has_mailbox = user.as_ref().is_some_and(|it| by_mail::is_theirs(it, true));
    Ok(Visitor {
        access,
        name: user.map_or_else(|| "the operator".to_owned(), called),
        organization,
        authenticated_at: row.authenticated_at.0,
        connection: session.and_then(|session| session.connection_id),
        has_mailbox,
    })
}

fn called(user: UserRow) -> String {
    user.display_name.or(user.email).unwrap_or_default()
}

/// The access that a cookie of the console gives at this instant.
pub(in crate::provisioning) async fn access(
    tx: &mut Tx,
    cookie: &Hash,
    now: Timestamp,
) -> Result<Access, Error> {
    let row = good(tx, cookie, now).await?;
    of_session(tx, &row, now).await
}

/// The session of a cookie, while it lasts.
async fn good(tx: &mut Tx, cookie: &Hash, now: Timestamp) -> Result<ConsoleSessionRow, Error> {
    let row = tx.console_session(cookie).await?.ok_or(NOBODY)?;
    let lasts = row.ended_at.is_none()
        && now < row.expires_at.0
        && now.duration_since(row.last_seen_at.0) < limits::CONSOLE_IDLE;
    if lasts { Ok(row) } else { Err(NOBODY) }
}

async fn of_session(tx: &mut Tx, row: &ConsoleSessionRow, now: Timestamp) -> Result<Access, Error> {
    let (holder, rank) = match (row.org_id, row.user_id) {
        (Some(org), Some(user)) => of_person(tx, row, (org, user), now).await?,
        _ => (Holder::Operator(row.id), OWNER_RANK),
    };
    let org = match holder {
        Holder::Person(..) => row.org_id,
        Holder::Key(_) | Holder::Operator(_) | Holder::Setup(_) => None,
    };
    let since = |at: Timestamp| now.duration_since(at);
    Ok(Access {
        holder,
        org,
        rank,
        scopes: Scopes::stored(EVERYTHING),
        // Whoever is there stays an admin once the session is over.
        expires_at: None,
        use_is_news: since(row.last_seen_at.0) >= limits::CONSOLE_SEEN,
        is_fresh: since(row.authenticated_at.0) < limits::CONSOLE_FRESH,
    })
}

/// As whom a person is there now, and how high they reach.
async fn of_person(
    tx: &mut Tx,
    row: &ConsoleSessionRow,
    (org, user): (OrganizationId, UserId),
    now: Timestamp,
) -> Result<(Holder, i64), Error> {
    if let Some(session) = row.session_id {
        let live = sessions::live_by_id(tx, org, session, now).await?;
        let live = live.filter(|live| live.user.id == user).ok_or(NOBODY)?;
        return holder(tx, &live, row.id).await?.ok_or(NOBODY);
    }
    let mut rank = rank_of(tx, org, user).await?;
    if row.way == BY_CODE {
        // A mailbox alone is not the owner.
        rank = rank.min(OWNER_RANK - 1);
    }
    if rank < ADMIN_RANK {
        return Err(NOBODY);
    }
    Ok((Holder::Person(user, row.id), rank))
}

/// The rank of a person's role, while they may act; none has none.
pub(in crate::provisioning) async fn rank_of(
    tx: &mut Tx,
    org: OrganizationId,
    user: UserId,
) -> Result<i64, Error> {
    let user = tx.user(org, user).await?.filter(UserRow::is_active);
    let Some(role) = user.and_then(|user| user.role_id) else {
        return Ok(0);
    };
    Ok(catalogue(tx, org).await?.rank(role))
}

/// As whom somebody is at the console whom a connection signed in; nobody without the role of an admin there.
async fn holder(
    tx: &mut Tx,
    live: &Live,
    session: ConsoleSessionId,
) -> Result<Option<(Holder, i64)>, Error> {
    let org = live.session.org_id;
    let organization = tx.organization(org).await?.ok_or(NOBODY)?;
    let roles = catalogue(tx, org).await?;
    let reach = reach(live, organization.default_role_id, &roles);
    let role = live.user.role_id.map(|role| reach.cap(role, &roles));
    let rank = roles.rank(role);
    if rank < ADMIN_RANK {
        return Ok(None);
    }
    Ok(match live.door {
        Door::Connection(_) if organization.slug == RESERVED => {
            Some((Holder::Operator(session), OWNER_RANK))
        }
        Door::BreakGlass | Door::Connection(_) => {
            Some((Holder::Person(live.user.id, session), rank))
        }
        // A mailbox is asked anew, and only where there is no connection to ask.
        Door::Mailbox => None,
    })
}
