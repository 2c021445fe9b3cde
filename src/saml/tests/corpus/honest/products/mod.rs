//! What the products send, each with the response signed, the assertion, and both.

use super::*;
use crate::demo::idp::Signing;

/// A product's response, and how it signs.
struct Product {
    name: &'static str,
    preset: Preset,
    template: &'static str,
    /// The prefix of its signatures.
    prefix: &'static str,
    /// The prefixes that its signatures declare whether they are used or not.
    inclusive: &'static str,
    /// Whether its signatures have line breaks.
    broken_lines: bool,
    who: &'static str,
    attribute: (&'static str, &'static [&'static str]),
}

const PRODUCTS: [Product; 9] = [
    Product {
        name: "Okta",
        preset: Preset::Okta,
        template: include_str!("okta.xml"),
        prefix: "ds",
        inclusive: "xs",
        broken_lines: true,
        who: ADA,
        attribute: ("groups", &["Everyone", "R&D"]),
    },
    Product {
        name: "Entra ID",
        preset: Preset::Entra,
        template: include_str!("entra.xml"),
        prefix: "",
        inclusive: "",
        broken_lines: false,
        who: "k3xGf0",
        attribute: (
            "http://schemas.microsoft.com/identity/claims/objectidentifier",
            &["5f0c"],
        ),
    },
    Product {
        name: "ADFS",
        preset: Preset::Adfs,
        template: include_str!("adfs.xml"),
        prefix: "ds",
        inclusive: "",
        broken_lines: false,
        who: ADA,
        attribute: (
            "http://schemas.xmlsoap.org/claims/Group",
            &["Domain Users", "CN=SEO,OU=Groups,DC=acme,DC=example"],
        ),
    },
    Product {
        name: "Google",
        preset: Preset::Google,
        template: include_str!("google.xml"),
        prefix: "ds",
        inclusive: "",
        broken_lines: true,
        who: ADA,
        attribute: ("groups", &["Editors", "Staff"]),
    },
    Product {
        name: "OneLogin",
        preset: Preset::OneLogin,
        template: include_str!("onelogin.xml"),
        prefix: "ds",
        inclusive: "",
        broken_lines: false,
        who: ADA,
        attribute: ("memberOf", &["Editors;Staff"]),
    },
    Product {
        name: "Ping",
        preset: Preset::Ping,
        template: include_str!("ping.xml"),
        prefix: "ds",
        inclusive: "",
        broken_lines: true,
        who: ADA,
        attribute: ("memberOf", &["CN=SEO,OU=Groups,DC=acme,DC=example"]),
    },
    Product {
        name: "Keycloak",
        preset: Preset::Keycloak,
        template: include_str!("keycloak.xml"),
        prefix: "dsig",
        inclusive: "",
        broken_lines: false,
        who: "G-7f3d",
        attribute: ("urn:oid:1.2.840.113549.1.9.1", &[ADA]),
    },
    Product {
        name: "Shibboleth",
        preset: Preset::Shibboleth,
        template: include_str!("shibboleth.xml"),
        prefix: "ds",
        inclusive: "xsd",
        broken_lines: true,
        who: "AAdzZWNyZXQx",
        attribute: ("urn:oid:1.3.6.1.4.1.5923.1.1.1.10", &["eptid"]),
    },
    Product {
        name: "pysaml2",
        preset: Preset::Generic,
        template: include_str!("pysaml2.xml"),
        prefix: "ns2",
        inclusive: "",
        broken_lines: false,
        who: "t1",
        attribute: ("urn:oid:0.9.2342.19200300.100.1.3", &[ADA]),
    },
];

pub(super) fn cases() -> Vec<Honest> {
    let signed = |product: &Product, what: Sign| {
        let template = product
            .template
            .replace("{{acs}}", ACS)
            .replace("{{audience}}", SP)
            .replace("{{idp}}", IDP);
        // One Id in a document: where both are signed, the inner signature would have it twice.
        let numbered = product.name == "pysaml2" && what != Sign::Both;
        let signing = Signing {
            what,
            prefix: product.prefix,
            inclusive_prefixes: product.inclusive,
            broken_lines: product.broken_lines,
            id: numbered.then_some("Signature1"),
            ..Signing::default()
        };
        let message = Message::from(idp().sign_with(&template, &signing))
            .asked(&["_q"])
            .of(product.preset);
        let (attribute, values) = product.attribute;
        Honest::new("products", format!("{}, {what:?}", product.name), message)
            .about(Some(product.who))
            .says(attribute, values.iter().copied())
    };
    let each =
        |product| [Sign::Response, Sign::Assertion, Sign::Both].map(|what| signed(product, what));
    PRODUCTS.iter().flat_map(each).collect()
}
