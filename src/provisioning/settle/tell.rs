//! Telling: what a change did to a person's roles, in the event of their own or in one more.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::directory::event::EventKind;
use crate::directory::grant::{Because, Entitlement, Resolution};
use crate::id::UserId;
use crate::provisioning::people_view::suspended_by;
use crate::provisioning::resolution::World;
use crate::provisioning::{Change, Recorded};
use crate::store::rows::UserRow;

/// Where among a change's events each person's own is: the one that says what became of them, else
/// another that is about them.
pub(super) fn own_events(change: &Change<'_>) -> BTreeMap<UserId, usize> {
    let mut own: BTreeMap<UserId, (bool, usize)> = BTreeMap::new();
    for (at, event) in change.events.iter().enumerate() {
        if let Some(user) = event.subject {
            let says = event.kind.as_str().starts_with("user.");
            let held = own.entry(user).or_insert((says, at));
            if says && !held.0 {
                *held = (true, at);
            }
        }
    }
    own.into_iter().map(|(user, (_, at))| (user, at)).collect()
}

/// Tells the difference: inside the event of the person's own change, where `own` says that there is
/// one, else as an event of its own.
pub(super) fn tell(
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
            if let Some((safeguard, connection)) = change.held_before {
                data.insert("safeguard_id".to_owned(), json!(safeguard));
                data.insert("connection_id".to_owned(), json!(connection));
            }
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
            json!({"source": "owner", "role": world.book.roles.owner().map(|role| &role.slug)})
        }
    }
}
