//! `usher-load raw`: the rows that W1 writes, written again without a server. Which rows these are is read
//! from a database of an Usher that has done W1: every table that has at least one row for every two users,
//! with its indexes; nothing of the schema is known here but the name of one table.

mod postgres;
mod sqlite;

use serde::Serialize;

use crate::command::RawArguments;
use crate::failure::Failure;
use crate::report::{Spread, print, table};

/// What the database alone is able to do.
#[derive(Serialize)]
struct Raw {
    database: String,
    /// Rows a user, by table.
    rows: Vec<Rows>,
    lines: Vec<RawLine>,
}

/// A table, and how many rows of it a user has.
#[derive(Clone, Debug, Serialize)]
struct Rows {
    table: String,
    a_user: u64,
}

/// One way to write, several times.
#[derive(Serialize)]
struct RawLine {
    how: String,
    users_a_second: Option<Spread>,
    /// CPU time a user: of the loop itself (SQLite), or of the database's processes (PostgreSQL).
    cpu_ms: Option<Spread>,
}

/// The command.
pub(crate) fn command(asked: RawArguments) -> Result<u64, Failure> {
    let raw = match (&asked.sqlite, &asked.from, &asked.postgres) {
        (Some(path), Some(from), _) => sqlite::measure(&asked, path, from)?,
        (_, _, Some(url)) => postgres::measure(&asked, url)?,
        _ => return Err(Failure::new("give --sqlite with --from, or --postgres")),
    };
    print(asked.json, &raw, &raw.table())?;
    Ok(0)
}

/// The tables that a user has rows in, by how many rows each table has.
fn rows(counts: Vec<(String, u64)>, base: &str) -> Result<(Vec<Rows>, u64), Failure> {
    let users = counts.iter().find(|(table, _)| table == base);
    let users = users.map(|(_, count)| *count).unwrap_or_default();
    if users < 100 {
        return Err(Failure::new(format!(
            "the table {base} has {users} rows: run W1 with 10,000 operations on a fresh organization first, or name another table by --base"
        )));
    }
    let a_user = |count: u64| (count + users / 2) / users;
    let rows = counts.into_iter().map(|(table, count)| Rows {
        table,
        a_user: a_user(count),
    });
    Ok((rows.filter(|rows| rows.a_user > 0).collect(), users))
}

impl Raw {
    fn table(&self) -> String {
        let tables = self
            .rows
            .iter()
            .map(|rows| format!("{} {}", rows.a_user, rows.table));
        let tables: Vec<String> = tables.collect();
        let head = [
            "how",
            "users/s",
            "(min..max)",
            "CPU ms a user",
            "(min..max)",
        ];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for line in &self.lines {
            let mut row = vec![line.how.clone()];
            for spread in [line.users_a_second, line.cpu_ms] {
                row.extend(match spread {
                    None => ["-".to_owned(), "-".to_owned()],
                    Some(it) => [
                        table::figure(it.median),
                        format!("({}..{})", table::figure(it.min), table::figure(it.max)),
                    ],
                });
            }
            rows.push(row);
        }
        format!(
            "{}: rows a user: {}\n\n{}",
            self.database,
            tables.join(", "),
            table::columns(&rows)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_which_a_user_has_rows_are_found() {
        let counts = [
            ("scim_users", 200),
            ("scim_values", 403),
            ("instance", 1),
            ("events", 199),
        ];
        let counts = counts
            .map(|(table, count)| (table.to_owned(), count))
            .to_vec();
        let (rows, users) = rows(counts.clone(), "scim_users").unwrap();
        let found: Vec<(&str, u64)> = rows
            .iter()
            .map(|it| (it.table.as_str(), it.a_user))
            .collect();
        assert_eq!(
            found,
            [("scim_users", 1), ("scim_values", 2), ("events", 1)]
        );
        assert_eq!(users, 200);
        assert!(super::rows(counts, "instance").is_err());
    }
}
