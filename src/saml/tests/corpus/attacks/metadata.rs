//! Metadata from which nothing could be verified, or that leads somewhere else.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let whole = idp().metadata();
    let mut cases = without_keys(&whole);
    cases.extend(of_others(&whole));
    cases.extend(ill_formed(&whole));
    cases.extend(endpoints(&whole));
    cases
}

fn rows(
    twin: &str,
    expected: &'static str,
    rows: impl IntoIterator<Item = (&'static str, String)>,
) -> Vec<Attack> {
    against(
        Class::Metadata,
        Message::metadata(twin),
        rows.into_iter()
            .map(|(name, text)| (name, expected, Unasked, Message::metadata(text))),
    )
}

/// Nothing to verify with.
fn without_keys(whole: &str) -> Vec<Attack> {
    let certificate = idp().keys().certificate_base64();
    let descriptor = part(whole, "<md:KeyDescriptor", "</md:KeyDescriptor>");
    let weak = Keys::generate(Kind::Rsa1024).unwrap().certificate_base64();
    let key = "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>";
    let data = part(whole, "<ds:X509Data>", "</ds:X509Data>");
    let instead = |text: &str| whole.replace(&certificate, text);
    rows(
        whole,
        "metadata_certificate_missing",
        [
            ("no key", whole.replace(descriptor, "")),
            (
                "a key for encryption",
                whole.replace("\"signing\"", "\"encryption\""),
            ),
            (
                "a key for nothing known",
                whole.replace("\"signing\"", "\"x\""),
            ),
            (
                "a key of an empty use",
                whole.replace("\"signing\"", "\"\""),
            ),
            ("a weak key", instead(&weak)),
            ("no certificate in it", instead("")),
            ("a certificate that is none", instead("AAAA")),
            ("a certificate that is no base64", instead("!")),
            (
                "half a certificate",
                instead(&certificate[..certificate.len() / 2]),
            ),
            (
                "a certificate and more",
                instead(&format!("{}AAAA", certificate.trim_end_matches('='))),
            ),
            ("a bare key", whole.replace(data, key)),
            (
                "a key's name",
                whole.replace(data, "<ds:KeyName>x</ds:KeyName>"),
            ),
            (
                "a key of another namespace",
                whole.replace(
                    "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"",
                    "xmlns:ds=\"urn:x\"",
                ),
            ),
            (
                "a key outside of its role",
                whole.replace(descriptor, "").replace(
                    "<md:IDPSSODescriptor",
                    &format!("{descriptor}<md:IDPSSODescriptor"),
                ),
            ),
        ],
    )
}

/// No identity provider, or several.
#[expect(clippy::too_many_lines, reason = "a table")]
fn of_others(whole: &str) -> Vec<Attack> {
    let body = whole.split_once("?>").unwrap().1.trim();
    let ours = crate::saml::metadata::ServiceProvider::new(SP, ACS).to_xml();
    let missing = "metadata_identity_provider_missing";
    let all = |inner: &str| {
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{inner}</md:EntitiesDescriptor>"
        )
    };
    let second = body.replace(IDP, "urn:second");
    let role = part(body, "<md:IDPSSODescriptor", "</md:IDPSSODescriptor>");
    let mut cases = rows(
        whole,
        missing,
        [
            ("HTML", "<html><body>Sign in</body></html>".to_owned()),
            ("a feed", "<rss version=\"2.0\"></rss>".to_owned()),
            ("ours", ours),
            ("nobody's", all("")),
            ("a role that is missing", body.replace(role, "")),
            (
                "of another namespace",
                body.replace("SAML:2.0:metadata", "SAML:2.0:x"),
            ),
            (
                "of SAML 1.1",
                body.replace("SAML:2.0:protocol", "SAML:1.1:protocol"),
            ),
            (
                "of no protocol",
                body.replace(
                    " protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
                    "",
                ),
            ),
            (
                "a role alone",
                role.replacen(
                    "<md:IDPSSODescriptor",
                    "<md:IDPSSODescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"",
                    1,
                ),
            ),
            ("within a page", format!("<html>{body}</html>")),
            ("a response", honest(Sign::Response).to_owned()),
        ],
    );
    cases.extend(rows(
        whole,
        "metadata_ambiguous",
        [
            ("two of them", all(&format!("{body}{second}"))),
            ("two of one name", all(&format!("{body}{body}"))),
            (
                "two, one further in",
                all(&format!("{body}{}", all(&second))),
            ),
            ("two roles", body.replace(role, &format!("{role}{role}"))),
        ],
    ));
    cases.extend(rows(
        whole,
        "metadata_entity_id",
        [
            (
                "no name",
                whole.replace(&format!(" entityID=\"{IDP}\""), ""),
            ),
            ("an empty name", whole.replace(IDP, "")),
            ("a name of blanks", whole.replace(IDP, " \n")),
            ("a long name", whole.replace(IDP, &"a".repeat(1025))),
        ],
    ));
    cases
}

/// What is no document, and what is one no longer.
#[expect(clippy::too_many_lines, reason = "a table")]
fn ill_formed(whole: &str) -> Vec<Attack> {
    let body = whole.split_once("?>").unwrap().1.trim();
    let until = |time: &str| body.replace(" entityID", &format!(" validUntil=\"{time}\" entityID"));
    let around = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" validUntil=\"2026-06-30T00:00:00Z\">{body}</md:EntitiesDescriptor>"
    );
    let role = body.replace(
        "<md:IDPSSODescriptor",
        "<md:IDPSSODescriptor validUntil=\"2026-06-30T00:00:00Z\"",
    );
    let certificate = idp().keys().certificate_base64();
    let another = |_| {
        let keys = Keys::generate(Kind::P256).unwrap().certificate_base64();
        format!("</ds:X509Certificate><ds:X509Certificate>{keys}")
    };
    let many = (0..16).map(another).collect::<Vec<_>>().concat();
    let comment = body.replace(&certificate, &format!("<!-- x -->{certificate}"));
    let element = body.replace(
        &certificate,
        &format!("<x xmlns=\"urn:x\"></x>{certificate}"),
    );
    let levels = format!("{}{body}{}", "<a>".repeat(65), "</a>".repeat(65));
    let entity = body.replace(IDP, "&e;");
    let table = [
        ("a document type", "doctype", format!("<!DOCTYPE x>{body}")),
        (
            "a document type elsewhere",
            "doctype",
            format!("<!DOCTYPE x SYSTEM \"http://x.example/\">{body}"),
        ),
        (
            "a file for its name",
            "doctype",
            format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{entity}"),
        ),
        ("an entity that is not declared", "malformed_xml", entity),
        (
            "half of it",
            "malformed_xml",
            body[..body.len() / 2].to_owned(),
        ),
        ("twice", "malformed_xml", format!("{body}{body}")),
        ("nothing", "malformed_xml", String::new()),
        ("JSON", "malformed_xml", "{}".to_owned()),
        (
            "a certificate",
            "malformed_xml",
            format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----"),
        ),
        (
            "another encoding",
            "malformed_encoding",
            format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{body}"),
        ),
        (
            "two order marks",
            "malformed_encoding",
            format!("\u{feff}\u{feff}{body}"),
        ),
        ("a NUL", "malformed_encoding", body.replace(IDP, "urn:\0")),
        ("ended", "metadata_expired", until("2026-07-01T10:00:00Z")),
        ("ended, around it", "metadata_expired", around),
        ("ended, its role", "metadata_expired", role),
        ("an end that is none", "malformed_time", until("soon")),
        ("a comment in the certificate", "comment_in_value", comment),
        ("an element in the certificate", "structure", element),
        ("levels", "too_large", levels),
        (
            "elements",
            "too_large",
            with(
                body,
                "<md:KeyDescriptor",
                &format!("{}<md:KeyDescriptor", "<a/>".repeat(45_000)),
            ),
        ),
        (
            "octets",
            "too_large",
            format!("{body}{}", " ".repeat(1024 * 1024)),
        ),
        (
            "certificates",
            "too_large",
            body.replace(&certificate, &format!("{certificate}{many}")),
        ),
    ];
    against(
        Class::Metadata,
        Message::metadata(body),
        table.map(|(name, expected, text)| {
            (
                format!("{expected}: {name}"),
                expected,
                Unasked,
                Message::metadata(text),
            )
        }),
    )
}

/// Where people would be sent.
fn endpoints(whole: &str) -> Vec<Attack> {
    let to = |address: &str| whole.replace(SSO, address);
    let logout = |attributes: &str| {
        with(
            whole,
            "<md:SingleSignOnService",
            &format!(
                "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" {attributes}></md:SingleLogoutService><md:SingleSignOnService"
            ),
        )
    };
    rows(
        whole,
        "metadata_endpoint",
        [
            ("a script", to("javascript:alert(1)")),
            ("a script in upper case", to("JavaScript:alert(1)")),
            ("a script behind blanks", to(" javascript:alert(1)")),
            ("data", to("data:text/html,x")),
            ("a file", to("file:///etc/passwd")),
            ("a path", to("/sso")),
            ("an address without a scheme", to("//idp.example/sso")),
            ("no host", to("https://")),
            ("a user", to("https://idp.example@evil.example/sso")),
            ("FTP", to("ftp://idp.example/sso")),
            ("nothing", to("")),
            (
                "no Location",
                whole.replace(&format!(" Location=\"{SSO}\""), ""),
            ),
            (
                "a script for logout",
                logout("Location=\"javascript:alert(1)\""),
            ),
            (
                "a script for logout's answer",
                logout(
                    "Location=\"https://idp.example/slo\" ResponseLocation=\"javascript:alert(1)\"",
                ),
            ),
        ],
    )
}
