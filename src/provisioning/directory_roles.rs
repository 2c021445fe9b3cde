//! What a directory itself calls a person's roles and entitlements (RFC 7643 §4.1.2): kept in the resource, and
//! passed on to apps as it is. No role of Usher's follows from it.

use serde_json::Value;

use crate::limits;
use crate::provisioning::Error;
use crate::provisioning::sessions::Door;
use crate::store::rows::UserRow;
use crate::store::{self, Tx};

/// The values that the directory behind a session's connection gives the person: `roles`, then
/// `entitlements`, each value once, as many and as long as [`limits::DIRECTORY_ROLES`] and
/// [`limits::DIRECTORY_ROLE_LENGTH`] allow.
///
/// Only of an active resource of that very connection: another directory's word means nothing to the app that
/// this one signs people in to. Of a complex value it is `value` that counts, or `display` where there is none;
/// one that is too long is left out, since a part of it could be another's name.
pub(super) async fn of(tx: &mut Tx, door: &Door, user: &UserRow) -> Result<Vec<String>, Error> {
    let Door::Connection(connection) = door else {
        return Ok(Vec::new());
    };
    let rows = tx.scim_users_of(user.org_id, user.id).await?;
    let mut here = rows.iter();
    let row = here.find(|row| row.connection_id == connection.id && row.active);
    let Some(row) = row else {
        return Ok(Vec::new());
    };
    let document: Value = serde_json::from_str(&row.document.0).map_err(|_| {
        let (table, column) = ("scim_users", "document");
        Error::Store(store::Error::Corrupt { table, column })
    })?;
    Ok(values(&document))
}

fn values(document: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let all = ["roles", "entitlements"].into_iter();
    let all = all.filter_map(|name| document.get(name).and_then(Value::as_array));
    for said in all.flatten().filter_map(word) {
        let fits = !said.is_empty() && said.chars().count() <= limits::DIRECTORY_ROLE_LENGTH;
        if fits && found.len() < limits::DIRECTORY_ROLES && !found.iter().any(|it| it == said) {
            found.push(said.to_owned());
        }
    }
    found
}

/// The word of one value.
fn word(value: &Value) -> Option<&str> {
    let part = |name| value.get(name).and_then(Value::as_str);
    value
        .as_str()
        .or_else(|| part("value"))
        .or_else(|| part("display"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_come_once_in_their_order_and_within_the_limits() {
        let long = "x".repeat(limits::DIRECTORY_ROLE_LENGTH);
        for (document, expected) in [
            (json!({}), vec![]),
            (json!({"roles": []}), vec![]),
            (
                json!({"entitlements": [{"value": "seat"}],
                    "roles": [{"value": "b", "type": "x"}, {"value": "a"}, {"value": "b"}]}),
                vec!["b", "a", "seat"],
            ),
            (
                json!({"roles": ["plain", {"display": "shown"}, {"value": ""}, {"primary": true}, 7]}),
                vec!["plain", "shown"],
            ),
            (
                json!({"roles": [{"value": long}, {"value": format!("{long}x")}]}),
                vec![&*long],
            ),
        ] {
            assert_eq!(values(&document), expected, "{document}");
        }
        let many: Vec<_> = (0..=limits::DIRECTORY_ROLES)
            .map(|it| json!({"value": it.to_string()}))
            .collect();
        let told = values(&json!({"roles": many}));
        assert_eq!(told.len(), limits::DIRECTORY_ROLES);
    }
}
