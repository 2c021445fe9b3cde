//! The shape of a signature (XML Signature 4, SAML Core 5.4): one SignedInfo, one Reference to the parent's
//! ID, and only algorithms of these lists. Nothing is computed here.

use roxmltree::{Attribute, Node};

use super::{
    super::{
        certificate::KeyKind,
        error::{Error, shown},
        xml::{self, ASSERTION, SIGNATURE},
    },
    Element, Signed, shape,
};

/// The signature algorithms taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// ECDSA with SHA-256.
    EcdsaSha256,
    /// ECDSA with SHA-384.
    EcdsaSha384,
    /// ECDSA with SHA-512.
    EcdsaSha512,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    RsaSha256,
    /// RSA (PKCS #1 v1.5) with SHA-384.
    RsaSha384,
    /// RSA (PKCS #1 v1.5) with SHA-512.
    RsaSha512,
}

const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";

const ALGORITHMS: [(&str, Algorithm); 6] = [
    ("ecdsa-sha256", Algorithm::EcdsaSha256),
    ("ecdsa-sha384", Algorithm::EcdsaSha384),
    ("ecdsa-sha512", Algorithm::EcdsaSha512),
    ("rsa-sha256", Algorithm::RsaSha256),
    ("rsa-sha384", Algorithm::RsaSha384),
    ("rsa-sha512", Algorithm::RsaSha512),
];

const DIGESTS: [&str; 3] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

const CANONICALIZATIONS: [&str; 4] = [
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
];

/// The attributes that decide what is computed.
const READ: [&str; 3] = ["Algorithm", "Type", "URI"];

impl Algorithm {
    /// Its name as in the identifier.
    pub fn name(self) -> &'static str {
        ALGORITHMS
            .iter()
            .find(|(_, a)| *a == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether a key of this kind can have made such a signature.
    pub fn fits(self, key: KeyKind) -> bool {
        match self {
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => {
                matches!(key, KeyKind::Ec(_))
            }
            Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => matches!(key, KeyKind::Rsa(_)),
        }
    }

    /// The algorithm of this identifier.
    pub(in crate::saml) fn of(identifier: &str) -> Result<Self, Error> {
        identifier
            .strip_prefix(MORE)
            .and_then(|name| ALGORITHMS.iter().find(|(known, _)| *known == name))
            .map(|(_, algorithm)| *algorithm)
            .ok_or_else(|| Error::SignatureAlgorithmUnsupported {
                arrived: shown(identifier),
            })
    }
}

/// Checks every signature of the message, or of a decrypted assertion, which is its own root: the Response's
/// first.
pub(super) fn check(root: Node<'_, '_>, assertion: Node<'_, '_>) -> Result<Vec<Signed>, Error> {
    let mut signed = Vec::new();
    let inner = [
        "Signature",
        "SignedInfo",
        "Object",
        "Manifest",
        "SignatureProperties",
    ];
    for node in root
        .descendants()
        .filter(|n| n.tag_name().namespace() == Some(SIGNATURE))
    {
        let name = node.tag_name().name();
        let parent = node.parent_element();
        let placed = match name {
            "Signature" => parent == Some(root) || parent == Some(assertion),
            "SignedInfo" => parent.is_some_and(|p| xml::is(p, SIGNATURE, "Signature")),
            name => !inner.contains(&name),
        };
        let Some(parent) = parent.filter(|_| placed) else {
            return structure("a part of a signature where none belongs", node);
        };
        // xmlsec takes the first attribute of a name, whatever its namespace.
        let foreign = |a: &Attribute<'_, '_>| a.namespace().is_some() && READ.contains(&a.name());
        if node.attributes().any(|attribute| foreign(&attribute)) {
            return structure("an attribute of a signature in a namespace", node);
        }
        if name == "Signature" {
            let logout = [Element::LogoutRequest, Element::LogoutResponse];
            let is_it = |element: &Element| {
                let (namespace, name) = element.qualified();
                xml::is(parent, namespace, name)
            };
            let element = match logout.into_iter().find(is_it) {
                Some(element) => element,
                None if parent == assertion => Element::Assertion,
                None => Element::Response,
            };
            signed.push(signature(node, parent, element)?);
        }
    }
    Ok(signed)
}

fn signature(node: Node<'_, '_>, parent: Node<'_, '_>, element: Element) -> Result<Signed, Error> {
    if !node
        .prev_sibling_element()
        .is_some_and(|before| xml::is(before, ASSERTION, "Issuer"))
    {
        return structure("a signature that does not follow the Issuer", parent);
    }
    let [info, value] = leading(node, ["SignedInfo", "SignatureValue"])?;
    let behind = value.next_siblings().skip(1).filter(Node::is_element);
    if behind.clone().count() > 1 || behind.clone().any(|n| !xml::is(n, SIGNATURE, "KeyInfo")) {
        return structure("a signature with more than its KeyInfo", node);
    }
    xml::text(value)?;
    for certificate in node
        .descendants()
        .filter(|n| xml::is(*n, SIGNATURE, "X509Certificate"))
    {
        xml::text(certificate)?;
    }
    let [canonicalization, method, reference] = leading(
        info,
        ["CanonicalizationMethod", "SignatureMethod", "Reference"],
    )?;
    only(info, 3)?;
    let canonicalized = canonical(canonicalization)?;
    only(method, 0)?;
    let algorithm = Algorithm::of(identifier(method))?;
    let id = xml::attribute(parent, "ID").unwrap_or_default().to_owned();
    if xml::attribute(reference, "URI").and_then(|uri| uri.strip_prefix('#')) != Some(id.as_str()) {
        return structure("a Reference to something else than its parent", reference);
    }
    let digested = covered(reference)?;
    Ok(Signed {
        element,
        id,
        algorithm,
        of_its_scope: canonicalized.max(digested) == Namespaces::InScope,
    })
}

/// Which namespaces go into what is signed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Namespaces {
    /// Those of names.
    Used,
    /// Others as well: all, or those of a list.
    InScope,
}

/// The Reference: transforms, digest method, digest value.
fn covered(reference: Node<'_, '_>) -> Result<Namespaces, Error> {
    let [transforms, digest, value] =
        leading(reference, ["Transforms", "DigestMethod", "DigestValue"])?;
    only(reference, 3)?;
    only(digest, 0)?;
    if !DIGESTS.contains(&identifier(digest)) {
        return Err(Error::SignatureAlgorithmUnsupported {
            arrived: shown(identifier(digest)),
        });
    }
    xml::text(value)?;
    let mut steps = transforms.children().filter(Node::is_element);
    let Some(first) = steps
        .next()
        .filter(|first| xml::is(*first, SIGNATURE, "Transform"))
    else {
        return structure("a Reference without a transform", reference);
    };
    only(first, 0)?;
    if identifier(first) != ENVELOPED {
        return Err(Error::TransformRefused {
            arrived: shown(identifier(first)),
        });
    }
    // Without a canonicalization it is the inclusive one (XML Signature 4.4.3.2).
    let mut namespaces = Namespaces::InScope;
    if let Some(second) = steps.next() {
        if !xml::is(second, SIGNATURE, "Transform") {
            return structure("something that is no transform", second);
        }
        namespaces = canonical(second)?;
    }
    match steps.next() {
        Some(third) => Err(Error::TransformRefused {
            arrived: shown(identifier(third)),
        }),
        None => Ok(namespaces),
    }
}

/// A canonicalization of the list; the exclusive ones may name prefixes.
fn canonical(node: Node<'_, '_>) -> Result<Namespaces, Error> {
    let algorithm = identifier(node);
    if !CANONICALIZATIONS.contains(&algorithm) {
        return Err(Error::TransformRefused {
            arrived: shown(algorithm),
        });
    }
    let mut inside = node.children().filter(Node::is_element);
    let exclusive = CANONICALIZATIONS.first().copied().unwrap_or_default();
    let known = |inner: Node<'_, '_>| {
        xml::is(inner, exclusive, "InclusiveNamespaces")
            && algorithm.starts_with(exclusive)
            && inner.first_element_child().is_none()
    };
    match (inside.next(), inside.next()) {
        (None, _) if algorithm.starts_with(exclusive) => Ok(Namespaces::Used),
        (None, _) => Ok(Namespaces::InScope),
        (Some(inner), None) if known(inner) => Ok(Namespaces::InScope),
        _ => structure("a canonicalization with something inside", node),
    }
}

fn identifier<'a>(node: Node<'a, '_>) -> &'a str {
    xml::attribute(node, "Algorithm").unwrap_or_default()
}

/// The first element children, which must be these of XML Signature, in this order.
fn leading<'a, 'i: 'a, const N: usize>(
    node: Node<'a, 'i>,
    names: [&'static str; N],
) -> Result<[Node<'a, 'i>; N], Error> {
    let mut children = node.children().filter(Node::is_element);
    let mut found = [node; N];
    for (slot, name) in found.iter_mut().zip(names) {
        match children.next() {
            Some(child) if xml::is(child, SIGNATURE, name) => *slot = child,
            Some(child) => return structure("a signature out of order", child),
            None => return structure("a signature with a part missing", node),
        }
    }
    if node
        .children()
        .any(|child| child.is_text() && !shape::is_blank(child))
    {
        return structure("text between the parts of a signature", node);
    }
    Ok(found)
}

/// No more element children than this.
fn only(node: Node<'_, '_>, count: usize) -> Result<(), Error> {
    match node.children().filter(Node::is_element).nth(count) {
        Some(more) => structure("a signature with a part too many", more),
        None => Ok(()),
    }
}

fn structure<T>(rule: &'static str, node: Node<'_, '_>) -> Result<T, Error> {
    Err(Error::Structure {
        rule,
        arrived: xml::name(node),
    })
}
