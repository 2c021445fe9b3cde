//! `usher connection`.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::arguments::{switch, word};
use crate::cli::connection_demands::Demands;
use crate::cli::connection_end::Delete;
use crate::cli::connection_guide::Guide;
use crate::cli::connection_key::Key;
use crate::cli::connection_metadata::MetadataStep;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::metadata::metadata;
use crate::cli::opened::Opened;
use crate::cli::recompute;
use crate::directory::connection::{Jit, Mode, Profile, Safeguard, Strictness};
use crate::directory::metadata::RefreshMode;
use crate::id::ConnectionId;
use crate::provisioning::lint;
use crate::provisioning::settings::connection_state;
use crate::provisioning::settings::connections::{self, Addresses, ConnectionSettings};

/// Connections: an organization's ties to its identity providers
#[derive(Debug, Subcommand)]
pub(super) enum Connection {
    /// Create a connection and its first SCIM token
    ///
    /// Prints what the identity provider is to be told: the SCIM base URL and token, and the
    /// addresses of the SAML service provider. The token is shown this once.
    ///
    /// Examples:
    ///   usher connection create --org acme --name Okta --profile okta --trusted-domain acme.example
    ///   usher connection create --org acme --name Entra --profile entra --idp-metadata entra.xml
    #[command(verbatim_doc_comment)]
    Create {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The connection's name, unique in the organization
        #[arg(long)]
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Change a connection; what is not named stays as it is
    ///
    /// Examples:
    ///   usher connection update ID --idp-metadata okta.xml
    ///   usher connection update ID --idp-metadata https://acme.okta.com/app/abc/sso/saml/metadata
    ///   usher connection update ID --default-role viewer --max-role editor
    ///   usher connection update ID --default-role none --app none
    ///   usher connection update ID --require-encryption on --require-signed both
    ///   usher connection update ID --attribute email=mail --attribute groups=memberOf
    #[command(verbatim_doc_comment)]
    Update {
        /// The connection
        id: ConnectionId,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// List an organization's connections
    ///
    /// Example:
    ///   usher connection list --org acme
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
    /// Show one connection with its addresses
    ///
    /// Example:
    ///   usher connection show ID --json
    #[command(verbatim_doc_comment)]
    Show {
        /// The connection
        id: ConnectionId,
    },
    Guide(Guide),
    /// Stop a connection: SCIM is answered 403, nobody signs in, its sessions end
    ///
    /// Example:
    ///   usher connection pause ID
    #[command(verbatim_doc_comment)]
    Pause {
        /// The connection
        id: ConnectionId,
    },
    /// Let a paused connection work again
    ///
    /// Example:
    ///   usher connection resume ID
    #[command(verbatim_doc_comment)]
    Resume {
        /// The connection
        id: ConnectionId,
    },
    Delete(Delete),
    /// What a connection has shown that goes wrong one day, and how it is mended
    ///
    /// Looks at the newest people and sign-ins, and at what a running server counted up to its
    /// last write, a minute ago at most.
    ///
    /// Example:
    ///   usher connection lint ID
    #[command(verbatim_doc_comment)]
    Lint {
        /// The connection
        id: ConnectionId,
    },
    /// How a connection's metadata are kept up to date, and what waits for a yes
    ///
    /// Metadata that came from an address are read again once a day, or sooner where they ask for
    /// it. What is new is proposed, or trusted at once with --metadata-refresh auto.
    ///
    /// Examples:
    ///   usher connection metadata ID
    ///   usher connection metadata ID --refresh-now
    ///   usher connection metadata ID --apply
    #[command(verbatim_doc_comment)]
    Metadata {
        /// The connection
        id: ConnectionId,
        #[command(flatten)]
        step: MetadataStep,
    },
    /// Our own key of a connection: it signs requests and decrypts assertions
    #[command(subcommand)]
    Key(Key),
    /// Confirm that the organization's owner may sign in through this connection
    ///
    /// Example:
    ///   usher connection confirm-owner ID
    #[command(verbatim_doc_comment)]
    ConfirmOwner {
        /// The connection
        id: ConnectionId,
    },
}

/// What create and update both set.
#[derive(Args, Debug)]
pub(super) struct Settings {
    /// The product behind the connection, whose habits are expected [default: generic]
    #[arg(long, value_parser = word::<Profile>(Profile::WORDS))]
    profile: Option<Profile>,
    /// The identity provider's SAML metadata: a file, an address, or - for standard input
    #[arg(long, value_name = "FILE|URL")]
    idp_metadata: Option<String>,
    /// Which of several identity providers in the metadata
    #[arg(long, value_name = "ENTITY_ID", requires = "idp_metadata")]
    idp_entity_id: Option<String>,
    /// What becomes of newer metadata at that address [default: propose]
    #[arg(long, value_parser = word::<RefreshMode>(RefreshMode::WORDS))]
    metadata_refresh: Option<RefreshMode>,
    /// A domain whose addresses this connection may sign in; may be given several times
    #[arg(long, value_name = "DOMAIN")]
    trusted_domain: Vec<String>,
    /// Whether a sign-in may create a person [default: auto]
    #[arg(long, value_parser = word::<Jit>(Jit::WORDS))]
    jit: Option<Jit>,
    /// The app that sign-ins lead to, or none
    #[arg(long, value_name = "CLIENT_ID")]
    app: Option<String>,
    /// The role of people whom no group gives one, or none for the organization's default
    #[arg(long, value_name = "ROLE")]
    default_role: Option<String>,
    /// The highest role this connection may make somebody [default: admin]
    #[arg(long, value_name = "ROLE")]
    max_role: Option<String>,
    /// How SCIM requests are read [default: lenient]
    #[arg(long, value_parser = word::<Strictness>(Strictness::WORDS))]
    strictness: Option<Strictness>,
    /// What happens when many people are removed at once [default: observe]
    #[arg(long, value_parser = word::<Safeguard>(Safeguard::WORDS))]
    safeguard: Option<Safeguard>,
    /// Whether the directory's groups come first, or the highest role wins [default: authoritative]
    #[arg(long, value_parser = word::<Mode>(Mode::WORDS))]
    mode: Option<Mode>,
    /// Whether a sign-in may start at the identity provider [default: on]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    idp_initiated: Option<bool>,
    /// Whether members of a group who are nobody here are left out; else the request is refused
    /// [default: off]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    tolerate_unknown_members: Option<bool>,
    /// Whether sign-in requests are signed [default: as the metadata ask]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    sign_requests: Option<bool>,
    /// Whether assertions encrypted with AES-CBC are taken beside AES-GCM
    /// [default: on for entra and generic]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    allow_cbc: Option<bool>,
    /// Whether a logout reaches the identity provider, and one from there ends sessions here
    /// [default: on where the metadata name an address for logout]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    single_logout: Option<bool>,
    /// Whether sign-ins are only tried: each shows its checks, and nobody comes in [default: off]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    testing: Option<bool>,
    #[command(flatten)]
    demands: Demands,
}

impl Settings {
    async fn read(
        self,
        name: Option<String>,
        opened: &Opened,
    ) -> Result<ConnectionSettings, Failure> {
        let (idp_metadata, idp_metadata_source) = match &self.idp_metadata {
            Some(source) => {
                let (text, published) = metadata(&opened.config.outbound, source).await?;
                (Some(text), published)
            }
            None => (None, None),
        };
        Ok(ConnectionSettings {
            name,
            profile: self.profile,
            idp_metadata,
            idp_metadata_source,
            idp_entity_id: self.idp_entity_id,
            metadata_refresh: self.metadata_refresh,
            trusted_domains: self.trusted_domain,
            jit: self.jit,
            app: self.app,
            default_role: self.default_role,
            max_role: self.max_role,
            strictness: self.strictness,
            safeguard: self.safeguard,
            mode: self.mode,
            idp_initiated: self.idp_initiated,
            tolerate_unknown_members: self.tolerate_unknown_members,
            sign_requests: self.sign_requests,
            allow_cbc: self.allow_cbc,
            single_logout: self.single_logout,
            testing: self.testing,
            demands: self.demands.read()?,
            awaits_operator: false,
        })
    }
}

/// A connection, or a fresh one, with its addresses.
#[derive(Serialize)]
struct WithAddresses<T> {
    #[serde(flatten)]
    connection: T,
    #[serde(flatten)]
    addresses: Addresses,
}

const COLUMNS: [&str; 7] = [
    "id",
    "name",
    "profile",
    "state",
    "jit",
    "max_role",
    "idp_entity_id",
];

const FINDINGS: [&str; 5] = ["code", "subject", "count", "last_at", "mend"];

impl Connection {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let store = &opened.store;
        let shown = match self {
            Self::Create {
                org,
                name,
                settings,
            } => {
                let org = opened.organization(&org).await?;
                let settings = settings.read(Some(name), opened).await?;
                let created = connections::create(store, org, opened.context(), settings).await?;
                opened
                    .output
                    .note("The SCIM token is shown this once; keep it safe.")?;
                let addresses = Addresses::of(opened.public_url(), created.connection.id);
                opened.output.record(&WithAddresses {
                    connection: created,
                    addresses,
                })?;
                return Ok(Outcome::Done);
            }
            Self::List { org } => {
                let org = opened.organization(&org).await?;
                let all = connections::list(store, org, opened.now()).await?;
                opened.output.rows(&all, &COLUMNS)?;
                return Ok(Outcome::Done);
            }
            Self::Lint { id } => {
                let findings = lint::of(store, id).await?;
                opened.output.rows(&findings, &FINDINGS)?;
                return Ok(Outcome::Done);
            }
            Self::Delete(delete) => return delete.run(opened).await,
            Self::Guide(guide) => return guide.run(opened).await,
            Self::Key(key) => {
                key.run(opened).await?;
                return Ok(Outcome::Done);
            }
            Self::Metadata { id, step } => {
                step.run(opened, id).await?;
                return Ok(Outcome::Done);
            }
            Self::Update { id, name, settings } => {
                update(opened, id, settings.read(name, opened).await?).await?
            }
            Self::Show { id } => connections::show(store, id, opened.now()).await?,
            Self::Pause { id } => connection_state::pause(store, opened.context(), id).await?,
            Self::Resume { id } => connection_state::resume(store, opened.context(), id).await?,
            Self::ConfirmOwner { id } => {
                connection_state::confirm_owner(store, opened.context(), id).await?
            }
        };
        let addresses = Addresses::of(opened.public_url(), shown.id);
        opened.output.record(&WithAddresses {
            connection: shown,
            addresses,
        })?;
        Ok(Outcome::Done)
    }
}

/// Changes a connection, and computes what that leaves to batches.
async fn update(
    opened: &Opened,
    id: ConnectionId,
    settings: ConnectionSettings,
) -> Result<connections::Connection, Failure> {
    let (store, context) = (&opened.store, opened.context());
    let (org, cause) = (
        connections::find(store, id).await?.org_id,
        context.cause.clone(),
    );
    let updated = connections::update(store, context, id, settings).await?;
    recompute::finish(opened, org, &cause).await?;
    Ok(updated)
}
