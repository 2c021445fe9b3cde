//! What a request says of a connection: its settings, and where the metadata are.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;
use utoipa::ToSchema;

use crate::directory::connection::{Jit, Mode, Profile, Safeguard, Strictness};
use crate::directory::demands::DemandChanges;
use crate::directory::metadata::RefreshMode;
use crate::http::Gateway;
use crate::http::reply::problem::{Problem, Type};
use crate::outbound::document::{Fetched, Validators};
use crate::outbound::{Client, Reach};
use crate::provisioning::metadata::Published;
use crate::provisioning::settings::connections::ConnectionSettings;
use crate::saml::metadata::{LIMIT, MEDIA_TYPES};

/// What is set of a connection; what is not named stays as it is, or is the default of a fresh one.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ConnectionWanted {
    /// Its name for people, unique in the organization.
    pub(in crate::http) name: Option<String>,
    /// Whose habits it expects.
    pub(in crate::http) profile: Option<Profile>,
    /// The identity provider's SAML metadata, as text of at most 1 MiB.
    pub(in crate::http) idp_metadata: Option<String>,
    /// Where they are published by https: they are read now, and again once a day. The operator's alone.
    pub(in crate::http) idp_metadata_url: Option<String>,
    /// Which of several identity providers in the metadata.
    pub(in crate::http) idp_entity_id: Option<String>,
    /// What becomes of what is newly published there.
    pub(in crate::http) metadata_refresh: Option<RefreshMode>,
    /// Domains to trust from now on, without a proof. The operator's alone.
    #[serde(default)]
    pub(in crate::http) trusted_domains: Vec<String>,
    /// Whether a sign-in may create a person.
    pub(in crate::http) jit: Option<Jit>,
    /// The client id of the app that sign-ins lead to; `none` takes it away.
    pub(in crate::http) app: Option<String>,
    /// The slug of the role of people whom nothing else gives one; `none` leaves it to the organization.
    pub(in crate::http) default_role: Option<String>,
    /// The slug of the highest role that it may give.
    pub(in crate::http) max_role: Option<String>,
    /// How SCIM requests that the standards leave open are taken.
    pub(in crate::http) strictness: Option<Strictness>,
    /// What happens when its directory removes many people at once.
    pub(in crate::http) safeguard: Option<Safeguard>,
    /// How its groups weigh against other grants.
    pub(in crate::http) mode: Option<Mode>,
    /// Whether sign-ins may start at the identity provider.
    pub(in crate::http) idp_initiated: Option<bool>,
    /// Whether members of a group who are nobody here are left out, and the rest is done.
    pub(in crate::http) tolerate_unknown_members: Option<bool>,
    /// Whether requests to the identity provider are signed.
    pub(in crate::http) sign_requests: Option<bool>,
    /// Whether assertions that were encrypted with AES-CBC are taken beside AES-GCM.
    pub(in crate::http) allow_cbc: Option<bool>,
    /// Whether a logout reaches the identity provider, and one from there ends sessions here.
    pub(in crate::http) single_logout: Option<bool>,
    /// Whether sign-ins are only tried: each shows its checks, and nobody comes in.
    pub(in crate::http) testing: Option<bool>,
    /// With `testing: false`, where it never was live: the fingerprints of the certificates that were looked at.
    /// Where it trusts others by now, nothing is done (412).
    pub(super) seen_certificates: Option<Vec<String>>,
    #[serde(skip)]
    pub(in crate::http) demands: DemandChanges,
}

impl fmt::Debug for ConnectionWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionWanted")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The settings and the demands of one body: in the description each is told by itself.
#[derive(ToSchema)]
#[schema(as = ConnectionSettings)]
#[expect(dead_code, reason = "the description reads it")]
pub(in crate::http) struct Described {
    #[serde(flatten)]
    pub(in crate::http) wanted: ConnectionWanted,
    #[serde(flatten)]
    pub(in crate::http) demands: DemandChanges,
}

impl ConnectionWanted {
    /// Reads a body: what is said of demands is told apart by its name.
    pub(in crate::http) fn read(body: Map<String, Value>) -> Result<Self, Problem> {
        let names: BTreeSet<&str> = DemandChanges::NAMES.iter().copied().collect();
        let (demands, wanted): (Map<_, _>, Map<_, _>) = body
            .into_iter()
            .partition(|(name, _)| names.contains(name.as_str()));
        let misread = |error| Problem::new(Type::MalformedBody, error);
        let demands: DemandChanges =
            serde_json::from_value(Value::Object(demands)).map_err(misread)?;
        let faults = demands.faults();
        if !faults.is_empty() {
            let faults = faults.into_iter().map(|it| (it.pointer, it.why));
            return Err(Problem::of_body(faults));
        }
        let wanted: Self = serde_json::from_value(Value::Object(wanted)).map_err(misread)?;
        Ok(Self { demands, ..wanted })
    }

    /// The settings, with the metadata read from where they are published.
    pub(in crate::http) async fn settings(
        self,
        gateway: &Gateway,
    ) -> Result<ConnectionSettings, Problem> {
        let invalid = |why: String| Problem::new(Type::Invalid, why);
        let (text, source) = match (self.idp_metadata, self.idp_metadata_url) {
            (Some(_), Some(_)) => {
                return Err(invalid(
                    "idp_metadata or idp_metadata_url, not both".to_owned(),
                ));
            }
            (text, None) => (text, None),
            (None, Some(url)) => {
                let (text, published) = fetched(gateway, &url).await.map_err(invalid)?;
                (Some(text), Some(published))
            }
        };
        Ok(ConnectionSettings {
            name: self.name,
            profile: self.profile,
            idp_metadata: text,
            idp_entity_id: self.idp_entity_id,
            idp_metadata_source: source,
            metadata_refresh: self.metadata_refresh,
            trusted_domains: self.trusted_domains,
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
            demands: self.demands,
            awaits_operator: false,
        })
    }

    /// Whether an address is to be read.
    pub(in crate::http) fn is_published(&self) -> bool {
        self.idp_metadata_url.is_some()
    }
}

/// The text at an address, and by what it is known to be the same later.
async fn fetched(gateway: &Gateway, address: &str) -> Result<(String, Published), String> {
    let failed = |why: &dyn fmt::Display| format!("idp_metadata_url: {why}");
    let url = Url::parse(address).map_err(|error| failed(&error))?;
    if url.scheme() != "https" {
        return Err(failed(&"metadata are trusted, so they come by https"));
    }
    let Some(client) = &gateway.outbound else {
        return Err(failed(&"nothing can be fetched here"));
    };
    let nothing = Validators::default();
    let document = Client::document(client, &url, Reach::Operator, MEDIA_TYPES, &nothing, LIMIT);
    match document.await.map_err(|error| failed(&error))? {
        Fetched::New { text, validators } => Ok((
            text,
            Published {
                url: url.to_string(),
                etag: validators.etag,
                last_modified: validators.last_modified,
            },
        )),
        Fetched::Unchanged => Err(failed(&"the address answers nothing")),
    }
}
