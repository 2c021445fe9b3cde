//! Settle: the end of every change. What the rules give the touched people is compared with the
//! grants they have, the grants are folded into entitlements, and every difference is written
//! once and told once.
//!
//! ```text
//! facts (read once) -> difference (pure) -> guard (holds what is too much)
//!                   -> bounds (of whoever asks) -> write -> tell
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::directory::grant::{Because, Entitlement};
use crate::directory::role::ADMIN_RANK;
use crate::directory::rulebook::Rulebook;
use crate::id::{OrganizationId, UserId};
use crate::provisioning::mint::Mint;
use crate::provisioning::resolution::{Rules, World};
use crate::provisioning::settle::difference::{Facts, Outcome};
use crate::provisioning::{Change, Error};
use crate::store::Tx;
use crate::store::rows::{PolicyRevisionRow, StandingRow, UserProjectRow};
use crate::store::types::Doc;

mod admins;
mod difference;
mod guard;
mod newcomer;
mod tell;
mod waivers;

pub(in crate::provisioning) use guard::Counted;
pub(in crate::provisioning) use newcomer::{Newcomer, insert};
pub(in crate::provisioning) use waivers::reference;

/// Begins a revision of the rules where the change's events say that they are others now.
pub(super) async fn revise(change: &mut Change<'_>) -> Result<(), Error> {
    if !change.events.iter().any(|event| event.kind.changes_rules()) {
        return Ok(());
    }
    let rules = Rules::load(change.tx, change.org).await?;
    let latest = change
        .tx
        .policy_revision_at(change.org, change.time())
        .await?;
    let latest = latest.and_then(|row| serde_json::from_str::<Rulebook>(&row.rulebook.0).ok());
    if latest.as_ref() == Some(&rules.book) {
        return Ok(());
    }
    let row = PolicyRevisionRow {
        org_id: change.org,
        rev: rules.rev + 1,
        at: change.time(),
        actor: change.context.source.actor(),
        cause: change.context.cause.clone(),
        rulebook: Doc(serde_json::json!(rules.book).to_string()),
    };
    Ok(change.tx.insert_policy_revision(&row).await?)
}

/// Settles the people touched by a change.
pub(super) async fn settle(change: &mut Change<'_>) -> Result<(), Error> {
    let people: Vec<_> = std::mem::take(&mut change.touched).into_iter().collect();
    if people.is_empty() {
        return Ok(());
    }
    let newcomer = change.newcomer.take();
    let newcomer = newcomer.and_then(|it| it.world_of(&people));
    let is_written = newcomer.is_some();
    let (world, mut facts) = if let Some(world) = newcomer {
        (world, Facts::default())
    } else {
        let world = World::load(change.tx, change.org, &people).await?;
        let facts = facts(change.tx, change.org, &world, &people).await?;
        (world, facts)
    };
    let mint = change.mint();
    let mut outcome = difference::of(&world, &facts, &mint);
    let holds = guard::holds(change, &world, &outcome).await?;
    let is_held = !holds.is_empty();
    if is_held {
        change.tx.insert_waivers(&holds).await?;
        facts.waivers.extend(holds);
        outcome = difference::of(&world, &facts, &mint);
    }
    bounded(change, &world, &outcome)?;
    // A newcomer was written as the rules make them.
    if !is_written || is_held {
        write(change, &world, &outcome).await?;
    }
    let own = tell::own_events(change);
    for person in &outcome.people {
        if let Some(user) = world.users.get(&person.id) {
            let own = own.get(&user.id).copied();
            tell::tell(change, &world, user, &person.old, &person.resolution, own);
        }
    }
    admins::tell_last(change, &world, &outcome).await
}

/// Refuses whoever asks where somebody becomes an admin, or more, whom they may not make one: whatever it is that
/// makes them one, be it a role, a rule that goes or a person who is let in again.
fn bounded(change: &Change<'_>, world: &World, outcome: &Outcome) -> Result<(), Error> {
    let roles = &world.book.roles;
    for person in &outcome.people {
        let before = roles.rank(person.old.role);
        let after = roles.rank(person.resolution.entitlement.role);
        if after > before && after >= ADMIN_RANK {
            // Who has the title is not said here: the owner is only let in again.
            let is_owner = person.resolution.because == Because::Owner;
            change.may_give(if is_owner { ADMIN_RANK } else { after })?;
        }
    }
    Ok(())
}

async fn facts(
    tx: &mut Tx,
    org: OrganizationId,
    world: &World,
    people: &[UserId],
) -> Result<Facts, Error> {
    let mut facts = Facts {
        due: world.due(tx, org).await?,
        ..Facts::default()
    };
    if world.belongings.grants {
        facts.live = tx.live_grants(org, people).await?;
        let ids: Vec<_> = facts.live.iter().map(|row| row.id).collect();
        facts.scopes = tx.grant_projects(org, &ids).await?;
    }
    if world.belongings.projects {
        facts.held = tx.user_projects(org, people).await?;
    }
    if world.belongings.waivers {
        facts.waivers = tx.waivers_of(org, people).await?;
    }
    Ok(facts)
}

/// What some rules would make of somebody.
pub(super) struct Foreseen {
    /// Who, and what a safeguard would count of it, whoever did it.
    pub(super) counted: Counted,
    /// Their sign-in address.
    pub(super) email: Option<String>,
    /// What is in force.
    pub(super) from: Entitlement,
    /// What would be.
    pub(super) to: Entitlement,
}

/// What these rules would make of people, without writing anything.
pub(super) async fn foresee(
    tx: &mut Tx,
    org: OrganizationId,
    (rules, mint): (Arc<Rules>, &Mint),
    people: &[UserId],
) -> Result<Vec<Foreseen>, Error> {
    let world = World::of(rules, tx, org, people).await?;
    let facts = facts(tx, org, &world, people).await?;
    let outcome = difference::of(&world, &facts, mint);
    let counted = guard::counted(&world, &outcome).into_iter();
    let foreseen = outcome.people.into_iter().zip(counted);
    Ok(foreseen
        .map(|(person, counted)| Foreseen {
            email: world.users.get(&person.id).and_then(|it| it.email.clone()),
            from: person.old,
            to: person.resolution.entitlement,
            counted,
        })
        .collect())
}

/// Writes what differs, and nothing else.
async fn write(change: &mut Change<'_>, world: &World, outcome: &Outcome) -> Result<(), Error> {
    let (org, now) = (change.org, change.time());
    change.tx.end_waivers(org, &outcome.cleared).await?;
    for (cause, ids) in &outcome.retired {
        change.tx.retire_grants(org, ids, now, cause).await?;
    }
    change.tx.insert_grants(&outcome.made).await?;
    let scopes = outcome.scopes.iter();
    let scopes: Vec<_> = scopes.map(|(id, project)| (org, *id, *project)).collect();
    change.tx.insert_grant_projects(&scopes).await?;
    let mut decided: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut tied: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let (mut former, mut changed, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for person in &outcome.people {
        let before = world
            .users
            .get(&person.id)
            .and_then(|it| it.standing.as_ref());
        let new = &person.resolution.entitlement;
        if person.old != *new {
            let key = (new.role, person.tie.clone());
            decided.entry(key).or_default().push(person.id);
            if person.old.projects != new.projects {
                changed.push(person.id);
                let row = |(project_id, role_id): (&_, &_)| UserProjectRow {
                    org_id: org,
                    user_id: person.id,
                    project_id: *project_id,
                    role_id: *role_id,
                };
                rows.extend(new.projects.iter().map(row));
            }
        } else if before != Some(&person.tie) {
            tied.entry(person.tie.clone()).or_default().push(person.id);
        }
        former.extend(
            before
                .filter(|it| **it != person.tie)
                .map(|it| StandingRow {
                    org_id: org,
                    user_id: person.id,
                    until: now,
                    standing: it.clone(),
                }),
        );
    }
    change.tx.set_roles(org, &decided, world.rev, now).await?;
    change.tx.set_standings(org, &tied, world.rev).await?;
    change.tx.keep_standings(&former).await?;
    Ok(change
        .tx
        .replace_user_projects(org, &changed, &rows)
        .await?)
}
