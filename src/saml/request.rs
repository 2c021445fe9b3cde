//! What we ask of an identity provider: an AuthnRequest (SAML Core 3.4.1), by redirect (Bindings
//! 3.4.4) or in a form (Bindings 3.5.4).

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use super::{
    demands::Demands,
    own_key::OwnKey,
    redirect,
    xml::{ASSERTION, PROTOCOL, escaped},
};

const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// A request that somebody be signed in. With which name is left to the identity provider, and how,
/// unless the connection demands it: what is asked for beyond need, some refuse.
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
    /// What the connection demands: of it, the context of the authentication is asked for.
    pub demands: Demands<'a>,
}

impl AuthnRequest<'_> {
    /// Writes it.
    pub fn to_xml(&self) -> String {
        self.with_signature("")
    }

    fn with_signature(&self, signature: &str) -> String {
        let force = if self.force_authn {
            " ForceAuthn=\"true\""
        } else {
            ""
        };
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{instant:.0}\" Destination=\"{destination}\" \
             AssertionConsumerServiceURL=\"{acs}\" ProtocolBinding=\"{POST}\"{force}>\
             <saml:Issuer xmlns:saml=\"{ASSERTION}\">{issuer}</saml:Issuer>{signature}\
             <samlp:NameIDPolicy AllowCreate=\"true\"/>{context}</samlp:AuthnRequest>",
            id = escaped(self.id),
            instant = self.issue_instant,
            destination = escaped(self.destination),
            acs = escaped(self.acs_url),
            issuer = escaped(self.issuer),
            context = self.context(),
        )
    }

    /// The RequestedAuthnContext (Core 3.3.2.2.1), which stands behind the NameIDPolicy (3.4.1).
    fn context(&self) -> String {
        if self.demands.authn_context.is_empty() {
            return String::new();
        }
        let classes = self.demands.authn_context.iter().map(|class| {
            let class = escaped(class);
            format!("<saml:AuthnContextClassRef>{class}</saml:AuthnContextClassRef>")
        });
        format!(
            "<samlp:RequestedAuthnContext xmlns:saml=\"{ASSERTION}\" Comparison=\"{comparison}\">\
             {classes}</samlp:RequestedAuthnContext>",
            comparison = self.demands.comparison.as_str(),
            classes = classes.collect::<String>(),
        )
    }

    /// The address that carries it (Bindings 3.4.4.1), signed where there is a key; none where the
    /// destination is none.
    pub fn redirect(&self, key: Option<&OwnKey>) -> Option<String> {
        redirect::address(self.destination, "SAMLRequest", &self.to_xml(), None, key)
    }

    /// The field of a form that carries it (Bindings 3.5.4), signed where there is a key; none
    /// where that failed.
    pub fn field(&self, key: Option<&OwnKey>) -> Option<String> {
        let xml = match key {
            Some(key) => key.sign_xml(&self.with_signature(&key.template(self.id)))?,
            None => self.to_xml(),
        };
        Some(STANDARD.encode(xml))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::DeflateDecoder;
    use openssl::{hash::MessageDigest, sign::Verifier, x509::X509};
    use samael::crypto::{
        AllowedSignatureAlgorithm, CertificateDer, CryptoProvider, ReduceMode, XmlSec,
    };

    use url::Url;

    use super::*;
    use crate::saml::demands::Comparison;

    fn request() -> AuthnRequest<'static> {
        AuthnRequest {
            id: "_1",
            issue_instant: "2026-07-01T10:00:00.5Z".parse().unwrap(),
            destination: "https://idp.example/sso?app=1&x=\"",
            acs_url: "https://usher.example/saml/7/acs",
            issuer: "https://usher.example/saml/7/metadata",
            force_authn: true,
            demands: Demands::NONE,
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
    fn the_context_that_is_demanded_is_asked_for_behind_the_name() {
        let classes = [
            "urn:a&b".to_owned(),
            "https://refeds.org/profile/mfa".to_owned(),
        ];
        for (comparison, word) in [
            (Comparison::Better, "better"),
            (Comparison::Exact, "exact"),
            (Comparison::Maximum, "maximum"),
            (Comparison::Minimum, "minimum"),
        ] {
            let xml = AuthnRequest {
                demands: Demands {
                    authn_context: &classes,
                    comparison,
                    ..Demands::NONE
                },
                ..request()
            };
            let xml = xml.to_xml();
            let document = roxmltree::Document::parse(&xml).unwrap();
            let last = document.root_element().last_element_child().unwrap();
            assert!(last.has_tag_name((PROTOCOL, "RequestedAuthnContext")));
            assert_eq!(last.attribute("Comparison"), Some(word));
            let before = last.prev_sibling_element().unwrap();
            assert!(before.has_tag_name((PROTOCOL, "NameIDPolicy")));
            let asked: Vec<_> = last.children().map(|it| it.text().unwrap()).collect();
            assert_eq!(asked, classes);
            let is_class =
                |it: roxmltree::Node<'_, '_>| it.has_tag_name((ASSERTION, "AuthnContextClassRef"));
            assert!(last.children().all(is_class));
        }
        assert!(!request().to_xml().contains("RequestedAuthnContext"));
    }

    #[test]
    fn an_address_or_a_form_carries_it() {
        let request = request();
        let url = Url::parse(&request.redirect(None).unwrap()).unwrap();
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["app", "x", "SAMLRequest"], "what was there stays");
        let octets = STANDARD.decode(&pairs[2].1).unwrap();
        let mut text = String::new();
        DeflateDecoder::new(&octets[..])
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, request.to_xml());
        let octets = STANDARD.decode(request.field(None).unwrap()).unwrap();
        assert_eq!(octets, request.to_xml().as_bytes());
        let nowhere = AuthnRequest {
            destination: "/sso",
            ..request
        };
        assert_eq!(nowhere.redirect(None), None);
    }

    fn key() -> OwnKey {
        let now = "2026-07-01T10:00:00Z".parse().unwrap();
        OwnKey::generate("Usher 7", now).unwrap()
    }

    #[test]
    fn a_signature_covers_the_very_octets_of_the_query() {
        let (request, key) = (request(), key());
        let address = request.redirect(Some(&key)).unwrap();
        let certificate = X509::from_der(key.certificate()).unwrap();
        let public = certificate.public_key().unwrap();
        let (_, query) = address.split_once("x=%22&").unwrap();
        let (covered, signature) = query.split_once("&Signature=").unwrap();
        assert!(covered.starts_with("SAMLRequest="));
        assert!(
            covered.ends_with(
                "&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256"
            )
        );
        let (_, signature) = url::form_urlencoded::parse(format!("s={signature}").as_bytes())
            .into_owned()
            .next()
            .unwrap();
        let signature = STANDARD.decode(signature).unwrap();
        let verifies = |octets: &[u8]| {
            let mut verifier = Verifier::new(MessageDigest::sha256(), &public).unwrap();
            verifier.verify_oneshot(&signature, octets).unwrap()
        };
        assert!(verifies(covered.as_bytes()));
        assert!(!verifies(&covered.as_bytes()[1..]));
    }

    #[test]
    fn a_form_carries_a_signature_that_verifies() {
        let (request, key) = (request(), key());
        let xml = STANDARD.decode(request.field(Some(&key)).unwrap()).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        let verified = |xml: &str| {
            XmlSec::reduce_xml_to_signed_with_allowed_algorithms(
                xml,
                &[CertificateDer::from(key.certificate().to_vec())],
                ReduceMode::PreDigest,
                Some(&[AllowedSignatureAlgorithm::RsaSha256]),
            )
        };
        let octets = verified(&xml).unwrap();
        assert!(octets.contains("ForceAuthn=\"true\""), "{octets}");
        let changed = xml.replace("ForceAuthn=\"true\"", "ForceAuthn=\"false\"");
        assert!(changed != xml && verified(&changed).is_err());
        let document = roxmltree::Document::parse(&xml).unwrap();
        let names: Vec<_> = document
            .root_element()
            .children()
            .map(|child| child.tag_name().name().to_owned())
            .collect();
        assert_eq!(names, ["Issuer", "Signature", "NameIDPolicy"]);
    }
}
