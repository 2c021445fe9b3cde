//! A kind of resource (RFC 7643 §6) and how its schemas and attributes are found by name.

use super::COMMON;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Schema};
use crate::scim::urn;

/// A kind of resource (RFC 7643 §6).
#[derive(Debug)]
pub struct ResourceType {
    /// Its name, which is its id as well.
    pub name: &'static str,
    /// Its path below the base URL.
    pub endpoint: &'static str,
    /// What it is.
    pub description: &'static str,
    /// The schema at its base.
    pub schema: &'static Schema,
    /// The extensions it may carry.
    pub extensions: &'static [Extension],
}

/// An extension of a resource type.
#[derive(Debug)]
pub struct Extension {
    /// The schema.
    pub schema: &'static Schema,
    /// Whether every resource carries it.
    pub required: bool,
}

impl ResourceType {
    /// The base schema, then the extensions.
    pub fn schemas(&'static self) -> impl Iterator<Item = &'static Schema> {
        std::iter::once(self.schema).chain(self.extensions.iter().map(|it| it.schema))
    }

    /// The schema of this URN in any case, `None` when the type does not carry it.
    pub fn schema_of(&'static self, urn: &str) -> Option<&'static Schema> {
        self.schemas()
            .find(|schema| schema.urn.eq_ignore_ascii_case(urn))
    }

    /// The same, old and misspelt URNs included.
    pub fn schema_by_alias(&'static self, text: &str) -> Option<&'static Schema> {
        self.schema_of(text).or_else(|| {
            let (_, alias) = urn::ALIASES
                .iter()
                .find(|(alias, _)| alias.eq_ignore_ascii_case(text))?;
            self.schema_behind(*alias)
        })
    }

    /// What an alias stands for in this type.
    pub fn schema_behind(&'static self, alias: urn::Alias) -> Option<&'static Schema> {
        match alias {
            urn::Alias::Base => Some(self.schema),
            urn::Alias::Schema(urn) => self.schema_of(urn),
        }
    }

    /// Whether resources of the type have what the path names.
    pub fn has(&'static self, path: &AttributePath) -> bool {
        let same = |it: &&'static Attribute| std::ptr::eq(*it, path.attribute);
        COMMON.iter().any(|it| same(&it))
            || self
                .schemas()
                .flat_map(|schema| schema.attributes)
                .any(|it| same(&it))
    }

    /// The attribute of the base schema or common to all resources.
    pub fn attribute(&'static self, name: &str) -> Option<&'static Attribute> {
        self.schema.attribute(name).or_else(|| {
            COMMON
                .iter()
                .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
        })
    }
}

impl PartialEq for ResourceType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ResourceType {}
