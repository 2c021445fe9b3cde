//! A [`Patch`] on a [`Resource`] (RFC 7644 §3.5.2.1 to §3.5.2.3): every operation sees what the one before
//! it left, and the result obeys the schema or there is none.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{Change, Operation, Patch, Verb};
use crate::limits;
use crate::scim::reading::{identity, is_primary, missing, set_primary, settle};
use crate::scim::resource::{Resource, is_active};
use crate::scim::schema::Attribute;
use crate::scim::tolerance::{Latitude, Tolerance, Tolerances};
use crate::scim::validate::ACTIVE;
use crate::scim::{Error, Map, comparable};

/// A resource, and the tolerances that it took.
type Applied = (Resource, Tolerances);

/// The resource after the operations.
pub(super) fn apply(patch: &Patch, resource: &Resource, id: &str) -> Result<Applied, Error> {
    let mut latitude = Latitude::new(patch.strictness);
    let (kind, mut document) = resource.clone().parts();
    let mut comparisons = 0;
    for operation in &patch.operations {
        match operation {
            Operation::Document(change) => {
                comparisons += cost(&document, change);
                if comparisons > limits::PATCH_COMPARISONS {
                    let detail =
                        "the filters in the paths take more comparisons than a request may";
                    return Err(Error::payload_too_large(detail));
                }
                let inactive = !is_active(&document);
                apply_change(&mut document, change, &mut latitude)?;
                // The flag is no longer told, but taking it away lets nobody in, not even where the
                // same request puts them out: a null stands for the inactive.
                if inactive && !document.contains_key(ACTIVE) {
                    document.insert(ACTIVE.to_owned(), Value::Null);
                }
            }
            Operation::Id(given) if given != id => {
                return Err(Error::mutability(
                    "id is read-only and differs from the value",
                ));
            }
            Operation::Id(_) | Operation::Members(_) => {}
        }
    }
    for attribute in kind.schema.attributes.iter().filter(|it| it.multi_valued) {
        settle_in(&mut document, attribute, &mut latitude)?;
    }
    for extension in kind.extensions {
        let urn = extension.schema.urn;
        if let Some(Value::Object(holder)) = document.get_mut(urn) {
            for attribute in extension
                .schema
                .attributes
                .iter()
                .filter(|it| it.multi_valued)
            {
                settle_in(holder, attribute, &mut latitude)?;
            }
            if holder.is_empty() {
                document.remove(urn);
            }
        }
    }
    if let Some(attribute) = missing(kind, &document) {
        let detail = format!("{} is required and cannot be removed", attribute.name);
        return Err(Error::mutability(detail));
    }
    Ok((Resource::from_document(kind, document), latitude.used))
}

/// How many comparisons a selection takes.
fn cost(document: &Map, change: &Change) -> usize {
    let Some(selection) = &change.selection else {
        return 0;
    };
    let value = change
        .path
        .holder(document)
        .and_then(|it| it.get(change.path.attribute.name));
    let elements = value.and_then(Value::as_array).map_or(1, Vec::len);
    elements * selection.filter.paths().len()
}

fn settle_in(
    holder: &mut Map,
    attribute: &'static Attribute,
    latitude: &mut Latitude,
) -> Result<(), Error> {
    if let Some(Value::Array(elements)) = holder.remove(attribute.name) {
        let elements = settle(attribute.name, attribute, elements, latitude)?;
        if !elements.is_empty() {
            holder.insert(attribute.name.to_owned(), Value::Array(elements));
        }
    }
    Ok(())
}

fn apply_change(document: &mut Map, change: &Change, latitude: &mut Latitude) -> Result<(), Error> {
    let path = change.path;
    let extension = path.schema.extension.then_some(path.schema.urn);
    let Some(urn) = extension else {
        return change_in(document, change, latitude);
    };
    let mut holder = match document.remove(urn) {
        Some(Value::Object(holder)) => holder,
        _ => Map::new(),
    };
    let result = change_in(&mut holder, change, latitude);
    if !holder.is_empty() {
        document.insert(urn.to_owned(), Value::Object(holder));
    }
    result
}

fn change_in(holder: &mut Map, change: &Change, latitude: &mut Latitude) -> Result<(), Error> {
    let attribute = change.path.attribute;
    let current = holder.remove(attribute.name);
    let next = if attribute.multi_valued || attribute.is_complex() {
        let elements = match current {
            Some(Value::Array(elements)) => elements,
            Some(value) => vec![value],
            None => Vec::new(),
        };
        let mut elements = change_elements(elements, change, latitude)?;
        elements.retain(|element| element.as_object().is_none_or(|parts| !parts.is_empty()));
        if attribute.multi_valued {
            (!elements.is_empty()).then_some(Value::Array(elements))
        } else {
            elements.pop()
        }
    } else if change.verb == Verb::Remove {
        None
    } else {
        change.value.clone()
    };
    if let Some(next) = next {
        holder.insert(attribute.name.to_owned(), next);
    }
    Ok(())
}

/// The elements of a multi-valued attribute, or the one of a complex attribute, after a change.
fn change_elements(
    elements: Vec<Value>,
    change: &Change,
    latitude: &mut Latitude,
) -> Result<Vec<Value>, Error> {
    if change.selection.is_some() || change.path.sub.is_some() {
        return change_selected(elements, change, latitude);
    }
    let attribute = change.path.attribute;
    let given = match &change.value {
        Some(Value::Array(given)) => given.as_slice(),
        _ => &[],
    };
    match change.verb {
        Verb::Replace => Ok(given.to_vec()),
        Verb::Remove if change.value.is_none() => Ok(Vec::new()),
        Verb::Remove => Ok(without_listed(attribute, elements, given)),
        Verb::Add => {
            let (mut elements, written) = with_added(attribute, elements, given);
            prefer(&mut elements, &written, change, latitude)?;
            Ok(elements)
        }
    }
}

/// The elements with new ones behind them or merged into those that say the same, and the places of those
/// that were given as primary.
fn with_added(
    attribute: &'static Attribute,
    mut elements: Vec<Value>,
    given: &[Value],
) -> (Vec<Value>, Vec<usize>) {
    let mut places: HashMap<String, usize> = HashMap::new();
    for (place, element) in elements.iter().enumerate() {
        places.entry(identity(attribute, element)).or_insert(place);
    }
    let mut written = Vec::new();
    for new in given {
        let place = *places
            .entry(identity(attribute, new))
            .or_insert(elements.len());
        match elements.get_mut(place) {
            Some(known) => merge(known, new),
            None => elements.push(new.clone()),
        }
        if is_primary(new) {
            written.push(place);
        }
    }
    (elements, written)
}

/// The elements without those that a remove lists. One is meant when its value is the listed one, and its
/// type where that is given; without a value, when all that is said of it holds.
fn without_listed(
    attribute: &'static Attribute,
    elements: Vec<Value>,
    given: &[Value],
) -> Vec<Value> {
    let said = |element: &Value| -> BTreeMap<&str, String> {
        let Value::Object(parts) = element else {
            return BTreeMap::from([("", identity(attribute, element))]);
        };
        let subs = attribute.sub_attributes.iter();
        subs.filter_map(|sub| Some((sub.name, comparable(sub, parts.get(sub.name)?)?)))
            .collect()
    };
    let listed: Vec<BTreeMap<&str, String>> = given
        .iter()
        .map(said)
        .map(|mut it| {
            if it.contains_key("value") {
                it.retain(|name, _| matches!(*name, "value" | "type"));
            }
            it
        })
        .collect();
    let is_listed = |element: &Value| {
        let element = said(element);
        listed.iter().any(|it| {
            !it.is_empty()
                && it
                    .iter()
                    .all(|(name, text)| element.get(name) == Some(text))
        })
    };
    elements
        .into_iter()
        .filter(|element| !is_listed(element))
        .collect()
}

/// The elements that the filter selects, or all where a sub-attribute is named without one.
fn change_selected(
    mut elements: Vec<Value>,
    change: &Change,
    latitude: &mut Latitude,
) -> Result<Vec<Value>, Error> {
    let selected: Vec<usize> = elements
        .iter()
        .enumerate()
        .filter(|(_, element)| is_selected(change, element))
        .map(|(place, _)| place)
        .collect();
    if change.verb == Verb::Remove {
        return Ok(remove_selected(elements, &selected, change));
    }
    let Some(value) = &change.value else {
        return Ok(elements);
    };
    let part = match change.path.sub {
        Some(sub) => Value::Object(Map::from_iter([(sub.name.to_owned(), value.clone())])),
        None => value.clone(),
    };
    let whole = change.verb == Verb::Replace && change.path.sub.is_none();
    let mut written = Vec::new();
    if selected.is_empty() {
        let mut element = absent(change, latitude)?;
        merge(&mut element, &part);
        if !change.path.attribute.multi_valued && !elements.is_empty() {
            let detail = format!("the value of {} is another", change.path.whole());
            return Err(Error::no_target(detail));
        }
        if is_primary(&element) {
            written.push(elements.len());
        }
        elements.push(element);
    }
    for place in selected {
        if let Some(element) = elements.get_mut(place) {
            if whole {
                *element = part.clone();
            } else {
                merge(element, &part);
            }
            if is_primary(&part) {
                written.push(place);
            }
        }
    }
    prefer(&mut elements, &written, change, latitude)?;
    Ok(elements)
}

fn is_selected(change: &Change, element: &Value) -> bool {
    match (&change.selection, element) {
        (None, _) => true,
        (Some(selection), Value::Object(parts)) => selection.filter.matches_element(parts),
        (Some(_), _) => false,
    }
}

/// The element that a filter without a match describes. Entra writes `emails[type eq "work"].value` whether
/// or not there is one; the strict reading lets only `add` make it.
fn absent(change: &Change, latitude: &mut Latitude) -> Result<Value, Error> {
    let Some(selection) = &change.selection else {
        return Ok(Value::Object(Map::new()));
    };
    let mut allowed = || change.verb == Verb::Add || latitude.allows(Tolerance::AbsentTarget);
    match &selection.template {
        Some(template) if allowed() => Ok(Value::Object(template.clone())),
        _ => Err(Error::no_target(format!(
            "no value of {} satisfies {}",
            change.path.whole(),
            selection.filter
        ))),
    }
}

fn remove_selected(mut elements: Vec<Value>, selected: &[usize], change: &Change) -> Vec<Value> {
    let Some(sub) = change.path.sub else {
        let kept = elements
            .into_iter()
            .enumerate()
            .filter(|(place, _)| !selected.contains(place));
        return kept.map(|(_, element)| element).collect();
    };
    for place in selected {
        if let Some(Value::Object(parts)) = elements.get_mut(*place) {
            parts.remove(sub.name);
        }
    }
    elements
}

fn merge(element: &mut Value, part: &Value) {
    if let (Value::Object(element), Value::Object(part)) = (element, part) {
        element.extend(part.clone());
    }
}

/// One value that becomes primary takes that from the others (RFC 7644 §3.5.2).
fn prefer(
    elements: &mut [Value],
    written: &[usize],
    change: &Change,
    latitude: &mut Latitude,
) -> Result<(), Error> {
    let Some(preferred) = written.first() else {
        return Ok(());
    };
    if written.iter().any(|place| place != preferred)
        && !latitude.allows(Tolerance::SeveralPrimaries)
    {
        let detail = format!(
            "{} would have more than one primary value",
            change.path.whole()
        );
        return Err(Error::invalid_value(detail));
    }
    for (place, element) in elements.iter_mut().enumerate() {
        if place != *preferred && is_primary(element) {
            set_primary(element, false);
        }
    }
    Ok(())
}
