//! What a SCIM client asks for, as one transaction: the token is judged in it, and what is changed is settled
//! in it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::id::Ids;
use crate::provisioning::request_log::Witness;
use crate::provisioning::scim_client::{self, Credentials, ScimClient, authenticate, believe};
use crate::provisioning::{Change, Context, Error, Settled, Source, owner_kept};
use crate::store::types::Time;
use crate::store::{Reach, Store, Tx};

/// Runs one change that a SCIM client asks for: the token is checked, the organization's row
/// taken, the work done and settled, in one transaction.
pub async fn scim_change<T, F>(
    store: &Store,
    ids: &Ids,
    credentials: Credentials,
    cause: String,
    job: F,
) -> Result<T, Error>
where
    F: for<'c, 't> Fn(&'c mut Change<'t>, &'c ScimClient) -> BoxFuture<'c, Result<T, Error>>
        + Clone
        + Send
        + Sync
        + 'static,
    T: Send + 'static,
{
    let witness = credentials.witness.clone();
    let (ids, caller) = (ids.clone(), (credentials, cause));
    let teller = (ids.clone(), caller.1.clone());
    let org = scim_client::org_of(store, &caller.0);
    let done = store.write_of(org, move |tx| {
        let (job, ids, caller) = (job.clone(), ids.clone(), caller.clone());
        async move {
            caller.0.witness.begin();
            let (value, settled) = scim_step(tx, &ids, &caller, job).await?;
            caller.0.witness.tell(settled);
            Ok(value)
        }
        .boxed()
    });
    let done = done.await;
    if let Err(Error::OwnerKept(kept)) = &done {
        let (ids, cause) = teller;
        let source = Source::Scim(kept.connection);
        let context = Context { ids, source, cause };
        owner_kept::note(store, context, *kept).await;
    }
    let done = done?;
    witness.keep();
    Ok(done)
}

/// What [`scim_change`] does within its transaction, for the credentials and the request of its
/// caller, who tells what it came to.
pub(super) async fn scim_step<T, E, F>(
    tx: &mut Tx,
    ids: &Ids,
    (credentials, cause): &(Credentials, String),
    job: F,
) -> Result<(T, Settled), E>
where
    F: for<'c, 't> FnOnce(&'c mut Change<'t>, &'c ScimClient) -> BoxFuture<'c, Result<T, E>>,
    E: From<Error>,
{
    let (mut change, client) = scim_client::begin(tx, ids, (credentials, cause)).await?;
    change.apply_now = credentials.apply_now;
    let value = job(&mut change, &client).await?;
    if client.is_stale {
        let now = change.time();
        let touched = client.credential.touch(change.tx, client.org, now);
        touched.await.map_err(Error::from)?;
    }
    Ok((value, change.settle().await?))
}

/// Answers a question that a SCIM client asks, on one snapshot.
pub async fn scim_question<T, F>(
    store: &Store,
    ids: &Ids,
    (credentials, reach): (Credentials, Reach),
    job: F,
) -> Result<T, Error>
where
    F: for<'c> Fn(&'c mut Tx, &'c ScimClient) -> BoxFuture<'c, Result<T, Error>>
        + Clone
        + Send
        + Sync
        + 'static,
    T: Send + 'static,
{
    let now = Time(ids.clock().now());
    let (value, client) = store
        .read_of(reach, move |tx| {
            answer(tx, credentials.clone(), now, job.clone()).boxed()
        })
        .await?;
    if client.is_stale {
        let store = store.clone();
        tokio::spawn(async move {
            let seen = store.write(move |tx| {
                let (org, credential) = (client.org, client.credential);
                async move { credential.touch(tx, org, now).await }.boxed()
            });
            if let Err(error) = seen.await {
                tracing::warn!(%error, "a token's last use could not be noted");
            }
        });
    }
    Ok(value)
}

/// The answer, and who was let in.
async fn answer<T, F>(
    tx: &mut Tx,
    credentials: Credentials,
    now: Time,
    job: F,
) -> Result<(T, ScimClient), Error>
where
    F: for<'c> Fn(&'c mut Tx, &'c ScimClient) -> BoxFuture<'c, Result<T, Error>>,
{
    if let Some(answer) = believed(tx, &credentials, now, &job).await {
        return answer;
    }
    let client = authenticate(tx, &credentials, now, false).await?;
    Ok((job(tx, &client).await?, client))
}

/// The answer for somebody who was let in a while ago: that they still are is asked afterwards, on the same snapshot,
/// where the answer does not tell it. None where nothing is remembered of them, or it does not hold any more: then
/// nobody has heard the answer.
async fn believed<T, F>(
    tx: &mut Tx,
    credentials: &Credentials,
    now: Time,
    job: &F,
) -> Option<Result<(T, ScimClient), Error>>
where
    F: for<'c> Fn(&'c mut Tx, &'c ScimClient) -> BoxFuture<'c, Result<T, Error>>,
{
    // A thread of the store uses one `Tx` for all that it does: what came with an earlier answer tells nothing.
    tx.forget_seen();
    let aside = Witness::default();
    let (client, org, believed) = believe(tx, (credentials, &aside), now)?;
    let answer = match client {
        Ok(client) => job(tx, &client).await.map(|value| (value, client)),
        Err(error) => Err(error),
    };
    let stamp = match tx.take_seen() {
        Some(stamp) => Some(stamp),
        None => match tx.settings_stamp(org).await {
            Ok(stamp) => stamp,
            Err(error) => {
                let first = answer.err().filter(|it| matches!(it, Error::Store(_)));
                return Some(Err(first.unwrap_or_else(|| error.into())));
            }
        },
    };
    if stamp != Some(believed) {
        scim_client::forget(tx, credentials);
        return None;
    }
    if let Some(met) = aside.met() {
        credentials.witness.meet(met);
    }
    Some(answer)
}
