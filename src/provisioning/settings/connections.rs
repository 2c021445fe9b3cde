//! Connections: set up and changed. The identity provider needs our addresses before it
//! has metadata to give, so a connection is created first and updated then.

use futures_util::FutureExt;
use serde::Serialize;
use serde_json::{Value, json};

use crate::directory::Violation;
use crate::directory::connection::{ConnectionState, Jit, Mode, Profile, Safeguard, Strictness};
use crate::directory::demands::{DemandChanges, Demands};
use crate::directory::email::domain_form;
use crate::directory::event::EventKind;
use crate::directory::metadata::RefreshMode;
use crate::directory::role::{Catalogue, DEFAULT_MAXIMUM};
use crate::id::{AppId, ConnectionId, OrganizationId};
use crate::limits;
use crate::provisioning::metadata::{self, Published};
use crate::provisioning::settings::connection_demands;
use crate::provisioning::settings::connection_roles::apply_roles;
use crate::provisioning::settings::connection_trust;
use crate::provisioning::settings::connection_view::{described, row};
use crate::provisioning::settings::roles::NO_ROLE;
use crate::provisioning::settings::{catalogue, differences, name, role, tokens};
use crate::provisioning::{Change, Context, Error, admission, change, recompute, sign_in};
use crate::saml::metadata::IdentityProvider;
use crate::scim;
use crate::store::rows::{ConnectionRow, DomainRow};
use crate::store::types::{Doc, Whose};
use crate::store::{Store, Tx};

pub use crate::provisioning::settings::connection_view::{
    Addresses, Connection, TrustedCertificate, find, list, show,
};

/// What an admin sets of a connection; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ConnectionSettings {
    /// The name for people, unique in the organization.
    pub name: Option<String>,
    /// Whose habits are expected.
    pub profile: Option<Profile>,
    /// The identity provider's metadata, as text.
    pub idp_metadata: Option<String>,
    /// Which of several identity providers in the metadata.
    pub idp_entity_id: Option<String>,
    /// Where the metadata were fetched, and will be again.
    pub idp_metadata_source: Option<Published>,
    /// What becomes of what is newly published there.
    pub metadata_refresh: Option<RefreshMode>,
    /// Domains to trust from now on.
    pub trusted_domains: Vec<String>,
    /// Whether a sign-in may create people.
    pub jit: Option<Jit>,
    /// The app's client id; `none` takes the app away.
    pub app: Option<String>,
    /// The role of people whom nothing else gives one; `none` leaves it to the organization.
    pub default_role: Option<String>,
    /// The highest role that the connection may make somebody.
    pub max_role: Option<String>,
    /// How SCIM requests are read.
    pub strictness: Option<Strictness>,
    /// What happens when many people are removed at once.
    pub safeguard: Option<Safeguard>,
    /// How the directory's groups weigh.
    pub mode: Option<Mode>,
    /// Whether the identity provider may start a sign-in.
    pub idp_initiated: Option<bool>,
    /// Whether members of a group who are nobody here are left out, and the rest is done.
    pub tolerate_unknown_members: Option<bool>,
    /// Whether requests to the identity provider are signed.
    pub sign_requests: Option<bool>,
    /// Whether assertions that were encrypted with CBC are decrypted.
    pub allow_cbc: Option<bool>,
    /// Whether a logout reaches the identity provider, and one from there ends sessions here.
    pub single_logout: Option<bool>,
    /// Whether sign-ins are only tried: each shows its checks, and nobody comes in.
    pub testing: Option<bool>,
    /// What it demands of assertions, and where it reads the person.
    pub demands: DemandChanges,
    /// Whether a fresh one waits for the operator's word, and takes no SCIM until then.
    pub awaits_operator: bool,
}

/// A fresh connection and its first SCIM token.
#[derive(Clone, Debug, Serialize)]
pub struct CreatedConnection {
    /// The connection.
    #[serde(flatten)]
    pub connection: Connection,
    /// The token, shown this once.
    pub scim_token: String,
}

/// Creates a connection and issues its first SCIM token.
pub async fn create(
    store: &Store,
    org: OrganizationId,
    context: Context,
    settings: ConnectionSettings,
) -> Result<CreatedConnection, Error> {
    change(store, org, context, move |change| {
        let settings = settings.clone();
        async move { create_in(change, &settings).await }.boxed()
    })
    .await
}

/// The same, within a change.
pub async fn create_in(
    change: &mut Change<'_>,
    settings: &ConnectionSettings,
) -> Result<CreatedConnection, Error> {
    if settings.name.is_none() {
        return Err(Violation::Invalid("a connection needs a name".to_owned()).into());
    }
    if change.tx.connections(change.org).await?.len() >= limits::CONNECTIONS_OF_ORGANIZATION {
        let most = limits::CONNECTIONS_OF_ORGANIZATION;
        let rule = format!("an organization has at most {most} connections");
        return Err(Violation::Invalid(rule).into());
    }
    let roles = catalogue(change.tx, change.org).await?;
    let schemas = change.tx.schemas(change.org).await?;
    let mut row = fresh(change, &roles, schemas)?;
    row.awaits_operator = settings.awaits_operator;
    let provider = apply(change, &roles, &mut row, settings).await?;
    change.tx.insert_connection(&row).await?;
    attach(change, &row, provider.as_ref(), settings).await?;
    let connection = described(change.tx, &row, change.now).await?;
    let mut data = json!({"connection_id": row.id});
    merge(&mut data, json!(&connection));
    change.record(EventKind::ConnectionCreated, data);
    let token = tokens::issue_full(change, row.id).await?;
    Ok(CreatedConnection {
        connection,
        scim_token: token.token,
    })
}

fn merge(data: &mut Value, more: Value) {
    if let (Value::Object(data), Value::Object(mut more)) = (data, more) {
        more.remove("id");
        more.remove("warnings");
        data.append(&mut more);
    }
}

/// A connection with nothing set.
fn fresh(change: &Change<'_>, roles: &Catalogue, schemas: Doc) -> Result<ConnectionRow, Error> {
    let at = change.time();
    Ok(ConnectionRow {
        org_id: change.org,
        id: change.id(),
        name: String::new(),
        name_folded: String::new(),
        profile: Profile::Generic,
        strictness: Strictness::Lenient,
        jit: Jit::Auto,
        mode: Mode::Authoritative,
        safeguard: Safeguard::Observe,
        default_role_id: None,
        max_role_id: role(roles, DEFAULT_MAXIMUM)?.id,
        app_id: None,
        state: ConnectionState::Active,
        owner_confirmed_at: None,
        idp_initiated: true,
        idp_entity_id: None,
        sso_url: None,
        metadata: None,
        scim_since: None,
        scim_groups_since: None,
        created_at: at,
        updated_at: at,
        tolerate_unknown_members: false,
        sign_requests: None,
        allow_cbc: None,
        idp_endpoints: None,
        testing: false,
        single_logout: None,
        demands: Demands::default(),
        schemas,
        went_live_at: None,
        awaits_operator: false,
    })
}

/// Changes a connection. Whoever it makes a difference to is resolved again, and the sessions end that
/// another identity provider vouched for, or a certificate that is trusted no more.
pub async fn update(
    store: &Store,
    context: Context,
    id: ConnectionId,
    settings: ConnectionSettings,
) -> Result<Connection, Error> {
    let org = find(store, id).await?.org_id;
    change(store, org, context, move |change| {
        let settings = settings.clone();
        async move { update_in(change, id, &settings).await }.boxed()
    })
    .await
}

/// The same, as part of a change.
pub async fn update_in(
    change: &mut Change<'_>,
    id: ConnectionId,
    settings: &ConnectionSettings,
) -> Result<Connection, Error> {
    let before = row(change, id).await?;
    let old = described(change.tx, &before, change.now).await?;
    let roles = catalogue(change.tx, change.org).await?;
    let mut row = before.clone();
    if !before.testing {
        row.went_live_at = row.went_live_at.or(Some(before.created_at));
    }
    let provider = apply(change, &roles, &mut row, settings).await?;
    change.tx.update_connection(&row).await?;
    attach(change, &row, provider.as_ref(), settings).await?;
    if before.idp_entity_id.is_some() && before.idp_entity_id != row.idp_entity_id {
        // What people confirmed were subjects of the other one.
        change
            .tx
            .unconfirm_connection(change.org, id, change.time())
            .await?;
    }
    let new = described(change.tx, &row, change.now).await?;
    let changes = differences(&json!(&old), &json!(&new));
    if changes.is_empty() {
        return Ok(old);
    }
    let data = json!({"connection_id": id, "changes": changes});
    change.record(EventKind::ConnectionUpdated, data);
    let weighs = |row: &ConnectionRow| (row.default_role_id, row.max_role_id, row.mode);
    if weighs(&before) != weighs(&row) {
        touch_people(change, id).await?;
        recompute::begin(change).await?;
    }
    if before.demands != row.demands {
        // What waits for a yes was let through by what was demanded before.
        sign_in::give_up(change, Whose::Connection(id)).await?;
    }
    let still = trusted_still(&old, &new);
    admission::end_sessions_rekeyed(change, id, (&fingerprints(&old), &still)).await?;
    Ok(new)
}

/// Of the provider that was trusted, the certificates that are trusted now; none of another one.
fn trusted_still(old: &Connection, new: &Connection) -> Vec<String> {
    if old.idp_entity_id == new.idp_entity_id {
        fingerprints(new)
    } else {
        Vec::new()
    }
}

fn fingerprints(of: &Connection) -> Vec<String> {
    let all = of.certificates.iter();
    all.map(|it| it.fingerprint.clone()).collect()
}

/// Puts the settings into the row, once they hold together; answers the provider that was named.
async fn apply(
    change: &mut Change<'_>,
    roles: &Catalogue,
    row: &mut ConnectionRow,
    settings: &ConnectionSettings,
) -> Result<Option<IdentityProvider>, Error> {
    if let Some(text) = &settings.name {
        row.name = name(text)?;
        row.name_folded = scim::fold(&row.name);
    }
    row.profile = settings.profile.unwrap_or(row.profile);
    row.strictness = settings.strictness.unwrap_or(row.strictness);
    row.jit = settings.jit.unwrap_or(row.jit);
    row.mode = settings.mode.unwrap_or(row.mode);
    row.safeguard = settings.safeguard.unwrap_or(row.safeguard);
    row.idp_initiated = settings.idp_initiated.unwrap_or(row.idp_initiated);
    let tolerant = settings.tolerate_unknown_members;
    row.tolerate_unknown_members = tolerant.unwrap_or(row.tolerate_unknown_members);
    row.sign_requests = settings.sign_requests.or(row.sign_requests);
    row.allow_cbc = settings.allow_cbc.or(row.allow_cbc);
    row.single_logout = settings.single_logout.or(row.single_logout);
    row.testing = settings.testing.unwrap_or(row.testing);
    if !row.testing {
        row.went_live_at = row.went_live_at.or(Some(change.time()));
        row.awaits_operator = false;
    }
    connection_demands::put(row, &settings.demands)?;
    row.updated_at = change.time();
    apply_roles(roles, row, settings)?;
    match settings.app.as_deref() {
        None => {}
        Some(NO_ROLE) => row.app_id = None,
        Some(client_id) => row.app_id = Some(app(change.tx, row.org_id, client_id).await?),
    }
    let Some(text) = &settings.idp_metadata else {
        return Ok(None);
    };
    let provider = connection_trust::read(text, settings.idp_entity_id.as_deref(), change.now)?;
    connection_trust::describe(row, &provider, text);
    Ok(Some(provider))
}

async fn app(tx: &mut Tx, org: OrganizationId, client_id: &str) -> Result<AppId, Error> {
    let app = tx.app_by_client_id(client_id).await?;
    let app = app.ok_or_else(|| Violation::UnknownApp(client_id.to_owned()))?;
    if tx.app_serves(app.id, org).await? {
        return Ok(app.id);
    }
    let rule = format!("the app {client_id} does not serve this organization");
    Err(Violation::Invalid(rule).into())
}

/// Writes what hangs on the connection's row.
async fn attach(
    change: &mut Change<'_>,
    row: &ConnectionRow,
    provider: Option<&IdentityProvider>,
    settings: &ConnectionSettings,
) -> Result<(), Error> {
    if let Some(provider) = provider {
        connection_trust::trust(change, row.id, provider).await?;
    }
    let (source, mode) = (
        settings.idp_metadata_source.as_ref(),
        settings.metadata_refresh,
    );
    metadata::set(change, row.id, (provider, source), mode).await?;
    trust(change, row.id, &settings.trusted_domains).await
}

/// Trusts domains, on the operator's word.
pub(super) async fn trust(
    change: &mut Change<'_>,
    connection: ConnectionId,
    domains: &[String],
) -> Result<(), Error> {
    for text in domains {
        let unreadable = || Violation::Invalid(format!("{text} is not a domain"));
        let row = DomainRow {
            org_id: change.org,
            connection_id: connection,
            domain: domain_form(text).ok_or_else(unreadable)?,
            source: "operator".to_owned(),
            created_at: change.time(),
        };
        change.tx.add_domain(&row).await?;
    }
    Ok(())
}

/// Says that everybody whom the connection bears on is to be resolved again.
pub(super) async fn touch_people(change: &mut Change<'_>, id: ConnectionId) -> Result<(), Error> {
    let mut touched = change.tx.users_managed_by(change.org, id).await?;
    touched.extend(change.tx.people_of_connection(change.org, id).await?);
    for mapping in change.tx.mappings(change.org).await? {
        if mapping.connection_id == id {
            touched.extend(change.tx.mapping_holders(change.org, mapping.id).await?);
        }
    }
    for user in touched {
        change.touch(user);
    }
    Ok(())
}
