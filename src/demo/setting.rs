//! What the operator sets up before anything arrives: an organization, the application behind, a
//! connection to each identity provider, and the rules which role a group gives.

use uuid::Uuid;

use crate::demo::Fault;
use crate::demo::client::{Asked, Client};
use crate::demo::expect::ensure;
use crate::demo::idp::TestIdp;
use crate::demo::portal::Kind;
use crate::demo::scim::Scim;
use crate::demo::stage::Stage;
use crate::demo::transcript::{Stopped, Transcript, Went};
use crate::directory::connection::Profile;
use crate::directory::mapping::MatchKind;
use crate::id::{ConnectionId, OrganizationId};
use crate::oidc::keys::Algorithm;
use crate::provisioning::settings::apps::{self, NewApp};
use crate::provisioning::settings::connections::{self, Addresses, ConnectionSettings};
use crate::provisioning::settings::keys::{self, NewKey};
use crate::provisioning::settings::mappings::{self, NewMapping};
use crate::provisioning::settings::oauth_clients::Proof;
use crate::provisioning::settings::organizations::{self, NewOrganization};
use crate::provisioning::settings::projects::{self, NewProject};

/// The group that both directories push.
pub(super) const GROUP: &str = "SEO_Editors";
/// The role that it gives.
pub(super) const ROLE: &str = "editor";
/// A project of the organization.
pub(super) const PROJECT: &str = "website";
/// The organization.
pub(super) const SLUG: &str = "acme";

/// The organization of the demo, and what reaches it.
#[derive(Clone)]
pub(super) struct Acme {
    pub(super) public_url: String,
    pub(super) client: Client,
    pub(super) okta: Connected,
    pub(super) entra: Connected,
    /// A key of the admin API.
    pub(super) key: String,
}

/// A connection and the identity provider at its other end.
#[derive(Clone)]
pub(super) struct Connected {
    pub(super) id: ConnectionId,
    pub(super) kind: Kind,
    pub(super) addresses: Addresses,
    pub(super) scim: Scim,
    pub(super) idp: TestIdp,
}

/// Sets everything up.
pub(super) async fn set_up(
    stage: &Stage,
    fault: Option<Fault>,
    transcript: &mut Transcript,
) -> Result<Acme, Stopped> {
    let asked = format!("usher org create {SLUG}");
    let org = transcript
        .step("An organization", asked, organization(stage))
        .await?;
    let asked = format!(
        "usher app create --name Demo --initiate-login-uri {}",
        stage.app.login_url()
    );
    let client_id = transcript
        .step("The application behind", asked, application(stage))
        .await?;
    let okta = connect(stage, org, Kind::Okta, &client_id, transcript).await?;
    let entra = connect(stage, org, Kind::Entra, &client_id, transcript).await?;
    if fault != Some(Fault::NoMapping) {
        for connected in [&okta, &entra] {
            let asked = format!("usher mapping add --group {GROUP} --role {ROLE}");
            let step = format!("{}'s rule", connected.kind.name());
            transcript
                .step(&step, asked, map(stage, connected.id))
                .await?;
        }
    }
    let asked = format!("usher project create --org {SLUG} {PROJECT} --name Website");
    transcript
        .step("A project", asked, project(stage, org))
        .await?;
    let asked = format!("usher key issue --org {SLUG}");
    let key = transcript
        .step("A key for the admin API", asked, key(stage, org))
        .await?;
    let (public_url, client) = (stage.public_url.clone(), stage.client.clone());
    Ok(Acme {
        public_url,
        client,
        okta,
        entra,
        key,
    })
}

async fn organization(stage: &Stage) -> Went<OrganizationId> {
    let new = NewOrganization {
        slug: SLUG.to_owned(),
        name: Some("Acme".to_owned()),
        owner: None,
    };
    let public_url = &stage.public_url;
    let created = organizations::create(&stage.store, stage.command(), new, public_url).await?;
    let org = created.organization;
    let default = org.default_role.unwrap_or_default();
    ensure(
        default == "viewer",
        format!("the default role is {default}"),
    )?;
    Ok((org.id, format!("id {}, default role {default}", org.id)))
}

async fn application(stage: &Stage) -> Went<String> {
    let new = NewApp {
        name: "Demo".to_owned(),
        addresses: apps::Addresses {
            redirect_uris: vec![stage.app.redirect_uri()],
            initiate_login_uri: Some(stage.app.login_url()),
            ..apps::Addresses::default()
        },
        organizations: vec![SLUG.to_owned()],
        audience: None,
        id_token_alg: Algorithm::Es256,
        proof: Proof::Secret(None),
    };
    let app = apps::create(&stage.store, stage.command(), new).await?;
    let secret = app.client_secret.unwrap_or_default();
    stage.app.registered(&app.client_id, &secret);
    let answered = format!("client_id {}", app.client_id);
    Ok((app.client_id, answered))
}

async fn connect(
    stage: &Stage,
    org: OrganizationId,
    kind: Kind,
    client_id: &str,
    transcript: &mut Transcript,
) -> Result<Connected, Stopped> {
    let (profile, domain) = (kind.slug(), kind.domain());
    let asked = format!(
        "usher connection create --profile {profile} --trusted-domain {domain} --idp-metadata FILE"
    );
    let step = format!("{}'s connection", kind.name());
    let connected = transcript
        .step(&step, asked, connection(stage, org, kind, client_id))
        .await?;
    let metadata = connected.addresses.sp_metadata_url.clone();
    let step = format!("Our SAML metadata for {}", kind.name());
    let work = service_provider(&stage.client, &connected.addresses);
    transcript
        .step(&step, format!("GET {}", path(&metadata)), work)
        .await?;
    stage.portal.open(&connected);
    Ok(connected)
}

async fn connection(
    stage: &Stage,
    org: OrganizationId,
    kind: Kind,
    client_id: &str,
) -> Went<Connected> {
    let idp = TestIdp::new(
        kind.entity_id(),
        format!("{}/{}", stage.others_url, kind.slug()),
    )?;
    let settings = ConnectionSettings {
        name: Some(kind.name().to_owned()),
        profile: Some(match kind {
            Kind::Entra => Profile::Entra,
            Kind::Okta => Profile::Okta,
        }),
        idp_metadata: Some(idp.metadata()),
        trusted_domains: vec![kind.domain().to_owned()],
        app: Some(client_id.to_owned()),
        ..ConnectionSettings::default()
    };
    let created = connections::create(&stage.store, org, stage.command(), settings).await?;
    let connection = created.connection;
    let known = connection.idp_entity_id.as_deref();
    ensure(
        known == Some(kind.entity_id()),
        "the metadata's entity id is not the connection's",
    )?;
    let certificates = connection.certificates.len();
    ensure(
        certificates == 1,
        format!("{certificates} certificates are trusted, not 1"),
    )?;
    let addresses = Addresses::of(&stage.public_url, connection.id);
    let scim = Scim {
        client: stage.client.clone(),
        base: addresses.scim_base_url.clone(),
        token: created.scim_token,
        agent: kind.agent(),
        media: kind.media(),
    };
    let answered = format!("{}, 1 certificate, a SCIM token", connection.id);
    Ok((
        Connected {
            id: connection.id,
            kind,
            addresses,
            scim,
            idp,
        },
        answered,
    ))
}

async fn service_provider(client: &Client, addresses: &Addresses) -> Went<()> {
    let metadata = client
        .send(Asked::get(&addresses.sp_metadata_url))
        .await?
        .expect(200)?
        .text();
    let acs = format!("Location=\"{}\"", addresses.acs_url);
    ensure(
        metadata.contains(&acs),
        "the metadata does not name the ACS",
    )?;
    Ok(((), format!("200, ACS {}", path(&addresses.acs_url))))
}

async fn map(stage: &Stage, connection: ConnectionId) -> Went<()> {
    let new = NewMapping {
        connection,
        match_kind: MatchKind::Name,
        group: GROUP.to_owned(),
        role: ROLE.to_owned(),
        projects: Vec::new(),
        position: None,
        enabled: None,
    };
    let mapping = mappings::add(&stage.store, stage.command(), new).await?;
    ensure(
        mapping.bound_group_id.is_none(),
        "the rule is bound before there is a group",
    )?;
    Ok(((), format!("{GROUP} -> {ROLE}, {}", mapping.state)))
}

async fn project(stage: &Stage, org: OrganizationId) -> Went<()> {
    let (store, context) = (&stage.store, stage.command());
    let new = NewProject {
        slug: PROJECT.to_owned(),
        name: Some("Website".to_owned()),
    };
    let project = projects::create(store, org, context, new).await?;
    Ok(((), format!("id {}", project.id)))
}

async fn key(stage: &Stage, org: OrganizationId) -> Went<String> {
    let new = NewKey {
        name: Some("Demo".to_owned()),
        ..NewKey::default()
    };
    let issued = keys::issue(&stage.store, stage.command(), Some(org), new).await?;
    let answered = format!("a key that ends in {}", issued.of.last4);
    Ok((issued.key, answered))
}

/// The path of a URL as the transcript tells it: ids, which are long, are only named.
pub(super) fn path(url: &str) -> String {
    let rest = url
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| rest.split_at(at)));
    let path = rest.map_or(url, |(_, path)| path);
    let segments = path.split('/').map(|segment| {
        let is_id = segment.parse::<Uuid>().is_ok();
        if is_id { "ID" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}
