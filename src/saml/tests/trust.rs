//! Which keys are trusted: the connection's, of the right kind, and nothing the message brings along.

use super::*;
use crate::{
    demo::idp::Algorithm,
    saml::metadata::{IdentityProvider, ServiceProvider},
};

#[test]
fn the_certificate_that_verified_is_told() {
    let (ours, other, ec) = (
        certificate(idp()),
        certificate(stranger()),
        curve(Kind::P256),
    );
    let ec_certificate = certificate(&ec);
    let xml = signed(Sign::Both);
    for trusted in [
        vec![ec_certificate.clone(), ours.clone()],
        vec![other.clone(), ec_certificate, ours.clone()],
        vec![ours.clone(), other.clone()],
    ] {
        let assertion = receive_with(&xml, &trusted, &EXPECTED).unwrap();
        assert_eq!(assertion.certificate, ours.fingerprint());
    }
}

#[test]
fn sha1_has_its_own_reason() {
    for idp in [idp(), &curve(Kind::P256)] {
        let xml = ada(idp).algorithm(Algorithm::Sha1).signed();
        let error = receive_with(&xml, &[certificate(idp)], &EXPECTED).unwrap_err();
        assert_eq!(error.reason(), "signature_algorithm_unsupported");
        assert!(error.to_string().contains("sha1") && error.help().is_some());
    }
}

#[test]
fn weak_and_broken_certificates_are_unusable() {
    let weak = Keys::generate(Kind::Rsa1024).unwrap().certificate_base64();
    let good = idp().keys().certificate_base64();
    let der = idp().keys().certificate_der();
    let armoured = format!("x\n-----BEGIN CERTIFICATE-----\n{good}\n-----END CERTIFICATE-----\n");
    for text in [good.as_str(), &good.replace('M', "\r\n M"), &armoured] {
        let read = Certificate::from_base64_text(text).unwrap();
        assert_eq!(read.der(), der);
        assert_eq!(read.fingerprint().len(), 64);
        assert_eq!(read.subject(), "CN=Usher test identity provider");
        assert_eq!(read.not_before(), "2020-01-01T00:00:00Z".parse().unwrap());
    }
    for text in ["", "AAAA", "!", weak.as_str(), &good[..good.len() - 8]] {
        let error = Certificate::from_base64_text(text).unwrap_err();
        assert_eq!(error.reason(), "certificate_unusable");
    }
    assert!(Certificate::from_der(&[der.as_slice(), b"x"].concat()).is_err());
    assert!(openssl::error::ErrorStack::get().errors().is_empty());
}

#[test]
fn metadata_names_one_identity_provider_with_a_certificate() {
    let good = idp().metadata();
    let read = IdentityProvider::read(&good, now()).unwrap();
    assert_eq!(read.entity_id, IDP);
    assert_eq!(read.endpoints.sso_redirect.as_deref(), Some(SSO));
    assert_eq!(read.certificates, [certificate(idp())]);
    assert_eq!(read.endpoints.origins(), ["https://idp.example"]);
    assert!(!read.endpoints.want_authn_requests_signed);

    let body = good.split_once("?>").unwrap().1.to_owned();
    let both = |inner: &str| {
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{inner}</md:EntitiesDescriptor>"
        )
    };
    let second = body.replace(IDP, "urn:second");
    let twins = both(&format!("{body}{second}"));
    let chosen = IdentityProvider::read_entity(&twins, Some("urn:second"), now()).unwrap();
    assert_eq!(chosen.entity_id, "urn:second");
    let error = IdentityProvider::read(&twins, now()).unwrap_err();
    assert!(error.to_string().contains("urn:second") && error.to_string().contains(IDP));
}

#[test]
fn our_metadata_says_where_and_what() {
    let xml = ServiceProvider::new("https://usher.example/?a=1&b=2", ACS).to_xml();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(
        root.attribute("entityID"),
        Some("https://usher.example/?a=1&b=2")
    );
    let acs = root
        .descendants()
        .find(|n| n.tag_name().name() == "AssertionConsumerService")
        .unwrap();
    assert_eq!(acs.attribute("Location"), Some(ACS));
    assert_eq!(
        acs.attribute("Binding"),
        Some("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST")
    );
    assert_eq!(
        (acs.attribute("index"), acs.attribute("isDefault")),
        (Some("0"), Some("true"))
    );
    let role = acs.parent_element().unwrap();
    assert_eq!(role.attribute("WantAssertionsSigned"), Some("true"));
    assert_eq!(role.attribute("AuthnRequestsSigned"), Some("false"));
}
