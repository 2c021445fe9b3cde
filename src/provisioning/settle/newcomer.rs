//! Somebody who is new and has nothing yet: what the rules make of them is known before they are written, so that they
//! are written once and not read again.

use crate::id::{ConnectionId, UserId};
use crate::provisioning::resolution::{Rules, World};
use crate::provisioning::settle::difference::{self, Facts};
use crate::provisioning::{Change, Error};
use crate::store::rows::UserRow;

/// Somebody new, as they are without the rules.
pub(in crate::provisioning) struct Newcomer {
    user: UserId,
    world: World,
}

impl Newcomer {
    /// The world of the newcomer, where these people are the newcomer alone.
    pub(super) fn world_of(self, people: &[UserId]) -> Option<World> {
        (people == [self.user]).then_some(self.world)
    }
}

/// Writes somebody new of whom nothing is there but the resource of this connection, which is written in the same
/// change: no grant, no group, no invitation. Where the change does more than that, what the rules make of the person
/// is left to its end.
pub(in crate::provisioning) async fn insert(
    change: &mut Change<'_>,
    user: &UserRow,
    connection: ConnectionId,
) -> Result<(), Error> {
    if change.does_more || !change.events.is_empty() || !change.touched.is_empty() {
        return Ok(change.tx.insert_user(user).await?);
    }
    // Nothing else was done yet, so that the settings are as they were when the row was taken.
    let rules = if change.moves_settings {
        Rules::load(change.tx, change.org).await?
    } else {
        let stamp = change.stamp();
        Rules::at(change.tx, change.org, stamp).await?
    };
    let world = World::of_newcomer(rules, user.clone(), connection);
    let outcome = difference::of(&world, &Facts::default(), &change.mint());
    let mut row = user.clone();
    for person in outcome.people {
        let new = person.resolution.entitlement;
        if person.old != new {
            row.role_id = new.role;
            row.roles_version += 1;
        }
        row.standing = Some(person.tie);
        row.policy_rev = world.rev;
    }
    change.tx.insert_user(&row).await?;
    change.newcomer = Some(Newcomer {
        user: user.id,
        world,
    });
    Ok(())
}
