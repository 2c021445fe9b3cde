//! PostgreSQL: a pool, one transaction an operation. An operation runs in a task of its own, so
//! that a caller who hangs up cannot leave a transaction half-open, and runs again when it lost
//! against another. A server that restarted is noticed before anything was done: the dead
//! connection is dropped and another one tried.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::store::error::{Error, Failure};
use crate::store::lanes::Lanes;
use crate::store::memory::Memory;
use crate::store::pipe::Conn;
use crate::store::turns::Lane;
use crate::store::tx::{Engine, Tx};
use crate::store::watch::{Watch, Watcher};

/// How long an operation waits for a connection before it is told to come back.
const WAIT: Duration = Duration::from_secs(5);
/// How long a change waits behind others of its organization, as the database would let it.
const TURN: Duration = Duration::from_secs(30);
/// How often an operation that lost against another is run again.
const TRIES: u32 = 4;

/// How a transaction begins that may change something.
const WRITE: &str = "BEGIN READ WRITE";
/// How one begins that only reads.
const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// What every connection is told first: times are bounded, and nothing waits for ever.
const SETTINGS: &str = "SET statement_timeout = '30s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning";
/// And a connection for jobs: the first statement is sent with the transaction's beginning, and must change nothing
/// where that fails.
const BY_TRANSACTION: &str = "SET default_transaction_read_only = on";

/// The pool, what the process keeps in memory of what it has read, and the lanes of organizations' changes.
#[derive(Clone)]
pub struct Connections(Pool<AsyncPgConnection>, Memory, Lanes);

impl Connections {
    /// A pool for migrations, of one connection; it is not opened yet.
    pub fn for_migrations(url: &str) -> Result<Self, Error> {
        Self::pool(url, 1, SETTINGS, None)
    }

    /// A pool of at most `size` connections, which tell the watcher what they run; none is opened yet. They change
    /// something in [`Connections::write`] alone.
    pub fn new(url: &str, size: usize, watcher: Option<Watcher>) -> Result<Self, Error> {
        Self::pool(url, size, &format!("{SETTINGS}; {BY_TRANSACTION}"), watcher)
    }

    fn pool(
        url: &str,
        size: usize,
        settings: &str,
        watcher: Option<Watcher>,
    ) -> Result<Self, Error> {
        let settings: Arc<str> = settings.into();
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |url| {
            let (watcher, settings) = (watcher.clone(), Arc::clone(&settings));
            async move {
                let mut connection = AsyncPgConnection::establish(url).await?;
                connection
                    .batch_execute(&settings)
                    .await
                    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                if let Some(watcher) = watcher {
                    connection.set_instrumentation(Watch(watcher));
                }
                Ok(connection)
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let pool = Pool::builder(manager)
            .max_size(size)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self(pool, Memory::default(), Lanes::default()))
    }

    /// What the process keeps in memory of the store.
    pub fn memory(&self) -> &Memory {
        &self.1
    }

    /// A connection of the pool.
    pub async fn connection(&self) -> Result<Object<AsyncPgConnection>, Error> {
        let failed = |error: diesel_async::pooled_connection::deadpool::PoolError| {
            Error::Unavailable(error.to_string())
        };
        self.0.get().await.map_err(failed)
    }

    /// Runs a job as one transaction. Where it is known whose it is, it waits behind theirs alone.
    pub async fn write<T, E, F>(&self, of: Lane, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        self.detached(of, job, WRITE).await
    }

    /// Runs a job on one snapshot.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        self.detached(None, job, READ).await
    }

    /// Runs a job of one statement that reads, as it is; where it turns out to have more, it is begun anew on one
    /// snapshot. Who goes away meanwhile leaves nothing open.
    pub async fn glance<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        let mut left = self.0.status().size;
        loop {
            let connection = Conn::alone(self.connection().await?);
            let mut tx = Tx::new(Engine::Postgres(connection), self.1.clone());
            let outcome = AssertUnwindSafe(job(&mut tx)).catch_unwind().await;
            let Engine::Postgres(connection) = tx.engine else {
                return Err(Error::Engine("not a PostgreSQL connection".into()).into());
            };
            let Ok(outcome) = outcome else {
                drop(Object::take(connection.into_inner()));
                return Err(panicked().into());
            };
            if connection.wants_more() {
                drop(connection);
                return self.read(job).await;
            }
            if !connection.is_dead() || left == 0 {
                return outcome;
            }
            drop(Object::take(connection.into_inner()));
            left -= 1;
        }
    }

    async fn detached<T, E, F>(&self, of: Lane, job: F, begin: &'static str) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        let pool = self.clone();
        let task = tokio::spawn(async move {
            let _place = match of {
                Some(org) => Some(pool.2.enter(org, TURN).await?),
                None => None,
            };
            let (mut tries, mut left) = (1, pool.0.status().size);
            loop {
                let connection = Conn::begin(pool.connection().await?, begin);
                match pool.once(connection, &job, begin).await {
                    Err(_) if left > 0 => left -= 1,
                    Err(error) => return Err(error.into()),
                    Ok(result) => match result {
                        Err(error) if error.is_lost() && tries < TRIES => tries += 1,
                        Err(error) if error.is_lost() => {
                            drop(error);
                            let message = "the operation lost against others again and again";
                            return Err(Error::Unavailable(message.into()).into());
                        }
                        result => return result,
                    },
                }
            }
        });
        task.await.map_err(|_| panicked())?
    }

    /// Runs a job once; an error of the connection where the transaction did not even begin.
    async fn once<T, E, F>(
        &self,
        connection: Conn,
        job: &F,
        begin: &str,
    ) -> Result<Result<T, E>, Error>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync,
        E: Failure,
    {
        let mut tx = Tx::new(Engine::Postgres(connection), self.1.clone());
        let outcome = AssertUnwindSafe(job(&mut tx)).catch_unwind().await;
        let Engine::Postgres(mut connection) = tx.engine else {
            return Err(Error::Engine("not a PostgreSQL connection".into()));
        };
        let sent = AssertUnwindSafe(connection.flush()).catch_unwind().await;
        let (Ok(outcome), Ok(sent)) = (outcome, sent) else {
            // Whatever is under way on it ends with it.
            drop(Object::take(connection.into_inner()));
            return Ok(Err(panicked().into()));
        };
        if !connection.has_begun() {
            drop(Object::take(connection.into_inner()));
            return Err(Error::Unavailable("no transaction began".into()));
        }
        // What was not waited for has failed after all, or what failed was passed over: nothing of the operation stands.
        let outcome = match (outcome, sent) {
            (Ok(_), Err(error)) => Err(Error::from(error).into()),
            (Ok(_), Ok(())) if connection.has_failed() => Err(passed_over().into()),
            (outcome, _) => outcome,
        };
        if outcome.is_ok() && begin == READ {
            connection.leave().await;
            return Ok(outcome);
        }
        let end = if outcome.is_ok() {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        let ended = connection.batch_execute(end).await;
        if ended.is_err() {
            drop(Object::take(connection.into_inner()));
        }
        Ok(match (outcome, ended) {
            (Ok(_), Err(error)) => Err(Error::of_commit(error).into()),
            (outcome, _) => outcome,
        })
    }
}

fn passed_over() -> Error {
    Error::Engine("a statement failed and the operation went on; nothing of it was kept".into())
}

fn panicked() -> Error {
    Error::Engine("an operation panicked; nothing of it was kept".into())
}
