//! A posted message on its way through the pure pipeline: on a thread of its own, under a bound.

use std::sync::Arc;

use axum::response::Response;
use jiff::Timestamp;

use crate::directory::connection::Profile as Product;
use crate::http::body::Taken;
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};
use crate::provisioning::invitations::Links;
use crate::provisioning::saml_peer::SamlPeer;
use crate::provisioning::{demands, provider, saml_keys};
use crate::saml::binding::{PostForm, Received};
use crate::saml::conditions::Expected;
use crate::saml::encryption::{DecryptionKey, Failures};
use crate::saml::metadata::ServiceProvider;
use crate::saml::profile::{self, Preset, Profile};
use crate::saml::trace::Step;
use crate::saml::{self, Assertion, Trace};
use crate::store::rows::SamlKeyRow;

/// A posted form, and what it is measured by.
pub(super) struct Message {
    pub(super) media: Option<String>,
    pub(super) body: Taken,
    pub(super) us: ServiceProvider,
    pub(super) peer: Arc<SamlPeer>,
    /// Holds what unseals the keys.
    pub(super) links: Arc<Links>,
    pub(super) outstanding: Vec<String>,
    pub(super) failures: Arc<Failures>,
    pub(super) now: Timestamp,
}

/// Attributes, and values of each, that a test shows at most.
const ATTRIBUTES: usize = 50;
const VALUES: usize = 20;

/// What a message says once everything about it held.
pub(super) struct Read {
    pub(super) assertion: Assertion,
    pub(super) profile: Profile,
    pub(super) relay_state: Option<String>,
}

impl Read {
    /// Who is asserted: the address, or else the name.
    pub(super) fn subject(&self) -> Option<String> {
        self.profile.shown(&self.assertion)
    }

    /// What it says, for whoever tries a connection out.
    pub(super) fn facts(&self) -> Vec<(String, String)> {
        let name = self.assertion.name_id.as_ref();
        let mut facts = vec![
            ("NameID", name.map(|name| name.value.clone())),
            ("NameID format", name.and_then(|name| name.format.clone())),
            ("E-mail", self.profile.email.clone()),
            ("Name", self.profile.display_name.clone()),
            ("Given name", self.profile.given_name.clone()),
            ("Family name", self.profile.family_name.clone()),
            ("Id at the directory", self.profile.external_id.clone()),
        ];
        facts.retain(|(_, value)| value.is_some());
        let facts = facts.into_iter();
        let facts = facts.map(|(name, value)| (name.to_owned(), value.unwrap_or_default()));
        let attributes = self.assertion.attributes.iter();
        let attributes = attributes.take(ATTRIBUTES).map(|attribute| {
            let values: Vec<_> = attribute.values.iter().take(VALUES).cloned().collect();
            (attribute.name.clone(), values.join(", "))
        });
        facts.chain(attributes).collect()
    }
}

impl Message {
    fn read(self, trace: &mut Trace) -> Result<Read, saml::Error> {
        trace.at(Step::Form);
        let form = PostForm::read(self.media.as_deref(), &self.body.bytes)?;
        let connection = &self.peer.connection;
        let idp = connection.idp_entity_id.as_deref().unwrap_or_default();
        let certificates = &self.peer.trusted;
        if certificates.is_empty() || idp.is_empty() {
            return Err(saml::Error::CertificateMissing);
        }
        let expected = Expected {
            entity_id: &self.us.entity_id,
            acs_url: &self.us.acs_url,
            idp_entity_id: idp,
            skew_seconds: connection.demands.skew_seconds(),
            outstanding: &self.outstanding,
            demands: demands::of(&connection.demands),
        };
        let keys = saml::Keys {
            certificates,
            decryption: &self.decryption(&form.response),
            allow_cbc: provider::allows_cbc(connection),
            failures: &self.failures,
        };
        let assertion = saml::receive(form.response, &keys, &expected, self.now, trace)?;
        let (preset, overrides) = (
            preset(connection.profile),
            demands::overrides(&connection.demands),
        );
        let profile = profile::read(&assertion, preset, &overrides)?;
        Ok(Read {
            assertion,
            profile,
            relay_state: form.relay_state,
        })
    }

    /// Our keys, where something may be encrypted for them.
    fn decryption(&self, response: &Received) -> Vec<DecryptionKey> {
        if !response.may_be_encrypted() {
            return Vec::new();
        }
        let open = |row: &SamlKeyRow| {
            let key = saml_keys::decryption(row, &self.links.secrets);
            key.inspect_err(|error| tracing::error!(key.id = %row.id, %error, "a key is lost"))
                .ok()
        };
        self.peer.keys.iter().filter_map(open).collect()
    }
}

/// Runs the pipeline beside the threads that answer requests, so many at once as there are cores.
pub(super) async fn read(
    gateway: &Gateway,
    message: Message,
    request: &RequestId,
) -> Result<(Result<Read, saml::Error>, Trace), Response> {
    let place = gateway.verifications.clone().acquire_owned().await;
    let place = place.map_err(|_| page::busy(request))?;
    let task = tokio::task::spawn_blocking(move || {
        let mut trace = Trace::default();
        let read = message.read(&mut trace);
        drop(place);
        if let Err(error) = &read {
            trace.refuses(error);
        }
        (read, trace)
    });
    task.await.map_err(|_| {
        tracing::error!(request.id = %request.0, "reading a SAML response failed");
        page::failed(request)
    })
}

fn preset(product: Product) -> Preset {
    match product {
        Product::Entra => Preset::Entra,
        Product::Generic => Preset::Generic,
        Product::Google => Preset::Google,
        Product::Okta => Preset::Okta,
    }
}
