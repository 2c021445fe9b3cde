//! `usher mapping`, what is shown before it is done.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use futures_util::FutureExt;
use serde::Deserialize;

use crate::cli::arguments::{switch, text, word};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::recompute;
use crate::directory::mapping::MatchKind;
use crate::id::{ConnectionId, MappingId, OrganizationId};
use crate::provisioning::change;
use crate::provisioning::settings::connections;
use crate::provisioning::settings::mappings::{NewMapping, RuleChange};
use crate::provisioning::settings::plan::{self, Applied, Plan, Proposal, Removal};

/// Whose rules.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("whose").required(true).multiple(true).args(["org", "connection"]))]
pub(super) struct Whose {
    /// The organization's slug
    #[arg(long)]
    org: Option<String>,
    /// The connection
    #[arg(long, value_name = "ID")]
    connection: Option<ConnectionId>,
}

impl Whose {
    async fn organization(&self, opened: &Opened) -> Result<OrganizationId, Failure> {
        let named = match &self.org {
            Some(slug) => Some(opened.organization(slug).await?),
            None => None,
        };
        let owner = match self.connection {
            Some(id) => Some(connections::find(&opened.store, id).await?.org_id),
            None => None,
        };
        match (named, owner) {
            (Some(org), Some(other)) if org != other => {
                let text = "the connection is not this organization's";
                Err(Failure::Usage(text.to_owned()))
            }
            (Some(org), _) | (None, Some(org)) => Ok(org),
            (None, None) => Err(Failure::Usage("say --org or --connection".to_owned())),
        }
    }
}

/// Changes of the rules: one by options, or several by a file.
#[derive(Args, Debug)]
pub(super) struct Wanted {
    #[command(flatten)]
    whose: Whose,
    /// The changes as JSON: a file, or - for standard input
    #[arg(value_name = "FILE", conflicts_with_all = ["remove", "group", "role", "project"],
        required_unless_present_any = ["remove", "group"])]
    file: Option<PathBuf>,
    /// The rule that is to go, instead of one that is to come
    #[arg(long, value_name = "MAPPING_ID", conflicts_with_all = ["group", "role", "project"])]
    remove: Option<MappingId>,
    /// The group of the rule that is to come
    #[arg(long, value_name = "NAME", requires_all = ["role", "connection"])]
    group: Option<String>,
    /// What --group holds: the name in any case, the externalId, or the SCIM id
    #[arg(long = "match", value_parser = word::<MatchKind>(MatchKind::WORDS),
        default_value = "name")]
    match_kind: MatchKind,
    /// The role that the group would give
    #[arg(long, requires = "group")]
    role: Option<String>,
    /// A project to which the role would be confined; may be given several times
    #[arg(long, value_name = "SLUG")]
    project: Vec<String>,
}

/// A file of changes: the body of `mappings/apply`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    changes: Vec<Proposal>,
    #[serde(default)]
    digest: Option<String>,
}

impl Wanted {
    fn read(self) -> Result<(Whose, Changes), Failure> {
        if let Some(file) = &self.file {
            let read = serde_json::from_str(&text(file)?);
            let changes = read.map_err(|error| {
                Failure::Usage(format!("{} holds no changes: {error}", file.display()))
            })?;
            return Ok((self.whose, changes));
        }
        let proposal = match (self.remove, self.whose.connection) {
            (Some(id), connection_id) => Proposal::Remove(Removal { connection_id, id }),
            (None, Some(connection)) => Proposal::Add(NewMapping {
                connection,
                match_kind: self.match_kind,
                group: self.group.unwrap_or_default(),
                role: self.role.unwrap_or_default(),
                projects: self.project,
                position: None,
                enabled: None,
            }),
            (None, None) => {
                return Err(Failure::Usage(
                    "a rule is a connection's: --connection".to_owned(),
                ));
            }
        };
        let changes = Changes {
            changes: vec![proposal],
            digest: None,
        };
        Ok((self.whose, changes))
    }

    pub(super) async fn preview(self, opened: &Opened) -> Result<Outcome, Failure> {
        let (whose, wanted) = self.read()?;
        let org = whose.organization(opened).await?;
        let plan = look(opened, org, wanted.changes).await?;
        opened.output.record(&plan)?;
        Ok(outcome(&plan))
    }

    pub(super) async fn apply(
        self,
        opened: &Opened,
        digest: Option<String>,
    ) -> Result<Outcome, Failure> {
        let (whose, wanted) = self.read()?;
        let org = whose.organization(opened).await?;
        let digest = digest.or(wanted.digest);
        let plan = apply(opened, org, wanted.changes, digest).await?;
        opened.output.record(&plan)?;
        Ok(Outcome::Done)
    }
}

/// What is to change of a rule.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true).multiple(true)
    .args(["role", "project", "everywhere", "enabled", "position"]))]
pub(super) struct Update {
    #[command(flatten)]
    whose: Whose,
    /// The rule
    #[arg(value_name = "MAPPING_ID")]
    mapping: MappingId,
    /// The role that the group gives
    #[arg(long)]
    role: Option<String>,
    /// A project to which the role is confined, in place of those that were; may be given several times
    #[arg(long, value_name = "SLUG", conflicts_with = "everywhere")]
    project: Vec<String>,
    /// Confine the role to no project: it holds in the whole organization
    #[arg(long)]
    everywhere: bool,
    /// Whether the rule counts
    #[arg(long, value_name = "on|off", value_parser = switch())]
    enabled: Option<bool>,
    /// Its place among the connection's rules
    #[arg(long)]
    position: Option<i64>,
    /// Only tell what it would do
    #[arg(long)]
    dry_run: bool,
    /// The digest of the plan that was shown
    #[arg(long, allow_hyphen_values = true, conflicts_with = "dry_run")]
    digest: Option<String>,
}

impl Update {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let org = self.whose.organization(opened).await?;
        let confined = self.everywhere || !self.project.is_empty();
        let rule = RuleChange {
            id: self.mapping,
            role: self.role,
            projects: confined.then_some(self.project),
            enabled: self.enabled,
            position: self.position,
        };
        let changes = vec![Proposal::Update(rule)];
        if self.dry_run {
            let plan = look(opened, org, changes).await?;
            opened.output.record(&plan)?;
            return Ok(outcome(&plan));
        }
        let applied = apply(opened, org, changes, self.digest).await?;
        opened.output.record(&applied)?;
        Ok(Outcome::Done)
    }
}

/// What changes would do.
pub(super) async fn look(
    opened: &Opened,
    org: OrganizationId,
    changes: Vec<Proposal>,
) -> Result<Plan, Failure> {
    let shape = plan::shaped(&opened.store, org, opened.context(), changes).await?;
    Ok(shape.foresee(&opened.store).await?)
}

/// Makes changes together, or none of them.
pub(super) async fn apply(
    opened: &Opened,
    org: OrganizationId,
    changes: Vec<Proposal>,
    digest: Option<String>,
) -> Result<Applied, Failure> {
    let shape = plan::shaped(&opened.store, org, opened.context(), changes.clone()).await?;
    let seen = shape.ahead(&opened.store).await?;
    let context = opened.context();
    let cause = context.cause.clone();
    let made = change(&opened.store, org, context, move |change| {
        let (changes, digest, seen) = (changes.clone(), digest.clone(), seen.clone());
        async move { plan::apply(change, &changes, digest.as_deref(), seen.as_ref()).await }.boxed()
    });
    let applied = made.await?;
    recompute::finish(opened, org, &cause).await?;
    Ok(applied)
}

fn outcome(plan: &Plan) -> Outcome {
    if plan.count() == 0 {
        Outcome::Done
    } else {
        Outcome::WouldChange
    }
}
