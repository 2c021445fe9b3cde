//! The representation of a resource (RFC 7643 §3), as the text that is sent: what its document says goes through as the
//! store keeps it, with all that is the server's around it. Only what a projection takes apart is read.

use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::catalog::ResourceType;
use super::members::MemberKind;
use super::path::AttributePath;
use super::projection::{Projection, Share};
use super::resource::Meta;
use super::schema::{Attribute, Schema};
use super::stored::Stored;
use super::urn;

/// A representation, as text.
pub type Shown = Box<RawValue>;

/// What the server works out for a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Computed {
    /// Of a user.
    User {
        /// The groups the user is a direct member of.
        groups: Vec<GroupRef>,
        /// The manager, when the id in the document names a user of the connection.
        manager: Option<ManagerRef>,
    },
    /// Of a group.
    Group {
        /// The members; none when the client left them out and they were never loaded.
        members: Vec<MemberRef>,
    },
}

/// A group of a user, of which they are a member by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "direct")]
pub struct GroupRef {
    /// Its id.
    pub value: String,
    /// Its name.
    pub display: String,
    /// Its absolute address.
    #[serde(rename = "$ref")]
    pub reference: String,
}

/// A user's manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerRef {
    /// The absolute address.
    pub reference: String,
    /// The name.
    pub display: Option<String>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberRef {
    /// The id.
    pub value: String,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: MemberKind,
    /// The absolute address.
    #[serde(rename = "$ref")]
    pub reference: String,
}

/// What there is of a resource.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What kind of resource it is.
    pub kind: &'static ResourceType,
    /// Its id.
    pub id: &'a str,
    /// Its document.
    pub stored: &'a Stored<'a>,
    /// What the server knows of it itself.
    pub meta: &'a Meta,
    /// What the server works out.
    pub computed: &'a Computed,
}

/// As much of it as is asked for.
pub fn render(view: View<'_>, projection: &Projection) -> Result<Shown, serde_json::Error> {
    to_raw_value(&Asked { view, projection })
}

struct Asked<'a> {
    view: View<'a>,
    projection: &'a Projection,
}

impl Serialize for Asked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let View { kind, stored, .. } = self.view;
        let mut map = serializer.serialize_map(None)?;
        let in_use = |it: &&Schema| !it.extension || stored.get(it.urn).is_some();
        let schemas: Vec<_> = kind.schemas().filter(in_use).map(|it| it.urn).collect();
        self.common(&mut map, "schemas", &schemas)?;
        self.common(&mut map, "id", self.view.id)?;
        for (name, value) in stored.parts() {
            // Null is unassigned, and what is unassigned is not told (RFC 7643 §2.5).
            if value.get() == "null" {
                continue;
            }
            if let Some(schema) = kind.schema_of(name).filter(|it| it.extension) {
                self.extension(&mut map, schema, value)?;
            } else if let Some(attribute) = kind.attribute(name) {
                self.part(&mut map, (kind.schema, attribute), value)?;
            }
        }
        match self.view.computed {
            Computed::User { groups, .. } if !groups.is_empty() => {
                self.common(&mut map, "groups", groups)?;
            }
            Computed::Group { members } if !members.is_empty() => {
                self.common(&mut map, "members", members)?;
            }
            Computed::User { .. } | Computed::Group { .. } => {}
        }
        self.common(&mut map, "meta", self.view.meta)?;
        map.end()
    }
}

impl Asked<'_> {
    /// What is the server's, by the name that the kind has for it.
    fn common<M: SerializeMap>(
        &self,
        map: &mut M,
        name: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), M::Error> {
        match self.view.kind.attribute(name) {
            Some(attribute) => self.part(map, (self.view.kind.schema, attribute), value),
            None => Ok(()),
        }
    }

    /// As much of an attribute as is asked for.
    fn part<M: SerializeMap>(
        &self,
        map: &mut M,
        (schema, attribute): (&'static Schema, &'static Attribute),
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), M::Error> {
        let path = AttributePath {
            schema,
            attribute,
            sub: None,
        };
        match self.projection.share(path) {
            Share::Nothing => Ok(()),
            Share::Whole => map.serialize_entry(attribute.name, value),
            Share::Parts => {
                let value = serde_json::to_value(value).map_err(M::Error::custom)?;
                match self.projection.value(path, value) {
                    Some(value) => map.serialize_entry(attribute.name, &value),
                    None => Ok(()),
                }
            }
        }
    }

    /// As much of an extension as is asked for; nothing where nothing of it is left.
    fn extension<M: SerializeMap>(
        &self,
        map: &mut M,
        schema: &'static Schema,
        value: &RawValue,
    ) -> Result<(), M::Error> {
        let parts = Stored::read(value.get()).map_err(M::Error::custom)?;
        let shown = to_raw_value(&Extension {
            asked: self,
            schema,
            parts,
        });
        let shown = shown.map_err(M::Error::custom)?;
        if shown.get() == "{}" {
            return Ok(());
        }
        map.serialize_entry(schema.urn, &shown)
    }
}

struct Extension<'a> {
    asked: &'a Asked<'a>,
    schema: &'static Schema,
    parts: Stored<'a>,
}

impl Serialize for Extension<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.parts.parts() {
            let Some(attribute) = self.schema.attribute(name) else {
                continue;
            };
            let of = (self.schema, attribute);
            match self.asked.view.computed {
                Computed::User {
                    manager: Some(manager),
                    ..
                } if self.schema.urn == urn::ENTERPRISE_USER && attribute.name == "manager" => {
                    let whole = filled(value, manager).map_err(S::Error::custom)?;
                    self.asked.part(&mut map, of, &whole)?;
                }
                _ => self.asked.part(&mut map, of, value)?,
            }
        }
        map.end()
    }
}

/// The manager with what the server knows of them.
fn filled(value: &RawValue, manager: &ManagerRef) -> Result<Value, serde_json::Error> {
    let mut whole: Value = serde_json::from_str(value.get())?;
    if let Some(parts) = whole.as_object_mut() {
        parts.insert("$ref".to_owned(), manager.reference.as_str().into());
        if let Some(display) = &manager.display {
            parts.insert("displayName".to_owned(), display.as_str().into());
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::scim::Strictness;
    use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};

    fn shown(
        kind: &'static ResourceType,
        document: &Value,
        computed: &Computed,
        attributes: Option<&str>,
    ) -> Value {
        let at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let meta = Meta {
            resource_type: kind.name,
            created: at,
            last_modified: at,
            version: 1,
            location: "https://u/1".to_owned(),
        };
        let text = document.to_string();
        let view = View {
            kind,
            id: "1",
            stored: &Stored::read(&text).unwrap(),
            meta: &meta,
            computed,
        };
        let projection = Projection::parse(kind, attributes, None, Strictness::Rfc).unwrap();
        serde_json::from_str(render(view, &projection).unwrap().get()).unwrap()
    }

    fn person() -> (Value, Computed) {
        let enterprise = json!({"department": "D", "manager": {"value": "m"}});
        let document = json!({
            "userName": "b", "title": null, "active": true, "emails": [{"value": "a", "type": "work"}],
            urn::ENTERPRISE_USER: enterprise, "urn:gone": {"a": 1}, "gone": 1,
        });
        let groups = vec![GroupRef {
            value: "g".into(),
            display: "G".into(),
            reference: "https://u/Groups/g".into(),
        }];
        let manager = Some(ManagerRef {
            reference: "https://u/Users/m".into(),
            display: Some("M".into()),
        });
        (document, Computed::User { groups, manager })
    }

    #[test]
    fn a_user_is_shown_whole() {
        let (document, computed) = person();
        assert_eq!(
            shown(&USER_TYPE, &document, &computed, None),
            json!({
                "schemas": [urn::USER, urn::ENTERPRISE_USER], "id": "1", "userName": "b", "active": true,
                "emails": [{"value": "a", "type": "work"}],
                "meta": {
                    "resourceType": "User", "created": "2026-01-01T00:00:00Z",
                    "lastModified": "2026-01-01T00:00:00Z", "location": "https://u/1", "version": "W/\"1\"",
                },
                "groups": [{"value": "g", "display": "G", "type": "direct", "$ref": "https://u/Groups/g"}],
                urn::ENTERPRISE_USER: {
                    "department": "D",
                    "manager": {"value": "m", "$ref": "https://u/Users/m", "displayName": "M"},
                },
            })
        );
    }

    #[test]
    fn a_part_of_everything_can_be_asked_for() {
        let (document, computed) = person();
        let manager = format!("{}:manager.displayName", urn::ENTERPRISE_USER);
        let asked = format!("emails.value,groups.display,meta.version,{manager}");
        assert_eq!(
            shown(&USER_TYPE, &document, &computed, Some(&asked)),
            json!({
                "schemas": [urn::USER, urn::ENTERPRISE_USER], "id": "1", "emails": [{"value": "a"}],
                "groups": [{"display": "G"}], "meta": {"version": "W/\"1\""},
                urn::ENTERPRISE_USER: {"manager": {"displayName": "M"}},
            })
        );
        assert_eq!(
            shown(&USER_TYPE, &document, &computed, Some("nickName")),
            json!({"schemas": [urn::USER, urn::ENTERPRISE_USER], "id": "1"})
        );
    }

    #[test]
    fn a_group_shows_its_members_when_they_were_loaded() {
        let show = |members| {
            let computed = Computed::Group { members };
            shown(&GROUP_TYPE, &json!({"displayName": "G"}), &computed, None)
        };
        assert_eq!(show(Vec::new()).get("members"), None);
        let member = MemberRef {
            value: "u".into(),
            display: None,
            kind: MemberKind::User,
            reference: "https://u/Users/u".into(),
        };
        assert_eq!(
            show(vec![member]).get("members"),
            Some(&json!([{"value": "u", "type": "User", "$ref": "https://u/Users/u"}]))
        );
    }
}
