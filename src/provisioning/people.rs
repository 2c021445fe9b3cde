//! People, one by one: who is there, an admin's suspension and its end, and the end of sessions
//! that every way of losing access shares.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::directory::Violation;
use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::directory::user::UserState;
use crate::id::{ConnectionId, IdentityId, OrganizationId, ScimUserId, UserId};
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::store::rows::{SessionRow, UserProjectRow, UserRow};
use crate::store::{Store, Tx};

/// A person, as lists show one.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The id: `sub` in tokens.
    pub id: UserId,
    /// The sign-in address.
    pub email: Option<String>,
    /// The name for people.
    pub name: Option<String>,
    /// Whether the person may sign in.
    pub state: UserState,
    /// Whether the person holds the owner's title.
    pub owner: bool,
    /// The organization-wide role.
    pub role: Option<String>,
    /// The roles in projects.
    pub projects: Vec<ProjectRole>,
    /// How often the roles changed.
    pub roles_version: i64,
    /// The connection whose directory manages the person.
    pub managed_by: Option<ConnectionId>,
    /// Who suspended the person, where somebody did.
    pub suspended_by: Vec<&'static str>,
    /// Since when.
    pub created_at: Timestamp,
    /// When the person was last changed.
    pub updated_at: Timestamp,
}

/// A role in one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProjectRole {
    /// The project.
    pub slug: String,
    /// The role.
    pub role: Option<String>,
}

/// A person with what ties them to identity providers.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// The person.
    #[serde(flatten)]
    pub person: Person,
    /// The SAML subjects that sign the person in.
    pub identities: Vec<Identity>,
    /// The SCIM Users that stand for the person.
    pub scim_users: Vec<Resource>,
}

/// A link to a SAML subject.
#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The subject's NameID.
    pub name_id: Option<String>,
    /// The last sign-in.
    pub last_seen_at: Timestamp,
}

/// A SCIM User of the person.
#[derive(Clone, Debug, Serialize)]
pub struct Resource {
    /// Its id.
    pub id: ScimUserId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// Its userName.
    pub user_name: String,
    /// Its externalId.
    pub external_id: Option<String>,
    /// What the directory last said.
    pub active: bool,
}

/// Some people of an organization, in the order of their ids.
pub async fn list(
    store: &Store,
    org: OrganizationId,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<Person>, Error> {
    let page = store.read(move |tx| {
        async move {
            let users = tx.users(org, after, limit).await?;
            described(tx, org, users).await
        }
        .boxed()
    });
    page.await
}

/// A person, by id or sign-in address.
pub async fn show(store: &Store, org: OrganizationId, named: &str) -> Result<Profile, Error> {
    let named = named.to_owned();
    let found = store.read(move |tx| {
        let named = named.clone();
        async move {
            let user = find(tx, org, &named).await?;
            profile(tx, org, user).await
        }
        .boxed()
    });
    found.await
}

/// The row of a person, by id or sign-in address.
pub async fn find(tx: &mut Tx, org: OrganizationId, named: &str) -> Result<UserRow, Error> {
    let row = match (named.parse::<UserId>(), Address::parse(named)) {
        (Ok(id), _) => tx.user(org, id).await?,
        (_, Some(address)) => tx.user_by_email(org, address.norm()).await?,
        _ => None,
    };
    row.ok_or(Error::NotFound(Kind::User))
}

/// Describes people with their roles.
pub async fn described(
    tx: &mut Tx,
    org: OrganizationId,
    users: Vec<UserRow>,
) -> Result<Vec<Person>, Error> {
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    let held = tx.user_projects(org, &ids).await?;
    let roles: BTreeMap<_, _> =
        tx.roles(org).await?.into_iter().map(|role| (role.id, role.slug)).collect();
    let projects: BTreeMap<_, _> =
        tx.projects(org).await?.into_iter().map(|project| (project.id, project.slug)).collect();
    let of = |user: UserId| {
        let mine = held.iter().filter(move |row: &&UserProjectRow| row.user_id == user);
        mine.map(|row| ProjectRole {
            slug: projects.get(&row.project_id).cloned().unwrap_or_default(),
            role: roles.get(&row.role_id).cloned(),
        })
        .collect()
    };
    Ok(users
        .into_iter()
        .map(|user| Person {
            state: user.state(),
            role: user.role_id.and_then(|id| roles.get(&id).cloned()),
            projects: of(user.id),
            suspended_by: suspensions(&user),
            id: user.id,
            email: user.email,
            name: user.display_name,
            owner: user.owner,
            roles_version: user.roles_version,
            managed_by: user.managed_by,
            created_at: user.created_at.0,
            updated_at: user.updated_at.0,
        })
        .collect())
}

fn suspensions(user: &UserRow) -> Vec<&'static str> {
    let marks = [
        ("admin", user.suspended_by_admin_at),
        ("directory", user.suspended_by_directory_at),
        ("expiry", user.suspended_by_expiry_at),
    ];
    marks.into_iter().filter(|(_, at)| at.is_some()).map(|(who, _)| who).collect()
}

async fn profile(tx: &mut Tx, org: OrganizationId, user: UserRow) -> Result<Profile, Error> {
    let identities = tx.identities_of(org, user.id).await?;
    let scim_users = tx.scim_users_of(org, user.id).await?;
    let person = described(tx, org, vec![user]).await?.pop().ok_or(Error::NotFound(Kind::User))?;
    Ok(Profile {
        person,
        identities: identities
            .into_iter()
            .map(|row| Identity {
                id: row.id,
                connection_id: row.connection_id,
                name_id: row.name_id,
                last_seen_at: row.last_seen_at.0,
            })
            .collect(),
        scim_users: scim_users
            .into_iter()
            .map(|row| Resource {
                id: row.id,
                connection_id: row.connection_id,
                user_name: row.user_name,
                external_id: row.external_id,
                active: row.active,
            })
            .collect(),
    })
}

/// An admin suspends a person: no sign-in, no role, and every session and code ends with it. The
/// owner is not suspended by hand. Doing it again changes nothing.
pub async fn suspend(
    store: &Store,
    org: OrganizationId,
    context: Context,
    named: &str,
) -> Result<Profile, Error> {
    mark(store, org, context, named, true).await
}

/// An admin lifts an admin's suspension; one by the directory stays.
pub async fn reactivate(
    store: &Store,
    org: OrganizationId,
    context: Context,
    named: &str,
) -> Result<Profile, Error> {
    mark(store, org, context, named, false).await
}

async fn mark(
    store: &Store,
    org: OrganizationId,
    context: Context,
    named: &str,
    suspended: bool,
) -> Result<Profile, Error> {
    let text = named.to_owned();
    let id = change(store, org, context, move |change| {
        let text = text.clone();
        async move {
            let user = find(change.tx, change.org, &text).await?;
            let id = user.id;
            if suspended {
                suspend_row(change, user).await?;
            } else {
                reactivate_row(change, user).await?;
            }
            Ok(id)
        }
        .boxed()
    })
    .await?;
    show(store, org, &id.to_string()).await
}

async fn suspend_row(change: &mut Change<'_>, mut user: UserRow) -> Result<(), Error> {
    if user.deleted_at.is_some() || user.erased_at.is_some() {
        return Err(Error::NotFound(Kind::User));
    }
    if user.suspended_by_admin_at.is_some() {
        return Ok(());
    }
    if user.owner {
        return Err(Violation::LastOwner.into());
    }
    let before = user.state();
    user.suspended_by_admin_at = Some(change.time());
    user.updated_at = change.time();
    change.tx.update_user(&user).await?;
    record_state(change, EventKind::UserSuspended, &user, before);
    end_sessions_of(change, user.id, "suspended").await?;
    Ok(())
}

async fn reactivate_row(change: &mut Change<'_>, mut user: UserRow) -> Result<(), Error> {
    if user.deleted_at.is_some() || user.erased_at.is_some() {
        return Err(Error::NotFound(Kind::User));
    }
    if user.suspended_by_admin_at.is_none() {
        return Ok(());
    }
    let before = user.state();
    user.suspended_by_admin_at = None;
    user.updated_at = change.time();
    change.tx.update_user(&user).await?;
    let kind = if user.is_active() { EventKind::UserReactivated } else { EventKind::UserUpdated };
    record_state(change, kind, &user, before);
    Ok(())
}

fn record_state(change: &mut Change<'_>, kind: EventKind, user: &UserRow, before: UserState) {
    let mut changes: Vec<Value> = Vec::new();
    if before != user.state() {
        changes.push(json!({"attribute": "state", "old": before, "new": user.state()}));
    }
    let data = json!({
        "user_id": user.id,
        "connection_id": user.managed_by,
        "suspended_by": suspensions(user),
        "changes": changes,
    });
    change.record_of(user.id, kind, data);
}

/// Ends every live session of a person, and with them the codes that were not used yet; answers
/// how many sessions. Whatever takes a person's access away calls this in its own transaction.
pub async fn end_sessions_of(
    change: &mut Change<'_>,
    user: UserId,
    cause: &str,
) -> Result<usize, Error> {
    let now = change.time();
    let live = change.tx.live_sessions_of(change.org, user, now).await?;
    end(change, live, cause).await
}

/// Ends every live session that was made through a connection.
pub async fn end_sessions_through(
    change: &mut Change<'_>,
    connection: ConnectionId,
    cause: &str,
) -> Result<usize, Error> {
    let now = change.time();
    let live = change.tx.live_sessions_through(change.org, connection, now).await?;
    end(change, live, cause).await
}

async fn end(
    change: &mut Change<'_>,
    sessions: Vec<SessionRow>,
    cause: &str,
) -> Result<usize, Error> {
    let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    let now = change.time();
    change.tx.end_sessions(change.org, &ids, now, cause).await?;
    for session in sessions {
        let data = json!({
            "user_id": session.user_id,
            "connection_id": session.connection_id,
            "session_id": session.id,
            "reason": cause,
        });
        change.record(EventKind::SessionRevoked, data);
    }
    Ok(ids.len())
}
