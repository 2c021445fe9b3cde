//! How a command ends: its exit code, and the sentence that says why.

use std::io;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{app, config, demo, provisioning, store};

/// A command that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All is well.
    Done,
    /// Something that was looked at is not as it should be.
    Failed,
    /// A rule said no, and the answer tells which.
    Refused,
    /// A plan that would change something.
    WouldChange,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Failed => Self::from(FAILED),
            Outcome::Refused => Self::from(REFUSED),
            Outcome::WouldChange => Self::from(WOULD_CHANGE),
        }
    }
}

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const REFUSED: u8 = 3;
const WOULD_CHANGE: u8 = 4;

/// A command that could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The demo could not begin.
    #[error(transparent)]
    Demo(#[from] demo::Error),
    /// A file, or the terminal.
    #[error("{0}")]
    File(String),
    /// The change or the question.
    #[error(transparent)]
    Provisioning(#[from] provisioning::Error),
    /// The server.
    #[error(transparent)]
    Serve(#[from] app::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Nobody reads what is written any more.
    #[error("nobody reads the output")]
    Unread,
    /// The command line contradicts itself.
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    /// The exit code.
    pub(super) fn code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Usage(_) => ExitCode::from(USAGE),
            Self::Demo(demo::Error::Public(_) | demo::Error::Used(_)) => ExitCode::from(REFUSED),
            Self::Provisioning(provisioning::Error::Plan(..)) => ExitCode::from(WOULD_CHANGE),
            Self::Provisioning(error) if is_refusal(error) => ExitCode::from(REFUSED),
            Self::Demo(_)
            | Self::File(_)
            | Self::Provisioning(_)
            | Self::Serve(_)
            | Self::Store(_) => ExitCode::from(FAILED),
            Self::Unread => ExitCode::SUCCESS,
        }
    }

    /// What `--json` prints of it.
    pub(super) fn document(&self) -> Value {
        let mut error = json!({"code": self.word(), "message": self.to_string()});
        if let (Self::Provisioning(provisioning::Error::Plan(plan, _)), Some(error)) =
            (self, error.as_object_mut())
        {
            error.insert("plan".into(), json!(plan));
        }
        json!({"error": error})
    }

    fn word(&self) -> &'static str {
        use provisioning::Error as P;
        match self {
            Self::Config(_) => "settings",
            Self::Demo(_) => "demo",
            Self::File(_) => "file",
            Self::Provisioning(P::Invitation(obstacle)) => obstacle.slug(),
            Self::Provisioning(P::NotFound(_)) => "not_found",
            Self::Provisioning(P::Plan(_, true)) => "plan_required",
            Self::Provisioning(P::Plan(_, false)) => "plan_changed",
            Self::Provisioning(P::Rule(violation)) => violation.slug(),
            Self::Provisioning(P::Taken(_)) => "taken",
            Self::Provisioning(P::Store(_)) | Self::Store(_) => "store",
            Self::Provisioning(_) => "refused",
            Self::Serve(_) => "serve",
            Self::Unread => "unread",
            Self::Usage(_) => "usage",
        }
    }
}

fn is_refusal(error: &provisioning::Error) -> bool {
    use provisioning::Error as P;
    matches!(
        error,
        P::Forbidden(_) | P::Invitation(_) | P::OwnerKept(_) | P::Paused | P::Rule(_) | P::Taken(_)
    )
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Unread
        } else {
            Self::File(format!("cannot write the output: {error}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Violation;
    use crate::provisioning::{Error, Kind};

    #[test]
    fn each_failure_has_its_code() {
        for (failure, code) in [
            (Failure::Usage(String::new()), USAGE),
            (Failure::File(String::new()), FAILED),
            (Failure::Store(store::Error::Behind), FAILED),
            (Failure::Provisioning(Error::NotFound(Kind::User)), FAILED),
            (Failure::Provisioning(Error::Taken("it")), REFUSED),
            (
                Failure::Provisioning(Error::Plan(Box::default(), true)),
                WOULD_CHANGE,
            ),
            (
                Failure::Provisioning(Violation::OwnerNotGrantable.into()),
                REFUSED,
            ),
        ] {
            assert_eq!(failure.code(), ExitCode::from(code), "{failure:?}");
        }
    }
}
