//! Access: whose key asks at the admin API, for which organization, and what it may do. The key is
//! looked up inside the operation's own transaction, so that a key which is revoked meanwhile opens
//! nothing any more.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::directory::scope::{Scope, Scopes};
use crate::id::{ApiKeyId, Ids, OrganizationId};
use crate::provisioning::invitations::Inviter;
use crate::provisioning::{Change, Context, Error, Kind, Source};
use crate::secret::Hash;
use crate::store::rows::OrganizationRow;
use crate::store::types::Time;
use crate::store::{self, Store, Tx};

/// How exact a key's time of last use is.
const COALESCED: SignedDuration = SignedDuration::from_mins(1);

/// A key that is good now.
#[derive(Clone, Debug)]
pub struct Access {
    /// The key.
    pub key: ApiKeyId,
    /// Its organization; an operator's key has none and is good for all.
    pub org: Option<OrganizationId>,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Whether its time of last use should be written again.
    pub use_is_news: bool,
}

impl Access {
    /// The access that a presented key gives at this instant.
    pub async fn of(tx: &mut Tx, presented: &Hash, now: Timestamp) -> Result<Self, Error> {
        let row = tx.api_key(presented).await?.ok_or(Error::Unauthorized)?;
        let expired = row.expires_at.is_some_and(|at| at.0 <= now);
        if expired || row.revoked_at.is_some() {
            return Err(Error::Unauthorized);
        }
        Ok(Self {
            key: row.id,
            org: row.org_id,
            scopes: Scopes::stored(&row.scopes),
            expires_at: row.expires_at.map(|at| at.0),
            use_is_news: row
                .last_used_at
                .is_none_or(|at| now.duration_since(at.0) >= COALESCED),
        })
    }

    /// The organization of this slug. One that the key is not for is one that is not there.
    pub async fn organization(&self, tx: &mut Tx, slug: &str) -> Result<OrganizationRow, Error> {
        tx.organization_by_slug(slug)
            .await?
            .filter(|row| self.org.is_none_or(|org| org == row.id))
            .ok_or(Error::NotFound(Kind::Organization))
    }

    /// Refuses a key that lacks the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.allow(scope) {
            Ok(())
        } else {
            Err(Error::Forbidden(scope.lacking()))
        }
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
    /// Refuses where a key asks that lacks the scope.
    pub(in crate::provisioning) fn require(&self, scope: Scope) -> Result<(), Error> {
        let access = self.access.as_ref();
        access.map_or(Ok(()), |access| access.require(scope))
    }

    /// Whether the operator asks: at the command line, or with a key for all organizations.
    pub(in crate::provisioning) fn is_operators(&self) -> bool {
        match &self.context.source {
            Source::Command => true,
            Source::Key(_) => self.access.as_ref().is_some_and(|it| it.org.is_none()),
            Source::Invitee
            | Source::Scim(_)
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
    /// The hash of the key.
    pub presented: Hash,
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
                    source: Source::Key(access.key),
                    cause: asked.cause,
                };
                // Its row is held from here on: whoever revokes it meanwhile waits, or was first.
                tx.touch_api_key(access.key, Time(now)).await?;
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
    /// The hash of the key.
    pub presented: Hash,
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
                let context = Context {
                    ids,
                    source: Source::Key(access.key),
                    cause: asked.cause,
                };
                let mut change = Change::begin(tx, organization.id, &context).await?;
                let access = Access::of(change.tx, &asked.presented, change.now).await?;
                access.require(asked.scope)?;
                change.access = Some(access.clone());
                let value = job(&mut change, &access).await?;
                if access.use_is_news {
                    change.tx.touch_api_key(access.key, Time(now)).await?;
                }
                change.settle().await?;
                Ok(value)
            }
            .boxed()
        })
        .await
}

impl Access {
    /// Who invites with the key: the operator, or the organization itself.
    pub fn inviter(&self) -> Inviter {
        match self.org {
            None => Inviter::operator(),
            Some(_) => Inviter::organization(),
        }
    }
}

/// Writes down that a key was used. It bears on nothing, so a failure is only logged.
pub async fn note_use(store: &Store, key: ApiKeyId, now: Timestamp) {
    let noted =
        store.write(move |tx| async move { tx.touch_api_key(key, Time(now)).await }.boxed());
    if let Err(error) = noted.await {
        let error: store::Error = error;
        tracing::warn!(%error, key.id = %key, "a key's time of last use could not be written");
    }
}
