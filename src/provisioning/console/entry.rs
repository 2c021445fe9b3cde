//! The ways in: a link that lets in once, and a sign-in that was made for the console.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{NOBODY, good, holder};
use crate::directory::event::EventKind;
use crate::id::{ConsoleLinkId, ConsoleSessionId, OrganizationId, SessionId, UserId};
use crate::limits;
use crate::provisioning::ownership::mark;
use crate::provisioning::{Change, Context, Error, Kind, Source, change, sessions};
use crate::secret::{self, Bearer, Hash};
use crate::store::rows::{ConsoleLinkRow, ConsoleSessionRow, UserRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// What the tokens of links start with.
const PREFIX: &str = "way_";

/// A link that was made.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Its token, which is shown this once.
    pub token: Bearer,
    /// Until when it lets in.
    pub expires_at: Timestamp,
}

impl Issued {
    /// The link.
    pub fn url(&self, public_url: &str) -> String {
        format!("{public_url}/console/enter/{}", self.token.reveal())
    }
}

/// What a link leads to, while it does.
#[derive(Clone, Debug)]
pub struct Look {
    /// The slug and the name of the organization whose owner it lets in; the operator where there is none.
    pub organization: Option<(String, String)>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Somebody who came in.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The secret of the cookie.
    pub secret: Bearer,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// The slug of the organization; the operator has all.
    pub organization: Option<String>,
}

/// Makes a link: of the operator, or of an organization's owner. For the command line alone.
pub async fn issue(
    store: &Store,
    context: Context,
    org: Option<OrganizationId>,
) -> Result<Issued, Error> {
    let Some(org) = org else {
        let (issued, row) = fresh(&context, limits::OPERATOR_LINK);
        let written = store.write(move |tx| {
            let row = row.clone();
            async move { Ok::<_, Error>(tx.insert_console_link(&row).await?) }.boxed()
        });
        written.await?;
        tracing::warn!("a link to the console was made for the operator");
        return Ok(issued);
    };
    change(store, org, context, move |change| {
        async move {
            let owner = change.tx.owner_of(change.org).await?;
            let owner = owner.filter(UserRow::is_active);
            let owner = owner.ok_or(Error::Forbidden("the organization has no active owner"))?;
            issue_in(change, &owner).await
        }
        .boxed()
    })
    .await
}

/// Makes a link that lets this owner in; those before are good no more.
pub(in crate::provisioning) async fn issue_in(
    change: &mut Change<'_>,
    owner: &UserRow,
) -> Result<Issued, Error> {
    let (org, now) = (change.org, change.time());
    change.tx.end_console_links_of(org, owner.id, now).await?;
    let (issued, row) = fresh(&change.context, limits::OWNER_LINK);
    let row = ConsoleLinkRow {
        org_id: Some(org),
        user_id: Some(owner.id),
        mark: Some(mark(owner)),
        ..row
    };
    change.tx.insert_console_link(&row).await?;
    let data = json!({"user_id": owner.id, "expires_at": row.expires_at.0});
    change.record(EventKind::ConsoleLinkIssued, data);
    Ok(issued)
}

fn fresh(context: &Context, life: SignedDuration) -> (Issued, ConsoleLinkRow) {
    let token = Bearer::new(PREFIX, context.ids.entropy());
    let now = context.ids.clock().now();
    let row = ConsoleLinkRow {
        id: context.ids.next(),
        org_id: None,
        user_id: None,
        hash: token.hash().to_vec(),
        mark: None,
        actor: context.source.actor(),
        created_at: Time(now),
        expires_at: Time(now + life),
        used_at: None,
    };
    let expires_at = row.expires_at.0;
    (Issued { token, expires_at }, row)
}

/// The link of a token, while it lets in.
async fn open(tx: &mut Tx, token: &str, now: Timestamp) -> Result<Option<ConsoleLinkRow>, Error> {
    let row = tx.console_link(&secret::hash(token)).await?;
    let row = row.ok_or(Error::NotFound(Kind::ConsoleLink))?;
    if row.used_at.is_some() || row.expires_at.0 <= now {
        return Ok(None);
    }
    if let (Some(org), Some(id)) = (row.org_id, row.user_id) {
        let owner = tx.owner_of(org).await?.filter(UserRow::is_active);
        let is_theirs = |it: &UserRow| it.id == id && row.mark.as_deref() == Some(&*mark(it));
        return Ok(owner.filter(is_theirs).map(|_| row));
    }
    Ok(Some(row))
}

/// What a link shows now; nothing where it lets nobody in any more.
pub async fn look(store: &Store, token: &str, now: Timestamp) -> Result<Option<Look>, Error> {
    let token = token.to_owned();
    let read = store.read(move |tx| {
        let token = token.clone();
        async move {
            let Some(row) = open(tx, &token, now).await? else {
                return Ok(None);
            };
            let organization = match row.org_id {
                Some(org) => tx.organization(org).await?.map(|it| (it.slug, it.name)),
                None => None,
            };
            Ok(Some(Look {
                organization,
                expires_at: row.expires_at.0,
            }))
        }
        .boxed()
    });
    read.await
}

/// Lets in whoever has the link, once. What the browser had open at the console ends.
pub async fn enter(
    store: &Store,
    context: Context,
    token: &str,
    former: Option<Hash>,
) -> Result<Option<Entered>, Error> {
    let now = context.ids.clock().now();
    let wanted = token.to_owned();
    let found = store.read(move |tx| {
        let token = wanted.clone();
        async move { open(tx, &token, now).await }.boxed()
    });
    let Some(row) = found.await? else {
        return Ok(None);
    };
    let (secret, token) = (Bearer::new("", context.ids.entropy()), token.to_owned());
    let (Some(org), Some(user)) = (row.org_id, row.user_id) else {
        return enter_as_operator(store, context, (row.id, secret), former).await;
    };
    let context = Context {
        source: Source::User(user),
        ..context
    };
    change(store, org, context, move |change| {
        let (secret, token) = (secret.clone(), token.clone());
        async move {
            let now = change.now;
            let Some(row) = open(change.tx, &token, now).await? else {
                return Ok(None);
            };
            if !change.tx.use_console_link(row.id, Time(now)).await? {
                return Ok(None);
            }
            if let Some(former) = former {
                leave_in(change.tx, &former, now).await?;
            }
            let way = Way {
                how: "link".to_owned(),
                user,
                session: None,
                authenticated_at: now,
                ends_at: None,
            };
            begin(change, &way, secret).await.map(Some)
        }
        .boxed()
    })
    .await
}

/// Lets the operator in by a link that is good.
async fn enter_as_operator(
    store: &Store,
    context: Context,
    (link, secret): (ConsoleLinkId, Bearer),
    former: Option<Hash>,
) -> Result<Option<Entered>, Error> {
    let now = context.ids.clock().now();
    let entered = store.write(move |tx| {
        let (context, secret) = (context.clone(), secret.clone());
        async move {
            if !tx.use_console_link(link, Time(now)).await? {
                return Ok::<_, Error>(None);
            }
            if let Some(former) = former {
                leave_in(tx, &former, now).await?;
            }
            let session = session(context.ids.next(), &secret, now);
            tx.insert_console_session(&session).await?;
            Ok(Some(entered(&session, secret, None)))
        }
        .boxed()
    });
    let entered = entered.await?;
    if entered.is_some() {
        tracing::warn!("the operator came in at the console by a link");
    }
    Ok(entered)
}

/// Lets in whoever signed in through a connection a moment ago, in a browser with these cookies: the latest of
/// them alone. What the browser had open at the console ends.
pub async fn enter_signed_in(
    store: &Store,
    context: Context,
    latest: Option<Hash>,
    former: Option<Hash>,
) -> Result<Option<Entered>, Error> {
    let now = context.ids.clock().now();
    let Some(cookie) = latest else {
        return Ok(None);
    };
    let found = store.read(move |tx| async move { sessions::live(tx, &cookie, now).await }.boxed());
    let Some(live) = found.await? else {
        return Ok(None);
    };
    let secret = Bearer::new("", context.ids.entropy());
    let context = Context {
        source: Source::User(live.user.id),
        ..context
    };
    change(store, live.session.org_id, context, move |change| {
        let secret = secret.clone();
        async move {
            let live = sessions::live(change.tx, &cookie, change.now).await?;
            let is_new = |at: Time| change.now.duration_since(at.0) < limits::CONSOLE_FRESH;
            let Some(live) = live.filter(|it| is_new(it.session.created_at)) else {
                return Ok(None);
            };
            if holder(change.tx, &live, change.id()).await?.is_none() {
                return Ok(None);
            }
            if let Some(former) = former {
                leave_in(change.tx, &former, change.now).await?;
            }
            let way = Way {
                how: "sign_in".to_owned(),
                user: live.user.id,
                session: Some(live.session.id),
                authenticated_at: live.session.authenticated_at.0,
                ends_at: None,
            };
            begin(change, &way, secret).await.map(Some)
        }
        .boxed()
    })
    .await
}

/// How a person comes in.
pub(super) struct Way {
    /// As events name it.
    pub(super) how: String,
    /// Who.
    pub(super) user: UserId,
    /// The sign-in through a connection that it hangs on.
    pub(super) session: Option<SessionId>,
    /// When they said who they are.
    pub(super) authenticated_at: Timestamp,
    /// When it ends at the latest, where it goes on from another one.
    pub(super) ends_at: Option<Time>,
}

/// Begins a person's session.
pub(super) async fn begin(
    change: &mut Change<'_>,
    way: &Way,
    secret: Bearer,
) -> Result<Entered, Error> {
    let organization = change.tx.organization(change.org).await?.ok_or(NOBODY)?;
    let row = ConsoleSessionRow {
        org_id: Some(change.org),
        user_id: Some(way.user),
        session_id: way.session,
        way: way.how.clone(),
        authenticated_at: Time(way.authenticated_at.min(change.now)),
        ..session(change.id(), &secret, change.now)
    };
    let row = ConsoleSessionRow {
        expires_at: way
            .ends_at
            .map_or(row.expires_at, |end| end.min(row.expires_at)),
        ..row
    };
    change.tx.insert_console_session(&row).await?;
    let data = json!({"user_id": way.user, "how": way.how, "console_session_id": row.id});
    change.record(EventKind::ConsoleSignedIn, data);
    Ok(entered(&row, secret, Some(organization.slug)))
}

fn session(id: ConsoleSessionId, secret: &Bearer, now: Timestamp) -> ConsoleSessionRow {
    ConsoleSessionRow {
        id,
        org_id: None,
        user_id: None,
        session_id: None,
        way: "link".to_owned(),
        hash: secret.hash().to_vec(),
        authenticated_at: Time(now),
        created_at: Time(now),
        last_seen_at: Time(now),
        expires_at: Time(now + limits::CONSOLE_SESSION),
        ended_at: None,
    }
}

fn entered(row: &ConsoleSessionRow, secret: Bearer, organization: Option<String>) -> Entered {
    Entered {
        secret,
        expires_at: row.expires_at.0,
        organization,
    }
}

/// Ends what a cookie has open; where there is nothing, nothing changes.
pub async fn leave(store: &Store, cookie: Hash, now: Timestamp) -> Result<(), Error> {
    store
        .write(move |tx| async move { leave_in(tx, &cookie, now).await }.boxed())
        .await
}

pub(super) async fn leave_in(tx: &mut Tx, cookie: &Hash, now: Timestamp) -> Result<(), Error> {
    match good(tx, cookie, now).await {
        Ok(row) => Ok(tx.end_console_session(row.id, Time(now)).await?),
        Err(Error::Unauthorized) => Ok(()),
        Err(error) => Err(error),
    }
}
