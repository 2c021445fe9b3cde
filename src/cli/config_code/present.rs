//! What is there, as a document has it, with the ids that a document leaves out.

use std::collections::BTreeMap;

use futures_util::FutureExt;

use crate::cli::config_code::demands::Demands;
use crate::cli::config_code::document::{
    Connection, Document, Mapping, Organization, Project, Role, Webhook,
};
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::metadata::RefreshMode;
use crate::id::{ConnectionId, MappingId, OrganizationId, WebhookId};
use crate::provisioning::invitations::known;
use crate::provisioning::settings::connection_state::{self, TrustedDomain};
use crate::provisioning::settings::roles::{self, NO_ROLE};
use crate::provisioning::settings::{connections, mappings, organizations, projects};
use crate::provisioning::webhooks::compose;
use crate::scim::fold;
use crate::store::rows::ConnectionRow;

/// What is there.
pub(super) struct Present {
    pub(super) document: Document,
    pub(super) ids: BTreeMap<String, Ids>,
}

/// The ids of what an organization has.
#[derive(Clone)]
pub(super) struct Ids {
    pub(super) organization: OrganizationId,
    /// By the names in the form in which they compare.
    connections: BTreeMap<String, ConnectionId>,
    /// In the order of the document.
    pub(super) mappings: Vec<MappingId>,
    /// The same.
    pub(super) webhooks: Vec<WebhookId>,
}

impl Ids {
    /// Of an organization that has nothing yet.
    pub(super) fn of(organization: OrganizationId) -> Self {
        Self {
            organization,
            connections: BTreeMap::new(),
            mappings: Vec::new(),
            webhooks: Vec::new(),
        }
    }

    /// The connection of a name.
    pub(super) fn connection(&self, name: &str) -> Option<ConnectionId> {
        self.connections.get(&fold(name)).copied()
    }

    /// Notes a connection.
    pub(super) fn put_connection(&mut self, name: &str, id: ConnectionId) {
        self.connections.insert(fold(name), id);
    }
}

impl Present {
    /// Reads the organizations that are wanted, with the URLs of their webhooks if somebody wants those;
    /// of the others it has the slugs alone.
    pub(super) async fn read(
        opened: &Opened,
        is_wanted: &dyn Fn(&str) -> bool,
        urls: bool,
    ) -> Result<Self, Failure> {
        let mut present = Self {
            document: Document::default(),
            ids: BTreeMap::new(),
        };
        for it in organizations::list(&opened.store).await? {
            let (slug, mut ids) = (it.slug.clone(), Ids::of(it.id));
            let mut described = Organization::default();
            if is_wanted(&slug) {
                described = Box::pin(organization(opened, it, &mut ids)).await?;
                described.webhooks = webhooks(opened, &mut ids, urls).await?;
            }
            present.ids.insert(slug.clone(), ids);
            present.document.organizations.insert(slug, described);
        }
        Ok(present)
    }
}

/// An organization, but for its webhooks.
async fn organization(
    opened: &Opened,
    it: organizations::Organization,
    ids: &mut Ids,
) -> Result<Organization, Failure> {
    let (store, id) = (&opened.store, it.id);
    let policy = store.read(move |tx| async move { known::policy(tx, id).await }.boxed());
    let policy = policy.await?;
    let roles = roles::list(store, id).await?.into_iter().map(|it| {
        let (name, rank) = (Some(it.name), Some(it.rank));
        (it.slug, Role { name, rank })
    });
    let projects = projects::list(store, id).await?.into_iter().map(|it| {
        let (name, archived) = (Some(it.name), Some(it.archived_at.is_some()));
        (it.slug, Project { name, archived })
    });
    let domains = connection_state::domains(store, id).await?;
    let connections = connections(opened, ids, &domains).await?;
    let proved = domains.iter().filter(|it| it.connection_id.is_none());
    Ok(Organization {
        name: Some(it.name),
        default_role: it.default_role,
        policy: Some(policy),
        roles: roles.collect(),
        projects: projects.collect(),
        domains: proved.map(|it| it.domain.clone()).collect(),
        mappings: mappings(opened, ids, &connections).await?,
        connections,
        webhooks: Vec::new(),
    })
}

async fn connections(
    opened: &Opened,
    ids: &mut Ids,
    domains: &[TrustedDomain],
) -> Result<BTreeMap<String, Connection>, Failure> {
    let (store, org) = (&opened.store, ids.organization);
    let rows = store.read(move |tx| async move { tx.connections(org).await }.boxed());
    let (rows, mut all) = (rows.await?, BTreeMap::new());
    for shown in connections::list(store, org, opened.now()).await? {
        let Some(row) = rows.iter().find(|row| row.id == shown.id) else {
            continue;
        };
        ids.put_connection(&shown.name, shown.id);
        let trusted = domains.iter();
        let trusted = trusted.filter(|it| it.connection_id == Some(shown.id));
        let mut trusted: Vec<_> = trusted.map(|it| it.domain.clone()).collect();
        trusted.sort();
        all.insert(shown.name.clone(), connection(shown, row, trusted));
    }
    Ok(all)
}

fn connection(
    shown: connections::Connection,
    row: &ConnectionRow,
    trusted_domains: Vec<String>,
) -> Connection {
    let is_usual = shown.metadata_url.is_none() && shown.metadata_refresh == RefreshMode::Propose;
    let no_role = || NO_ROLE.to_owned();
    Connection {
        profile: Some(shown.profile),
        state: Some(shown.state),
        testing: Some(shown.testing),
        jit: Some(shown.jit),
        mode: Some(shown.mode),
        strictness: Some(shown.strictness),
        safeguard: Some(shown.safeguard),
        default_role: Some(shown.default_role.unwrap_or_else(no_role)),
        max_role: shown.max_role,
        tolerate_unknown_members: Some(shown.tolerate_unknown_members),
        idp_initiated: Some(shown.idp_initiated),
        // Where nobody set them, the profile and the metadata say what holds.
        single_logout: row.single_logout,
        sign_requests: row.sign_requests,
        allow_cbc: row.allow_cbc,
        trusted_domains,
        idp_entity_id: shown.idp_entity_id,
        metadata_url: shown.metadata_url,
        metadata_refresh: (!is_usual).then_some(shown.metadata_refresh),
        idp_metadata: row.metadata.clone(),
        demands: Some(Demands(row.demands.clone())),
    }
}

async fn mappings(
    opened: &Opened,
    ids: &mut Ids,
    connections: &BTreeMap<String, Connection>,
) -> Result<Vec<Mapping>, Failure> {
    let mut all = Vec::new();
    for name in connections.keys() {
        let Some(id) = ids.connection(name) else {
            continue;
        };
        for rule in mappings::list(&opened.store, id).await? {
            ids.mappings.push(rule.id);
            let mut projects = rule.projects;
            projects.sort();
            all.push(Mapping {
                connection: name.clone(),
                match_kind: rule.match_kind,
                group: rule.group,
                role: rule.role.unwrap_or_default(),
                projects,
                position: Some(rule.position),
                enabled: rule.enabled,
            });
        }
    }
    Ok(all)
}

async fn webhooks(opened: &Opened, ids: &mut Ids, urls: bool) -> Result<Vec<Webhook>, Failure> {
    let (keys, org) = (&opened.links.secrets, ids.organization);
    let rows = opened
        .store
        .read(move |tx| async move { tx.webhooks(org).await }.boxed());
    let (mut rows, mut all) = (rows.await?, Vec::new());
    rows.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    for row in rows {
        ids.webhooks.push(row.id);
        let url = urls.then(|| compose::url(keys, &row)).transpose()?;
        let types = row.types.as_deref();
        all.push(Webhook {
            url: url.map(|url| url.reveal().to_owned()),
            types: types.map(|words| words.split_whitespace().map(str::to_owned).collect()),
            format: row.format,
            name: row.name,
        });
    }
    Ok(all)
}
