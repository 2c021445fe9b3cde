//! A validated resource (RFC 7643 §3): what its client said, in the schema's spelling, and nothing of ours.
//!
//! The id, `meta`, `schemas`, the groups of a user and the members of a group are the server's and are put
//! around the document by [`render`](super::render::render).

use jiff::Timestamp;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::catalog::ResourceType;
use super::schema::Schema;
use super::text::fold;
use super::{Map, etag, urn};

/// What [`Resource::active`] reads in a document.
pub(crate) fn is_active(document: &Map) -> bool {
    document.get("active").is_none_or(|flag| *flag == true)
}

/// A validated document.
#[derive(Clone, Debug)]
pub struct Resource {
    kind: &'static ResourceType,
    document: Map,
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.document == other.document
    }
}

impl Resource {
    /// A document that was validated before, as the store keeps it.
    pub fn from_document(kind: &'static ResourceType, document: Map) -> Self {
        Self { kind, document }
    }

    /// What kind of resource it is.
    pub fn kind(&self) -> &'static ResourceType {
        self.kind
    }

    /// The document.
    pub fn document(&self) -> &Map {
        &self.document
    }

    /// The document for good.
    pub fn into_document(self) -> Map {
        self.document
    }

    /// The document as the store keeps it.
    pub fn to_text(&self) -> String {
        Value::Object(self.document.clone()).to_string()
    }

    /// What it carries of schemas that the organization registered, by URN.
    pub fn registered(&self) -> Map {
        let ours = self.kind.extensions.iter().map(|it| it.schema);
        let ours = ours.filter(|it| it.urn != urn::ENTERPRISE_USER);
        let of = |schema: &'static Schema| {
            let carried = self.document.get(schema.urn)?;
            Some((schema.urn.to_owned(), carried.clone()))
        };
        ours.filter_map(of).collect()
    }

    /// The base URN, then the extensions in use (RFC 7643 §3).
    pub fn schemas(&self) -> Vec<&'static str> {
        self.kind
            .schemas()
            .filter(|schema| !schema.extension || self.document.contains_key(schema.urn))
            .map(|schema| schema.urn)
            .collect()
    }

    /// The text of a single-valued attribute of the base schema: `title`, `name.familyName`.
    pub fn string(&self, path: &str) -> Option<&str> {
        let (attribute, sub) = path
            .split_once('.')
            .map_or((path, None), |(a, s)| (a, Some(s)));
        let value = self.document.get(attribute)?;
        sub.map_or(Some(value), |sub| value.get(sub))?.as_str()
    }

    /// `userName`.
    pub fn user_name(&self) -> Option<&str> {
        self.string("userName")
    }

    /// `externalId`.
    pub fn external_id(&self) -> Option<&str> {
        self.string("externalId")
    }

    /// `displayName`.
    pub fn display_name(&self) -> Option<&str> {
        self.string("displayName")
    }

    /// `name.givenName`.
    pub fn given_name(&self) -> Option<&str> {
        self.string("name.givenName")
    }

    /// `name.familyName`.
    pub fn family_name(&self) -> Option<&str> {
        self.string("name.familyName")
    }

    /// `name.formatted`.
    pub fn formatted_name(&self) -> Option<&str> {
        self.string("name.formatted")
    }

    /// `locale`.
    pub fn locale(&self) -> Option<&str> {
        self.string("locale")
    }

    /// Whether the client lets the user in. `active` is unassigned where a PATCH took it away: it counts as
    /// what it was, so the document then lacks it (the user is in) or holds a null (the user is out).
    pub fn active(&self) -> bool {
        is_active(&self.document)
    }

    /// The manager's id in the enterprise extension, whether or not it names somebody.
    pub fn manager(&self) -> Option<&str> {
        let extension = self.document.get(urn::ENTERPRISE_USER)?;
        extension.get("manager")?.get("value")?.as_str()
    }

    /// The name to greet the person by, from the best of what is there.
    pub fn full_name(&self) -> Option<String> {
        if let Some(name) = self.display_name().or_else(|| self.formatted_name()) {
            return Some(name.to_owned());
        }
        let parts: Vec<&str> = self
            .given_name()
            .into_iter()
            .chain(self.family_name())
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// The e-mail addresses in their order.
    pub fn emails(&self) -> Vec<Email<'_>> {
        let elements = self.document.get("emails").and_then(Value::as_array);
        elements
            .into_iter()
            .flatten()
            .filter_map(|element| {
                Some(Email {
                    value: element.get("value")?.as_str()?,
                    kind: element.get("type").and_then(Value::as_str),
                    primary: element
                        .get("primary")
                        .and_then(Value::as_bool)
                        .unwrap_or(false),
                })
            })
            .collect()
    }

    /// The address by which the person signs in: the primary one, else the first for work, else the first,
    /// else a user name that is an address.
    pub fn sign_in_address(&self) -> Option<&str> {
        let emails = self.emails();
        let work = |email: &&Email<'_>| email.kind.is_some_and(|kind| fold(kind) == "work");
        emails
            .iter()
            .find(|email| email.primary)
            .or_else(|| emails.iter().find(work))
            .or_else(|| emails.first())
            .map(|email| email.value)
            .or_else(|| self.user_name().filter(|name| is_address(name)))
    }

    pub(crate) fn parts(self) -> (&'static ResourceType, Map) {
        (self.kind, self.document)
    }
}

/// One of the e-mail addresses of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Email<'a> {
    /// The address as sent.
    pub value: &'a str,
    /// What it is for.
    pub kind: Option<&'a str>,
    /// Whether it is preferred.
    pub primary: bool,
}

/// Whether a text has the shape of a mail address.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 254
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && text.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !local.contains('@')
                && !domain.is_empty()
                && domain.split('.').all(|label| !label.is_empty())
        })
}

/// What the server knows of a resource itself (RFC 7643 §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The resource type's name.
    pub resource_type: &'static str,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed.
    pub last_modified: Timestamp,
    /// How often it was written.
    pub version: i64,
    /// Its absolute address.
    pub location: String,
}

impl Meta {
    /// The entity tag of the version (RFC 7644 §3.14).
    pub fn etag(&self) -> String {
        etag::of(self.version)
    }
}

impl Serialize for Meta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Meta", 5)?;
        map.serialize_field("resourceType", self.resource_type)?;
        map.serialize_field("created", &self.created)?;
        map.serialize_field("lastModified", &self.last_modified)?;
        map.serialize_field("location", &self.location)?;
        map.serialize_field("version", &self.etag())?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::catalog::USER_TYPE;

    fn user(document: Value) -> Resource {
        let Value::Object(document) = document else {
            panic!("an object")
        };
        Resource::from_document(&USER_TYPE, document)
    }

    #[test]
    fn the_sign_in_address_is_the_preferred_one() {
        for (document, expected) in [
            (
                json!({"userName": "a", "emails": [{"value": "1@x"}, {"value": "2@x", "primary": true}]}),
                Some("2@x"),
            ),
            (
                json!({"userName": "a", "emails": [{"value": "1@x", "type": "home"}, {"value": "2@x", "type": "Work"}]}),
                Some("2@x"),
            ),
            (
                json!({"userName": "a", "emails": [{"value": "1@x"}, {"value": "2@x"}]}),
                Some("1@x"),
            ),
            (
                json!({"userName": "a@x.org", "emails": [{"type": "work", "primary": true}]}),
                Some("a@x.org"),
            ),
            (json!({"userName": "a@x.org"}), Some("a@x.org")),
            (json!({"userName": "a"}), None),
            (json!({"userName": "a@b@c"}), None),
            (json!({"userName": "a b@c"}), None),
            (json!({"userName": "@c"}), None),
        ] {
            assert_eq!(
                user(document.clone()).sign_in_address(),
                expected,
                "{document}"
            );
        }
    }

    #[test]
    fn schemas_name_the_extensions_in_use() {
        use crate::scim::urn;
        assert_eq!(user(json!({"userName": "a"})).schemas(), [urn::USER]);
        let with =
            user(json!({"userName": "a", urn::ENTERPRISE_USER: {"manager": {"value": "m"}}}));
        assert_eq!(with.schemas(), [urn::USER, urn::ENTERPRISE_USER]);
        assert_eq!(with.manager(), Some("m"));
    }
}
