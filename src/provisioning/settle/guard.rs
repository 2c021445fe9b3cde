//! The guard: what a directory's groups take from people or give them is counted by the connection's
//! safeguards, and beyond them it is held.

use crate::directory::grant::{Because, Verdict};
use crate::directory::role::ADMIN_RANK;
use crate::directory::safeguard::{Danger, WaiverKind};
use crate::id::{ConnectionId, SafeguardId, UserId};
use crate::provisioning::resolution::World;
use crate::provisioning::safeguards;
use crate::provisioning::settle::difference::{Outcome, Person};
use crate::provisioning::{Change, Error, Source};
use crate::store::rows::WaiverRow;

/// What is to be held of an outcome.
pub(super) async fn holds(
    change: &mut Change<'_>,
    world: &World,
    outcome: &Outcome,
) -> Result<Vec<WaiverRow>, Error> {
    let (Source::Scim(id) | Source::SignIn(id)) = change.context.source else {
        return Ok(Vec::new());
    };
    let Some(connection) = world.connections.get(&id) else {
        return Ok(Vec::new());
    };
    let all = [is_promotion, is_removal, is_stripped].map(|is| {
        let people = outcome.people.iter().filter(|it| is(world, it));
        people.collect::<Vec<_>>()
    });
    let ids: Vec<_> = all.iter().flatten().map(|it| it.id).collect();
    // What new rules make of somebody whom their batch has not come to is not the directory's doing.
    let by_rules = change.tx.to_recompute(change.org, &ids).await?;
    let counted = all.map(|mut people| {
        people.retain(|it| !by_rules.contains(&it.id));
        let ids: Vec<_> = people.iter().map(|it| it.id).collect();
        (people, ids)
    });
    let [promotions, removals, (_, stripped)] = counted;
    let mut holds = Vec::new();
    for (danger, (people, ids)) in [
        (Danger::Promotions, promotions),
        (Danger::Removals, removals),
    ] {
        if let Some(safeguard) = safeguards::judge(change, connection, danger, &ids, true).await? {
            change.held = Some(safeguard);
            for person in people {
                holds.extend(of(change, world, person, (id, safeguard, danger)));
            }
        }
    }
    safeguards::judge(change, connection, Danger::Removals, &stripped, false).await?;
    Ok(holds)
}

/// A person of an outcome, as the safeguard of their connection would count them.
pub(in crate::provisioning) struct Counted {
    /// Who.
    pub(in crate::provisioning) user: UserId,
    /// The connection that manages them, or else through which they come.
    pub(in crate::provisioning) home: Option<ConnectionId>,
    /// As what they would be counted.
    pub(in crate::provisioning) danger: Option<Danger>,
}

/// Everybody of an outcome.
pub(super) fn counted(world: &World, outcome: &Outcome) -> Vec<Counted> {
    let counted = |person: &Person| {
        let user = world.users.get(&person.id);
        let danger = if is_promotion(world, person) {
            Some(Danger::Promotions)
        } else {
            let goes = is_removal(world, person) || goes_out(person);
            goes.then_some(Danger::Removals)
        };
        Counted {
            user: person.id,
            home: user.and_then(|user| world.tie(user).home),
            danger,
        }
    };
    outcome.people.iter().map(counted).collect()
}

/// Whether somebody who was there is shut out.
fn goes_out(person: &Person) -> bool {
    let had = person.old.role.is_some() || !person.old.projects.is_empty();
    had && matches!(person.resolution.because, Because::Inactive)
}

/// Whether a group makes somebody an admin, at once or when they are let in again.
fn is_promotion(world: &World, person: &Person) -> bool {
    let Some((before, after)) = person.could else {
        return false;
    };
    world.book.roles.rank(before) < ADMIN_RANK && world.book.roles.rank(after) >= ADMIN_RANK
}

/// Whether somebody who is there loses the last of what groups gave, and falls to a default or to nothing.
/// Whoever may do harm loses it at once, and is not counted.
fn is_removal(world: &World, person: &Person) -> bool {
    falls(person)
        && !person.gone.is_empty()
        && !person.ruled
        && world.book.roles.rank(person.old.role) < ADMIN_RANK
}

/// Whether somebody who is there falls to a default or to nothing because what sign-ins said of their groups
/// does not count any more: the directory pushes its groups itself from now on. Nothing of that can wait.
fn is_stripped(world: &World, person: &Person) -> bool {
    let is_stale = |verdict: &Verdict| *verdict == Verdict::Stale;
    falls(person)
        && person.gone.is_empty()
        && world.book.roles.rank(person.old.role)
            > world.book.roles.rank(person.resolution.entitlement.role)
        && person.resolution.verdicts.values().any(is_stale)
}

/// Whether nothing that anybody gave counts for somebody who is there.
fn falls(person: &Person) -> bool {
    matches!(
        person.resolution.because,
        Because::ConnectionDefault | Because::NoOrganizationGrant | Because::OrganizationDefault
    )
}

fn of(
    change: &Change<'_>,
    world: &World,
    person: &Person,
    (connection, safeguard, danger): (ConnectionId, SafeguardId, Danger),
) -> Vec<WaiverRow> {
    let names: Vec<_> = match danger {
        Danger::Promotions => {
            let privileged = |role| world.book.roles.rank(role) >= ADMIN_RANK;
            let begun = person.begun.iter().filter(|it| privileged(it.2));
            begun
                .map(|it| (WaiverKind::Withheld, it.1.clone()))
                .collect()
        }
        Danger::Removals => {
            let gone = person.gone.iter();
            gone.map(|it| (WaiverKind::Kept, it.1.clone())).collect()
        }
    };
    let held = |of| WaiverRow {
        safeguard_id: Some(safeguard),
        ..safeguards::waiver(change, person.id, connection, of)
    };
    names.into_iter().map(held).collect()
}
