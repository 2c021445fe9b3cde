//! Preview: what a change of the rules would do to people's roles. The change is made, its
//! outcome read, and all of it rolled back.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use serde::Serialize;

use crate::directory::role::Catalogue;
use crate::id::{ConnectionId, MappingId, OrganizationId, UserId};
use crate::provisioning::settings::mappings::{self, NewMapping};
use crate::provisioning::settings::{catalogue, connections};
use crate::provisioning::{Change, Context, Error};
use crate::store::{self, Failure, Store, Tx};

/// A change of a connection's rules that is only thought of.
#[derive(Clone, Debug)]
pub enum Proposal {
    /// A rule is added.
    Add(NewMapping),
    /// A rule is removed.
    Remove(ConnectionId, MappingId),
}

/// What a change would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// People who would have more than now, and less nowhere.
    pub gained: usize,
    /// People who would have less than now, and more nowhere.
    pub lost: usize,
    /// People who would have more here and less there.
    pub changed: usize,
    /// Who, and what.
    pub people: Vec<Difference>,
}

/// What a change would do to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The person.
    pub user_id: UserId,
    /// Their sign-in address.
    pub email: Option<String>,
    /// `gained`, `lost` or `changed`.
    pub outcome: &'static str,
    /// The roles now.
    pub from: Roles,
    /// The roles then.
    pub to: Roles,
}

/// What a person may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Roles {
    /// The organization-wide role.
    pub role: Option<String>,
    /// The roles in projects, by the project's slug.
    pub projects: BTreeMap<String, String>,
}

/// The end of a rehearsal: it never commits.
enum Rehearsed {
    Failed(Error),
    Planned(Plan),
}

impl From<store::Error> for Rehearsed {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for Rehearsed {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Failure for Rehearsed {
    fn is_lost(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_lost())
    }
}

/// Tells what the proposal would do, and does nothing.
pub async fn preview(store: &Store, context: Context, proposal: Proposal) -> Result<Plan, Error> {
    let connection = match &proposal {
        Proposal::Add(new) => new.connection,
        Proposal::Remove(connection, _) => *connection,
    };
    let org = connections::find(store, connection).await?.org_id;
    let rehearsal = store.write(move |tx| {
        let (context, proposal) = (context.clone(), proposal.clone());
        async move {
            let plan = rehearse(tx, org, &context, &proposal).await?;
            Err::<(), _>(Rehearsed::Planned(plan))
        }
        .boxed()
    });
    match rehearsal.await {
        Ok(()) => Ok(Plan::default()),
        Err(Rehearsed::Planned(plan)) => Ok(plan),
        Err(Rehearsed::Failed(error)) => Err(error),
    }
}

async fn rehearse(
    tx: &mut Tx,
    org: OrganizationId,
    context: &Context,
    proposal: &Proposal,
) -> Result<Plan, Error> {
    let mut change = Change::begin(tx, org, context).await?;
    let people = match proposal {
        Proposal::Add(new) => mappings::add_in(&mut change, new).await?.1,
        Proposal::Remove(connection, id) => {
            mappings::remove_in(&mut change, *connection, *id).await?.1
        }
    };
    let before = held(change.tx, org, &people).await?;
    change.settle().await?;
    let after = held(tx, org, &people).await?;
    let ids: Vec<_> = people.into_iter().collect();
    let addresses = tx.users_by_ids(org, &ids).await?.into_iter();
    let mut plan = plan(&before, &after, &catalogue(tx, org).await?);
    let addresses: BTreeMap<_, _> = addresses.map(|user| (user.id, user.email)).collect();
    for person in &mut plan.people {
        person.email = addresses.get(&person.user_id).cloned().flatten();
    }
    Ok(plan)
}

/// The roles that people hold, as stored.
async fn held(
    tx: &mut Tx,
    org: OrganizationId,
    ids: &[UserId],
) -> Result<BTreeMap<UserId, Roles>, Error> {
    let roles = catalogue(tx, org).await?;
    let slug = |id| roles.role(id).map(|role| role.slug.clone());
    let users = tx.users_by_ids(org, ids).await?.into_iter();
    let mut held: BTreeMap<_, _> = users
        .map(|user| {
            let role = user.role_id.and_then(slug);
            (
                user.id,
                Roles {
                    role,
                    projects: BTreeMap::new(),
                },
            )
        })
        .collect();
    let projects = tx.projects(org).await?;
    for row in tx.user_projects(org, ids).await? {
        let project = projects.iter().find(|project| project.id == row.project_id);
        if let (Some(roles), Some(project)) = (held.get_mut(&row.user_id), project) {
            roles
                .projects
                .insert(project.slug.clone(), slug(row.role_id).unwrap_or_default());
        }
    }
    Ok(held)
}

fn plan(
    before: &BTreeMap<UserId, Roles>,
    after: &BTreeMap<UserId, Roles>,
    catalogue: &Catalogue,
) -> Plan {
    let mut plan = Plan::default();
    for (id, new) in after {
        let Some(old) = before.get(id) else { continue };
        let (count, outcome) = match direction(old, new, catalogue) {
            (false, false) => continue,
            (true, false) => (&mut plan.gained, "gained"),
            (false, true) => (&mut plan.lost, "lost"),
            (true, true) => (&mut plan.changed, "changed"),
        };
        *count += 1;
        let (from, to) = (old.clone(), new.clone());
        plan.people.push(Difference {
            user_id: *id,
            email: None,
            outcome,
            from,
            to,
        });
    }
    plan
}

/// Whether something rises, and whether something falls.
fn direction(old: &Roles, new: &Roles, catalogue: &Catalogue) -> (bool, bool) {
    let rank = |slug: &String| catalogue.by_slug(slug).map_or(0, |role| role.rank);
    let ranks = |roles: &Roles| -> BTreeMap<Option<String>, i64> {
        let wide = (None, roles.role.as_ref().map_or(0, rank));
        let projects = roles.projects.iter();
        projects
            .map(|(project, role)| (Some(project.clone()), rank(role)))
            .chain([wide])
            .collect()
    };
    let (old, new) = (ranks(old), ranks(new));
    let places: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    places
        .into_iter()
        .fold((false, false), |(up, down), place| {
            let of = |side: &BTreeMap<_, _>| side.get(place).copied().unwrap_or(0);
            (up || of(&new) > of(&old), down || of(&new) < of(&old))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::role::Role;
    use crate::id::{Entropy, Ids};

    fn held(role: Option<&str>, projects: &[(&str, &str)]) -> Roles {
        let projects = projects
            .iter()
            .map(|(slug, role)| (String::from(*slug), String::from(*role)));
        Roles {
            role: role.map(String::from),
            projects: projects.collect(),
        }
    }

    #[test]
    fn what_rises_and_what_falls_is_told_apart() {
        let clock = crate::clock::Clock::fixed("2026-11-22T10:00:00Z".parse().unwrap());
        let ids = Ids::new(clock, Entropy::seeded(1));
        let role = |slug: &str, rank| Role {
            id: ids.next(),
            slug: slug.to_owned(),
            name: slug.to_owned(),
            rank,
        };
        let catalogue = Catalogue::new(vec![role("editor", 50), role("viewer", 10)]);
        for (old, new, expected) in [
            (
                held(Some("viewer"), &[]),
                held(Some("viewer"), &[]),
                (false, false),
            ),
            (
                held(Some("viewer"), &[]),
                held(Some("editor"), &[]),
                (true, false),
            ),
            (held(None, &[]), held(Some("viewer"), &[]), (true, false)),
            (
                held(Some("editor"), &[]),
                held(Some("viewer"), &[]),
                (false, true),
            ),
            (
                held(None, &[]),
                held(None, &[("a", "viewer")]),
                (true, false),
            ),
            (
                held(Some("viewer"), &[]),
                held(None, &[("a", "editor")]),
                (true, true),
            ),
            (
                held(None, &[("a", "editor")]),
                held(None, &[("b", "editor")]),
                (true, true),
            ),
        ] {
            assert_eq!(
                direction(&old, &new, &catalogue),
                expected,
                "{old:?} {new:?}"
            );
        }
    }
}
