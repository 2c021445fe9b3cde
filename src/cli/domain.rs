//! `usher domain`.

use clap::Subcommand;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::id::ConnectionId;
use crate::provisioning::settings::connection_state;

/// Trusted domains: whose addresses a connection may sign in
#[derive(Debug, Subcommand)]
pub(super) enum Domain {
    /// Trust a domain, on your word as the operator
    ///
    /// Examples:
    ///   usher domain add --org acme acme.example
    ///   usher domain add --org acme --connection ID acme.example
    #[command(verbatim_doc_comment)]
    Add {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The connection [default: the organization's only one]
        #[arg(long, value_name = "ID")]
        connection: Option<ConnectionId>,
        /// The domain
        domain: String,
    },
    /// List an organization's trusted domains
    ///
    /// Example:
    ///   usher domain list --org acme
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
}

const COLUMNS: [&str; 4] = ["domain", "connection_id", "source", "created_at"];

impl Domain {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let store = &opened.store;
        let shown = match self {
            Self::Add {
                org,
                connection,
                domain,
            } => {
                let org = opened.organization(&org).await?;
                let context = opened.context();
                connection_state::trust_domain(store, org, context, connection, &domain).await?
            }
            Self::List { org } => {
                let org = opened.organization(&org).await?;
                connection_state::domains(store, org).await?
            }
        };
        opened.output.rows(&shown, &COLUMNS)
    }
}
