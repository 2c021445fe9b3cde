//! Sessions: how long one lives, and what a browser's cookie means at this moment. A session is
//! good while it has not ended, its person may act and its connection works; whoever asks gets
//! that answer from the store, never from a cookie.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use crate::directory::connection::ConnectionState;
use crate::directory::role::{Catalogue, OWNER_RANK};
use crate::id::{OrganizationId, RoleId, SessionId};
use crate::limits;
use crate::provisioning::{Change, Context, Error, Source, change, sign_out};
use crate::secret::{self, Hash};
use crate::store::rows::{ConnectionRow, IdentityRow, SessionRow, UserRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// How long a session lives without being used.
pub const IDLE: SignedDuration = SignedDuration::from_hours(8);
/// How long a session lives at most.
pub const ABSOLUTE: SignedDuration = limits::SESSION;
/// A session's use is kept to the minute.
const COALESCED: SignedDuration = SignedDuration::from_mins(1);

/// A session that is good now, and what stands behind it.
#[derive(Clone, Debug)]
pub struct Live {
    /// The session.
    pub session: SessionRow,
    /// Its person, who may act.
    pub user: UserRow,
    /// What made it.
    pub door: Door,
}

/// What made a session.
#[derive(Clone, Debug)]
pub enum Door {
    /// A sign-in through a connection, which works.
    Connection(Box<ConnectionRow>),
    /// An invitation that was accepted from the mailbox it was sent to.
    Mailbox,
}

impl Live {
    /// The connection, if one made it.
    pub fn connection(&self) -> Option<&ConnectionRow> {
        match &self.door {
            Door::Connection(connection) => Some(connection),
            Door::Mailbox => None,
        }
    }

    /// Who acts when somebody acts in this session.
    pub fn source(&self) -> Source {
        match &self.door {
            Door::Connection(connection) => Source::SignIn(connection.id),
            Door::Mailbox => Source::User(self.user.id),
        }
    }
}

/// The good session of this cookie, in whichever organization.
pub async fn live(tx: &mut Tx, cookie: &Hash, now: Timestamp) -> Result<Option<Live>, Error> {
    match tx.session_by_hash(cookie).await? {
        Some(session) => behind(tx, session, now).await,
        None => Ok(None),
    }
}

/// The session of this id, if it is good.
pub async fn live_by_id(
    tx: &mut Tx,
    org: OrganizationId,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Live>, Error> {
    match tx.session(org, id).await? {
        Some(session) => behind(tx, session, now).await,
        None => Ok(None),
    }
}

async fn behind(tx: &mut Tx, session: SessionRow, now: Timestamp) -> Result<Option<Live>, Error> {
    if !lasts(&session, now) {
        return Ok(None);
    }
    let user = tx.user(session.org_id, session.user_id).await?;
    let Some(user) = user.filter(UserRow::is_active) else {
        return Ok(None);
    };
    let door = match session.connection_id {
        None => Door::Mailbox,
        Some(id) => match tx.connection(session.org_id, id).await? {
            Some(row) if row.state == ConnectionState::Active => Door::Connection(Box::new(row)),
            _ => return Ok(None),
        },
    };
    Ok(Some(Live {
        session,
        user,
        door,
    }))
}

/// Whether the session has neither ended nor run out.
fn lasts(session: &SessionRow, now: Timestamp) -> bool {
    session.ended_at.is_none()
        && now < session.expires_at.0
        && now.duration_since(session.last_seen_at.0) < IDLE
}

/// The first of these cookies that is a good session.
pub async fn current(
    store: &Store,
    cookies: Vec<Hash>,
    now: Timestamp,
) -> Result<Option<Live>, Error> {
    let find = store.read(move |tx| {
        let cookies = cookies.clone();
        async move {
            for cookie in &cookies {
                if let Some(live) = live(tx, cookie, now).await? {
                    return Ok(Some(live));
                }
            }
            Ok(None)
        }
        .boxed()
    });
    find.await
}

/// The good sessions of these cookies, one an organization, in their order.
pub async fn all(store: &Store, cookies: Vec<Hash>, now: Timestamp) -> Result<Vec<Live>, Error> {
    let find = store.read(move |tx| {
        let cookies = cookies.clone();
        async move {
            let mut found: Vec<Live> = Vec::new();
            for cookie in &cookies {
                if let Some(live) = live(tx, cookie, now).await?
                    && !found
                        .iter()
                        .any(|it| it.session.org_id == live.session.org_id)
                {
                    found.push(live);
                }
            }
            Ok(found)
        }
        .boxed()
    });
    find.await
}

/// Notes that a session is in use, at most once a minute.
pub async fn seen(store: &Store, live: &Live, now: Timestamp) -> Result<(), Error> {
    let (org, id) = (live.session.org_id, live.session.id);
    if now.duration_since(live.session.last_seen_at.0) < COALESCED {
        return Ok(());
    }
    let note = store.write(move |tx| {
        async move { Ok::<_, Error>(tx.touch_session(org, id, Time(now)).await?) }.boxed()
    });
    note.await
}

/// Ends one session for good.
pub async fn end(
    store: &Store,
    context: Context,
    session: &SessionRow,
    reason: &'static str,
) -> Result<(), Error> {
    let id = session.id;
    change(store, session.org_id, context, move |change| {
        async move {
            match change.tx.session(change.org, id).await? {
                Some(session) => end_in(change, &session, reason).await,
                None => Ok(()),
            }
        }
        .boxed()
    })
    .await
}

/// Ends a session of the organization that is being changed, and tells it.
pub(super) async fn end_in(
    change: &mut Change<'_>,
    session: &SessionRow,
    reason: &str,
) -> Result<(), Error> {
    if !lasts(session, change.now) {
        return Ok(());
    }
    sign_out::end(change, std::slice::from_ref(session), reason).await
}

/// Makes room for a new session of the organization in a browser that has these. Where the same person
/// came the same way before, that session leaves the browser, and what apps hold of it lasts: any page
/// can send a browser to sign in once more. It is of one chain with the new one then, and they end
/// together. Any other one of the organization ends.
pub(super) async fn make_room(
    change: &mut Change<'_>,
    here: &[Live],
    session: &mut SessionRow,
) -> Result<(), Error> {
    let org = change.org;
    for live in here.iter().filter(|live| live.session.org_id == org) {
        let old = &live.session;
        let is_again = old.user_id == session.user_id
            && old.connection_id.is_some()
            && old.connection_id == session.connection_id;
        if !is_again || session.chain_id.is_some() {
            end_in(change, old, "replaced").await?;
            continue;
        }
        let chain = old.chain_id.unwrap_or(old.id);
        let unreachable = secret::hash(&format!("retired:{}", old.id));
        change
            .tx
            .retire_session(org, old.id, &unreachable, chain)
            .await?;
        session.chain_id = Some(chain);
    }
    Ok(())
}

/// Whether a session is this one, or of one chain with it.
pub async fn is_chained(store: &Store, session: &SessionRow, id: SessionId) -> Result<bool, Error> {
    let (org, chain) = (session.org_id, session.chain_id);
    if session.id == id || chain.is_none() {
        return Ok(session.id == id);
    }
    let other = store.read(move |tx| async move { tx.session(org, id).await }.boxed());
    Ok(other.await?.is_some_and(|other| other.chain_id == chain))
}

/// The good sessions of these cookies, within a change.
pub(super) async fn present(change: &mut Change<'_>, cookies: &[Hash]) -> Result<Vec<Live>, Error> {
    let mut here: Vec<Live> = Vec::new();
    for cookie in cookies {
        if let Some(live) = live(change.tx, cookie, change.now).await?
            && !here.iter().any(|other| other.session.id == live.session.id)
        {
            here.push(live);
        }
    }
    Ok(here)
}

/// How high a session reaches: to the ceiling of the connection that made it, unless the link was
/// confirmed by the very person. An owner reaches higher only through a connection that was
/// confirmed for owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    ceiling: RoleId,
    confirmed: bool,
}

impl Reach {
    /// The reach of a sign-in of this person by this link.
    pub fn of(user: &UserRow, connection: &ConnectionRow, link: Option<&IdentityRow>) -> Self {
        let confirmed = if user.owner {
            connection.owner_confirmed_at.is_some()
        } else {
            link.is_some_and(|link| link.user_id == user.id && link.confirmed_by == Some(user.id))
        };
        Self {
            ceiling: connection.max_role_id,
            confirmed,
        }
    }

    /// The reach of a session that a mailbox made: everything below the owner's title.
    pub fn of_mailbox(default: RoleId, roles: &Catalogue) -> Self {
        let below = roles.iter().find(|role| role.rank < OWNER_RANK);
        Self {
            ceiling: below.map_or(default, |role| role.id),
            confirmed: false,
        }
    }

    /// The role that the session has where the person has this one.
    pub fn cap(self, role: RoleId, roles: &Catalogue) -> RoleId {
        if self.confirmed || roles.rank(role) <= roles.rank(self.ceiling) {
            role
        } else {
            self.ceiling
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::role::Role;

    fn roles() -> (Catalogue, [RoleId; 3]) {
        let id = |n: u128| RoleId::from(uuid::Uuid::from_u128(n));
        let ids = [id(1), id(2), id(3)];
        let role = |id, slug: &str, rank| Role {
            id,
            slug: slug.to_owned(),
            name: slug.to_owned(),
            rank,
        };
        let [viewer, editor, admin] = ids;
        let list = vec![
            role(viewer, "viewer", 10),
            role(editor, "editor", 50),
            role(admin, "admin", 80),
        ];
        (Catalogue::new(list), ids)
    }

    #[test]
    fn a_session_reaches_to_its_connections_ceiling_unless_the_person_confirmed_the_link() {
        let (roles, [viewer, editor, admin]) = roles();
        for (confirmed, role, expected) in [
            (false, viewer, viewer),
            (false, editor, editor),
            (false, admin, editor),
            (true, admin, admin),
        ] {
            let reach = Reach {
                ceiling: editor,
                confirmed,
            };
            assert_eq!(reach.cap(role, &roles), expected);
        }
    }

    #[test]
    fn a_ceiling_that_is_no_role_gives_nothing_high() {
        let (roles, [_, _, admin]) = roles();
        let nobody = RoleId::from(uuid::Uuid::from_u128(9));
        let reach = Reach {
            ceiling: nobody,
            confirmed: false,
        };
        assert_eq!(reach.cap(admin, &roles), nobody);
    }
}
