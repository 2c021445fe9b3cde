//! What we ask of an identity provider: an AuthnRequest (SAML Core 3.4.1), by redirect (Bindings
//! 3.4.4) or in a form (Bindings 3.5.4).

use std::io::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use jiff::Timestamp;
use url::Url;

use super::xml::{ASSERTION, PROTOCOL, escaped};

const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// A request that somebody be signed in. How, and with which name, is left to the identity
/// provider: what is asked for beyond need, some refuse.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthnRequest<'a> {
    /// Its id: an NCName with at least 128 random bits.
    pub id: &'a str,
    /// When it is issued.
    pub issue_instant: Timestamp,
    /// Where it goes.
    pub destination: &'a str,
    /// Our assertion consumer service: where the answer goes, by POST.
    pub acs_url: &'a str,
    /// Our entity id.
    pub issuer: &'a str,
    /// Whether the person must authenticate afresh, whatever session the identity provider has.
    pub force_authn: bool,
}

impl AuthnRequest<'_> {
    /// Writes it.
    pub fn to_xml(&self) -> String {
        let force = if self.force_authn {
            " ForceAuthn=\"true\""
        } else {
            ""
        };
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{instant:.0}\" Destination=\"{destination}\" \
             AssertionConsumerServiceURL=\"{acs}\" ProtocolBinding=\"{POST}\"{force}>\
             <saml:Issuer xmlns:saml=\"{ASSERTION}\">{issuer}</saml:Issuer>\
             <samlp:NameIDPolicy AllowCreate=\"true\"/></samlp:AuthnRequest>",
            id = escaped(self.id),
            instant = self.issue_instant,
            destination = escaped(self.destination),
            acs = escaped(self.acs_url),
            issuer = escaped(self.issuer),
        )
    }

    /// The address that carries it (Bindings 3.4.4.1), or none where the destination is none.
    pub fn redirect(&self) -> Option<String> {
        let mut url = Url::parse(self.destination).ok()?;
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(self.to_xml().as_bytes()).ok()?;
        let message = STANDARD.encode(deflate.finish().ok()?);
        url.query_pairs_mut().append_pair("SAMLRequest", &message);
        url.set_fragment(None);
        Some(url.into())
    }

    /// The field of a form that carries it (Bindings 3.5.4).
    pub fn field(&self) -> String {
        STANDARD.encode(self.to_xml())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::DeflateDecoder;

    use super::*;

    fn request() -> AuthnRequest<'static> {
        AuthnRequest {
            id: "_1",
            issue_instant: "2026-07-01T10:00:00.5Z".parse().unwrap(),
            destination: "https://idp.example/sso?app=1&x=\"",
            acs_url: "https://usher.example/saml/7/acs",
            issuer: "https://usher.example/saml/7/metadata",
            force_authn: true,
        }
    }

    #[test]
    fn it_says_who_asks_and_where_the_answer_goes() {
        let xml = request().to_xml();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let root = document.root_element();
        assert!(root.has_tag_name((PROTOCOL, "AuthnRequest")));
        for (name, value) in [
            ("ID", "_1"),
            ("Version", "2.0"),
            ("IssueInstant", "2026-07-01T10:00:00Z"),
            ("Destination", "https://idp.example/sso?app=1&x=\""),
            (
                "AssertionConsumerServiceURL",
                "https://usher.example/saml/7/acs",
            ),
            ("ProtocolBinding", POST),
            ("ForceAuthn", "true"),
        ] {
            assert_eq!(root.attribute(name), Some(value), "{name}");
        }
        let issuer = root.first_element_child().unwrap();
        assert!(issuer.has_tag_name((ASSERTION, "Issuer")));
        assert_eq!(issuer.text(), Some("https://usher.example/saml/7/metadata"));
        let lazy = AuthnRequest {
            force_authn: false,
            ..request()
        };
        assert!(!lazy.to_xml().contains("ForceAuthn"));
    }

    #[test]
    fn an_address_or_a_form_carries_it() {
        let request = request();
        let url = Url::parse(&request.redirect().unwrap()).unwrap();
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["app", "x", "SAMLRequest"], "what was there stays");
        let octets = STANDARD.decode(&pairs[2].1).unwrap();
        let mut text = String::new();
        DeflateDecoder::new(&octets[..])
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, request.to_xml());
        let octets = STANDARD.decode(request.field()).unwrap();
        assert_eq!(octets, request.to_xml().as_bytes());
        let nowhere = AuthnRequest {
            destination: "/sso",
            ..request
        };
        assert_eq!(nowhere.redirect(), None);
    }
}
