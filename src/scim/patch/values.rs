//! The values of a PATCH's operations become values of the schema (RFC 7644 §3.5.2): a complex value is one
//! operation for each of its parts, and what is unassigned (RFC 7643 §2.5) is removed.

use serde_json::Value;

use super::Verb;
use super::dialect::Dialect;
use super::relation::listed;
use crate::scim::path::{AttributePath, Selection};
use crate::scim::reading::value_from_reference;
use crate::scim::schema::Mutability;
use crate::scim::tolerance::Tolerance;
use crate::scim::{Error, Map};

impl Dialect {
    /// Removes an attribute, or of a multi-valued one the values listed and no others.
    pub(super) fn remove(
        &mut self,
        path: AttributePath,
        selection: Option<Selection>,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let listed = path.attribute.multi_valued && path.sub.is_none() && selection.is_none();
        let value = match value {
            Some(value) if listed && !value.is_null() => {
                let list = match value {
                    Value::Array(list) => list,
                    value => vec![value],
                };
                let list = list.into_iter().filter(|it| !it.is_null()).collect();
                let elements =
                    self.reading
                        .elements(&path.key(), path.attribute, Value::Array(list))?;
                if elements.is_empty() {
                    return Ok(());
                }
                Some(Value::Array(elements))
            }
            _ => None,
        };
        self.push(Verb::Remove, path, selection, value);
        Ok(())
    }

    pub(super) fn write(
        &mut self,
        verb: Verb,
        path: AttributePath,
        selection: Option<Selection>,
        value: Value,
    ) -> Result<(), Error> {
        if value.is_null() && verb == Verb::Add {
            if self.reading.allows(Tolerance::NullAdded) {
                return Ok(());
            }
            return Err(Error::invalid_value(format!("{path} needs a value")));
        }
        let whole = path.sub.is_none();
        if whole && path.attribute.is_complex() && !value.is_null() {
            if selection.is_some() {
                return self.write_element(verb, path, selection, value);
            }
            if !path.attribute.multi_valued {
                return self.write_parts(verb, path, value);
            }
        }
        let at = path.key();
        let value = if whole && path.attribute.multi_valued && verb == Verb::Add {
            listed(value)
        } else {
            value
        };
        let value = match path.sub {
            Some(sub) => self.reading.single(&at, sub, value)?,
            None if selection.is_some() => None,
            None => self.reading.attribute(&at, path.attribute, value)?,
        };
        if value.is_none() {
            if path.leaf().required {
                return Err(Error::invalid_value(format!("{path} is required")));
            }
            if verb == Verb::Add && whole && path.attribute.multi_valued {
                return Ok(());
            }
            self.push(Verb::Remove, path, selection, None);
            return Ok(());
        }
        self.push(verb, path, selection, value);
        Ok(())
    }

    /// A complex attribute: every part of the value is an operation of its own.
    fn write_parts(&mut self, verb: Verb, path: AttributePath, value: Value) -> Result<(), Error> {
        let value = match value {
            Value::Array(mut list)
                if list.len() <= 1 && self.reading.allows(Tolerance::WrappedValue) =>
            {
                list.pop().unwrap_or(Value::Null)
            }
            value => value,
        };
        let mut parts = match (value, path.attribute.value()) {
            (Value::Object(parts), _) => parts,
            (Value::String(text), Some(_)) if self.reading.allows(Tolerance::BareValue) => {
                Map::from_iter([("value".to_owned(), text.into())])
            }
            (Value::Null, _) => {
                self.push(Verb::Remove, path, None, None);
                return Ok(());
            }
            (Value::String(text), _)
                if text.is_empty() && self.reading.allows(Tolerance::BareValue) =>
            {
                self.push(Verb::Remove, path, None, None);
                return Ok(());
            }
            _ => return Err(Error::invalid_value(format!("{path} is an object"))),
        };
        value_from_reference(path.attribute, &mut parts);
        for (name, value) in parts {
            match path.attribute.sub(&name) {
                Some(sub) if sub.mutability == Mutability::ReadOnly => {}
                Some(sub) => {
                    self.write(
                        verb,
                        AttributePath {
                            sub: Some(sub),
                            ..path
                        },
                        None,
                        value,
                    )?;
                }
                None => self.reading.unknown(&format!("{path}.{name}"))?,
            }
        }
        Ok(())
    }

    /// The elements that a filter selects. A bare value is their `value`, the rest of them stays.
    fn write_element(
        &mut self,
        verb: Verb,
        path: AttributePath,
        selection: Option<Selection>,
        value: Value,
    ) -> Result<(), Error> {
        let verb = if value.is_string() { Verb::Add } else { verb };
        match self.reading.single(&path.key(), path.attribute, value)? {
            Some(element) => self.push(verb, path, selection, Some(element)),
            None => self.push(Verb::Remove, path, selection, None),
        }
        Ok(())
    }
}
