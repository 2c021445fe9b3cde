//! Links by hand: whose a directory's resource is, where the directory's word alone does not say it. A yes is
//! an adoption in full, as the directory would have made it had it been allowed to.
//!
//! Only a resource that is nobody's is given to somebody. One that is somebody's stays: what they hold by it,
//! and the subjects by which they sign in, would be another person's from then on. There the directory deletes
//! its resource and pushes it again.

pub mod proof;
mod view;

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::directory::link::LinkState;
use crate::directory::policy::OwnerDeprovision;
use crate::directory::role::OWNER_RANK;
use crate::id::{ScimUserId, UserId};
use crate::provisioning::by_hand::reason;
use crate::provisioning::invitations::{Inviter, known};
use crate::provisioning::people::end_sessions_of;
use crate::provisioning::person::{self, Who};
use crate::provisioning::scim_client::types_of;
use crate::provisioning::{Change, Error, Kind, Source, admission, users};
use crate::scim::{Resource, etag};
use crate::store::rows::{ScimUserRow, UserRow};

pub use view::{Link, list, show, state};

/// What is said of a resource.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LinkReason)]
pub struct Said {
    /// Why: one to 500 characters; it is kept with the event.
    pub reason: String,
    /// The resource's version that was looked at: where it is another one by now, nothing is done.
    pub version: Option<String>,
}

/// Whose a resource is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The person: somebody who is there.
    #[schema(value_type = String, format = "uuid")]
    pub user_id: UserId,
    /// Why: one to 500 characters; it is kept with the event.
    pub reason: String,
    /// The resource's version that was looked at: where it is another one by now, nothing is done.
    pub version: Option<String>,
}

/// Says yes: the resource is the person's for whom it was proposed.
pub async fn approve(
    change: &mut Change<'_>,
    id: ScimUserId,
    said: &Said,
    is_operator: bool,
) -> Result<(), Error> {
    let row = find(change, id, said.version.as_deref()).await?;
    let Some(user) = row.proposed_user_id else {
        return Err(impossible(
            "the resource is proposed for nobody; say by a move whose it is",
        ));
    };
    let was_seen = said.version.is_some();
    join(change, (row, was_seen), user, (said, is_operator)).await
}

/// Says no: the resource is nobody's, and is not proposed for that person again. Doing it again changes
/// nothing.
pub async fn reject(change: &mut Change<'_>, id: ScimUserId, said: &Said) -> Result<(), Error> {
    let mut row = find(change, id, said.version.as_deref()).await?;
    let why = reason(&said.reason)?;
    let Some(proposed) = row.proposed_user_id.take() else {
        return match state(&row) {
            LinkState::Rejected => Ok(()),
            LinkState::Linked | LinkState::Proposed | LinkState::Unlinked => {
                Err(impossible("the resource is proposed for nobody"))
            }
        };
    };
    row.proposed_at = None;
    row.rejected_user_id = Some(proposed);
    row.rejected_at = Some(change.time());
    change.tx.update_scim_user(&row).await?;
    let data = json!({
        "user_id": null,
        "proposed_user_id": proposed,
        "connection_id": row.connection_id,
        "scim_id": row.id,
        "user_name": row.user_name,
        "link_reason": why,
    });
    change.record(EventKind::UserLinkRejected, data);
    Ok(())
}

/// Says whose a resource is that is nobody's, whether it was proposed for somebody or not.
pub async fn relocate(
    change: &mut Change<'_>,
    id: ScimUserId,
    wanted: &Moved,
    is_operator: bool,
) -> Result<(), Error> {
    let row = find(change, id, wanted.version.as_deref()).await?;
    let said = Said {
        reason: wanted.reason.clone(),
        version: None,
    };
    // Whoever says that somebody is another one than the address says has looked.
    join(change, (row, true), wanted.user_id, (&said, is_operator)).await
}

/// A resource that is nobody's, in the version that was looked at.
async fn find(
    change: &mut Change<'_>,
    id: ScimUserId,
    version: Option<&str>,
) -> Result<ScimUserRow, Error> {
    let row = change.tx.scim_users_by_ids(change.org, &[id]).await?.pop();
    let row = row.ok_or(Error::NotFound(Kind::Link))?;
    if version.is_some_and(|version| version != etag::of(row.version)) {
        return Err(Error::Stale);
    }
    if let Some(user) = row.user_id {
        return Err(impossible(&format!(
            "the resource is the person {user} already; the directory deletes it and pushes it again \
             where that is the wrong one"
        )));
    }
    Ok(row)
}

fn impossible(why: &str) -> Error {
    Violation::LinkImpossible(why.to_owned()).into()
}

/// Makes the resource the person's: the directory has the profile and the sign-in address from now on, its
/// groups give roles, and what it says of being active holds.
async fn join(
    change: &mut Change<'_>,
    (mut row, was_seen): (ScimUserRow, bool),
    user: UserId,
    (said, is_operator): (&Said, bool),
) -> Result<(), Error> {
    let user = admission::living(change, &user.to_string()).await?;
    permitted(change, &user, is_operator).await?;
    let why = reason(&said.reason)?;
    let connection = change.tx.connection(change.org, row.connection_id).await?;
    let connection = connection.ok_or(Error::NotFound(Kind::Connection))?;
    let resource = users::resource(types_of(&connection)?.user, &row)?;
    refuse_impossible(change, (&row, &resource), &user, was_seen).await?;
    let (proposed, was) = (row.proposed_user_id.or(row.rejected_user_id), state(&row));
    row.user_id = Some(user.id);
    row.proposed_user_id = None;
    row.proposed_at = None;
    row.rejected_user_id = None;
    row.rejected_at = None;
    change.tx.update_scim_user(&row).await?;
    let who = Who::There(user.clone(), true);
    let effects = person::apply(change, &connection, who, &resource, None).await?;
    if let Some(new) = &effects.user {
        confirm(change, &user, new).await?;
    }
    let mut data = users::told(&row, &effects, Some(&resource));
    if let Some(data) = data.as_object_mut() {
        data.insert("link_reason".to_owned(), why.into());
        data.insert("link_was".to_owned(), json!(was));
        let other = proposed.filter(|it| *it != user.id);
        data.insert("link_was_of".to_owned(), json!(other));
    }
    change.record_of(user.id, EventKind::UserAdopted, data);
    Ok(())
}

/// Whoever answers for the person: for the owner nobody but the owner and the operator, for all others an
/// admin. An organization's own key is no session of the owner.
async fn permitted(
    change: &mut Change<'_>,
    user: &UserRow,
    is_operator: bool,
) -> Result<(), Error> {
    let may = match change.context.source {
        Source::User(id) if user.owner => id == user.id && change.reach() >= OWNER_RANK,
        Source::User(_) => Inviter::of(change).await.map(|_| true)?,
        _ => !user.owner || is_operator,
    };
    if may {
        return Ok(());
    }
    Err(Error::Forbidden(
        "only the owner and the operator say which resource of a directory the owner is",
    ))
}

async fn refuse_impossible(
    change: &mut Change<'_>,
    (row, resource): (&ScimUserRow, &Resource),
    user: &UserRow,
    was_seen: bool,
) -> Result<(), Error> {
    let links = change.tx.scim_links_of(change.org, &[user.id]).await?;
    if let Some((_, connection, other)) = links.first() {
        let whose = if *connection == row.connection_id {
            "this connection"
        } else {
            "another connection"
        };
        return Err(impossible(&format!(
            "the person is the resource {other} of {whose} already; it is deleted there first"
        )));
    }
    if user.managed_by.is_some_and(|id| id != row.connection_id) {
        return Err(impossible("another connection's directory has the person"));
    }
    let address = resource.sign_in_address().and_then(Address::parse);
    if let Some(address) = address {
        let holder = change.tx.user_by_email(change.org, address.norm()).await?;
        if holder.is_some_and(|holder| holder.id != user.id) {
            return Err(impossible(
                "the resource's address is the sign-in address of another person",
            ));
        }
        // A directory may have written it since the resource was proposed.
        let same = user.email_norm.as_deref() == Some(address.norm());
        if !same && !was_seen {
            return Err(impossible(
                "the resource's address is not the person's, and would be from then on: look at both, and \
                 say the resource's version",
            ));
        }
    }
    if user.owner && !resource.active() {
        let policy = known::policy(change.tx, change.org).await?;
        match policy.owner_deprovision {
            OwnerDeprovision::Suspend => {}
            OwnerDeprovision::Refuse => {
                return Err(impossible(
                    "the resource is inactive, and the policy owner_deprovision keeps directories \
                     from turning the owner away",
                ));
            }
        }
    }
    Ok(())
}

/// What follows from somebody having looked: an address that came with it ends the sessions of the one
/// before, and neither it nor the externalId is too fresh to sign in by.
async fn confirm(change: &mut Change<'_>, old: &UserRow, new: &UserRow) -> Result<(), Error> {
    if old.email_norm.is_some() && old.email_norm != new.email_norm {
        end_sessions_of(change, old.id, "address_changed").await?;
    }
    if new.email_changed_at.is_some() || new.external_id_changed_at.is_some() {
        let row = UserRow {
            email_changed_at: None,
            external_id_changed_at: None,
            ..new.clone()
        };
        change.tx.update_user(&row).await?;
    }
    Ok(())
}
