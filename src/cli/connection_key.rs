//! `usher connection key`.

use clap::Subcommand;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::id::ConnectionId;
use crate::provisioning::saml_keys::{self, Step};

/// Our own key of a connection, and its rollover
///
/// Add a next key, let the identity provider read our metadata again, switch to it, and drop the
/// old one once nothing is encrypted for it any more. Nobody is locked out in between.
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment)]
pub(super) enum Key {
    /// List the keys; the first is made where there was none
    ///
    /// Example:
    ///   usher connection key list ID
    #[command(verbatim_doc_comment)]
    List {
        /// The connection
        id: ConnectionId,
    },
    /// Make the next key and publish it in our metadata
    ///
    /// Example:
    ///   usher connection key add ID
    #[command(verbatim_doc_comment)]
    Add {
        /// The connection
        id: ConnectionId,
    },
    /// Sign with the next key from now on; the one before still decrypts
    ///
    /// Example:
    ///   usher connection key switch ID
    #[command(verbatim_doc_comment)]
    Switch {
        /// The connection
        id: ConnectionId,
    },
    /// Forget the key that is not the current one
    ///
    /// Example:
    ///   usher connection key drop ID
    #[command(verbatim_doc_comment)]
    Drop {
        /// The connection
        id: ConnectionId,
    },
}

const COLUMNS: [&str; 5] = ["id", "state", "fingerprint", "not_after", "created_at"];

impl Key {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let (store, secrets) = (&opened.store, &opened.links.secrets);
        let (id, step) = match self {
            Self::List { id } => {
                let context = opened.context();
                let keys = saml_keys::list(store, &context.ids, secrets, id).await?;
                return opened.output.rows(&keys, &COLUMNS);
            }
            Self::Add { id } => (id, Step::Add),
            Self::Switch { id } => (id, Step::Switch),
            Self::Drop { id } => (id, Step::Drop),
        };
        let keys = saml_keys::step(store, opened.context(), secrets, id, step).await?;
        opened.output.rows(&keys, &COLUMNS)
    }
}
