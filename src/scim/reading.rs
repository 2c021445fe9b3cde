//! A client's value becomes a value of the schema (RFC 7643 §2): the same rules for POST, PUT and PATCH.
//!
//! The lenient reading understands text for booleans, bare values for elements and for `manager`, one value
//! where an array is due and an array of one where a value is, as Entra and older clients send them.

use std::collections::HashMap;

use serde_json::Value;

use super::catalog::ResourceType;
use super::schema::{Attribute, Form, Mutability, Type};
use super::text::{comparable, date_time, integer, octets};
use super::tolerance::{Latitude, Tolerance, Tolerances};
use super::{Error, Map, Strictness};
use crate::limits;

const TYPE: &str = "type";
const PRIMARY: &str = "primary";

/// What is read under one strictness, and what had to be left out.
pub(crate) struct Reading {
    pub(crate) latitude: Latitude,
    ignored: Vec<String>,
    elements: usize,
}

impl Reading {
    pub(crate) fn new(strictness: Strictness) -> Self {
        Self {
            latitude: Latitude::new(strictness),
            ignored: Vec::new(),
            elements: 0,
        }
    }

    pub(crate) fn lenient(&self) -> bool {
        self.latitude.strictness.is_lenient()
    }

    /// Whether the reading takes this; that it had to is remembered.
    pub(crate) fn allows(&mut self, tolerance: Tolerance) -> bool {
        self.latitude.allows(tolerance)
    }

    /// Remembers a name that was left out, in a form that fits into a header.
    pub(crate) fn ignore(&mut self, name: &str) {
        let name: String = name
            .chars()
            .take(100)
            .map(|c| {
                if c.is_ascii_graphic() && c != ',' {
                    c
                } else {
                    '?'
                }
            })
            .collect();
        if self.ignored.len() < limits::IGNORED_NAMES && !self.ignored.contains(&name) {
            self.ignored.push(name);
        }
    }

    /// The names that were left out, and the tolerances that were needed.
    pub(crate) fn finish(self) -> (Vec<String>, Tolerances) {
        (self.ignored, self.latitude.used)
    }

    /// An unknown name in a body: left out, or 400 `invalidSyntax` (RFC 7644 §3.12).
    pub(crate) fn unknown(&mut self, name: &str) -> Result<(), Error> {
        if !self.allows(Tolerance::UnknownAttribute) {
            return Err(Error::invalid_syntax(format!(
                "there is no attribute {name:?}"
            )));
        }
        self.ignore(name);
        Ok(())
    }

    /// A value of an attribute; `None` when it is unassigned (RFC 7643 §2.5).
    pub(crate) fn attribute(
        &mut self,
        at: &str,
        attribute: &'static Attribute,
        value: Value,
    ) -> Result<Option<Value>, Error> {
        if !attribute.multi_valued {
            return self.single(at, attribute, value);
        }
        let elements = self.elements(at, attribute, value)?;
        let elements = settle(at, attribute, elements, &mut self.latitude)?;
        Ok((!elements.is_empty()).then_some(Value::Array(elements)))
    }

    /// The elements of a multi-valued attribute as they come.
    pub(crate) fn elements(
        &mut self,
        at: &str,
        attribute: &'static Attribute,
        value: Value,
    ) -> Result<Vec<Value>, Error> {
        let values = match value {
            Value::Null => Vec::new(),
            Value::Array(values) => values,
            value if self.allows(Tolerance::LoneValue) => vec![value],
            _ => return Err(Error::invalid_value(format!("{at} is an array"))),
        };
        self.elements += values.len();
        if values.len() > limits::SCIM_ELEMENTS || self.elements > limits::MEMBERS_PER_REQUEST {
            let limit = limits::SCIM_ELEMENTS;
            return Err(Error::payload_too_large(format!(
                "{at} has {limit} values at most"
            )));
        }
        let mut elements = Vec::with_capacity(values.len());
        for value in values {
            elements.extend(self.single(at, attribute, value)?);
        }
        Ok(elements)
    }

    /// One value of an attribute.
    pub(crate) fn single(
        &mut self,
        at: &str,
        attribute: &'static Attribute,
        value: Value,
    ) -> Result<Option<Value>, Error> {
        let value = self.unwrap(attribute, value);
        let wrong = || Error::invalid_value(format!("{at} is {}", attribute.data_type.word()));
        match (attribute.data_type, value) {
            (_, Value::Null) => Ok(None),
            (_, Value::Array(values)) if values.is_empty() => Ok(None),
            (Type::Complex, Value::Object(map)) => self.complex(at, attribute, map),
            (Type::Complex, Value::String(text)) if self.allows(Tolerance::BareValue) => {
                let sub = attribute.value().ok_or_else(wrong)?;
                let value = self.single(at, sub, text.into())?;
                Ok(
                    value
                        .map(|value| Value::Object(Map::from_iter([(sub.name.to_owned(), value)]))),
                )
            }
            (Type::Boolean, Value::Bool(value)) => Ok(Some(value.into())),
            (Type::Boolean, Value::String(text)) if self.allows(Tolerance::TextBoolean) => {
                // Entra sends "False" for false.
                if text.is_empty() {
                    return Ok(None);
                }
                boolean(&text).map(Some).ok_or_else(wrong)
            }
            (Type::Integer, Value::Number(number)) => integer(&number)
                .map(|number| Some(number.into()))
                .ok_or_else(wrong),
            (Type::Decimal, Value::Number(number)) => Ok(Some(Value::Number(number))),
            (
                Type::String | Type::Reference | Type::Binary | Type::DateTime,
                Value::String(text),
            ) => self.text(at, attribute, text),
            _ => Err(wrong()),
        }
    }

    /// What is inside an array of one or `{"value": ...}` where a plain value is due.
    fn unwrap(&mut self, attribute: &Attribute, mut value: Value) -> Value {
        if !self.lenient() {
            return value;
        }
        if let Value::Array(values) = &mut value
            && values.len() == 1
            && let Some(only) = values.pop()
        {
            self.allows(Tolerance::WrappedValue);
            value = only;
        }
        match value {
            Value::Object(mut map) if !attribute.is_complex() && map.len() == 1 => {
                let inner = super::body::take(&mut map, "value");
                if inner.is_some() {
                    self.allows(Tolerance::WrappedValue);
                }
                inner.unwrap_or(Value::Object(map))
            }
            value => value,
        }
    }

    fn text(
        &mut self,
        at: &str,
        attribute: &Attribute,
        text: String,
    ) -> Result<Option<Value>, Error> {
        if attribute.required && text.trim().is_empty() {
            return Err(Error::invalid_value(format!(
                "{at} is required and must not be blank"
            )));
        }
        if text.is_empty() {
            return Ok(None);
        }
        if text.contains('\0') {
            return Err(Error::invalid_value(format!("{at} has a null character")));
        }
        let form = |good: bool, what| {
            if good {
                Ok(())
            } else {
                Err(Error::invalid_value(format!("{at} is no {what}")))
            }
        };
        match attribute.data_type {
            Type::DateTime => {
                let instant = date_time(&text);
                form(instant.is_some(), "xsd:dateTime with date and time")?;
                return Ok(instant.map(|instant| instant.to_string().into()));
            }
            Type::Binary => {
                let octets = octets(&text);
                form(octets.is_some(), "base64")?;
                let certificate = octets.is_some_and(|it| it.starts_with(&[0x30]));
                let due = attribute.form == Form::Certificate && !certificate;
                let good = !due || self.allows(Tolerance::LooseText);
                form(good, "DER certificate in base64")?;
            }
            Type::Reference => {
                let good = is_reference(&text) || self.allows(Tolerance::LooseText);
                form(good, "URI")?;
            }
            _ if attribute.form == Form::Country => {
                let code = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
                let good = code || self.allows(Tolerance::LooseText);
                form(good, "ISO 3166-1 alpha-2 code")?;
            }
            _ => {}
        }
        Ok(Some(text.into()))
    }

    /// The parts of a complex value; those that only the server writes are left out.
    pub(crate) fn complex(
        &mut self,
        at: &str,
        attribute: &'static Attribute,
        mut map: Map,
    ) -> Result<Option<Value>, Error> {
        value_from_reference(attribute, &mut map);
        let mut parts = Map::new();
        for (name, value) in map {
            let Some(sub) = attribute.sub(&name) else {
                self.unknown(&format!("{at}.{name}"))?;
                continue;
            };
            if sub.mutability == Mutability::ReadOnly {
                continue;
            }
            if let Some(value) = self.attribute(&format!("{at}.{}", sub.name), sub, value)? {
                parts.insert(sub.name.to_owned(), value);
            }
        }
        Ok((!parts.is_empty()).then_some(Value::Object(parts)))
    }
}

/// Takes the `value` from the end of `$ref` where a client sends the link only.
pub(crate) fn value_from_reference(attribute: &'static Attribute, map: &mut Map) {
    if attribute.sub("$ref").is_none() || attribute.value().is_none() {
        return;
    }
    let has_value = map.keys().any(|key| key.eq_ignore_ascii_case("value"));
    let reference = map.iter().find(|(key, _)| key.eq_ignore_ascii_case("$ref"));
    if let (false, Some((_, Value::String(reference)))) = (has_value, reference) {
        let id = reference
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        map.insert("value".to_owned(), id.into());
    }
}

/// The elements of a multi-valued attribute in good order (RFC 7643 §2.4): none without content, none
/// twice, one primary at most.
pub(crate) fn settle(
    at: &str,
    attribute: &'static Attribute,
    elements: Vec<Value>,
    latitude: &mut Latitude,
) -> Result<Vec<Value>, Error> {
    let mut settled: Vec<Value> = Vec::with_capacity(elements.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for element in elements.into_iter().filter(has_content) {
        let place = *places
            .entry(identity(attribute, &element))
            .or_insert(settled.len());
        match settled.get_mut(place) {
            None => settled.push(element),
            Some(known) if is_primary(&element) => set_primary(known, true),
            Some(_) => {}
        }
    }
    if settled.len() > limits::SCIM_ELEMENTS {
        let limit = limits::SCIM_ELEMENTS;
        return Err(Error::invalid_value(format!(
            "{at} has {limit} values at most"
        )));
    }
    let mut primaries = settled.iter_mut().filter(|element| is_primary(element));
    if primaries.next().is_some() {
        for extra in primaries {
            // PingOne marks both of two addresses as primary.
            if !latitude.allows(Tolerance::SeveralPrimaries) {
                return Err(Error::invalid_value(format!(
                    "{at} has more than one primary value"
                )));
            }
            set_primary(extra, false);
        }
    }
    Ok(settled)
}

/// The text in which two elements that say the same are equal.
pub(crate) fn identity(attribute: &'static Attribute, element: &Value) -> String {
    let Value::Object(map) = element else {
        return comparable(attribute, element).unwrap_or_else(|| element.to_string());
    };
    let part = |name: &str| {
        attribute
            .sub(name)
            .and_then(|sub| comparable(sub, map.get(sub.name)?))
            .unwrap_or_default()
    };
    let value = part("value");
    if value.is_empty() {
        let mut rest = map.clone();
        rest.remove(PRIMARY);
        return Value::Object(rest).to_string();
    }
    format!("{}\0{value}", part(TYPE))
}

/// Whether there is more in it than what it is for.
fn has_content(element: &Value) -> bool {
    match element {
        Value::Object(map) => map.keys().any(|key| key != TYPE && key != PRIMARY),
        value => !value.is_null(),
    }
}

pub(crate) fn is_primary(element: &Value) -> bool {
    element
        .get(PRIMARY)
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

pub(crate) fn set_primary(element: &mut Value, value: bool) {
    if let Value::Object(map) = element {
        map.insert(PRIMARY.to_owned(), value.into());
    }
}

/// What a resource of this type must have and has not.
pub(crate) fn missing(kind: &'static ResourceType, document: &Map) -> Option<&'static Attribute> {
    kind.schema
        .attributes
        .iter()
        .find(|it| it.required && !it.relation && !document.contains_key(it.name))
}

fn boolean(text: &str) -> Option<Value> {
    match text.trim() {
        it if it.eq_ignore_ascii_case("true") => Some(true.into()),
        it if it.eq_ignore_ascii_case("false") => Some(false.into()),
        _ => None,
    }
}

/// Whether a text is a URI, or one relative to the base URL.
fn is_reference(text: &str) -> bool {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    let base = url::Url::parse("https://base.invalid/").ok();
    url::Url::options()
        .base_url(base.as_ref())
        .parse(text)
        .is_ok()
}
