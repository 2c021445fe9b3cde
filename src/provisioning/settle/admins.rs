//! The last admin: an organization in which nobody but the owner may act for it is told so.

use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::role::{ADMIN_RANK, OWNER_RANK};
use crate::id::{RoleId, UserId};
use crate::provisioning::resolution::World;
use crate::provisioning::settle::difference::Outcome;
use crate::provisioning::{Change, Error};

/// Tells, where an admin went in this change, that none is left beside the owner. Who is not active has no
/// role, so that whoever has one is there.
pub(super) async fn tell_last(
    change: &mut Change<'_>,
    world: &World,
    outcome: &Outcome,
) -> Result<(), Error> {
    let is_admins = |role: Option<RoleId>| {
        let rank = world.book.roles.rank(role);
        (ADMIN_RANK..OWNER_RANK).contains(&rank)
    };
    let people = outcome.people.iter();
    let gone: Vec<UserId> = people
        .filter(|it| is_admins(it.old.role) && !is_admins(it.resolution.entitlement.role))
        .map(|it| it.id)
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    for role in world.book.roles.iter().filter(|it| is_admins(Some(it.id))) {
        let there = change.tx.people_with_role(change.org, role.id).await?;
        if !there.is_empty() {
            return Ok(());
        }
    }
    let one = <[UserId; 1]>::try_from(gone.clone()).ok();
    let data = json!({"user_id": one.map(|[id]| id), "user_ids": gone});
    change.record(EventKind::OrganizationLastAdminLeft, data);
    Ok(())
}
