//! An assertion (SAML Core 2.3.3) of which every rule held.
//!
//! [`Assertion`] has no constructor outside of `saml/`: [`super::conditions::accept`] makes it, and nothing
//! changes it afterwards. Its content is read through [`Content`], which anybody may make and nobody takes
//! for an assertion. Neither prints what it says of the person.

use std::{fmt, ops::Deref};

use jiff::Timestamp;

use super::profile::{UNSPECIFIED, address_of};

/// An accepted assertion.
#[derive(Clone)]
pub struct Assertion(Content);

impl Assertion {
    pub(super) fn accepted(content: Content) -> Self {
        Self(content)
    }

    /// The values of the attribute of this Name, of all its occurrences together; `None` where it is absent.
    pub fn values(&self, name: &str) -> Option<Vec<&str>> {
        let mut found = self.attributes.iter().filter(|a| a.name == name).peekable();
        found.peek()?;
        Some(
            found
                .flat_map(|a| a.values.iter().map(String::as_str))
                .collect(),
        )
    }
}

impl Deref for Assertion {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.0
    }
}

/// What an assertion says.
#[derive(Clone)]
pub struct Content {
    /// The Response's ID, where the Response was signed.
    pub response_id: Option<String>,
    /// The Response's ID as it came, signed or not: good for refusing it twice, for nothing else.
    pub received_response_id: String,
    /// The Assertion's ID.
    pub assertion_id: String,
    /// The entity id of the identity provider.
    pub issuer: String,
    /// When it was issued.
    pub issue_instant: Timestamp,
    /// The subject's NameID, where there is one.
    pub name_id: Option<NameId>,
    /// The request it answers; `None` when nobody asked.
    pub in_response_to: Option<String>,
    /// The session at the identity provider.
    pub session_index: Option<String>,
    /// When that session ends at the latest.
    pub session_not_on_or_after: Option<Timestamp>,
    /// When the person signed in.
    pub authn_instant: Option<Timestamp>,
    /// How the person signed in.
    pub authn_context_class: Option<String>,
    /// The attributes in their order, of all statements; occurrences of one Name are not merged.
    pub attributes: Vec<Attribute>,
    /// Until when its ID must be remembered.
    pub replay_until: Timestamp,
    /// The fingerprint of the certificate that verified it.
    pub certificate: String,
}

/// A NameID (Core 2.2.3).
#[derive(Clone, Eq, PartialEq)]
pub struct NameId {
    /// The identifier.
    pub value: String,
    /// Its format; absent means unspecified.
    pub format: Option<String>,
    /// NameQualifier.
    pub name_qualifier: Option<String>,
    /// SPNameQualifier.
    pub sp_name_qualifier: Option<String>,
}

impl NameId {
    /// Whether it names the same as another one at the same two parties (Core 3.3.4, 8.3.1). A
    /// qualifier that is absent is that party's entity id, and a format that says nothing says
    /// nothing against another one. Addresses are the same in whatever case, as where somebody signs in.
    pub fn names_the_same(&self, other: &Self, idp: &str, sp: &str) -> bool {
        let vague = |format: &Option<String>| {
            let format = format.as_deref();
            format.is_none_or(|format| UNSPECIFIED.contains(&format))
        };
        let is_address = |it: String| address_of(other).is_some_and(|other| it == other);
        let values = self.value == other.value || address_of(self).is_some_and(is_address);
        let formats = self.format == other.format || vague(&self.format) || vague(&other.format);
        let qualifiers = |one: &Option<String>, two: &Option<String>, party: &str| {
            one.as_deref().unwrap_or(party) == two.as_deref().unwrap_or(party)
        };
        values
            && formats
            && qualifiers(&self.name_qualifier, &other.name_qualifier, idp)
            && qualifiers(&self.sp_name_qualifier, &other.sp_name_qualifier, sp)
    }
}

/// An attribute (Core 2.7.3.1).
#[derive(Clone, Eq, PartialEq)]
pub struct Attribute {
    /// Name.
    pub name: String,
    /// FriendlyName.
    pub friendly_name: Option<String>,
    /// Its values that say something: neither empty nor nil.
    pub values: Vec<String>,
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion")
            .field("content", &self.0)
            .finish()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("assertion_id", &self.assertion_id)
            .field("issuer", &self.issuer)
            .field("issue_instant", &self.issue_instant)
            .field("name_id", &self.name_id)
            .field("attributes", &self.attributes)
            .field("replay_until", &self.replay_until)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameId")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} values)", self.name, self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_where_nothing_speaks_against_it() {
        let name = |value: &str, format: &str, idp: &str, sp: &str| {
            let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            NameId {
                value: value.to_owned(),
                format: said(format),
                name_qualifier: said(idp),
                sp_name_qualifier: said(sp),
            }
        };
        let ada = name("ada", "urn:email", "urn:idp", "urn:sp");
        for (other, same) in [
            (ada.clone(), true),
            (name("ada", "", "", ""), true),
            (name("ada", UNSPECIFIED[0], "urn:idp", ""), true),
            (name("ada", UNSPECIFIED[1], "urn:idp", ""), true),
            (name("Ada", "urn:email", "", ""), false),
            (name("ada", "urn:persistent", "", ""), false),
            (name("ada", "", "urn:other", ""), false),
            (name("ada", "", "", "urn:other"), false),
        ] {
            assert_eq!(ada.names_the_same(&other, "urn:idp", "urn:sp"), same);
            assert_eq!(other.names_the_same(&ada, "urn:idp", "urn:sp"), same);
        }
        let persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
        let (one, two) = ("Ada@Acme.example", "ada@ACME.example");
        for (format, same) in [("", true), (UNSPECIFIED[1], true), (persistent, false)] {
            let (one, two) = (name(one, format, "", ""), name(two, format, "", ""));
            assert_eq!(one.names_the_same(&two, "urn:idp", "urn:sp"), same);
        }
    }
}
