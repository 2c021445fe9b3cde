//! Schemas that an organization registers (RFC 7643 §3.3, §7): an extension of User or Group, told
//! in the shape in which `/Schemas` shows it, becomes part of the one description that everything
//! obeys.
//!
//! A description lives as long as the process, as the built-in ones do; equal ones are kept once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Extension, GROUP_TYPE, ResourceType, USER_TYPE};
use crate::scim::schema::{Attribute, Form, Mutability, Returned, Schema, Type, Uniqueness};

mod faults;
#[cfg(test)]
mod tests;

pub use faults::Fault;

/// What an extension extends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Base {
    /// Groups.
    Group,
    /// Users.
    User,
}

impl Base {
    fn kind(self) -> &'static ResourceType {
        match self {
            Self::Group => &GROUP_TYPE,
            Self::User => &USER_TYPE,
        }
    }
}

/// A schema, as it is registered and stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Definition {
    /// The URN.
    pub id: String,
    /// A short name for people.
    pub name: String,
    /// What it describes.
    #[serde(default)]
    pub description: String,
    /// What it extends.
    pub resource_type: Base,
    /// Its attributes.
    pub attributes: Vec<AttributeDefinition>,
}

/// An attribute of a [`Definition`], with the characteristics of RFC 7643 §7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttributeDefinition {
    name: String,
    #[serde(rename = "type", default = "string")]
    data_type: String,
    #[serde(default)]
    multi_valued: bool,
    #[serde(default)]
    description: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    case_exact: bool,
    #[serde(default = "read_write")]
    mutability: String,
    #[serde(default = "default")]
    returned: String,
    #[serde(default = "none")]
    uniqueness: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    canonical_values: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reference_types: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sub_attributes: Vec<AttributeDefinition>,
}

fn string() -> String {
    Type::String.word().to_owned()
}

fn read_write() -> String {
    Mutability::ReadWrite.word().to_owned()
}

fn default() -> String {
    Returned::Default.word().to_owned()
}

fn none() -> String {
    Uniqueness::None.word().to_owned()
}

impl Definition {
    /// Whether everything that the old one says still holds, and nothing more is asked for.
    pub fn keeps(&self, old: &Self) -> bool {
        let same = self.id == old.id && self.resource_type == old.resource_type;
        let kept = |it: &AttributeDefinition| self.attributes.contains(it);
        let optional = |it: &AttributeDefinition| !it.required || old.attributes.contains(it);
        same && old.attributes.iter().all(kept) && self.attributes.iter().all(optional)
    }

    fn schema(&self) -> Schema {
        Schema {
            urn: kept(&self.id),
            name: kept(&self.name),
            description: kept(&self.description),
            attributes: attributes(&self.attributes),
            extension: true,
        }
    }
}

fn data_type(word: &str) -> Option<Type> {
    use Type::{Binary, Boolean, Complex, DateTime, Decimal, Integer, Reference, String};
    [
        String, Boolean, Decimal, Integer, DateTime, Binary, Reference, Complex,
    ]
    .into_iter()
    .find(|it| it.word() == word)
}

fn mutability(word: &str) -> Option<Mutability> {
    use Mutability::{Immutable, ReadOnly, ReadWrite, WriteOnly};
    let all = [ReadOnly, ReadWrite, Immutable, WriteOnly];
    all.into_iter().find(|it| it.word() == word)
}

fn returned(word: &str) -> Option<Returned> {
    use Returned::{Always, Default, Never, Request};
    let all = [Always, Never, Default, Request];
    all.into_iter().find(|it| it.word() == word)
}

fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn kept_list(list: &[String]) -> &'static [&'static str] {
    Box::leak(list.iter().map(|text| kept(text)).collect())
}

fn attributes(list: &[AttributeDefinition]) -> &'static [Attribute] {
    let built = list.iter().map(|it| {
        let data_type = data_type(&it.data_type).unwrap_or(Type::String);
        let exact = matches!(data_type, Type::Binary | Type::Reference);
        let mutability = mutability(&it.mutability).unwrap_or(Mutability::ReadWrite);
        let returned = match mutability {
            Mutability::WriteOnly => Returned::Never,
            _ => returned(&it.returned).unwrap_or(Returned::Default),
        };
        Attribute {
            name: kept(&it.name),
            description: kept(&it.description),
            data_type,
            multi_valued: it.multi_valued,
            required: it.required,
            case_exact: it.case_exact || exact,
            mutability,
            returned,
            uniqueness: Uniqueness::None,
            canonical_values: kept_list(&it.canonical_values),
            reference_types: kept_list(&it.reference_types),
            sub_attributes: attributes(&it.sub_attributes),
            form: Form::Any,
            guarded: false,
            relation: false,
        }
    });
    Box::leak(built.collect())
}

/// The resource types of one organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types {
    /// Its users.
    pub user: &'static ResourceType,
    /// Its groups.
    pub group: &'static ResourceType,
}

impl Types {
    /// Those of an organization that has registered nothing.
    pub const STANDARD: Self = Self {
        user: &USER_TYPE,
        group: &GROUP_TYPE,
    };

    /// Those of an organization whose definitions are kept as this text; none where it is no text
    /// of ours.
    pub fn stored(text: &str) -> Option<Self> {
        static KNOWN: Mutex<BTreeMap<String, Types>> = Mutex::new(BTreeMap::new());
        if text == "[]" {
            return Some(Self::STANDARD);
        }
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(types) = known.get(text) {
            return Some(*types);
        }
        let definitions: Vec<Definition> = serde_json::from_str(text).ok()?;
        let types = Self {
            user: extended(Base::User, &definitions),
            group: extended(Base::Group, &definitions),
        };
        known.insert(text.to_owned(), types);
        Some(types)
    }
}

fn extended(base: Base, definitions: &[Definition]) -> &'static ResourceType {
    let kind = base.kind();
    let ours = definitions.iter().filter(|it| it.resource_type == base);
    let standard = kind.extensions.iter().map(|it| Extension {
        schema: it.schema,
        required: it.required,
    });
    let custom = ours.map(|it| Extension {
        schema: Box::leak(Box::new(it.schema())),
        required: false,
    });
    Box::leak(Box::new(ResourceType {
        name: kind.name,
        endpoint: kind.endpoint,
        description: kind.description,
        schema: kind.schema,
        extensions: Box::leak(standard.chain(custom).collect()),
    }))
}
