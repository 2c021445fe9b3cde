//! Connections as admins see them: what is set, what is trusted, and the addresses that the other
//! side is told.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;

use crate::directory::connection::{ConnectionState, Jit, Mode, Profile, Safeguard, Strictness};
use crate::directory::demands::Demands;
use crate::directory::metadata::{RefreshMode, Warning};
use crate::id::{ConnectionId, OrganizationId};
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Error, Kind, metadata, provider};
use crate::store::rows::ConnectionRow;
use crate::store::{Store, Tx};

/// A connection.
#[derive(Clone, Debug, Serialize)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Its name for people.
    pub name: String,
    /// Whether it works.
    pub state: ConnectionState,
    /// Whose habits are expected.
    pub profile: Profile,
    /// How SCIM requests are read.
    pub strictness: Strictness,
    /// Whether a sign-in may create people.
    pub jit: Jit,
    /// How the directory's groups weigh.
    pub mode: Mode,
    /// What happens when many people are removed at once.
    pub safeguard: Safeguard,
    /// The role of people whom nothing else gives one.
    pub default_role: Option<String>,
    /// The highest role that the connection may make somebody.
    pub max_role: Option<String>,
    /// The client id of the app that sign-ins lead to.
    pub app: Option<String>,
    /// Whether the identity provider may start a sign-in.
    pub idp_initiated: bool,
    /// Whether members of a group who are nobody here are left out, and the rest is done.
    pub tolerate_unknown_members: bool,
    /// Whether requests to the identity provider are signed.
    pub sign_requests: bool,
    /// Whether assertions that were encrypted with CBC are decrypted.
    pub allow_cbc: bool,
    /// Whether a logout reaches the identity provider, and one from there ends sessions here.
    pub single_logout: bool,
    /// Whether sign-ins are only tried: each shows its checks, and nobody comes in.
    pub testing: bool,
    /// Whether its SCIM client may only read, until it is taken live for the first time.
    pub scim_read_only: bool,
    /// What it demands of assertions, and where it reads the person.
    #[serde(flatten)]
    pub demands: Demands,
    /// When it was confirmed that the owner may sign in here.
    pub owner_confirmed_at: Option<Timestamp>,
    /// The identity provider's entity id.
    pub idp_entity_id: Option<String>,
    /// Where sign-ins begin at the identity provider.
    pub sso_url: Option<String>,
    /// Where its metadata are published.
    pub metadata_url: Option<String>,
    /// What becomes of what is newly published there.
    pub metadata_refresh: RefreshMode,
    /// The certificates that are trusted.
    pub certificates: Vec<TrustedCertificate>,
    /// The domains whose addresses the connection may speak for.
    pub trusted_domains: Vec<String>,
    /// The first successful SCIM write.
    pub scim_since: Option<Timestamp>,
    /// The first SCIM Group.
    pub scim_groups_since: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// What ends soon, or has ended.
    pub warnings: Vec<Warning>,
}

/// A certificate that a connection trusts.
#[derive(Clone, Debug, Serialize)]
pub struct TrustedCertificate {
    /// SHA-256 of the certificate, in hexadecimal.
    pub fingerprint: String,
    /// When it ends.
    pub not_after: Timestamp,
}

/// What the other side is told of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// Where SCIM requests go.
    pub scim_base_url: String,
    /// Where SAML responses go.
    pub acs_url: String,
    /// Our entity id.
    pub sp_entity_id: String,
    /// Where our metadata is.
    pub sp_metadata_url: String,
    /// Where SAML logout messages go, where single logout is on.
    pub slo_url: String,
    /// Where a sign-in begins.
    pub login_url: String,
}

impl Addresses {
    /// The addresses of a connection under a public URL without a trailing slash.
    pub fn of(public_url: &str, id: ConnectionId) -> Self {
        let saml = |page| format!("{public_url}/saml/{id}/{page}");
        Self {
            scim_base_url: format!("{public_url}/scim/{id}/v2"),
            acs_url: saml("acs"),
            sp_entity_id: saml("metadata"),
            sp_metadata_url: saml("metadata"),
            slo_url: saml("slo"),
            login_url: saml("login"),
        }
    }
}

/// The row of a connection; its id tells the organization.
pub async fn find(store: &Store, id: ConnectionId) -> Result<ConnectionRow, Error> {
    let found = store
        .read(move |tx| async move { Ok::<_, Error>(tx.connection_of_url(id).await?) }.boxed());
    found.await?.ok_or(Error::NotFound(Kind::Connection))
}

/// The row of a connection of the organization that a change is about.
pub(in crate::provisioning) async fn row(
    change: &mut Change<'_>,
    id: ConnectionId,
) -> Result<ConnectionRow, Error> {
    change
        .tx
        .connection(change.org, id)
        .await?
        .ok_or(Error::NotFound(Kind::Connection))
}

/// A connection.
pub async fn show(store: &Store, id: ConnectionId, now: Timestamp) -> Result<Connection, Error> {
    let row = find(store, id).await?;
    let shown = store.read(move |tx| {
        let row = row.clone();
        async move { described(tx, &row, now).await }.boxed()
    });
    shown.await
}

/// The connections of an organization, the oldest first.
pub async fn list(
    store: &Store,
    org: OrganizationId,
    now: Timestamp,
) -> Result<Vec<Connection>, Error> {
    let all = store.read(move |tx| {
        async move {
            let mut all = Vec::new();
            for row in tx.connections(org).await? {
                all.push(described(tx, &row, now).await?);
            }
            Ok::<_, Error>(all)
        }
        .boxed()
    });
    all.await
}

/// Describes a connection.
pub(super) async fn described(
    tx: &mut Tx,
    row: &ConnectionRow,
    now: Timestamp,
) -> Result<Connection, Error> {
    let roles = catalogue(tx, row.org_id).await?;
    let slug = |id| roles.role(id).map(|role| role.slug.clone());
    let app = match row.app_id {
        Some(id) => tx.app(id).await?.map(|app| app.client_id),
        None => None,
    };
    let certificates = tx.certificates(row.org_id, row.id).await?;
    let published = tx.metadata(row.org_id, row.id).await?;
    let warnings = metadata::warnings(tx, row, (&certificates, published.as_ref()), now).await?;
    let domains = tx.domains(row.org_id, row.id).await?.into_iter();
    Ok(Connection {
        id: row.id,
        organization_id: row.org_id,
        name: row.name.clone(),
        state: row.state,
        profile: row.profile,
        strictness: row.strictness,
        jit: row.jit,
        mode: row.mode,
        safeguard: row.safeguard,
        default_role: row.default_role_id.and_then(slug),
        max_role: slug(row.max_role_id),
        app,
        idp_initiated: row.idp_initiated,
        tolerate_unknown_members: row.tolerate_unknown_members,
        sign_requests: provider::signs_requests(row),
        allow_cbc: provider::allows_cbc(row),
        single_logout: provider::single_logout(row),
        testing: row.testing,
        scim_read_only: row.awaits_operator,
        demands: row.demands.in_force(),
        owner_confirmed_at: row.owner_confirmed_at.map(|at| at.0),
        idp_entity_id: row.idp_entity_id.clone(),
        sso_url: row.sso_url.clone(),
        metadata_refresh: metadata::mode(published.as_ref()),
        metadata_url: published.and_then(|row| row.url),
        certificates: certificates
            .into_iter()
            .map(|row| TrustedCertificate {
                fingerprint: row.fingerprint,
                not_after: row.not_after.0,
            })
            .collect(),
        trusted_domains: domains.map(|row| row.domain).collect(),
        scim_since: row.scim_since.map(|at| at.0),
        scim_groups_since: row.scim_groups_since.map(|at| at.0),
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
        warnings,
    })
}
