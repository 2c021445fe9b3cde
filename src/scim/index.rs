//! What the store keeps beside a document so that its queries compare the same texts as the evaluator in
//! memory: every leaf by its canonical path, in its comparable form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Map;
use super::catalog::{COMMON, ResourceType};
use super::path::AttributePath;
use super::resource::Resource;
use super::schema::{Attribute, Schema};
use super::text::comparable;

/// The comparable texts of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Single-valued leaves by path.
    pub single: BTreeMap<String, String>,
    /// The elements of multi-valued attributes.
    pub multi: Vec<IndexedValue>,
}

/// One element of a multi-valued attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedValue {
    /// The attribute's path.
    pub path: String,
    /// Where the element stands in the array.
    pub position: u32,
    /// Its parts by name; a plain value is under `value`.
    pub values: BTreeMap<String, String>,
}

impl Index {
    /// The index of a document.
    pub fn of(kind: &'static ResourceType, resource: &Resource) -> Self {
        let mut index = Self::default();
        let document = resource.document();
        for schema in kind.schemas() {
            let holder = match document.get(schema.urn).and_then(Value::as_object) {
                Some(extension) => extension,
                None if schema.extension => continue,
                None => document,
            };
            let common = COMMON.iter().filter(|_| !schema.extension);
            for attribute in schema.attributes.iter().chain(common) {
                index.add(schema, attribute, holder);
            }
        }
        index
    }

    fn add(&mut self, schema: &'static Schema, attribute: &'static Attribute, holder: &Map) {
        let Some(value) = holder.get(attribute.name) else {
            return;
        };
        let path = AttributePath {
            schema,
            attribute,
            sub: None,
        };
        match value {
            Value::Array(elements) => {
                for (position, element) in (0..).zip(elements) {
                    let values = parts(attribute, element)
                        .map(|(sub, text)| (sub.map_or("value", |it| it.name).to_owned(), text))
                        .collect();
                    self.multi.push(IndexedValue {
                        path: path.key(),
                        position,
                        values,
                    });
                }
            }
            value => self.single.extend(
                parts(attribute, value)
                    .map(|(sub, text)| (AttributePath { sub, ..path }.key(), text)),
            ),
        }
    }
}

type Part = (Option<&'static Attribute>, String);

fn parts<'a>(
    attribute: &'static Attribute,
    value: &'a Value,
) -> Box<dyn Iterator<Item = Part> + 'a> {
    match value {
        Value::Object(map) => Box::new(
            attribute
                .sub_attributes
                .iter()
                .filter_map(|sub| Some((Some(sub), comparable(sub, map.get(sub.name)?)?))),
        ),
        value => Box::new(
            comparable(attribute, value)
                .into_iter()
                .map(|text| (None, text)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::catalog::USER_TYPE;
    use crate::scim::urn;

    #[test]
    fn every_leaf_is_found_under_its_path() {
        let document = json!({
            "userName": "Bob", "externalId": "X", "active": true, "name": {"familyName": "Ö"},
            "emails": [{"value": "B@x", "type": "Work", "primary": true}, {"value": "c@x"}],
            urn::ENTERPRISE_USER: {"department": "Ops", "manager": {"value": "M"}},
        });
        let resource = Resource::from_document(&USER_TYPE, document.as_object().unwrap().clone());
        let index = serde_json::to_value(Index::of(&USER_TYPE, &resource)).unwrap();
        let e = urn::ENTERPRISE_USER;
        assert_eq!(
            index,
            json!({
                "single": {
                    "userName": "bob", "externalId": "X", "active": "true", "name.familyName": "ö",
                    (format!("{e}:department")): "ops", (format!("{e}:manager.value")): "M",
                },
                "multi": [
                    {"path": "emails", "position": 0, "values": {"value": "b@x", "type": "work", "primary": "true"}},
                    {"path": "emails", "position": 1, "values": {"value": "c@x"}},
                ],
            })
        );
    }
}
