//! The few things we ask of an XML tree: names by namespace, whole texts, no leniency.
//!
//! An element's text is all of its text, or an error: a comment never ends a value early.

use roxmltree::{Document, Node, ParsingOptions};

use super::error::{Error, shown};

/// `urn:oasis:names:tc:SAML:2.0:protocol`
pub(crate) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// `urn:oasis:names:tc:SAML:2.0:assertion`
pub(crate) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// `urn:oasis:names:tc:SAML:2.0:metadata`
pub(crate) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// XML Signature.
pub(crate) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// What XML Signature 1.1 adds.
pub(crate) const SIGNATURE11: &str = "http://www.w3.org/2009/xmldsig11#";
/// XML Encryption.
pub(crate) const ENCRYPTION: &str = "http://www.w3.org/2001/04/xmlenc#";
/// What XML Encryption 1.1 adds.
pub(crate) const ENCRYPTION11: &str = "http://www.w3.org/2009/xmlenc11#";
/// `xsi:`
pub(crate) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

const NODES: u32 = 40_000;

/// Parses without recovery, without a DTD and with a limit of nodes.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Error> {
    let options = ParsingOptions {
        nodes_limit: NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => Error::Doctype,
        roxmltree::Error::NodesLimitReached => Error::TooLarge {
            what: "the document's nodes",
            limit: NODES as usize,
            arrived: NODES as usize + 1,
        },
        error => {
            let kind = format!("{error:?}");
            let kind = kind.split(['(', ' ']).next().unwrap_or_default();
            Error::MalformedXml {
                why: format!("{kind} at {}", error.pos()),
            }
        }
    })
}

/// Whether the node is the element of this namespace and name.
pub(crate) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.is_element()
        && node.tag_name().name() == name
        && node.tag_name().namespace() == Some(namespace)
}

/// The element children of this namespace and name.
pub(crate) fn children<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children()
        .filter(move |child| is(*child, namespace, name))
}

/// The only such child, if there is one; several are an error.
pub(crate) fn at_most_one<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> Result<Option<Node<'a, 'i>>, Error> {
    let mut found = children(node, namespace, name);
    let first = found.next();
    if found.next().is_some() {
        return Err(Error::Structure {
            rule: "an element that may occur once",
            arrived: name.to_owned(),
        });
    }
    Ok(first)
}

/// The attribute of this name and no namespace. roxmltree, asked for a name alone, gives the first of that
/// name in any namespace, and a foreign attribute says nothing here.
pub(crate) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes()
        .find(|attribute| attribute.namespace().is_none() && attribute.name() == name)
        .map(|attribute| attribute.value())
}

/// All the text of an element that holds nothing but text.
pub(crate) fn text(node: Node<'_, '_>) -> Result<String, Error> {
    let mut text = String::new();
    for child in node.children() {
        if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        } else if child.is_element() {
            return Err(Error::Structure {
                rule: "an element that holds text only",
                arrived: name(node),
            });
        } else {
            return Err(Error::CommentInValue {
                element: name(node),
            });
        }
    }
    Ok(text)
}

/// White space trimmed and collapsed, as `xs:anyURI` and `xs:token` have it.
pub(crate) fn collapsed(text: &str) -> String {
    let words: Vec<&str> = text
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// The element's name for an error.
pub(crate) fn name(node: Node<'_, '_>) -> String {
    shown(node.tag_name().name())
}

/// Escapes text for element content and for attribute values in double quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
