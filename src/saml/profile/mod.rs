//! What an assertion says of a person, in the names of the product that sent it: an [`Assertion`] becomes a
//! [`Profile`].
//!
//! Attributes are found by Name, then by FriendlyName; occurrences of one name are merged. Groups that are
//! absent, too many or withheld are *unknown*, which is another thing than none.

mod preset;
mod subject;

pub use preset::Preset;
pub use subject::address;
pub(super) use subject::{UNSPECIFIED, address_of};

use super::{
    assertion::{Assertion, Attribute},
    error::Error,
};
use crate::limits;

/// The longest value taken.
pub const VALUE_LIMIT: usize = limits::SAML_VALUE;
/// The most group values taken.
pub const GROUPS_LIMIT: usize = limits::SAML_GROUPS;

/// What a connection says otherwise than its preset. Names are Name or FriendlyName of an attribute.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Overrides {
    /// The attribute that names the subject in place of the NameID; it must then be there.
    pub subject_attribute: Option<String>,
    /// The address.
    pub email_attribute: Option<String>,
    /// The user name.
    pub user_name_attribute: Option<String>,
    /// The given name.
    pub given_name_attribute: Option<String>,
    /// The family name.
    pub family_name_attribute: Option<String>,
    /// The display name.
    pub display_name_attribute: Option<String>,
    /// The identifier that SCIM calls `externalId`.
    pub external_id_attribute: Option<String>,
    /// The groups.
    pub groups_attribute: Option<String>,
    /// Groups come as distinguished names, of which the first `CN` is meant.
    pub groups_are_distinguished_names: bool,
}

/// What is known of a person's groups.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Groups {
    /// These, and no others.
    Known(Vec<String>),
    /// Nothing was learnt; what was known stays.
    Unknown(Unknown),
}

impl Groups {
    /// What arrived, for people: the first of the values, or why there are none.
    pub fn shown(&self) -> String {
        match self {
            Self::Known(values) if values.is_empty() => "no group".to_owned(),
            Self::Known(values) => {
                let first = values.iter().take(SHOWN).map(|it| format!("{it:.100}"));
                let first = first.collect::<Vec<_>>().join(", ");
                match values.len().saturating_sub(SHOWN) {
                    0 => format!("groups: {first}"),
                    more => format!("groups: {first} and {more} more"),
                }
            }
            Self::Unknown(why) => format!("nothing of groups ({})", why.as_str()),
        }
    }
}

/// Groups that are shown by name.
const SHOWN: usize = 50;

/// Why nothing was learnt of the groups.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unknown {
    /// The attribute is not there.
    Absent,
    /// Entra leaves the groups out and names a place to ask, beyond 150.
    Overage,
    /// A value is longer than [`VALUE_LIMIT`].
    TooLong,
    /// More than [`GROUPS_LIMIT`] values.
    TooMany,
}

impl Unknown {
    /// A word for the trace.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Overage => "overage",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
        }
    }
}

/// A person, as the identity provider describes them.
#[derive(Clone, Eq, PartialEq)]
pub struct Profile {
    /// The key of the subject inside the connection; none for a transient NameID.
    pub subject_key: Option<String>,
    /// The address: asserted, not proved.
    pub email: Option<String>,
    /// What may be the user name, the likeliest first: attributes, NameID, address.
    pub user_name_candidates: Vec<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// The groups.
    pub groups: Groups,
    /// The immutable identifier that SCIM sends as `externalId`, where the product asserts it.
    pub external_id: Option<String>,
}

impl Profile {
    /// Who is asserted, for people: the address, or else the name.
    pub fn shown(&self, assertion: &Assertion) -> Option<String> {
        let name = assertion.name_id.as_ref();
        self.email
            .clone()
            .or_else(|| name.map(|name| name.value.clone()))
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = match &self.groups {
            Groups::Known(groups) => Ok(groups.len()),
            Groups::Unknown(why) => Err(why.as_str()),
        };
        f.debug_struct("Profile")
            .field("groups", &count)
            .finish_non_exhaustive()
    }
}

/// Reads a person out of an assertion.
pub fn read(
    assertion: &Assertion,
    preset: Preset,
    overrides: &Overrides,
) -> Result<Profile, Error> {
    let claims = preset.claims();
    let said = Said(&assertion.attributes);
    let one = |chosen: &Option<String>, names: &[&str]| said.one(chosen.as_deref(), names);
    let name_id = assertion.name_id.as_ref();
    let user_name = one(&overrides.user_name_attribute, claims.user_name);
    let email = said
        .all(overrides.email_attribute.as_deref(), claims.email)
        .into_iter()
        .flatten()
        .find_map(address)
        .or_else(|| name_id.and_then(address_of));
    let mut user_name_candidates: Vec<String> = Vec::new();
    let of_name_id = name_id
        .filter(|id| !subject::is_transient(id))
        .map(|id| id.value.clone());
    for candidate in [user_name, of_name_id, email.clone()].into_iter().flatten() {
        if !user_name_candidates.contains(&candidate) {
            user_name_candidates.push(candidate);
        }
    }
    Ok(Profile {
        subject_key: subject_key(assertion, &said, overrides)?,
        email,
        user_name_candidates,
        given_name: one(&overrides.given_name_attribute, claims.given_name),
        family_name: one(&overrides.family_name_attribute, claims.family_name),
        display_name: one(&overrides.display_name_attribute, claims.display_name),
        external_id: one(&overrides.external_id_attribute, claims.external_id),
        groups: groups(&said, &claims, overrides),
    })
}

/// The key of the configured attribute, which must have one value; else that of the NameID.
fn subject_key(
    assertion: &Assertion,
    said: &Said<'_>,
    overrides: &Overrides,
) -> Result<Option<String>, Error> {
    let Some(attribute) = overrides.subject_attribute.as_deref() else {
        return Ok(assertion.name_id.as_ref().and_then(subject::key));
    };
    let values = said.all(Some(attribute), &[]).unwrap_or_default();
    match values.as_slice() {
        [value] if value.len() <= VALUE_LIMIT => {
            Ok(Some(subject::key_of_attribute(attribute, value)))
        }
        other => Err(Error::SubjectAttribute {
            attribute: attribute.to_owned(),
            values: other.len(),
        }),
    }
}

fn groups(said: &Said<'_>, claims: &preset::Claims, overrides: &Overrides) -> Groups {
    if claims
        .overage
        .iter()
        .any(|name| said.all(Some(name), &[]).is_some())
    {
        return Groups::Unknown(Unknown::Overage);
    }
    let Some(values) = said.all(overrides.groups_attribute.as_deref(), claims.groups) else {
        return Groups::Unknown(Unknown::Absent);
    };
    let mut groups: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for value in values.into_iter().flat_map(|value| claims.split(value)) {
        let value = value.trim();
        if value.len() > VALUE_LIMIT {
            return Groups::Unknown(Unknown::TooLong);
        }
        let name = if overrides.groups_are_distinguished_names {
            common_name(value)
        } else {
            value.to_owned()
        };
        if !name.is_empty() && seen.insert(name.clone()) {
            groups.push(name);
        }
        if groups.len() > GROUPS_LIMIT {
            return Groups::Unknown(Unknown::TooMany);
        }
    }
    Groups::Known(groups)
}

/// The first `CN` of a distinguished name (RFC 4514 2), or the text as it is.
fn common_name(text: &str) -> String {
    let is_common = text
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("cn="));
    if !is_common {
        return text.to_owned();
    }
    let mut name = String::new();
    let mut characters = text.chars().skip(3);
    while let Some(c) = characters.next() {
        match c {
            ',' | '+' => break,
            '\\' => name.extend(characters.next()),
            c => name.push(c),
        }
    }
    name.trim().to_owned()
}

/// The attributes of an assertion, found by their names.
struct Said<'a>(&'a [Attribute]);

impl<'a> Said<'a> {
    /// All values of the first name that occurs, as Name before as FriendlyName.
    fn all(&self, chosen: Option<&str>, names: &[&str]) -> Option<Vec<&'a str>> {
        let names: Vec<&str> = match chosen {
            Some(name) => vec![name],
            None => names.to_vec(),
        };
        let by = |matches: &dyn Fn(&Attribute, &str) -> bool| {
            names.iter().find_map(|name| {
                let mut found = self.0.iter().filter(|a| matches(a, name)).peekable();
                found.peek()?;
                Some(
                    found
                        .flat_map(|a| a.values.iter().map(String::as_str))
                        .collect(),
                )
            })
        };
        by(&|attribute, name| attribute.name == name)
            .or_else(|| by(&|attribute, name| attribute.friendly_name.as_deref() == Some(name)))
    }

    /// The first value that is not too long, of the first name that has one.
    fn one(&self, chosen: Option<&str>, names: &[&str]) -> Option<String> {
        let names: Vec<&str> = chosen.map_or_else(|| names.to_vec(), |name| vec![name]);
        names.into_iter().find_map(|name| {
            let values = self.all(Some(name), &[])?;
            values
                .into_iter()
                .find(|value| value.len() <= VALUE_LIMIT)
                .map(ToOwned::to_owned)
        })
    }
}
