//! The raw loop on SQLite: prepared inserts, one after the other, so many users a transaction, with the
//! settings of Usher's writer but without foreign keys.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;

use crate::command::RawArguments;
use crate::failure::Failure;
use crate::machine::Watched;
use crate::raw::{Raw, RawLine, Rows, rows};
use crate::report::{Spread, real};

const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; \
    PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY; \
    PRAGMA cache_size = -16384;";

/// A text that a query answers.
#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    said: String,
}

/// A number that a query answers.
#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

/// A statement that writes one row again; prepared once.
struct Insert<'a> {
    sql: &'a str,
    row: i64,
}

impl QueryId for Insert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Sqlite> for Insert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.sql);
        out.push_bind_param::<BigInt, i64>(&self.row)
    }
}

impl<Connection> RunQueryDsl<Connection> for Insert<'_> {}

pub(super) fn measure(asked: &RawArguments, path: &Path, from: &Path) -> Result<Raw, Failure> {
    if path.exists() {
        let path = path.display();
        return Err(Failure::new(format!(
            "{path} is there already: name a file that is not"
        )));
    }
    let mut tables = Vec::new();
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for turn in 1..=asked.repeat.max(1) {
        let failed = |error: Error| {
            Failure::new(format!(
                "{}: {}; is --from a file of Usher's?",
                from.display(),
                error.0
            ))
        };
        let written = round(asked, path, from).map_err(failed)?;
        remove(path);
        eprintln!("raw: round {turn}: {:.0} users/s", written.rate());
        rates.push(written.rate());
        costs.push(written.cost());
        tables = written.tables;
    }
    Ok(Raw {
        database: "SQLite, WAL, synchronous = FULL".to_owned(),
        rows: tables,
        lines: vec![RawLine {
            how: format!("one thread, {} users a transaction", asked.batch),
            users_a_second: Spread::of(rates),
            cpu_ms: Spread::of(costs),
        }],
    })
}

/// What a round wrote.
struct Written {
    tables: Vec<Rows>,
    users: u64,
    took: Duration,
    cpu: Duration,
}

impl Written {
    fn rate(&self) -> f64 {
        real(self.users) / self.took.as_secs_f64()
    }

    fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / real(self.users)
    }
}

/// What went wrong inside of a round.
struct Error(String);

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<ConnectionError> for Error {
    fn from(error: ConnectionError) -> Self {
        Self(error.to_string())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

fn round(asked: &RawArguments, path: &Path, from: &Path) -> Result<Written, Error> {
    let mut connection = SqliteConnection::establish(&path.display().to_string())?;
    connection.batch_execute(PRAGMAS)?;
    let from = from.display().to_string().replace('\'', "''");
    connection.batch_execute(&format!(
        "ATTACH 'file:{from}?mode=ro' AS origin; ATTACH ':memory:' AS source;"
    ))?;
    let (tables, known) = rows(counts(&mut connection)?, &asked.base)?;
    let users = known.min(asked.users.max(1));
    let mut inserts = Vec::new();
    for rows in &tables {
        inserts.push((rows.a_user, copy(&mut connection, rows, users)?));
    }
    connection.batch_execute("DETACH origin;")?;
    let own = || Watched::default().cpu().client;
    let (cpu, started) = (own(), Instant::now());
    let mut first = 0;
    while first < users {
        let last = (first + asked.batch.max(1)).min(users);
        connection.immediate_transaction(|connection| {
            (first..last).try_for_each(|user| write(connection, &inserts, user))
        })?;
        first = last;
    }
    Ok(Written {
        tables,
        users,
        took: started.elapsed(),
        cpu: own().since(cpu),
    })
}

/// How many rows each table has.
fn counts(connection: &mut SqliteConnection) -> Result<Vec<(String, u64)>, Error> {
    let names = "SELECT name AS said FROM origin.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let names: Vec<Said> = sql_query(names).load(connection)?;
    let mut counts = Vec::new();
    for Said { said: name } in names {
        let count = format!("SELECT count(*) AS counted FROM origin.\"{name}\"");
        let count: Counted = sql_query(count).get_result(connection)?;
        counts.push((name, count.counted.unsigned_abs()));
    }
    Ok(counts)
}

/// Makes a table with its indexes, keeps rows for it in memory, and answers how one of them is written.
fn copy(connection: &mut SqliteConnection, rows: &Rows, users: u64) -> Result<String, Error> {
    let table = &rows.table;
    let schema = format!(
        "SELECT sql AS said FROM origin.sqlite_master WHERE tbl_name = '{table}' AND sql IS NOT NULL \
         AND type IN ('table', 'index') ORDER BY type DESC"
    );
    let schema: Vec<Said> = sql_query(schema).load(connection)?;
    for Said { said: sql } in schema {
        connection.batch_execute(&sql)?;
    }
    // Generated columns are not among these.
    let columns = format!("SELECT name AS said FROM pragma_table_info('{table}', 'main')");
    let columns: Vec<Said> = sql_query(columns).load(connection)?;
    let columns: Vec<String> = columns
        .into_iter()
        .map(|it| format!("\"{}\"", it.said))
        .collect();
    let (columns, limit) = (columns.join(", "), users * rows.a_user);
    connection.batch_execute(&format!(
        "CREATE TABLE source.\"{table}\" AS SELECT {columns} FROM origin.\"{table}\" LIMIT {limit}"
    ))?;
    Ok(format!(
        "INSERT INTO main.\"{table}\" ({columns}) SELECT {columns} FROM source.\"{table}\" WHERE rowid = "
    ))
}

/// Writes the rows of one user.
fn write(
    connection: &mut SqliteConnection,
    inserts: &[(u64, String)],
    user: u64,
) -> QueryResult<()> {
    for (a_user, sql) in inserts {
        for row in user * a_user..(user + 1) * a_user {
            let row = row.cast_signed() + 1;
            Insert { sql, row }.execute(connection)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) {
    for behind in ["", "-wal", "-shm"] {
        let file = format!("{}{behind}", path.display());
        // What is not there need not go.
        drop(std::fs::remove_file(file));
    }
}
