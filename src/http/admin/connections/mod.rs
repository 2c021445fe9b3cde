//! Connections: an organization's ties to its identity providers, with the addresses that the
//! provider must know. Nothing secret is shown: SCIM tokens are not here, metadata is public.

pub(super) mod keys;
pub(super) mod lint;
pub(super) mod metadata;
pub(super) mod removal;
mod wanted;
pub(super) mod write;

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::connection::{ConnectionState, Jit, Mode, Profile, Safeguard, Strictness};
use crate::directory::demands::Demands;
use crate::directory::metadata::{RefreshMode, Warning};
use crate::directory::scope::Scope;
use crate::http::Gateway;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{ConnectionId, RoleId};
use crate::provisioning::metadata::{mode, warnings};
use crate::provisioning::{Error, Kind, provider};
use crate::store::Tx;
use crate::store::rows::{CertificateRow, ConnectionRow, DomainRow, MetadataRow, RoleRow};

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Connection {
    /// The id: it is in the connection's URLs.
    #[schema(value_type = String, format = "uuid")]
    id: ConnectionId,
    /// Its name for people.
    name: String,
    /// Whether it works.
    state: ConnectionState,
    /// Whose habits it expects.
    profile: Profile,
    /// How SCIM requests that the standards leave open are taken.
    strictness: Strictness,
    /// Whether a sign-in may create a person.
    jit: Jit,
    /// How its groups weigh against other grants.
    mode: Mode,
    /// What happens when its directory removes many people at once.
    safeguard: Safeguard,
    /// Whether sign-ins may start at the identity provider.
    idp_initiated: bool,
    /// Whether members of a group who are nobody here are left out, and the rest is done.
    tolerate_unknown_members: bool,
    /// Whether requests to the identity provider are signed.
    sign_requests: bool,
    /// Whether assertions that were encrypted with AES-CBC are taken beside AES-GCM.
    allow_cbc: bool,
    /// Whether a logout reaches the identity provider, and one from there ends sessions here.
    single_logout: bool,
    /// Whether sign-ins are only tried: each shows its checks, and nobody comes in.
    testing: bool,
    /// What it demands of assertions, and where it reads the person.
    #[serde(flatten)]
    demands: Demands,
    /// The slug of the role that its people hold where nothing else gives one.
    default_role: Option<String>,
    /// The slug of the highest role that it may give.
    max_role: String,
    /// The client id of the app that sign-ins lead to.
    app: Option<String>,
    /// Since when the owner has confirmed it.
    #[schema(value_type = Option<String>, format = "date-time")]
    owner_confirmed_at: Option<Timestamp>,
    /// Where its SCIM client sends to.
    scim_base_url: String,
    /// Where SAML responses go.
    acs_url: String,
    /// Where a sign-in begins here.
    login_url: String,
    /// Our entity id: the audience of its assertions.
    sp_entity_id: String,
    /// Where our SAML metadata is.
    sp_metadata_url: String,
    /// Where SAML logout messages go, where single logout is on.
    slo_url: String,
    /// The identity provider's entity id.
    idp_entity_id: Option<String>,
    /// Where the identity provider takes requests.
    sso_url: Option<String>,
    /// Where the identity provider's metadata are published, and read again.
    metadata_url: Option<String>,
    /// What becomes of what is newly published there.
    metadata_refresh: RefreshMode,
    /// The certificates whose signatures count.
    certificates: Vec<Certificate>,
    /// The domains whose addresses it may speak for.
    domains: Vec<Domain>,
    /// Since when its directory writes by SCIM.
    #[schema(value_type = Option<String>, format = "date-time")]
    scim_since: Option<Timestamp>,
    /// Since when its directory pushes groups.
    #[schema(value_type = Option<String>, format = "date-time")]
    scim_groups_since: Option<Timestamp>,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
    /// When its settings last changed.
    #[schema(value_type = String, format = "date-time")]
    updated_at: Timestamp,
    /// What ends soon, or has ended; what has is trusted all the same.
    warnings: Vec<Warning>,
}

/// A certificate that signs for an identity provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct Certificate {
    /// SHA-256 of the certificate, in hexadecimal digits.
    fingerprint: String,
    /// When it ends.
    #[schema(value_type = String, format = "date-time")]
    expires_at: Timestamp,
}

/// A domain whose addresses a connection may speak for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionDomain)]
pub struct Domain {
    /// The domain.
    domain: String,
    /// Who says so: `operator`, or `dns` where a record proved it.
    source: String,
}

impl From<CertificateRow> for Certificate {
    fn from(row: CertificateRow) -> Self {
        Self {
            fingerprint: row.fingerprint,
            expires_at: row.not_after.0,
        }
    }
}

impl From<DomainRow> for Domain {
    fn from(row: DomainRow) -> Self {
        Self {
            domain: row.domain,
            source: row.source,
        }
    }
}

/// A connection's rows.
struct Rows {
    connection: ConnectionRow,
    certificates: Vec<CertificateRow>,
    domains: Vec<DomainRow>,
    published: Option<MetadataRow>,
    app: Option<String>,
    warnings: Vec<Warning>,
}

/// List the connections of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/connections", operation_id = "list_connections",
    tag = "Connections",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Connection>)),
    security(("key" = ["connections:read"])),
)]
pub(super) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Connection>>, Problem> {
    let place = listing.place::<ConnectionId>()?;
    let found = admin.read(&slug, Scope::ConnectionsRead, move |tx, admitted| {
        async move {
            let org = admitted.organization.id;
            let page = place.cut(tx.connections(org).await?, |row| row.id);
            let mut data = Vec::with_capacity(page.data.len());
            for row in page.data {
                data.push(rows(tx, row, admitted.now).await?);
            }
            let page = Page {
                data,
                next: page.next,
                has_more: page.has_more,
            };
            Ok((page, tx.roles(org).await?))
        }
        .boxed()
    });
    let (page, roles) = found.await?;
    let data = page
        .data
        .into_iter()
        .map(|rows| view(admin.gateway(), rows, &roles))
        .collect();
    Ok(Json(Page {
        data,
        next: page.next,
        has_more: page.has_more,
    }))
}

/// Show one connection, with the addresses that its identity provider must know.
#[utoipa::path(
    get, path = "/organizations/{slug}/connections/{id}", operation_id = "show_connection",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    responses((status = 200, body = Connection)),
    security(("key" = ["connections:read"])),
)]
pub(super) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Connection>, Problem> {
    let id: Option<ConnectionId> = id.parse().ok();
    let found = admin.read(&slug, Scope::ConnectionsRead, move |tx, admitted| {
        async move {
            let org = admitted.organization.id;
            let id = id.ok_or(Error::NotFound(Kind::Connection))?;
            let row = tx
                .connection(org, id)
                .await?
                .ok_or(Error::NotFound(Kind::Connection))?;
            Ok((rows(tx, row, admitted.now).await?, tx.roles(org).await?))
        }
        .boxed()
    });
    let (rows, roles) = found.await?;
    Ok(Json(view(admin.gateway(), rows, &roles)))
}

async fn rows(tx: &mut Tx, connection: ConnectionRow, now: Timestamp) -> Result<Rows, Error> {
    let (org, id) = (connection.org_id, connection.id);
    let certificates = tx.certificates(org, id).await?;
    let domains = tx.domains(org, id).await?;
    let published = tx.metadata(org, id).await?;
    let idp = (&*certificates, published.as_ref());
    let warnings = warnings(tx, &connection, idp, now).await?;
    let app = match connection.app_id {
        Some(id) => tx.app(id).await?.map(|app| app.client_id),
        None => None,
    };
    Ok(Rows {
        connection,
        certificates,
        domains,
        published,
        app,
        warnings,
    })
}

fn view(gateway: &Gateway, rows: Rows, roles: &[RoleRow]) -> Connection {
    let Rows {
        connection: row,
        certificates,
        domains,
        published,
        app,
        warnings,
    } = rows;
    let slug = |id: RoleId| {
        roles
            .iter()
            .find(|role| role.id == id)
            .map(|role| role.slug.clone())
    };
    let metadata = gateway.link(&format!("/saml/{}/metadata", row.id));
    let certificates = certificates.into_iter().map(Certificate::from);
    let domains = domains.into_iter().map(Domain::from);
    let (sign_requests, allow_cbc) = (provider::signs_requests(&row), provider::allows_cbc(&row));
    let single_logout = provider::single_logout(&row);
    Connection {
        id: row.id,
        name: row.name,
        state: row.state,
        profile: row.profile,
        strictness: row.strictness,
        jit: row.jit,
        mode: row.mode,
        safeguard: row.safeguard,
        idp_initiated: row.idp_initiated,
        tolerate_unknown_members: row.tolerate_unknown_members,
        sign_requests,
        allow_cbc,
        single_logout,
        testing: row.testing,
        demands: row.demands.in_force(),
        default_role: row.default_role_id.and_then(slug),
        max_role: slug(row.max_role_id).unwrap_or_default(),
        app,
        owner_confirmed_at: row.owner_confirmed_at.map(|at| at.0),
        scim_base_url: gateway.link(&format!("/scim/{}/v2", row.id)),
        acs_url: gateway.link(&format!("/saml/{}/acs", row.id)),
        login_url: gateway.link(&format!("/saml/{}/login", row.id)),
        sp_entity_id: metadata.clone(),
        sp_metadata_url: metadata,
        slo_url: gateway.link(&format!("/saml/{}/slo", row.id)),
        idp_entity_id: row.idp_entity_id,
        sso_url: row.sso_url,
        metadata_refresh: mode(published.as_ref()),
        metadata_url: published.and_then(|row| row.url),
        certificates: certificates.collect(),
        domains: domains.collect(),
        scim_since: row.scim_since.map(|at| at.0),
        scim_groups_since: row.scim_groups_since.map(|at| at.0),
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
        warnings,
    }
}
