//! The shape of a Response (SAML Core 3.2.2) and of an Assertion (2.3.3): children in the order of the
//! schema, from a list, and one assertion in all the message.
//!
//! Asked twice: of the message as received, and again of the octets that the signature covers.

use roxmltree::Node;

use super::super::{
    error::{Error, shown},
    xml::{self, ASSERTION, PROTOCOL, SIGNATURE},
};

/// What a Response says beside its assertion.
#[derive(Clone, Debug, Default)]
pub(in crate::saml) struct ResponseFields {
    pub(in crate::saml) id: String,
    pub(in crate::saml) issue_instant: String,
    pub(in crate::saml) issuer: Option<String>,
    pub(in crate::saml) destination: Option<String>,
    pub(in crate::saml) in_response_to: Option<String>,
}

/// A Response of the right shape.
pub(in crate::saml) struct ResponseShape<'a, 'i> {
    pub(in crate::saml) fields: ResponseFields,
    /// Its Assertion or EncryptedAssertion.
    pub(in crate::saml) assertion: Node<'a, 'i>,
}

/// A child that may stand here: namespace, name, and whether it may be there several times.
pub(in crate::saml) type Step = (&'static str, &'static str, bool);

const RESPONSE: [Step; 6] = [
    (ASSERTION, "Issuer", false),
    (SIGNATURE, "Signature", false),
    (PROTOCOL, "Extensions", false),
    (PROTOCOL, "Status", false),
    (ASSERTION, "Assertion", true),
    (ASSERTION, "EncryptedAssertion", true),
];

const ASSERTION_HEAD: [Step; 8] = [
    (ASSERTION, "Issuer", false),
    (SIGNATURE, "Signature", false),
    (ASSERTION, "Subject", false),
    (ASSERTION, "Conditions", false),
    (ASSERTION, "Advice", false),
    (ASSERTION, "AuthnStatement", true),
    (ASSERTION, "AttributeStatement", true),
    (ASSERTION, "AuthzDecisionStatement", true),
];

/// Checks a Response, and that it says Success: one that does not has no assertion to look for.
pub(in crate::saml) fn response<'a, 'i: 'a>(
    root: Node<'a, 'i>,
) -> Result<ResponseShape<'a, 'i>, Error> {
    if !xml::is(root, PROTOCOL, "Response") {
        return structure("a root that is no Response", xml::name(root));
    }
    versioned(root)?;
    alone(root)?;
    in_order(root, &RESPONSE, 4)?;
    status(root)?;
    let assertion = root.children().find(|c| {
        xml::is(*c, ASSERTION, "Assertion") || xml::is(*c, ASSERTION, "EncryptedAssertion")
    });
    let Some(assertion) = assertion else {
        return structure("a success without an assertion", "none".to_owned());
    };
    let attribute = |name: &str| xml::attribute(root, name).map(ToOwned::to_owned);
    let issuer = xml::at_most_one(root, ASSERTION, "Issuer")?
        .map(xml::text)
        .transpose()?;
    let fields = ResponseFields {
        id: required(root, "ID")?,
        issue_instant: required(root, "IssueInstant")?,
        issuer,
        destination: attribute("Destination"),
        in_response_to: attribute("InResponseTo"),
    };
    Ok(ResponseShape { fields, assertion })
}

/// Checks an Assertion and gives its ID.
pub(in crate::saml) fn assertion(node: Node<'_, '_>) -> Result<String, Error> {
    versioned(node)?;
    in_order(node, &ASSERTION_HEAD, 5)?;
    if !node
        .children()
        .any(|child| xml::is(child, ASSERTION, "Issuer"))
    {
        return structure("an assertion without an Issuer", "none".to_owned());
    }
    required(node, "IssueInstant")?;
    required(node, "ID")
}

/// No other assertion or response anywhere, whatever its namespace.
pub(in crate::saml) fn alone(root: Node<'_, '_>) -> Result<(), Error> {
    let (mut assertions, mut misplaced) = (0, None);
    for node in root.descendants().filter(Node::is_element) {
        match node.tag_name().name() {
            "Assertion" | "EncryptedAssertion" => {
                assertions += 1;
                let placed = node == root || node.parent() == Some(root);
                if !placed || node.tag_name().namespace() != Some(ASSERTION) {
                    misplaced = Some(node);
                }
            }
            "Response" if node != root => misplaced = Some(node),
            _ => {}
        }
    }
    if assertions > 1 {
        return Err(Error::SeveralAssertions { count: assertions });
    }
    match misplaced {
        Some(node) => structure(
            "an Assertion or Response where none belongs",
            xml::name(node),
        ),
        None => Ok(()),
    }
}

/// Whether a text node says nothing.
pub(in crate::saml) fn is_blank(node: Node<'_, '_>) -> bool {
    node.text()
        .is_none_or(|text| text.bytes().all(|b| b" \t\r\n".contains(&b)))
}

/// Exactly one top-level code, and it is Success (Core 3.2.2.1).
fn status(root: Node<'_, '_>) -> Result<(), Error> {
    let Some(status) = xml::at_most_one(root, PROTOCOL, "Status")? else {
        return structure("a response without a Status", "none".to_owned());
    };
    let Some(top) = xml::at_most_one(status, PROTOCOL, "StatusCode")? else {
        return structure("a Status without a code", "none".to_owned());
    };
    let second = xml::at_most_one(top, PROTOCOL, "StatusCode")?;
    let value = |code: Node<'_, '_>| shown(xml::attribute(code, "Value").unwrap_or_default());
    if xml::attribute(top, "Value") == Some("urn:oasis:names:tc:SAML:2.0:status:Success") {
        Ok(())
    } else {
        Err(Error::Status {
            top: value(top),
            second: second.map(value),
        })
    }
}

pub(super) fn versioned(node: Node<'_, '_>) -> Result<(), Error> {
    match xml::attribute(node, "Version") {
        Some("2.0") => Ok(()),
        other => structure("a version other than 2.0", shown(other.unwrap_or("none"))),
    }
}

/// Children follow the steps in order; from `free` on the order is theirs. A step may repeat or may not.
pub(in crate::saml) fn in_order(
    node: Node<'_, '_>,
    steps: &[Step],
    free: usize,
) -> Result<(), Error> {
    let mut reached = 0;
    for child in node.children() {
        if child.is_text() && !is_blank(child) {
            return structure("text between elements", xml::name(node));
        }
        if !child.is_element() {
            continue;
        }
        let step = steps
            .iter()
            .position(|(ns, name, _)| xml::is(child, ns, name));
        let Some(step) = step.filter(|step| *step >= reached) else {
            return structure("an element that does not belong here", xml::name(child));
        };
        let repeats = steps.get(step).is_some_and(|(_, _, repeats)| *repeats);
        reached = if repeats { free.min(step) } else { step + 1 };
    }
    Ok(())
}

pub(super) fn required(node: Node<'_, '_>, name: &'static str) -> Result<String, Error> {
    match xml::attribute(node, name) {
        Some(value) if !value.is_empty() => Ok(value.to_owned()),
        _ => structure("an attribute is missing", name.to_owned()),
    }
}

fn structure<T>(rule: &'static str, arrived: String) -> Result<T, Error> {
    Err(Error::Structure { rule, arrived })
}
