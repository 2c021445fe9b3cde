//! Connections: an organization's ties to its identity providers, with the addresses that the
//! provider must know. Nothing secret is shown: SCIM tokens are not here, metadata is public.

pub(in crate::http) mod keys;
pub(in crate::http) mod lint;
pub(in crate::http) mod metadata;
pub(in crate::http) mod removal;
pub(in crate::http) mod wanted;
pub(in crate::http) mod write;

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
use crate::http::admin::conditional::Seen;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{ConnectionId, OrganizationId, RoleId};
use crate::provisioning::metadata::{mode, warnings};
use crate::provisioning::{Error, Kind, provider};
use crate::store::Tx;
use crate::store::rows::{CertificateRow, ConnectionRow, DomainRow, MetadataRow, RoleRow};

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Connection {
    /// The id: it is in the connection's URLs.
    #[schema(value_type = String, format = "uuid")]
    pub(in crate::http) id: ConnectionId,
    /// Its name for people.
    pub(in crate::http) name: String,
    /// Whether it works.
    pub(in crate::http) state: ConnectionState,
    /// Whose habits it expects.
    pub(in crate::http) profile: Profile,
    /// How SCIM requests that the standards leave open are taken.
    pub(in crate::http) strictness: Strictness,
    /// Whether a sign-in may create a person.
    pub(in crate::http) jit: Jit,
    /// How its groups weigh against other grants.
    pub(in crate::http) mode: Mode,
    /// What happens when its directory removes many people at once.
    pub(in crate::http) safeguard: Safeguard,
    /// Whether sign-ins may start at the identity provider.
    pub(in crate::http) idp_initiated: bool,
    /// Whether members of a group who are nobody here are left out, and the rest is done.
    pub(in crate::http) tolerate_unknown_members: bool,
    /// Whether requests to the identity provider are signed.
    pub(in crate::http) sign_requests: bool,
    /// Whether assertions that were encrypted with AES-CBC are taken beside AES-GCM.
    pub(in crate::http) allow_cbc: bool,
    /// Whether a logout reaches the identity provider, and one from there ends sessions here.
    pub(in crate::http) single_logout: bool,
    /// Whether sign-ins are only tried: each shows its checks, and nobody comes in.
    pub(in crate::http) testing: bool,
    /// Whether its SCIM client may only read, until it is taken live for the first time.
    pub(in crate::http) scim_read_only: bool,
    /// What it demands of assertions, and where it reads the person.
    #[serde(flatten)]
    pub(in crate::http) demands: Demands,
    /// The slug of the role that its people hold where nothing else gives one.
    pub(in crate::http) default_role: Option<String>,
    /// The slug of the highest role that it may give.
    pub(in crate::http) max_role: String,
    /// The client id of the app that sign-ins lead to.
    pub(in crate::http) app: Option<String>,
    /// Since when the owner has confirmed it.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub(in crate::http) owner_confirmed_at: Option<Timestamp>,
    /// Where its SCIM client sends to.
    pub(in crate::http) scim_base_url: String,
    /// Where SAML responses go.
    pub(in crate::http) acs_url: String,
    /// Where a sign-in begins here.
    pub(in crate::http) login_url: String,
    /// Our entity id: the audience of its assertions.
    pub(in crate::http) sp_entity_id: String,
    /// Where our SAML metadata is.
    pub(in crate::http) sp_metadata_url: String,
    /// Where SAML logout messages go, where single logout is on.
    pub(in crate::http) slo_url: String,
    /// The identity provider's entity id.
    pub(in crate::http) idp_entity_id: Option<String>,
    /// Where the identity provider takes requests.
    pub(in crate::http) sso_url: Option<String>,
    /// Where the identity provider's metadata are published, and read again.
    pub(in crate::http) metadata_url: Option<String>,
    /// What becomes of what is newly published there.
    pub(in crate::http) metadata_refresh: RefreshMode,
    /// The certificates whose signatures count.
    pub(in crate::http) certificates: Vec<Certificate>,
    /// The domains whose addresses it may speak for.
    pub(in crate::http) domains: Vec<Domain>,
    /// Since when its directory writes by SCIM.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub(in crate::http) scim_since: Option<Timestamp>,
    /// Since when its directory pushes groups.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub(in crate::http) scim_groups_since: Option<Timestamp>,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    pub(in crate::http) created_at: Timestamp,
    /// When its settings last changed.
    #[schema(value_type = String, format = "date-time")]
    pub(in crate::http) updated_at: Timestamp,
    /// What ends soon, or has ended; what has is trusted all the same.
    pub(in crate::http) warnings: Vec<Warning>,
}

/// A certificate that signs for an identity provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct Certificate {
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub(in crate::http) fingerprint: String,
    /// When it ends.
    #[schema(value_type = String, format = "date-time")]
    pub(in crate::http) expires_at: Timestamp,
}

/// A domain whose addresses a connection may speak for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionDomain)]
pub struct Domain {
    /// The domain.
    pub(in crate::http) domain: String,
    /// Who says so: `operator`, or `dns` where a record proved it.
    pub(in crate::http) source: String,
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
    pub(in crate::http) connection: ConnectionRow,
    pub(in crate::http) certificates: Vec<CertificateRow>,
    pub(in crate::http) domains: Vec<DomainRow>,
    pub(in crate::http) published: Option<MetadataRow>,
    pub(in crate::http) app: Option<String>,
    pub(in crate::http) warnings: Vec<Warning>,
}

/// List the connections of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/connections", operation_id = "list_connections",
    tag = "Connections",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Connection>)),
    security(("key" = ["connections:read"])),
)]
pub(in crate::http) async fn list(
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

/// How many people there are with an address that a connection speaks for: whom it could sign in once it is live.
pub(in crate::http) async fn could_sign_in(
    admin: &Admin,
    slug: &str,
    id: ConnectionId,
) -> Result<i64, Problem> {
    let counted = admin.read(slug, Scope::UsersRead, move |tx, admitted| {
        async move {
            let org = admitted.organization.id;
            let mut people = 0;
            for row in tx.domains(org, id).await? {
                people += tx.users_of_domain(org, &row.domain).await?;
            }
            Ok(people)
        }
        .boxed()
    });
    counted.await
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
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Connection>, Problem> {
    let id: Option<ConnectionId> = id.parse().ok();
    let found = admin.read(&slug, Scope::ConnectionsRead, move |tx, admitted| {
        async move { one(tx, (admitted.organization.id, id), admitted.now).await }.boxed()
    });
    let (rows, roles) = found.await?;
    Ok(Json(view(admin.gateway(), rows, &roles)))
}

/// What is shown of one of them.
async fn one(
    tx: &mut Tx,
    (org, id): (OrganizationId, Option<ConnectionId>),
    now: Timestamp,
) -> Result<(Rows, Vec<RoleRow>), Error> {
    const NONE: Error = Error::NotFound(Kind::Connection);
    let row = tx.connection(org, id.ok_or(NONE)?).await?;
    let rows = rows(tx, row.ok_or(NONE)?, now).await?;
    Ok((rows, tx.roles(org).await?))
}

/// A connection, as it is shown.
fn seen(gateway: &Gateway, id: Option<ConnectionId>) -> Seen {
    let gateway = gateway.clone();
    Seen::of(move |tx, moment| {
        let gateway = gateway.clone();
        async move {
            let (rows, roles) = one(tx, (moment.org()?, id), moment.now).await?;
            Ok(view(&gateway, rows, &roles))
        }
        .boxed()
    })
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
        scim_read_only: row.awaits_operator,
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
