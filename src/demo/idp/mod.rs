//! An identity provider that signs and, if asked, encrypts: for the tests, for `usher demo`, and for trying
//! things by hand.
//!
//! It writes plain documents and signs them with the exclusive canonicalization of XML (no comments), over
//! text that it wrote itself or over a template. Nothing of it is used to verify.

mod canonical;
pub mod encrypt;
mod key;
mod logout;
mod response;
mod sign;

pub use key::{Keys, Kind};
pub use logout::Logout;
pub use response::Response;
pub use sign::{Algorithm, Sign, Signing};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use openssl::error::ErrorStack;

/// A test identity provider: a name, an address and a key.
#[derive(Clone)]
pub struct TestIdp {
    entity_id: String,
    sso_url: String,
    keys: Keys,
}

impl TestIdp {
    /// One with a new RSA key of 2,048 bits.
    pub fn new(
        entity_id: impl Into<String>,
        sso_url: impl Into<String>,
    ) -> Result<Self, ErrorStack> {
        Ok(Self::with_keys(
            entity_id,
            sso_url,
            Keys::generate(Kind::Rsa2048)?,
        ))
    }

    /// One with these keys.
    pub fn with_keys(entity_id: impl Into<String>, sso_url: impl Into<String>, keys: Keys) -> Self {
        Self {
            entity_id: entity_id.into(),
            sso_url: sso_url.into(),
            keys,
        }
    }

    /// Its entity id.
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Its key and certificate.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Its metadata.
    pub fn metadata(&self) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}">
  <md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
    </md:KeyDescriptor>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso_url}"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{sso_url}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"#,
            entity_id = canonical::value(&self.entity_id),
            certificate = self.keys.certificate_base64(),
            sso_url = canonical::value(&self.sso_url),
        )
    }

    /// Begins a response to this assertion consumer service, for this audience, issued at this time.
    pub fn response(
        &self,
        acs_url: impl Into<String>,
        audience: impl Into<String>,
        now: Timestamp,
    ) -> Response<'_> {
        Response::new(self, acs_url.into(), audience.into(), now)
    }

    /// Begins a logout request to this single logout service, issued at this time.
    pub fn logout_request(&self, slo_url: impl Into<String>, now: Timestamp) -> Logout<'_> {
        Logout::request(self, slo_url.into(), now)
    }

    /// Begins the answer to a logout request of this single logout service.
    pub fn logout_response(
        &self,
        slo_url: impl Into<String>,
        now: Timestamp,
        in_response_to: impl Into<String>,
    ) -> Logout<'_> {
        Logout::response(self, slo_url.into(), now, in_response_to.into())
    }

    /// Signs a document that is a `samlp:Response` with a `saml:Assertion`.
    ///
    /// # Panics
    /// When the template is no such document: it is the caller's own.
    pub fn sign_template(&self, xml: &str, what: Sign) -> String {
        self.sign_with(
            xml,
            &Signing {
                what,
                ..Signing::default()
            },
        )
    }

    /// Signs a document with a choice of algorithm and look.
    ///
    /// # Panics
    /// When the template is no such document: it is the caller's own.
    pub fn sign_with(&self, xml: &str, signing: &Signing<'_>) -> String {
        sign::sign(xml, &self.keys, signing)
    }
}

/// A document as the value of SAMLResponse.
pub fn base64(xml: &str) -> String {
    STANDARD.encode(xml)
}
