//! A response as most products send it, with every part changeable.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::{
    Algorithm, Sign, Signing, TestIdp,
    canonical::{text, value},
};

/// The format of a NameID that is an address.
const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

/// A response being made.
#[derive(Clone)]
pub struct Response<'a> {
    idp: &'a TestIdp,
    issuer: String,
    destination: String,
    recipient: String,
    audience: String,
    now: Timestamp,
    id: String,
    assertion_id: String,
    in_response_to: Option<String>,
    name_id: Option<(String, String)>,
    attributes: Vec<(String, Vec<String>)>,
    signing: Signing<'a>,
}

impl<'a> Response<'a> {
    pub(super) fn new(idp: &'a TestIdp, acs_url: String, audience: String, now: Timestamp) -> Self {
        Self {
            idp,
            issuer: idp.entity_id().to_owned(),
            destination: acs_url.clone(),
            recipient: acs_url,
            audience,
            now,
            id: identifier(),
            assertion_id: identifier(),
            in_response_to: None,
            name_id: None,
            attributes: Vec::new(),
            signing: Signing::default(),
        }
    }

    /// Says who: a NameID in the format of an address.
    #[must_use]
    pub fn email(self, address: impl Into<String>) -> Self {
        self.name_id(address, EMAIL)
    }

    /// Says who.
    #[must_use]
    pub fn name_id(mut self, value: impl Into<String>, format: impl Into<String>) -> Self {
        self.name_id = Some((value.into(), format.into()));
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.attributes
            .push((name.into(), values.into_iter().map(Into::into).collect()));
        self
    }

    /// Sets the IDs of response and assertion.
    #[must_use]
    pub fn ids(mut self, response: impl Into<String>, assertion: impl Into<String>) -> Self {
        (self.id, self.assertion_id) = (response.into(), assertion.into());
        self
    }

    /// Answers a request.
    #[must_use]
    pub fn in_response_to(mut self, request_id: impl Into<String>) -> Self {
        self.in_response_to = Some(request_id.into());
        self
    }

    /// Speaks as another issuer.
    #[must_use]
    pub fn issuer(mut self, entity_id: impl Into<String>) -> Self {
        self.issuer = entity_id.into();
        self
    }

    /// Goes to another destination.
    #[must_use]
    pub fn destination(mut self, address: impl Into<String>) -> Self {
        self.destination = address.into();
        self
    }

    /// Is for another recipient.
    #[must_use]
    pub fn recipient(mut self, address: impl Into<String>) -> Self {
        self.recipient = address.into();
        self
    }

    /// Signs this part.
    #[must_use]
    pub fn sign(mut self, what: Sign) -> Self {
        self.signing.what = what;
        self
    }

    /// Signs with this hash.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.signing.algorithm = algorithm;
        self
    }

    /// The document without a signature.
    pub fn unsigned(&self) -> String {
        let (now, issuer) = (self.now, text(&self.issuer));
        let answers = self.answers();
        format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Destination="{destination}" ID="{id}"{answers} IssueInstant="{now}" Version="2.0"><saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>{assertion}</samlp:Response>"#,
            destination = value(&self.destination),
            id = self.id,
            assertion = self.assertion(),
        )
    }

    /// The document, signed.
    pub fn signed(&self) -> String {
        self.idp.sign_with(&self.unsigned(), &self.signing)
    }

    /// The signed document as the value of SAMLResponse.
    pub fn base64(&self) -> String {
        super::base64(&self.signed())
    }

    fn assertion(&self) -> String {
        let (now, begin) = (self.now, self.at(-SignedDuration::from_mins(5)));
        let (end, session) = (
            self.at(SignedDuration::from_mins(5)),
            self.at(SignedDuration::from_hours(8)),
        );
        format!(
            r#"<saml:Assertion ID="{id}" IssueInstant="{now}" Version="2.0"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject>{name_id}<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData{answers} NotOnOrAfter="{end}" Recipient="{recipient}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{begin}" NotOnOrAfter="{end}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}" SessionIndex="{index}" SessionNotOnOrAfter="{session}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>{attributes}</saml:Assertion>"#,
            id = self.assertion_id,
            issuer = text(&self.issuer),
            name_id = self.subject(),
            answers = self.answers(),
            recipient = value(&self.recipient),
            audience = text(&self.audience),
            index = value(&self.assertion_id),
            attributes = self.attribute_statement(),
        )
    }

    fn answers(&self) -> String {
        self.in_response_to
            .as_ref()
            .map(|id| format!(" InResponseTo=\"{}\"", value(id)))
            .unwrap_or_default()
    }

    fn subject(&self) -> String {
        self.name_id
            .as_ref()
            .map(|(name_id, format)| {
                let (name_id, format) = (text(name_id), value(format));
                format!("<saml:NameID Format=\"{format}\">{name_id}</saml:NameID>")
            })
            .unwrap_or_default()
    }

    fn attribute_statement(&self) -> String {
        if self.attributes.is_empty() {
            return String::new();
        }
        let mut xml = String::from("<saml:AttributeStatement>");
        for (name, values) in &self.attributes {
            // Writing to a String cannot fail.
            let _ = write!(xml, "<saml:Attribute Name=\"{}\">", value(name));
            for each in values {
                let _ = write!(
                    xml,
                    "<saml:AttributeValue>{}</saml:AttributeValue>",
                    text(each)
                );
            }
            xml.push_str("</saml:Attribute>");
        }
        xml + "</saml:AttributeStatement>"
    }

    fn at(&self, offset: SignedDuration) -> Timestamp {
        self.now
            .checked_add(offset)
            .expect("a test's clock is far from the end of time")
    }
}

/// 160 random bits, as Core 1.3.4 advises.
pub(super) fn identifier() -> String {
    let mut bytes = [0; 20];
    openssl::rand::rand_bytes(&mut bytes).expect("OpenSSL has a random source");
    bytes.iter().fold(String::from("_"), |mut id, byte| {
        // Writing to a String cannot fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}
