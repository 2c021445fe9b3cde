//! Exclusive canonicalization without comments (W3C exc-c14n), of documents that we wrote ourselves.
//!
//! For signing only: should it differ from what a verifier does, the signature does not verify.

use std::{collections::BTreeMap, fmt::Write as _};

use roxmltree::{Attribute, Node};

/// Namespaces that an ancestor in the output has declared already.
type Scope<'a> = BTreeMap<&'a str, &'a str>;

/// The canonical form of an element; prefixes of the list are declared wherever they are known.
pub(super) fn element(node: Node<'_, '_>, inclusive: &str) -> String {
    let mut out = String::new();
    write(node, &Scope::new(), inclusive, &mut out);
    out
}

fn write(node: Node<'_, '_>, scope: &Scope<'_>, inclusive: &str, out: &mut String) {
    let tag = qualified(node);
    let mut attributes: Vec<Attribute<'_, '_>> = node.attributes().collect();
    attributes.sort_by_key(|attribute| (attribute.namespace(), attribute.name()));

    let mut used: Scope<'_> = Scope::new();
    used.insert(prefix(tag), node.tag_name().namespace().unwrap_or_default());
    for attribute in &attributes {
        let name = source(node, attribute);
        if let Some(namespace) = attribute.namespace()
            && prefix(name) != "xml"
        {
            used.insert(prefix(name), namespace);
        }
    }
    for listed in inclusive.split_ascii_whitespace() {
        if let Some(namespace) = node.lookup_namespace_uri(Some(listed)) {
            used.insert(listed, namespace);
        }
    }
    // Writing to a String cannot fail.
    let mut inner = scope.clone();
    out.push('<');
    out.push_str(tag);
    for (prefix, namespace) in used {
        let known = scope.get(prefix).copied().unwrap_or_default();
        if known != namespace {
            let colon = if prefix.is_empty() { "" } else { ":" };
            let _ = write!(out, " xmlns{colon}{prefix}=\"{}\"", value(namespace));
            inner.insert(prefix, namespace);
        }
    }
    for attribute in &attributes {
        let name = source(node, attribute);
        let _ = write!(out, " {name}=\"{}\"", value(attribute.value()));
    }
    out.push('>');
    for child in node.children() {
        if child.is_element() {
            write(child, &inner, inclusive, out);
        } else if child.is_text() {
            out.push_str(&text(child.text().unwrap_or_default()));
        } else if let Some(instruction) = child.pi() {
            let data = instruction
                .value
                .map(|data| format!(" {data}"))
                .unwrap_or_default();
            let _ = write!(out, "<?{}{data}?>", instruction.target);
        }
    }
    let _ = write!(out, "</{tag}>");
}

/// The element's name with its prefix, as it stands in the document.
fn qualified<'i>(node: Node<'_, 'i>) -> &'i str {
    let text: &'i str = node.document().input_text();
    let tag = text
        .get(node.range())
        .and_then(|tag| tag.strip_prefix('<'))
        .unwrap_or_default();
    tag.split([' ', '\t', '\r', '\n', '/', '>'])
        .next()
        .unwrap_or_default()
}

fn source<'i>(node: Node<'_, 'i>, attribute: &Attribute<'_, 'i>) -> &'i str {
    let text: &'i str = node.document().input_text();
    text.get(attribute.range_qname()).unwrap_or_default()
}

fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

/// Text as element content.
pub(super) fn text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\r', "&#xD;")
}

/// Text as an attribute's value in double quotes.
pub(super) fn value(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\t', "&#x9;")
        .replace('\n', "&#xA;")
        .replace('\r', "&#xD;")
}
