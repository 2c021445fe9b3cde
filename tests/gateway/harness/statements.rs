//! What a request costs: the statements that the store's connections ran meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

use usher::store::Watcher;

/// Remembers statements while somebody counts.
#[derive(Clone, Default)]
pub(crate) struct Statements(Arc<Mutex<Option<Vec<String>>>>);

/// What was run.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    /// Transactions that could change something.
    pub(crate) writes: usize,
    /// All transactions.
    pub(crate) transactions: usize,
    /// What was asked of the engine in them, in its order, with what was bound.
    pub(crate) statements: Vec<String>,
}

impl Statements {
    /// What the store is opened with.
    pub(super) fn watcher(&self) -> Watcher {
        let kept = Arc::clone(&self.0);
        Arc::new(move |statement: &str| {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = &mut *kept {
                // What is bound stands behind it, also where nothing is.
                let bare = statement.strip_suffix(" -- binds: []");
                kept.push(bare.unwrap_or(statement).to_owned());
            }
        })
    }

    /// What is run while the future is under way; nobody else asks the gateway meanwhile.
    pub(crate) async fn of<T>(&self, work: impl Future<Output = T>) -> (T, Cost) {
        *self.0.lock().unwrap() = Some(Vec::new());
        let value = work.await;
        let all = self.0.lock().unwrap().take().unwrap();
        (value, Cost::of(all))
    }
}

/// How a transaction begins, where it may write; the engines say it apart from one that reads.
const WRITES: [&str; 2] = ["BEGIN IMMEDIATE", "BEGIN READ WRITE"];
/// What frames a transaction or an operation in it.
const FRAMES: [&str; 5] = ["BEGIN", "COMMIT", "RELEASE", "ROLLBACK", "SAVEPOINT"];

impl Cost {
    fn of(all: Vec<String>) -> Self {
        let is_sqlite = all
            .iter()
            .any(|it| it.starts_with("ROLLBACK") || it == WRITES[0]);
        let write = if is_sqlite { WRITES[0] } else { WRITES[1] };
        let count = |holds: &dyn Fn(&str) -> bool| all.iter().filter(|it| holds(it)).count();
        let framed = |it: &str| FRAMES.iter().any(|frame| it.starts_with(frame));
        Self {
            writes: count(&|it| it == write),
            transactions: count(&|it| it.starts_with("BEGIN")),
            statements: all.iter().filter(|it| !framed(it)).cloned().collect(),
        }
    }

    /// How many statements.
    pub(crate) fn len(&self) -> usize {
        self.statements.len()
    }

    /// How many of them say this.
    pub(crate) fn that_say(&self, text: &str) -> usize {
        self.statements
            .iter()
            .filter(|it| it.contains(text))
            .count()
    }
}
