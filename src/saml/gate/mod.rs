//! The strict gate: what a response may look like at all, said before any signature is computed.
//!
//! The order matters. xmlsec runs a message's transforms before it looks at the signature, so nothing may
//! reach it that is not on the lists here. A message is a Response with one Assertion as its child, which may
//! be encrypted and then comes through here a second time, decrypted, with all its rules; each
//! signature is the child of what it covers, right behind its Issuer, and covers that and nothing else
//! (SAML Core 5.4, XML Signature 4). What does not fit is refused as a whole, never trimmed to fit.

mod ids;
pub(super) mod logout;
pub(crate) mod scan;
pub(super) mod shape;
mod signatures;

pub use signatures::Algorithm;

use std::collections::HashSet;

use roxmltree::{Document, Node};

use self::shape::ResponseFields;
use super::{
    binding::Received,
    encryption::Sealed,
    error::Error,
    xml::{self, ASSERTION, PROTOCOL, SIGNATURE},
};

/// Which element a signature covers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Element {
    /// `saml:Assertion`
    Assertion,
    /// `samlp:LogoutRequest`
    LogoutRequest,
    /// `samlp:LogoutResponse`
    LogoutResponse,
    /// `samlp:Response`
    Response,
}

impl Element {
    /// Namespace and name.
    pub(super) fn qualified(self) -> (&'static str, &'static str) {
        match self {
            Self::Assertion => (ASSERTION, "Assertion"),
            Self::LogoutRequest => (PROTOCOL, "LogoutRequest"),
            Self::LogoutResponse => (PROTOCOL, "LogoutResponse"),
            Self::Response => (PROTOCOL, "Response"),
        }
    }
}

/// A signature of the message, and what it claims to cover.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// The covered element.
    pub element: Element,
    /// Its ID.
    pub id: String,
    /// The SignatureMethod.
    pub algorithm: Algorithm,
    /// Whether it covers declarations of namespaces that are in scope and not used by any name.
    pub of_its_scope: bool,
}

/// What a Response holds.
#[derive(Clone)]
pub(super) enum Held {
    /// An Assertion, by its ID.
    Assertion(String),
    /// An EncryptedAssertion.
    Encrypted(Sealed),
}

/// A message of the right shape, of which nothing is verified yet.
#[derive(Clone)]
pub struct Gated {
    pub(super) xml: String,
    pub(super) held: Held,
    pub(super) response: ResponseFields,
    signed: Vec<Signed>,
    remarks: usize,
}

impl Gated {
    /// The signatures: one or two, the Response's first. Around an EncryptedAssertion there is one or none.
    pub fn signed(&self) -> &[Signed] {
        &self.signed
    }

    /// Whether the assertion is encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.held, Held::Encrypted(_))
    }

    /// The request that the response claims to answer: unverified, good for looking it up.
    pub fn in_response_to(&self) -> Option<&str> {
        self.response.in_response_to.as_deref()
    }

    /// The issuer that the response claims: unverified, good for the log.
    pub fn issuer(&self) -> Option<&str> {
        self.response.issuer.as_deref()
    }

    /// How many comments and processing instructions stand between elements, where they say nothing.
    pub fn remarks(&self) -> usize {
        self.remarks
    }
}

impl std::fmt::Debug for Gated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gated")
            .field("signed", &self.signed)
            .finish_non_exhaustive()
    }
}

/// Lets a message of the right shape through.
pub fn check(received: Received) -> Result<Gated, Error> {
    scan::scan(&received.xml)?;
    let document = xml::parse(&received.xml)?;
    let root = document.root_element();
    let remarks = remarks(&document)?;
    namespaces(root)?;
    ids::check(root, None)?;
    let shape = shape::response(root)?;
    let signed = signatures::check(root, shape.assertion)?;
    let held = if xml::is(shape.assertion, ASSERTION, "EncryptedAssertion") {
        Held::Encrypted(Sealed::read(shape.assertion)?)
    } else if signed.is_empty() {
        return Err(Error::SignatureMissing);
    } else {
        Held::Assertion(shape::assertion(shape.assertion)?)
    };
    let response = shape.fields;
    drop(document);
    Ok(Gated {
        xml: received.xml,
        held,
        response,
        signed,
        remarks,
    })
}

/// A decrypted assertion of the right shape, of which nothing is verified yet.
pub(super) struct Decrypted {
    pub(super) xml: String,
    pub(super) assertion_id: String,
    /// Its signature, where it has one.
    pub(super) signed: Option<Signed>,
}

/// Lets a decrypted assertion through that may stand in the document `around` it, and nothing beside it.
pub(super) fn decrypted(xml: String, around: &Document<'_>) -> Result<Decrypted, Error> {
    scan::scan(&xml)?;
    let document = xml::parse(&xml)?;
    let root = document.root_element();
    remarks(&document)?;
    namespaces(root)?;
    ids::check(root, Some(around.root_element()))?;
    if !xml::is(root, ASSERTION, "Assertion") || root.range() != (0..xml.len()) {
        return Err(Error::Structure {
            rule: "something else than one assertion was encrypted",
            arrived: xml::name(root),
        });
    }
    shape::alone(root)?;
    let assertion_id = shape::assertion(root)?;
    let signed = signatures::check(root, root)?.pop();
    drop(document);
    Ok(Decrypted {
        xml,
        assertion_id,
        signed,
    })
}

/// The longest namespace, in octets.
const NAMESPACE: usize = 1024;

/// Elements whose text is read, so that nothing may interrupt it.
const VALUES: [&str; 11] = [
    "Audience",
    "AuthenticatingAuthority",
    "AuthnContextClassRef",
    "AuthnContextDeclRef",
    "AttributeValue",
    "CipherValue",
    "Issuer",
    "NameID",
    "SessionIndex",
    "StatusDetail",
    "StatusMessage",
];

/// Counts comments and processing instructions; inside a value they are refused.
fn remarks(document: &Document<'_>) -> Result<usize, Error> {
    let mut count = 0;
    for element in document.descendants().filter(Node::is_element) {
        let (mut remarks, mut has_text, mut has_elements) = (0, false, false);
        for child in element.children() {
            remarks += usize::from(child.is_comment() || child.is_pi());
            has_text |= child.is_text() && !shape::is_blank(child);
            has_elements |= child.is_element();
        }
        let of_signature = element.tag_name().namespace() == Some(SIGNATURE);
        let in_value = || {
            element
                .ancestors()
                .any(|node| VALUES.contains(&node.tag_name().name()))
        };
        if remarks > 0 && (has_text || (of_signature && !has_elements) || in_value()) {
            return Err(Error::CommentInValue {
                element: xml::name(element),
            });
        }
        count += remarks;
    }
    Ok(count)
}

/// Every namespace is an absolute URI: canonicalization fails on others, and has been fooled by failing.
fn namespaces(root: Node<'_, '_>) -> Result<(), Error> {
    // A declaration is in scope of every element inside, and is looked at once.
    let mut seen = HashSet::new();
    for namespace in root
        .descendants()
        .filter(Node::is_element)
        .flat_map(|node| node.namespaces())
    {
        let uri = namespace.uri();
        if !uri.is_empty() && !seen.insert(uri.as_ptr()) {
            continue;
        }
        let undeclared = namespace.name().is_none() && uri.is_empty();
        if !undeclared && (uri.len() > NAMESPACE || !is_absolute(uri)) {
            return Err(Error::Structure {
                rule: "a namespace that is no absolute URI",
                arrived: super::error::shown(uri),
            });
        }
    }
    Ok(())
}

fn is_absolute(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    }) && uri.chars().all(|c| c.is_ascii_graphic())
}
