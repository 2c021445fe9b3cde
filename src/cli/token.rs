//! `usher token`.

use clap::Subcommand;
use jiff::SignedDuration;

use crate::cli::arguments::lifetime;
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::id::{ConnectionId, ScimTokenId};
use crate::provisioning::settings::tokens;

/// SCIM tokens: the bearers of a connection's SCIM client, at most two live ones
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Issue a token; it is shown this once
    ///
    /// Examples:
    ///   usher token issue --connection ID
    ///   usher token issue --connection ID --expires 90d --scopes read
    #[command(verbatim_doc_comment)]
    Issue {
        /// The connection
        #[arg(long, value_name = "ID")]
        connection: ConnectionId,
        /// How long it lives, such as 90d or 1y [default: until it is revoked]
        #[arg(long, value_name = "TIME", value_parser = lifetime)]
        expires: Option<SignedDuration>,
        /// What it may do: read, write [default: both]
        #[arg(long, value_name = "SCOPE", value_delimiter = ',', num_args = 1..)]
        scopes: Vec<String>,
    },
    /// List a connection's tokens, without their secrets
    ///
    /// Example:
    ///   usher token list --connection ID
    #[command(verbatim_doc_comment)]
    List {
        /// The connection
        #[arg(long, value_name = "ID")]
        connection: ConnectionId,
    },
    /// Revoke a token for good
    ///
    /// Example:
    ///   usher token revoke --connection ID TOKEN_ID
    #[command(verbatim_doc_comment)]
    Revoke {
        /// The connection
        #[arg(long, value_name = "ID")]
        connection: ConnectionId,
        /// The token's id, not the token itself
        #[arg(value_name = "TOKEN_ID")]
        token: ScimTokenId,
    },
}

const COLUMNS: [&str; 6] = [
    "id",
    "last4",
    "scopes",
    "live",
    "expires_at",
    "last_used_at",
];

impl Token {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let (store, output) = (&opened.store, opened.output);
        match self {
            Self::Issue {
                connection,
                expires,
                scopes,
            } => {
                let context = opened.context();
                let issued = tokens::issue(store, context, connection, expires, &scopes).await?;
                output.note("The token is shown this once; keep it safe.")?;
                output.record(&issued)
            }
            Self::List { connection } => {
                let now = opened.ids.clock().now();
                output.rows(&tokens::list(store, connection, now).await?, &COLUMNS)
            }
            Self::Revoke { connection, token } => {
                output.record(&tokens::revoke(store, opened.context(), connection, token).await?)
            }
        }
    }
}
