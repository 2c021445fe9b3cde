//! The person behind a SCIM User: what a directory says comes into force, and what befalls them
//! when their resource goes.

use serde_json::{Value, json};

use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::directory::safeguard::WaiverKind;
use crate::directory::user::UserState;
use crate::id::{SafeguardId, UserId};
use crate::provisioning::invitations::interplay;
use crate::provisioning::people::{
    alarm_owner_unavailable, end_sessions_of, retire_after_absence, retire_all,
};
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::{Change, Error, Source, break_glass, safeguards, settle};
use crate::scim::Resource;
use crate::store::rows::{ConnectionRow, ScimUserRow, UserRow};
use crate::store::types::Time;

/// Who comes back to their old id with nothing of their old rights: turned away still, where the directory says so.
/// It is written with what the directory says of them.
pub(super) async fn back(
    change: &mut Change<'_>,
    mut user: UserRow,
    active: bool,
) -> Result<UserRow, Error> {
    // Old links sign in again, but a higher role than their connection gives is confirmed anew.
    change
        .tx
        .unconfirm_identities(user.org_id, user.id, change.time())
        .await?;
    user.deleted_at = None;
    user.email_norm = None;
    user.suspended_by_directory_at = (!active).then_some(change.time());
    Ok(user)
}

/// Whom a directory speaks of.
pub(super) enum Who {
    /// Somebody who is not there yet.
    New(UserRow, Reception),
    /// Somebody who is there, and whether anything may be that is not in force of what a directory says of them.
    There(UserRow, bool),
}

/// What is known of the address of somebody who is not there yet.
#[derive(Clone, Copy)]
pub(super) struct Reception {
    /// Whether somebody else holds it.
    pub(super) is_shared: bool,
    /// Whether an open invitation went to it.
    pub(super) is_invited: bool,
}

impl Who {
    /// Their id.
    pub(super) fn id(&self) -> UserId {
        match self {
            Self::New(user, _) | Self::There(user, _) => user.id,
        }
    }

    /// Their row, what is known of somebody new, and whether anything may be waived.
    fn parts(self) -> (UserRow, Option<Reception>, bool) {
        match self {
            Self::New(user, reception) => (user, Some(reception), false),
            Self::There(user, is_waived) => (user, None, is_waived),
        }
    }
}

/// What a resource's change did to the person.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) user: Option<UserRow>,
    pub(super) changes: Vec<Value>,
    /// The person's state before.
    before: Option<UserState>,
    /// The safeguard that holds what the directory says.
    pub(super) held: Option<SafeguardId>,
}

impl Effects {
    fn of(old: &UserRow, new: UserRow) -> Self {
        Self {
            changes: differences(old, &new),
            before: Some(old.state()),
            user: Some(new),
            held: None,
        }
    }

    /// What the change was for the person: what a resource says of its own is not in force where somebody
    /// else says no.
    pub(super) fn kind(&self) -> EventKind {
        use UserState::{Active, Deleted, Erased, Suspended};
        let after = self.user.as_ref().map(UserRow::state);
        match (self.before, after) {
            (Some(Active), Some(Suspended)) => EventKind::UserSuspended,
            (Some(Active | Suspended), Some(Deleted | Erased)) => EventKind::UserDeleted,
            (Some(Suspended), Some(Active)) => EventKind::UserReactivated,
            _ => EventKind::UserUpdated,
        }
    }
}

/// Brings what the directory says into force for the person.
pub(super) async fn apply(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    who: Who,
    resource: &Resource,
    before: Option<&Resource>,
) -> Result<Effects, Error> {
    let (mut user, reception, is_waived) = who.parts();
    let old = user.clone();
    user.managed_by = Some(connection.id);
    user.override_at = None;
    user.provisional_since = None;
    user.suspended_by_expiry_at = None;
    user.delete_at = None;
    user.display_name = resource
        .display_name()
        .map(str::to_owned)
        .or_else(|| resource.full_name());
    user.given_name = resource.given_name().map(str::to_owned);
    user.family_name = resource.family_name().map(str::to_owned);
    if is_renumbered(&user, resource, before, change.time()) {
        user.external_id_changed_at = Some(change.time());
    }
    let shared = reception.map(|it| it.is_shared);
    move_address(change, &mut user, resource, (before, shared)).await?;
    let suspended = user.suspended_by_directory_at.is_some();
    let was_out = before.is_some_and(|before| !before.active());
    let is_new = user.created_at == change.time();
    let mut held = None;
    if is_waived && !is_new && (before.is_none() || (resource.active() && was_out)) {
        safeguards::clear_removal(change, user.id, connection.id).await?;
    }
    if !resource.active() && !suspended {
        // Who comes turned away was never in; and where somebody decided whose a resource is, they looked.
        let by_directory = matches!(change.context.source, Source::Scim(_));
        let was_there = before.is_some() || (!is_new && by_directory);
        let is_said_again = was_out && is_waived;
        held = turn_away(change, connection, &mut user, (was_there, is_said_again)).await?;
    } else if resource.active() && suspended {
        retire_after_absence(change, &user).await?;
        user.suspended_by_directory_at = None;
    }
    user.updated_at = change.time();
    match reception {
        None => change.tx.update_user(&user).await?,
        Some(it) if it.is_invited => change.tx.insert_user(&user).await?,
        Some(_) => settle::insert(change, &user, connection.id).await?,
    }
    if reception.is_none_or(|it| it.is_invited) {
        close_invitations(
            change,
            connection,
            (&old, &user),
            before.is_none(),
            resource.active(),
        )
        .await?;
    }
    let effects = Effects::of(&old, user);
    Ok(Effects { held, ..effects })
}

/// The directory says that a person is not to come, unless a safeguard holds it: answers which one.
async fn turn_away(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    user: &mut UserRow,
    (was_there, is_said_again): (bool, bool),
) -> Result<Option<SafeguardId>, Error> {
    // Who says the same again changes nothing of what is kept from being in force.
    if is_said_again
        && safeguards::removal_waived(change, user.id, connection.id)
            .await?
            .is_some()
    {
        return Ok(None);
    }
    if was_there {
        let kind = WaiverKind::Suspension;
        let held = safeguards::hold_removal(change, connection, user, kind).await?;
        if held.is_some() {
            return Ok(held);
        }
    }
    user.suspended_by_directory_at = Some(change.time());
    end_sessions_of(change, user.id, "deactivated_by_directory").await?;
    if user.owner {
        alarm_owner_unavailable(change, user.id);
    }
    Ok(None)
}

/// Whether the directory gives somebody who was there already an externalId that they did not
/// have: whoever writes it could be meant by it, so that no new subject signs in by it at once.
fn is_renumbered(
    user: &UserRow,
    resource: &Resource,
    before: Option<&Resource>,
    now: Time,
) -> bool {
    let known = match before {
        Some(before) => before.external_id(),
        None if user.created_at == now => return false,
        None => user.last_external_id.as_deref(),
    };
    resource.external_id().is_some() && resource.external_id() != known
}

/// An invitation to somebody whom the directory names is accepted by that, or superseded where the
/// directory turns them away.
async fn close_invitations(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    (old, new): (&UserRow, &UserRow),
    is_new: bool,
    active: bool,
) -> Result<(), Error> {
    let moved = old.email_norm != new.email_norm;
    let turned = old.suspended_by_directory_at.is_none() && !active;
    let Some(norm) = new
        .email_norm
        .as_deref()
        .filter(|_| is_new || moved || turned)
    else {
        return Ok(());
    };
    // A change of the address brings nobody what another address was invited to.
    let arrives = active && is_new;
    interplay::named_by_directory(change, connection, norm, new.id, arrives).await
}

/// The sign-in address follows the directory; where another living person holds it, the address
/// is shown and identifies nobody here.
async fn move_address(
    change: &mut Change<'_>,
    user: &mut UserRow,
    resource: &Resource,
    (before, shared): (Option<&Resource>, Option<bool>),
) -> Result<(), Error> {
    let address = resource.sign_in_address().and_then(Address::parse);
    let norm = address.as_ref().map(|address| address.norm().to_owned());
    let same = user.email_norm == norm && (norm.is_some() || user.email.is_none());
    let renamed = before.is_some_and(|b| b.user_name() != resource.user_name());
    if before.is_some() && (renamed || !same) {
        user.email_changed_at = Some(change.time());
        if user.owner {
            // What was opened for the address that they had is no way in any more.
            break_glass::close_for(change, "address_changed").await?;
        }
    }
    if same {
        return Ok(());
    }
    if user.email_norm.is_some() && before.is_some() {
        end_sessions_of(change, user.id, "address_changed").await?;
    }
    let shared = match (shared, &norm) {
        (Some(shared), _) => shared,
        (None, Some(norm)) => {
            let holder = change.tx.user_by_email(change.org, norm).await?;
            holder.is_some_and(|holder| holder.id != user.id)
        }
        (None, None) => false,
    };
    user.email = address.map(|address| address.typed().to_owned());
    user.email_norm = if shared { None } else { norm };
    Ok(())
}

fn differences(old: &UserRow, new: &UserRow) -> Vec<Value> {
    let change = |attribute: &str, old: Value, new: Value| {
        (old != new).then(|| json!({"attribute": attribute, "old": old, "new": new}))
    };
    [
        change("email", json!(old.email), json!(new.email)),
        change(
            "display_name",
            json!(old.display_name),
            json!(new.display_name),
        ),
        change("given_name", json!(old.given_name), json!(new.given_name)),
        change(
            "family_name",
            json!(old.family_name),
            json!(new.family_name),
        ),
        change("state", json!(old.state()), json!(new.state())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What befalls a person whose last resource is deleted.
pub(super) async fn bury(
    change: &mut Change<'_>,
    client: &ScimClient,
    row: &ScimUserRow,
    mut user: UserRow,
) -> Result<Effects, Error> {
    let old = user.clone();
    user.last_connection_id = Some(client.connection.id);
    user.last_external_id.clone_from(&row.external_id);
    user.last_user_name_folded = Some(row.user_name_folded.clone());
    user.updated_at = change.time();
    safeguards::clear_removal(change, user.id, client.connection.id).await?;
    let kind = WaiverKind::Deletion;
    let held = safeguards::hold_removal(change, &client.connection, &user, kind).await?;
    if held.is_some() {
        change.tx.update_user(&user).await?;
        let effects = Effects::of(&old, user);
        return Ok(Effects { held, ..effects });
    }
    end_sessions_of(change, user.id, "deleted_by_directory").await?;
    user.managed_by = None;
    if user.owner {
        user.suspended_by_directory_at = user.suspended_by_directory_at.or(Some(change.time()));
        alarm_owner_unavailable(change, user.id);
    } else {
        user.deleted_at = Some(change.time());
        retire_all(change, user.id, "deleted_by_directory").await?;
    }
    change.tx.update_user(&user).await?;
    Ok(Effects::of(&old, user))
}
