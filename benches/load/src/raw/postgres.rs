//! The raw loop on PostgreSQL: pgbench runs a script that writes the rows of one user in one transaction.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::command::RawArguments;
use crate::failure::Failure;
use crate::machine::Watched;
use crate::raw::{Raw, RawLine, Rows, rows};
use crate::report::{Spread, real};

/// Where the rows go.
const SCHEMA: &str = "usher_load_raw";
/// What the database does behind its answers is waited for.
const SETTLE: Duration = Duration::from_millis(300);

pub(super) fn measure(asked: &RawArguments, url: &str) -> Result<Raw, Failure> {
    let watched = Watched {
        names: vec![asked.name.clone()],
        ..Watched::default()
    };
    watched.check()?;
    let (tables, known) = rows(counts(url)?, &asked.base)?;
    let users = known.min(asked.users.max(1));
    let made = prepare(url, &tables, users).and_then(|()| {
        let script = script(url, &tables)?;
        let clients = asked.clients.iter();
        let lines: Result<Vec<RawLine>, Failure> = clients
            .map(|clients| line(asked, url, &watched, &script, &tables, users, *clients))
            .collect();
        drop(std::fs::remove_file(&script));
        lines
    });
    let gone = psql(url, &format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"));
    let lines = made?;
    gone?;
    Ok(Raw {
        database: "PostgreSQL, pgbench, one user a transaction".to_owned(),
        rows: tables,
        lines,
    })
}

/// How many rows each table has.
fn counts(url: &str) -> Result<Vec<(String, u64)>, Failure> {
    let names = psql(
        url,
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
    )?;
    let counts: Vec<String> = names
        .lines()
        .map(|name| format!("SELECT '{name}', count(*) FROM \"{name}\""))
        .collect();
    if counts.is_empty() {
        return Err(Failure::new(
            "the database has no tables: give the one that Usher uses",
        ));
    }
    let said = psql(url, &counts.join(" UNION ALL "))?;
    let counts = said.lines().filter_map(|line| line.split_once('|'));
    Ok(counts
        .filter_map(|(table, count)| Some((table.to_owned(), count.parse().ok()?)))
        .collect())
}

/// Makes tables with the same indexes, and numbered rows for them.
fn prepare(url: &str, tables: &[Rows], users: u64) -> Result<(), Failure> {
    let mut sql = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA};");
    for Rows { table, a_user } in tables {
        let limit = users * a_user;
        // Writing to a String cannot fail.
        let _ = write!(
            sql,
            "CREATE TABLE {SCHEMA}.\"{table}\" (LIKE \"{table}\" INCLUDING ALL); \
             CREATE UNLOGGED TABLE {SCHEMA}.\"source_{table}\" AS \
             SELECT row_number() OVER () AS load_number, it.* FROM \"{table}\" it LIMIT {limit}; \
             ALTER TABLE {SCHEMA}.\"source_{table}\" ADD PRIMARY KEY (load_number); \
             ANALYZE {SCHEMA}.\"source_{table}\";"
        );
    }
    psql(url, &sql).map(drop)
}

/// The script of pgbench, as a file.
fn script(url: &str, tables: &[Rows]) -> Result<PathBuf, Failure> {
    let mut text = "\\set user :user + 1\n\\set number :client_id * :share + :user\n".to_owned();
    let mut inserts = String::new();
    for (at, Rows { table, a_user }) in tables.iter().enumerate() {
        let columns = psql(
            url,
            &format!(
                "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) \
                 FROM information_schema.columns WHERE table_schema = '{SCHEMA}' \
                 AND table_name = '{table}' AND is_generated = 'NEVER'"
            ),
        )?;
        let columns = columns.trim();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\\set last{at} :number * {a_user}");
        let _ = writeln!(text, "\\set first{at} :last{at} - {a_user} + 1");
        let _ = writeln!(
            inserts,
            "INSERT INTO {SCHEMA}.\"{table}\" ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} \
             FROM {SCHEMA}.\"source_{table}\" WHERE load_number BETWEEN :first{at} AND :last{at};"
        );
    }
    let _ = write!(text, "BEGIN;\n{inserts}COMMIT;\n");
    let path = std::env::temp_dir().join(format!("usher-load-{}.sql", std::process::id()));
    let failed = |error| Failure::new(format!("{}: {error}", path.display()));
    std::fs::write(&path, text).map_err(failed)?;
    Ok(path)
}

/// So many clients, several times.
fn line(
    asked: &RawArguments,
    url: &str,
    watched: &Watched,
    script: &PathBuf,
    tables: &[Rows],
    users: u64,
    clients: u64,
) -> Result<RawLine, Failure> {
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    let clients = clients.clamp(1, users);
    let share = users / clients;
    for turn in 1..=asked.repeat.max(1) {
        let names = tables
            .iter()
            .map(|rows| format!("{SCHEMA}.\"{}\"", rows.table));
        let names: Vec<String> = names.collect();
        psql(url, &format!("TRUNCATE {}; CHECKPOINT", names.join(", ")))?;
        let used = || watched.cpu().database.unwrap_or_default();
        let before = used();
        let mut pgbench = Command::new("pgbench");
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--define=user=0"]);
        pgbench.arg(format!("--define=share={share}"));
        pgbench.arg(format!("--client={clients}"));
        pgbench.arg(format!("--transactions={share}"));
        pgbench.arg("--file").arg(script).arg(url);
        let said = output(pgbench, "pgbench")?;
        sleep(SETTLE);
        let cpu = used().since(before);
        let missing = || Failure::new(format!("pgbench told no tps:\n{said}"));
        let rate = tps(&said).ok_or_else(missing)?;
        eprintln!("raw: {clients} clients, round {turn}: {rate:.0} users/s");
        rates.push(rate);
        costs.push(cpu.as_secs_f64() * 1000.0 / real(share * clients));
    }
    Ok(RawLine {
        how: format!("{clients} clients"),
        users_a_second: Spread::of(rates),
        cpu_ms: Spread::of(costs),
    })
}

/// The figure behind `tps = `.
fn tps(said: &str) -> Option<f64> {
    let (_, behind) = said.rsplit_once("tps = ")?;
    behind.split_whitespace().next()?.parse().ok()
}

fn psql(url: &str, sql: &str) -> Result<String, Failure> {
    let mut psql = Command::new("psql");
    psql.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-c",
        sql,
        url,
    ]);
    output(psql, "psql")
}

/// What a program prints, if it ends well.
fn output(mut program: Command, name: &str) -> Result<String, Failure> {
    let failed = |said: String| {
        Failure::new(format!(
            "{name}: {said}; it comes with PostgreSQL's client programs, and --postgres must name a superuser"
        ))
    };
    let output = program
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read() {
        let said = "latency average = 1 ms\ntps = 1234.5 (without initial connection time)\n";
        assert_eq!(tps(said), Some(1234.5));
        assert_eq!(tps("nothing"), None);
    }
}
