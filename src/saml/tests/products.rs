//! Good messages, in the shapes that products send.

use super::*;
use crate::demo::idp::{Algorithm, Signing};

const OKTA: &str = r#"<?xml version="1.0" encoding="UTF-8"?><saml2p:Response Destination="{{acs}}" ID="id1" IssueInstant="2026-07-01T10:00:00.123Z" Version="2.0" xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">{{idp}}</saml2:Issuer><saml2p:Status xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol"><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status><saml2:Assertion ID="id2" IssueInstant="2026-07-01T10:00:00.123Z" Version="2.0" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">{{idp}}</saml2:Issuer><saml2:Subject xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">ada@acme.example</saml2:NameID><saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData NotOnOrAfter="2026-07-01T10:05:00.123Z" Recipient="{{acs}}"/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore="2026-07-01T09:55:00.123Z" NotOnOrAfter="2026-07-01T10:05:00.123Z" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:AudienceRestriction><saml2:Audience>{{audience}}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant="2026-07-01T09:59:58.000Z" SessionIndex="s1" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:Attribute Name="groups" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"><saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">Everyone</saml2:AttributeValue><saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">R&amp;D</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement></saml2:Assertion></saml2p:Response>"#;

const ENTRA: &str = r#"<samlp:Response ID="_r" Version="2.0" IssueInstant="2026-07-01T10:00:00.1234567Z" Destination="{{acs}}" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{{idp}}</Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><Assertion ID="_a" IssueInstant="2026-07-01T10:00:00.1234567Z" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>{{idp}}</Issuer><Subject><NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">k3x</NameID><SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData NotOnOrAfter="2026-07-01T11:00:00.123Z" Recipient="{{acs}}"/></SubjectConfirmation></Subject><Conditions NotBefore="2026-07-01T09:55:00.123Z" NotOnOrAfter="2026-07-01T11:00:00.123Z"><AudienceRestriction><Audience>{{audience}}</Audience></AudienceRestriction></Conditions><AttributeStatement><Attribute Name="http://schemas.microsoft.com/identity/claims/objectidentifier"><AttributeValue>5f0c</AttributeValue></Attribute><Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"><AttributeValue>Ada@acme.example</AttributeValue></Attribute><Attribute Name="http://schemas.microsoft.com/claims/groups.link"><AttributeValue>https://graph.example/</AttributeValue></Attribute></AttributeStatement><AuthnStatement AuthnInstant="2026-07-01T09:50:00.000Z" SessionIndex="_s"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>"#;

const PYSAML2: &str = r#"<?xml version='1.0' encoding='UTF-8'?>
<ns0:Response xmlns:ns0="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:ns1="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:ns2="http://www.w3.org/2000/09/xmldsig#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="id-r" Destination="{{acs}}" Version="2.0" IssueInstant="2026-07-01T10:00:00Z"><ns1:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">
  {{idp}}
</ns1:Issuer><ns0:Status><ns0:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success" /></ns0:Status><!-- between elements --><ns1:Assertion Version="2.0" ID="id-a" IssueInstant="2026-07-01T10:00:00Z"><ns1:Issuer>{{idp}}</ns1:Issuer><ns1:Subject><ns1:NameID NameQualifier="{{idp}}" SPNameQualifier="{{audience}}" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">t1</ns1:NameID><ns1:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><ns1:SubjectConfirmationData NotOnOrAfter="2026-07-01T10:15:00Z" Recipient="{{acs}}" /></ns1:SubjectConfirmation></ns1:Subject><ns1:Conditions NotBefore="2026-07-01T10:00:00Z" NotOnOrAfter="2026-07-01T10:15:00Z"><ns1:AudienceRestriction><ns1:Audience>{{audience}}</ns1:Audience></ns1:AudienceRestriction><ns1:OneTimeUse/></ns1:Conditions><ns1:AuthnStatement AuthnInstant="2026-07-01T10:00:00Z"><ns1:AuthnContext><ns1:AuthnContextClassRef>c</ns1:AuthnContextClassRef><ns1:AuthenticatingAuthority>x</ns1:AuthenticatingAuthority></ns1:AuthnContext></ns1:AuthnStatement><ns1:AttributeStatement><ns1:Attribute Name="urn:oid:0.9.2342.19200300.100.1.3" FriendlyName="mail"><ns1:AttributeValue xsi:type="xs:string">ada@acme.example</ns1:AttributeValue><ns1:AttributeValue xsi:nil="true"/></ns1:Attribute><ns1:Attribute Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10"><ns1:AttributeValue><ns1:NameID NameQualifier="q">eptid</ns1:NameID></ns1:AttributeValue></ns1:Attribute></ns1:AttributeStatement></ns1:Assertion></ns0:Response>"#;

fn filled(template: &str) -> String {
    template
        .replace("{{acs}}", ACS)
        .replace("{{audience}}", SP)
        .replace("{{idp}}", IDP)
}

#[test]
fn okta_signs_both() {
    let signing = Signing {
        what: Sign::Both,
        broken_lines: true,
        ..Signing::default()
    };
    let xml = idp().sign_with(&filled(OKTA), &signing);
    let assertion = receive(&xml).unwrap();
    assert_eq!(assertion.name_id.as_ref().unwrap().value, ADA);
    assert_eq!(assertion.values("groups"), Some(vec!["Everyone", "R&D"]));
    assert_eq!(assertion.session_index.as_deref(), Some("s1"));
    assert_eq!(assertion.response_id.as_deref(), Some("id1"));
    assert_eq!(assertion.assertion_id, "id2");
    assert_eq!(assertion.certificate, certificate(idp()).fingerprint());
    assert_eq!(
        assertion.replay_until,
        "2026-07-01T10:07:00.123Z".parse().unwrap()
    );
    let debugged = format!("{assertion:?}");
    assert!(
        !debugged.contains("ada") && !debugged.contains("Everyone"),
        "{debugged}"
    );
}

#[test]
fn entra_signs_the_assertion_without_prefixes() {
    let signing = Signing {
        prefix: "",
        ..Signing::default()
    };
    let assertion = receive(&idp().sign_with(&filled(ENTRA), &signing)).unwrap();
    assert_eq!(assertion.name_id.as_ref().unwrap().value, "k3x");
    assert_eq!(assertion.response_id, None);
    assert_eq!(assertion.received_response_id, "_r");
    assert_eq!(
        assertion.replay_until,
        "2026-07-01T11:02:00.123Z".parse().unwrap()
    );
}

#[test]
fn pysaml2_numbers_its_prefixes_and_its_signature() {
    for what in [Sign::Assertion, Sign::Response, Sign::Both] {
        let id = Some("Signature1").filter(|_| what != Sign::Both);
        let signing = Signing {
            what,
            prefix: "ns2",
            id,
            ..Signing::default()
        };
        let assertion = receive(&idp().sign_with(&filled(PYSAML2), &signing)).unwrap();
        assert_eq!(assertion.name_id.as_ref().unwrap().value, "t1");
        assert_eq!(
            assertion.values("urn:oid:0.9.2342.19200300.100.1.3"),
            Some(vec![ADA]),
            "nil says nothing"
        );
        assert_eq!(
            assertion.values("urn:oid:1.3.6.1.4.1.5923.1.1.1.10"),
            Some(vec!["eptid"])
        );
    }
}

#[test]
fn every_algorithm_of_the_list_verifies() {
    let curves = [curve(Kind::P256), curve(Kind::P384)];
    for idp in [idp(), &curves[0], &curves[1]] {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
            for what in [Sign::Assertion, Sign::Response, Sign::Both] {
                let xml = ada(idp).sign(what).algorithm(algorithm).signed();
                let assertion = receive_with(&xml, &[certificate(idp)], &EXPECTED).unwrap();
                assert_eq!(assertion.name_id.as_ref().unwrap().value, ADA);
            }
        }
    }
}

#[test]
fn a_carriage_return_by_reference_and_a_name_in_text_survive() {
    let xml = signed(Sign::Both);
    let value = part(&xml, "<ds:X509Certificate>", "<");
    let broken = value
        .replacen("AB", "&#13;\nAB", 3)
        .replacen("><", ">&#13;<", 1);
    assert!(
        receive(&xml.replace(value, &broken)).is_ok(),
        "KeyInfo is not looked at"
    );

    let template = ada(idp())
        .attribute("title", ["a < b & \"c\" > d\r\n\te"])
        .unsigned();
    let assertion = receive(&idp().sign_template(&template, Sign::Assertion)).unwrap();
    assert_eq!(
        assertion.values("title"),
        Some(vec!["a < b & \"c\" > d\r\n\te"])
    );
}

#[test]
fn a_connection_without_a_name_id_is_the_callers_to_judge() {
    let xml = idp()
        .response(ACS, SP, now())
        .attribute("mail", [ADA])
        .signed();
    assert_eq!(receive(&xml).unwrap().name_id, None);
}
