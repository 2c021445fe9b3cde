//! Watching: whoever opens the store may be told of each statement before it runs. Nobody is in
//! production, where the connections keep the driver's own instrumentation, which does nothing;
//! the tests count what a request costs.

use std::sync::Arc;

use diesel::connection::{Instrumentation, InstrumentationEvent};

/// Told of each statement: its SQL, and behind it what is bound. Called on the thread that runs
/// the statement, so it must be quick; what is bound may be secret.
pub type Watcher = Arc<dyn Fn(&str) + Send + Sync>;

/// A watcher, as a connection knows it.
pub(super) struct Watch(pub(super) Watcher);

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            (self.0)(&query.to_string());
        }
    }
}
