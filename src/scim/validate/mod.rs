//! A body becomes a resource (RFC 7644 §3.3, §3.5.1): types, required attributes and what only the server
//! writes are settled here, and nobody checks again.

use serde_json::Value;

use super::catalog::ResourceType;
use super::members::{self, NewMember};
use super::reading::{Reading, missing};
use super::resource::Resource;
use super::schema::{Mutability, Schema};
use super::tolerance::{Tolerance, Tolerances};
use super::{Error, Map, Strictness};

pub use super::body::parse_body;

pub(crate) const ACTIVE: &str = "active";

/// What a client says a resource should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The document.
    pub resource: Resource,
    /// The members of a group; `None` when the body does not speak of them.
    pub members: Option<Vec<NewMember>>,
    /// Names that were left out, for the answer's header.
    pub ignored: Vec<String>,
    /// The tolerances that it took to read the body.
    pub tolerated: Tolerances,
    /// The id that the client wrote into the body, which means nothing to us.
    pub client_id: Option<String>,
}

/// The body of a POST. A user who is not said to be inactive is active.
pub fn create(
    kind: &'static ResourceType,
    body: Value,
    strictness: Strictness,
) -> Result<Draft, Error> {
    read(kind, body, strictness, true)
}

/// The body of a PUT. Without `active` the present state is kept: leaving a flag out lets nobody in.
pub fn replace(
    kind: &'static ResourceType,
    current: &Resource,
    body: Value,
    strictness: Strictness,
) -> Result<Draft, Error> {
    read(kind, body, strictness, current.active())
}

fn read(
    kind: &'static ResourceType,
    body: Value,
    strictness: Strictness,
    active: bool,
) -> Result<Draft, Error> {
    let Value::Object(mut body) = body else {
        return Err(Error::invalid_syntax("the body is a JSON object"));
    };
    let mut reading = Reading::new(strictness);
    let schemas = super::body::take(&mut body, "schemas");
    check_schemas(kind, schemas, &mut reading)?;
    let mut read = Read {
        kind,
        reading,
        document: Map::new(),
        members: None,
        client_id: None,
    };
    for (name, value) in body {
        read.take(&name, value)?;
    }
    let Read {
        reading,
        mut document,
        members,
        client_id,
        ..
    } = read;
    if kind.schema.attribute(ACTIVE).is_some() {
        document.entry(ACTIVE).or_insert(active.into());
    }
    if let Some(attribute) = missing(kind, &document) {
        return Err(Error::invalid_value(format!(
            "{} is required",
            attribute.name
        )));
    }
    let resource = Resource::from_document(kind, document);
    let (ignored, tolerated) = reading.finish();
    Ok(Draft {
        resource,
        members,
        ignored,
        tolerated,
        client_id,
    })
}

/// The URNs in the body (RFC 7643 §3): the base schema must be there, ours may be, others mean nothing.
fn check_schemas(
    kind: &'static ResourceType,
    schemas: Option<Value>,
    reading: &mut Reading,
) -> Result<(), Error> {
    let urns = match schemas {
        Some(Value::Array(urns)) => urns,
        Some(urn @ Value::String(_)) if reading.allows(Tolerance::LoneValue) => vec![urn],
        _ => return Err(Error::invalid_syntax("schemas is an array of URNs")),
    };
    let mut base = false;
    for urn in urns {
        let Value::String(urn) = urn else {
            return Err(Error::invalid_syntax("schemas is an array of URNs"));
        };
        let schema = if reading.lenient() {
            kind.schema_by_alias(urn.trim())
        } else {
            kind.schema_of(&urn)
        };
        match schema {
            Some(schema) => {
                base |= !schema.extension;
                if kind.schema_of(&urn).is_none() {
                    reading.allows(Tolerance::OldUrn);
                }
            }
            // Entra names a schema of its directory on groups.
            None if reading.allows(Tolerance::UnknownSchema) => reading.ignore(&urn),
            None => {
                return Err(Error::invalid_syntax(format!(
                    "the schema {urn:?} is unknown"
                )));
            }
        }
    }
    if base {
        return Ok(());
    }
    Err(Error::invalid_syntax(format!(
        "schemas must name {}",
        kind.schema.urn
    )))
}

struct Read {
    kind: &'static ResourceType,
    reading: Reading,
    document: Map,
    members: Option<Vec<NewMember>>,
    client_id: Option<String>,
}

impl Read {
    fn take(&mut self, name: &str, value: Value) -> Result<(), Error> {
        let Some(attribute) = self.kind.attribute(name) else {
            return self.take_extension(name, value);
        };
        if attribute.relation {
            self.members = Some(members::read(attribute, value, &mut self.reading.latitude)?);
            return Ok(());
        }
        match attribute.mutability {
            Mutability::ReadOnly => {
                if let ("id", Value::String(id)) = (attribute.name, value) {
                    self.client_id = Some(id);
                }
                Ok(())
            }
            // A password is dropped unseen: people sign in by SAML.
            Mutability::WriteOnly => {
                self.reading.allows(Tolerance::Password);
                Ok(())
            }
            Mutability::Immutable | Mutability::ReadWrite => {
                if let Some(value) = self.reading.attribute(attribute.name, attribute, value)? {
                    self.document.insert(attribute.name.to_owned(), value);
                }
                Ok(())
            }
        }
    }

    fn take_extension(&mut self, name: &str, value: Value) -> Result<(), Error> {
        let schema = if self.reading.lenient() {
            self.kind.schema_by_alias(name)
        } else {
            self.kind.schema_of(name)
        };
        let Some(schema) = schema.filter(|schema| schema.extension) else {
            return self.reading.unknown(name);
        };
        if self.kind.schema_of(name).is_none() {
            self.reading.allows(Tolerance::OldUrn);
        }
        let attributes = match value {
            Value::Null => return Ok(()),
            Value::Object(attributes) => attributes,
            _ => return Err(Error::invalid_value(format!("{} is an object", schema.urn))),
        };
        let parts = self.read_extension(schema, attributes)?;
        if !parts.is_empty() {
            self.document
                .insert(schema.urn.to_owned(), Value::Object(parts));
        }
        Ok(())
    }

    fn read_extension(&mut self, schema: &'static Schema, attributes: Map) -> Result<Map, Error> {
        let mut parts = Map::new();
        for (name, value) in attributes {
            let at = format!("{}:{name}", schema.urn);
            let Some(attribute) = schema.attribute(&name) else {
                self.reading.unknown(&at)?;
                continue;
            };
            if !attribute.is_written_by_client() {
                continue;
            }
            if let Some(value) = self.reading.attribute(&at, attribute, value)? {
                parts.insert(attribute.name.to_owned(), value);
            }
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests;
