//! Migrations: both engines' are embedded, and a store that is behind is brought up under a lock.

use std::path::Path;

use diesel::SqliteConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::store::error::Error;
use crate::store::postgres::Connections;
use crate::store::{planner, sqlite};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Held while PostgreSQL's tables change: "usher" in ASCII.
const ADVISORY_LOCK: i64 = 0x0075_7368_6572;

/// What to do with the migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Undo down to, and without, this version.
    DownTo(String),
    /// Look only.
    Status,
    /// Apply all that are not applied.
    Up,
}

/// One migration and whether the store has it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// Its version.
    pub version: String,
    /// Whether it is applied.
    pub applied: bool,
}

/// Migrates an SQLite file, under the file's write lock.
pub fn sqlite(path: &Path, direction: &Direction) -> Result<Vec<Step>, Error> {
    let lock = sqlite::write_lock(path)?;
    lock.lock()
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let mut connection = sqlite::connect(path)?;
    let steps = walk(&mut connection, || SQLITE, direction)?;
    if *direction == Direction::Up {
        planner::tell(&mut connection)?;
    }
    Ok(steps)
}

/// Brings up an SQLite connection that nobody else has.
pub fn sqlite_alone(connection: &mut SqliteConnection) -> Result<(), Error> {
    walk(connection, || SQLITE, &Direction::Up)?;
    planner::tell(connection)
}

/// Migrates a PostgreSQL schema, under an advisory lock.
pub async fn postgres(pool: &Connections, direction: &Direction) -> Result<Vec<Step>, Error> {
    let mut connection = pool.connection().await?;
    connection
        .batch_execute(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))
        .await?;
    let connection = diesel_async::pooled_connection::deadpool::Object::take(connection);
    let mut harness: AsyncMigrationHarness<AsyncPgConnection> =
        AsyncMigrationHarness::new(connection);
    let steps = walk(&mut harness, || POSTGRES, direction);
    // The session ends here, and with it the lock.
    drop(harness);
    steps
}

fn walk<H, DB>(
    harness: &mut H,
    source: impl Fn() -> EmbeddedMigrations,
    direction: &Direction,
) -> Result<Vec<Step>, Error>
where
    DB: diesel::backend::Backend,
    H: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Engine(error.to_string());
    match direction {
        Direction::Status => {}
        Direction::Up => {
            harness.run_pending_migrations(source()).map_err(failed)?;
        }
        Direction::DownTo(version) => {
            while harness
                .applied_migrations()
                .map_err(failed)?
                .iter()
                .any(|applied| applied.to_string() > *version)
            {
                harness.revert_last_migration(source()).map_err(failed)?;
            }
        }
    }
    let applied: Vec<MigrationVersion<'_>> = harness.applied_migrations().map_err(failed)?;
    let mut steps: Vec<_> = source()
        .migrations()
        .map_err(failed)?
        .iter()
        .map(|migration| {
            let version = migration.name().version().to_string();
            let applied = applied.iter().any(|v| v.to_string() == version);
            Step { version, applied }
        })
        .collect();
    steps.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(steps)
}
