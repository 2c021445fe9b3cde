//! The representation of a resource (RFC 7643 §3): its document with all that is the server's around it.

use serde_json::{Value, json};

use super::catalog::ResourceType;
use super::members::MemberKind;
use super::resource::{Meta, Resource};
use super::{Map, urn};

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
        /// The members; `None` when the client left them out and they were never loaded.
        members: Option<Vec<MemberRef>>,
    },
}

/// A group of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRef {
    /// Its id.
    pub value: String,
    /// Its name.
    pub display: String,
    /// Its absolute address.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRef {
    /// The id.
    pub value: String,
    /// The name.
    pub display: Option<String>,
    /// What it is.
    pub kind: MemberKind,
    /// The absolute address.
    pub reference: String,
}

/// The full representation.
pub fn render(
    kind: &'static ResourceType,
    id: &str,
    resource: &Resource,
    meta: &Meta,
    computed: Computed,
) -> Map {
    let mut map = resource.document().clone();
    // Null is unassigned, and what is unassigned is not told (RFC 7643 §2.5).
    map.retain(|_, value| !value.is_null());
    map.insert("schemas".to_owned(), resource.schemas().into());
    map.insert("id".to_owned(), id.into());
    map.insert("meta".to_owned(), Value::Object(meta.to_map()));
    debug_assert_eq!(
        kind,
        resource.kind(),
        "a resource is rendered as what it is"
    );
    match computed {
        Computed::User { groups, manager } => {
            if !groups.is_empty() {
                let groups = groups.into_iter().map(group).collect();
                map.insert("groups".to_owned(), Value::Array(groups));
            }
            if let Some(manager) = manager {
                fill_manager(&mut map, manager);
            }
        }
        Computed::Group { members } => {
            let members = members.unwrap_or_default();
            if !members.is_empty() {
                let members = members.into_iter().map(member).collect();
                map.insert("members".to_owned(), Value::Array(members));
            }
        }
    }
    map
}

fn group(group: GroupRef) -> Value {
    json!({
        "value": group.value,
        "display": group.display,
        "type": "direct",
        "$ref": group.reference,
    })
}

fn member(member: MemberRef) -> Value {
    let mut value = json!({
        "value": member.value,
        "type": member.kind.word(),
        "$ref": member.reference,
    });
    if let (Some(display), Some(map)) = (member.display, value.as_object_mut()) {
        map.insert("display".to_owned(), display.into());
    }
    value
}

fn fill_manager(map: &mut Map, manager: ManagerRef) {
    let known = map
        .get_mut(urn::ENTERPRISE_USER)
        .and_then(|extension| extension.get_mut("manager"))
        .and_then(Value::as_object_mut);
    if let Some(known) = known {
        known.insert("$ref".to_owned(), manager.reference.into());
        if let Some(display) = manager.display {
            known.insert("displayName".to_owned(), display.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};

    fn meta(resource_type: &'static str) -> Meta {
        let at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let location = "https://u/Users/1".to_owned();
        Meta {
            resource_type,
            created: at,
            last_modified: at,
            version: 1,
            location,
        }
    }

    #[test]
    fn a_user_is_shown_whole() {
        let document = json!({"userName": "b", urn::ENTERPRISE_USER: {"manager": {"value": "m"}}});
        let resource = Resource::from_document(&USER_TYPE, document.as_object().unwrap().clone());
        let groups = vec![GroupRef {
            value: "g".into(),
            display: "G".into(),
            reference: "https://u/Groups/g".into(),
        }];
        let manager = Some(ManagerRef {
            reference: "https://u/Users/m".into(),
            display: Some("M".into()),
        });
        let shown = render(
            &USER_TYPE,
            "1",
            &resource,
            &meta("User"),
            Computed::User { groups, manager },
        );
        assert_eq!(
            Value::Object(shown),
            json!({
                "schemas": [urn::USER, urn::ENTERPRISE_USER], "id": "1", "userName": "b",
                "meta": {
                    "resourceType": "User", "created": "2026-01-01T00:00:00Z",
                    "lastModified": "2026-01-01T00:00:00Z", "location": "https://u/Users/1",
                    "version": "W/\"1\"",
                },
                "groups": [{"value": "g", "display": "G", "type": "direct", "$ref": "https://u/Groups/g"}],
                urn::ENTERPRISE_USER: {
                    "manager": {"value": "m", "$ref": "https://u/Users/m", "displayName": "M"}
                },
            })
        );
    }

    #[test]
    fn a_group_shows_its_members_when_they_were_loaded() {
        let document = json!({"displayName": "G"});
        let resource = Resource::from_document(&GROUP_TYPE, document.as_object().unwrap().clone());
        let show = |members| {
            render(
                &GROUP_TYPE,
                "1",
                &resource,
                &meta("Group"),
                Computed::Group { members },
            )
        };
        assert!(!show(None).contains_key("members"));
        let member = MemberRef {
            value: "u".into(),
            display: None,
            kind: MemberKind::User,
            reference: "https://u/Users/u".into(),
        };
        assert_eq!(
            show(Some(vec![member])).get("members"),
            Some(&json!([{"value": "u", "type": "User", "$ref": "https://u/Users/u"}]))
        );
    }
}
