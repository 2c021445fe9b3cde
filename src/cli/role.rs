//! `usher role`.

use clap::Subcommand;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::provisioning::settings::roles::{self, NewRole};

/// Roles: an organization's ordered catalogue; a higher rank may do more
#[derive(Debug, Subcommand)]
pub(super) enum Role {
    /// Create a role
    ///
    /// Example:
    ///   usher role create --org acme auditor --rank 30 --name Auditor
    #[command(verbatim_doc_comment)]
    Create {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The role's name in tokens: a-z, 0-9 and -, fixed for life
        slug: String,
        /// Its place in the order: 1 to 99, one role a rank
        #[arg(long)]
        rank: i64,
        /// The name for people [default: the slug]
        #[arg(long)]
        name: Option<String>,
    },
    /// List an organization's roles, the highest first
    ///
    /// Example:
    ///   usher role list --org acme
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
}

impl Role {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        match self {
            Self::Create {
                org,
                slug,
                rank,
                name,
            } => {
                let org = opened.organization(&org).await?;
                let new = NewRole { slug, name, rank };
                let role = roles::create(&opened.store, org, opened.context(), new).await?;
                opened.output.record(&role)
            }
            Self::List { org } => {
                let org = opened.organization(&org).await?;
                let all = roles::list(&opened.store, org).await?;
                opened
                    .output
                    .rows(&all, &["slug", "name", "rank", "is_default", "id"])
            }
        }
    }
}
