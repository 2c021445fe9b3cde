//! The store: Diesel, one body of queries for two engines.
//!
//! [`Store::read`] and [`Store::write`] run one whole operation as one transaction over
//! [`Tx`]; a write may run again when it lost against another, so its arguments are cloned into
//! it. An operation answers only after its commit. Beside the columns that rules and searches
//! read, a SCIM resource is kept as its document, with a flat `search` object of comparable
//! texts (see `scim::Index`) that the filter compiler reads: memory and SQL compare the same
//! bytes, so they cannot disagree.
#![expect(
    clippy::duplicate_mod,
    reason = "the queries are written once and mounted an engine"
)]

pub mod chained;
pub mod copies;
mod direct;
pub mod error;
pub mod invited;
mod lanes;
mod listed;
mod measured;
pub mod memory;
pub mod migrate;
mod ops;
mod pipe;
mod planner;
pub mod postgres;
pub mod rows;
pub mod schema;
pub mod search;
pub mod sqlite;
mod standing;
mod turns;
pub mod tx;
pub mod types;
pub mod wakeups;
pub mod watch;

#[path = "."]
mod on_sqlite {
    //! The queries, on SQLite.
    /// How a column is asked for one of several values.
    pub(crate) use super::listed::AnyOf;
    pub(crate) type Db = diesel::sqlite::Sqlite;
    pub(crate) type Conn = super::direct::Conn;
    /// How text is made to compare by bytes.
    pub(crate) const BYTEWISE: &str = " COLLATE BINARY";
    /// The function that finds a text in another.
    pub(crate) const POSITION: &str = "instr";
    /// What is said after a query whose rows are taken: here one alone writes.
    pub(crate) const SKIP_LOCKED: &str = "";
    /// What is said after a query whose rows nobody else may change: here one alone writes.
    pub(crate) const LOCKED: &str = "";
    /// An id column as the text that clients see.
    pub(crate) fn id_text(column: &str) -> String {
        let part = |from, length| format!("substr(lower(hex({column})), {from}, {length})");
        let parts = [
            part(1, 8),
            part(9, 4),
            part(13, 4),
            part(17, 4),
            part(21, 12),
        ];
        format!("({})", parts.join(" || '-' || "))
    }
    #[path = "filter/mod.rs"]
    pub(crate) mod filter;
    #[path = "queries/mod.rs"]
    pub(crate) mod queries;
}

#[path = "."]
mod on_postgres {
    //! The queries, on PostgreSQL.
    /// How a column is asked for one of several values: it takes them as one array.
    pub(crate) trait AnyOf: diesel::ExpressionMethods + Sized {
        /// Whether it is one of these.
        fn any_of<T>(self, values: T) -> diesel::dsl::EqAny<Self, T>
        where
            Self::SqlType: diesel::sql_types::SqlType,
            T: diesel::expression::array_comparison::AsInExpression<Self::SqlType>,
        {
            self.eq_any(values)
        }
    }
    impl<E: diesel::ExpressionMethods> AnyOf for E {}
    pub(crate) type Db = diesel::pg::Pg;
    pub(crate) type Conn = super::pipe::Conn;
    /// How text is made to compare by bytes.
    pub(crate) const BYTEWISE: &str = " COLLATE \"C\"";
    /// The function that finds a text in another.
    pub(crate) const POSITION: &str = "strpos";
    /// What is said after a query whose rows are taken, those but which others took. Rows that refer
    /// to them may be written meanwhile.
    pub(crate) const SKIP_LOCKED: &str = " FOR NO KEY UPDATE SKIP LOCKED";
    /// What is said after a query whose rows nobody else may change until the transaction ends.
    pub(crate) const LOCKED: &str = " FOR NO KEY UPDATE";
    /// An id column as the text that clients see.
    pub(crate) fn id_text(column: &str) -> String {
        format!("(CAST({column} AS text) COLLATE \"C\")")
    }
    #[path = "filter/mod.rs"]
    pub(crate) mod filter;
    #[path = "queries/mod.rs"]
    pub(crate) mod queries;
}

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::id::{Entropy, OrganizationId};
use crate::secret::chain::ChainKey;
use chained::Held;
pub use error::{Error, Failure, Key};
use memory::Memory;
pub use migrate::{Direction, Step};
pub use tx::Tx;
use wakeups::Told;
pub use wakeups::Wakeups;
pub use watch::Watcher;

/// Where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A PostgreSQL URL.
    Postgres(String),
    /// An SQLite file.
    Sqlite(PathBuf),
}

impl Place {
    /// The place that a database URL of the settings names.
    pub fn of_url(url: &str) -> Self {
        match url.strip_prefix("sqlite://") {
            Some(path) => Self::Sqlite(PathBuf::from(path)),
            None => Self::Postgres(url.to_owned()),
        }
    }

    /// The store's own file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Postgres(_) => None,
            Self::Sqlite(path) => Some(path),
        }
    }

    /// The file that the one server of a store which is a file holds locked.
    pub fn server_lock(&self) -> Option<PathBuf> {
        let mut name = self.file()?.as_os_str().to_owned();
        name.push(".lock");
        Some(PathBuf::from(name))
    }
}

/// How much a job reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A row or two by key, mostly in one statement.
    One,
    /// A few rows by their keys, so that it may hold up the thread that asks.
    Few,
    /// As much as a search looks at.
    Many,
}

/// PostgreSQL connections that one process holds at most.
const POOL: usize = 16;

enum Engine {
    Postgres(postgres::Connections),
    Sqlite(sqlite::Threads),
}

/// The one user store.
#[derive(Clone)]
pub struct Store(Arc<Engine>, Wakeups, Held);

impl Store {
    /// Brings the store at `place` up to date and opens it.
    pub async fn open(place: &Place) -> Result<Self, Error> {
        Self::migrate(place, &Direction::Up).await?;
        Self::open_as_it_is(place, POOL)
    }

    /// Opens a store for a command: an empty one is brought up, one that is behind is refused.
    pub async fn open_for_command(place: &Place) -> Result<Self, Error> {
        let steps = Self::migrate(place, &Direction::Status).await?;
        match steps.iter().filter(|step| step.applied).count() {
            0 => Self::open(place).await,
            applied if applied < steps.len() => Err(Error::Behind),
            _ => Self::open_as_it_is(place, 2),
        }
    }

    /// Opens without looking at the migrations, with at most `pool` PostgreSQL connections.
    pub fn open_as_it_is(place: &Place, pool: usize) -> Result<Self, Error> {
        Self::open_watched(place, pool, None)
    }

    /// As [`Store::open_as_it_is`]; the watcher is told of each statement.
    pub fn open_watched(
        place: &Place,
        pool: usize,
        watcher: Option<Watcher>,
    ) -> Result<Self, Error> {
        let engine = match place {
            Place::Postgres(url) => {
                Engine::Postgres(postgres::Connections::new(url, pool, watcher)?)
            }
            Place::Sqlite(path) => {
                Engine::Sqlite(sqlite::Threads::start(path, watcher, &Memory::default())?)
            }
        };
        Ok(Self(Arc::new(engine), Wakeups::default(), Held::default()))
    }

    /// An empty store in the memory of this process, up to date; it is gone with its last handle, and
    /// so is the key that chains its events.
    pub fn in_memory() -> Result<Self, Error> {
        let engine = Engine::Sqlite(sqlite::Threads::in_memory()?);
        let store = Self(Arc::new(engine), Wakeups::default(), Held::default());
        store.chain_by(ChainKey::random(&Entropy::system()));
        Ok(store)
    }

    /// Chains what is written from now on by this key.
    pub fn chain_by(&self, key: ChainKey) {
        self.2.hold(key);
    }

    /// The key that chains the events; none before the installation is open.
    pub fn chain_key(&self) -> Option<ChainKey> {
        self.2.key()
    }

    /// The bells of those who wait for events; whoever commits one rings.
    pub fn wakeups(&self) -> &Wakeups {
        &self.1
    }

    /// Migrates the store at `place`, or looks at its migrations.
    pub async fn migrate(place: &Place, direction: &Direction) -> Result<Vec<Step>, Error> {
        match place {
            Place::Postgres(url) => {
                migrate::postgres(&postgres::Connections::for_migrations(url)?, direction).await
            }
            Place::Sqlite(path) => migrate::sqlite(path, direction),
        }
    }

    /// Runs a job that only reads, on one snapshot.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        match &*self.0 {
            Engine::Postgres(pool) => pool.read(job).await,
            Engine::Sqlite(threads) => threads.read(job).await,
        }
    }

    /// The same, of a job of which it is known how much it reads.
    pub async fn read_of<T, E, F>(&self, reach: Reach, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        match (&*self.0, reach) {
            (Engine::Postgres(pool), Reach::One) => pool.glance(job).await,
            (Engine::Sqlite(threads), Reach::One | Reach::Few) => threads.glance(job).await,
            (_, Reach::Few | Reach::Many) => self.read(job).await,
        }
    }

    /// What the process keeps in memory of it.
    pub fn memory(&self) -> &Memory {
        match &*self.0 {
            Engine::Postgres(pool) => pool.memory(),
            Engine::Sqlite(threads) => threads.memory(),
        }
    }

    /// Lets the planner know of tables that have grown; answers how many.
    pub async fn measure(&self) -> Result<usize, Error> {
        match &*self.0 {
            Engine::Postgres(pool) => measured::measure(pool).await,
            // Its planner is told once what holds of any store.
            Engine::Sqlite(_) => Ok(0),
        }
    }

    /// Runs a job that changes something, as one transaction; it stands when this returns `Ok`.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        self.write_of(None, job).await
    }

    /// The same, of a job that takes an organization's row: however many the organization has, those of others do not
    /// wait behind them.
    pub async fn write_of<T, E, F>(&self, org: Option<OrganizationId>, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
    {
        let told = Told::default();
        let job = heard(job, told.clone(), self.2.clone());
        let done = match &*self.0 {
            Engine::Postgres(pool) => pool.write(org, job).await,
            Engine::Sqlite(threads) => threads.write(org, job).await,
        };
        if done.is_ok() {
            self.1.ring(&told);
        }
        done
    }
}

/// The job, listened to.
fn heard<T, E, F>(
    job: F,
    told: Told,
    held: Held,
) -> impl for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static
where
    F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    T: Send + 'static,
    E: Failure,
{
    move |tx| told.listen(held.lend(job(tx)))
}
