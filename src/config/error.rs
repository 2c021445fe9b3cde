//! What can be wrong with the settings. Every message says where the fault stands, and none
//! repeats a value that may hold a password.

use std::io;
use std::path::PathBuf;

use super::settings::Origin;

/// A reason why Usher does not start with these settings. The admin is at fault, always.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value is not of its setting's kind.
    #[error("{key} (from {origin}): {message}")]
    Invalid {
        /// The setting.
        key: &'static str,
        /// Where the value stands.
        origin: Origin,
        /// What was expected.
        message: String,
    },
    /// A setting has no default here and was not given.
    #[error("{key} must be set: {because}")]
    Missing {
        /// The setting.
        key: &'static str,
        /// Why there is no default.
        because: &'static str,
    },
    /// The settings file is not TOML.
    #[error("{}, line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser expected.
        message: String,
    },
    /// The environment says the same setting by two names.
    #[error("{first} and {second} both set {key}; keep one")]
    Twice {
        /// The setting.
        key: &'static str,
        /// One variable.
        first: String,
        /// The other.
        second: String,
    },
    /// No setting has this name.
    #[error("unknown setting {name} (from {origin}){}", suggestion(nearest.as_deref()))]
    Unknown {
        /// The key or the variable as written.
        name: String,
        /// Where it stands.
        origin: Origin,
        /// The known name that is most like it, if one is.
        nearest: Option<String>,
    },
    /// A file that was named cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest
        .map(|name| format!("; did you mean {name}?"))
        .unwrap_or_default()
}
