//! Metadata as products publish it.

use super::*;

pub(super) fn cases() -> Vec<Honest> {
    let whole = idp().metadata();
    let body = whole.split_once("?>").unwrap().1.trim();
    let certificate = idp().keys().certificate_base64();
    let role = part(&whole, "<md:IDPSSODescriptor", "</md:IDPSSODescriptor>");
    let key = part(&whole, "<md:KeyDescriptor", "</md:KeyDescriptor>");
    let weak = Keys::generate(Kind::Rsa1024).unwrap().certificate_base64();
    let strange = stranger().keys().certificate_base64();
    let instead = |text: &str| whole.replace(&certificate, text);
    let around = |inner: &str| {
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" Name=\"x\">{inner}</md:EntitiesDescriptor>"
        )
    };
    let ours = crate::saml::metadata::ServiceProvider::new(SP, ACS).to_xml();
    let ours = ours.split_once("?>").unwrap().1.trim();
    let federation = "<md:RoleDescriptor xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:fed=\"http://docs.oasis-open.org/wsfed/federation/200706\" xsi:type=\"fed:SecurityTokenServiceType\" protocolSupportEnumeration=\"http://docs.oasis-open.org/wsfed/federation/200706\"></md:RoleDescriptor>";
    let data = "</ds:X509Certificate>";
    [
        ("plain", whole.clone()),
        ("an order mark and white space", format!("\u{feff}{whole}\n\n")),
        ("white space before the declaration", format!("\n {whole}")),
        ("no declaration", body.to_owned()),
        ("no use of the key", whole.replace(" use=\"signing\"", "")),
        ("a key for encryption beside", whole.replace(key, &format!("{}{key}", key.replace("signing", "encryption")))),
        ("two keys", whole.replace(key, &format!("{key}{}", key.replace(&certificate, &strange)))),
        ("two certificates in one", whole.replace(data, &format!("{data}<ds:X509Certificate>{strange}{data}"))),
        ("a weak key beside", whole.replace(key, &format!("{}{key}", key.replace(&certificate, &weak)))),
        ("the same key twice", whole.replace(key, &key.repeat(2))),
        ("line breaks in the certificate", instead(&certificate.replace('M', "\r\n   M"))),
        ("an armoured certificate", instead(&format!("\n-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n"))),
        ("more protocols", whole.replace("protocolSupportEnumeration=\"", "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol ")),
        ("a name in white space", whole.replace(IDP, &format!(" {IDP}\n"))),
        ("a foreign name", whole.replace(" entityID", " xmlns:x=\"urn:x\" x:entityID=\"urn:x\" entityID")),
        ("an end to come", whole.replace(" entityID", " validUntil=\"2026-07-01T10:00:01Z\" cacheDuration=\"PT1H\" entityID")),
        ("a role of WS-Federation beside", whole.replace(role, &format!("{federation}{role}"))),
        ("within a federation", around(body)),
        ("within a federation's federation", around(&around(body))),
        ("beside a service provider", around(&format!("{ours}{body}"))),
        ("comments", whole.replace(role, &format!("<!-- x -->{role}<!-- y -->"))),
        ("single logout", whole.replace("<md:NameIDFormat>", "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example/slo\" ResponseLocation=\"https://idp.example/slr\"></md:SingleLogoutService><md:NameIDFormat>")),
        ("bindings of other kinds", whole.replace("<md:NameIDFormat>", "<md:ArtifactResolutionService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"x\" index=\"0\"></md:ArtifactResolutionService><md:NameIDFormat>")),
        ("a signature", whole.replacen("<md:IDPSSODescriptor", &format!("{}<md:IDPSSODescriptor", template("_m")), 1)),
    ]
    .map(|(name, text)| Honest::new("metadata", name, Message::metadata(text)).about(None))
    .into()
}
