//! What can go wrong: an answer that is not the right one is counted, a failure ends the command.

use std::fmt::{self, Display, Formatter};

/// Why a command cannot go on, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure(String);

/// An answer that was not the right one: what was asked, and what came.
#[derive(Clone, Debug)]
pub(crate) struct Wrong(String);

impl Failure {
    pub(crate) fn new(said: impl Into<String>) -> Self {
        Self(said.into())
    }
}

impl Wrong {
    pub(crate) fn new(said: impl Into<String>) -> Self {
        Self(said.into())
    }

    /// The same, with what was being done in front.
    pub(crate) fn during(self, what: &str) -> Self {
        Self(format!("{what}: {}", self.0))
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Display for Wrong {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        Self(wrong.0)
    }
}

/// Goes on only if something holds.
pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Wrong> {
    if holds {
        Ok(())
    } else {
        Err(Wrong(otherwise()))
    }
}
