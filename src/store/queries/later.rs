//! Statements whose answers nobody needs.

use diesel::QueryResult;
use diesel::query_builder::{QueryFragment, QueryId};

use super::super::{Conn, Db};

/// A statement that may be sent without waiting for what it answers.
pub(crate) trait Later: QueryFragment<Db> + QueryId + Sized {
    /// Sends it. Where it fails, this tells, or else the transaction's next statement, or its end: nothing of the
    /// transaction stands then.
    fn later(self, conn: &mut Conn) -> impl Future<Output = QueryResult<()>> + Send {
        conn.later(self)
    }
}

impl<Q: QueryFragment<Db> + QueryId> Later for Q {}
