//! The people of an organization, as the admin API and the command line show them: who they are,
//! which role they hold, and ([`explain`]) what decided it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::grant::Entitlement;
use crate::directory::role::Catalogue;
use crate::directory::rulebook::Rulebook;
use crate::directory::user::UserState;
use crate::id::{ConnectionId, IdentityId, OrganizationId, ScimUserId, UserId};
use crate::provisioning::resolution::role;
use crate::provisioning::{Error, Kind};
use crate::store::Tx;
use crate::store::rows::{IdentityRow, ScimUserRow, UserRow};

mod candidates;
mod explanation;
pub mod file;
mod inputs;
mod scene;
pub mod sessions;
mod words;

pub use explanation::{
    AssertedGroup, Because, Candidate, Explanation, MatchedGroup, Rule, explain,
};
pub use inputs::{Ceiling, Inputs, RankedRole};

/// A person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// The id: `sub` in ID tokens, `user_id` in events.
    #[schema(value_type = String, format = "uuid")]
    pub id: UserId,
    /// What the person is now.
    pub state: UserState,
    /// What keeps a suspended person out: `directory`, `admin`, `expiry`.
    pub suspended_by: Vec<&'static str>,
    /// The address.
    pub email: Option<String>,
    /// The name as shown.
    pub display_name: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// Whether the person owns the organization.
    pub owner: bool,
    /// The slug of the organization-wide role; null where there is none.
    pub role: Option<String>,
    /// The roles in projects.
    pub projects: Vec<ProjectRole>,
    /// Rises whenever a role changes.
    pub roles_version: i64,
    /// The connection whose directory manages the person.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub managed_by: Option<ConnectionId>,
    /// Whether the person signed in first and the directory has not confirmed them yet.
    pub provisional: bool,
    /// Whether the owner let the person in though a directory had turned them away.
    #[serde(rename = "override")]
    pub overridden: bool,
    /// Since when the person is known.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When the person last changed.
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Timestamp,
}

/// A role in a project.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProjectRole {
    /// The project's slug.
    pub slug: String,
    /// The role's slug.
    pub role: String,
}

/// A person with their ties to connections.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserDetail {
    /// The person.
    #[serde(flatten)]
    pub user: User,
    /// When they are deleted, since their connection is gone; letting them in again prevents it.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub delete_at: Option<Timestamp>,
    /// What directories say of the person, one resource a connection.
    pub scim: Vec<ScimLink>,
    /// The subjects by which the person signs in.
    pub identities: Vec<Identity>,
}

/// A SCIM User that is this person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScimLink {
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// The resource's id.
    #[schema(value_type = String, format = "uuid")]
    pub scim_id: ScimUserId,
    /// Its userName.
    pub user_name: String,
    /// Its externalId.
    pub external_id: Option<String>,
    /// Whether the directory says that the person is active.
    pub active: bool,
}

/// A subject of an identity provider that is this person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Identity {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    pub id: IdentityId,
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// The NameID.
    pub name_id: Option<String>,
    /// The NameID's format.
    pub format: Option<String>,
    /// Since when it is linked.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// The last sign-in.
    #[schema(value_type = String, format = "date-time")]
    pub last_seen_at: Timestamp,
}

/// Which people are looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those with this address, in the form in which addresses compare.
    pub email_norm: Option<String>,
    /// Those who are this now.
    pub state: Option<UserState>,
    /// Those after this one.
    pub after: Option<UserId>,
}

/// People, in the order of their ids.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    wanted: &Wanted,
    limit: usize,
) -> Result<Vec<User>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let norm = wanted.email_norm.as_deref();
    let rows = tx
        .wanted_users(org, norm, wanted.state, wanted.after, limit)
        .await?;
    views(tx, org, rows).await
}

/// One person, with their ties to connections.
pub async fn show(tx: &mut Tx, org: OrganizationId, id: UserId) -> Result<UserDetail, Error> {
    let row = tx.user(org, id).await?;
    let delete_at = row.as_ref().and_then(|row| row.delete_at);
    let user = views(tx, org, row.into_iter().collect()).await?.pop();
    let user = user.ok_or(Error::NotFound(Kind::User))?;
    let scim = tx
        .scim_users_of(org, id)
        .await?
        .into_iter()
        .map(scim_link)
        .collect();
    let identities = tx
        .identities_of(org, id)
        .await?
        .into_iter()
        .map(identity)
        .collect();
    Ok(UserDetail {
        user,
        delete_at: delete_at.map(|at| at.0),
        scim,
        identities,
    })
}

async fn views(tx: &mut Tx, org: OrganizationId, rows: Vec<UserRow>) -> Result<Vec<User>, Error> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let held = tx.user_projects(org, &ids).await?;
    let roles = Catalogue::new(tx.roles(org).await?.iter().map(role).collect());
    let projects = tx.projects(org).await?;
    let view = |row: UserRow| {
        let mine = held.iter().filter(|held| held.user_id == row.id);
        let mine = mine.filter_map(|held| {
            let project = projects
                .iter()
                .find(|project| project.id == held.project_id)?;
            Some(ProjectRole {
                slug: project.slug.clone(),
                role: roles.role(held.role_id)?.slug.clone(),
            })
        });
        User {
            id: row.id,
            state: row.state(),
            suspended_by: suspended_by(&row),
            owner: row.owner,
            role: row
                .role_id
                .and_then(|id| roles.role(id))
                .map(|role| role.slug.clone()),
            projects: mine.collect(),
            roles_version: row.roles_version,
            managed_by: row.managed_by,
            provisional: row.provisional_since.is_some(),
            overridden: row.override_at.is_some(),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            email: row.email,
            display_name: row.display_name,
            given_name: row.given_name,
            family_name: row.family_name,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

pub(super) fn suspended_by(row: &UserRow) -> Vec<&'static str> {
    [
        ("directory", row.suspended_by_directory_at),
        ("admin", row.suspended_by_admin_at),
        ("expiry", row.suspended_by_expiry_at),
    ]
    .into_iter()
    .filter_map(|(who, at)| at.map(|_| who))
    .collect()
}

fn project_roles(entitlement: &Entitlement, book: &Rulebook) -> Vec<ProjectRole> {
    let held = entitlement.projects.iter().filter_map(|(project, role)| {
        Some(ProjectRole {
            slug: book.projects.get(project)?.clone(),
            role: book.role_slug(Some(*role))?.to_owned(),
        })
    });
    held.collect()
}

fn scim_link(row: ScimUserRow) -> ScimLink {
    ScimLink {
        connection_id: row.connection_id,
        scim_id: row.id,
        user_name: row.user_name,
        external_id: row.external_id,
        active: row.active,
    }
}

fn identity(row: IdentityRow) -> Identity {
    Identity {
        id: row.id,
        connection_id: row.connection_id,
        name_id: row.name_id,
        format: row.format,
        created_at: row.created_at.0,
        last_seen_at: row.last_seen_at.0,
    }
}
