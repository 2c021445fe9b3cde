//! What is known of addresses that are to be invited: one set of look-ups for one address or for
//! a whole file.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::directory::connection::ConnectionState;
use crate::directory::email::Address;
use crate::directory::invitation::{Standing, may_grant};
use crate::directory::policy::{ManagedDomains, Policy};
use crate::directory::role::{Catalogue, Role};
use crate::directory::{Violation, invitation};
use crate::id::{OrganizationId, RoleId, UserId};
use crate::limits;
use crate::provisioning::invitations::Obstacle;
use crate::provisioning::resolution::catalogues;
use crate::provisioning::{Change, Error};
use crate::store::Tx;
use crate::store::rows::{ConnectionRow, InvitationRow, ProjectRow, UserRow};

/// What an organization's rules are read from.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Its roles.
    pub roles: Catalogue,
    /// Those that it has no more: old invitations name them.
    pub former: Catalogue,
    /// Its projects, archived ones too.
    pub projects: Vec<ProjectRow>,
    /// Its policy.
    pub policy: Policy,
    /// Domains that a directory manages.
    pub managed: Vec<String>,
    connections: Vec<ConnectionRow>,
}

impl Rules {
    /// Reads them.
    pub async fn read(tx: &mut Tx, org: OrganizationId) -> Result<Self, Error> {
        let (roles, former) = catalogues(tx, org).await?;
        let projects = tx.projects(org).await?;
        let policy = policy(tx, org).await?;
        let connections = tx.connections(org).await?;
        let mut managed = Vec::new();
        for row in connections.iter().filter(|row| row.scim_since.is_some()) {
            let domains = tx.domains(org, row.id).await?;
            managed.extend(domains.into_iter().map(|row| row.domain));
        }
        Ok(Self {
            roles,
            former,
            projects,
            policy,
            managed,
            connections,
        })
    }

    /// The role of an invitation, one that is gone too.
    pub fn role_of(&self, id: RoleId) -> Option<&Role> {
        self.roles.role(id).or_else(|| self.former.role(id))
    }

    /// The role of this slug, if somebody of this rank may hand it out in so many projects.
    pub fn role(&self, slug: &str, projects: usize, rank: i64) -> Result<&Role, Error> {
        let role = self.roles.by_slug(slug);
        let role = role.ok_or_else(|| Violation::UnknownRole(slug.to_owned()))?;
        may_grant(role, projects, rank).map_err(Obstacle::from)?;
        Ok(role)
    }

    /// The live projects of these slugs, each once.
    pub fn projects(&self, slugs: &[String]) -> Result<Vec<&ProjectRow>, Error> {
        let mut found: Vec<&ProjectRow> = Vec::new();
        for slug in slugs {
            let row = self.projects.iter().find(|row| row.slug == *slug);
            let row = row.ok_or_else(|| Violation::UnknownProject(slug.clone()))?;
            if row.archived_at.is_some() {
                return Err(Violation::ArchivedProject(slug.clone()).into());
            }
            if !found.iter().any(|other| other.id == row.id) {
                found.push(row);
            }
        }
        Ok(found)
    }

    /// Whether people of the address's domain may be invited; the warning that goes with a yes.
    pub fn domain(&self, address: &Address) -> Result<Option<&'static str>, Obstacle> {
        let allowed = &self.policy.invite_domains;
        if !allowed.is_empty() && !allowed.iter().any(|domain| domain == address.domain()) {
            return Err(Obstacle::DomainNotAllowed(allowed.join(", ")));
        }
        if !self.managed.iter().any(|domain| domain == address.domain()) {
            return Ok(None);
        }
        match self.policy.managed_domains {
            ManagedDomains::Allow => Ok(None),
            ManagedDomains::Block => Err(Obstacle::ManagedDomain(address.domain().to_owned())),
            ManagedDomains::Warn => Ok(Some("directory_managed_domain")),
        }
    }
}

/// An organization's policy.
pub async fn policy(tx: &mut Tx, org: OrganizationId) -> Result<Policy, Error> {
    let row = tx.organization(org).await?;
    let row = row.ok_or(Error::NotFound(crate::provisioning::Kind::Organization))?;
    serde_json::from_str(&row.policy.0).map_err(|_| {
        let (table, column) = ("organizations", "policy");
        Error::Store(crate::store::Error::Corrupt { table, column })
    })
}

/// What an address is already.
#[derive(Clone, Debug)]
pub enum Found {
    /// A directory turned the person away, or deleted them a while ago.
    Deprovisioned(UserId),
    /// There is an invitation that has expired: a new one takes its place.
    Expired(InvitationRow),
    /// There is an invitation that waits.
    Invited(InvitationRow),
    /// Somebody is a member; whether a directory manages them.
    Member(UserId, bool),
    /// Nothing.
    Nobody,
    /// An admin suspended the person.
    Suspended(UserId),
}

impl Found {
    /// Why the address is not invited.
    pub fn obstacle(&self) -> Option<Obstacle> {
        match self {
            Self::Deprovisioned(id) => Some(Obstacle::Deprovisioned(*id)),
            Self::Invited(row) => Some(Obstacle::InvitationExists(row.id)),
            Self::Member(id, _) => Some(Obstacle::AlreadyMember(*id)),
            Self::Suspended(id) => Some(Obstacle::MemberSuspended(*id)),
            Self::Expired(_) | Self::Nobody => None,
        }
    }
}

/// What is known of a set of addresses.
#[derive(Debug)]
pub struct Known {
    people: BTreeMap<String, UserRow>,
    buried: BTreeMap<String, UserRow>,
    open: BTreeMap<String, InvitationRow>,
}

impl Known {
    /// Looks them all up, by their normalized form.
    pub async fn look_up(
        change: &mut Change<'_>,
        rules: &Rules,
        norms: &[String],
    ) -> Result<Self, Error> {
        let (org, now) = (change.org, change.now);
        Self::read(change.tx, org, now, rules, norms).await
    }

    /// The same, where nothing is to be changed.
    pub async fn read(
        tx: &mut Tx,
        org: OrganizationId,
        now: Timestamp,
        rules: &Rules,
        norms: &[String],
    ) -> Result<Self, Error> {
        let by_norm = |row: UserRow| Some((row.email_norm.clone()?, row));
        let people = tx.users_by_emails(org, norms).await?;
        let recent = |row: &UserRow| {
            row.deleted_at
                .is_some_and(|at| now.duration_since(at.0) <= limits::TOMBSTONE)
        };
        let on = |row: &UserRow| {
            rules.connections.iter().any(|connection| {
                Some(connection.id) == row.last_connection_id
                    && connection.state == ConnectionState::Active
            })
        };
        let buried = tx.buried_by_emails(org, norms).await?;
        let open = tx.open_invitations(org, norms).await?;
        Ok(Self {
            people: people.into_iter().filter_map(by_norm).collect(),
            buried: buried
                .into_iter()
                .filter(|row| recent(row) && on(row))
                .filter_map(by_norm)
                .collect(),
            open: open
                .into_iter()
                .map(|row| (row.email_norm.clone(), row))
                .collect(),
        })
    }

    /// What this address is.
    pub fn of(&self, norm: &str, now: Timestamp) -> Found {
        if let Some(user) = self.people.get(norm) {
            return if user.is_active() {
                Found::Member(user.id, user.managed_by.is_some())
            } else if user.suspended_by_directory_at.is_some() {
                Found::Deprovisioned(user.id)
            } else {
                Found::Suspended(user.id)
            };
        }
        if let Some(user) = self.buried.get(norm) {
            return Found::Deprovisioned(user.id);
        }
        self.invitation(norm, now)
    }

    /// What invitation there is to it, whoever it is.
    pub fn invitation(&self, norm: &str, now: Timestamp) -> Found {
        match self.open.get(norm) {
            None => Found::Nobody,
            Some(row) => match row.state.at(row.expires_at.0, now) {
                Standing::Expired => Found::Expired(row.clone()),
                _ => Found::Invited(row.clone()),
            },
        }
    }
}

impl From<invitation::Refusal> for Error {
    fn from(refusal: invitation::Refusal) -> Self {
        Self::Invitation(refusal.into())
    }
}

impl From<Obstacle> for Error {
    fn from(obstacle: Obstacle) -> Self {
        Self::Invitation(obstacle)
    }
}
