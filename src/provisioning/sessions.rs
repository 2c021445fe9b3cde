//! Sessions: how long one lives, and what a browser's cookie means at this moment. A session is
//! good while it has not ended, its person may act and its connection works; whoever asks gets
//! that answer from the store, never from a cookie.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use crate::directory::connection::ConnectionState;
use crate::id::{OrganizationId, SessionId, UserId};
use crate::limits;
use crate::provisioning::{Change, Context, Error, Source, break_glass, change, sign_out};
use crate::secret::{self, Bearer, Hash};
use crate::store::memory::Stamp;
use crate::store::rows::{ConnectionRow, IdentityRow, SessionBehind, SessionRow, UserRow};
use crate::store::types::Time;
use crate::store::{Reach, Store, Tx};

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
    /// By which link it was made.
    pub link: Option<IdentityRow>,
    /// Whether the person has roles in projects.
    pub has_projects: bool,
    /// The stamp of the organization's settings at this moment.
    pub stamp: Stamp,
}

/// What made a session.
#[derive(Clone, Debug)]
pub enum Door {
    /// A sign-in through a connection, which works.
    Connection(Box<ConnectionRow>),
    /// An invitation that was accepted from the mailbox it was sent to.
    Mailbox,
    /// The owner's way in without a connection, which is open.
    BreakGlass,
}

impl Live {
    /// The connection, if one made it.
    pub fn connection(&self) -> Option<&ConnectionRow> {
        match &self.door {
            Door::Connection(connection) => Some(connection),
            Door::BreakGlass | Door::Mailbox => None,
        }
    }

    /// Who acts when somebody acts in this session.
    pub fn source(&self) -> Source {
        match &self.door {
            Door::Connection(connection) => Source::SignIn(connection.id),
            Door::BreakGlass | Door::Mailbox => Source::User(self.user.id),
        }
    }
}

/// The good session of this cookie, in whichever organization.
pub async fn live(tx: &mut Tx, cookie: &Hash, now: Timestamp) -> Result<Option<Live>, Error> {
    match tx.session_behind_cookie(cookie).await? {
        Some(found) => good(tx, found, now).await,
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
    match tx.session_behind(org, id).await? {
        Some(found) => good(tx, found, now).await,
        None => Ok(None),
    }
}

async fn good(tx: &mut Tx, found: SessionBehind, now: Timestamp) -> Result<Option<Live>, Error> {
    let SessionBehind {
        session,
        user,
        has_projects,
        connection,
        link,
        stamp,
    } = found;
    if !lasts(&session, now) || !user.is_active() {
        return Ok(None);
    }
    let door = door(tx, &session, connection, now).await?;
    Ok(door.map(|door| Live {
        session,
        user,
        door,
        link,
        has_projects,
        stamp: Stamp(stamp),
    }))
}

/// What made a session, while that lets anybody in.
async fn door(
    tx: &mut Tx,
    session: &SessionRow,
    connection: Option<ConnectionRow>,
    now: Timestamp,
) -> Result<Option<Door>, Error> {
    let org = session.org_id;
    Ok(match (session.connection_id, session.break_glass_id) {
        (Some(_), _) => {
            let row = connection.filter(|row| row.state == ConnectionState::Active);
            row.map(|row| Door::Connection(Box::new(row)))
        }
        (None, Some(id)) => {
            let owner = match tx.break_glass(org, id).await? {
                Some(row) => break_glass::owner_of(tx, &row, now).await?,
                None => None,
            };
            owner.map(|_| Door::BreakGlass)
        }
        (None, None) => Some(Door::Mailbox),
    })
}

/// A fresh session of a person that no connection made, and that is good until then.
pub(super) fn without_connection(
    change: &Change<'_>,
    user: UserId,
    secret: &Bearer,
    expires_at: Time,
) -> SessionRow {
    SessionRow {
        org_id: change.org,
        id: change.id(),
        hash: secret.hash().to_vec(),
        user_id: user,
        connection_id: None,
        identity_id: None,
        session_index: None,
        context_class: None,
        authenticated_at: change.time(),
        created_at: change.time(),
        last_seen_at: change.time(),
        expires_at,
        ended_at: None,
        ended_cause: None,
        name_id: None,
        name_id_format: None,
        name_qualifier: None,
        sp_name_qualifier: None,
        certificate: None,
        chain_id: None,
        break_glass_id: None,
    }
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
    let find = store.read_of(Reach::Few, move |tx| {
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
