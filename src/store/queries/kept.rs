//! Statements that are kept once prepared, where the driver would prepare their like anew each time.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

use super::super::{Conn, Db};

/// The statement, and whether it is kept.
pub(super) struct Kept<Q>(Q, bool);

/// A statement of one shape: its text is the same whatever is bound.
pub(super) fn kept<Q>(query: Q) -> Kept<Q> {
    Kept(query, true)
}

/// A statement whose text depends on the length of a list. Those of a few lengths are kept.
pub(super) fn kept_if_short<Q>(query: Q, length: usize) -> Kept<Q> {
    Kept(query, length <= 8)
}

impl<Q: QueryFragment<Db>> QueryFragment<Db> for Kept<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &Db) -> QueryResult<bool> {
        Ok(self.1)
    }
}

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> diesel::RunQueryDsl<Conn> for Kept<Q> {}
