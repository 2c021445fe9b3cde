//! Identifiers: each `ID` once, and nothing else that could be taken for one.
//!
//! xmlsec finds what a signature covers by its ID (SAML Core 5.4.2). Two parsers, or two lists of which
//! attributes are identifiers, must not find two elements.

use std::collections::HashSet;

use roxmltree::{Attribute, Node};

use super::super::{
    error::{Error, shown},
    xml::{ENCRYPTION, SIGNATURE},
};

/// Checks all identifiers of the document, and that none is one of the document `around` it.
pub(super) fn check(root: Node<'_, '_>, around: Option<Node<'_, '_>>) -> Result<(), Error> {
    let mut ids = HashSet::new();
    let mut others = Vec::new();
    let nodes = around.into_iter().flat_map(|around| around.descendants());
    for node in nodes.chain(root.descendants()).filter(Node::is_element) {
        let namespace = node.tag_name().namespace();
        for attribute in node
            .attributes()
            .filter(|a| a.name().eq_ignore_ascii_case("id"))
        {
            match (attribute.namespace(), attribute.name()) {
                (None, "ID") => {
                    if !is_ncname(attribute.value()) {
                        return refused("an ID that is no NCName", attribute);
                    }
                    if !ids.insert(attribute.value()) {
                        return refused("an ID that occurs twice", attribute);
                    }
                }
                (Some(_), "ID") => return refused("an ID in a namespace", attribute),
                (None, "Id") if ![Some(SIGNATURE), Some(ENCRYPTION)].contains(&namespace) => {
                    return refused("an Id on an element that has none", attribute);
                }
                _ => others.push(attribute),
            }
        }
    }
    match others.into_iter().find(|other| ids.contains(other.value())) {
        Some(other) => refused("another identifier equal to an ID", other),
        None => Ok(()),
    }
}

fn refused(rule: &'static str, attribute: Attribute<'_, '_>) -> Result<(), Error> {
    Err(Error::Structure {
        rule,
        arrived: shown(attribute.value()),
    })
}

/// The ASCII part of NCName, which is what identifiers are made of.
fn is_ncname(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}
