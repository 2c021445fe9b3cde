//! What of an event is personal: the one list of it. Who records something personal under another name adds
//! the name here.

use serde_json::Value;

/// The members of an event's data whose values are personal, whatever they hold, and the attributes
/// whose old and new values are.
const PERSONAL: &[&str] = &[
    "address",
    "addresses",
    "break_glass_reason",
    "display_name",
    "document",
    "email",
    "emails",
    "extensions",
    "external_id",
    "family_name",
    "given_name",
    "grant_reason",
    "ip",
    "link_reason",
    "message",
    "name_id",
    "other_email",
    "override_reason",
    "phone_numbers",
    "reply",
    "resource",
    "transfer_reason",
    "user_name",
];

/// The places of personal values that are there.
pub(super) fn places(data: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(data, &mut String::new(), &mut found);
    found
}

fn look(value: &Value, place: &mut String, found: &mut Vec<String>) {
    let length = place.len();
    match value {
        Value::Object(members) => {
            let changed = members.get("attribute").and_then(Value::as_str);
            let of_person = changed.is_some_and(|it| PERSONAL.contains(&it));
            for (name, value) in members {
                place.push('/');
                place.push_str(&name.replace('~', "~0").replace('/', "~1"));
                let is_personal = PERSONAL.contains(&name.as_str())
                    || (of_person && matches!(name.as_str(), "old" | "new"));
                if !is_personal {
                    look(value, place, found);
                } else if !value.is_null() {
                    found.push(place.clone());
                }
                place.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                place.push('/');
                place.push_str(&index.to_string());
                look(value, place, found);
                place.truncate(length);
            }
        }
        _ => {}
    }
}
