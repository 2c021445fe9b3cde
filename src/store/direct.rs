//! A connection to SQLite whose futures are ready at once: the thread that owns it runs each statement in place, and
//! reads rows where the engine has them. There is nobody to wait for and nothing to copy.

use std::future::{Future, Ready, ready};
use std::sync::{Mutex, PoisonError};

use diesel::connection::{Connection, LoadConnection, SimpleConnection};
use diesel::query_builder::{AsQuery, AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;
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
        ready(Connection::execute_returning_count(self.own(), &query).map(drop))
    }

    /// Undoes what was run since a savepoint.
    pub(in crate::store) fn undo(&mut self, sql: &str) -> Ready<QueryResult<()>> {
        ready(SimpleConnection::batch_execute(self.own(), sql))
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
}

impl<Q: QueryId> QueryId for Asked<Q> {
    type QueryId = Q::QueryId;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q> Query for Asked<Q> {
    type SqlType = Untyped;
}

impl<Q> RunQueryDsl<SqliteConnection> for Asked<Q> {}

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
        ready(Connection::execute_returning_count(self.own(), &source))
    }
}
