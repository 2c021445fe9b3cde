//! The clock: the one source of time. Every other part takes "now" from here, so that tests can
//! move it and so that two statements of one operation never disagree about what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Tells the time, in UTC with microseconds: the precision that the store keeps.
#[derive(Clone, Debug)]
pub enum Clock {
    /// Stands still until a test advances it.
    Fixed(Arc<AtomicI64>),
    /// The machine's clock.
    System,
}

impl Clock {
    /// A clock that stands at `at` until [`Clock::advance`] moves it.
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.as_microsecond())))
    }

    /// The present instant, cut to whole microseconds.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine"
    )]
    pub fn now(&self) -> Timestamp {
        let micros = match self {
            Self::Fixed(micros) => micros.load(Ordering::SeqCst),
            Self::System => Timestamp::now().as_microsecond(),
        };
        Timestamp::from_microsecond(micros).expect("a clock's instant is within jiff's range")
    }

    /// Moves a fixed clock forward by so many seconds; the machine's clock is left alone.
    pub fn advance(&self, seconds: i64) {
        if let Self::Fixed(micros) = self {
            micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        }
    }
}
