//! What a connection knows of its identity provider, and how it is treated: what was set, or else
//! what its metadata and its product say.

use jiff::Timestamp;

use crate::directory::connection::Profile;
use crate::saml::metadata::{Endpoints, IdentityProvider};
use crate::store::rows::ConnectionRow;

/// Where the identity provider is spoken to. A connection that got its metadata from an older
/// version has only the document itself; one without metadata, at most an address.
pub fn endpoints(row: &ConnectionRow, now: Timestamp) -> Endpoints {
    let kept = row.idp_endpoints.as_ref();
    if let Some(kept) = kept.and_then(|doc| serde_json::from_str(&doc.0).ok()) {
        return kept;
    }
    let described = row.metadata.as_deref();
    let chosen = row.idp_entity_id.as_deref();
    match described.map(|text| IdentityProvider::read_entity(text, chosen, now)) {
        Some(Ok(provider)) => provider.endpoints,
        _ => Endpoints {
            sso_redirect: row.sso_url.clone(),
            ..Endpoints::default()
        },
    }
}

/// Whether our requests are signed: as it was set, or where the metadata ask for it.
pub fn signs_requests(row: &ConnectionRow) -> bool {
    let wanted = || {
        let kept = row.idp_endpoints.as_ref();
        let kept = kept.and_then(|doc| serde_json::from_str::<Endpoints>(&doc.0).ok());
        kept.is_some_and(|it| it.want_authn_requests_signed)
    };
    row.sign_requests.unwrap_or_else(wanted)
}

/// Whether single logout is on: as it was set, or where the metadata name an address for it.
pub fn single_logout(row: &ConnectionRow) -> bool {
    let named = || {
        let kept = row.idp_endpoints.as_ref();
        let kept = kept.and_then(|doc| serde_json::from_str::<Endpoints>(&doc.0).ok());
        kept.is_some_and(|it| it.slo_requests().is_some())
    };
    row.single_logout.unwrap_or_else(named)
}

/// Whether CBC is decrypted: as it was set, or where the product encrypts with it unless told
/// otherwise. Behind `generic` may be AD FS, Shibboleth and SimpleSAMLphp, which do.
pub fn allows_cbc(row: &ConnectionRow) -> bool {
    row.allow_cbc.unwrap_or(match row.profile {
        Profile::Entra | Profile::Generic => true,
        Profile::Google | Profile::Okta => false,
    })
}
