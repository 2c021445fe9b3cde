//! A logout message as most products send it, with every part changeable: in a query, signed beside
//! it, or in a form, signed inside.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use jiff::Timestamp;
use openssl::sign::Signer;
use std::io::Write as _;
use url::form_urlencoded::Serializer;

use super::{
    Algorithm, Signing, TestIdp,
    canonical::{text, value},
    response::identifier,
    sign,
};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// A LogoutRequest or a LogoutResponse being made.
#[derive(Clone)]
pub struct Logout<'a> {
    idp: &'a TestIdp,
    issuer: String,
    destination: String,
    now: Timestamp,
    id: String,
    content: Content,
    algorithm: Algorithm,
}

#[derive(Clone)]
enum Content {
    Request {
        name_id: String,
        session_indexes: Vec<String>,
    },
    Response {
        in_response_to: String,
        status: String,
    },
}

impl<'a> Logout<'a> {
    pub(super) fn request(idp: &'a TestIdp, slo_url: String, now: Timestamp) -> Self {
        let content = Content::Request {
            name_id: String::new(),
            session_indexes: Vec::new(),
        };
        Self::new(idp, slo_url, now, content)
    }

    pub(super) fn response(
        idp: &'a TestIdp,
        slo_url: String,
        now: Timestamp,
        in_response_to: String,
    ) -> Self {
        let content = Content::Response {
            in_response_to,
            status: SUCCESS.to_owned(),
        };
        Self::new(idp, slo_url, now, content)
    }

    fn new(idp: &'a TestIdp, destination: String, now: Timestamp, content: Content) -> Self {
        Self {
            idp,
            issuer: idp.entity_id().to_owned(),
            destination,
            now,
            id: identifier(),
            content,
            algorithm: Algorithm::default(),
        }
    }

    /// Says whose sessions end.
    #[must_use]
    pub fn name_id(mut self, of: &str, format: &str) -> Self {
        if let Content::Request { name_id, .. } = &mut self.content {
            let (of, format) = (text(of), value(format));
            *name_id = format!("<saml:NameID Format=\"{format}\">{of}</saml:NameID>");
        }
        self
    }

    /// Names one more session that ends.
    #[must_use]
    pub fn session_index(mut self, index: impl Into<String>) -> Self {
        if let Content::Request {
            session_indexes, ..
        } = &mut self.content
        {
            session_indexes.push(index.into());
        }
        self
    }

    /// Answers with another status.
    #[must_use]
    pub fn status(mut self, code: impl Into<String>) -> Self {
        if let Content::Response { status, .. } = &mut self.content {
            *status = code.into();
        }
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

    /// Is issued at another time.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.now = time;
        self
    }

    /// Signs with this hash.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Its ID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The document without a signature.
    pub fn unsigned(&self) -> String {
        let (name, attributes, body) = match &self.content {
            Content::Request {
                name_id,
                session_indexes,
            } => {
                let element = |index: &String| {
                    format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", text(index))
                };
                let indexes: String = session_indexes.iter().map(element).collect();
                (
                    "LogoutRequest",
                    String::new(),
                    format!("{name_id}{indexes}"),
                )
            }
            Content::Response {
                in_response_to,
                status,
            } => (
                "LogoutResponse",
                format!(" InResponseTo=\"{}\"", value(in_response_to)),
                format!(
                    "<samlp:Status><samlp:StatusCode Value=\"{}\"></samlp:StatusCode></samlp:Status>",
                    value(status)
                ),
            ),
        };
        format!(
            r#"<samlp:{name} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Destination="{destination}" ID="{id}"{attributes} IssueInstant="{now}" Version="2.0"><saml:Issuer>{issuer}</saml:Issuer>{body}</samlp:{name}>"#,
            destination = value(&self.destination),
            id = self.id,
            now = self.now,
            issuer = text(&self.issuer),
        )
    }

    /// The signed document as the value of a form's field.
    pub fn base64(&self) -> String {
        super::base64(&self.sign(&self.unsigned()))
    }

    /// A document like it, signed inside.
    pub fn sign(&self, xml: &str) -> String {
        let signing = Signing {
            algorithm: self.algorithm,
            ..Signing::default()
        };
        sign::sign_element(xml, self.element(), self.idp.keys(), &signing)
    }

    /// The query that carries it, signed.
    pub fn query(&self, relay_state: Option<&str>) -> String {
        self.query_of(&self.unsigned(), relay_state)
    }

    /// The query that carries a document like it, signed.
    ///
    /// # Panics
    /// When OpenSSL does not sign.
    pub fn query_of(&self, xml: &str, relay_state: Option<&str>) -> String {
        let key = self.idp.keys().private();
        let plain = self.unsigned_query(xml, relay_state);
        let mut algorithm = Serializer::new(String::new());
        algorithm.append_pair("SigAlg", &self.algorithm.signature_uri(key));
        let covered = format!("{plain}&{}", algorithm.finish());
        let mut signer = Signer::new(self.algorithm.digest(), key).expect("the key signs");
        let octets = signer.sign_oneshot_to_vec(covered.as_bytes());
        let mut signature = Serializer::new(String::new());
        let octets = STANDARD.encode(octets.expect("the key signs"));
        signature.append_pair("Signature", &octets);
        format!("{covered}&{}", signature.finish())
    }

    /// The query that carries a document like it, without a signature.
    ///
    /// # Panics
    /// Never: memory takes what is written.
    pub fn unsigned_query(&self, xml: &str, relay_state: Option<&str>) -> String {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        let written = deflate.write_all(xml.as_bytes());
        written.expect("memory takes what is written");
        let packed = deflate.finish().expect("memory takes what is written");
        let mut query = Serializer::new(String::new());
        query.append_pair(self.parameter(), &STANDARD.encode(packed));
        if let Some(state) = relay_state {
            query.append_pair("RelayState", state);
        }
        query.finish()
    }

    /// The parameter or field that carries it.
    pub fn parameter(&self) -> &'static str {
        match self.content {
            Content::Request { .. } => "SAMLRequest",
            Content::Response { .. } => "SAMLResponse",
        }
    }

    fn element(&self) -> &'static str {
        match self.content {
            Content::Request { .. } => "LogoutRequest",
            Content::Response { .. } => "LogoutResponse",
        }
    }
}
