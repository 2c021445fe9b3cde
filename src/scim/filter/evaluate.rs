//! A filter over a representation in memory (RFC 7644 §3.4.2.2). The store's queries must agree with it.

use serde_json::Value;

use super::{Comparand, Filter, Operator};
use crate::scim::Map;
use crate::scim::path::AttributePath;
use crate::scim::schema::Attribute;
use crate::scim::text::comparable;
use crate::scim::validate::ACTIVE;

/// Whether a full representation satisfies the filter.
pub(super) fn matches(filter: &Filter, representation: &Map) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().all(|it| matches(it, representation)),
        Filter::Or(filters) => filters.iter().any(|it| matches(it, representation)),
        Filter::Not(filter) => !matches(filter, representation),
        Filter::Compare {
            path,
            operator,
            value,
        } => {
            let elements = elements(path, representation);
            let found: Vec<_> = elements
                .iter()
                .map(|element| text(path.leaf(), leaf(path, element)))
                .collect();
            compare(&found, *operator, value)
        }
        Filter::Present(path) => elements(path, representation)
            .iter()
            .any(|element| present(path.leaf(), leaf(path, element))),
        Filter::Within { attribute, filter } => elements(attribute, representation)
            .iter()
            .filter_map(|element| element.as_object())
            .any(|element| matches_element(filter, element)),
    }
}

/// Whether one element satisfies a filter over its sub-attributes.
pub(super) fn matches_element(filter: &Filter, element: &Map) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().all(|it| matches_element(it, element)),
        Filter::Or(filters) => filters.iter().any(|it| matches_element(it, element)),
        Filter::Not(filter) => !matches_element(filter, element),
        // Brackets do not nest; a tree that was built so means the same element.
        Filter::Within { filter, .. } => matches_element(filter, element),
        Filter::Compare {
            path,
            operator,
            value,
        } => {
            let found = text(path.leaf(), element.get(path.leaf().name));
            compare(&[found], *operator, value)
        }
        Filter::Present(path) => present(path.leaf(), element.get(path.leaf().name)),
    }
}

/// The elements of an attribute: none, its one value, or those of its array.
fn elements<'a>(path: &AttributePath, representation: &'a Map) -> Vec<&'a Value> {
    let value = path
        .holder(representation)
        .and_then(|holder| holder.get(path.attribute.name));
    match value {
        // Somebody whose flag was taken away is what they were, see `Resource::active`.
        None if path.attribute.name == ACTIVE => vec![&Value::Bool(true)],
        Some(Value::Null) if path.attribute.name == ACTIVE => vec![&Value::Bool(false)],
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(elements)) => elements.iter().collect(),
        Some(value) => vec![value],
    }
}

fn leaf<'a>(path: &AttributePath, element: &'a Value) -> Option<&'a Value> {
    path.sub.map_or(Some(element), |sub| element.get(sub.name))
}

fn text(attribute: &Attribute, value: Option<&Value>) -> Option<String> {
    comparable(attribute, value?)
}

fn compare(found: &[Option<String>], operator: Operator, value: &Comparand) -> bool {
    match value {
        Comparand::Text(right) if operator == Operator::Ne => {
            found.is_empty() || found.iter().any(|left| left.as_ref() != Some(right))
        }
        Comparand::Text(right) => found
            .iter()
            .flatten()
            .any(|left| operator.holds(left, right)),
        Comparand::Null => found.iter().any(Option::is_some) == (operator == Operator::Ne),
    }
}

/// Whether there is a value that is not empty; for a complex one, a part that is not.
fn present(attribute: &Attribute, value: Option<&Value>) -> bool {
    match value {
        Some(Value::Object(parts)) => attribute.sub_attributes.iter().any(|sub| {
            parts
                .get(sub.name)
                .is_some_and(|part| comparable(sub, part).is_some())
        }),
        Some(value) => comparable(attribute, value).is_some(),
        None => false,
    }
}
