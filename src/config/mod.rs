//! The settings: one struct a section, read from four places of which the later wins: defaults,
//! a TOML file, the environment (`USHER_*`), the flags of the command line.
//!
//! A key that nobody knows is an error wherever it stands, with the nearest known one named, so
//! that a misspelt safety setting cannot pass for a set one. Text becomes a type here
//! (an address, a network, a URL that links can be built from); after that nobody checks again.

mod database;
mod error;
mod keys;
mod log;
mod mail;
mod network;
mod outbound;
mod rates;
mod server;
mod settings;
mod sources;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use self::database::{Database, DatabaseUrl};
pub use self::error::Error;
pub use self::keys::Keys;
pub use self::log::{Format, Log, LogFilter};
pub use self::mail::{Credentials, Mail, MailUrl, Security, Sender};
pub use self::network::Network;
pub use self::outbound::{Allowed, NameServer, Outbound, Proxy};
pub use self::rates::{Rate, RateLimits};
pub use self::server::{PublicUrl, Server};
pub use self::settings::{KNOWN, Kind, Known, Origin, Setting};
pub use self::sources::Sources;

use self::settings::Origins;

/// Everything that is set, parsed.
///
/// Its serialized form is what `usher config show` prints: passwords are already left out.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where people and programs reach Usher.
    pub server: Server,
    /// Where everything is kept.
    pub database: Database,
    /// Where the master key is.
    pub keys: Keys,
    /// How mail leaves.
    pub mail: Mail,
    /// Where Usher itself may connect to.
    pub outbound: Outbound,
    /// How many requests a minute the admin API takes from one and the same.
    pub rate_limits: RateLimits,
    /// What is logged, and how.
    pub log: Log,
    #[serde(skip)]
    origins: Origins,
}

impl Config {
    /// Reads the settings from every source, the later over the earlier.
    pub fn load(sources: &Sources) -> Result<Self, Error> {
        let (table, origins) = sources.merge()?;
        let mut config = settings::parse(table, &origins)?;
        config.origins = origins;
        config.place_master_key()?;
        Ok(config)
    }

    /// Each setting with its value, fit to be shown, and where the value comes from.
    pub fn describe(&self) -> Vec<Setting> {
        settings::describe(self, &self.origins)
    }

    /// The key's file goes beside the database file; a database elsewhere has no beside.
    fn place_master_key(&mut self) -> Result<(), Error> {
        if self.origins.contains_key(keys::MASTER_KEY_FILE) {
            return Ok(());
        }
        self.keys.master_key_file =
            self.database
                .url
                .beside(keys::FILE_NAME)
                .ok_or(Error::Missing {
                    key: keys::MASTER_KEY_FILE,
                    because: database::NOTHING_BESIDE,
                })?;
        Ok(())
    }
}

/// The file that is read when none is named and it is there.
pub const DEFAULT_FILE: &str = "usher.toml";

/// [`DEFAULT_FILE`] in the working directory, if there.
fn default_file() -> Option<PathBuf> {
    let path = PathBuf::from(DEFAULT_FILE);
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests;
