//! Lists in SQLite's questions: `column IN (?, ?)`, prepared once for each length and kept, where the driver would
//! prepare the like of it anew each time.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, HasSqlType};
use diesel::sqlite::Sqlite;

/// The longest list whose statement is kept.
const KEPT: usize = 64;

/// Whether an expression is one of these values.
#[derive(Clone, Debug)]
pub(crate) struct Listed<E, T> {
    left: E,
    values: Vec<T>,
}

/// Expressions that may be one of several values.
pub(crate) trait AnyOf: Expression + Sized {
    /// Whether it is one of these.
    fn any_of<T>(self, values: Vec<T>) -> Listed<Self, T>
    where
        T: ToSql<Self::SqlType, Sqlite>,
        Sqlite: HasSqlType<Self::SqlType>,
    {
        Listed { left: self, values }
    }
}

impl<E: Expression> AnyOf for E {}

impl<E: Expression, T> Expression for Listed<E, T> {
    type SqlType = Bool;
}

impl<E, T> QueryFragment<Sqlite> for Listed<E, T>
where
    E: Expression + QueryFragment<Sqlite>,
    T: ToSql<E::SqlType, Sqlite>,
    Sqlite: HasSqlType<E::SqlType>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let Some(last) = self.values.last() else {
            out.push_sql("1 = 0");
            return Ok(());
        };
        let count = self.values.len();
        if count > KEPT {
            out.unsafe_to_cache_prepared();
        }
        self.left.walk_ast(out.reborrow())?;
        // Of few lengths, so that few statements are kept: the last value stands there as often as it takes.
        let more = length(count) - count;
        let values = self.values.iter().chain(std::iter::repeat_n(last, more));
        for (index, value) in values.enumerate() {
            out.push_sql(if index == 0 { " IN (" } else { ", " });
            out.push_bind_param::<E::SqlType, T>(value)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

/// How long a list of so many values is made.
fn length(count: usize) -> usize {
    if count > KEPT {
        count
    } else {
        count.next_power_of_two()
    }
}

impl<E, T> QueryId for Listed<E, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<E: ValidGrouping<G, IsAggregate = is_aggregate::No>, T, G> ValidGrouping<G> for Listed<E, T> {
    type IsAggregate = is_aggregate::No;
}

impl<E, T, S> AppearsOnTable<S> for Listed<E, T> where E: AppearsOnTable<S> {}

impl<E, T, S> SelectableExpression<S> for Listed<E, T> where E: SelectableExpression<S> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_lengths() {
        for (count, expected) in [(1, 1), (2, 2), (3, 4), (5, 8), (33, 64), (64, 64), (65, 65)] {
            assert_eq!(length(count), expected, "{count}");
        }
    }
}
