//! SCIM Groups: a directory creates, replaces, patches and deletes groups. Members are rows: a
//! group of any size is changed by one member without being read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::directory::event::EventKind;
use crate::id::{ConnectionId, ScimGroupId, UserId};
use crate::provisioning::bindings;
use crate::provisioning::members::{self, Touched};
use crate::provisioning::scim_client::{Conditions, ScimClient};
use crate::provisioning::users::{carry, mark_scim, refuse_long, searched};
use crate::provisioning::{Change, Error, Kind};
use crate::scim::members::NewMember;
use crate::scim::patch::{MemberChange, Patch};
use crate::scim::{self, Resource, ResourceType, Tolerances};
use crate::store::rows::ScimGroupRow;
use crate::store::types::{AnyId, Doc};

/// People that an event lists by name; beyond it only their number is told.
const LISTED: usize = 1000;

/// Creates a Group under a fresh id (RFC 7644 §3.3).
pub async fn create(
    change: &mut Change<'_>,
    client: &ScimClient,
    id: ScimGroupId,
    resource: &Resource,
    members: &[NewMember],
) -> Result<ScimGroupRow, Error> {
    let mut row = ScimGroupRow {
        org_id: change.org,
        id,
        connection_id: client.connection.id,
        display_name: String::new(),
        display_name_folded: String::new(),
        external_id: None,
        document: Doc(String::new()),
        search: Doc(String::new()),
        version: 1,
        created_at: change.time(),
        updated_at: change.time(),
    };
    describe(&mut row, resource)?;
    refuse_taken(change, client, &row).await?;
    mark_scim(change, client).await?;
    mark_groups(change, client).await?;
    change.tx.insert_scim_group(&row).await?;
    let joins = [MemberChange::Add(members.to_vec())];
    let touched = members::change(change, client, row.id, &joins).await?;
    bindings::bind(change, &row, true).await?;
    tell(
        change,
        &row,
        EventKind::GroupCreated,
        (&touched, Some(resource)),
    );
    Ok(row)
}

/// Replaces a Group (RFC 7644 §3.5.1). Members that are not mentioned stay as they are: an
/// omitted list must not empty a group.
pub async fn replace<F>(
    change: &mut Change<'_>,
    client: &ScimClient,
    id: ScimGroupId,
    conditions: &Conditions,
    next: F,
) -> Result<ScimGroupRow, Error>
where
    F: FnOnce(&Resource) -> Result<(Resource, Option<Vec<NewMember>>), scim::Error>,
{
    let row = find(change, client, id).await?;
    conditions.check(row.version)?;
    let before = resource(client.types.group, &row)?;
    let (after, members) = next(&before)?;
    let changes: Vec<_> = members.map(MemberChange::Set).into_iter().collect();
    save(change, client, row, &before, &after, &changes).await
}

/// Patches a Group (RFC 7644 §3.5.2); answers the tolerances that it took, too.
pub async fn patch(
    change: &mut Change<'_>,
    client: &ScimClient,
    id: ScimGroupId,
    conditions: &Conditions,
    patch: Patch,
) -> Result<(ScimGroupRow, Tolerances), Error> {
    let row = find(change, client, id).await?;
    conditions.check(row.version)?;
    let (members, mut rest) = patch.split();
    let before = resource(client.types.group, &row)?;
    let after = rest.applied(&before, &id.to_string())?;
    let row = save(change, client, row, &before, &after, &members).await?;
    Ok((row, rest.tolerated()))
}

/// Deletes a Group (RFC 7644 §3.6): no user goes with it, the roles it gave do.
pub async fn delete(
    change: &mut Change<'_>,
    client: &ScimClient,
    id: ScimGroupId,
    conditions: &Conditions,
) -> Result<(), Error> {
    let row = find(change, client, id).await?;
    conditions.check(row.version)?;
    let rules = bindings::unbind(change, &row).await?;
    leave_groups(change, client.connection.id, id.uuid()).await?;
    end(change, &row).await?;
    bindings::bind_again(change, rules).await
}

/// Deletes a group that nothing names any more.
pub(super) async fn end(change: &mut Change<'_>, row: &ScimGroupRow) -> Result<(), Error> {
    let people = change.tx.people_of_group(change.org, row.id).await?;
    for (_, user) in &people {
        change.touch(*user);
    }
    change.tx.delete_scim_group(change.org, row.id).await?;
    let users = people.into_iter().map(|(_, user)| user).collect();
    let touched = Touched {
        removed: users,
        removed_count: 0,
        ..Touched::default()
    };
    tell(change, row, EventKind::GroupDeleted, (&touched, None));
    Ok(())
}

/// Takes a deleted resource out of every group it was in: each of them has one member less, a
/// new version and its own event.
pub(super) async fn leave_groups(
    change: &mut Change<'_>,
    connection: ConnectionId,
    member: uuid::Uuid,
) -> Result<(), Error> {
    let groups = change
        .tx
        .leave_all_groups(change.org, AnyId::from(member))
        .await?;
    if groups.is_empty() {
        return Ok(());
    }
    change
        .tx
        .bump_scim_groups(change.org, &groups, change.time())
        .await?;
    let known = change
        .tx
        .known_scim_users(change.org, connection, &[member.into()])
        .await?;
    let removed: BTreeSet<UserId> = known.into_iter().filter_map(|(_, user)| user).collect();
    for row in change.tx.scim_groups_by_ids(change.org, &groups).await? {
        let touched = Touched {
            removed: removed.clone(),
            removed_count: 1,
            ..Touched::default()
        };
        tell(
            change,
            &row,
            EventKind::GroupMemberRemoved,
            (&touched, None),
        );
    }
    Ok(())
}

/// The resource that a row keeps.
pub fn resource(kind: &'static ResourceType, row: &ScimGroupRow) -> Result<Resource, Error> {
    let document = serde_json::from_str(&row.document.0).map_err(|_| {
        let (table, column) = ("scim_groups", "document");
        Error::Store(crate::store::Error::Corrupt { table, column })
    })?;
    Ok(Resource::from_document(kind, document))
}

async fn find(
    change: &mut Change<'_>,
    client: &ScimClient,
    id: ScimGroupId,
) -> Result<ScimGroupRow, Error> {
    let row = change
        .tx
        .scim_group(change.org, client.connection.id, id)
        .await?;
    row.ok_or(Error::NotFound(Kind::Group))
}

async fn save(
    change: &mut Change<'_>,
    client: &ScimClient,
    mut row: ScimGroupRow,
    before: &Resource,
    after: &Resource,
    members: &[MemberChange],
) -> Result<ScimGroupRow, Error> {
    let described = before != after;
    let former = row.clone();
    if described {
        describe(&mut row, after)?;
        refuse_taken(change, client, &row).await?;
    }
    let touched = members::change(change, client, row.id, members).await?;
    if !described && touched.is_empty() {
        return Ok(row);
    }
    mark_scim(change, client).await?;
    row.version += 1;
    row.updated_at = change.time();
    change.tx.update_scim_group(&row).await?;
    if described {
        bindings::bind(change, &row, false).await?;
        bindings::renamed(change, &former, &row).await?;
    }
    let kind = match (described, touched.added_count, touched.removed_count) {
        (false, 1.., 0) => EventKind::GroupMemberAdded,
        (false, 0, 1..) => EventKind::GroupMemberRemoved,
        _ => EventKind::GroupUpdated,
    };
    tell(change, &row, kind, (&touched, Some(after)));
    Ok(row)
}

fn describe(row: &mut ScimGroupRow, resource: &Resource) -> Result<(), Error> {
    let index = scim::Index::of(resource.kind(), resource);
    refuse_long(&index)?;
    resource
        .display_name()
        .unwrap_or_default()
        .clone_into(&mut row.display_name);
    row.display_name_folded = scim::fold(&row.display_name);
    row.external_id = index.single.get("externalId").cloned();
    row.document = Doc(resource.to_text());
    row.search = searched(&index, resource);
    Ok(())
}

async fn refuse_taken(
    change: &mut Change<'_>,
    client: &ScimClient,
    row: &ScimGroupRow,
) -> Result<(), Error> {
    let name = &row.display_name_folded;
    let holder = change
        .tx
        .scim_group_by_name(change.org, client.connection.id, name)
        .await?;
    match holder {
        Some(holder) if holder.id != row.id => Err(Error::Scim(scim::Error::uniqueness(format!(
            "displayName is taken in this connection by the Group {}",
            holder.id
        )))),
        _ => Ok(()),
    }
}

/// Remembers the connection's first group: from here on the groups that a sign-in names no longer
/// count for the people whom the directory governs.
async fn mark_groups(change: &mut Change<'_>, client: &ScimClient) -> Result<(), Error> {
    if client.connection.scim_groups_since.is_none() {
        let connection = client.connection.id;
        change
            .tx
            .mark_connection_groups(change.org, connection, change.time())
            .await?;
        bindings::touch_signed_in(change, connection).await?;
    }
    Ok(())
}

/// The one event of a group's change.
fn tell(
    change: &mut Change<'_>,
    row: &ScimGroupRow,
    kind: EventKind,
    (touched, resource): (&Touched, Option<&Resource>),
) {
    let listed = |people: &BTreeSet<UserId>| -> Value {
        people.iter().take(LISTED).map(|user| json!(user)).collect()
    };
    let mut data = json!({
        "connection_id": row.connection_id,
        "scim_id": row.id,
        "version": scim::etag::of(row.version),
        "display_name": row.display_name,
        "external_id": row.external_id,
        "members_added": listed(&touched.added),
        "members_added_count": touched.added_count,
        "members_removed": listed(&touched.removed),
        "members_removed_count": touched.removed_count,
    });
    carry(&mut data, resource);
    change.record(kind, data);
}
