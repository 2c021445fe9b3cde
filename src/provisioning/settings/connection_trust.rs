//! Whom a connection trusts: the identity provider that its metadata describe, with the
//! certificates that verify (SAML Metadata 2.4.1.1).

use jiff::Timestamp;
use serde_json::json;

use crate::directory::Violation;
use crate::id::ConnectionId;
use crate::provisioning::{Change, Error};
use crate::saml;
use crate::saml::metadata::IdentityProvider;
use crate::store::rows::{CertificateRow, ConnectionRow};
use crate::store::types::Doc;

/// The one identity provider of a document, or the one of several that was chosen.
pub(in crate::provisioning) fn read(
    text: &str,
    entity_id: Option<&str>,
    now: Timestamp,
) -> Result<IdentityProvider, Error> {
    let read = IdentityProvider::read_entity(text, entity_id, now);
    read.map_err(|error| {
        let advice = match &error {
            saml::Error::MetadataAmbiguous { .. } if entity_id.is_none() => {
                "; choose one with --idp-entity-id"
            }
            _ => "",
        };
        let rule = format!("the identity provider's metadata cannot be used: {error}{advice}");
        Violation::Invalid(rule).into()
    })
}

/// Puts what a document says of an identity provider into the connection's row.
pub(in crate::provisioning) fn describe(
    row: &mut ConnectionRow,
    provider: &IdentityProvider,
    text: &str,
) {
    let before = row.idp_entity_id.replace(provider.entity_id.clone());
    if before.is_some_and(|before| before != provider.entity_id) {
        // What was confirmed for the owner was the other one.
        row.owner_confirmed_at = None;
    }
    row.sso_url = provider.endpoints.sso().map(str::to_owned);
    row.idp_endpoints = Some(Doc(json!(provider.endpoints).to_string()));
    row.metadata = Some(text.to_owned());
}

/// Trusts the provider's certificates, and no others.
pub(in crate::provisioning) async fn trust(
    change: &mut Change<'_>,
    connection: ConnectionId,
    provider: &IdentityProvider,
) -> Result<(), Error> {
    let rows = provider
        .certificates
        .iter()
        .map(|certificate| CertificateRow {
            org_id: change.org,
            connection_id: connection,
            fingerprint: certificate.fingerprint(),
            der: certificate.der().to_vec(),
            not_after: certificate.not_after().into(),
        });
    let rows: Vec<_> = rows.collect();
    let replaced = change
        .tx
        .replace_certificates(change.org, connection, &rows);
    Ok(replaced.await?)
}
