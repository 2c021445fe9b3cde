//! `usher project`.

use clap::Subcommand;
use futures_util::FutureExt;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::provisioning::change;
use crate::provisioning::settings::projects::{self, NewProject, ProjectChange};

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
    /// Rename a project, archive it, or let it live again
    ///
    /// Of an archived project apps are told no role, and nobody is given one; live again, everybody has what
    /// they had.
    ///
    /// Examples:
    ///   usher project update --org acme website --name "The new website"
    ///   usher project update --org acme website --archived true
    #[command(verbatim_doc_comment)]
    Update {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The project's slug
        #[arg(value_name = "PROJECT_SLUG")]
        slug: String,
        /// Its name for people
        #[arg(long)]
        name: Option<String>,
        /// Whether it is archived
        #[arg(long, value_name = "BOOL")]
        archived: Option<bool>,
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
                let new = NewProject { slug, name };
                let made = projects::create(&opened.store, org, opened.context(), new).await?;
                opened.output.record(&made)
            }
            Self::Update {
                org,
                slug,
                name,
                archived,
            } => {
                let org = opened.organization(&org).await?;
                let wanted = ProjectChange { name, archived };
                let updated = change(&opened.store, org, opened.context(), move |change| {
                    let (slug, wanted) = (slug.clone(), wanted.clone());
                    async move { projects::update(change, &slug, &wanted).await }.boxed()
                });
                opened.output.record(&updated.await?)
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
