//! The keys by which the provider signs tokens, sealed in the store: the set as it is at this moment,
//! and its rotation, which refuses no token.
//!
//! | step | next | current | retired |
//! |---|---|---|---|
//! | at the first start | published | signs | |
//! | rotate: everybody has the next one | a new one, published | the next one signs | published for a day: ID tokens are hints yet |
//! | rotate now: the current one is compromised | a new one, published | a new one signs | forgotten |
//!
//! Whoever has the current key may well have the next one, which lay beside it: after a compromise both
//! are new. Here they are refused at once; an app that keeps the set it has read may take what they
//! signed for [`crate::limits::JWKS_MAX_AGE`] more, and reads the set again when it meets the new key.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::id::Ids;
use crate::oidc::keys::rotation::{is_published, may_sign, published_until};
use crate::oidc::keys::{self, Algorithm, KeySet, SigningKey, State};
use crate::provisioning::{Context, Error};
use crate::secret::DataKeys;
use crate::store::rows::SigningKeyRow;
use crate::store::types::{Doc, Time};
use crate::store::{self, Reach, Store, Tx};

/// What tells whether a set is still the one that is kept: a key's name, and where it is in its life.
type Mark = (String, String);

/// The provider's keys as they are at this moment. Whoever rotates them may be another process: each
/// use looks whether they are the same, and reads them again where they are not.
pub struct Keyring {
    store: Store,
    secrets: DataKeys,
    known: Mutex<(Vec<Mark>, Arc<KeySet>)>,
}

impl Keyring {
    /// The keys of a store, of which these are known. A store that keeps none has these for good.
    pub fn new(store: Store, secrets: DataKeys, known: KeySet) -> Self {
        let known = Mutex::new((Vec::new(), Arc::new(known)));
        Self {
            store,
            secrets,
            known,
        }
    }

    /// The set to sign and to verify with, and to publish.
    pub async fn now(&self, now: Timestamp) -> Result<Arc<KeySet>, Error> {
        let kept = self.store.read_of(Reach::One, |tx| {
            async move { Ok::<_, Error>(tx.signing_key_states().await?) }.boxed()
        });
        let kept = kept.await?;
        let published = |(_, state, until): &(String, String, Option<Time>)| {
            let state = state.parse().ok();
            state.is_some_and(|state| is_published(state, until.map(|at| at.0), now))
        };
        let marks = kept.into_iter().filter(published);
        let marks: Vec<Mark> = marks.map(|(kid, state, _)| (kid, state)).collect();
        {
            let known = self.known();
            if marks.is_empty() || known.0 == marks {
                return Ok(Arc::clone(&known.1));
            }
        }
        let set = Arc::new(load(&self.store, &self.secrets, now).await?);
        *self.known() = (marks, Arc::clone(&set));
        Ok(set)
    }

    fn known(&self) -> MutexGuard<'_, (Vec<Mark>, Arc<KeySet>)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys that are published now, unsealed.
pub(super) async fn load(
    store: &Store,
    secrets: &DataKeys,
    now: Timestamp,
) -> Result<KeySet, store::Error> {
    let rows = store
        .read(|tx| async move { tx.signing_keys().await }.boxed())
        .await?;
    let mut set = Vec::new();
    for row in rows {
        let state = state(&row)?;
        if is_published(state, row.published_until.map(|at| at.0), now) {
            set.push((state, unsealed(&row, secrets)?));
        }
    }
    KeySet::new(set).map_err(|error| store::Error::Engine(error.to_string()))
}

fn corrupt(column: &'static str) -> store::Error {
    let table = "signing_keys";
    store::Error::Corrupt { table, column }
}

fn place(kid: &str) -> String {
    format!("signing_keys|sealed||{kid}")
}

fn state(row: &SigningKeyRow) -> Result<State, store::Error> {
    row.state.parse().map_err(|_| corrupt("state"))
}

fn algorithm(row: &SigningKeyRow) -> Result<Algorithm, store::Error> {
    row.alg.parse().map_err(|_| corrupt("alg"))
}

fn unsealed(row: &SigningKeyRow, secrets: &DataKeys) -> Result<SigningKey, store::Error> {
    let pem = secrets.open(&place(&row.kid), &row.sealed);
    let pem = pem.map_err(|_| corrupt("sealed"))?;
    let key = SigningKey::from_private_pem(&pem).map_err(|_| corrupt("sealed"))?;
    if key.kid() != row.kid {
        return Err(corrupt("kid"));
    }
    Ok(key)
}

/// A fresh key, sealed.
pub(super) fn fresh(
    algorithm: Algorithm,
    state: State,
    secrets: &DataKeys,
    ids: &Ids,
) -> Result<SigningKeyRow, store::Error> {
    let failed =
        |error: String| store::Error::Engine(format!("a signing key could not be made: {error}"));
    let of_key = |error: keys::Error| failed(error.to_string());
    let key = SigningKey::generate(algorithm).map_err(of_key)?;
    let pem = key.to_private_pem().map_err(of_key)?;
    let sealed = secrets.seal(&place(key.kid()), &pem, ids.entropy());
    Ok(SigningKeyRow {
        kid: key.kid().to_owned(),
        alg: algorithm.as_str().to_owned(),
        state: state.as_str().to_owned(),
        public: Doc(key.jwk().to_string()),
        sealed: sealed.map_err(|error| failed(error.to_string()))?,
        created_at: Time(ids.clock().now()),
        published_until: None,
    })
}

/// Makes the next key of each algorithm that has none, so that it is published in time.
pub async fn complete(store: &Store, ids: &Ids, secrets: &DataKeys) -> Result<(), store::Error> {
    let rows = store
        .read(|tx| async move { tx.signing_keys().await }.boxed())
        .await?;
    for algorithm in Algorithm::ALL {
        if find(&rows, algorithm, State::Next).is_some() {
            continue;
        }
        let row = fresh(algorithm, State::Next, secrets, ids)?;
        let written = store.write(move |tx| {
            let row = row.clone();
            async move {
                // Of two that come at once, the second finds what the first made.
                let rows = tx.signing_keys().await?;
                match find(&rows, algorithm, State::Next) {
                    Some(_) => Ok(()),
                    None => tx.insert_signing_key(&row).await,
                }
            }
            .boxed()
        });
        written.await?;
    }
    Ok(())
}

fn find(rows: &[SigningKeyRow], algorithm: Algorithm, state: State) -> Option<&SigningKeyRow> {
    let (algorithm, state) = (algorithm.as_str(), state.as_str());
    rows.iter()
        .find(|row| row.alg == algorithm && row.state == state)
}

/// A key, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SigningKey)]
pub struct Shown {
    /// Its name: the thumbprint of the public key (RFC 7638).
    pub kid: String,
    /// What it signs by.
    pub alg: String,
    /// Where it is in its life.
    pub state: String,
    /// Since when it is published.
    #[schema(value_type = String, format = "date-time")]
    pub published_at: Timestamp,
    /// Until when, where it has retired.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub published_until: Option<Timestamp>,
}

/// The keys, in the order of their making.
pub async fn list(store: &Store) -> Result<Vec<Shown>, Error> {
    let listed = store.read(|tx| async move { list_in(tx).await }.boxed());
    listed.await
}

/// The same, within a transaction.
pub async fn list_in(tx: &mut Tx) -> Result<Vec<Shown>, Error> {
    let shown = |row: SigningKeyRow| Shown {
        kid: row.kid,
        alg: row.alg,
        state: row.state,
        published_at: row.created_at.0,
        published_until: row.published_until.map(|at| at.0),
    };
    Ok(tx.signing_keys().await?.into_iter().map(shown).collect())
}

/// Lets the next keys of these algorithms sign, all or none. One that was published too short a time
/// ago is refused. Where the current one is compromised, it and the next one are forgotten, and new ones
/// take their places at once.
pub async fn rotate(
    store: &Store,
    context: &Context,
    secrets: &DataKeys,
    algorithms: &[Algorithm],
    compromised: bool,
) -> Result<Vec<Shown>, Error> {
    complete(store, &context.ids, secrets).await?;
    let now = context.ids.clock().now();
    let new = |of, state| fresh(of, state, secrets, &context.ids);
    let made = algorithms.iter().map(|of| {
        let next = new(*of, State::Next)?;
        let current = compromised.then(|| new(*of, State::Current)).transpose()?;
        Ok((*of, next, current))
    });
    let made = made.collect::<Result<Vec<_>, store::Error>>()?;
    let written = store.write(move |tx| {
        let made = made.clone();
        async move {
            for (algorithm, next, current) in made {
                match &current {
                    Some(current) => replace_in(tx, algorithm, current).await?,
                    None => rotate_in(tx, algorithm, now).await?,
                }
                tx.insert_signing_key(&next).await?;
            }
            Ok::<_, Error>(())
        }
        .boxed()
    });
    written.await?;
    let (actor, cause) = (context.source.actor(), &context.cause);
    tracing::info!(
        actor,
        cause,
        compromised,
        "Keys that sign tokens were rotated"
    );
    list(store).await
}

async fn rotate_in(tx: &mut Tx, of: Algorithm, now: Timestamp) -> Result<(), Error> {
    let rows = tx.signing_keys().await?;
    let next = find(&rows, of, State::Next).ok_or_else(|| corrupt("state"))?;
    may_sign(of, next.created_at.0, now).map_err(|soon| Violation::Invalid(soon.to_string()))?;
    let until = Time(published_until(now));
    if let Some(current) = find(&rows, of, State::Current) {
        tx.set_signing_key(&current.kid, State::Retired.as_str(), Some(until))
            .await?;
    }
    Ok(tx
        .set_signing_key(&next.kid, State::Current.as_str(), None)
        .await?)
}

/// Forgets every key of an algorithm for this one: what retired before was let go in good faith, and is
/// refused as well.
async fn replace_in(tx: &mut Tx, of: Algorithm, current: &SigningKeyRow) -> Result<(), Error> {
    for row in tx.signing_keys().await? {
        if algorithm(&row)? == of {
            tx.forget_signing_key(&row.kid).await?;
            tracing::warn!(kid = %row.kid, alg = %of, "A compromised signing key is refused from now on");
        }
    }
    Ok(tx.insert_signing_key(current).await?)
}
