//! Bulk requests (RFC 7644 §3.7), pure: a body becomes operations in an order in which each can be
//! done, and what was done becomes the answer.
//!
//! Every operation that creates is given its id beforehand, so that `bulkId:..` is replaced by an
//! id whatever stands where (§3.7.2). What an operation refers to is done before it; operations
//! that refer to one another are done together, all of them or none (§3.7.1).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::tolerance::{Latitude, Tolerances};
use super::{Error, Map, ScimType, Strictness, body, urn};
use crate::limits;

mod order;
mod reference;

pub use order::ordered;
use reference::Unresolved;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Removes a resource.
    Delete,
    /// Changes a resource.
    Patch,
    /// Creates a resource.
    Post,
    /// Replaces a resource.
    Put,
}

impl Verb {
    const ALL: [Self; 4] = [Self::Delete, Self::Patch, Self::Post, Self::Put];

    /// The method's name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct Bulk {
    /// After how many errors nothing more is done.
    pub fail_on_errors: Option<u64>,
    /// What is to be done, as it is listed.
    pub operations: Vec<Operation>,
    /// The tolerances that it took to read the message around them.
    pub tolerated: Tolerances,
}

/// One operation of a bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The method, as far as it could be read.
    pub method: Option<String>,
    /// The client's name for it.
    pub bulk_id: Option<String>,
    /// What it asks, or what is wrong with it.
    pub asked: Result<Asked, Error>,
}

/// What an operation asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// To do what.
    pub verb: Verb,
    /// To what: a path below the base URL.
    pub path: String,
    /// If it is still of this version.
    pub version: Option<String>,
    /// The body.
    pub data: Option<Value>,
}

impl Bulk {
    /// Reads the body of a bulk request. What is wrong with one operation is told in its own
    /// entry of the answer; 400 or 413 where there is no such answer to give.
    pub fn parse(body: Value, strictness: Strictness) -> Result<Self, Error> {
        let Value::Object(mut body) = body else {
            return Err(Error::invalid_syntax("the body is a JSON object"));
        };
        let mut latitude = Latitude::new(strictness);
        body::check_message(&mut body, urn::BULK_REQUEST, &mut latitude)?;
        let fail_on_errors = match body::take(&mut body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_u64().filter(|it| *it > 0).ok_or_else(|| {
                Error::invalid_value("failOnErrors is a whole number greater than zero")
            })?),
        };
        let Some(Value::Array(listed)) = body::take(&mut body, "Operations") else {
            return Err(Error::invalid_syntax("Operations is a list of operations"));
        };
        if listed.is_empty() {
            return Err(Error::invalid_syntax("Operations lists nothing to do"));
        }
        if listed.len() > limits::BULK_OPERATIONS {
            return Err(Error::payload_too_large(format!(
                "a bulk request may have {} operations (maxOperations)",
                limits::BULK_OPERATIONS
            )));
        }
        let mut seen = BTreeSet::new();
        let operations = listed
            .into_iter()
            .map(|it| Operation::parse(it, &mut seen))
            .collect();
        Ok(Self {
            fail_on_errors,
            operations,
            tolerated: latitude.used,
        })
    }

    /// The operations that create something, by their bulkId.
    pub fn created(&self) -> BTreeMap<&str, usize> {
        let creates = |it: &Operation| matches!(&it.asked, Ok(it) if it.verb == Verb::Post);
        self.operations
            .iter()
            .enumerate()
            .filter(|(_, it)| creates(it))
            .filter_map(|(at, it)| Some((it.bulk_id.as_deref()?, at)))
            .collect()
    }

    /// What each operation refers to, by its place in the list.
    pub fn references(&self) -> Vec<BTreeSet<usize>> {
        let created = self.created();
        let of = |asked: &Asked| {
            let mut names = BTreeSet::new();
            reference::in_path(&asked.path, &mut names);
            if let Some(data) = &asked.data {
                reference::in_data(data, &mut names);
            }
            let places = names.iter().filter_map(|it| created.get(it.as_str()));
            places.copied().collect()
        };
        self.operations
            .iter()
            .map(|it| it.asked.as_ref().map(of).unwrap_or_default())
            .collect()
    }
}

impl Operation {
    fn parse(value: Value, seen: &mut BTreeSet<String>) -> Self {
        let Value::Object(mut fields) = value else {
            return Self {
                method: None,
                bulk_id: None,
                asked: Err(Error::invalid_syntax("an operation is a JSON object")),
            };
        };
        let mut text = |name: &str| match body::take(&mut fields, name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::invalid_syntax(format!("{name} is a string"))),
        };
        let (method, path, bulk_id) = (text("method"), text("path"), text("bulkId"));
        let version = text("version");
        let known = |it: &Result<Option<String>, Error>| it.clone().ok().flatten();
        let (told_method, told_id) = (known(&method), known(&bulk_id));
        let data = body::take(&mut fields, "data").filter(|it| !it.is_null());
        let asked = || {
            let verb = verb(method?)?;
            let path = path?.ok_or_else(|| Error::invalid_syntax("the operation needs a path"))?;
            let bulk_id = bulk_id?.filter(|it| !it.is_empty());
            if verb == Verb::Post && bulk_id.is_none() {
                return Err(Error::invalid_syntax("a POST needs a bulkId"));
            }
            if bulk_id.is_some_and(|it| !seen.insert(it)) {
                return Err(Error::invalid_value("an earlier operation has this bulkId"));
            }
            if verb != Verb::Delete && data.is_none() {
                return Err(Error::invalid_syntax(format!(
                    "a {} needs data",
                    verb.word()
                )));
            }
            Ok(Asked {
                verb,
                path,
                version: version?,
                data: data.filter(|_| verb != Verb::Delete),
            })
        };
        Self {
            asked: asked(),
            method: told_method,
            bulk_id: told_id,
        }
    }
}

fn verb(method: Option<String>) -> Result<Verb, Error> {
    let method = method.ok_or_else(|| Error::invalid_syntax("the operation needs a method"))?;
    let mut verbs = Verb::ALL.into_iter();
    let verb = verbs.find(|it| method.eq_ignore_ascii_case(it.word()));
    verb.ok_or_else(|| Error::invalid_syntax("the method is POST, PUT, PATCH or DELETE"))
}

impl Asked {
    /// The same with ids in the place of references (RFC 7644 §3.7.2); 409 where one leads to no
    /// operation that creates something.
    pub fn resolved(mut self, ids: &BTreeMap<String, String>) -> Result<Self, Error> {
        let nowhere = |Unresolved(name)| unresolvable(&name, "is no operation that creates");
        self.path = reference::resolve_path(&self.path, ids).map_err(nowhere)?;
        if let Some(data) = &mut self.data {
            reference::resolve_data(data, ids).map_err(nowhere)?;
        }
        Ok(self)
    }
}

/// A reference that leads nowhere (RFC 7644 §3.7.1 names the status).
pub fn unresolvable(name: &str, why: &str) -> Error {
    let name: String = name.chars().take(100).collect();
    Error {
        status: 409,
        scim_type: Some(ScimType::InvalidValue),
        detail: format!("bulkId:{name} {why}"),
    }
}

/// One entry of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The method of the operation.
    pub method: Option<String>,
    /// The client's name for the operation.
    pub bulk_id: Option<String>,
    /// Where the resource is; none where none was created.
    pub location: Option<String>,
    /// What came of it: a status and the resource's version, or the refusal.
    pub outcome: Result<(u16, Option<i64>), Error>,
}

/// The answer to a bulk request: what was done, in the order of the request.
pub fn response(entries: Vec<Entry>) -> Value {
    let operations: Vec<_> = entries.into_iter().map(entry).collect();
    json!({"schemas": [urn::BULK_RESPONSE], "Operations": operations})
}

fn entry(entry: Entry) -> Value {
    let mut map = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            map.insert(name.to_owned(), value);
        }
    };
    put("method", entry.method.map(Value::String));
    put("bulkId", entry.bulk_id.map(Value::String));
    put("location", entry.location.map(Value::String));
    match entry.outcome {
        Ok((status, version)) => {
            put("version", version.map(|it| super::etag::of(it).into()));
            put("status", Some(status.to_string().into()));
        }
        Err(error) => {
            put("status", Some(error.status.to_string().into()));
            put("response", Some(error.to_json()));
        }
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests;
