//! Our own metadata (SAML Metadata 2.4.4), one document a connection.

use super::{
    super::xml::{METADATA, PROTOCOL, escaped},
    POST,
};

/// What an identity provider must know of us.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServiceProvider {
    /// Our entity id for this connection: the audience.
    pub entity_id: String,
    /// Where responses go.
    pub acs_url: String,
    /// Whether the assertion itself is to be signed.
    pub want_assertions_signed: bool,
}

const FORMATS: [&str; 3] = [
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
];

impl ServiceProvider {
    /// The media type of the document.
    pub const MEDIA_TYPE: &'static str = "application/samlmetadata+xml";

    /// One that wants its assertions signed.
    pub fn new(entity_id: impl Into<String>, acs_url: impl Into<String>) -> Self {
        Self {
            entity_id: entity_id.into(),
            acs_url: acs_url.into(),
            want_assertions_signed: true,
        }
    }

    /// Writes the document. Requests are not signed, so there is no key in it.
    pub fn to_xml(&self) -> String {
        let formats = FORMATS
            .map(|format| format!("    <md:NameIDFormat>{format}</md:NameIDFormat>\n"))
            .concat();
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="{METADATA}" entityID="{entity_id}">
  <md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="{signed}" protocolSupportEnumeration="{PROTOCOL}">
{formats}    <md:AssertionConsumerService Binding="{POST}" Location="{acs_url}" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"#,
            entity_id = escaped(&self.entity_id),
            signed = self.want_assertions_signed,
            acs_url = escaped(&self.acs_url),
        )
    }
}
