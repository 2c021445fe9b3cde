//! Members of a group: changes applied row by row in their order, told as what really changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{ScimGroupId, ScimUserId, UserId};
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::{Change, Error};
use crate::scim::members::{MemberKind, NewMember};
use crate::scim::patch::MemberChange;
use crate::scim::{self, Map};
use crate::store::types::AnyId;

/// Who joined and who left, after everything cancelled out.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// People who joined.
    pub added: BTreeSet<UserId>,
    /// Members who joined, groups and unlinked resources included.
    pub added_count: usize,
    /// People who left.
    pub removed: BTreeSet<UserId>,
    /// Members who left, groups and unlinked resources included.
    pub removed_count: usize,
}

impl Touched {
    /// Whether nobody joined and nobody left.
    pub fn is_empty(&self) -> bool {
        self.added_count == 0 && self.removed_count == 0
    }
}

/// Applies the changes in their order; one who leaves and joins again in one request did neither.
pub(super) async fn change(
    change: &mut Change<'_>,
    client: &ScimClient,
    group: ScimGroupId,
    changes: &[MemberChange],
) -> Result<Touched, Error> {
    let mut ledger = Ledger::default();
    change.left_out_members();
    for step in changes {
        match step {
            MemberChange::Add(members) => {
                let members = resolve(change, client, group, members).await?;
                let added = change
                    .tx
                    .add_members(change.org, group, &members, change.time())
                    .await?;
                ledger.added(added);
            }
            MemberChange::Remove(values) => {
                let ids: Vec<_> = values.iter().filter_map(|value| any_id(value)).collect();
                ledger.removed(change.tx.remove_members(change.org, group, &ids).await?);
            }
            MemberChange::RemoveAll => {
                ledger.removed(change.tx.remove_all_members(change.org, group).await?);
            }
            MemberChange::RemoveWhere(filter) => {
                let present = change.tx.members_of(change.org, group).await?;
                let chosen: Vec<_> = present
                    .into_iter()
                    .filter(|(id, is_group)| {
                        filter.matches_element(&element(client, *id, *is_group))
                    })
                    .map(|(id, _)| id)
                    .collect();
                ledger.removed(change.tx.remove_members(change.org, group, &chosen).await?);
            }
            MemberChange::Set(members) => {
                let wanted = resolve(change, client, group, members).await?;
                if let (true, Some(nobody)) = (wanted.is_empty(), members.first()) {
                    // A list of nobody is no order to empty the group.
                    return Err(unknown(nobody));
                }
                let keep: BTreeSet<_> = wanted.iter().map(|(id, _)| *id).collect();
                let present = change.tx.members_of(change.org, group).await?;
                let gone: Vec<_> = present
                    .into_iter()
                    .map(|(id, _)| id)
                    .filter(|id| !keep.contains(id))
                    .collect();
                ledger.removed(change.tx.remove_members(change.org, group, &gone).await?);
                let added = change
                    .tx
                    .add_members(change.org, group, &wanted, change.time())
                    .await?;
                ledger.added(added);
            }
        }
    }
    ledger.settle(change, client).await
}

/// Plus one for who joined, minus one for who left.
#[derive(Default)]
struct Ledger(BTreeMap<AnyId, i8>);

impl Ledger {
    fn added(&mut self, ids: Vec<AnyId>) {
        for id in ids {
            *self.0.entry(id).or_default() += 1;
        }
    }

    fn removed(&mut self, ids: Vec<AnyId>) {
        for id in ids {
            *self.0.entry(id).or_default() -= 1;
        }
    }

    async fn settle(self, change: &mut Change<'_>, client: &ScimClient) -> Result<Touched, Error> {
        let net = |sign: i8| -> Vec<ScimUserId> {
            let ids = self.0.iter().filter(|(_, balance)| **balance == sign);
            ids.map(|(id, _)| id.uuid().into()).collect()
        };
        let (joined, left) = (net(1), net(-1));
        let connection = client.connection.id;
        let people = |rows: Vec<(ScimUserId, Option<UserId>)>| {
            rows.into_iter()
                .filter_map(|(_, user)| user)
                .collect::<BTreeSet<_>>()
        };
        let added = people(
            change
                .tx
                .known_scim_users(change.org, connection, &joined)
                .await?,
        );
        let removed = people(
            change
                .tx
                .known_scim_users(change.org, connection, &left)
                .await?,
        );
        added
            .iter()
            .chain(&removed)
            .for_each(|user| change.touch(*user));
        Ok(Touched {
            added,
            added_count: joined.len(),
            removed,
            removed_count: left.len(),
        })
    }
}

/// Members as ids of this connection's resources; an unknown one refuses the whole request, or is
/// left out where the connection says so, and another connection's is as unknown as any.
async fn resolve(
    change: &mut Change<'_>,
    client: &ScimClient,
    group: ScimGroupId,
    members: &[NewMember],
) -> Result<Vec<(AnyId, bool)>, Error> {
    let connection = client.connection.id;
    let named: BTreeSet<AnyId> = members.iter().filter_map(|it| any_id(&it.value)).collect();
    let ids: Vec<ScimUserId> = named.iter().map(|id| id.uuid().into()).collect();
    let users = change
        .tx
        .known_scim_users(change.org, connection, &ids)
        .await?;
    let users: BTreeSet<AnyId> = users
        .into_iter()
        .map(|(id, _)| AnyId::from(id.uuid()))
        .collect();
    let rest: Vec<ScimGroupId> = named
        .iter()
        .filter(|id| !users.contains(id))
        .map(|id| id.uuid().into())
        .collect();
    let groups = change
        .tx
        .known_scim_groups(change.org, connection, &rest)
        .await?;
    let groups: BTreeSet<AnyId> = groups
        .into_iter()
        .map(|id| AnyId::from(id.uuid()))
        .collect();
    let mut found = BTreeMap::new();
    for member in members {
        let fits = |id: &AnyId| match member.kind {
            Some(MemberKind::User) => users.contains(id),
            Some(MemberKind::Group) => groups.contains(id),
            None => users.contains(id) || groups.contains(id),
        };
        let id = any_id(&member.value);
        let is_here = id.is_some_and(|id| users.contains(&id) || groups.contains(&id));
        match id.filter(fits) {
            Some(id) => drop(found.insert(id, groups.contains(&id))),
            None if !is_here && client.connection.tolerate_unknown_members => {
                change.leave_out_members();
            }
            None => return Err(unknown(member)),
        }
    }
    let joining: BTreeSet<_> = groups
        .into_iter()
        .filter(|id| found.contains_key(id))
        .collect();
    if !joining.is_empty() {
        refuse_cycle(change, group, &joining).await?;
    }
    Ok(found.into_iter().collect())
}

/// A group is no member of itself, directly or through others.
async fn refuse_cycle(
    change: &mut Change<'_>,
    group: ScimGroupId,
    joining: &BTreeSet<AnyId>,
) -> Result<(), Error> {
    let own = AnyId::from(group.uuid());
    let mut seen = BTreeSet::new();
    let mut next: Vec<AnyId> = joining.iter().copied().collect();
    while !next.is_empty() {
        if next.contains(&own) {
            return Err(Error::Scim(scim::Error::invalid_value(
                "a group cannot be a member of itself, directly or through other groups",
            )));
        }
        seen.extend(next.iter().copied());
        let groups: Vec<ScimGroupId> = next.iter().map(|id| id.uuid().into()).collect();
        let below = change.tx.groups_in_groups(change.org, &groups).await?;
        next = below.into_iter().filter(|id| !seen.contains(id)).collect();
    }
    Ok(())
}

fn any_id(value: &str) -> Option<AnyId> {
    value
        .parse::<ScimUserId>()
        .ok()
        .map(|id| AnyId::from(id.uuid()))
}

fn unknown(member: &NewMember) -> Error {
    let shown: String = member.value.chars().take(100).collect();
    Error::Scim(scim::Error::invalid_value(format!(
        "members: {shown:?} names no resource of this connection"
    )))
}

fn element(client: &ScimClient, id: AnyId, is_group: bool) -> Map {
    let (kind, resource_type) = if is_group {
        (MemberKind::Group, &scim::catalog::GROUP_TYPE)
    } else {
        (MemberKind::User, &scim::catalog::USER_TYPE)
    };
    let mut map = Map::new();
    map.insert("value".into(), id.uuid().to_string().into());
    map.insert("type".into(), kind.word().into());
    map.insert(
        "$ref".into(),
        client.location(resource_type, id.uuid()).into(),
    );
    map
}
