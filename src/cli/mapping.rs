//! `usher mapping`.

use clap::{Args, Subcommand};
use futures_util::FutureExt;

use crate::cli::arguments::word;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::directory::mapping::MatchKind;
use crate::id::{ConnectionId, MappingId};
use crate::provisioning::change;
use crate::provisioning::settings::connections;
use crate::provisioning::settings::mappings::{self, NewMapping};
use crate::provisioning::settings::plan::{self, Plan, Proposal, Removal};

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
    /// Tell who would gain and who would lose by a rule, and change nothing
    ///
    /// Exit code 4 where somebody's roles would change, 0 where nobody's would.
    ///
    /// Examples:
    ///   usher mapping preview --connection ID --group SEO_Editors --role editor
    ///   usher mapping preview --connection ID --remove MAPPING_ID
    #[command(verbatim_doc_comment)]
    Preview(Preview),
}

#[derive(Args, Debug)]
pub(super) struct Preview {
    /// The rule that is to go, instead of one that is to come
    #[arg(long, value_name = "MAPPING_ID", conflicts_with_all = ["group", "role", "project"])]
    remove: Option<MappingId>,
    /// The connection
    #[arg(long, value_name = "ID")]
    connection: ConnectionId,
    /// The group of the rule that is to come
    #[arg(long, value_name = "NAME", required_unless_present = "remove")]
    group: Option<String>,
    /// What --group holds: the name in any case, the externalId, or the SCIM id
    #[arg(long = "match", value_parser = word::<MatchKind>(MatchKind::WORDS),
        default_value = "name")]
    match_kind: MatchKind,
    /// The role that the group would give
    #[arg(long, required_unless_present = "remove")]
    role: Option<String>,
    /// A project to which the role would be confined; may be given several times
    #[arg(long, value_name = "SLUG")]
    project: Vec<String>,
}

impl From<Preview> for Proposal {
    fn from(preview: Preview) -> Self {
        match preview.remove {
            Some(id) => Self::Remove(Removal {
                connection_id: Some(preview.connection),
                id,
            }),
            None => Self::Add(NewMapping {
                connection: preview.connection,
                match_kind: preview.match_kind,
                group: preview.group.unwrap_or_default(),
                role: preview.role.unwrap_or_default(),
                projects: preview.project,
            }),
        }
    }
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
        }
    }
}

const COLUMNS: [&str; 6] = ["position", "group", "role", "projects", "state", "id"];

impl Mapping {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let (store, output) = (&opened.store, opened.output);
        match self {
            Self::Add(rule) => {
                output.record(&mappings::add(store, opened.context(), rule.into()).await?)?;
            }
            Self::List { connection } => {
                output.rows(&mappings::list(store, connection).await?, &COLUMNS)?;
            }
            Self::Remove {
                connection,
                mapping,
            } => {
                let context = opened.context();
                output.record(&mappings::remove(store, context, connection, mapping).await?)?;
            }
            Self::Preview(proposal) => {
                let context = opened.context();
                let org = connections::find(store, proposal.connection).await?.org_id;
                let proposals = [Proposal::from(proposal)];
                let planned = change(store, org, context, move |change| {
                    let proposals = proposals.clone();
                    async move { plan::outlook(change, &proposals).await }.boxed()
                });
                let plan = planned.await?;
                output.record(&plan)?;
                return Ok(outcome(&plan));
            }
        }
        Ok(Outcome::Done)
    }
}

fn outcome(plan: &Plan) -> Outcome {
    if plan.people.is_empty() {
        Outcome::Done
    } else {
        Outcome::WouldChange
    }
}
