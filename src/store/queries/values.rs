//! A multi-row insert for both engines: `INSERT INTO .. VALUES (..), (..) ON CONFLICT DO NOTHING`,
//! with the rows bound one by one. Diesel's own batch insert has no asynchronous form on SQLite.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

use super::super::{Conn, Db};
use super::CHUNK;

/// Numbers of rows whose statements are kept, and the most of those that all are.
const KEPT: [usize; 2] = [128, 16];
const FEW: usize = 8;

/// Rows in pieces of few lengths, so that few statements are kept and nearly all that are run are: many at once, then
/// 128, 16 and what is left.
pub(crate) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let fits = |it: &&usize| **it <= rows.len();
        let sizes = [CHUNK, KEPT[0], KEPT[1], FEW];
        let size = sizes.iter().find(fits).copied().unwrap_or(rows.len());
        let (piece, rest) = rows.split_at(size);
        rows = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

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
        let lines = self.lines.len();
        if lines > FEW && !KEPT.contains(&lines) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_few_lengths_and_none_is_lost() {
        let rows: Vec<_> = (0..2_345).collect();
        for (count, lengths) in [
            (0, &[][..]),
            (1, &[1]),
            (8, &[8]),
            (15, &[8, 7]),
            (23, &[16, 7]),
            (300, &[128, 128, 16, 16, 8, 4]),
            (2_345, &[1_000, 1_000, 128, 128, 16, 16, 16, 16, 16, 8, 1]),
        ] {
            let rows = &rows[..count];
            let of_pieces: Vec<_> = pieces(rows).map(<[_]>::len).collect();
            assert_eq!(of_pieces, lengths);
            assert_eq!(pieces(rows).flatten().copied().collect::<Vec<_>>(), rows);
        }
    }
}
