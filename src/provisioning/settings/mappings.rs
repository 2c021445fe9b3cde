//! Mappings: a connection's rules that a group gives a role. A rule may come before its group;
//! where the group is there already, its people are resolved in the same transaction.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::mapping::MatchKind;
use crate::directory::role::Catalogue;
use crate::id::{ConnectionId, MappingId, OrganizationId, RoleId, ScimGroupId, UserId};
use crate::provisioning::group_values::{Bound, is_renamed};
use crate::provisioning::settings::mapping_checks::{next_revision, permitted, unlike_the_others};
use crate::provisioning::settings::{catalogue, connection_view, projects, role};
use crate::provisioning::{Change, Context, Error, Kind, bindings, change, recompute};
use crate::scim;
use crate::store::rows::{MappingRow, ProjectRow};
use crate::store::{Store, Tx};

/// A rule to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMapping {
    /// The connection.
    #[serde(rename = "connection_id")]
    #[schema(value_type = String, format = "uuid")]
    pub connection: ConnectionId,
    /// By what the group is known; its name unless said.
    #[serde(default = "by_name")]
    pub match_kind: MatchKind,
    /// The group.
    #[serde(rename = "match_text", alias = "group")]
    pub group: String,
    /// The slug of the role.
    pub role: String,
    /// The slugs of the projects it is for; none means the whole organization.
    #[serde(default)]
    pub projects: Vec<String>,
    /// Its place among the connection's rules, which a request does not say; the last unless said.
    #[serde(skip)]
    pub position: Option<i64>,
    /// Whether it counts, which a request does not say; it does unless said.
    #[serde(skip)]
    pub enabled: Option<bool>,
}

fn by_name() -> MatchKind {
    MatchKind::Name
}

/// What is to change of a rule; what is not said stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    /// The rule.
    #[schema(value_type = String, format = "uuid")]
    pub id: MappingId,
    /// The slug of the role.
    #[serde(default)]
    pub role: Option<String>,
    /// The slugs of the projects it is for; an empty list means the whole organization.
    #[serde(default)]
    pub projects: Option<Vec<String>>,
    /// Whether it counts.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Its place among the connection's rules.
    #[serde(default)]
    pub position: Option<i64>,
}

/// A rule.
#[derive(Clone, Debug, Serialize)]
pub struct Mapping {
    /// Its id.
    pub id: MappingId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// By what the group is known.
    #[serde(rename = "match")]
    pub match_kind: MatchKind,
    /// The group.
    pub group: String,
    /// The role that it gives.
    pub role: Option<String>,
    /// The projects it is for; none means the whole organization.
    pub projects: Vec<String>,
    /// Its place among the connection's rules.
    pub position: i64,
    /// Whether it counts.
    pub enabled: bool,
    /// The SCIM Group that it is bound to; none while it waits for one.
    pub bound_group_id: Option<ScimGroupId>,
    /// How that Group is called now, where it is looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// Whether that is another name than the rule's: the rule stays with the Group that it found first.
    pub renamed: bool,
    /// Whether its SCIM Group was pushed.
    pub state: &'static str,
    /// Since when.
    pub created_at: Timestamp,
}

pub(super) fn view(row: &MappingRow, roles: &Catalogue, projects: Vec<String>) -> Mapping {
    Mapping {
        id: row.id,
        connection_id: row.connection_id,
        match_kind: row.match_kind,
        group: row.match_text.clone(),
        role: roles.role(row.role_id).map(|role| role.slug.clone()),
        projects,
        position: row.position,
        enabled: row.enabled,
        bound_group_id: row.bound_group_id,
        group_name: None,
        renamed: false,
        state: if row.bound_group_id.is_some() {
            "bound"
        } else {
            "waiting for group"
        },
        created_at: row.created_at.0,
    }
}

/// Adds a rule.
pub async fn add(store: &Store, context: Context, new: NewMapping) -> Result<Mapping, Error> {
    let org = connection_view::find(store, new.connection).await?.org_id;
    change(store, org, context, move |change| {
        let new = new.clone();
        async move {
            let added = add_in(change, &new).await?;
            recompute::begin(change).await?;
            Ok(added)
        }
        .boxed()
    })
    .await
}

/// Adds a rule within a change.
pub(super) async fn add_in(change: &mut Change<'_>, new: &NewMapping) -> Result<Mapping, Error> {
    let connection = connection_view::row(change, new.connection).await?;
    let roles = catalogue(change.tx, change.org).await?;
    let role = role(&roles, &new.role)?;
    let scope = projects(change.tx, change.org, &new.projects).await?;
    permitted(&roles, role, &connection, &scope)?;
    change.may_give(role.rank)?;
    let row = fresh(change, new, role.id).await?;
    let ids: Vec<_> = scope.iter().map(|project| project.id).collect();
    unlike_the_others(change, &row, &ids).await?;
    change.tx.insert_mapping(&row, &ids).await?;
    for user in people_of(change, &row).await? {
        change.touch(user);
    }
    let slugs = scope.into_iter().map(|project| project.slug).collect();
    let mapping = view(&row, &roles, slugs);
    change.record(EventKind::MappingCreated, told(&mapping));
    Ok(mapping)
}

async fn fresh(
    change: &mut Change<'_>,
    new: &NewMapping,
    role_id: RoleId,
) -> Result<MappingRow, Error> {
    let text = new.group.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Violation::Invalid("a rule names a group, in one line".into()).into());
    }
    let folded = match new.match_kind {
        MatchKind::Name => scim::fold(text),
        MatchKind::ExternalId => text.to_owned(),
        MatchKind::Id => {
            let unreadable = |_| Violation::Invalid("the id of a SCIM Group is a UUID".into());
            text.parse::<ScimGroupId>().map_err(unreadable)?;
            text.to_owned()
        }
    };
    let (org, connection) = (change.org, new.connection);
    let mut row = MappingRow {
        org_id: org,
        id: change.id(),
        connection_id: connection,
        match_kind: new.match_kind,
        match_text: text.to_owned(),
        match_folded: folded,
        bound_group_id: None,
        role_id,
        position: match new.position {
            Some(position) => position,
            None => change.tx.next_mapping_position(org, connection).await?,
        },
        enabled: new.enabled.unwrap_or(true),
        created_at: change.time(),
        rev: next_revision(change).await?,
        removed_at: None,
        group_lost_at: None,
    };
    let group = bindings::meant(change.tx, &row).await?;
    row.bound_group_id = group.map(|group| group.id);
    Ok(row)
}

/// The people whom a rule may bear on: the group's, and whoever signed in through the connection.
pub(super) async fn people_of(
    change: &mut Change<'_>,
    row: &MappingRow,
) -> Result<Vec<UserId>, Error> {
    let mut people = change
        .tx
        .people_of_connection(change.org, row.connection_id)
        .await?;
    if let Some(group) = row.bound_group_id {
        let members = change.tx.people_of_group(change.org, group).await?;
        people.extend(members.into_iter().map(|(_, user)| user));
    }
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

pub(super) fn told(mapping: &Mapping) -> serde_json::Value {
    json!({
        "mapping_id": mapping.id,
        "connection_id": mapping.connection_id,
        "match": mapping.match_kind,
        "group": mapping.group,
        "role": mapping.role,
        "projects": mapping.projects,
        "position": mapping.position,
        "enabled": mapping.enabled,
    })
}

/// The rules of a connection, in their order.
pub async fn list(store: &Store, connection: ConnectionId) -> Result<Vec<Mapping>, Error> {
    let org = connection_view::find(store, connection).await?.org_id;
    let all = store.read(move |tx| {
        async move {
            let roles = catalogue(tx, org).await?;
            let mut all = Vec::new();
            let mut rows = tx.mappings(org).await?;
            rows.retain(|row| row.connection_id == connection);
            let bound = Bound::of(tx, org, rows.iter()).await?;
            for row in rows {
                let slugs = project_slugs(tx, &row).await?;
                let group = bound.group(&row);
                all.push(Mapping {
                    group_name: group.map(|it| it.display_name.clone()),
                    renamed: group.is_some_and(|it| is_renamed(&row, it)),
                    ..view(&row, &roles, slugs)
                });
            }
            Ok::<_, Error>(all)
        }
        .boxed()
    });
    all.await
}

pub(super) async fn project_slugs(tx: &mut Tx, row: &MappingRow) -> Result<Vec<String>, Error> {
    let scopes = tx.mapping_projects(row.org_id).await?;
    let mine = |project: &ProjectRow| scopes.contains(&(row.id, project.id));
    let all = tx.projects(row.org_id).await?;
    Ok(all
        .into_iter()
        .filter(mine)
        .map(|project| project.slug)
        .collect())
}

/// Removes a rule: as if everybody had left its group.
pub async fn remove(
    store: &Store,
    context: Context,
    connection: ConnectionId,
    id: MappingId,
) -> Result<Mapping, Error> {
    let org = connection_view::find(store, connection).await?.org_id;
    change(store, org, context, move |change| {
        async move {
            let removed = remove_in(change, Some(connection), id).await?;
            recompute::begin(change).await?;
            Ok(removed)
        }
        .boxed()
    })
    .await
}

/// The rule of an id, and of a connection where it is named.
pub(super) async fn find(
    tx: &mut Tx,
    org: OrganizationId,
    connection: Option<ConnectionId>,
    id: MappingId,
) -> Result<MappingRow, Error> {
    let all = tx.mappings(org).await?;
    let ours = |row: &MappingRow| {
        row.id == id && connection.is_none_or(|connection| connection == row.connection_id)
    };
    all.into_iter()
        .find(ours)
        .ok_or(Error::NotFound(Kind::Mapping))
}

/// Removes a rule within a change.
pub(super) async fn remove_in(
    change: &mut Change<'_>,
    connection: Option<ConnectionId>,
    id: MappingId,
) -> Result<Mapping, Error> {
    let org = change.org;
    let row = find(change.tx, org, connection, id).await?;
    let holders = change.tx.mapping_holders(org, id).await?;
    let roles = catalogue(change.tx, org).await?;
    let slugs = project_slugs(change.tx, &row).await?;
    change.tx.end_mapping(org, id, change.time()).await?;
    for user in &holders {
        change.touch(*user);
    }
    // Whom it would give something that is withheld.
    let named = format!(":{id}/");
    for waiver in change.tx.waivers(org).await? {
        if waiver.reference.contains(&named) {
            change.touch(waiver.user_id);
        }
    }
    let mapping = view(&row, &roles, slugs);
    change.record(EventKind::MappingRemoved, told(&mapping));
    Ok(mapping)
}
