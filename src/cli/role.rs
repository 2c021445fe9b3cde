//! `usher role`.

use clap::Subcommand;
use futures_util::FutureExt;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::mapping_changes::{apply, look};
use crate::cli::opened::Opened;
use crate::provisioning::change;
use crate::provisioning::settings::plan::Proposal;
use crate::provisioning::settings::role_removal::RoleRemoval;
use crate::provisioning::settings::roles::{self, NewRole, RoleChange};

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
    /// Give a role another name for people
    ///
    /// Its slug and its rank are fixed for life: to rank it anew create another role, and remove this one with
    /// --replace-with.
    ///
    /// Example:
    ///   usher role rename --org acme auditor --name "Internal audit"
    #[command(verbatim_doc_comment)]
    Rename {
        /// The role
        role: String,
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// Its name for people
        #[arg(long)]
        name: String,
    },
    /// Remove a role; with --replace-with another takes its place wherever it is used
    ///
    /// Refused while something uses it: rules, defaults, ceilings, grants that live, open invitations.
    /// Where more than 20 people's roles change it takes the digest that --dry-run prints. Exit code 4
    /// where the role would go and nothing was done.
    ///
    /// Examples:
    ///   usher role remove auditor --org acme
    ///   usher role remove auditor --org acme --replace-with viewer --dry-run
    #[command(verbatim_doc_comment)]
    Remove {
        /// The role
        role: String,
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The role that takes its place
        #[arg(long, value_name = "ROLE")]
        replace_with: Option<String>,
        /// Only tell what it would do
        #[arg(long)]
        dry_run: bool,
        /// The digest of the plan that was shown
        #[arg(long, allow_hyphen_values = true, conflicts_with = "dry_run")]
        digest: Option<String>,
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
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
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
                opened.output.record(&role)?;
            }
            Self::Rename { role, org, name } => {
                let org = opened.organization(&org).await?;
                let wanted = RoleChange { name };
                let renamed = change(&opened.store, org, opened.context(), move |change| {
                    let (role, wanted) = (role.clone(), wanted.clone());
                    async move { roles::rename(change, &role, &wanted).await }.boxed()
                });
                opened.output.record(&renamed.await?)?;
            }
            Self::List { org } => {
                let org = opened.organization(&org).await?;
                let all = roles::list(&opened.store, org).await?;
                let columns = ["slug", "name", "rank", "is_default", "id"];
                opened.output.rows(&all, &columns)?;
            }
            Self::Remove {
                role,
                org,
                replace_with,
                dry_run,
                digest,
            } => {
                let org = opened.organization(&org).await?;
                let gone = vec![Proposal::RemoveRole(RoleRemoval { role, replace_with })];
                if dry_run {
                    opened.output.record(&look(opened, org, gone).await?)?;
                    return Ok(Outcome::WouldChange);
                }
                opened
                    .output
                    .record(&apply(opened, org, gone, digest).await?)?;
            }
        }
        Ok(Outcome::Done)
    }
}
