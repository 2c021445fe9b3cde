//! Correlation: which person a SCIM User means when it arrives. The key inside a connection is
//! the resource; an address only proposes, and a trusted domain is the yes that it needs.

use std::collections::BTreeSet;

use crate::directory::email::Address;
use crate::directory::external_id::is_opaque;
use crate::directory::grant::GrantSource;
use crate::directory::link::Privilege;
use crate::directory::role::ADMIN_RANK;
use crate::directory::safeguard::WaiverKind;
use crate::id::UserId;
use crate::limits;
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::trust::is_trusted;
use crate::provisioning::{Change, Error, safeguards};
use crate::scim;
use crate::store::Tx;
use crate::store::rows::{GrantRow, RoleRow, UserRow};
use crate::store::types::Time;

/// Whom a new SCIM User means.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// Somebody who is there, unmanaged, with an address in a trusted domain.
    Adopted(UserRow),
    /// Nobody yet.
    New,
    /// Nobody yet; the address is the sign-in address of another person of this connection, and
    /// identifies nobody here.
    NewSharingAddress,
    /// Somebody privileged, or somebody for whom a directory was overridden and whom this one turns
    /// away: the link waits for a yes.
    Proposed(UserRow),
    /// Somebody who left this connection and comes back.
    Returned(UserRow),
}

/// Finds whom the resource means.
pub async fn correlate(
    change: &mut Change<'_>,
    client: &ScimClient,
    resource: &scim::Resource,
    address: Option<&Address>,
) -> Result<Meaning, Error> {
    if let Some(user) = returned(change, client, resource).await? {
        return Ok(Meaning::Returned(user));
    }
    let Some(address) = address else {
        return Ok(Meaning::New);
    };
    let Some(holder) = change.tx.user_by_email(change.org, address.norm()).await? else {
        return Ok(Meaning::New);
    };
    let links = change.tx.scim_links_of(change.org, &[holder.id]).await?;
    let here = client.connection.id;
    if links.is_empty() && is_deleted_here(change, client, resource, &holder).await? {
        return Ok(Meaning::Adopted(holder));
    }
    if links.iter().any(|(_, connection, _)| *connection == here) {
        return Ok(Meaning::NewSharingAddress);
    }
    if !links.is_empty() || holder.managed_by.is_some_and(|id| id != here) {
        return Err(conflict(
            "the e-mail address belongs to a person of another connection of this organization; \
             an owner or the operator can move the link",
        ));
    }
    if !is_trusted(change.tx, change.org, here, address.domain()).await? {
        return Err(conflict(
            "the e-mail address belongs to a person who is there already, and its domain is not \
             trusted for this connection; verify the domain or link the person by hand",
        ));
    }
    // Whom a directory was overridden for, no directory turns away again by an address alone.
    let turned_away = holder.override_at.is_some() && !resource.active();
    if turned_away || is_privileged(change, &holder).await? {
        return Ok(Meaning::Proposed(holder));
    }
    Ok(Meaning::Adopted(holder))
}

/// Whether this very directory deleted the person, who is there all the same, and names them again.
async fn is_deleted_here(
    change: &mut Change<'_>,
    client: &ScimClient,
    resource: &scim::Resource,
    holder: &UserRow,
) -> Result<bool, Error> {
    let here = client.connection.id;
    let same = holder.last_connection_id == Some(here)
        && holder.last_user_name_folded == resource.user_name().map(scim::fold)
        && holder.last_external_id.as_deref() == resource.external_id();
    if !same {
        return Ok(false);
    }
    let waived = safeguards::removal_waived(change, holder.id, here).await?;
    Ok(waived.is_some_and(|it| it.kind == WaiverKind::Deletion))
}

fn conflict(detail: &str) -> Error {
    Error::Scim(scim::Error::uniqueness(detail))
}

/// Whether the person holds the owner's title, or an admin's rank from anything but a directory, or
/// a role that the owner gave them for a while: such a person is not taken over by a directory's word alone.
pub async fn is_privileged(change: &mut Change<'_>, user: &UserRow) -> Result<bool, Error> {
    if user.owner {
        return Ok(true);
    }
    let roles = change.tx.roles(change.org).await?;
    let grants = change.tx.live_grants(change.org, &[user.id]).await?;
    Ok(!privileges(user, &grants, &roles).is_empty())
}

/// Why a person with these live grants is privileged; nothing where they are not.
pub fn privileges(user: &UserRow, grants: &[GrantRow], roles: &[RoleRow]) -> BTreeSet<Privilege> {
    let rank = |id| roles.iter().find(|it| it.id == id).map_or(0, |it| it.rank);
    let of = |grant: &GrantRow| match grant.source {
        GrantSource::Override => Some(Privilege::Override),
        GrantSource::DirectoryGroup | GrantSource::SamlGroup => None,
        GrantSource::Bootstrap | GrantSource::Csv | GrantSource::Invite | GrantSource::Manual => {
            (rank(grant.role_id) >= ADMIN_RANK).then_some(Privilege::AdminByHand)
        }
    };
    let theirs = grants.iter().filter(|grant| grant.user_id == user.id);
    let owner = user.owner.then_some(Privilege::Owner);
    theirs.filter_map(of).chain(owner).collect()
}

/// The tombstone of the same person: equal externalId, equal userName, and an externalId that
/// nobody else can inherit.
async fn returned(
    change: &mut Change<'_>,
    client: &ScimClient,
    resource: &scim::Resource,
) -> Result<Option<UserRow>, Error> {
    let (Some(external_id), Some(user_name)) = (resource.external_id(), resource.user_name())
    else {
        return Ok(None);
    };
    if !is_opaque(external_id, user_name) {
        return Ok(None);
    }
    let external_id = scim::exact_form(external_id);
    let live = change
        .tx
        .scim_users_by_external_id(change.org, client.connection.id, &external_id)
        .await?;
    let tombstones = change
        .tx
        .tombstones(change.org, client.connection.id, &external_id)
        .await?;
    let folded = scim::fold(user_name);
    match <[UserRow; 1]>::try_from(tombstones) {
        Ok([user]) if live.is_empty() => {
            let recent = |at: Time| change.now.duration_since(at.0) <= limits::TOMBSTONE;
            let same = user.last_user_name_folded.as_ref() == Some(&folded)
                && user.deleted_at.is_some_and(recent);
            Ok(same.then_some(user))
        }
        _ => Ok(None),
    }
}

/// The person of a SCIM User, if it is linked.
pub async fn person(
    tx: &mut Tx,
    client: &ScimClient,
    user: Option<UserId>,
) -> Result<Option<UserRow>, Error> {
    match user {
        Some(id) => Ok(tx.user(client.org, id).await?),
        None => Ok(None),
    }
}
