//! Settle: the end of every change. What the rules give the touched people is compared with the
//! grants they have, the grants are folded into entitlements, and every difference is written
//! once and told once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::directory::connection::Mode;
use crate::directory::event::EventKind;
use crate::directory::grant::{Because, Entitlement, Grant, GrantSource, Resolution};
use crate::id::{GrantId, RoleId, UserId};
use crate::provisioning::people_view::suspended_by;
use crate::provisioning::resolution::{Due, World};
use crate::provisioning::{Change, Error, Recorded};
use crate::store::rows::{GrantRow, UserProjectRow, UserRow};

/// Why a grant that a rule gave is retired.
const NO_LONGER_DUE: &str = "no_longer_due";
/// Why a grant by hand is retired when the directory first decides.
const SUPERSEDED: &str = "superseded_by_directory";

/// Settles the people touched by a change.
pub(super) async fn settle(change: &mut Change<'_>) -> Result<(), Error> {
    let people: Vec<_> = std::mem::take(&mut change.touched).into_iter().collect();
    if people.is_empty() {
        return Ok(());
    }
    let world = World::load(change.tx, change.org, &people).await?;
    let due = world.due(change.tx, change.org).await?;
    let grants = reconcile(change, &world, &people, due).await?;
    let before = change.tx.user_projects(change.org, &people).await?;
    let mut roles: BTreeMap<Option<RoleId>, Vec<UserId>> = BTreeMap::new();
    let (mut changed, mut rows) = (Vec::new(), Vec::new());
    let mut of_people: BTreeMap<UserId, (Vec<Grant>, Vec<UserProjectRow>)> = BTreeMap::new();
    for (user, grant) in grants {
        of_people.entry(user).or_default().0.push(grant);
    }
    for row in before {
        of_people.entry(row.user_id).or_default().1.push(row);
    }
    let own = own_events(change);
    for user in world.users.values() {
        let (mine, before) = of_people.remove(&user.id).unwrap_or_default();
        let resolution = world.resolve(user, &mine, change.time());
        let old = entitlement_of(user, &before);
        let new = &resolution.entitlement;
        if old != *new {
            roles.entry(new.role).or_default().push(user.id);
            changed.push(user.id);
            rows.extend(
                new.projects
                    .iter()
                    .map(|(project_id, role_id)| UserProjectRow {
                        org_id: change.org,
                        user_id: user.id,
                        project_id: *project_id,
                        role_id: *role_id,
                    }),
            );
        }
        let own = own.get(&user.id).copied();
        tell(change, &world, user, &old, &resolution, own);
    }
    change
        .tx
        .set_roles(change.org, &roles, change.time())
        .await?;
    change
        .tx
        .replace_user_projects(change.org, &changed, &rows)
        .await?;
    Ok(())
}

/// Where among a change's events each person's own is.
fn own_events(change: &Change<'_>) -> BTreeMap<UserId, usize> {
    let mut own = BTreeMap::new();
    for (at, event) in change.events.iter().enumerate() {
        if let Some(user) = event.subject {
            own.entry(user).or_insert(at);
        }
    }
    own
}

fn entitlement_of(user: &UserRow, projects: &[UserProjectRow]) -> Entitlement {
    Entitlement {
        role: user.role_id,
        projects: projects
            .iter()
            .map(|row| (row.project_id, row.role_id))
            .collect(),
    }
}

/// Retires the grants that no rule gives any more, makes those that are missing, and answers the
/// grants that live now, by person.
async fn reconcile(
    change: &mut Change<'_>,
    world: &World,
    people: &[UserId],
    due: Vec<Due>,
) -> Result<Vec<(UserId, Grant)>, Error> {
    let live = change.tx.live_grants(change.org, people).await?;
    let ids: Vec<_> = live.iter().map(|row| row.id).collect();
    let mut projects = change.tx.grant_projects(change.org, &ids).await?;
    let wanted: BTreeSet<_> = due
        .iter()
        .map(|(user, _, source, reference)| (*user, *source, reference))
        .collect();
    let by_rule = |source| matches!(source, GrantSource::DirectoryGroup | GrantSource::SamlGroup);
    let key = |row: &GrantRow| (row.user_id, row.source, row.source_ref.clone());
    let (mut keep, mut gone): (Vec<GrantRow>, Vec<GrantRow>) = live.into_iter().partition(|row| {
        !by_rule(row.source) || wanted.contains(&(row.user_id, row.source, &row.source_ref))
    });
    let there: BTreeSet<_> = keep.iter().map(key).collect();
    let mut made = Vec::new();
    for (user, mapping, source, reference) in &due {
        if there.contains(&(*user, *source, reference.clone())) {
            continue;
        }
        let Some((rule, scope)) = world.mappings.get(mapping) else {
            continue;
        };
        let row = GrantRow {
            org_id: change.org,
            id: change.id(),
            user_id: *user,
            role_id: rule.role_id,
            source: *source,
            source_ref: reference.clone(),
            granted_at: change.time(),
            cause: change.context.cause.clone(),
            ends_at: None,
            retired_at: None,
            retired_cause: None,
        };
        projects.extend(scope.iter().map(|project| (row.id, *project)));
        made.push(row);
    }
    let superseded = superseded(world, &keep, &gone, &made, &projects);
    retire(change, gone.drain(..).map(|row| row.id), NO_LONGER_DUE).await?;
    retire(change, superseded.iter().copied(), SUPERSEDED).await?;
    keep.retain(|row| !superseded.contains(&row.id));
    change.tx.insert_grants(&made).await?;
    let fresh: BTreeSet<_> = made.iter().map(|row| row.id).collect();
    let scopes: Vec<_> = projects
        .iter()
        .filter(|(id, _)| fresh.contains(id))
        .map(|(id, project)| (change.org, *id, *project))
        .collect();
    change.tx.insert_grant_projects(&scopes).await?;
    keep.extend(made);
    Ok(in_force(world, &keep, projects))
}

/// Grants with their projects, by person.
fn in_force(
    world: &World,
    rows: &[GrantRow],
    projects: Vec<(GrantId, crate::id::ProjectId)>,
) -> Vec<(UserId, Grant)> {
    let mut of_grants: BTreeMap<GrantId, Vec<_>> = BTreeMap::new();
    for scope in projects {
        of_grants.entry(scope.0).or_default().push(scope);
    }
    let grant = |row: &GrantRow| {
        let projects = of_grants.get(&row.id).map_or(&[][..], Vec::as_slice);
        (row.user_id, world.grant(row, projects))
    };
    rows.iter().map(grant).collect()
}

async fn retire(
    change: &mut Change<'_>,
    ids: impl Iterator<Item = GrantId>,
    cause: &str,
) -> Result<(), Error> {
    let ids: Vec<_> = ids.collect();
    Ok(change
        .tx
        .retire_grants(change.org, &ids, change.time(), cause)
        .await?)
}

/// Grants by hand that end because the directory decides for the first time: a person who later
/// leaves the group does not fall back to a role that everybody forgot.
fn superseded(
    world: &World,
    keep: &[GrantRow],
    gone: &[GrantRow],
    made: &[GrantRow],
    projects: &[(GrantId, crate::id::ProjectId)],
) -> BTreeSet<GrantId> {
    let scoped: BTreeSet<_> = projects.iter().map(|(id, _)| *id).collect();
    let wide = |row: &GrantRow| !scoped.contains(&row.id);
    let directory = |row: &&GrantRow| row.source == GrantSource::DirectoryGroup && wide(row);
    let had: BTreeSet<_> = keep
        .iter()
        .chain(gone)
        .filter(directory)
        .map(|row| row.user_id)
        .collect();
    let first: BTreeSet<_> = made
        .iter()
        .filter(directory)
        .map(|row| row.user_id)
        .filter(|user| !had.contains(user))
        .filter(|user| {
            world
                .users
                .get(user)
                .is_some_and(|u| world.standing(u).mode == Mode::Authoritative)
        })
        .collect();
    keep.iter()
        .filter(|row| row.source == GrantSource::Manual && wide(row))
        .filter(|row| first.contains(&row.user_id))
        .map(|row| row.id)
        .collect()
}

/// Tells the difference: inside the event of the person's own change, where `own` says that there is
/// one, else as an event of its own.
fn tell(
    change: &mut Change<'_>,
    world: &World,
    user: &UserRow,
    old: &Entitlement,
    resolution: &Resolution,
    own: Option<usize>,
) {
    let new = &resolution.entitlement;
    let differs = old != new;
    let version = user.roles_version + i64::from(differs);
    let role = json!(world.role_slug(new.role));
    let mut changes = Vec::new();
    if old.role != new.role {
        let old = world.role_slug(old.role);
        changes.push(json!({"attribute": "role", "old": old, "new": role}));
    }
    if old.projects != new.projects {
        let (old, new) = (world.project_roles(old), world.project_roles(new));
        changes.push(json!({"attribute": "projects", "old": old, "new": new}));
    }
    let own = own.and_then(|at| change.events.get_mut(at));
    if let Some(Value::Object(data)) = own.map(|event| &mut event.data) {
        data.insert("role".into(), role);
        data.insert("roles_version".into(), version.into());
        data.extend(standing(world, user, new));
        if let Some(Value::Array(list)) = data.get_mut("changes") {
            list.append(&mut changes);
        } else if !changes.is_empty() {
            data.insert("changes".into(), changes.into());
        }
    } else if differs {
        let kind = if old.role == new.role {
            EventKind::UserProjectsChanged
        } else {
            EventKind::UserRoleChanged
        };
        let mut data = json!({
            "user_id": user.id,
            "connection_id": user.managed_by,
            "role": role,
            "roles_version": version,
            "because": because(world, resolution),
            "changes": changes,
        });
        if let Some(data) = data.as_object_mut() {
            data.extend(standing(world, user, new));
        }
        change.events.push(Recorded {
            subject: None,
            kind,
            data,
        });
    }
}

/// What holds of a person once the change is done, whatever it was: whoever reads only the events knows
/// everybody's profile, state, role and projects from the latest that names them.
fn standing(world: &World, user: &UserRow, new: &Entitlement) -> Map<String, Value> {
    let said = [
        ("state", json!(user.state())),
        ("suspended_by", json!(suspended_by(user))),
        ("owner", json!(user.owner)),
        ("projects", world.project_roles(new)),
        ("email", json!(user.email)),
        ("display_name", json!(user.display_name)),
        ("given_name", json!(user.given_name)),
        ("family_name", json!(user.family_name)),
    ];
    said.map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

fn because(world: &World, resolution: &Resolution) -> Value {
    match &resolution.because {
        Because::ConnectionDefault => json!({"source": "connection_default"}),
        Because::Grant(id) => {
            let verdicts = resolution.verdicts.len();
            json!({"source": "grant", "grant_id": id, "candidates": verdicts})
        }
        Because::Inactive => json!({"source": "inactive"}),
        Because::NoOrganizationGrant => json!({"source": "project_grants_only"}),
        Because::OrganizationDefault => json!({"source": "organization_default"}),
        Because::Owner => {
            json!({"source": "owner", "role": world.roles.owner().map(|role| &role.slug)})
        }
    }
}
