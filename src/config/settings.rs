//! The list of settings: by which key and variable each is known, which field of [`Config`] it
//! fills, and what `usher config show` says of it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};
use toml::{Table, Value};
use url::Url;

use super::{Config, Error};

/// A setting that exists.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its name in the file and on the command line; a dot separates section and key.
    pub key: &'static str,
    /// Its name in the environment.
    pub variable: &'static str,
    /// How text from the environment or a flag is read.
    pub kind: Kind,
    /// Section and field of [`Config`].
    pub(super) field: (&'static str, &'static str),
}

/// How a setting is written in TOML.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// An array of strings; in the environment the items are separated by commas.
    List,
    /// A string.
    Text,
}

/// Every setting, in the order in which it is shown.
pub const KNOWN: &[Known] = &[
    known("listen", "USHER_LISTEN", Kind::Text, ("server", "listen")),
    known(
        "public_url",
        "USHER_PUBLIC_URL",
        Kind::Text,
        ("server", "public_url"),
    ),
    known(
        "metrics_listen",
        "USHER_METRICS_LISTEN",
        Kind::Text,
        ("server", "metrics_listen"),
    ),
    known(
        "trusted_proxies",
        "USHER_TRUSTED_PROXIES",
        Kind::List,
        ("server", "trusted_proxies"),
    ),
    known(
        "max_connections",
        "USHER_MAX_CONNECTIONS",
        Kind::Integer,
        ("server", "max_connections"),
    ),
    known(
        "rate_limits.key",
        "USHER_RATE_LIMITS__KEY",
        Kind::Integer,
        ("rate_limits", "key"),
    ),
    known(
        "rate_limits.organization",
        "USHER_RATE_LIMITS__ORGANIZATION",
        Kind::Integer,
        ("rate_limits", "organization"),
    ),
    known(
        "rate_limits.address",
        "USHER_RATE_LIMITS__ADDRESS",
        Kind::Integer,
        ("rate_limits", "address"),
    ),
    known(
        "database_url",
        "USHER_DATABASE_URL",
        Kind::Text,
        ("database", "url"),
    ),
    known(
        "master_key_file",
        "USHER_MASTER_KEY_FILE",
        Kind::Text,
        ("keys", "master_key_file"),
    ),
    known("mail.url", "USHER_MAIL_URL", Kind::Text, ("mail", "url")),
    known("mail.from", "USHER_MAIL_FROM", Kind::Text, ("mail", "from")),
    known(
        "mail.per_second",
        "USHER_MAIL_PER_SECOND",
        Kind::Integer,
        ("mail", "per_second"),
    ),
    known(
        "mail.operator",
        "USHER_MAIL_OPERATOR",
        Kind::Text,
        ("mail", "operator"),
    ),
    known(
        "outbound.allow",
        "USHER_OUTBOUND__ALLOW",
        Kind::List,
        ("outbound", "allow"),
    ),
    known(
        "outbound.name_server",
        "USHER_OUTBOUND__NAME_SERVER",
        Kind::Text,
        ("outbound", "name_server"),
    ),
    known(
        "outbound.proxy",
        "USHER_OUTBOUND__PROXY",
        Kind::Text,
        ("outbound", "proxy"),
    ),
    known(
        "outbound.ca_file",
        "USHER_OUTBOUND__CA_FILE",
        Kind::Text,
        ("outbound", "ca_file"),
    ),
    known(
        "allow_private_targets",
        "USHER_ALLOW_PRIVATE_TARGETS",
        Kind::Boolean,
        ("outbound", "allow_private_targets"),
    ),
    known("log", "USHER_LOG", Kind::Text, ("log", "filter")),
    known(
        "log_format",
        "USHER_LOG_FORMAT",
        Kind::Text,
        ("log", "format"),
    ),
];

const fn known(
    key: &'static str,
    variable: &'static str,
    kind: Kind,
    field: (&'static str, &'static str),
) -> Known {
    Known {
        key,
        variable,
        kind,
        field,
    }
}

impl Known {
    /// The setting of this key.
    pub(super) fn by_key(key: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.key == key)
    }

    /// The setting of this variable: its own name, or the one that the rule for sections gives
    /// (`USHER_SECTION__KEY`).
    pub(super) fn by_variable(variable: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| {
            known.variable == variable || known.key == key_of_variable(variable).as_str()
        })
    }

    /// Whether `VARIABLE_FILE` may hold the name of a file with the value in it: everywhere but
    /// where the value is a file's name already.
    pub(super) fn may_stand_in_a_file(&self) -> bool {
        !self.key.ends_with("_file")
    }
}

fn key_of_variable(variable: &str) -> String {
    variable
        .strip_prefix("USHER_")
        .unwrap_or_default()
        .replace("__", ".")
        .to_lowercase()
}

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Nothing was said.
    Default,
    /// A variable of the environment.
    Environment(String),
    /// The settings file.
    File(PathBuf),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Flag => f.write_str("flag"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where the settings come from that are not at their default, by key.
pub(super) type Origins = BTreeMap<&'static str, Origin>;

/// One line of `usher config show`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Setting {
    /// Its name in the file.
    pub key: &'static str,
    /// Its value without passwords; none where the setting is off.
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// A settings table, by section and field, as a [`Config`].
pub(super) fn parse(table: Table, origins: &Origins) -> Result<Config, Error> {
    table
        .clone()
        .try_into()
        .map_err(|error| blame(&table, origins, &error))
}

/// Which setting made the table fail: the first that fails alone.
fn blame(table: &Table, origins: &Origins, error: &toml::de::Error) -> Error {
    let fault = origins.iter().find_map(|(key, origin)| {
        let (section, field) = Known::by_key(key)?.field;
        let value = table.get(section)?.get(field)?.clone();
        let alone = nested(section, field, value);
        let error = alone.try_into::<Config>().err()?;
        Some(Error::Invalid {
            key,
            origin: origin.clone(),
            message: error.message().to_owned(),
        })
    });
    fault.unwrap_or_else(|| Error::Invalid {
        key: "settings",
        origin: Origin::Default,
        message: error.message().to_owned(),
    })
}

fn nested(section: &str, field: &str, value: Value) -> Table {
    let inner = Table::from_iter([(field.to_owned(), value)]);
    Table::from_iter([(section.to_owned(), Value::Table(inner))])
}

/// Every known setting with its value and origin.
pub(super) fn describe(config: &Config, origins: &Origins) -> Vec<Setting> {
    let table = Table::try_from(config).expect("every section is made of text, numbers and lists");
    KNOWN
        .iter()
        .map(|known| {
            let (section, field) = known.field;
            let value = table.get(section).and_then(|section| section.get(field));
            Setting {
                key: known.key,
                value: value.and_then(shown),
                origin: origins.get(known.key).cloned().unwrap_or(Origin::Default),
            }
        })
        .collect()
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(items.iter().filter_map(shown).collect::<Vec<_>>().join(",")),
        other => Some(other.to_string()),
    }
}

/// The URL with `***` for every password: in front of the host, and in the query, where
/// a database takes `password` and `sslpassword` too.
pub(super) fn redacted(url: &Url) -> Url {
    let mut shown = url.clone();
    if shown.password().is_some() {
        // A URL that holds a password has a host, the one thing that setting it can miss.
        let _ = shown.set_password(Some("***"));
    }
    if url
        .query_pairs()
        .any(|(name, _)| name.ends_with("password"))
    {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let hidden = pairs.iter().map(|(name, value)| {
            (
                name.as_str(),
                if name.ends_with("password") {
                    "***"
                } else {
                    value.as_str()
                },
            )
        });
        shown.query_pairs_mut().clear().extend_pairs(hidden);
    }
    shown
}
