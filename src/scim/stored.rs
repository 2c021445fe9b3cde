//! A document as the store keeps it, read no deeper than is needed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::urn;

/// The document of a resource as the store keeps it, of which the outermost names alone were read.
#[derive(Clone, Debug)]
pub struct Stored<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Stored<'a> {
    /// Reads it; whatever is not a JSON object is an error.
    pub fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The manager's id in the enterprise extension, whether or not it names somebody.
    pub fn manager(&self) -> Option<String> {
        let extension = Self::read(self.get(urn::ENTERPRISE_USER)?.get()).ok()?;
        let manager = Self::read(extension.get("manager")?.get()).ok()?;
        serde_json::from_str(manager.get("value")?.get()).ok()
    }

    /// What it says, name by name, in its order.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// What it says under this name.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut parts = self.0.iter();
        parts.find(|(it, _)| it == name).map(|(_, value)| *value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Stored<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

struct Names;

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Names {
    type Value = Stored<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::with_capacity(16);
        while let Some((Name(name), value)) = map.next_entry()? {
            parts.push((name, value));
        }
        Ok(Stored(parts))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_outermost_names_are_read_and_no_more() {
        let text = r#"{"b": {"x": [1, 2]}, "a\u0041": null}"#;
        let stored = Stored::read(text).unwrap();
        let parts: Vec<_> = stored.parts().map(|(name, it)| (name, it.get())).collect();
        assert_eq!(parts, [("b", r#"{"x": [1, 2]}"#), ("aA", "null")]);
        assert_eq!(stored.get("b").map(RawValue::get), Some(r#"{"x": [1, 2]}"#));
        assert!(stored.get("x").is_none());
        for bad in ["[]", "1", "{", r#"{"a": }"#, ""] {
            assert!(Stored::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_manager_is_found() {
        let manager = |extension| {
            let text = json!({ urn::ENTERPRISE_USER: extension }).to_string();
            Stored::read(&text).unwrap().manager()
        };
        let known = json!({"department": "D", "manager": {"value": "m", "displayName": "M"}});
        assert_eq!(manager(known), Some("m".to_owned()));
        for nobody in [
            json!({"department": "D"}),
            json!({"manager": {"displayName": "M"}}),
            json!(null),
        ] {
            assert_eq!(manager(nobody), None);
        }
    }
}
