//! What a sign-in says of groups, and what that means: who may come in where a rule is demanded, and since when
//! nothing is known.

use serde_json::json;

use crate::directory::grant::GrantSource;
use crate::provisioning::resolution::{World, mapping_of};
use crate::provisioning::{Change, Error, Refusal, lint};
use crate::saml::profile::{Groups, Profile, Unknown};
use crate::store::rows::{ConnectionRow, IdentityRow, UserRow};
use crate::store::types::Doc;

/// Refuses whom no rule of the connection gives a role, where the connection demands one.
///
/// The owner comes in by the title, and whom an override is for by the owner's word: neither hangs on a group.
/// Of somebody whom the directory's own groups govern those count; of anybody else the groups that this
/// sign-in names, or the last known where it says nothing of them.
pub(super) async fn demanded(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    user: &UserRow,
    profile: &Profile,
) -> Result<(), Error> {
    if !connection.demands.require_mapped_group || user.owner || user.override_at.is_some() {
        return Ok(());
    }
    let (org, at) = (change.org, change.time());
    let live = change.tx.live_grants(org, &[user.id]).await?;
    let overridden = live
        .iter()
        .any(|row| row.source == GrantSource::Override && row.ends_at.is_none_or(|end| end > at));
    if overridden {
        return Ok(());
    }
    let world = World::load(change.tx, org, &[user.id]).await?;
    let is_its = |id| {
        let rule = world.mappings.get(&id);
        rule.is_some_and(|it| it.connection_id == connection.id) && world.counts(id)
    };
    let is_in = if governed(&world, connection, user) {
        let due = world.due(change.tx, org).await?;
        let due = due.iter().filter(|it| it.2 == GrantSource::DirectoryGroup);
        let kept = live
            .iter()
            .filter(|row| row.source == GrantSource::DirectoryGroup);
        let rules = due.map(|it| it.1).chain(kept.filter_map(mapping_of));
        rules.into_iter().any(is_its)
    } else {
        let values = match &profile.groups {
            Groups::Known(values) => values.clone(),
            Groups::Unknown(_) => {
                let here = world.identities.iter();
                let here = here.filter(|it| it.connection_id == connection.id);
                here.flat_map(lint::asserted).collect()
            }
        };
        world.gives(change.tx, org, connection.id, &values).await?
    };
    if is_in {
        Ok(())
    } else {
        Err(Error::SignIn(Refusal::NoMappedGroup))
    }
}

/// Whether the directory's own groups are what counts of a person, and not what sign-ins name.
fn governed(world: &World, connection: &ConnectionRow, user: &UserRow) -> bool {
    let there = world.users.get(&user.id);
    there.is_some_and(|user| world.tie(user).governed_by.contains(&connection.id))
}

/// What a sign-in says of groups, as it is kept; none where it says nothing.
pub(super) fn named(profile: &Profile) -> Option<Doc> {
    match &profile.groups {
        Groups::Known(groups) => Some(Doc(json!(groups).to_string())),
        Groups::Unknown(_) => None,
    }
}

/// Notes what a sign-in told of groups by this link. Those that were named are what is known, whatever another
/// subject of the person named before. Where nothing is told, what was known stands, and is marked: since when,
/// and why. Answers what an admin should know of it.
///
/// An attribute that never came is nothing to mark: the provider may send none at all. Nor is there anything else to
/// mark where no sign-in named groups before.
pub(super) async fn note(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    (link, were_named): (&IdentityRow, bool),
    profile: &Profile,
) -> Result<Option<String>, Error> {
    let (org, id, user, now) = (change.org, connection.id, link.user_id, change.time());
    let why = match &profile.groups {
        Groups::Known(_) if !were_named => return Ok(None),
        Groups::Known(_) => {
            change.tx.forget_groups(org, id, user, link.id).await?;
            return Ok(None);
        }
        Groups::Unknown(why) => *why,
    };
    let is_stale = |it: &IdentityRow| {
        let is_told = it.id == link.id && why != Unknown::Absent;
        it.connection_id == id && (it.group_values.is_some() || is_told)
    };
    let mut stale = if were_named {
        change.tx.identities_of(org, user).await?
    } else {
        vec![link.clone()]
    };
    stale.retain(is_stale);
    if stale.is_empty() {
        return Ok(None);
    }
    let world = World::load(change.tx, org, &[user]).await?;
    let person = world.users.get(&user);
    if person.is_some_and(|user| governed(&world, connection, user)) {
        return Ok(None);
    }
    let ids: Vec<_> = stale.iter().map(|it| it.id).collect();
    change
        .tx
        .mark_groups_stale(org, &ids, now, why.as_str())
        .await?;
    let known = stale.iter().filter_map(|it| it.groups_known_at).max();
    let stands = match known {
        Some(at) => format!("the roles of the groups of {} stand", at.0),
        None => "none were known before".to_owned(),
    };
    let what = profile.groups.shown();
    Ok(Some(format!("The assertion says {what}: {stands}.")))
}
