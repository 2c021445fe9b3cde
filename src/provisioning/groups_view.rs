//! Groups, as admins see them: what each connection's directory pushes, how many are in it, and which rules are about
//! it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::directory::scope::Scope;
use crate::id::{ConnectionId, MappingId, OrganizationId, ScimGroupId, UserId};
use crate::provisioning::access::Access;
use crate::provisioning::{Error, Kind};
use crate::store::Tx;
use crate::store::rows::ScimGroupRow;
use crate::store::types::AnyId;

/// A group that a directory pushes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Group {
    /// Its id: that of the SCIM Group.
    #[schema(value_type = String, format = "uuid")]
    pub id: ScimGroupId,
    /// The connection whose directory pushes it.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// Its name.
    pub display_name: String,
    /// Its id at the identity provider.
    pub external_id: Option<String>,
    /// How many members it has, people and groups.
    pub members: i64,
    /// The rules that are about it, in the order in which they are looked at; null where whoever asks may not read
    /// mappings.
    pub rules: Option<Vec<GroupRule>>,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it, or who is in it, last changed.
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Timestamp,
}

/// A rule that is about a group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GroupRule {
    /// The mapping's id.
    #[schema(value_type = String, format = "uuid")]
    pub mapping_id: MappingId,
    /// The slug of the role that it gives.
    pub role: String,
    /// The slugs of the projects that it gives the role in; empty means the whole organization.
    pub projects: Vec<String>,
    /// Whether it counts.
    pub enabled: bool,
}

/// Who, or what, is in a group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GroupMember {
    /// The id of its SCIM User, or Group.
    #[schema(value_type = String, format = "uuid")]
    pub scim_id: Uuid,
    /// Whether it is a group itself.
    pub is_group: bool,
    /// The person; null for a group, and for a resource that is nobody's.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub user_id: Option<UserId>,
    /// The name as shown, where it has one.
    pub name: Option<String>,
}

/// Which groups are looked for.
#[derive(Clone, Copy, Debug)]
pub struct WantedGroups {
    /// Those of this connection.
    pub connection: Option<ConnectionId>,
    /// Those after this one.
    pub after: Option<ScimGroupId>,
}

/// Groups, in the order of their ids.
pub async fn list(
    tx: &mut Tx,
    (org, access): (OrganizationId, &Access),
    wanted: WantedGroups,
    limit: usize,
) -> Result<Vec<Group>, Error> {
    let (connection, after) = (wanted.connection, wanted.after);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.listed_scim_groups(org, connection, after, limit).await?;
    views(tx, (org, access), rows).await
}

/// One group.
pub async fn show(
    tx: &mut Tx,
    (org, access): (OrganizationId, &Access),
    id: ScimGroupId,
) -> Result<Group, Error> {
    let rows = tx.scim_groups_by_ids(org, &[id]).await?;
    let mut shown = views(tx, (org, access), rows).await?;
    shown.pop().ok_or(Error::NotFound(Kind::Group))
}

/// Who is in a group, in the order of the resources' ids.
pub async fn members(
    tx: &mut Tx,
    (org, id): (OrganizationId, ScimGroupId),
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<GroupMember>, Error> {
    if tx.scim_groups_by_ids(org, &[id]).await?.is_empty() {
        return Err(Error::NotFound(Kind::Group));
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let after = after.map(AnyId::from);
    let rows = tx.member_page(org, id, after, limit).await?;
    let people: Vec<_> = rows.iter().filter_map(|(_, _, user, _)| *user).collect();
    let people = tx.users_by_ids(org, &people).await?.into_iter();
    let names: BTreeMap<_, _> = people.map(|row| (row.id, row.display_name)).collect();
    let member = |(scim_id, is_group, user_id, name): (AnyId, bool, Option<UserId>, _)| {
        let known = user_id.and_then(|user| names.get(&user).cloned().flatten());
        GroupMember {
            scim_id: scim_id.uuid(),
            is_group,
            user_id,
            name: known.or(name),
        }
    };
    Ok(rows.into_iter().map(member).collect())
}

async fn views(
    tx: &mut Tx,
    (org, access): (OrganizationId, &Access),
    rows: Vec<ScimGroupRow>,
) -> Result<Vec<Group>, Error> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let counts = tx.member_counts(org, &ids).await?;
    let counts: BTreeMap<_, _> = counts.into_iter().collect();
    let mut rules = match access.require(Scope::MappingsRead) {
        Ok(()) => Some(rules(tx, org).await?),
        Err(_) => None,
    };
    let view = |row: ScimGroupRow| Group {
        id: row.id,
        connection_id: row.connection_id,
        display_name: row.display_name,
        external_id: row.external_id,
        members: counts.get(&row.id).copied().unwrap_or_default(),
        rules: rules
            .as_mut()
            .map(|it| it.remove(&row.id).unwrap_or_default()),
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The rules that are bound to groups, by group.
async fn rules(
    tx: &mut Tx,
    org: OrganizationId,
) -> Result<BTreeMap<ScimGroupId, Vec<GroupRule>>, Error> {
    let (roles, projects) = (tx.roles(org).await?, tx.projects(org).await?);
    let scopes = tx.mapping_projects(org).await?;
    let mut rules: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in tx.mappings(org).await? {
        let Some(group) = row.bound_group_id else {
            continue;
        };
        let role = roles.iter().find(|role| role.id == row.role_id);
        let mine = scopes.iter().filter(|(id, _)| *id == row.id);
        let slugs = mine.filter_map(|(_, id)| projects.iter().find(|project| project.id == *id));
        rules.entry(group).or_default().push(GroupRule {
            mapping_id: row.id,
            role: role.map(|role| role.slug.clone()).unwrap_or_default(),
            projects: slugs.map(|project| project.slug.clone()).collect(),
            enabled: row.enabled,
        });
    }
    Ok(rules)
}
