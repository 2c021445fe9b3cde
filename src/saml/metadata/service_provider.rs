//! Our own metadata (SAML Metadata 2.4.4), one document a connection.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    super::xml::{METADATA, PROTOCOL, SIGNATURE, escaped},
    POST, REDIRECT,
};

/// What an identity provider must know of us.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServiceProvider {
    /// Our entity id for this connection: the audience.
    pub entity_id: String,
    /// Where responses go.
    pub acs_url: String,
    /// Where logout messages go, where single logout is on.
    pub slo_url: Option<String>,
    /// Whether the assertion itself is to be signed.
    pub want_assertions_signed: bool,
    /// Whether our requests are signed.
    pub signs_requests: bool,
    /// Whether CBC is decrypted beside GCM.
    pub allow_cbc: bool,
    /// Our certificates (DER): the current one, by which is signed and encrypted, and the one that
    /// signs next.
    pub certificates: Vec<Vec<u8>>,
}

const FORMATS: [&str; 3] = [
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
];

/// How content may be encrypted for us, the best first.
const GCM: [&str; 2] = [
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
];
const CBC: [&str; 2] = [
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
];
/// How its key may be encrypted.
const TRANSPORT: [&str; 2] = [
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
];

impl ServiceProvider {
    /// The media type of the document.
    pub const MEDIA_TYPE: &'static str = "application/samlmetadata+xml";

    /// One that wants its assertions signed, and has no keys.
    pub fn new(entity_id: impl Into<String>, acs_url: impl Into<String>) -> Self {
        Self {
            entity_id: entity_id.into(),
            acs_url: acs_url.into(),
            slo_url: None,
            want_assertions_signed: true,
            signs_requests: false,
            allow_cbc: false,
            certificates: Vec::new(),
        }
    }

    /// Writes the document.
    pub fn to_xml(&self) -> String {
        let formats = FORMATS
            .map(|format| format!("    <md:NameIDFormat>{format}</md:NameIDFormat>\n"))
            .concat();
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="{METADATA}" entityID="{entity_id}">
  <md:SPSSODescriptor AuthnRequestsSigned="{signs}" WantAssertionsSigned="{signed}" protocolSupportEnumeration="{PROTOCOL}">
{keys}{logout}{formats}    <md:AssertionConsumerService Binding="{POST}" Location="{acs_url}" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"#,
            entity_id = escaped(&self.entity_id),
            signs = self.signs_requests,
            signed = self.want_assertions_signed,
            keys = self.keys(),
            logout = self.logout(),
            acs_url = escaped(&self.acs_url),
        )
    }

    /// The SingleLogoutServices (Metadata 2.4.2): they stand before the formats of names.
    fn logout(&self) -> String {
        let location = self.slo_url.as_deref().map(escaped);
        let service = |location: &String| {
            [REDIRECT, POST]
                .map(|binding| {
                    format!(
                        "    <md:SingleLogoutService Binding=\"{binding}\" Location=\"{location}\"/>\n"
                    )
                })
                .concat()
        };
        location.as_ref().map(service).unwrap_or_default()
    }

    /// The KeyDescriptors (Metadata 2.4.1.1): each key may sign; for the first may be encrypted.
    fn keys(&self) -> String {
        let descriptor = |usage: &str, certificate: &[u8], methods: &str| {
            let certificate = STANDARD.encode(certificate);
            format!(
                r#"    <md:KeyDescriptor use="{usage}">
      <ds:KeyInfo xmlns:ds="{SIGNATURE}"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
{methods}    </md:KeyDescriptor>
"#
            )
        };
        let cbc = if self.allow_cbc { &CBC[..] } else { &[] };
        let algorithms = GCM.iter().chain(cbc).chain(&TRANSPORT);
        let methods: Vec<_> = algorithms
            .map(|algorithm| format!("      <md:EncryptionMethod Algorithm=\"{algorithm}\"/>\n"))
            .collect();
        let methods = methods.concat();
        let signing = self.certificates.iter();
        let signing = signing.map(|certificate| descriptor("signing", certificate, ""));
        let first = self.certificates.first();
        let encryption = first.map(|certificate| descriptor("encryption", certificate, &methods));
        signing.chain(encryption).collect()
    }
}
