//! PostgreSQL: a pool, one transaction an operation. An operation runs in a task of its own, so
//! that a caller who hangs up cannot leave a transaction half-open, and runs again when it lost
//! against another.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::store::error::{Error, Failure};
use crate::store::memory::Memory;
use crate::store::tx::{Engine, Tx};
use crate::store::watch::{Watch, Watcher};

/// A pooled connection's inner type.
pub type Conn = AsyncPgConnection;

/// How long an operation waits for a connection before it is told to come back.
const WAIT: Duration = Duration::from_secs(5);
/// How often an operation that lost against another is run again.
const TRIES: u32 = 4;

/// How a transaction begins that may change something.
const WRITE: &str = "BEGIN";
/// What every connection is told first: times are bounded, and nothing waits for ever.
const SETTINGS: &str = "SET statement_timeout = '30s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning";

/// The pool, and what the process keeps in memory of what it has read.
#[derive(Clone)]
pub struct Connections(Pool<AsyncPgConnection>, Memory);

impl Connections {
    /// A pool of at most `size` connections; none is opened yet.
    pub fn new(url: &str, size: usize) -> Result<Self, Error> {
        Self::watched(url, size, None)
    }

    /// Such a pool, whose connections tell the watcher what they run.
    pub fn watched(url: &str, size: usize, watcher: Option<Watcher>) -> Result<Self, Error> {
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |url| {
            let watcher = watcher.clone();
            async move {
                let mut connection = AsyncPgConnection::establish(url).await?;
                connection
                    .batch_execute(SETTINGS)
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
        Ok(Self(pool, Memory::default()))
    }

    /// A connection of the pool.
    pub async fn connection(&self) -> Result<Object<AsyncPgConnection>, Error> {
        let failed = |error: diesel_async::pooled_connection::deadpool::PoolError| {
            Error::Unavailable(error.to_string())
        };
        self.0.get().await.map_err(failed)
    }

    /// A connection on which the transaction has begun. A server that restarted is noticed here,
    /// before anything was done: the dead connection is dropped and another one tried.
    async fn begin(&self, sql: &str) -> Result<Tx, Error> {
        let mut last = Error::Unavailable("no connection".into());
        for _ in 0..=self.0.status().size {
            let mut connection = self.connection().await?;
            match connection.batch_execute(sql).await {
                Ok(()) => return Ok(Tx::new(Engine::Postgres(connection), self.1.clone())),
                Err(error) => {
                    last = Error::Unavailable(error.to_string());
                    drop(Object::take(connection));
                }
            }
        }
        Err(last)
    }

    /// Runs a job as one transaction.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        self.detached(job, WRITE).await
    }

    /// Runs a job on one snapshot.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        self.detached(job, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
    }

    async fn detached<T, E, F>(&self, job: F, begin: &'static str) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        let pool = self.clone();
        let task = tokio::spawn(async move {
            let mut tries = 1;
            loop {
                match pool.once(&job, begin).await {
                    Err(error) if error.is_lost() && tries < TRIES => tries += 1,
                    Err(error) if error.is_lost() => {
                        drop(error);
                        let message = "the operation lost against others again and again";
                        return Err(Error::Unavailable(message.into()).into());
                    }
                    result => return result,
                }
            }
        });
        let panicked = |_| Error::Engine("an operation panicked; nothing of it was kept".into());
        task.await.map_err(panicked)?
    }

    async fn once<T, E, F>(&self, job: &F, begin: &str) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync,
        E: Failure,
    {
        let mut tx = self.begin(begin).await?;
        let outcome = AssertUnwindSafe(job(&mut tx)).catch_unwind().await;
        let Engine::Postgres(mut connection) = tx.engine else {
            return Err(Error::Engine("not a PostgreSQL connection".into()).into());
        };
        let end = if matches!(outcome, Ok(Ok(_))) {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        let ended = connection.batch_execute(end).await;
        if ended.is_err() || outcome.is_err() {
            drop(Object::take(connection));
        }
        let failed = if begin == WRITE {
            Error::of_commit
        } else {
            Error::from
        };
        match outcome {
            Ok(Ok(value)) => ended.map(|()| value).map_err(|error| failed(error).into()),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                Err(Error::Engine("an operation panicked; nothing of it was kept".into()).into())
            }
        }
    }
}
