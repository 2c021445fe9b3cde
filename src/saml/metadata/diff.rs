//! What a newer document changes of an identity provider: the certificates and the addresses that
//! are trusted by it (SAML Metadata 2.4.1.1, 2.4.3).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Endpoints, IdentityProvider};
use crate::saml::certificate::Certificate;

/// What differs between what is known of an identity provider and what is newer.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = MetadataDiff)]
pub struct Diff {
    /// The entity id, where it is another one: another provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<Replaced>,
    /// Certificates that are not trusted yet.
    pub certificates_added: Vec<Signer>,
    /// Certificates that are trusted and named no more.
    pub certificates_removed: Vec<Signer>,
    /// Addresses that are others, are gone, or are new.
    pub endpoints: Vec<Endpoint>,
    /// Whether it wants our requests signed, where it did not say so before, or the other way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub want_authn_requests_signed: Option<bool>,
    /// Until when the document is good, where that is another time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Until>,
}

/// A text that is another one.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Replaced {
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

/// A certificate, as people compare it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Signer {
    /// Whose it says it is.
    pub subject: String,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub fingerprint: String,
    /// When it ends.
    #[schema(value_type = String, format = "date-time")]
    pub not_after: Timestamp,
}

/// An address that is another one.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Endpoint {
    /// Which: `sso_redirect`, `sso_post`, `slo_redirect`, `slo_post` or `slo_response`.
    pub endpoint: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

/// An end that is another one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Until {
    /// What it was.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub old: Option<Timestamp>,
    /// What it is.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub new: Option<Timestamp>,
}

impl Diff {
    /// What the newer description changes.
    pub fn between(old: &IdentityProvider, new: &IdentityProvider) -> Self {
        let without = |all: &[Certificate], others: &[Certificate]| -> Vec<Signer> {
            let mut signers: Vec<Signer> = all
                .iter()
                .filter(|certificate| !others.contains(certificate))
                .map(Signer::from)
                .collect();
            signers.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
            signers
        };
        let wanted = new.endpoints.want_authn_requests_signed;
        let (until, until_now) = (old.validity.valid_until, new.validity.valid_until);
        Self {
            entity_id: (old.entity_id != new.entity_id).then(|| Replaced {
                old: old.entity_id.clone(),
                new: new.entity_id.clone(),
            }),
            certificates_added: without(&new.certificates, &old.certificates),
            certificates_removed: without(&old.certificates, &new.certificates),
            endpoints: endpoints(&old.endpoints, &new.endpoints),
            want_authn_requests_signed: (old.endpoints.want_authn_requests_signed != wanted)
                .then_some(wanted),
            valid_until: (until != until_now).then_some(Until {
                old: until,
                new: until_now,
            }),
        }
    }

    /// Whether nothing differs but time: who may sign, and where people are sent, is the same.
    pub fn is_only_time(&self) -> bool {
        self.timeless() == Self::default()
    }

    /// The same without times, which a document that is published each day anew changes each day.
    #[must_use]
    pub fn timeless(&self) -> Self {
        Self {
            valid_until: None,
            ..self.clone()
        }
    }

    /// Whether people would be sent to an address by plain http where they were not before.
    pub fn is_opened(&self) -> bool {
        let is_plain = |it: &Option<String>| it.as_ref().is_some_and(|it| it.starts_with("http:"));
        let mut all = self.endpoints.iter();
        all.any(|it| is_plain(&it.new) && !is_plain(&it.old))
    }
}

impl From<&Certificate> for Signer {
    fn from(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject().to_owned(),
            fingerprint: certificate.fingerprint(),
            not_after: certificate.not_after(),
        }
    }
}

fn endpoints(old: &Endpoints, new: &Endpoints) -> Vec<Endpoint> {
    let pairs = [
        ("sso_redirect", &old.sso_redirect, &new.sso_redirect),
        ("sso_post", &old.sso_post, &new.sso_post),
        ("slo_redirect", &old.slo_redirect, &new.slo_redirect),
        ("slo_post", &old.slo_post, &new.slo_post),
        (
            "slo_redirect_response",
            &old.slo_redirect_response,
            &new.slo_redirect_response,
        ),
        (
            "slo_post_response",
            &old.slo_post_response,
            &new.slo_post_response,
        ),
    ];
    pairs
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(endpoint, old, new)| Endpoint {
            endpoint: endpoint.to_owned(),
            old: old.clone(),
            new: new.clone(),
        })
        .collect()
}
