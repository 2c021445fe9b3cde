//! Where everything is kept: a SQLite file, or PostgreSQL. The only settings file that names an
//! engine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::settings::redacted;

/// The settings of the database.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// Which database.
    pub url: DatabaseUrl,
}

/// Why [`DatabaseUrl::beside`] has no answer.
pub(super) const NOTHING_BESIDE: &str = "with PostgreSQL there is no file to put the key beside";

/// A database, by engine. Displayed without its password.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum DatabaseUrl {
    /// `sqlite://PATH`; a relative path starts at the working directory.
    Sqlite(PathBuf),
    /// `postgres://user:password@host:port/database`.
    Postgres(Url),
}

impl DatabaseUrl {
    /// A file beside the database's own; none where the database is no file.
    pub fn beside(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Sqlite(path) => Some(path.with_file_name(name)),
            Self::Postgres(_) => None,
        }
    }

    /// The whole URL, password and all: for whoever connects, never for a log.
    pub fn reveal(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(url) => url.as_str().to_owned(),
        }
    }

    /// A database in this file, with nothing beside it to run.
    pub fn in_file(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self::Sqlite(PathBuf::from("usher.db"))
    }
}

impl FromStr for DatabaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return match path {
                "" => Err("expected a path behind sqlite://"),
                ":memory:" => Err("commands and server share the database, so it must be a file"),
                _ if path.contains('?') => Err("sqlite:// takes a path and no options"),
                _ => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        let expected = "expected sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE";
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.parse().map_err(|_| expected)?));
        }
        Err(expected)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(redacted(url).as_str()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DatabaseUrl> for String {
    fn from(url: DatabaseUrl) -> Self {
        url.to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::DatabaseUrl;

    #[test]
    fn a_database_is_a_file_or_a_server() {
        let cases = [
            ("sqlite://usher.db", Some("usher.db")),
            (
                "sqlite:///var/lib/usher/usher.db",
                Some("/var/lib/usher/usher.db"),
            ),
            ("sqlite://", None),
            ("sqlite://:memory:", None),
            ("sqlite://a.db?mode=ro", None),
            ("usher.db", None),
            ("mysql://host/usher", None),
        ];
        for (text, expected) in cases {
            let path = match text.parse() {
                Ok(DatabaseUrl::Sqlite(path)) => Some(path),
                _ => None,
            };
            assert_eq!(path.as_deref(), expected.map(Path::new), "{text}");
        }
        let postgres: DatabaseUrl = "postgres://u@db:5433/usher".parse().unwrap();
        assert!(matches!(postgres, DatabaseUrl::Postgres(_)));
        assert_eq!(postgres.beside("usher.key"), None);
    }

    #[test]
    fn a_password_is_never_shown() {
        let cases = [
            ("postgres://u:s3cret@db/usher", "postgres://u:***@db/usher"),
            (
                "postgres://db/usher?user=u&password=s3cret&sslpassword=s3cret",
                "postgres://db/usher?user=u&password=***&sslpassword=***",
            ),
        ];
        for (text, expected) in cases {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), expected);
            assert!(!format!("{url:?}").contains("s3cret"));
        }
    }
}
