//! `usher project`.

use clap::Subcommand;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::provisioning::settings::projects;

/// Projects: parts of an organization that a role may be held in
#[derive(Debug, Subcommand)]
pub(super) enum Project {
    /// Create a project
    ///
    /// Example:
    ///   usher project create --org acme website --name "The website"
    #[command(verbatim_doc_comment)]
    Create {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The project's name in tokens: a-z, 0-9 and -, fixed for life
        #[arg(value_name = "PROJECT_SLUG")]
        slug: String,
        /// The name for people [default: the slug]
        #[arg(long)]
        name: Option<String>,
    },
    /// List an organization's projects
    ///
    /// Example:
    ///   usher project list --org acme
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
}

impl Project {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        match self {
            Self::Create { org, slug, name } => {
                let org = opened.organization(&org).await?;
                let (context, name) = (opened.context(), name.as_deref());
                let made = projects::create(&opened.store, org, context, &slug, name).await?;
                opened.output.record(&made)
            }
            Self::List { org } => {
                let org = opened.organization(&org).await?;
                let all = projects::list(&opened.store, org).await?;
                opened
                    .output
                    .rows(&all, &["slug", "name", "archived_at", "id"])
            }
        }
    }
}
