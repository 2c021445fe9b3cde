//! Many changes of one SCIM client as one transaction: each stands or falls alone, as if it had
//! come by itself, and one commit is waited for in the place of many.

use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::id::Ids;
use crate::limits;
use crate::provisioning::owner_kept::{self, Kept};
use crate::provisioning::scim_change::scim_step;
use crate::provisioning::scim_client::{self, Credentials, ScimClient};
use crate::provisioning::{Change, Context, Error, Source};
use crate::store;
use crate::store::{Store, Tx};

/// What a step ends with when it changes nothing.
pub trait Fall: Send + 'static {
    /// The error that it is about.
    fn error(&self) -> &Error;
    /// How many errors it counts for.
    fn weight(&self) -> u64;
}

/// Runs the steps one after the other, each between savepoints and settled by itself, until
/// `bound` errors are counted or [`limits::BULK_TIME`] is over: others wait for this transaction.
/// Answers what became of those that were run, of one at least. What the store or the credentials
/// refuse ends all of them: then nothing of this transaction stands.
pub async fn scim_steps<S, T, E, F>(
    store: &Store,
    ids: &Ids,
    caller: (Credentials, String),
    steps: (Arc<[S]>, u64),
    job: F,
) -> Result<Vec<Result<T, E>>, Error>
where
    F: for<'c, 't> Fn(&'c mut Change<'t>, &'c ScimClient, S) -> BoxFuture<'c, Result<T, E>>
        + Clone
        + Send
        + Sync
        + 'static,
    S: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: Fall + From<Error>,
{
    let (ids, (steps, bound)) = (ids.clone(), steps);
    let witness = caller.0.witness.clone();
    let org = scim_client::org_of(store, &caller.0);
    let done = store
        .write_of(org, move |tx| {
            let (job, ids, steps) = (job.clone(), ids.clone(), Arc::clone(&steps));
            let caller = caller.clone();
            async move {
                caller.0.witness.begin();
                let (begun, mut fallen) = (Instant::now(), 0);
                let mut done = Vec::with_capacity(steps.len());
                for step in steps.iter() {
                    let fate: Result<T, E> = one(tx, &ids, &caller, step.clone(), &job).await?;
                    fallen += fate.as_ref().err().map_or(0, Fall::weight);
                    done.push(fate);
                    if fallen >= bound || begun.elapsed() > limits::BULK_TIME {
                        break;
                    }
                }
                Ok::<_, Error>(done)
            }
            .boxed()
        })
        .await?;
    witness.keep();
    Ok(done)
}

async fn one<S, T, E, F>(
    tx: &mut Tx,
    ids: &Ids,
    caller: &(Credentials, String),
    step: S,
    job: &F,
) -> Result<Result<T, E>, Error>
where
    F: for<'c, 't> Fn(&'c mut Change<'t>, &'c ScimClient, S) -> BoxFuture<'c, Result<T, E>> + Sync,
    S: Clone + Sync,
    T: Send,
    E: Fall + From<Error>,
{
    tx.open_step().await?;
    let mut fate = scim_step(tx, ids, caller, |change, client| job(change, client, step)).await;
    if fate.is_ok()
        && let Err(error) = tx.keep_step().await
    {
        // What was not waited for has failed after all.
        fate = Err(Error::from(error).into());
    }
    match fate {
        Ok((value, settled)) => {
            caller.0.witness.tell(settled);
            Ok(Ok(value))
        }
        Err(fall) if ends_all(fall.error()) => Err(fall.error().clone()),
        Err(fall) => {
            tx.undo_step().await?;
            if let Error::OwnerKept(kept) = fall.error() {
                tell_kept(tx, ids, caller.1.clone(), *kept).await?;
            }
            Ok(Err(fall))
        }
    }
}

/// What a step wanted of the owner is told, though nothing of it was done.
async fn tell_kept(tx: &mut Tx, ids: &Ids, cause: String, kept: Kept) -> Result<(), Error> {
    let context = Context {
        ids: ids.clone(),
        source: Source::Scim(kept.connection),
        cause,
    };
    let mut change = Change::begin(tx, kept.org, &context).await?;
    owner_kept::tell(&mut change, kept);
    change.settle().await.map(drop)
}

/// Whether the next step would fare no better.
fn ends_all(error: &Error) -> bool {
    match error {
        Error::Store(error) => !matches!(error, store::Error::Taken(_) | store::Error::TooMany),
        Error::Forbidden(_) | Error::Paused | Error::Unauthorized => true,
        _ => false,
    }
}
