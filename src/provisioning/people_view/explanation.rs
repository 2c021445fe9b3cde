//! Why a person holds the role they hold: the resolution, told grant by grant.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::connection::Mode;
use crate::directory::grant::{self, GrantSource, Layer, Resolution, Verdict};
use crate::directory::lint::{Facts, Recognized};
use crate::directory::mapping::MatchKind;
use crate::directory::user::UserState;
use crate::id::{ConnectionId, GrantId, MappingId, OrganizationId, ScimGroupId, UserId};
use crate::provisioning::people_view::{Inputs, ProjectRole, project_roles, slug};
use crate::provisioning::resolution::World;
use crate::provisioning::{Error, Kind, lint};
use crate::store::Tx;
use crate::store::rows::{GrantRow, IdentityRow, ScimGroupRow};
use crate::store::types::Time;

/// Why a person holds the role they hold: every grant with its verdict.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The person.
    #[schema(value_type = String, format = "uuid")]
    pub user_id: UserId,
    /// What the person is now.
    pub state: UserState,
    /// The slug of the organization-wide role that follows; null where there is none.
    pub role: Option<String>,
    /// The roles in projects that follow.
    pub projects: Vec<ProjectRole>,
    /// What decided the organization-wide role.
    pub because: Because,
    /// Every live grant, the oldest first.
    pub candidates: Vec<Candidate>,
    /// The groups that the person's last sign-ins named, and what became of each.
    pub asserted_groups: Vec<AssertedGroup>,
    /// What the resolution was made of beside the grants.
    pub inputs: Inputs,
}

/// A group that a sign-in named.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AssertedGroup {
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// What the assertion says.
    pub value: String,
    /// `SCIM group`, `named by a rule`, or `unknown group, waiting` where it is neither.
    pub state: &'static str,
}

/// What decided the organization-wide role.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Because {
    /// `grant`, `owner`, `inactive`, `connection_default`, `organization_default` or
    /// `project_grants_only`.
    pub source: &'static str,
    /// The grant, where one decided.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub grant_id: Option<GrantId>,
}

/// A grant and what became of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Candidate {
    /// The grant.
    #[schema(value_type = String, format = "uuid")]
    pub grant_id: GrantId,
    /// Why it counted or did not.
    pub verdict: Verdict,
    /// The slug of the role it gives.
    pub role: String,
    /// The role's rank.
    pub rank: i64,
    /// The slugs of the projects it counts in; empty means the whole organization.
    pub projects: Vec<String>,
    /// Where it comes from.
    pub source: GrantSource,
    /// The layer in which it counts.
    pub layer: Layer,
    /// The rule that gave it.
    pub mapping: Option<Rule>,
    /// The group that the rule matched.
    pub group: Option<MatchedGroup>,
    /// The request or command that caused it.
    pub cause: String,
    /// Since when.
    #[schema(value_type = String, format = "date-time")]
    pub granted_at: Timestamp,
    /// Until when, if not for good.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub ends_at: Option<Timestamp>,
}

/// The rule behind a grant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rule {
    /// The mapping.
    #[schema(value_type = String, format = "uuid")]
    pub id: MappingId,
    /// Its connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// By what it knows its group.
    pub match_kind: MatchKind,
    /// What it says of the group.
    pub match_text: String,
    /// Its place among the connection's rules.
    pub position: i64,
}

/// The group behind a grant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchedGroup {
    /// The SCIM Group's id; null for a group that only sign-ins name.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub id: Option<ScimGroupId>,
    /// Its name, or what the rule calls it.
    pub display_name: String,
}

/// Why one person holds the role they hold.
pub async fn explain(
    tx: &mut Tx,
    org: OrganizationId,
    id: UserId,
    now: Timestamp,
) -> Result<Explanation, Error> {
    let world = World::load(tx, org, &[id]).await?;
    let user = world.users.get(&id).ok_or(Error::NotFound(Kind::User))?;
    let rows = tx.live_grants(org, &[id]).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let scopes = tx.grant_projects(org, &ids).await?;
    let grants: Vec<_> = rows.iter().map(|row| world.grant(row, &scopes)).collect();
    let resolution = world.resolve(user, &grants, Time(now));
    let groups: Vec<_> = rows.iter().filter_map(group_of).collect();
    let groups: BTreeMap<_, _> = tx
        .scim_groups_by_ids(org, &groups)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let inputs = Inputs::of(&world, user, now);
    let candidates = rows.iter().zip(&grants);
    let candidates = candidates
        .map(|(row, grant)| candidate(&world, &resolution, row, grant, &groups, inputs.mode));
    Ok(Explanation {
        user_id: id,
        state: user.state(),
        role: world
            .role_slug(resolution.entitlement.role)
            .map(str::to_owned),
        projects: project_roles(&resolution.entitlement, &world.roles, &world.projects),
        because: because(&resolution.because),
        candidates: candidates.collect(),
        asserted_groups: asserted_groups(tx, org, &world.identities).await?,
        inputs,
    })
}

async fn asserted_groups(
    tx: &mut Tx,
    org: OrganizationId,
    links: &[IdentityRow],
) -> Result<Vec<AssertedGroup>, Error> {
    let mut groups = Vec::new();
    for link in links {
        let mut facts = Facts::default();
        let values = lint::asserted(link);
        facts.asserted = values.iter().cloned().map(|it| (it, 1)).collect();
        lint::recognize(tx, (org, link.connection_id), &mut facts).await?;
        groups.extend(values.into_iter().map(|value| AssertedGroup {
            connection_id: link.connection_id,
            state: match facts.recognized(&value) {
                Recognized::ScimGroup => "SCIM group",
                Recognized::Rule => "named by a rule",
                Recognized::No => "unknown group, waiting",
            },
            value,
        }));
    }
    Ok(groups)
}

fn candidate(
    world: &World,
    resolution: &Resolution,
    row: &GrantRow,
    grant: &grant::Grant,
    groups: &BTreeMap<ScimGroupId, ScimGroupRow>,
    mode: Mode,
) -> Candidate {
    let mapping = mapping_of(row)
        .and_then(|id| world.mappings.get(&id))
        .map(|(rule, _)| rule);
    Candidate {
        grant_id: row.id,
        verdict: resolution
            .verdicts
            .get(&row.id)
            .copied()
            .unwrap_or(Verdict::Dormant),
        role: world
            .role_slug(Some(row.role_id))
            .unwrap_or_default()
            .to_owned(),
        rank: world.roles.rank(row.role_id),
        projects: grant
            .projects
            .iter()
            .filter_map(|id| slug(&world.projects, *id))
            .collect(),
        source: row.source,
        layer: Layer::of(row.source, mode),
        mapping: mapping.map(|rule| Rule {
            id: rule.id,
            connection_id: rule.connection_id,
            match_kind: rule.match_kind,
            match_text: rule.match_text.clone(),
            position: rule.position,
        }),
        group: matched(row, mapping.map(|rule| rule.match_text.as_str()), groups),
        cause: row.cause.clone(),
        granted_at: row.granted_at.0,
        ends_at: row.ends_at.map(|at| at.0),
    }
}

/// The rule that gave a grant: the first half of its reference.
fn mapping_of(row: &GrantRow) -> Option<MappingId> {
    row.source_ref
        .split_once('/')
        .and_then(|(mapping, _)| mapping.parse().ok())
}

/// The directory's group behind a grant: the second half of its reference.
fn group_of(row: &GrantRow) -> Option<ScimGroupId> {
    let (_, group) = row.source_ref.split_once('/')?;
    (row.source == GrantSource::DirectoryGroup).then(|| group.parse().ok())?
}

fn matched(
    row: &GrantRow,
    written: Option<&str>,
    groups: &BTreeMap<ScimGroupId, ScimGroupRow>,
) -> Option<MatchedGroup> {
    let group = group_of(row).and_then(|id| groups.get(&id));
    let display_name = group
        .map(|group| group.display_name.as_str())
        .or(written)?
        .to_owned();
    Some(MatchedGroup {
        id: group.map(|group| group.id),
        display_name,
    })
}

fn because(because: &grant::Because) -> Because {
    let (source, grant_id) = match because {
        grant::Because::ConnectionDefault => ("connection_default", None),
        grant::Because::Grant(id) => ("grant", Some(*id)),
        grant::Because::Inactive => ("inactive", None),
        grant::Because::NoOrganizationGrant => ("project_grants_only", None),
        grant::Because::OrganizationDefault => ("organization_default", None),
        grant::Because::Owner => ("owner", None),
    };
    Because { source, grant_id }
}
