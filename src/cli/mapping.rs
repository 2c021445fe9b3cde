//! `usher mapping`.

use clap::{Args, Subcommand};

use crate::cli::arguments::word;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::mapping_changes::{Update, Wanted};
use crate::cli::opened::Opened;
use crate::cli::recompute;
use crate::directory::mapping::MatchKind;
use crate::id::{ConnectionId, MappingId};
use crate::provisioning::settings::connections;
use crate::provisioning::settings::mappings::{self, NewMapping};

/// Mappings: a connection's rules that a group gives a role
#[derive(Debug, Subcommand)]
pub(super) enum Mapping {
    /// Add a rule; it counts at once, also for people who are in the group already
    ///
    /// The group need not have been pushed yet. Without --project the role holds in the whole
    /// organization. Nobody is made owner by a rule.
    ///
    /// Examples:
    ///   usher mapping add --connection ID --group SEO_Editors --role editor
    ///   usher mapping add --connection ID --group Web --role editor --project website
    #[command(verbatim_doc_comment)]
    Add(Rule),
    /// List a connection's rules, in their order
    ///
    /// Example:
    ///   usher mapping list --connection ID
    #[command(verbatim_doc_comment)]
    List {
        /// The connection
        #[arg(long, value_name = "ID")]
        connection: ConnectionId,
    },
    /// Remove a rule, as if everybody had left its group
    ///
    /// Example:
    ///   usher mapping remove --connection ID MAPPING_ID
    #[command(verbatim_doc_comment)]
    Remove {
        /// The connection
        #[arg(long, value_name = "ID")]
        connection: ConnectionId,
        /// The rule
        #[arg(value_name = "MAPPING_ID")]
        mapping: MappingId,
    },
    /// Change a rule in place; what is not named stays as it is
    ///
    /// Where more than 20 people's roles change it takes the digest that --dry-run prints. Exit code 4
    /// where roles would change and nothing was done.
    ///
    /// Examples:
    ///   usher mapping update --connection ID MAPPING_ID --role viewer
    ///   usher mapping update --connection ID MAPPING_ID --enabled off --dry-run
    ///   usher mapping update --org acme MAPPING_ID --everywhere
    #[command(verbatim_doc_comment)]
    Update(Update),
    /// Tell who would gain and who would lose by changes of the rules, and change nothing
    ///
    /// Exit code 4 where somebody's roles would change, 0 where nobody's would.
    ///
    /// Examples:
    ///   usher mapping preview --connection ID --group SEO_Editors --role editor
    ///   usher mapping preview --connection ID --remove MAPPING_ID
    ///   usher mapping preview --org acme changes.json
    #[command(verbatim_doc_comment)]
    Preview(Wanted),
    /// Make changes of the rules together, as their preview showed them
    ///
    /// A file holds what the admin API takes at mappings/apply: {"changes": [{"add": ...}, {"update": ...},
    /// {"remove": ...}, {"default_role": ...}, {"remove_role": ...}]}. Where more than 20 people's roles
    /// change it takes the preview's digest. Exit code 4 where roles would change and nothing was done,
    /// since the digest is missing or another one by now.
    ///
    /// Examples:
    ///   usher mapping apply --org acme changes.json --digest DIGEST
    ///   usher mapping apply --connection ID --group SEO_Editors --role editor
    #[command(verbatim_doc_comment)]
    Apply {
        #[command(flatten)]
        wanted: Wanted,
        /// The digest of the plan that was shown
        #[arg(long, allow_hyphen_values = true)]
        digest: Option<String>,
    },
    /// List where roles of many people are, or were, computed in batches
    ///
    /// A change of the rules that bears on more than a thousand people computes the roles of admins at once
    /// and all others after it, in batches.
    ///
    /// Example:
    ///   usher mapping recomputes --org acme
    #[command(verbatim_doc_comment)]
    Recomputes {
        /// The organization
        #[arg(long, value_name = "SLUG")]
        org: String,
    },
}

#[derive(Args, Debug)]
pub(super) struct Rule {
    /// The connection
    #[arg(long, value_name = "ID")]
    connection: ConnectionId,
    /// The group, by its name unless --match says otherwise
    #[arg(long, value_name = "NAME")]
    group: String,
    /// What --group holds: the name in any case, the externalId, or the SCIM id
    #[arg(long = "match", value_parser = word::<MatchKind>(MatchKind::WORDS),
        default_value = "name")]
    match_kind: MatchKind,
    /// The role that the group gives
    #[arg(long)]
    role: String,
    /// A project to which the role is confined; may be given several times
    #[arg(long, value_name = "SLUG")]
    project: Vec<String>,
}

impl From<Rule> for NewMapping {
    fn from(rule: Rule) -> Self {
        Self {
            connection: rule.connection,
            match_kind: rule.match_kind,
            group: rule.group,
            role: rule.role,
            projects: rule.project,
            position: None,
            enabled: None,
        }
    }
}

const RECOMPUTES: [&str; 5] = ["started_at", "people", "done", "finished", "id"];
const COLUMNS: [&str; 7] = [
    "position",
    "group",
    "group_name",
    "role",
    "projects",
    "state",
    "id",
];

impl Mapping {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let (store, output) = (&opened.store, opened.output);
        match self {
            Self::Add(rule) => {
                let (context, connection) = (opened.context(), rule.connection);
                let cause = context.cause.clone();
                output.record(&mappings::add(store, context, rule.into()).await?)?;
                let org = connections::find(store, connection).await?.org_id;
                recompute::finish(opened, org, &cause).await?;
            }
            Self::List { connection } => {
                output.rows(&mappings::list(store, connection).await?, &COLUMNS)?;
            }
            Self::Remove {
                connection,
                mapping,
            } => {
                let context = opened.context();
                let cause = context.cause.clone();
                output.record(&mappings::remove(store, context, connection, mapping).await?)?;
                let org = connections::find(store, connection).await?.org_id;
                recompute::finish(opened, org, &cause).await?;
            }
            Self::Recomputes { org } => {
                let org = opened.organization(&org).await?;
                output.rows(&recompute::list(opened, org).await?, &RECOMPUTES)?;
            }
            Self::Update(update) => return update.run(opened).await,
            Self::Preview(wanted) => return wanted.preview(opened).await,
            Self::Apply { wanted, digest } => return wanted.apply(opened, digest).await,
        }
        Ok(Outcome::Done)
    }
}
