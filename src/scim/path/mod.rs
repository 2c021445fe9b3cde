//! Attribute notation (RFC 7644 §3.10) and PATCH paths (§3.5.2): text becomes attributes of the schema in
//! one step, and after it nobody holds the name of an attribute as text.

use std::fmt;

use super::catalog::{COMMON, ResourceType};
use super::filter::{self, Filter};
use super::schema::{Attribute, Schema};
use super::{Error, Map, Strictness, urn};

/// An attribute or sub-attribute of a resource type.
#[derive(Clone, Copy, Debug)]
pub struct AttributePath {
    /// The schema it belongs to; the base schema for the attributes common to all resources.
    pub schema: &'static Schema,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The sub-attribute, if one is meant.
    pub sub: Option<&'static Attribute>,
}

/// Why a path names nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not a path at all.
    Malformed(String),
    /// It is a path, and the schema has no such attribute. The text is the name that was not found.
    Unknown(String),
    /// The filter in its brackets cannot be read.
    Filter(Error),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed(text) => Self::invalid_path(format!("{text:?} is not a path")),
            Fault::Unknown(name) => Self::invalid_path(format!("there is no attribute {name:?}")),
            Fault::Filter(error) => error,
        }
    }
}

impl AttributePath {
    /// Reads attribute notation; 400 `invalidPath` when it names nothing.
    pub fn parse(kind: &'static ResourceType, text: &str) -> Result<Self, Error> {
        Ok(Self::resolve(kind, text)?)
    }

    /// Reads attribute notation and says why it names nothing.
    pub fn resolve(kind: &'static ResourceType, text: &str) -> Result<Self, Fault> {
        match Name::resolve(kind, text)? {
            Name::Attribute(path) => Ok(path),
            Name::Schema(_) => Err(Fault::Unknown(text.to_owned())),
        }
    }

    /// The canonical text, as the index has it: the URN before the attributes of an extension only.
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// The attribute that is compared: the sub-attribute if there is one.
    pub fn leaf(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// The same, with `value` where a complex attribute is named alone and has one.
    #[must_use]
    pub fn or_value(self) -> Self {
        Self {
            sub: self.sub.or_else(|| self.attribute.value()),
            ..self
        }
    }

    /// The same, of the whole attribute.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { sub: None, ..self }
    }

    /// The object of a representation that holds the attribute.
    pub(crate) fn holder<'a>(&self, representation: &'a Map) -> Option<&'a Map> {
        if self.schema.extension {
            representation.get(self.schema.urn)?.as_object()
        } else {
            Some(representation)
        }
    }
}

impl PartialEq for AttributePath {
    fn eq(&self, other: &Self) -> bool {
        let names = |it: &Self| (it.schema.urn, it.attribute.name, it.sub.map(|sub| sub.name));
        names(self) == names(other)
    }
}

impl Eq for AttributePath {}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema.extension {
            write!(f, "{}:", self.schema.urn)?;
        }
        f.write_str(self.attribute.name)?;
        match self.sub {
            Some(sub) => write!(f, ".{}", sub.name),
            None => Ok(()),
        }
    }
}

/// What attribute notation can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// An attribute.
    Attribute(AttributePath),
    /// All the attributes of a schema, by its URN alone.
    Schema(&'static Schema),
}

impl Name {
    /// Reads attribute notation. A URN ends at a colon or, as one client family writes, at a dot.
    pub fn resolve(kind: &'static ResourceType, text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let Some((schema, rest)) = split_urn(kind, text) else {
            return resolve_in(kind, None, text).map(Self::Attribute);
        };
        if rest.is_empty() {
            return Ok(Self::Schema(schema));
        }
        resolve_in(kind, Some(schema), rest).map(Self::Attribute)
    }
}

/// The schema whose URN stands before the attribute, and what stands behind it.
///
/// The longest URN wins, and a dot inside one splits nothing.
fn split_urn<'a>(kind: &'static ResourceType, text: &'a str) -> Option<(&'static Schema, &'a str)> {
    if !text.get(..4)?.eq_ignore_ascii_case("urn:") {
        return None;
    }
    let ours = kind.schemas().map(|schema| (schema.urn, schema));
    let aliases = urn::ALIASES
        .iter()
        .filter_map(|(alias, behind)| Some((*alias, kind.schema_behind(*behind)?)));
    ours.chain(aliases)
        .filter_map(|(urn, schema)| {
            let (head, rest) = text.split_at_checked(urn.len())?;
            let rest = match rest.strip_prefix([':', '.']) {
                Some(rest) => rest,
                None if rest.is_empty() => rest,
                None => return None,
            };
            head.eq_ignore_ascii_case(urn)
                .then_some((urn.len(), schema, rest))
        })
        .max_by_key(|(length, ..)| *length)
        .map(|(_, schema, rest)| (schema, rest))
}

fn resolve_in(
    kind: &'static ResourceType,
    schema: Option<&'static Schema>,
    text: &str,
) -> Result<AttributePath, Fault> {
    let mut names = text.split('.');
    let (name, sub, more) = (names.next().unwrap_or_default(), names.next(), names.next());
    if schema.is_none() && name.contains(':') {
        return Err(Fault::Unknown(text.to_owned()));
    }
    if !is_name(name) || sub.is_some_and(|sub| !is_name(sub)) || more.is_some() {
        return Err(Fault::Malformed(text.to_owned()));
    }
    let unknown = || Fault::Unknown(text.to_owned());
    let (schema, attribute) = match schema {
        Some(schema) => (schema, attribute_of(schema, name)),
        None => kind
            .schemas()
            .find_map(|schema| Some((schema, Some(attribute_of(schema, name)?))))
            .ok_or_else(unknown)?,
    };
    let attribute = attribute.ok_or_else(unknown)?;
    let sub = sub
        .map(|sub| attribute.sub(sub).ok_or_else(unknown))
        .transpose()?;
    Ok(AttributePath {
        schema,
        attribute,
        sub,
    })
}

fn attribute_of(schema: &'static Schema, name: &str) -> Option<&'static Attribute> {
    let common = || COMMON.iter().find(|it| it.name.eq_ignore_ascii_case(name));
    schema
        .attribute(name)
        .or_else(|| if schema.extension { None } else { common() })
}

fn is_name(text: &str) -> bool {
    let start = text.strip_prefix('$').unwrap_or(text);
    start.starts_with(|c: char| c.is_ascii_alphabetic())
        && start
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// What an operation of a PATCH points at.
#[derive(Clone, Debug, PartialEq)]
pub enum PatchPath {
    /// All the attributes of a schema.
    Schema(&'static Schema),
    /// An attribute, its values that match a filter, or a sub-attribute of those.
    Attribute {
        /// The attribute, with the sub-attribute behind the brackets.
        path: AttributePath,
        /// Which values are meant.
        selection: Option<Selection>,
    },
}

/// The part of a PATCH path in brackets.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The filter over the sub-attributes of one value.
    pub filter: Filter,
    /// The value that the filter describes, when it is nothing but equalities.
    pub template: Option<Map>,
}

impl PatchPath {
    /// Reads a path of a PATCH and says why it names nothing.
    pub fn resolve(
        kind: &'static ResourceType,
        text: &str,
        strictness: Strictness,
    ) -> Result<Self, Fault> {
        let text = text.trim();
        let malformed = || Fault::Malformed(text.to_owned());
        let Some((head, rest)) = text.split_once('[') else {
            return Ok(match Name::resolve(kind, text)? {
                Name::Attribute(path) => Self::Attribute {
                    path,
                    selection: None,
                },
                Name::Schema(schema) => Self::Schema(schema),
            });
        };
        let (inner, tail) = split_bracket(rest).ok_or_else(malformed)?;
        let whole = AttributePath::resolve(kind, head)?;
        let sub = match tail.strip_prefix('.') {
            None if tail.is_empty() => None,
            Some(name) if is_name(name) => {
                let unknown = || Fault::Unknown(format!("{head}.{name}"));
                Some(whole.attribute.sub(name).ok_or_else(unknown)?)
            }
            _ => return Err(malformed()),
        };
        if whole.sub.is_some() || !whole.attribute.is_complex() {
            return Err(malformed());
        }
        let selection = filter::selection(whole, inner, strictness).map_err(Fault::Filter)?;
        let path = AttributePath { sub, ..whole };
        Ok(Self::Attribute {
            path,
            selection: Some(selection),
        })
    }
}

/// The text up to the closing bracket that is not inside a string, and the text behind it.
fn split_bracket(text: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => {
                let (inner, rest) = text.split_at_checked(at)?;
                return Some((inner, rest.strip_prefix(']')?));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
