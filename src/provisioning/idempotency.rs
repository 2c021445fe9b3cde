//! Requests that carry an `Idempotency-Key`: a name that the client gives a request, so that asking
//! again after a lost answer does nothing twice. A request is claimed before it is worked on, and
//! its answer kept after, sealed, since answers hold links. Where the end was cut off in between,
//! nobody can know what was done: the claim stays, and the client is told.

use futures_util::FutureExt;

use crate::id::{ApiKeyId, Ids};
use crate::limits;
use crate::provisioning::Error;
use crate::provisioning::access::{Access, Credential, Holder};
use crate::secret::{DataKeys, Hash};
use crate::store::rows::IdempotencyRow;
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// A request by the name that its client gave it.
#[derive(Clone, Debug)]
pub struct Named {
    /// The hash of the key that asks.
    pub presented: Hash,
    /// The name.
    pub name: String,
    /// The digest of everything that was asked.
    pub digest: Hash,
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was answered with this.
    Answered(Vec<u8>),
    /// The same is being worked on, or was cut off.
    Asked,
    /// Something else was asked under this name.
    Other,
    /// Nothing: it is claimed now, for this key.
    New(ApiKeyId),
}

fn place(key: ApiKeyId, name: &str) -> String {
    format!("idempotency|sealed|{key}|{name}")
}

/// Looks a request up, and claims it where it is new. A key that is not good has no names.
pub async fn claim(
    store: &Store,
    ids: &Ids,
    keys: &DataKeys,
    named: &Named,
) -> Result<Known, Error> {
    let (ids, keys, named) = (ids.clone(), keys.clone(), named.clone());
    store
        .write(move |tx| {
            let (ids, keys, named) = (ids.clone(), keys.clone(), named.clone());
            async move { claim_in(tx, &ids, &keys, &named).await }.boxed()
        })
        .await
}

async fn claim_in(tx: &mut Tx, ids: &Ids, keys: &DataKeys, named: &Named) -> Result<Known, Error> {
    let now = ids.clock().now();
    let access = Access::of(tx, &Credential::Key(named.presented), now).await?;
    let Holder::Key(key) = access.holder else {
        return Err(Error::Unauthorized);
    };
    let old = now - limits::IDEMPOTENCY;
    if let Some(row) = tx.idempotency(key, &named.name).await? {
        if row.created_at.0 > old {
            return known(&row, keys, named);
        }
        tx.forget_idempotency(key, &named.name).await?;
    }
    let row = IdempotencyRow {
        key_id: key,
        name: named.name.clone(),
        digest: named.digest.to_vec(),
        sealed: None,
        created_at: Time(now),
    };
    if tx.claim_idempotency(&row).await? {
        return Ok(Known::New(key));
    }
    match tx.idempotency(key, &named.name).await? {
        Some(row) => known(&row, keys, named),
        // Somebody faster has claimed it, and this transaction does not see it yet.
        None => Ok(Known::Asked),
    }
}

fn known(row: &IdempotencyRow, keys: &DataKeys, named: &Named) -> Result<Known, Error> {
    if row.digest != named.digest {
        return Ok(Known::Other);
    }
    let Some(sealed) = &row.sealed else {
        return Ok(Known::Asked);
    };
    let opened = keys.open(&place(row.key_id, &row.name), sealed);
    let opened = opened.map_err(|_| {
        let (table, column) = ("idempotency", "sealed");
        Error::Store(crate::store::Error::Corrupt { table, column })
    });
    Ok(Known::Answered(opened?))
}

/// Keeps the answer to a claimed request; without one, the claim is given up, and the same may be
/// asked anew.
pub async fn answered(
    store: &Store,
    ids: &Ids,
    keys: &DataKeys,
    claimed: (ApiKeyId, &str),
    answer: Option<&[u8]>,
) -> Result<(), Error> {
    let (key, name) = (claimed.0, claimed.1.to_owned());
    let sealed = answer.map(|it| keys.seal(&place(key, &name), it, ids.entropy()));
    let sealed = sealed.transpose().map_err(|_| Error::Unauthorized)?;
    store
        .write(move |tx| {
            let (name, sealed) = (name.clone(), sealed.clone());
            async move {
                match sealed {
                    Some(sealed) => tx.answer_idempotency(key, &name, &sealed).await?,
                    None => tx.forget_idempotency(key, &name).await?,
                }
                Ok(())
            }
            .boxed()
        })
        .await
}

/// Forgets what was asked [`limits::IDEMPOTENCY`] ago; answers how many.
pub async fn forget(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let until = Time(ids.clock().now() - limits::IDEMPOTENCY);
    store
        .write(move |tx| async move { Ok(tx.forget_old_idempotency(until).await?) }.boxed())
        .await
}
