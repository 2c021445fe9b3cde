//! A signed response, of the size and the shape that identity providers send. It is written in its
//! canonical form (exclusive, without comments), so that what is signed is what is written.

use jiff::Timestamp;

use crate::clock::minutes_after;
use crate::failure::Failure;
use crate::saml::IdentityProvider;

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const SAML: &str = "urn:oasis:names:tc:SAML:2.0";
/// Minutes that a response is good, before it is issued and after.
const GOOD: i64 = 5;

/// A response being made.
pub(super) struct Response<'a> {
    pub(super) idp: &'a IdentityProvider,
    /// Who signs in.
    pub(super) address: &'a str,
    pub(super) now: Timestamp,
    pub(super) id: String,
    pub(super) assertion_id: String,
}

impl Response<'_> {
    /// The document, its assertion signed by RSA with SHA-256.
    pub(super) fn signed(&self) -> Result<String, Failure> {
        let bare = self.document("", "");
        // The signature is as long as it is for every response, near enough.
        let missing = self
            .idp
            .size
            .saturating_sub(bare.len() + self.idp.certificate.len() + 1_400);
        let padding = attributes(missing);
        let assertion = self.assertion("", &padding);
        let signature = self.signature(&IdentityProvider::digest(&assertion)?)?;
        Ok(self.document(&signature, &padding))
    }

    fn document(&self, signature: &str, padding: &str) -> String {
        format!(
            r#"<samlp:Response xmlns:samlp="{SAML}:protocol" xmlns:saml="{SAML}:assertion" Destination="{destination}" ID="{id}" IssueInstant="{now}" Version="2.0"><saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{SAML}:status:Success"></samlp:StatusCode></samlp:Status>{assertion}</samlp:Response>"#,
            destination = escaped(&self.idp.acs_url),
            id = self.id,
            now = self.now,
            issuer = escaped(&self.idp.entity_id),
            assertion = self.assertion(signature, padding),
        )
    }

    fn assertion(&self, signature: &str, padding: &str) -> String {
        let (now, begin) = (self.now, minutes_after(self.now, -GOOD));
        let (end, session) = (minutes_after(now, GOOD), minutes_after(now, 8 * 60));
        format!(
            r#"<saml:Assertion xmlns:saml="{SAML}:assertion" ID="{id}" IssueInstant="{now}" Version="2.0"><saml:Issuer>{issuer}</saml:Issuer>{signature}<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">{address}</saml:NameID><saml:SubjectConfirmation Method="{SAML}:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{recipient}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{begin}" NotOnOrAfter="{end}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}" SessionIndex="{id}" SessionNotOnOrAfter="{session}"><saml:AuthnContext><saml:AuthnContextClassRef>{SAML}:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>{known}{padding}</saml:AttributeStatement></saml:Assertion>"#,
            id = self.assertion_id,
            issuer = escaped(&self.idp.entity_id),
            address = escaped(self.address),
            recipient = escaped(&self.idp.acs_url),
            audience = escaped(&self.idp.audience),
            known = self.known(),
        )
    }

    /// The attributes that a service provider looks at.
    fn known(&self) -> String {
        [
            attribute("email", &escaped(self.address)),
            attribute("firstName", "Ada"),
            attribute("lastName", "Number"),
        ]
        .concat()
    }

    fn signature(&self, digest: &str) -> Result<String, Failure> {
        let info = |declared: &str| {
            format!(
                r##"<ds:SignedInfo{declared}><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="{SIGNATURE}enveloped-signature"></ds:Transform><ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"##,
                id = self.assertion_id,
            )
        };
        let declared = format!(" xmlns:ds=\"{SIGNATURE}\"");
        let value = self.idp.signature(&info(&declared))?;
        Ok(format!(
            "<ds:Signature{declared}>{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
            info = info(""),
            certificate = self.idp.certificate,
        ))
    }
}

/// Attributes that nobody asks for, about so many bytes of them, as directories like to send.
fn attributes(size: usize) -> String {
    let mut text = String::new();
    let mut number = 1;
    while text.len() < size {
        let name = format!("https://directory.load.example/claims/attribute{number:02}");
        text.push_str(&attribute(
            &name,
            "a value of a directory that nobody reads",
        ));
        number += 1;
    }
    text
}

fn attribute(name: &str, value: &str) -> String {
    format!(
        r#"<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"#
    )
}

/// Text as it stands in an element or between double quotes; what we write has no control characters.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
