//! SQLite: threads that own connections. One writer takes whole operations and commits up to 64
//! of them at once, each in a savepoint of its own, and answers only after the commit; a few
//! readers answer questions, but for those that are a row or two by key, which are answered where
//! they are asked: handing them over would take longer. A caller that goes away leaves no half-open transaction: its
//! operation runs to its end. Organizations have turns: one with many changes does not keep
//! another's waiting.
//!
//! Commands of other processes write to the same file: every transaction is taken under a
//! blocking lock on `<file>.write`, since SQLite's own busy handler only polls.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::sqlite::SqliteConnection;
use diesel::{Connection, connection::SimpleConnection};
use diesel_async::SimpleAsyncConnection;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::store::direct::Conn;
use crate::store::error::{Error, Failure};
use crate::store::memory::Memory;
use crate::store::migrate;
use crate::store::turns::{Lane, Refused, Turns};
use crate::store::tx::{Engine, Tx};
use crate::store::watch::{Watch, Watcher};

/// The most operations that one commit carries.
const BATCH: usize = 64;
/// How long a batch takes further operations in which more than one organization has a part.
const SHARED: Duration = Duration::from_millis(8);
/// The most operations that wait; one more is told to come back.
const QUEUE: usize = 1024;
/// Threads that read.
const READERS: usize = 2;
/// Connections for glances.
const NEAR: usize = 2;

const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0; \
    PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;";

/// Opens a connection to the file, creating it if it is not there.
pub fn connect(path: &Path) -> Result<SqliteConnection, Error> {
    let url = path.to_string_lossy();
    let mut connection = SqliteConnection::establish(&url)
        .map_err(|error| Error::Unavailable(format!("cannot open {url}: {error}")))?;
    connection.batch_execute(PRAGMAS)?;
    Ok(connection)
}

/// The lock that every writer to the file takes around its transaction.
pub fn write_lock(path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".write");
    let lock = PathBuf::from(name);
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .map_err(|error| Error::Unavailable(format!("cannot open {}: {error}", lock.display())))
}

trait Operation: Send {
    /// Runs; whether what it did should stand.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Hands out the result, once the fate of the transaction is known.
    fn answer(self: Box<Self>, fate: Result<(), Error>);
}

struct Pending<F, T, E> {
    job: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Operation for Pending<F, T, E>
where
    F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send,
    T: Send,
    E: Failure,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let result = attempt(&self.job, tx);
        let stands = result.is_ok();
        self.result = Some(result);
        stands
    }

    fn answer(self: Box<Self>, fate: Result<(), Error>) {
        let answer = match (self.result, fate) {
            (Some(Ok(_)) | None, Err(error)) => Err(error.into()),
            (Some(result), _) => result,
            (None, Ok(())) => Err(Error::Engine("an operation did not run".into()).into()),
        };
        // A caller that has gone away does not read its answer; what it asked for is done.
        drop(self.reply.send(answer));
    }
}

/// Runs a job once; what panics has failed.
fn attempt<T, E, F>(job: &F, tx: &mut Tx) -> Result<T, E>
where
    F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>>,
    E: Failure,
{
    let outcome = catch_unwind(AssertUnwindSafe(|| ready(job(tx))));
    outcome.unwrap_or_else(|_| {
        Err(Error::Engine("an operation panicked; nothing of it was kept".into()).into())
    })
}

/// The value of a future that is ready: a job awaits nothing but the store.
#[expect(
    clippy::panic,
    reason = "a job that waits for anything else must not hang the thread"
)]
fn ready<T>(mut future: BoxFuture<'_, T>) -> T {
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a job awaited something beside the store"),
    }
}

type Queue = Turns<Box<dyn Operation>>;

/// The threads that own the file's connections.
pub struct Threads {
    writes: Arc<Queue>,
    reads: Arc<Queue>,
    /// Connections that nobody reads on now, for whoever only wants a glance.
    near: Mutex<Vec<Tx>>,
    handles: Vec<JoinHandle<()>>,
    memory: Memory,
}

impl Threads {
    /// Starts the threads on a file that is there and up to date; the watcher is told what their
    /// connections run.
    pub fn start(path: &Path, watcher: Option<Watcher>, memory: &Memory) -> Result<Self, Error> {
        let connected = || {
            let mut connection = connect(path)?;
            if let Some(watcher) = &watcher {
                connection.set_instrumentation(Watch(Arc::clone(watcher)));
            }
            let engine = Engine::Sqlite(Conn::new(connection));
            Ok::<_, Error>(Tx::new(engine, memory.clone()))
        };
        // What is read is nobody's in particular, and nobody has more than half.
        let (writes, reads) = (Arc::new(Queue::new(QUEUE)), Arc::new(Queue::new(2 * QUEUE)));
        let mut writer = connected()?;
        execute(&mut writer, "PRAGMA cache_size = -16384")?;
        let lock = write_lock(path)?;
        let queue = Served(Arc::clone(&writes));
        let mut handles = vec![spawn("store-writer", move || {
            write(writer, &queue, Some(&lock));
        })?];
        let served = Arc::new(Served(Arc::clone(&reads)));
        let reading = || {
            let mut reader = connected()?;
            execute(
                &mut reader,
                "PRAGMA cache_size = -4096; PRAGMA query_only = ON",
            )?;
            Ok::<_, Error>(reader)
        };
        let near = (0..NEAR).map(|_| reading()).collect::<Result<_, _>>()?;
        for _ in 0..READERS {
            let reader = reading()?;
            let queue = Arc::clone(&served);
            handles.push(spawn("store-reader", move || read(reader, &queue))?);
        }
        Ok(Self {
            writes,
            reads,
            near: Mutex::new(near),
            handles,
            memory: memory.clone(),
        })
    }

    /// What the process keeps in memory of the store.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Starts one thread on a fresh store in memory: it reads and writes, since nobody else could
    /// see what it has.
    pub fn in_memory() -> Result<Self, Error> {
        let mut connection = connect(Path::new(":memory:"))?;
        migrate::sqlite_alone(&mut connection)?;
        let (queue, memory) = (Arc::new(Queue::new(QUEUE)), Memory::default());
        let tx = Tx::new(Engine::Sqlite(Conn::new(connection)), memory.clone());
        let operations = Served(Arc::clone(&queue));
        let handle = spawn("store-in-memory", move || write(tx, &operations, None))?;
        Ok(Self {
            reads: Arc::clone(&queue),
            writes: queue,
            near: Mutex::default(),
            handles: vec![handle],
            memory,
        })
    }

    /// Runs a job on the writer: one savepoint, committed with its neighbours. Where it is known whose it is, it waits
    /// behind theirs alone.
    pub async fn write<T, E, F>(&self, of: Lane, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        submit(&self.writes, of, job).await
    }

    /// Runs a job on a reader: one snapshot.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        submit(&self.reads, None, job).await
    }

    /// Runs a job that takes a few rows by their keys: here and now where a connection is free, else on a reader.
    pub async fn glance<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        let free = || self.near.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut tx) = free().pop() else {
            return self.read(job).await;
        };
        let answer = on_snapshot(&mut tx, |tx| attempt(&job, tx));
        free().push(tx);
        answer.unwrap_or_else(|error| Err(error.into()))
    }
}

impl Drop for Threads {
    /// Closes the queues and waits: what was taken is finished and answered.
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        for handle in self.handles.drain(..) {
            // A thread that panicked has nothing left to finish.
            drop(handle.join());
        }
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| Error::Unavailable(format!("cannot start {name}: {error}")))
}

async fn submit<T, E, F>(queue: &Queue, lane: Lane, job: F) -> Result<T, E>
where
    F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Failure,
{
    let gone = || Error::Unavailable("the store is closing".into());
    let (reply, answer) = oneshot::channel();
    let pending = Box::new(Pending {
        job,
        result: None,
        reply,
    });
    queue.put(lane, pending).map_err(|error| match error {
        Refused::Full => Error::Unavailable("too many operations wait".into()),
        Refused::Closed => gone(),
    })?;
    answer.await.map_err(|_| gone())?
}

/// Runs a statement of a transaction's frame, which is kept.
fn frame(tx: &mut Tx, sql: &'static str) -> Result<(), Error> {
    match &mut tx.engine {
        Engine::Sqlite(connection) => Ok(connection.control(sql)?),
        Engine::Postgres(_) => Err(Error::Engine("not an SQLite connection".into())),
    }
}

fn execute(tx: &mut Tx, sql: &str) -> Result<(), Error> {
    match &mut tx.engine {
        Engine::Sqlite(connection) => Ok(ready(Box::pin(connection.batch_execute(sql)))?),
        Engine::Postgres(_) => Err(Error::Engine("not an SQLite connection".into())),
    }
}

/// A queue that threads serve. Once the last of them has ended, however it did, nothing more is taken in, and whoever
/// waits is told: nobody would answer them.
struct Served(Arc<Queue>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.close();
        while self.0.try_take().is_some() {}
    }
}

fn write(mut tx: Tx, queue: &Served, lock: Option<&File>) {
    while let Some(first) = queue.0.take() {
        batch(&mut tx, first, &queue.0, lock);
    }
}

/// One transaction: the first operation and whatever waits behind it.
fn batch(tx: &mut Tx, first: (Lane, Box<dyn Operation>), queue: &Queue, lock: Option<&File>) {
    let begun = lock
        .map_or(Ok(()), File::lock)
        .map_err(|error| Error::Unavailable(format!("the write lock failed: {error}")))
        .and_then(|()| frame(tx, "BEGIN IMMEDIATE"));
    let mut done = Vec::with_capacity(BATCH);
    let (since, whose) = (Instant::now(), first.0);
    let fate = begun.and_then(|()| {
        let (mut next, mut is_shared) = (Some(first), false);
        while let Some((lane, mut operation)) = next.take() {
            is_shared |= lane != whose;
            let step = savepoint(tx, &mut *operation);
            done.push(operation);
            step?;
            if done.len() < BATCH && !(is_shared && since.elapsed() > SHARED) {
                next = queue.try_take();
            }
        }
        frame(tx, "COMMIT")
    });
    if fate.is_err() {
        // The engine may have rolled back by itself (disk full); then there is nothing to undo.
        drop(frame(tx, "ROLLBACK"));
    }
    if let Err(error) = lock.map_or(Ok(()), File::unlock) {
        tracing::error!(%error, "the write lock could not be released");
    }
    for operation in done {
        operation.answer(fate.clone());
    }
}

fn savepoint(tx: &mut Tx, operation: &mut dyn Operation) -> Result<(), Error> {
    frame(tx, "SAVEPOINT operation")?;
    if operation.run(tx) {
        frame(tx, "RELEASE operation")
    } else {
        execute(tx, "ROLLBACK TO operation; RELEASE operation")
    }
}

fn read(mut tx: Tx, queue: &Served) {
    while let Some((_, mut operation)) = queue.0.take() {
        let begun = on_snapshot(&mut tx, |tx| operation.run(tx));
        operation.answer(begun.map(drop));
    }
}

/// Reads on one snapshot.
fn on_snapshot<T>(tx: &mut Tx, read: impl FnOnce(&mut Tx) -> T) -> Result<T, Error> {
    frame(tx, "BEGIN")?;
    let answer = read(tx);
    drop(frame(tx, "ROLLBACK"));
    Ok(answer)
}
