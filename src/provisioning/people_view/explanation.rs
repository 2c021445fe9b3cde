//! Why a person holds the role they hold: the resolution, told grant by grant.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::grant::{self, Layer, Verdict};
use crate::directory::lint::{Facts, Recognized};
use crate::directory::mapping::MatchKind;
use crate::directory::user::UserState;
use crate::id::{
    ConnectionId, GrantId, MappingId, OrganizationId, RecomputeId, ScimGroupId, UserId,
};
use crate::provisioning::people_view::candidates::candidates;
use crate::provisioning::people_view::scene::Scene;
use crate::provisioning::people_view::{Inputs, ProjectRole, project_roles};
use crate::provisioning::safeguards::view::Waiver;
use crate::provisioning::{Error, lint};
use crate::store::Tx;
use crate::store::rows::IdentityRow;

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
    /// Every live grant, the oldest first; the defaults; and the latest that are over.
    pub candidates: Vec<Candidate>,
    /// The groups that the person's last sign-ins named, and what became of each.
    pub asserted_groups: Vec<AssertedGroup>,
    /// What directories say of the person that is not in force: held, refused or undone. Of now only.
    pub waivers: Vec<Waiver>,
    /// Where the rules changed for many people and this one's role is still to be computed by them: which
    /// recompute will. Until then the role that they had is in force, whatever follows here. Of now only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub recompute_id: Option<RecomputeId>,
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
    /// Since when later sign-ins say nothing of groups.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub stale_since: Option<Timestamp>,
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

/// Something that gives a role, and what became of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Candidate {
    /// The grant; null for a default, which is nobody's grant.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub grant_id: Option<GrantId>,
    /// Why it counted or did not.
    pub verdict: Verdict,
    /// The slug of the role it gives.
    pub role: String,
    /// The role's rank.
    pub rank: i64,
    /// The slugs of the projects it counts in; empty means the whole organization.
    pub projects: Vec<String>,
    /// Where it comes from: `bootstrap`, `csv`, `directory_group`, `invite`, `manual`, `override`,
    /// `saml_group`, `connection_default` or `organization_default`.
    pub source: &'static str,
    /// The layer in which it counts; null for a default.
    pub layer: Option<Layer>,
    /// The rule that gave it.
    pub mapping: Option<Rule>,
    /// The group that the rule matched.
    pub group: Option<MatchedGroup>,
    /// The request or command that caused it.
    pub cause: Option<String>,
    /// Who asked for it, as events name actors; null where it was given before that was kept.
    pub actor: Option<String>,
    /// Why, where whoever gave it had to say.
    pub reason: Option<String>,
    /// Since when.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub granted_at: Option<Timestamp>,
    /// Until when, if not for good.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub ends_at: Option<Timestamp>,
    /// Since when sign-ins say nothing of groups, where the group is one that they named last: it counts on.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub stale_since: Option<Timestamp>,
    /// Since when it is over.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub retired_at: Option<Timestamp>,
    /// Why it is over.
    pub retired_because: Option<String>,
    /// Whether an admin may restore it as things stand.
    pub restorable: bool,
    /// All of this in a sentence.
    pub told: String,
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
    /// The revision of the organization's rules that brought it.
    pub rev: i64,
    /// Whether it was removed since.
    pub removed: bool,
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

/// Why one person holds the role they hold, or held it at an instant of the past.
pub async fn explain(
    tx: &mut Tx,
    org: OrganizationId,
    id: UserId,
    now: Timestamp,
    at: Option<Timestamp>,
) -> Result<Explanation, Error> {
    let scene = Scene::at(tx, org, id, now, at).await?;
    let resolution = scene.resolution();
    let inputs = Inputs::of((&scene.book, scene.rev), &scene.tie, scene.at);
    let candidates = candidates(&scene, &resolution);
    // What sign-ins named is kept of the latest only.
    let asserted_groups = match at {
        None => asserted_groups(tx, org, &scene.identities).await?,
        Some(_) => Vec::new(),
    };
    let waivers = match at {
        None => tx.waivers_of(org, &[id]).await?,
        Some(_) => Vec::new(),
    };
    let recompute_id = match at {
        None => tx.recompute_of(org, id).await?,
        Some(_) => None,
    };
    let role = scene.book.role_slug(resolution.entitlement.role);
    Ok(Explanation {
        user_id: id,
        state: scene.tie.state,
        role: role.map(str::to_owned),
        projects: project_roles(&resolution.entitlement, &scene.book),
        because: because(&resolution.because),
        candidates,
        asserted_groups,
        waivers: waivers.into_iter().map(Waiver::from).collect(),
        recompute_id,
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
            stale_since: link.groups_stale_since.map(|at| at.0),
            value,
        }));
    }
    Ok(groups)
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
