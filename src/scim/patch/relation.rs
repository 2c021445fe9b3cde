//! Operations on `members` become changes of a relation (RFC 7644 §3.5.2), without the members at hand.
//!
//! A remove that lists values removes those and never all: Entra, authentik and Okta-like clients send the
//! members to remove as the value, and clearing the group for it is the classic fault of servers.

use serde_json::Value;

use super::{MemberChange, Verb};
use crate::scim::Error;
use crate::scim::members::{self, NewMember};
use crate::scim::path::{AttributePath, Selection};
use crate::scim::schema::Mutability;
use crate::scim::tolerance::Latitude;

/// The change that an operation on the relation stands for; `None` when it changes nothing.
pub(super) fn change(
    verb: Verb,
    path: AttributePath,
    selection: Option<Selection>,
    value: Option<Value>,
    latitude: &mut Latitude,
) -> Result<Option<MemberChange>, Error> {
    if let Some(sub) = path.sub {
        if sub.mutability == Mutability::ReadOnly && latitude.strictness.is_lenient() {
            return Ok(None);
        }
        return Err(Error::mutability(format!(
            "{path} cannot be changed on its own"
        )));
    }
    match (verb, selection) {
        (Verb::Remove, Some(selection)) => Ok(Some(remove_selected(selection))),
        (Verb::Remove, None) => remove(path, value, latitude),
        (_, Some(selection)) => write_selected(path, &selection, value, latitude).map(Some),
        (verb, None) => write(verb, path, value, latitude),
    }
}

fn remove_selected(selection: Selection) -> MemberChange {
    match selection.filter.values() {
        Some(values) => MemberChange::Remove(values.into_iter().map(str::to_owned).collect()),
        None => MemberChange::RemoveWhere(selection.filter),
    }
}

fn remove(
    path: AttributePath,
    value: Option<Value>,
    latitude: &mut Latitude,
) -> Result<Option<MemberChange>, Error> {
    let value = match value {
        None | Some(Value::Null) => return Ok(Some(MemberChange::RemoveAll)),
        Some(value) => value,
    };
    let members = members::read(path.attribute, listed(value), latitude)?;
    let values: Vec<String> = members.into_iter().map(|member| member.value).collect();
    Ok((!values.is_empty()).then_some(MemberChange::Remove(values)))
}

fn write(
    verb: Verb,
    path: AttributePath,
    value: Option<Value>,
    latitude: &mut Latitude,
) -> Result<Option<MemberChange>, Error> {
    let value = value.ok_or_else(|| Error::invalid_value(format!("{path} needs a value")))?;
    let value = if verb == Verb::Add {
        listed(value)
    } else {
        value
    };
    let members = members::read(path.attribute, value, latitude)?;
    Ok(match (verb, members.is_empty()) {
        (Verb::Replace, true) => Some(MemberChange::RemoveAll),
        (Verb::Replace, false) => Some(MemberChange::Set(members)),
        (_, true) => None,
        (_, false) => Some(MemberChange::Add(members)),
    })
}

/// A member named by a filter joins; to put another in its place is not allowed, for ids are immutable.
fn write_selected(
    path: AttributePath,
    selection: &Selection,
    value: Option<Value>,
    latitude: &mut Latitude,
) -> Result<MemberChange, Error> {
    let value = value.ok_or_else(|| Error::invalid_value(format!("{path} needs a value")))?;
    let named = selection.filter.values().unwrap_or_default();
    let members = members::read(path.attribute, listed(value), latitude)?;
    let same = |member: &NewMember| named.contains(&member.value.as_str());
    if members.is_empty() || !members.iter().all(same) {
        return Err(Error::mutability(format!(
            "the value of a member of {path} is immutable"
        )));
    }
    Ok(MemberChange::Add(members))
}

/// One object that is to join the others (RFC 7644 §3.5.2.1), as the list that it stands for.
pub(super) fn listed(value: Value) -> Value {
    match value {
        value @ Value::Object(_) => Value::Array(vec![value]),
        value => value,
    }
}

/// Puts a change behind others; neighbours of one kind become one, and what is overruled goes.
pub(super) fn push(changes: &mut Vec<MemberChange>, change: MemberChange) {
    match (changes.last_mut(), change) {
        (Some(MemberChange::Add(list)), MemberChange::Add(more)) => list.extend(more),
        (Some(MemberChange::Remove(list)), MemberChange::Remove(more)) => list.extend(more),
        (_, change @ (MemberChange::Set(_) | MemberChange::RemoveAll)) => {
            changes.clear();
            changes.push(change);
        }
        (_, change) => changes.push(change),
    }
}
