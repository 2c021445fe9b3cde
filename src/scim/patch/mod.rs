//! PATCH (RFC 7644 §3.5.2): a request becomes a [`Patch`], a `Patch` changes a [`Resource`].
//!
//! What clients really send is brought into one form by `dialect`; `relation` sets the changes of a group's
//! members apart, so that a large group is never loaded to change one member; `apply` does the rest on a
//! copy, so that a request is done whole or not at all.

use serde_json::Value;

use super::catalog::ResourceType;
use super::members::NewMember;
use super::path::{AttributePath, Selection};
use super::resource::Resource;
use super::{Error, Filter, Strictness, Tolerances};

mod apply;
mod dialect;
mod relation;
#[cfg(test)]
mod tests;
mod values;

/// The operations of a PATCH, resolved against the schema and with values of its types.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    kind: &'static ResourceType,
    strictness: Strictness,
    operations: Vec<Operation>,
    ignored: Vec<String>,
    tolerated: Tolerances,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
enum Operation {
    /// Change the document.
    Document(Change),
    /// Agree that the resource has this id.
    Id(String),
    /// Change the members of a group.
    Members(MemberChange),
}

/// A change of the document.
#[derive(Clone, Debug, PartialEq)]
struct Change {
    verb: Verb,
    path: AttributePath,
    selection: Option<Selection>,
    /// A value of the schema; `None` unassigns, or removes whatever is there.
    value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Remove,
    Replace,
}

/// A change of a group's members.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberChange {
    /// These join, if they are not in already.
    Add(Vec<NewMember>),
    /// These leave, if they are in.
    Remove(Vec<String>),
    /// All leave.
    RemoveAll,
    /// Those leave whose representation satisfies the filter ([`Filter::matches_element`]).
    RemoveWhere(Filter),
    /// These are the members, and nobody else.
    Set(Vec<NewMember>),
}

impl Patch {
    /// Reads a request. Bad paths and values are refused here, before anything is loaded.
    pub fn parse(
        kind: &'static ResourceType,
        body: Value,
        strictness: Strictness,
    ) -> Result<Self, Error> {
        dialect::read(kind, body, strictness)
    }

    /// The changes of members in their order, and the rest.
    pub fn split(mut self) -> (Vec<MemberChange>, Self) {
        let mut changes = Vec::new();
        let mut rest = Vec::new();
        for operation in self.operations {
            match operation {
                Operation::Members(change) => relation::push(&mut changes, change),
                operation => rest.push(operation),
            }
        }
        self.operations = rest;
        (changes, self)
    }

    /// The resource as it is after the operations on its document, `resource` itself untouched.
    ///
    /// `id` is what the client may repeat in a value; another one is 400 `mutability`.
    pub fn apply(&self, resource: &Resource, id: &str) -> Result<Resource, Error> {
        apply::apply(self, resource, id).map(|(resource, _)| resource)
    }

    /// The same; the tolerances that it takes go to those of the request.
    pub fn applied(&mut self, resource: &Resource, id: &str) -> Result<Resource, Error> {
        let (resource, tolerated) = apply::apply(self, resource, id)?;
        self.tolerated.extend(tolerated);
        Ok(resource)
    }

    /// The tolerances that the request needed so far.
    pub fn tolerated(&self) -> Tolerances {
        self.tolerated
    }

    /// Names that were left out, for the answer's header.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Whether nothing is left to do.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}
