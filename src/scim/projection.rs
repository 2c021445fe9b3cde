//! Which attributes an answer has (RFC 7644 §3.9; RFC 7643 §7, `returned`).

use serde_json::Value;

use super::catalog::ResourceType;
use super::path::{AttributePath, Name};
use super::schema::{Attribute, Returned};
use super::{Error, Map, Strictness, urn};

/// Which attributes a client asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    choice: Choice,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Choice {
    /// Those returned by default.
    #[default]
    Default,
    /// The least, and these.
    Only(Vec<Name>),
    /// Those returned by default, without these.
    Without(Vec<Name>),
}

/// How much of an attribute an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// None of it.
    Nothing,
    /// Some of its sub-attributes: it is to be taken apart.
    Parts,
    /// All of it, as it is stored.
    Whole,
}

impl Projection {
    /// Reads the two parameters; names that nobody knows are passed over.
    pub fn parse(
        kind: &'static ResourceType,
        attributes: Option<&str>,
        excluded: Option<&str>,
        strictness: Strictness,
    ) -> Result<Self, Error> {
        let attributes = attributes.filter(|it| !it.trim().is_empty());
        let excluded = excluded.filter(|it| !it.trim().is_empty());
        let names = |list: &str| {
            // Microsoft's collection asks for `emails[type eq "work"]`: it gets all of them.
            list.split(',')
                .map(|it| it.split_once('[').map_or(it, |(name, _)| name))
                .filter_map(|it| Name::resolve(kind, it).ok())
                .collect()
        };
        let choice = match (attributes, excluded) {
            (Some(_), Some(_)) if !strictness.is_lenient() => {
                let detail = "attributes and excludedAttributes exclude each other";
                return Err(Error::invalid_value(detail));
            }
            (Some(attributes), _) => Choice::Only(names(attributes)),
            (None, Some(excluded)) => Choice::Without(names(excluded)),
            (None, None) => Choice::Default,
        };
        Ok(Self { choice })
    }

    /// Whether the client asked for nothing in particular.
    pub fn is_default(&self) -> bool {
        self.choice == Choice::Default
    }

    /// Whether an answer has the attribute of the base schema or of all resources with this name.
    pub fn wants(&self, name: &str) -> bool {
        let names = |it: &Name| matches!(it, Name::Attribute(path) if path.attribute.name.eq_ignore_ascii_case(name));
        let base = |it: &Name| matches!(it, Name::Schema(schema) if !schema.extension);
        match &self.choice {
            Choice::Default => true,
            Choice::Only(list) => list.iter().any(|it| names(it) || base(it)),
            Choice::Without(list) => !list.iter().any(|it| {
                base(it) || names(it) && matches!(it, Name::Attribute(path) if path.sub.is_none())
            }),
        }
    }

    /// How much of an attribute there is to be, told without a look at its value.
    pub(super) fn share(&self, path: AttributePath) -> Share {
        let subs = path.attribute.sub_attributes;
        if path.attribute.returned == Returned::Never {
            return Share::Nothing;
        }
        if subs.is_empty() {
            return if self.keeps(path) {
                Share::Whole
            } else {
                Share::Nothing
            };
        }
        let asked = |sub: &&'static Attribute| {
            self.keeps(AttributePath {
                sub: Some(*sub),
                ..path
            })
        };
        let asked = subs.iter().filter(asked).count();
        // A registered schema may have lost sub-attributes since the value was stored.
        let is_fixed = !path.schema.extension || path.schema.urn == urn::ENTERPRISE_USER;
        match asked {
            0 => Share::Nothing,
            all if all == subs.len() && is_fixed => Share::Whole,
            _ => Share::Parts,
        }
    }

    /// A full representation with what was not asked for taken away.
    pub fn apply(&self, kind: &'static ResourceType, map: Map) -> Map {
        let mut answer = Map::new();
        for (key, value) in map {
            if let Some(schema) = kind.schema_of(&key).filter(|schema| schema.extension) {
                let Value::Object(attributes) = value else {
                    continue;
                };
                let kept: Map = attributes
                    .into_iter()
                    .filter_map(|(name, value)| {
                        let attribute = schema.attribute(&name)?;
                        let path = AttributePath {
                            schema,
                            attribute,
                            sub: None,
                        };
                        Some((name, self.value(path, value)?))
                    })
                    .collect();
                if !kept.is_empty() {
                    answer.insert(key, Value::Object(kept));
                }
            } else if let Some(attribute) = kind.attribute(&key) {
                let path = AttributePath {
                    schema: kind.schema,
                    attribute,
                    sub: None,
                };
                if let Some(value) = self.value(path, value) {
                    answer.insert(key, value);
                }
            }
        }
        answer
    }

    /// What is asked for of a value; none where nothing is left.
    pub(super) fn value(&self, path: AttributePath, value: Value) -> Option<Value> {
        match value {
            Value::Array(elements) => {
                let had_elements = !elements.is_empty();
                let kept: Vec<Value> = elements
                    .into_iter()
                    .filter_map(|it| self.one(path, it))
                    .collect();
                (!kept.is_empty() || !had_elements && self.keeps(path))
                    .then_some(Value::Array(kept))
            }
            value => self.one(path, value),
        }
    }

    fn one(&self, path: AttributePath, value: Value) -> Option<Value> {
        if path.attribute.returned == Returned::Never {
            return None;
        }
        let Value::Object(parts) = value else {
            return self.keeps(path).then_some(value);
        };
        let kept: Map = parts
            .into_iter()
            .filter(|(name, _)| {
                let sub = path.attribute.sub(name);
                sub.is_some_and(|sub| {
                    self.keeps(AttributePath {
                        sub: Some(sub),
                        ..path
                    })
                })
            })
            .collect();
        (!kept.is_empty()).then_some(Value::Object(kept))
    }

    fn keeps(&self, path: AttributePath) -> bool {
        match returned(path) {
            Returned::Always => return true,
            Returned::Never => return false,
            Returned::Default | Returned::Request => {}
        }
        let by_default = returned(path) == Returned::Default;
        match &self.choice {
            Choice::Default => by_default,
            Choice::Only(list) => list.iter().any(|name| covers(name, path)),
            Choice::Without(list) => by_default && !list.iter().any(|name| covers(name, path)),
        }
    }
}

/// Whether a name that was given stands for the leaf.
fn covers(name: &Name, path: AttributePath) -> bool {
    match name {
        Name::Schema(schema) => *schema == path.schema,
        Name::Attribute(given) => {
            given.whole() == path.whole() && (given.sub.is_none() || given.sub == path.sub)
        }
    }
}

fn returned(path: AttributePath) -> Returned {
    let of = |attribute: &Attribute| attribute.returned;
    match (of(path.attribute), path.sub.map(of)) {
        (Returned::Default, Some(sub)) => sub,
        (whole, _) => whole,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};
    use crate::scim::urn;

    fn shown(attributes: Option<&str>, excluded: Option<&str>) -> Value {
        let user = json!({
            "schemas": [urn::USER], "id": "1", "userName": "b", "title": "T",
            "name": {"familyName": "F", "givenName": "G"},
            "emails": [{"value": "a", "type": "work"}, {"type": "home"}],
            "meta": {"resourceType": "User", "version": "W/\"1\""},
            urn::ENTERPRISE_USER: {"department": "D", "costCenter": "C"},
        });
        let map = user.as_object().unwrap().clone();
        let projection =
            Projection::parse(&USER_TYPE, attributes, excluded, Strictness::Lenient).unwrap();
        Value::Object(projection.apply(&USER_TYPE, map))
    }

    #[test]
    fn only_what_was_asked_for_is_shown() {
        let e = urn::ENTERPRISE_USER;
        let dept = format!("{e}:department");
        for (attributes, expected) in [
            ("userName", json!({"userName": "b"})),
            (" USERNAME , ,nobody", json!({"userName": "b"})),
            ("nobody", json!({})),
            ("id", json!({})),
            (
                "name.familyName,emails.value",
                json!({"name": {"familyName": "F"}, "emails": [{"value": "a"}]}),
            ),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:title",
                json!({"title": "T"}),
            ),
            (dept.as_str(), json!({e: {"department": "D"}})),
            (e, json!({e: {"department": "D", "costCenter": "C"}})),
            ("meta.version", json!({"meta": {"version": "W/\"1\""}})),
            ("password", json!({})),
        ] {
            let mut expected = expected;
            expected["schemas"] = json!([urn::USER]);
            expected["id"] = json!("1");
            assert_eq!(shown(Some(attributes), None), expected, "{attributes}");
        }
    }

    #[test]
    fn what_was_left_out_is_not_shown() {
        let all = shown(None, None);
        for (excluded, gone) in [
            ("id", vec![]),
            ("schemas,nobody", vec![]),
            ("title", vec!["/title"]),
            ("name.givenName", vec!["/name/givenName"]),
            ("name", vec!["/name"]),
            ("emails.type", vec!["/emails/0/type", "/emails/1"]),
        ] {
            let answer = shown(None, Some(excluded));
            if gone.is_empty() {
                assert_eq!(answer, all, "{excluded}");
            }
            for pointer in gone {
                assert!(all.pointer(pointer).is_some());
                assert_eq!(answer.pointer(pointer), None, "{excluded} {pointer}");
            }
            assert_eq!(answer["id"], "1");
        }
        assert_eq!(shown(Some("title"), Some("title"))["title"], "T");
    }

    #[test]
    fn members_are_not_loaded_in_vain() {
        let wants = |attributes, excluded| {
            Projection::parse(&GROUP_TYPE, attributes, excluded, Strictness::Lenient)
                .unwrap()
                .wants("members")
        };
        assert!(wants(None, None));
        assert!(wants(None, Some("")));
        assert!(!wants(None, Some("displayName,Members")));
        assert!(wants(None, Some("members.display")));
        assert!(!wants(Some("displayName"), None));
        assert!(wants(Some("members.value"), None));
        assert!(wants(
            Some("urn:ietf:params:scim:schemas:core:2.0:Group"),
            None
        ));
        let both = Projection::parse(&GROUP_TYPE, Some("a"), Some("b"), Strictness::Rfc);
        assert_eq!(both.unwrap_err().status, 400);
    }
}
