//! What SQLite's planner is told of the tables: the same of each store, however much there is in it, so that a plan
//! comes of the indexes alone. Without it the planner takes a person's rows to be about as many as an organization's,
//! and reads all of these where that spares a sort; what it would measure itself is true of yesterday.
//!
//! An organization is a tenth of a table; what says only of which kind a row is, a half of what is left; and whatever
//! else an index goes by leaves a handful, or one.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{SqliteConnection, sql_query};

use crate::store::error::Error;

/// Rows of a table, and of an index of some of them.
const ROWS: u64 = 1_000_000;
const ROWS_OF_SOME: u64 = 10_000;
/// Organizations, and kinds of a row, between which they are shared.
const ORGANIZATIONS: u64 = 10;
const KINDS: u64 = 2;
/// Rows that anything else leaves.
const HANDFUL: u64 = 10;

/// Columns that say no more than of which kind a row is.
const BROAD: [&str; 9] = [
    "active",
    "connection_id",
    "kind",
    "managed_by",
    "match_kind",
    "method",
    "role_id",
    "source",
    "state",
];

/// A column of an index.
#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    of_table: String,
    /// The index; the table itself, where that is kept in its order.
    #[diesel(sql_type = Text)]
    of_index: String,
    #[diesel(sql_type = BigInt)]
    is_unique: i64,
    #[diesel(sql_type = BigInt)]
    is_partial: i64,
    /// None where it is an expression.
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

/// A line of the planner's table.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    tbl: String,
    #[diesel(sql_type = Text)]
    idx: String,
    #[diesel(sql_type = Text)]
    stat: String,
}

const COLUMNS: &str = "SELECT t.name AS of_table, \
    CASE WHEN t.wr AND l.origin = 'pk' THEN t.name ELSE l.name END AS of_index, \
    l.\"unique\" AS is_unique, l.partial AS is_partial, i.name AS name \
    FROM pragma_table_list AS t, pragma_index_list(t.name) AS l, pragma_index_info(l.name) AS i \
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%' \
    ORDER BY of_table, of_index, i.seqno";

/// Tells the planner, where it does not know it yet.
pub(super) fn tell(connection: &mut SqliteConnection) -> Result<(), Error> {
    let wanted = lines(&sql_query(COLUMNS).load::<Column>(connection)?);
    let known = sql_query("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL");
    // The table is there once something was measured.
    let mut known = known.load::<Line>(connection).unwrap_or_default();
    known.sort();
    if known == wanted {
        return Ok(());
    }
    connection.batch_execute("PRAGMA analysis_limit = 1; ANALYZE instance")?;
    connection.immediate_transaction(|connection| {
        connection.batch_execute("DELETE FROM sqlite_stat1")?;
        for line in &wanted {
            sql_query("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)")
                .bind::<Text, _>(&line.tbl)
                .bind::<Text, _>(&line.idx)
                .bind::<Text, _>(&line.stat)
                .execute(connection)?;
        }
        Ok::<_, Error>(())
    })?;
    Ok(connection.batch_execute("ANALYZE sqlite_schema")?)
}

/// A line for each index, in their order.
fn lines(columns: &[Column]) -> Vec<Line> {
    let of_one = |a: &Column, b: &Column| a.of_table == b.of_table && a.of_index == b.of_index;
    let lines = columns.chunk_by(of_one).filter_map(|index| {
        let first = index.first()?;
        Some(Line {
            tbl: first.of_table.clone(),
            idx: first.of_index.clone(),
            stat: stat(first, index),
        })
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

/// How many rows there are, and how many have the same in the first column, in the first two, and so on.
fn stat(first: &Column, columns: &[Column]) -> String {
    let rows = if first.is_partial == 0 {
        ROWS
    } else {
        ROWS_OF_SOME
    };
    let mut left = rows;
    let mut told = vec![rows];
    for column in columns {
        left = match column.name.as_deref() {
            Some("org_id") => left / ORGANIZATIONS,
            Some(name) if BROAD.contains(&name) => left / KINDS,
            Some(_) | None => left.min(HANDFUL),
        };
        left = left.max(1);
        told.push(left);
    }
    if let Some(last) = told.last_mut().filter(|_| first.is_unique != 0) {
        *last = 1;
    }
    let told: Vec<_> = told.iter().map(u64::to_string).collect();
    told.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(columns: &[&str], is_unique: bool, is_partial: bool) -> String {
        let column = |name: &&str| Column {
            of_table: "t".into(),
            of_index: "i".into(),
            is_unique: is_unique.into(),
            is_partial: is_partial.into(),
            name: (!name.is_empty()).then(|| (*name).into()),
        };
        let columns: Vec<_> = columns.iter().map(column).collect();
        lines(&columns).pop().unwrap().stat
    }

    #[test]
    fn what_tells_people_apart_is_worth_more_than_an_order() {
        for (columns, is_unique, is_partial, expected) in [
            (&["org_id", "id"][..], true, false, "1000000 100000 1"),
            (&["org_id", "user_id"], false, false, "1000000 100000 10"),
            (
                &["org_id", "connection_id", "external_id"],
                false,
                false,
                "1000000 100000 50000 10",
            ),
            (&["hash"], true, false, "1000000 1"),
            (&["org_id", ""], false, false, "1000000 100000 10"),
            (&["delete_at"], false, true, "10000 10"),
        ] {
            assert_eq!(
                index(columns, is_unique, is_partial),
                expected,
                "{columns:?}"
            );
        }
    }
}
