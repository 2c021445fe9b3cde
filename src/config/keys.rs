//! Where the master key is: the file of random bytes that wraps every other key. It is never in
//! the database and never in a backup.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The key of the one setting of this section.
pub(super) const MASTER_KEY_FILE: &str = "master_key_file";

/// The name of the key's file beside a database file.
pub(super) const FILE_NAME: &str = "usher.key";

/// The settings of the keys.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// The file, created on the first start where it is missing. Its default is beside the
    /// database file.
    pub master_key_file: PathBuf,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            master_key_file: PathBuf::from(FILE_NAME),
        }
    }
}
