//! What we send of a logout: a LogoutRequest (SAML Core 3.7.1) or a LogoutResponse (3.7.2), by
//! redirect (Bindings 3.4.4) or in a form (Bindings 3.5.4), always signed (Profiles 4.4.4).

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use super::super::{
    assertion::NameId,
    own_key::OwnKey,
    redirect,
    xml::{ASSERTION, PROTOCOL, escaped},
};

/// The status of an answer to which nothing is to be added (Core 3.2.2.2).
pub(super) const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The person wants it (Core 3.7.3).
const BY_USER: &str = "urn:oasis:names:tc:SAML:2.0:logout:user";

/// A message of ours.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// Its id: an NCName with at least 128 random bits.
    pub id: &'a str,
    /// When it is issued.
    pub issue_instant: Timestamp,
    /// Where it goes.
    pub destination: &'a str,
    /// Our entity id.
    pub issuer: &'a str,
    /// What it says.
    pub content: Content<'a>,
}

/// What a message of ours says.
#[derive(Clone, Debug)]
pub enum Content<'a> {
    /// That a session has ended here, and is to end there.
    Request {
        /// Whose, as the assertion said.
        name_id: &'a NameId,
        /// Which, as the assertion said.
        session_index: Option<&'a str>,
        /// When the request is good for nothing any more.
        not_on_or_after: Timestamp,
    },
    /// That what was asked for is done.
    Response {
        /// The request.
        in_response_to: &'a str,
    },
}

impl Outgoing<'_> {
    /// The parameter or field that carries it (Bindings 3.4.4, 3.5.4).
    pub fn parameter(&self) -> &'static str {
        match self.content {
            Content::Request { .. } => "SAMLRequest",
            Content::Response { .. } => "SAMLResponse",
        }
    }

    /// The address that carries it; none where the destination is none.
    pub fn redirect(&self, relay_state: Option<&str>, key: &OwnKey) -> Option<String> {
        let (name, xml) = (self.parameter(), self.with_signature(""));
        redirect::address(self.destination, name, &xml, relay_state, Some(key))
    }

    /// The field of a form that carries it; none where it could not be signed.
    pub fn field(&self, key: &OwnKey) -> Option<String> {
        let xml = key.sign_xml(&self.with_signature(&key.template(self.id)))?;
        Some(STANDARD.encode(xml))
    }

    fn with_signature(&self, signature: &str) -> String {
        let (name, attributes, body) = match &self.content {
            Content::Request {
                name_id,
                session_index,
                not_on_or_after,
            } => (
                "LogoutRequest",
                format!(" NotOnOrAfter=\"{not_on_or_after:.0}\" Reason=\"{BY_USER}\""),
                subject(name_id, *session_index),
            ),
            Content::Response { in_response_to } => (
                "LogoutResponse",
                format!(" InResponseTo=\"{}\"", escaped(in_response_to)),
                format!("<samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\"/></samlp:Status>"),
            ),
        };
        format!(
            "<samlp:{name} xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" \
             Version=\"2.0\" IssueInstant=\"{instant:.0}\" Destination=\"{destination}\"{attributes}>\
             <saml:Issuer>{issuer}</saml:Issuer>{signature}{body}</samlp:{name}>",
            id = escaped(self.id),
            instant = self.issue_instant,
            destination = escaped(self.destination),
            issuer = escaped(self.issuer),
        )
    }
}

/// The name as it was given to us, and the session at the identity provider.
fn subject(name_id: &NameId, session_index: Option<&str>) -> String {
    let attributes: String = [
        ("Format", &name_id.format),
        ("NameQualifier", &name_id.name_qualifier),
        ("SPNameQualifier", &name_id.sp_name_qualifier),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!(" {name}=\"{}\"", escaped(value.as_deref()?))))
    .collect();
    let index = session_index.map(|index| {
        format!(
            "<samlp:SessionIndex>{}</samlp:SessionIndex>",
            escaped(index)
        )
    });
    format!(
        "<saml:NameID{attributes}>{}</saml:NameID>{}",
        escaped(&name_id.value),
        index.unwrap_or_default()
    )
}
