//! Rows as representations: what the server works out is loaded in set queries for a whole page,
//! and not at all where the client does not want it.

use std::collections::BTreeMap;

use crate::id::ScimUserId;
use crate::provisioning::Error;
use crate::provisioning::scim_client::ScimClient;
use crate::scim::members::MemberKind;
use crate::scim::projection::Projection;
use crate::scim::{self, Computed, GroupRef, ManagerRef, MemberRef, Meta, Shown, Stored, View};
use crate::store::rows::{ScimGroupRow, ShownUser};
use crate::store::types::AnyId;
use crate::store::{self, Tx};

/// Users, as the client wants to see them.
pub(super) async fn users(
    tx: &mut Tx,
    client: &ScimClient,
    shown: &[ShownUser],
    projection: &Projection,
) -> Result<Vec<Shown>, Error> {
    let mut groups = memberships(tx, client, shown, projection).await?;
    let kind = client.types.user;
    let documents = shown.iter().map(|it| &it.row.document);
    let documents: Vec<_> = documents
        .map(|it| Stored::read(&it.0).map_err(|_| corrupt(USERS)))
        .collect::<Result<_, _>>()?;
    let managers: Vec<Option<ScimUserId>> = documents
        .iter()
        .map(|it| it.manager()?.parse().ok())
        .collect();
    let named: Vec<_> = managers.iter().flatten().copied().collect();
    let known = tx
        .scim_user_names(client.org, client.connection.id, &named)
        .await?;
    let known: BTreeMap<_, _> = known.into_iter().collect();
    let each = shown.iter().zip(&documents).zip(managers);
    each.map(|((ShownUser { row, .. }, stored), manager)| {
        let manager = manager.and_then(|id| {
            let display = known.get(&id)?.clone();
            Some(ManagerRef {
                reference: client.location(kind, id),
                display,
            })
        });
        let groups = groups.remove(&row.id.uuid()).unwrap_or_default();
        let view = View {
            kind,
            id: &row.id.to_string(),
            stored,
            meta: &Meta {
                resource_type: kind.name,
                created: row.created_at.0,
                last_modified: row.updated_at.0,
                version: row.version,
                location: client.location(kind, row.id),
            },
            computed: &Computed::User { groups, manager },
        };
        scim::render(view, projection).map_err(|_| corrupt(USERS))
    })
    .collect()
}

const USERS: &str = "scim_users";
const GROUPS: &str = "scim_groups";

fn corrupt(table: &'static str) -> Error {
    let column = "document";
    Error::Store(store::Error::Corrupt { table, column })
}

/// The groups of each of some resources.
type Groups = BTreeMap<uuid::Uuid, Vec<GroupRef>>;

async fn memberships(
    tx: &mut Tx,
    client: &ScimClient,
    shown: &[ShownUser],
    projection: &Projection,
) -> Result<Groups, Error> {
    let mut groups = Groups::new();
    if !projection.wants("groups") {
        return Ok(groups);
    }
    let members = shown.iter().filter(|it| it.is_member);
    let ids: Vec<_> = members.map(|it| AnyId::from(it.row.id.uuid())).collect();
    for (member, group, display) in tx.groups_of(client.org, &ids).await? {
        groups.entry(member.uuid()).or_default().push(GroupRef {
            value: group.to_string(),
            display,
            reference: client.location(&scim::catalog::GROUP_TYPE, group),
        });
    }
    Ok(groups)
}

/// Groups, as the client wants to see them.
pub(super) async fn groups(
    tx: &mut Tx,
    client: &ScimClient,
    rows: &[ScimGroupRow],
    projection: &Projection,
) -> Result<Vec<Shown>, Error> {
    let kind = client.types.group;
    let mut members: BTreeMap<_, Vec<MemberRef>> = BTreeMap::new();
    if projection.wants("members") {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        for (group, id, is_group, display) in tx.members_of_groups(client.org, &ids).await? {
            let (member_kind, member_type) = if is_group {
                (MemberKind::Group, &scim::catalog::GROUP_TYPE)
            } else {
                (MemberKind::User, &scim::catalog::USER_TYPE)
            };
            members.entry(group).or_default().push(MemberRef {
                value: id.uuid().to_string(),
                display,
                kind: member_kind,
                reference: client.location(member_type, id.uuid()),
            });
        }
    }
    rows.iter()
        .map(|row| {
            let members = members.remove(&row.id).unwrap_or_default();
            let view = View {
                kind,
                id: &row.id.to_string(),
                stored: &Stored::read(&row.document.0).map_err(|_| corrupt(GROUPS))?,
                meta: &Meta {
                    resource_type: kind.name,
                    created: row.created_at.0,
                    last_modified: row.updated_at.0,
                    version: row.version,
                    location: client.location(kind, row.id),
                },
                computed: &Computed::Group { members },
            };
            scim::render(view, projection).map_err(|_| corrupt(GROUPS))
        })
        .collect()
}
