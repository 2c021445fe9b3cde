//! What of a resource may be kept.

use serde_json::Value;

use super::{LONGEST, Redaction, join};
use crate::scim::catalog::{COMMON, ResourceType};
use crate::scim::path::Name;
use crate::scim::schema::{Attribute, Mutability, Returned, Schema, Type};

/// Attributes that say who somebody is.
const NAMING: [&str; 3] = ["emails", "externalId", "userName"];

impl Redaction {
    pub(super) fn resource(&mut self, kind: &'static ResourceType, at: &str, resource: &mut Value) {
        let Value::Object(map) = resource else {
            return self.drop(at, resource);
        };
        for (name, mut value) in std::mem::take(map) {
            let here = join(at, &name);
            if name.eq_ignore_ascii_case("schemas") {
                self.schemas(&here, &mut value);
                map.insert(name, value);
                continue;
            }
            let keep = match Name::resolve(kind, &name) {
                Ok(Name::Attribute(path)) => {
                    self.value(path.leaf(), path.attribute.name, &here, &mut value)
                }
                _ => self.at_path(kind, &name, &mut value),
            };
            if keep {
                map.insert(name, value);
            } else {
                self.went_all(&here, &value);
            }
        }
    }

    pub(super) fn extension(&mut self, schema: &'static Schema, at: &str, value: &mut Value) {
        let Value::Object(map) = value else {
            return self.drop(at, value);
        };
        for (name, mut value) in std::mem::take(map) {
            let here = join(at, &name);
            let common = COMMON.iter().find(|it| it.name.eq_ignore_ascii_case(&name));
            let known = schema.attribute(&name).or(common);
            if known.is_some_and(|it| self.value(it, it.name, &here, &mut value)) {
                map.insert(name, value);
            } else {
                self.went_all(&here, &value);
            }
        }
    }

    /// The value of an attribute; `false` where it may not be kept.
    pub(super) fn value(
        &mut self,
        attribute: &'static Attribute,
        top: &'static str,
        at: &str,
        value: &mut Value,
    ) -> bool {
        let secret = attribute.returned == Returned::Never
            || attribute.mutability == Mutability::WriteOnly
            || attribute.data_type == Type::Binary;
        if secret {
            return false;
        }
        match value {
            Value::Array(list) => {
                let (before, mut kept) = (list.len(), Vec::with_capacity(list.len()));
                for mut element in std::mem::take(list) {
                    if self.value(attribute, top, at, &mut element) {
                        kept.push(element);
                    } else {
                        self.went_all(at, &element);
                    }
                }
                *list = kept;
                before == 0 || !list.is_empty()
            }
            Value::Object(map) => {
                for (name, mut part) in std::mem::take(map) {
                    let here = join(at, &name);
                    let sub = attribute.sub(&name);
                    if sub.is_some_and(|sub| self.value(sub, top, &here, &mut part)) {
                        map.insert(name, part);
                    } else {
                        self.went_all(&here, &part);
                    }
                }
                true
            }
            Value::String(text) if text.chars().count() > LONGEST => false,
            Value::String(text) => {
                if NAMING.contains(&top) && attribute.name != "type" {
                    self.name(text);
                } else if top == "members" && attribute.name != "display" {
                    self.member(text);
                }
                true
            }
            _ => true,
        }
    }
}
