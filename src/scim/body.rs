//! Octets become JSON (RFC 7644 §3.8), with the ambiguous refused.
//!
//! Names match in any case (RFC 7643 §2.1), so two keys of one object that differ by nothing else say two
//! things at once; no reader downstream has to choose between them.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::tolerance::{Latitude, Tolerance};
use super::{Error, Map};
use crate::limits;

/// Reads a body: UTF-8, with or without a byte order mark, one JSON value, every key once.
pub fn parse_body(bytes: &[u8]) -> Result<Value, Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text =
        std::str::from_utf8(bytes).map_err(|_| Error::invalid_syntax("the body is not UTF-8"))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Level(0)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Error::invalid_syntax(format!("the body is no good JSON: {error}")))
}

/// A value at this depth.
#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.0 < limits::JSON_DEPTH {
            return Ok(Self(self.0 + 1));
        }
        Err(E::custom(format_args!(
            "it nests more than {} levels",
            limits::JSON_DEPTH
        )))
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let level = self.deeper()?;
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(level)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let level = self.deeper()?;
        let mut map = Map::new();
        let mut seen = HashSet::new();
        while let Some(key) = access.next_key::<String>()? {
            if !seen.insert(key.to_ascii_lowercase()) {
                let key: String = key.chars().take(80).collect();
                return Err(A::Error::custom(format_args!(
                    "it has the key {key:?} twice"
                )));
            }
            let value = access.next_value_seed(level)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// Checks that a message is the one that is due: its `schemas` name it (RFC 7644 §3.1). A lenient
/// connection takes a message without `schemas`, too.
pub(crate) fn check_message(
    body: &mut Map,
    due: &str,
    latitude: &mut Latitude,
) -> Result<(), Error> {
    let ours = |urn: &Value| urn.as_str().is_some_and(|it| it.eq_ignore_ascii_case(due));
    let mut lenient = || latitude.allows(Tolerance::MessageSchema);
    let good = match take(body, "schemas") {
        None | Some(Value::Null) => lenient(),
        Some(Value::Array(urns)) => urns.iter().any(ours) || urns.is_empty() && lenient(),
        Some(urn) => ours(&urn) && lenient(),
    };
    if good {
        return Ok(());
    }
    Err(Error::invalid_syntax(format!("schemas must name {due}")))
}

/// The value of a key in any case, taken out of an object.
pub(crate) fn take(map: &mut Map, name: &str) -> Option<Value> {
    let key = map
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))?
        .clone();
    map.remove(&key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::ScimType;

    #[test]
    fn good_bodies_are_read() {
        for (body, expected) in [
            ("{}".as_bytes(), json!({})),
            (
                b"\xEF\xBB\xBF{\"a\":[1,-2,0.5,true,null,\"x\"]}",
                json!({"a": [1, -2, 0.5, true, null, "x"]}),
            ),
            (
                b" {\"a\":{\"b\":1},\"c\":{\"B\":1}} ",
                json!({"a": {"b": 1}, "c": {"B": 1}}),
            ),
            (
                b"{\"$serde_json::private::RawValue\":1}",
                json!({"$serde_json::private::RawValue": 1}),
            ),
        ] {
            assert_eq!(parse_body(body).unwrap(), expected);
        }
    }

    #[test]
    fn bad_bodies_are_refused() {
        let deep = |n| format!("{}{}", "[".repeat(n), "]".repeat(n)).into_bytes();
        assert!(parse_body(&deep(32)).is_ok());
        for body in [
            b"".to_vec(),
            b"{".to_vec(),
            b"{} x".to_vec(),
            b"{\"a\":1,}".to_vec(),
            b"\xff\xfe{}".to_vec(),
            b"{\"a\":\"\xff\"}".to_vec(),
            b"{\"active\":true,\"active\":true}".to_vec(),
            b"{\"active\":true,\"Active\":false}".to_vec(),
            b"{\"x\":[{\"y\":{\"a\":1,\"A\":2}}]}".to_vec(),
            b"{\"a\":1e999}".to_vec(),
            deep(33),
            deep(100_000),
            b"{\"a\":".repeat(100_000),
        ] {
            let error = parse_body(&body).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidSyntax));
        }
    }
}
