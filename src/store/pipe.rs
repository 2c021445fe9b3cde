//! A connection to PostgreSQL on which statements go out one behind the other. A transaction begins together with its
//! first statement, and whoever does not need what a statement answers does not wait for it: the next one that is
//! waited for tells whether it failed. So an organization's row is held for as few round trips as there are questions.
//!
//! The server runs what it gets in order, and what fails ends the transaction: nothing behind it stands. That order
//! holds on our side, too: the driver prepares one statement at a time, and who comes later waits for that. What it
//! does not prepare (`BEGIN`, savepoints, `COMMIT`) would overtake the others, so that nothing may be under way before
//! it. Nor may a type of the database's own be bound, which the driver would have to look up first.

use std::collections::VecDeque;
use std::future::{poll_fn, ready};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::Error;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use self_cell::self_cell;

/// So many statements may be under way that nobody waits for.
const MOST: usize = 64;

/// What was sent and is not waited for.
#[derive(Default)]
struct Sent<'a> {
    statements: VecDeque<BoxFuture<'a, QueryResult<()>>>,
    /// What failed, while something before it has yet to answer: that may be why.
    failure: Option<Error>,
    /// Whether the server has answered any.
    answered: bool,
}

type Line<'a> = Mutex<Sent<'a>>;

self_cell!(
    struct Cell {
        owner: Object<AsyncPgConnection>,
        #[not_covariant]
        dependent: Line,
    }
);

/// The connection, for one transaction. Nobody waits for the lock in it: whoever has the connection has it alone.
pub(in crate::store) struct Conn {
    cell: Cell,
    /// Whether a statement failed and was not undone.
    failed: Arc<AtomicBool>,
    /// Where no transaction is around it: what became of its one statement.
    alone: Option<Alone>,
}

/// A statement without a transaction around it.
#[derive(Default)]
struct Alone {
    /// How often one was asked for.
    asked: AtomicUsize,
    /// Whether the server said anything to it.
    answered: AtomicBool,
}

impl Conn {
    /// A connection on which a transaction begins by this with the first statement.
    pub(super) fn begin(connection: Object<AsyncPgConnection>, begin: &'static str) -> Self {
        let own = Self {
            cell: Cell::new(connection, |_| Mutex::default()),
            failed: Arc::default(),
            alone: None,
        };
        own.push_bare(begin);
        own
    }

    /// A connection for one statement that reads, which is a snapshot by itself. Any further one fails here.
    pub(super) fn alone(connection: Object<AsyncPgConnection>) -> Self {
        Self {
            cell: Cell::new(connection, |_| Mutex::default()),
            failed: Arc::default(),
            alone: Some(Alone::default()),
        }
    }

    /// Whether it was asked for more than the one statement that it is for.
    pub(super) fn wants_more(&self) -> bool {
        let asked = |it: &Alone| it.asked.load(Ordering::Relaxed);
        self.alone.as_ref().is_some_and(|it| asked(it) > 1)
    }

    /// Whether its one statement never reached the server.
    pub(super) fn is_dead(&self) -> bool {
        self.alone.as_ref().is_some_and(|it| {
            it.asked.load(Ordering::Relaxed) > 0 && !it.answered.load(Ordering::Relaxed)
        })
    }

    /// Takes one more statement; none where the one that it is for was taken.
    fn take(&self) -> QueryResult<()> {
        let before = |it: &Alone| it.asked.fetch_add(1, Ordering::Relaxed);
        if self.alone.as_ref().is_some_and(|it| before(it) > 0) {
            return Err(Error::NotInTransaction);
        }
        Ok(())
    }

    /// Whether the server has taken anything of the transaction.
    pub(super) fn has_begun(&self) -> bool {
        self.cell.with_dependent(|_, line| lock(line).answered)
    }

    /// Whether a statement failed and was not undone: the server would take a `COMMIT` and keep nothing.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Waits for everything that was sent.
    pub(super) async fn flush(&self) -> QueryResult<()> {
        poll_fn(|cx| self.poll_sent(cx)).await
    }

    /// Ends a transaction that changed nothing, where nothing is under way, and does not wait for it, whatever becomes
    /// of it.
    pub(super) async fn leave(&self) {
        self.push_bare("COMMIT");
        poll_fn(|cx| {
            // Nobody is to be told: the connection's next transaction is, where it cannot begin.
            let _ = self.poll_sent(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// The connection without the transaction.
    pub(super) fn into_inner(self) -> Object<AsyncPgConnection> {
        self.cell.into_owner()
    }

    /// Sends a statement whose answer nobody needs. Where it fails, this or the next one that is waited for tells.
    pub(in crate::store) fn later<Q>(&mut self, query: Q) -> BoxFuture<'_, QueryResult<()>>
    where
        Q: QueryFragment<Pg> + QueryId,
    {
        if let Err(refused) = self.take() {
            return ready(Err(refused)).boxed();
        }
        let own = &*self;
        let waiting = own.cell.with_dependent(|connection, line| {
            let mut connection: &AsyncPgConnection = connection;
            let statement = connection.execute_returning_count(query);
            let mut line = lock(line);
            // Behind what failed nothing more is sent.
            if line.failure.is_none() {
                line.statements
                    .push_back(statement.map(|done| done.map(drop)).boxed());
            }
            line.statements.len()
        });
        let may_wait = waiting < MOST;
        poll_fn(move |cx| match own.poll_sent(cx) {
            Poll::Pending if may_wait => Poll::Ready(Ok(())),
            sent => sent,
        })
        .boxed()
    }

    /// Undoes what was sent since a savepoint, whatever became of it.
    pub(in crate::store) async fn undo(&mut self, sql: &str) -> QueryResult<()> {
        let _ = self.flush().await;
        self.batch_execute(sql).await?;
        self.failed.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// What a statement came to; a failure is remembered.
    fn noted<T>(&self, answer: QueryResult<T>) -> QueryResult<T> {
        if answer.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        if let Some(alone) = &self.alone
            && is_the_servers(&answer)
        {
            alone.answered.store(true, Ordering::Relaxed);
        }
        answer
    }

    fn push_bare(&self, sql: &'static str) {
        self.cell.with_dependent(|connection, line| {
            let statement = async move {
                let mut connection: &AsyncPgConnection = connection;
                connection.batch_execute(sql).await
            };
            lock(line).statements.push_back(statement.boxed());
        });
    }

    /// Sends what was not sent yet, in order, and hears what has been answered; ready once all has. What failed first is
    /// told: what is behind it fails because of it.
    fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<QueryResult<()>> {
        let sent = self.cell.with_dependent(|_, line| {
            let mut line = lock(line);
            let mut at = 0;
            while let Some(statement) = line.statements.get_mut(at) {
                match statement.as_mut().poll(cx) {
                    Poll::Pending => at += 1,
                    Poll::Ready(Ok(())) => {
                        line.answered = true;
                        drop(line.statements.remove(at));
                    }
                    Poll::Ready(Err(error)) => {
                        line.statements.truncate(at);
                        line.failure = Some(error);
                    }
                }
            }
            if !line.statements.is_empty() {
                return Poll::Pending;
            }
            Poll::Ready(line.failure.take().map_or(Ok(()), Err))
        });
        sent.map(|sent| self.noted(sent))
    }

    /// Waits for a statement behind those that were sent before; what failed first is told.
    fn behind<'conn, T: Send + 'conn>(
        &'conn self,
        mut statement: BoxFuture<'conn, QueryResult<T>>,
    ) -> BoxFuture<'conn, QueryResult<T>> {
        let mut done = None;
        poll_fn(move |cx| {
            let sent = self.poll_sent(cx);
            if let Poll::Ready(Err(error)) = sent {
                return Poll::Ready(Err(error));
            }
            if done.is_none()
                && let Poll::Ready(answer) = statement.as_mut().poll(cx)
            {
                done = Some(self.noted(answer));
            }
            match (sent, done.take()) {
                (Poll::Ready(_), Some(answer)) => Poll::Ready(answer),
                (_, answer) => {
                    done = answer;
                    Poll::Pending
                }
            }
        })
        .boxed()
    }
}

/// Whether an answer came from the server, and not for want of it.
fn is_the_servers<T>(answer: &QueryResult<T>) -> bool {
    use diesel::result::DatabaseErrorKind as Kind;
    !matches!(
        answer,
        Err(Error::DatabaseError(
            Kind::ClosedConnection | Kind::UnableToSendCommand,
            _
        ))
    )
}

fn lock<'l, 'a>(line: &'l Line<'a>) -> MutexGuard<'l, Sent<'a>> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimpleAsyncConnection for Conn {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.take()?;
        self.flush().await?;
        let mut connection: &AsyncPgConnection = self.cell.borrow_owner();
        self.noted(connection.batch_execute(query).await)
    }
}

impl AsyncConnectionCore for Conn {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Stream<'conn, 'query>;
    type Row<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Row<'conn, 'query>;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let own: &'conn Self = self;
        if let Err(refused) = own.take() {
            return ready(Err(refused)).boxed();
        }
        let mut connection: &'conn AsyncPgConnection = own.cell.borrow_owner();
        let failed = Arc::clone(&own.failed);
        let rows = connection.load(source).map_ok(|rows| {
            let rows = rows.inspect_err(move |_| failed.store(true, Ordering::Relaxed));
            rows.boxed()
        });
        own.behind(rows.boxed())
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let own: &'conn Self = self;
        if let Err(refused) = own.take() {
            return ready(Err(refused)).boxed();
        }
        let mut connection: &'conn AsyncPgConnection = own.cell.borrow_owner();
        own.behind(connection.execute_returning_count(source))
    }
}
