//! A query whose rows are taken until the transaction ends.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

use super::super::{Conn, Db};

/// The query, and how its rows are taken.
pub(super) struct Taken<Q>(pub(super) Q, pub(super) &'static str);

impl<Q: QueryFragment<Db>> QueryFragment<Db> for Taken<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(self.1);
        Ok(())
    }
}

impl<Q> QueryId for Taken<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Taken<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> diesel::RunQueryDsl<Conn> for Taken<Q> {}
