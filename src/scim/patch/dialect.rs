//! The operations of a PATCH as clients send them, brought into one form (RFC 7644 §3.5.2).
//!
//! Okta leaves the path out and repeats the id, Entra capitalizes operations, sends booleans as text and puts
//! dotted names, URNs and whole value paths into keys. The strict reading takes what the standard has:
//! operations without a path are part of it.

use serde_json::Value;

use super::{Change, MemberChange, Operation, Patch, Verb, relation};
use crate::limits;
use crate::scim::body::{check_message, take};
use crate::scim::catalog::ResourceType;
use crate::scim::path::{AttributePath, Fault, PatchPath, Selection};
use crate::scim::reading::Reading;
use crate::scim::schema::{Mutability, Schema};
use crate::scim::text::within_distance;
use crate::scim::tolerance::Tolerance;
use crate::scim::{Error, Strictness, members, urn};

/// Reads a request.
pub(super) fn read(
    kind: &'static ResourceType,
    body: Value,
    strictness: Strictness,
) -> Result<Patch, Error> {
    let Value::Object(mut body) = body else {
        return Err(Error::invalid_syntax("the body is a JSON object"));
    };
    let mut reading = Reading::new(strictness);
    check_message(&mut body, urn::PATCH_OP, &mut reading.latitude)?;
    let operations = match take(&mut body, "Operations") {
        Some(Value::Array(operations)) if !operations.is_empty() => operations,
        _ => {
            return Err(Error::invalid_syntax(
                "Operations is an array that is not empty",
            ));
        }
    };
    if operations.len() > limits::PATCH_OPERATIONS {
        let limit = limits::PATCH_OPERATIONS;
        return Err(Error::payload_too_large(format!(
            "a PATCH has {limit} operations at most"
        )));
    }
    let mut dialect = Dialect {
        kind,
        reading,
        operations: Vec::new(),
        members: 0,
        member_filters: 0,
    };
    for (number, operation) in operations.into_iter().enumerate() {
        dialect.operation(operation).map_err(|error| Error {
            detail: format!("operation {}: {}", number + 1, error.detail),
            ..error
        })?;
    }
    let Dialect {
        operations,
        reading,
        ..
    } = dialect;
    let (ignored, tolerated) = reading.finish();
    Ok(Patch {
        kind,
        strictness,
        operations,
        ignored,
        tolerated,
    })
}

/// Where the name of an attribute stood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// In `path`.
    Path,
    /// Among the keys of a value, where the server's own attributes are passed over.
    Key,
}

pub(super) struct Dialect {
    kind: &'static ResourceType,
    pub(super) reading: Reading,
    operations: Vec<Operation>,
    members: usize,
    member_filters: usize,
}

impl Dialect {
    fn operation(&mut self, operation: Value) -> Result<(), Error> {
        let Value::Object(mut operation) = operation else {
            return Err(Error::invalid_syntax("an operation is an object"));
        };
        let verb = match take(&mut operation, "op") {
            Some(Value::String(word)) => verb(&word)?,
            _ => return Err(Error::invalid_syntax("op is add, remove or replace")),
        };
        let value = take(&mut operation, "value");
        match take(&mut operation, "path") {
            None | Some(Value::Null) => self.without_path(verb, value),
            Some(Value::String(path))
                if path.trim().is_empty() && self.reading.allows(Tolerance::BlankPath) =>
            {
                self.without_path(verb, value)
            }
            Some(Value::String(path)) => self.at(verb, &path, value, Origin::Path),
            Some(_) => Err(Error::invalid_path("path is a string")),
        }
    }

    /// An operation on the resource itself: every key of the value is a path of its own.
    fn without_path(&mut self, verb: Verb, value: Option<Value>) -> Result<(), Error> {
        let keys = match (verb, value) {
            (Verb::Remove, Some(Value::Object(keys)))
                if !keys.is_empty() && self.reading.allows(Tolerance::RemoveWithoutPath) =>
            {
                keys
            }
            (Verb::Remove, _) => return Err(Error::no_target("remove needs a path")),
            (_, Some(Value::Object(keys))) => keys,
            _ => {
                return Err(Error::invalid_value(
                    "without a path the value is an object",
                ));
            }
        };
        for (key, value) in keys {
            self.at(verb, &key, Some(value), Origin::Key)?;
        }
        Ok(())
    }

    fn at(
        &mut self,
        verb: Verb,
        text: &str,
        value: Option<Value>,
        origin: Origin,
    ) -> Result<(), Error> {
        let resolved = PatchPath::resolve(self.kind, text, self.reading.latitude.strictness);
        // Of a path, only what is in brackets is read in two ways.
        let strictly = |kind| PatchPath::resolve(kind, text, Strictness::Rfc);
        if text.contains('[') && resolved.is_ok() && strictly(self.kind).is_err() {
            self.reading.allows(Tolerance::FilterSpelling);
        }
        match resolved {
            Ok(PatchPath::Schema(schema)) if schema.extension => {
                self.extension(verb, schema, value)
            }
            Ok(PatchPath::Schema(_)) => self.without_path(verb, value),
            Ok(PatchPath::Attribute { path, selection }) => {
                self.attribute(verb, path, selection, value, origin)
            }
            Err(Fault::Unknown(_)) => self.unknown(text),
            Err(Fault::Malformed(_)) if origin == Origin::Key => self.unknown(text),
            Err(fault) => Err(fault.into()),
        }
    }

    /// A path into nothing is left out, unless it looks like one that must not be missed.
    fn unknown(&mut self, text: &str) -> Result<(), Error> {
        let fault = || Error::invalid_path(format!("there is no attribute {text:?}"));
        if !self.reading.lenient() {
            return Err(fault());
        }
        let name = text.rsplit(':').next().unwrap_or_default();
        let name = name.split(['.', '[']).next().unwrap_or_default().trim();
        let guarded = self.kind.schema.attributes.iter().filter(|it| it.guarded);
        for attribute in guarded {
            if within_distance(name, attribute.name, 2) {
                let detail = format!(
                    "there is no attribute {text:?}; is {} meant?",
                    attribute.name
                );
                return Err(Error::invalid_path(detail));
            }
        }
        self.reading.allows(Tolerance::UnknownAttribute);
        self.reading.ignore(text);
        Ok(())
    }

    /// An operation on all of an extension, by its URN alone.
    fn extension(
        &mut self,
        verb: Verb,
        schema: &'static Schema,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let value = match value {
            Some(Value::Object(attributes)) => {
                for (name, value) in attributes {
                    self.at(
                        verb,
                        &format!("{}:{name}", schema.urn),
                        Some(value),
                        Origin::Key,
                    )?;
                }
                return Ok(());
            }
            value => value,
        };
        let clears = matches!(
            (verb, &value),
            (Verb::Remove, _) | (Verb::Replace, Some(Value::Null))
        );
        if !clears {
            return Err(Error::invalid_value(format!(
                "the value of {} is an object",
                schema.urn
            )));
        }
        for attribute in schema.attributes {
            let path = AttributePath {
                schema,
                attribute,
                sub: None,
            };
            self.push(Verb::Remove, path, None, None);
        }
        Ok(())
    }

    fn attribute(
        &mut self,
        verb: Verb,
        path: AttributePath,
        selection: Option<Selection>,
        value: Option<Value>,
        origin: Origin,
    ) -> Result<(), Error> {
        let attribute = path.attribute;
        if attribute.relation {
            let change =
                relation::change(verb, path, selection, value, &mut self.reading.latitude)?;
            return change.map_or(Ok(()), |change| self.push_members(change));
        }
        match attribute.name {
            "id" => return self.id(verb, value),
            "schemas" if origin == Origin::Key || verb != Verb::Remove => return Ok(()),
            "schemas" => return Err(Error::mutability("schemas is required")),
            _ => {}
        }
        let mutability = match path.sub {
            Some(sub) if attribute.mutability == Mutability::ReadWrite => sub.mutability,
            _ => attribute.mutability,
        };
        match (mutability, origin) {
            // A password is dropped unseen.
            (Mutability::WriteOnly, _) => {
                self.reading.allows(Tolerance::Password);
                Ok(())
            }
            (Mutability::ReadOnly, Origin::Key) => Ok(()),
            (Mutability::ReadOnly, Origin::Path) => {
                Err(Error::mutability(format!("{path} is read-only")))
            }
            _ if verb == Verb::Remove => self.remove(path, selection, value),
            _ => {
                let missing = || Error::invalid_value(format!("{path} needs a value"));
                self.write(verb, path, selection, value.ok_or_else(missing)?)
            }
        }
    }

    /// Okta repeats the id of a group that it renames.
    fn id(&mut self, verb: Verb, value: Option<Value>) -> Result<(), Error> {
        match value {
            Some(Value::String(id)) if verb != Verb::Remove => {
                self.operations.push(Operation::Id(id));
                Ok(())
            }
            _ => Err(Error::mutability("id is read-only")),
        }
    }

    pub(super) fn push(
        &mut self,
        verb: Verb,
        path: AttributePath,
        selection: Option<Selection>,
        value: Option<Value>,
    ) {
        self.operations.push(Operation::Document(Change {
            verb,
            path,
            selection,
            value,
        }));
    }

    fn push_members(&mut self, change: MemberChange) -> Result<(), Error> {
        match &change {
            MemberChange::Add(list) | MemberChange::Set(list) => self.members += list.len(),
            MemberChange::Remove(list) => self.members += list.len(),
            MemberChange::RemoveAll => {}
            // The only one that has to read the group.
            MemberChange::RemoveWhere(_) => self.member_filters += 1,
        }
        if self.member_filters > limits::MEMBER_FILTERS {
            return Err(Error::payload_too_large(format!(
                "a PATCH removes members by {} filters at most",
                limits::MEMBER_FILTERS
            )));
        }
        members::check_count(self.members)?;
        self.operations.push(Operation::Members(change));
        Ok(())
    }
}

fn verb(word: &str) -> Result<Verb, Error> {
    match word {
        _ if word.eq_ignore_ascii_case("add") => Ok(Verb::Add),
        _ if word.eq_ignore_ascii_case("remove") => Ok(Verb::Remove),
        _ if word.eq_ignore_ascii_case("replace") => Ok(Verb::Replace),
        _ => Err(Error::invalid_syntax(format!(
            "op is add, remove or replace, not {word:?}"
        ))),
    }
}
