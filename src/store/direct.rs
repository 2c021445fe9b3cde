//! A connection to SQLite whose futures are ready at once: the thread that owns it runs each statement in place, and
//! reads rows where the engine has them. There is nobody to wait for and nothing to copy.
//!
//! The driver forgets of a query which it only borrows that its statement is kept (see `queries/kept.rs`): whatever is
//! kept is handed over.

use std::future::{Future, Ready, ready};
use std::sync::{Mutex, PoisonError};

use diesel::connection::{Connection, LoadConnection, SimpleConnection};
use diesel::deserialize::FromSql;
use diesel::query_builder::{AsQuery, AstPass, Query, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::row::{Field, Row};
use diesel::sql_types::{BigInt, Untyped};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{QueryResult, RunQueryDsl};
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};
use futures_util::stream::{Iter, iter};
use send_wrapper::SendWrapper;

/// The connection. What it answers stays on the thread that asks. Nobody locks it: whoever has it has it alone, and the
/// mutex only says so.
pub(in crate::store) struct Conn(Mutex<SqliteConnection>);

impl Conn {
    /// A connection, as it was opened.
    pub(in crate::store) fn new(connection: SqliteConnection) -> Self {
        Self(Mutex::new(connection))
    }

    /// Runs a statement whose answer nobody needs.
    pub(in crate::store) fn later<Q>(&mut self, query: Q) -> Ready<QueryResult<()>>
    where
        Q: QueryFragment<Sqlite> + QueryId,
    {
        ready(self.run(query))
    }

    /// Runs a statement of ours that says nothing of any row: `BEGIN`, `COMMIT` and the like.
    pub(in crate::store) fn control(&mut self, sql: &'static str) -> QueryResult<()> {
        self.run(Control(sql))
    }

    fn run<Q>(&mut self, query: Q) -> QueryResult<()>
    where
        Q: QueryFragment<Sqlite> + QueryId,
    {
        let mut rows = LoadConnection::load(self.own(), Asked(query))?;
        rows.try_for_each(|row| row.map(drop))
    }

    /// Undoes what was run since a savepoint.
    pub(in crate::store) fn undo(&mut self, sql: &str) -> Ready<QueryResult<()>> {
        ready(SimpleConnection::batch_execute(self.own(), sql))
    }

    /// Runs a statement; how many rows it changed.
    fn counted<Q>(&mut self, query: Q) -> QueryResult<usize>
    where
        Q: QueryFragment<Sqlite> + QueryId,
    {
        let is_kept = query.is_safe_to_cache_prepared(&Sqlite)?;
        if is_kept && !QueryFragment::<Sqlite>::is_safe_to_cache_prepared(&&query, &Sqlite)? {
            self.run(query)?;
            return self.changed();
        }
        Connection::execute_returning_count(self.own(), &query)
    }

    /// How many rows the statement before changed.
    fn changed(&mut self) -> QueryResult<usize> {
        let mut rows = LoadConnection::load(self.own(), Asked(Control("SELECT changes()")))?;
        let row = rows.next().ok_or(Error::NotFound)??;
        let count = row.get(0).ok_or(Error::NotFound)?;
        let count = <i64 as FromSql<BigInt, Sqlite>>::from_nullable_sql(count.value())
            .map_err(Error::DeserializationError)?;
        usize::try_from(count).map_err(|error| Error::DeserializationError(error.into()))
    }

    fn own(&mut self) -> &mut SqliteConnection {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SimpleAsyncConnection for Conn {
    fn batch_execute(&mut self, query: &str) -> impl Future<Output = QueryResult<()>> + Send {
        ready(SimpleConnection::batch_execute(self.own(), query))
    }
}

/// A query of which the driver is not told what its rows hold: it does not ask.
struct Asked<Q>(Q);

impl<Q: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Asked<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, backend: &Sqlite) -> QueryResult<bool> {
        self.0.is_safe_to_cache_prepared(backend)
    }
}

impl<Q: QueryId> QueryId for Asked<Q> {
    type QueryId = Q::QueryId;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q> Query for Asked<Q> {
    type SqlType = Untyped;
}

impl<Q> RunQueryDsl<SqliteConnection> for Asked<Q> {}

/// A statement of one text.
struct Control(&'static str);

impl QueryId for Control {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Control {
    type SqlType = Untyped;
}

impl QueryFragment<Sqlite> for Control {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        pass.push_sql(self.0);
        Ok(())
    }
}

type Rows<'conn, 'query> = <SqliteConnection as LoadConnection>::Cursor<'conn, 'query>;

impl AsyncConnectionCore for Conn {
    type ExecuteFuture<'conn, 'query> = Ready<QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = Ready<QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = SendWrapper<Iter<Rows<'conn, 'query>>>;
    type Row<'conn, 'query> = <SqliteConnection as LoadConnection>::Row<'conn, 'query>;
    type Backend = Sqlite;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Sqlite> + QueryId + 'query,
    {
        let rows = LoadConnection::load(self.own(), Asked(source.as_query()));
        ready(rows.map(|rows| SendWrapper::new(iter(rows))))
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Sqlite> + QueryId + 'query,
    {
        ready(self.counted(source))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use diesel::connection::InstrumentationEvent;

    use super::*;

    /// A statement that says of itself that it is kept, and whose parts do not.
    struct Insists(&'static str, bool);

    impl QueryFragment<Sqlite> for Insists {
        fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
            pass.unsafe_to_cache_prepared();
            pass.push_sql(self.0);
            Ok(())
        }

        fn is_safe_to_cache_prepared(&self, _: &Sqlite) -> QueryResult<bool> {
            Ok(self.1)
        }
    }

    impl QueryId for Insists {
        type QueryId = ();
        const HAS_STATIC_QUERY_ID: bool = false;
    }

    impl Query for Insists {
        type SqlType = Untyped;
    }

    fn connection() -> (Conn, Arc<AtomicUsize>) {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let kept = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&kept);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { .. } = event {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        connection
            .batch_execute("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)")
            .unwrap();
        (Conn::new(connection), kept)
    }

    #[test]
    fn what_is_kept_is_prepared_once() {
        let (mut conn, kept) = connection();
        let kept = || kept.swap(0, Ordering::Relaxed);
        let update = |is_kept| Insists("UPDATE t SET a = a + 1", is_kept);
        for expected in [1, 0, 0] {
            assert_eq!(conn.counted(update(true)).unwrap(), 2);
            // The first time the engine was asked for the count, too.
            assert_eq!(kept(), 2 * expected);
        }
        conn.later(update(true)).into_inner().unwrap();
        assert_eq!(kept(), 0);
        assert_eq!(conn.counted(update(false)).unwrap(), 2);
        let rows = LoadConnection::load(conn.own(), Asked(Insists("SELECT a FROM t", true)));
        assert_eq!(rows.unwrap().count(), 2);
        assert_eq!(kept(), 1);
        for expected in [1, 0] {
            for sql in ["BEGIN", "ROLLBACK"] {
                conn.control(sql).unwrap();
                assert_eq!(kept(), expected, "{sql}");
            }
        }
    }

    #[test]
    fn what_fails_is_told() {
        let (mut conn, _) = connection();
        assert!(conn.control("COMMIT").is_err());
        assert!(conn.counted(Insists("UPDATE u SET a = 1", true)).is_err());
        let unique = "CREATE UNIQUE INDEX i ON t (a)";
        conn.later(Insists(unique, true)).into_inner().unwrap();
        let twice = conn.later(Insists("INSERT INTO t VALUES (1)", true));
        assert!(matches!(
            twice.into_inner(),
            Err(Error::DatabaseError(_, _))
        ));
    }

    #[test]
    fn a_bound_limit_does_not_prepare_anew() {
        let (mut conn, _) = connection();
        let says = "SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_QPSG'";
        let rows = LoadConnection::load(conn.own(), Asked(Control(says)));
        assert_eq!(rows.unwrap().count(), 1, "see .cargo/config.toml");
    }
}
