//! One transaction on either engine. The query modules are written once and mounted twice; the
//! `ops!` table turns each query into a method of [`Tx`], so that everything above is written
//! once, plainly, over `&mut Tx`.

use crate::store::direct::Conn;
use crate::store::memory::{Memory, Stamp};
use crate::store::pipe;

/// A transaction that is under way.
pub struct Tx {
    pub(in crate::store) engine: Engine,
    memory: Memory,
    seen: Option<Stamp>,
}

/// What a transaction runs on.
pub(in crate::store) enum Engine {
    /// A PostgreSQL connection of the pool.
    Postgres(pipe::Conn),
    /// The connection that the calling thread owns.
    Sqlite(Conn),
}

impl Tx {
    pub(in crate::store) fn new(engine: Engine, memory: Memory) -> Self {
        Self {
            engine,
            memory,
            seen: None,
        }
    }

    /// Notes the stamp of the organization's settings, which came with an answer: whoever wants it need not ask.
    pub fn see(&mut self, stamp: Stamp) {
        self.seen = Some(stamp);
    }

    /// Forgets the stamp that came with an earlier answer.
    pub fn forget_seen(&mut self) {
        self.seen = None;
    }

    /// The stamp that came with an answer, once.
    pub fn take_seen(&mut self) -> Option<Stamp> {
        self.seen.take()
    }

    /// Whether nobody else writes from its first statement on: what was read then holds until it ends.
    pub fn writes_alone(&self) -> bool {
        matches!(self.engine, Engine::Sqlite(_))
    }

    /// What the process keeps in memory of this store.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}

/// `method = module::function(arguments) -> value;` becomes an async method of [`Tx`].
macro_rules! ops {
    ($(
        $(#[$doc:meta])*
        $method:ident = $module:ident :: $function:ident
            ($($argument:ident : $type:ty),* $(,)?) -> $value:ty;
    )+) => {
        impl $crate::store::Tx {
            $(
                $(#[$doc])*
                pub async fn $method(&mut self, $($argument: $type),*)
                    -> Result<$value, $crate::store::Error>
                {
                    Ok(match &mut self.engine {
                        $crate::store::tx::Engine::Postgres(connection) => {
                            $crate::store::on_postgres::queries::$module::$function(
                                connection, $($argument),*
                            ).await?
                        }
                        $crate::store::tx::Engine::Sqlite(connection) => {
                            $crate::store::on_sqlite::queries::$module::$function(
                                connection, $($argument),*
                            ).await?
                        }
                    })
                }
            )+
        }
    };
}

pub(crate) use ops;
