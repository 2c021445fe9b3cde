//! The plaintext where it stood: in the namespaces of its EncryptedAssertion (XML Encryption 4.4).
//!
//! Encryption takes an element out of its document, and with it the declarations around it that it relied
//! on. They are given back as text in its start tag; the rest stays as it was decrypted, octet by octet.
//! Where no signature covers the plaintext itself, nobody else may say what its names mean: of what is not
//! signed around it only namespaces that say nothing to us are supplied.

use std::fmt::Write as _;

use roxmltree::Node;

use super::super::{
    binding,
    error::{Error, shown},
    gate::scan::{self, Tag},
    xml::{self, ENCRYPTION, ENCRYPTION11, SIGNATURE, SIGNATURE11},
};

/// Every namespace of SAML 2.0 begins so.
const SAML: &str = "urn:oasis:names:tc:SAML:";

/// A decrypted element as text, and which prefixes it uses without declaring them.
pub(in crate::saml) struct Plaintext {
    text: String,
    /// Where declarations go: behind the name of the root.
    at: usize,
    /// The prefixes that the root declares itself; the default namespace is an empty one.
    declared: Vec<String>,
    lacking: Vec<String>,
}

/// Namespaces in scope: a prefix, empty for the default namespace, and what it stands for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::saml) struct Scope(Vec<(String, String)>);

impl Plaintext {
    /// Reads decrypted octets: one element, and nothing beside it.
    pub(in crate::saml) fn read(octets: Vec<u8>) -> Result<Self, Error> {
        let text = String::from_utf8(octets).map_err(|_| Error::MalformedEncoding {
            why: "an octet sequence that is none",
        })?;
        let text = binding::plain(text)?;
        let text = text.trim_matches([' ', '\t', '\r', '\n']).to_owned();
        let mut names = Names::default();
        scan::walk(&text, |tag| names.meet(tag))?;
        let root = names.root.unwrap_or_default();
        let leads = text
            .strip_prefix('<')
            .is_some_and(|it| it.starts_with(root));
        if root.is_empty() || !leads {
            return Err(Error::Structure {
                rule: "something before the encrypted element",
                arrived: shown(root),
            });
        }
        let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect();
        Ok(Self {
            at: 1 + root.len(),
            declared: owned(&names.declared),
            lacking: owned(&names.lacking),
            text,
        })
    }

    /// The text with these namespaces declared on its root, as far as it does not declare them itself.
    pub(in crate::saml) fn within(&self, scope: &Scope) -> String {
        let (before, behind) = self.text.split_at_checked(self.at).unwrap_or_default();
        let mut text = before.to_owned();
        for (prefix, namespace) in &scope.0 {
            if !self.declared.contains(prefix) {
                let colon = if prefix.is_empty() { "" } else { ":" };
                let namespace = xml::escaped(namespace);
                // Writing to a String cannot fail.
                let _ = write!(text, " xmlns{colon}{prefix}=\"{namespace}\"");
            }
        }
        text + behind
    }

    /// What is used and lacking, of this scope.
    pub(in crate::saml) fn needed(&self, scope: &Scope) -> Scope {
        let of = |prefix: &String| Some((prefix.clone(), scope.find(prefix)?.to_owned()));
        Scope(self.lacking.iter().filter_map(of).collect())
    }

    /// What is used and lacking, where only `signed` is to be trusted: of the rest, what says nothing to us.
    pub(in crate::saml) fn needed_safely(&self, signed: &Scope, around: &Scope) -> Scope {
        let foreign = around.0.iter().filter(|(_, namespace)| !is_ours(namespace));
        let foreign = Scope(foreign.cloned().collect());
        self.needed(&signed.clone().and(&foreign))
    }
}

/// What a walk over the text learns of its prefixes.
#[derive(Default)]
struct Names<'t> {
    root: Option<&'t str>,
    declared: Vec<&'t str>,
    lacking: Vec<&'t str>,
    scope: Vec<&'t str>,
    /// How much was in scope before each open element.
    open: Vec<usize>,
}

impl<'t> Names<'t> {
    fn meet(&mut self, tag: &Tag<'t>) {
        let Tag::Start {
            name,
            attributes,
            empty,
        } = tag
        else {
            return self.scope.truncate(self.open.pop().unwrap_or(0));
        };
        let before = self.scope.len();
        let declared = attributes.iter().filter_map(|name| declares(name));
        self.scope.extend(declared);
        if self.root.is_none() {
            self.root = Some(name);
            self.declared.clone_from(&self.scope);
        }
        let of_attributes = attributes
            .iter()
            .filter(|name| declares(name).is_none())
            .filter_map(|name| name.split_once(':'));
        let of_name = name.split_once(':').unwrap_or_default();
        for (prefix, _) in of_attributes.chain([of_name]) {
            let lacks = |known: &[&str]| !known.contains(&prefix);
            // No message has more in scope, so that what comes after could not be supplied.
            let counts = self.lacking.len() <= scan::NAMESPACES;
            if prefix != "xml" && counts && lacks(&self.scope) && lacks(&self.lacking) {
                self.lacking.push(prefix);
            }
        }
        if *empty {
            self.scope.truncate(before);
        } else {
            self.open.push(before);
        }
    }
}

impl Scope {
    /// All that is in scope of an element.
    pub(in crate::saml) fn of(node: Node<'_, '_>) -> Self {
        let declared = node
            .namespaces()
            .filter(|it| it.name() != Some("xml") && !it.uri().is_empty())
            .map(|it| {
                let prefix = it.name().unwrap_or_default();
                (prefix.to_owned(), it.uri().to_owned())
            });
        Self(declared.collect())
    }

    /// What is in both, with the same meaning.
    pub(in crate::saml) fn shared_with(&self, other: &Self) -> Self {
        let in_both = self.0.iter().filter(|it| other.0.contains(it));
        Self(in_both.cloned().collect())
    }

    /// What is in either; where they differ, this one.
    pub(in crate::saml) fn and(mut self, other: &Self) -> Self {
        for (prefix, namespace) in &other.0 {
            if self.find(prefix).is_none() {
                self.0.push((prefix.clone(), namespace.clone()));
            }
        }
        self
    }

    fn find(&self, prefix: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == prefix)
            .map(|(_, namespace)| namespace.as_str())
    }
}

/// The prefix that an attribute of this name declares.
fn declares(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns")? {
        "" => Some(""),
        rest => rest.strip_prefix(':'),
    }
}

/// Whether names of this namespace say something to us.
fn is_ours(namespace: &str) -> bool {
    namespace.starts_with(SAML)
        || [SIGNATURE, SIGNATURE11, ENCRYPTION, ENCRYPTION11].contains(&namespace)
}
