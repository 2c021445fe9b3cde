//! The rules of an organization: roles, projects, connections and mappings, read together and kept in memory while
//! they are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::directory::role::{Catalogue, Role};
use crate::directory::rulebook::{Rule, Rulebook, Weight};
use crate::id::{ConnectionId, MappingId, OrganizationId, ProjectId};
use crate::provisioning::{Error, Kind};
use crate::store::Tx;
use crate::store::memory::{Stamp, Subject};
use crate::store::rows::{ConnectionRow, MappingRow, OrganizationRow, ProjectRow, RoleRow};

/// The rules of an organization.
#[derive(Clone)]
pub struct Rules {
    /// The organization's slug, which is fixed for life.
    pub slug: String,
    /// The rules.
    pub book: Rulebook,
    /// The projects, those that are archived too, by slug.
    pub projects: Vec<ProjectRow>,
    /// The revision of the rules.
    pub rev: i64,
    /// The connections.
    pub connections: BTreeMap<ConnectionId, ConnectionRow>,
    /// The rules as they are stored, with what each is bound to.
    pub mappings: BTreeMap<MappingId, MappingRow>,
    /// Roles that were removed, as old grants still name them.
    pub former: Catalogue,
    /// Whether the rules are only thought of: the store does not know what they are bound to.
    pub foreseen: bool,
}

impl Rules {
    /// The rules as they are now: from memory, where they are the same still.
    pub async fn load(tx: &mut Tx, org: OrganizationId) -> Result<Arc<Self>, Error> {
        let stamp = tx.settings_stamp(org).await?;
        let stamp = stamp.ok_or(Error::NotFound(Kind::Organization))?;
        Self::at(tx, org, stamp).await
    }

    /// The same, where the stamp of the organization's settings was read in this transaction.
    pub async fn at(tx: &mut Tx, org: OrganizationId, stamp: Stamp) -> Result<Arc<Self>, Error> {
        let subject = Subject::Organization(org);
        match tx.memory().recall::<Self>(subject) {
            Some((of, rules)) if of == stamp => Ok(rules),
            _ => {
                let rules = Arc::new(Self::read(tx, org).await?);
                tx.memory().keep(subject, stamp, Arc::clone(&rules));
                Ok(rules)
            }
        }
    }

    async fn read(tx: &mut Tx, org: OrganizationId) -> Result<Self, Error> {
        let organization = tx
            .organization(org)
            .await?
            .ok_or(Error::NotFound(Kind::Organization))?;
        let connections = tx.connections(org).await?;
        let mappings = tx.mappings(org).await?;
        let projects = tx.projects(org).await?;
        let (roles, former) = catalogues(tx, org).await?;
        let of = (&*connections, &*mappings, &*projects);
        Ok(Self {
            book: rulebook(tx, roles, &organization, of).await?,
            projects,
            slug: organization.slug,
            former,
            rev: organization.policy_rev,
            connections: connections.into_iter().map(|it| (it.id, it)).collect(),
            mappings: mappings.into_iter().map(|row| (row.id, row)).collect(),
            foreseen: false,
        })
    }
}

/// The roles of an organization, and those that it has no more.
pub async fn catalogues(tx: &mut Tx, org: OrganizationId) -> Result<(Catalogue, Catalogue), Error> {
    let rows = tx.every_role(org).await?;
    let (former, present): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.removed_at.is_some());
    let named = |rows: Vec<&RoleRow>| Catalogue::new(rows.into_iter().map(role).collect());
    Ok((named(present), named(former)))
}

/// The rules of an organization, as they are now.
async fn rulebook(
    tx: &mut Tx,
    roles: Catalogue,
    organization: &OrganizationRow,
    (connections, mappings, projects): (&[ConnectionRow], &[MappingRow], &[ProjectRow]),
) -> Result<Rulebook, Error> {
    let org = organization.id;
    let mut scopes: BTreeMap<MappingId, BTreeSet<ProjectId>> = BTreeMap::new();
    for (mapping, project) in tx.mapping_projects(org).await? {
        scopes.entry(mapping).or_default().insert(project);
    }
    let weight = |row: &ConnectionRow| Weight {
        name: row.name.clone(),
        mode: row.mode,
        default_role: row.default_role_id,
        max_role: row.max_role_id,
    };
    let mut rule = |row: &MappingRow| Rule {
        connection: row.connection_id,
        match_kind: row.match_kind,
        match_text: row.match_text.clone(),
        role: row.role_id,
        projects: scopes.remove(&row.id).unwrap_or_default(),
        position: row.position,
        enabled: row.enabled,
        rev: row.rev,
    };
    Ok(Rulebook {
        roles,
        default_role: organization.default_role_id,
        projects: projects
            .iter()
            .map(|project| (project.id, project.slug.clone()))
            .collect(),
        connections: connections
            .iter()
            .map(|row| (row.id, weight(row)))
            .collect(),
        rules: mappings.iter().map(|row| (row.id, rule(row))).collect(),
    })
}

/// A role's row as the noun.
pub fn role(row: &RoleRow) -> Role {
    Role {
        id: row.id,
        slug: row.slug.clone(),
        name: row.name.clone(),
        rank: row.rank,
    }
}
