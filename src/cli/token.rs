//! `usher token`.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::SignedDuration;

use crate::cli::arguments::{lifetime, proof, word};
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::oauth_client::AuthMethod;
use crate::id::{ConnectionId, ScimTokenId};
use crate::provisioning::settings::oauth_clients::{self, NewClient};
use crate::provisioning::settings::tokens;

/// SCIM tokens: the bearers of a connection's SCIM client, at most two live ones; and its OAuth
/// clients, at most two, which get short-lived tokens from /oauth/token
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Issue a token, or an OAuth client; the secret is shown this once
    ///
    /// With --oauth it is a client for /oauth/token (client credentials, scope `scim`): with a
    /// secret, or with keys of its own by which it signs (RFC 7523).
    ///
    /// Examples:
    ///   usher token issue --connection ID
    ///   usher token issue --connection ID --expires 90d --scopes read
    ///   usher token issue --connection ID --oauth
    ///   usher token issue --connection ID --oauth --jwks-url https://idp.example/jwks.json
    ///   usher token issue --connection ID --oauth --jwks-file keys.json
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
        /// Issue an OAuth client
        #[arg(long)]
        oauth: bool,
        /// How it proves itself [default: a secret, in the header or in the form; private_key_jwt with keys]
        #[arg(long, value_name = "METHOD", requires = "oauth", value_parser = word::<AuthMethod>(AuthMethod::WORDS))]
        auth_method: Option<AuthMethod>,
        /// Where it publishes its keys (a JWK Set), by https
        #[arg(
            long,
            value_name = "URL",
            requires = "oauth",
            conflicts_with = "jwks_file"
        )]
        jwks_url: Option<String>,
        /// The file with its public keys (a JWK Set), or - for standard input
        #[arg(long, value_name = "FILE", requires = "oauth")]
        jwks_file: Option<PathBuf>,
    },
    /// List a connection's tokens and OAuth clients, without their secrets
    ///
    /// Example:
    ///   usher token list --connection ID
    #[command(verbatim_doc_comment)]
    List {
        /// The connection
        #[arg(long, value_name = "ID")]
        connection: ConnectionId,
    },
    /// Revoke a token, or an OAuth client with all its access tokens, for good
    ///
    /// Example:
    ///   usher token revoke --connection ID TOKEN_ID
    #[command(verbatim_doc_comment)]
    Revoke {
        /// The connection
        #[arg(long, value_name = "ID")]
        connection: ConnectionId,
        /// The token's id, not the token itself; an OAuth client's is its client id
        #[arg(value_name = "TOKEN_ID")]
        token: ScimTokenId,
    },
}

const COLUMNS: [&str; 7] = [
    "id",
    "kind",
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
                oauth: false,
                ..
            } => {
                let context = opened.context();
                let issued = tokens::issue(store, context, connection, expires, &scopes).await?;
                output.note("The token is shown this once; keep it safe.")?;
                output.record(&issued)
            }
            Self::Issue {
                connection,
                expires,
                scopes,
                auth_method,
                jwks_url,
                jwks_file,
                ..
            } => {
                let private = opened.config.outbound.allow_private_targets;
                let new = NewClient {
                    proof: proof(auth_method, jwks_url, jwks_file, private)?,
                    expires,
                    scopes: tokens::scopes(&scopes)?,
                };
                let (context, url) = (opened.context(), opened.public_url());
                let issued = oauth_clients::issue(store, context, connection, new, url).await?;
                if issued.client_secret.is_some() {
                    output.note("The secret is shown this once; keep it safe.")?;
                }
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
