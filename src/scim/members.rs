//! The members of a group as a client names them (RFC 7643 §4.2).

use std::collections::HashSet;

use serde_json::Value;

use super::body::take;
use super::schema::Attribute;
use super::tolerance::{Latitude, Tolerance};
use super::{Error, Map, reading};
use crate::limits;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum MemberKind {
    /// A user.
    User,
    /// A group.
    Group,
}

impl MemberKind {
    /// The resource type's name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    fn read(text: &str) -> Option<Self> {
        [Self::User, Self::Group]
            .into_iter()
            .find(|it| text.eq_ignore_ascii_case(it.word()))
    }
}

/// A member that a client names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewMember {
    /// The id.
    pub value: String,
    /// What the client says it is; Okta does not say.
    pub kind: Option<MemberKind>,
}

/// The members in a value: an array, or what the lenient reading takes for one.
pub(crate) fn read(
    attribute: &'static Attribute,
    value: Value,
    latitude: &mut Latitude,
) -> Result<Vec<NewMember>, Error> {
    let values = match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values,
        value if latitude.allows(Tolerance::BareMember) => vec![value],
        _ => {
            return Err(Error::invalid_value(format!(
                "{} is an array",
                attribute.name
            )));
        }
    };
    check_count(values.len())?;
    let mut seen = HashSet::new();
    let mut members = Vec::with_capacity(values.len());
    for value in values {
        let member = match value {
            Value::Null => continue,
            Value::String(value) if latitude.allows(Tolerance::BareMember) => {
                NewMember { value, kind: None }
            }
            Value::Object(map) => member(attribute, map, latitude)?,
            _ => {
                return Err(invalid(
                    attribute,
                    "every element is an object with a value",
                ));
            }
        };
        if member.value.trim().is_empty() || member.value.contains('\0') {
            return Err(invalid(
                attribute,
                "a value is blank or has a null character",
            ));
        }
        if seen.insert(member.value.clone()) {
            members.push(member);
        }
    }
    Ok(members)
}

/// Refuses more members than one request may name.
pub(crate) fn check_count(count: usize) -> Result<(), Error> {
    if count <= limits::MEMBERS_PER_REQUEST {
        return Ok(());
    }
    let limit = limits::MEMBERS_PER_REQUEST;
    Err(Error::payload_too_large(format!(
        "a request names {limit} members at most, not {count}"
    )))
}

fn member(
    attribute: &'static Attribute,
    mut map: Map,
    latitude: &mut Latitude,
) -> Result<NewMember, Error> {
    reading::value_from_reference(attribute, &mut map);
    let value = match take(&mut map, "value") {
        Some(Value::String(value)) => value,
        Some(_) => return Err(invalid(attribute, "a value is a string")),
        None => return Err(invalid(attribute, "every element has a value")),
    };
    let kind = match take(&mut map, "type") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => match MemberKind::read(&text) {
            None if !latitude.allows(Tolerance::UnknownMemberType) => {
                return Err(invalid(attribute, "a type is User or Group"));
            }
            kind => kind,
        },
        Some(_) => return Err(invalid(attribute, "a type is a string")),
    };
    Ok(NewMember { value, kind })
}

fn invalid(attribute: &Attribute, rule: &str) -> Error {
    Error::invalid_value(format!("{}: {rule}", attribute.name))
}
