//! Access: who asks at the admin API or at the console, for which organization, and what they may do. The
//! credential is looked up inside the operation's own transaction, so that a key which is revoked meanwhile, or
//! an admin who is none any more, opens nothing.

mod bounds;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::directory::role::OWNER_RANK;
use crate::directory::scope::{EVERYTHING, Scope, Scopes};
use crate::id::{ApiKeyId, ConsoleSessionId, Ids, OrganizationId, SetupLinkId, UserId};
use crate::provisioning::settings::organizations::RESERVED;
use crate::provisioning::{Change, Context, Error, Kind, Source, console, setup};
use crate::secret::Hash;
use crate::store::rows::OrganizationRow;
use crate::store::types::Time;
use crate::store::{Store, Tx};

pub(in crate::provisioning) use bounds::issuer_rank;

/// How exact a key's time of last use is.
const COALESCED: SignedDuration = SignedDuration::from_mins(1);

/// What somebody shows of themself: the hash of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A bearer key.
    Key(Hash),
    /// The cookie of a session at the console.
    Console(Hash),
    /// The token of a link to set up a connection, and what the browser shows that has it.
    Setup(Hash, Option<Hash>),
}

/// Whose access it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A program's, with this key.
    Key(ApiKeyId),
    /// The operator's, in this session at the console.
    Operator(ConsoleSessionId),
    /// A person's, in this session at the console.
    Person(UserId, ConsoleSessionId),
    /// That of whoever has this link to set up a connection.
    Setup(SetupLinkId),
}

/// An access that is good now.
#[derive(Clone, Debug)]
pub struct Access {
    /// Whose it is.
    pub holder: Holder,
    /// The organization that it is for; an operator's has none and is good for all.
    pub org: Option<OrganizationId>,
    /// What it may do.
    pub scopes: Scopes,
    /// How high it reaches: it gives no role of a higher rank, and acts as the owner with the owner's alone.
    pub rank: i64,
    /// When it ends by itself, and with it what it may give away.
    pub expires_at: Option<Timestamp>,
    /// Whether its time of last use should be written again.
    pub use_is_news: bool,
    /// Whether whoever holds it said a short while ago who they are; a program always has.
    pub is_fresh: bool,
}

impl Access {
    /// The access that a presented credential gives at this instant.
    pub async fn of(tx: &mut Tx, presented: &Credential, now: Timestamp) -> Result<Self, Error> {
        match presented {
            Credential::Key(hash) => Self::of_key(tx, hash, now).await,
            Credential::Console(hash) => console::access(tx, hash, now).await,
            Credential::Setup(hash, browser) => {
                setup::access(tx, (hash, browser.as_ref()), now).await
            }
        }
    }

    async fn of_key(tx: &mut Tx, presented: &Hash, now: Timestamp) -> Result<Self, Error> {
        let row = tx.api_key(presented).await?.ok_or(Error::Unauthorized)?;
        let expired = row.expires_at.is_some_and(|at| at.0 <= now);
        if expired || row.revoked_at.is_some() {
            return Err(Error::Unauthorized);
        }
        let rank = match &row.actor {
            Some(actor) => issuer_rank(tx, row.org_id, actor.clone()).await?,
            None => OWNER_RANK,
        };
        Ok(Self {
            holder: Holder::Key(row.id),
            org: row.org_id,
            rank,
            scopes: Scopes::stored(&row.scopes),
            expires_at: row.expires_at.map(|at| at.0),
            use_is_news: row
                .last_used_at
                .is_none_or(|at| now.duration_since(at.0) >= COALESCED),
            is_fresh: true,
        })
    }

    /// Who asks, as events name them.
    pub fn source(&self) -> Source {
        match self.holder {
            Holder::Key(key) => Source::Key(key),
            Holder::Operator(session) => Source::Operator(session),
            Holder::Person(user, _) => Source::User(user),
            Holder::Setup(link) => Source::Setup(link),
        }
    }

    /// Writes that it was used, and holds its row until the transaction ends.
    async fn touch(&self, tx: &mut Tx, at: Time) -> Result<(), Error> {
        touch(tx, self.holder, at).await
    }

    /// The organization of this slug. One that the key is not for is one that is not there.
    pub async fn organization(&self, tx: &mut Tx, slug: &str) -> Result<OrganizationRow, Error> {
        tx.organization_by_slug(slug)
            .await?
            .filter(|row| self.org.is_none_or(|org| org == row.id))
            .ok_or(Error::NotFound(Kind::Organization))
    }

    /// Refuses who lacks the scope, or is to say anew who they are before they use it.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if !self.scopes.allow(scope) {
            return Err(Error::Forbidden(scope.lacking()));
        }
        if scope.wants_fresh() && !self.is_fresh {
            return Err(Error::SignInAnew);
        }
        Ok(())
    }
}

impl Access {
    /// Refuses a key that lacks the scope, or is an organization's: what is asked for is of the whole
    /// installation.
    pub fn require_installation(&self, scope: Scope) -> Result<(), Error> {
        self.require(scope)?;
        match self.org {
            None => Ok(()),
            Some(_) => Err(Error::Forbidden(
                "a key of an organization is for that organization alone; this takes an operator's key",
            )),
        }
    }

    /// Refuses whoever is less than the operator where admins are operators: only who is one makes one.
    pub fn require_whole(&self, slug: &str) -> Result<(), Error> {
        let is_whole = self.org.is_none() && self.scopes.cover(&Scopes::stored(EVERYTHING));
        if slug != RESERVED || is_whole {
            return Ok(());
        }
        Err(Error::Forbidden(
            "the admins of this organization are operators: only an operator who may do everything changes it",
        ))
    }

    /// Refuses whoever does not answer for whom a connection trusts: that is the operator, or an admin at the
    /// console, who said a short while ago who they are.
    pub fn require_answerable(&self) -> Result<(), Error> {
        match self.holder {
            Holder::Person(..) => Ok(()),
            Holder::Key(_) | Holder::Operator(_) | Holder::Setup(_) => self.require_operator(),
        }
    }

    /// Refuses a key that is not the operator's: whom a connection trusts decides who comes in, and
    /// as what.
    pub fn require_operator(&self) -> Result<(), Error> {
        match self.org {
            None => Ok(()),
            Some(_) => Err(Error::Forbidden(OPERATOR_ONLY)),
        }
    }
}

impl Change<'_> {
    /// Refuses whoever asks and lacks the scope.
    pub(in crate::provisioning) fn require(&self, scope: Scope) -> Result<(), Error> {
        let access = self.access.as_ref();
        access.map_or(Ok(()), |access| access.require(scope))
    }

    /// Whether the operator asks: at the command line, or with a key for all organizations.
    pub(in crate::provisioning) fn is_operators(&self) -> bool {
        match &self.context.source {
            Source::Command | Source::Operator(_) => true,
            Source::Key(_) => self.access.as_ref().is_some_and(|it| it.org.is_none()),
            Source::Invitee
            | Source::Scim(_)
            | Source::Setup(_)
            | Source::SignIn(_)
            | Source::System
            | Source::User(_) => false,
        }
    }
}

/// What an organization's key is told where only the operator decides.
const OPERATOR_ONLY: &str = "a key of an organization does not change whom a connection trusts; \
                             ask the operator, who has `usher connection update` and \
                             `usher connection metadata`";

/// What a key of the operator changes that is of no organization.
#[derive(Clone, Debug)]
pub struct OperatorChange {
    /// What was shown.
    pub presented: Credential,
    /// What the key must be allowed.
    pub scope: Scope,
    /// The request, as events name their cause.
    pub cause: String,
}

/// Does what a key of the operator asks for, in one transaction in which the key is judged.
pub async fn operator_change<T, F>(
    store: &Store,
    ids: &Ids,
    asked: OperatorChange,
    job: F,
) -> Result<T, Error>
where
    F: for<'c> Fn(&'c mut Tx, Context, Access) -> BoxFuture<'c, Result<T, Error>>
        + Clone
        + Send
        + Sync
        + 'static,
    T: Send + 'static,
{
    let ids = ids.clone();
    store
        .write(move |tx| {
            let (job, ids, asked) = (job.clone(), ids.clone(), asked.clone());
            async move {
                let now = ids.clock().now();
                let access = Access::of(tx, &asked.presented, now).await?;
                access.require_installation(asked.scope)?;
                let context = Context {
                    ids,
                    source: access.source(),
                    cause: asked.cause,
                };
                // Its row is held from here on: whoever revokes it meanwhile waits, or was first.
                access.touch(tx, Time(now)).await?;
                let access = Access::of(tx, &asked.presented, now).await?;
                job(tx, context, access).await
            }
            .boxed()
        })
        .await
}

/// What a key changes: who asks with it, through which request.
#[derive(Clone, Debug)]
pub struct KeyChange {
    /// What was shown.
    pub presented: Credential,
    /// The slug of the organization.
    pub slug: String,
    /// What the key must be allowed.
    pub scope: Scope,
    /// The request, as events name their cause.
    pub cause: String,
}

/// Runs one change that a key asks for: the key is judged, the organization's row taken, the key
/// judged again by what holds then, the work done and settled, in one transaction.
pub async fn key_change<T, F>(
    store: &Store,
    ids: &Ids,
    asked: KeyChange,
    job: F,
) -> Result<T, Error>
where
    F: for<'c, 't> Fn(&'c mut Change<'t>, &'c Access) -> BoxFuture<'c, Result<T, Error>>
        + Clone
        + Send
        + Sync
        + 'static,
    T: Send + 'static,
{
    let ids = ids.clone();
    store
        .write(move |tx| {
            let (job, ids, asked) = (job.clone(), ids.clone(), asked.clone());
            async move {
                let now = ids.clock().now();
                let access = Access::of(tx, &asked.presented, now).await?;
                let organization = access.organization(tx, &asked.slug).await?;
                access.require(asked.scope)?;
                access.require_whole(&organization.slug)?;
                let context = Context {
                    ids,
                    source: access.source(),
                    cause: asked.cause,
                };
                let mut change = Change::begin(tx, organization.id, &context).await?;
                let access = Access::of(change.tx, &asked.presented, change.now).await?;
                access.require(asked.scope)?;
                change.access = Some(access.clone());
                let value = job(&mut change, &access).await?;
                if access.use_is_news {
                    access.touch(change.tx, Time(now)).await?;
                }
                change.settle().await?;
                Ok(value)
            }
            .boxed()
        })
        .await
}

async fn touch(tx: &mut Tx, holder: Holder, at: Time) -> Result<(), Error> {
    match holder {
        Holder::Key(key) => tx.touch_api_key(key, at).await?,
        Holder::Operator(session) | Holder::Person(_, session) => {
            tx.touch_console_session(session, at).await?;
        }
        // Its visits are kept, not its uses.
        Holder::Setup(_) => {}
    }
    Ok(())
}

/// Writes down that an access was used. It bears on nothing but how long a session lasts, so a failure is only
/// logged.
pub async fn note_use(store: &Store, holder: Holder, now: Timestamp) {
    let noted = store.write(move |tx| touch(tx, holder, Time(now)).boxed());
    if let Err(error) = noted.await {
        tracing::warn!(%error, ?holder, "the time of last use could not be written");
    }
}
