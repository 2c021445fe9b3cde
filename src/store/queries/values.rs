//! A multi-row insert for both engines: `INSERT INTO .. VALUES (..), (..) ON CONFLICT DO NOTHING`,
//! with the rows bound one by one. Diesel's own batch insert has no asynchronous form on SQLite.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

use super::super::{Conn, Db};

/// The most rows whose statement is kept.
const KEPT: usize = 8;

/// Binds one row's values, in the order of the columns.
pub(crate) type Bind<T> = for<'b> fn(&'b T, &mut Values<'_, '_, 'b>) -> QueryResult<()>;

/// Writes one row's values into the statement.
pub(crate) struct Values<'p, 'a, 'b> {
    pass: &'p mut AstPass<'a, 'b, Db>,
    first: bool,
}

impl<'b> Values<'_, '_, 'b> {
    /// The next column's value.
    pub(crate) fn bind<ST, T>(&mut self, value: &'b T) -> QueryResult<()>
    where
        Db: diesel::sql_types::HasSqlType<ST>,
        T: diesel::serialize::ToSql<ST, Db> + ?Sized,
    {
        if !std::mem::replace(&mut self.first, false) {
            self.pass.push_sql(", ");
        }
        self.pass.push_bind_param(value)
    }
}

/// The statement: a head up to `VALUES`, the rows, and a tail.
pub(crate) struct Rows<'a, T> {
    /// `INSERT INTO table (columns) VALUES`.
    pub(crate) head: &'static str,
    /// The rows.
    pub(crate) lines: &'a [T],
    /// Binds a row.
    pub(crate) bind: Bind<T>,
    /// What follows the rows.
    pub(crate) tail: &'static str,
}

impl<T> QueryFragment<Db> for Rows<'_, T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        // What is written all day is a few rows: those statements are kept. The others have too many lengths.
        if self.lines.len() > KEPT {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(self.head);
        for (index, row) in self.lines.iter().enumerate() {
            out.push_sql(if index == 0 { " (" } else { "), (" });
            let mut values = Values {
                pass: &mut out,
                first: true,
            };
            (self.bind)(row, &mut values)?;
        }
        out.push_sql(") ");
        out.push_sql(self.tail);
        Ok(())
    }
}

impl<T> QueryId for Rows<'_, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> Query for Rows<'_, T> {
    type SqlType = crate::store::types::IdSql;
}

impl<T> diesel::RunQueryDsl<Conn> for Rows<'_, T> {}
