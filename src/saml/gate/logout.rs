//! The strict gate of logout messages (SAML Core 3.7): children in the order of the schema, nothing
//! that could be taken for another message, and at most one signature, right behind the Issuer.
//!
//! Asked twice of what is signed by itself: as received, and again of the octets that are covered.

use roxmltree::Node;

use super::{
    super::{
        binding::Received,
        error::Error,
        xml::{self, ASSERTION, PROTOCOL, SIGNATURE},
    },
    Element, Signed, ids, namespaces, remarks, scan,
    shape::{self, Step},
    signatures,
};

const REQUEST: [Step; 5] = [
    (ASSERTION, "Issuer", false),
    (SIGNATURE, "Signature", false),
    (PROTOCOL, "Extensions", false),
    (ASSERTION, "NameID", false),
    (PROTOCOL, "SessionIndex", true),
];

const RESPONSE: [Step; 4] = [
    (ASSERTION, "Issuer", false),
    (SIGNATURE, "Signature", false),
    (PROTOCOL, "Extensions", false),
    (PROTOCOL, "Status", false),
];

/// Names of what is a message or a statement by itself.
const WHOLES: [&str; 6] = [
    "Assertion",
    "AuthnRequest",
    "EncryptedAssertion",
    "LogoutRequest",
    "LogoutResponse",
    "Response",
];

/// A logout message of the right shape, of which nothing is verified yet.
pub(in crate::saml) struct Message {
    pub(in crate::saml) xml: String,
    pub(in crate::saml) element: Element,
    /// Its own signature, where it has one.
    pub(in crate::saml) signed: Option<Signed>,
}

/// Lets a message through that is this element and of the right shape.
pub(in crate::saml) fn check(received: Received, element: Element) -> Result<Message, Error> {
    scan::scan(&received.xml)?;
    let document = xml::parse(&received.xml)?;
    let root = document.root_element();
    remarks(&document)?;
    namespaces(root)?;
    ids::check(root, None)?;
    shape(root, element)?;
    let signed = signatures::check(root, root)?.pop();
    drop(document);
    Ok(Message {
        xml: received.xml,
        element,
        signed,
    })
}

/// The shape of a LogoutRequest (Core 3.7.1) or of a LogoutResponse (3.7.2).
pub(in crate::saml) fn shape(root: Node<'_, '_>, element: Element) -> Result<(), Error> {
    let structure = |rule, arrived| Err(Error::Structure { rule, arrived });
    let (namespace, name) = element.qualified();
    if !xml::is(root, namespace, name) {
        return structure("a root that is no logout message", xml::name(root));
    }
    let mut others = root.descendants().filter(Node::is_element).skip(1);
    if let Some(other) = others.find(|node| WHOLES.contains(&node.tag_name().name())) {
        return structure("a message where none belongs", xml::name(other));
    }
    shape::versioned(root)?;
    shape::required(root, "ID")?;
    shape::required(root, "IssueInstant")?;
    let has = |name| xml::children(root, ASSERTION, name).next().is_some();
    if !has("Issuer") {
        return structure("a logout message without an Issuer", "none".to_owned());
    }
    if element == Element::LogoutResponse {
        return shape::in_order(root, &RESPONSE, RESPONSE.len());
    }
    if has("EncryptedID") {
        let element = "EncryptedID";
        return Err(Error::EncryptedElementUnsupported { element });
    }
    if has("BaseID") {
        let why = "it is a BaseID";
        return Err(Error::NameId { why });
    }
    shape::in_order(root, &REQUEST, REQUEST.len())?;
    if has("NameID") {
        Ok(())
    } else {
        let why = "there is none";
        Err(Error::NameId { why })
    }
}
