//! Explain: why a person has the role they have. Every grant, live or retired, with its verdict,
//! and what decided in the end.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;

use crate::directory::grant::{Because, Grant, GrantSource, Resolution, Verdict};
use crate::id::{
    ConnectionId, GrantId, MappingId, OrganizationId, ProjectId, ScimGroupId,
};
use crate::provisioning::people::{self, Person};
use crate::provisioning::resolution::World;
use crate::provisioning::{Error, Kind};
use crate::store::rows::{GrantRow, UserRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// The resolution of one person.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The person, with the roles in force.
    pub user: Person,
    /// What decided the organization-wide role.
    pub decided_by: Decision,
    /// Every grant, the newest first.
    pub grants: Vec<Candidate>,
}

/// What decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The kind of reason.
    pub source: &'static str,
    /// The grant that won, if one did.
    pub grant_id: Option<GrantId>,
    /// The same in a sentence.
    pub text: String,
}

/// A grant and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    /// Its id.
    pub id: GrantId,
    /// The verdict: `won`, or why not.
    pub verdict: &'static str,
    /// The role.
    pub role: Option<String>,
    /// The projects it is for; none means the whole organization.
    pub projects: Vec<String>,
    /// Where it comes from.
    pub source: GrantSource,
    /// The rule that gave it, for a grant from a group.
    pub rule: Option<Rule>,
    /// Since when.
    pub granted_at: Timestamp,
    /// The request or command that made it.
    pub cause: String,
    /// Until when, if not for good.
    pub ends_at: Option<Timestamp>,
    /// When it was retired.
    pub retired_at: Option<Timestamp>,
    /// Why it was retired.
    pub retired_cause: Option<String>,
}

/// A rule behind a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The mapping; its row may be gone.
    pub mapping_id: MappingId,
    /// The connection, while the mapping is there.
    pub connection_id: Option<ConnectionId>,
    /// The group, by the name that is known of it.
    pub group: Option<String>,
    /// Its place among the connection's rules.
    pub position: Option<i64>,
}

/// The verdict on a grant that does not live any more.
const RETIRED: &str = "retired";

/// Explains a person's roles; `now` is the instant at which grants are weighed.
pub async fn explain(
    store: &Store,
    org: OrganizationId,
    named: &str,
    now: Timestamp,
) -> Result<Explanation, Error> {
    let named = named.to_owned();
    let explained = store.read(move |tx| {
        let named = named.clone();
        async move {
            let user = people::find(tx, org, &named).await?;
            of_user(tx, org, user, Time(now)).await
        }
        .boxed()
    });
    explained.await
}

async fn of_user(
    tx: &mut Tx,
    org: OrganizationId,
    user: UserRow,
    now: Time,
) -> Result<Explanation, Error> {
    let world = World::load(tx, org, &[user.id]).await?;
    let history = tx.grant_history(org, user.id).await?;
    let ids: Vec<_> = history.iter().map(|row| row.id).collect();
    let projects = tx.grant_projects(org, &ids).await?;
    let live = history.iter().filter(|row| row.retired_at.is_none());
    let live: Vec<Grant> = live.map(|row| world.grant(row, &projects)).collect();
    let resolution = world.resolve(&user, &live, now);
    let groups = groups(tx, org, &history).await?;
    let person = people::described(tx, org, vec![user]).await?.pop();
    let told = Telling { world: &world, resolution: &resolution, groups, projects };
    let mut grants: Vec<_> = history.iter().map(|row| told.candidate(row)).collect();
    grants.reverse();
    let user = person.ok_or(Error::NotFound(Kind::User))?;
    let decided_by = decision(&user, &resolution, &grants);
    Ok(Explanation { user, decided_by, grants })
}

/// The names of the groups that gave grants, as far as the groups are still there.
async fn groups(
    tx: &mut Tx,
    org: OrganizationId,
    history: &[GrantRow],
) -> Result<BTreeMap<ScimGroupId, String>, Error> {
    let ids = history.iter().filter(|row| row.source == GrantSource::DirectoryGroup);
    let ids = ids.filter_map(|row| row.source_ref.split_once('/')?.1.parse().ok());
    let ids: Vec<ScimGroupId> = ids.collect();
    let rows = tx.scim_groups_by_ids(org, &ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.display_name)).collect())
}

struct Telling<'w> {
    world: &'w World,
    resolution: &'w Resolution,
    groups: BTreeMap<ScimGroupId, String>,
    projects: Vec<(GrantId, ProjectId)>,
}

impl Telling<'_> {
    fn candidate(&self, row: &GrantRow) -> Candidate {
        let verdict = self.resolution.verdicts.get(&row.id).copied().map(Verdict::as_str);
        let slug = |id: &ProjectId| {
            let project = self.world.projects.iter().find(|project| project.id == *id);
            project.map(|project| project.slug.clone())
        };
        let mine = self.projects.iter().filter(|(id, _)| *id == row.id);
        Candidate {
            id: row.id,
            verdict: verdict.unwrap_or(RETIRED),
            role: self.world.role_slug(Some(row.role_id)).map(str::to_owned),
            projects: mine.filter_map(|(_, project)| slug(project)).collect(),
            source: row.source,
            rule: self.rule(row),
            granted_at: row.granted_at.0,
            cause: row.cause.clone(),
            ends_at: row.ends_at.map(|at| at.0),
            retired_at: row.retired_at.map(|at| at.0),
            retired_cause: row.retired_cause.clone(),
        }
    }

    fn rule(&self, row: &GrantRow) -> Option<Rule> {
        if !matches!(row.source, GrantSource::DirectoryGroup | GrantSource::SamlGroup) {
            return None;
        }
        let (mapping, origin) = row.source_ref.split_once('/')?;
        let mapping_id: MappingId = mapping.parse().ok()?;
        let mapping = self.world.mappings.get(&mapping_id).map(|(mapping, _)| mapping);
        let group = origin.parse().ok().and_then(|id: ScimGroupId| self.groups.get(&id).cloned());
        Some(Rule {
            mapping_id,
            connection_id: mapping.map(|mapping| mapping.connection_id),
            group: group.or_else(|| mapping.map(|mapping| mapping.match_text.clone())),
            position: mapping.map(|mapping| mapping.position),
        })
    }
}

fn decision(user: &Person, resolution: &Resolution, grants: &[Candidate]) -> Decision {
    let role = user.role.as_deref().unwrap_or("no role");
    let plain = |source, text: String| Decision { source, grant_id: None, text };
    match &resolution.because {
        Because::ConnectionDefault => {
            plain("connection_default", format!("{role}: the default of the person's connection"))
        }
        Because::OrganizationDefault => {
            plain("organization_default", format!("{role}: the organization's default"))
        }
        Because::NoOrganizationGrant => {
            plain("project_grants_only", "only roles in projects are granted".to_owned())
        }
        Because::Inactive => {
            plain("inactive", format!("no role: the person is {}", user.state.as_str()))
        }
        Because::Owner => plain("owner", "owner: the person holds the title".to_owned()),
        Because::Grant(id) => {
            let grant = grants.iter().find(|grant| grant.id == *id);
            let group = grant.and_then(|grant| grant.rule.as_ref()?.group.as_deref());
            let source = grant.map_or("a grant", |grant| grant.source.as_str());
            let text = match group {
                Some(group) => format!("{role}: from the group {group} ({source})"),
                None => format!("{role}: from {source}"),
            };
            Decision { source: "grant", grant_id: Some(*id), text }
        }
    }
}
