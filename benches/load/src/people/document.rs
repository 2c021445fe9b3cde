//! What a directory sends: a user of the size and the shape that Okta's are of. Everything of a person
//! follows from the name, so that whoever knows the name can send the whole again.
//!
//! A password is left out: some servers hash it, some drop it, and the hash would be all that is measured.

use crate::people::DOMAIN;

/// The `number`th of the users that an organization is filled with; the first is 1.
pub(crate) fn filled_name(number: u64) -> String {
    format!("user-{number:07}@{DOMAIN}")
}

/// A user whom a workload creates: nobody else's, in this run and in every other.
pub(crate) fn created_name(workload: &str, tag: &str, number: u64) -> String {
    format!("{workload}-{tag}-{number:07}@{DOMAIN}")
}

/// A user as JSON. The title is what W5 changes.
pub(crate) fn document(user_name: &str, title: &str) -> String {
    let key = user_name.split('@').next().unwrap_or(user_name);
    let (given, family) = (given_name(key), family_name(key));
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"externalId":"00u-{key}","userName":"{user_name}","name":{{"givenName":"{given}","familyName":"{family}"}},"displayName":"{given} {family}","title":"{title}","emails":[{{"primary":true,"value":"{user_name}","type":"work"}}],"phoneNumbers":[{{"type":"mobile","value":"+1 555 {number:07}"}}],"locale":"en-US","groups":[],"active":true}}"#,
        number = digits(key),
    )
}

/// A message of PATCH with these operations.
pub(crate) fn patch(operations: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operations}]}}"#
    )
}

/// A message of /Bulk that creates users.
pub(crate) fn bulk(user_names: impl IntoIterator<Item = String>) -> String {
    let operations: Vec<String> = user_names
        .into_iter()
        .enumerate()
        .map(|(at, user_name)| {
            let data = document(&user_name, "Engineer");
            format!(r#"{{"method":"POST","path":"/Users","bulkId":"{at}","data":{data}}}"#)
        })
        .collect();
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{}]}}"#,
        operations.join(",")
    )
}

fn given_name(key: &str) -> String {
    const NAMES: [&str; 8] = [
        "Ada",
        "Blaise",
        "Grace",
        "Hedy",
        "Katherine",
        "Linus",
        "Margaret",
        "Niklaus",
    ];
    let name = NAMES.get(digits(key) as usize % NAMES.len());
    name.copied().unwrap_or_default().to_owned()
}

fn family_name(key: &str) -> String {
    format!("Number{:07}", digits(key))
}

/// The number at the end of a name.
fn digits(key: &str) -> u64 {
    let digits = key.rsplit('-').next().unwrap_or_default();
    digits.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_sent_is_json() {
        let user: Value = serde_json::from_str(&document(&filled_name(12), "Engineer")).unwrap();
        assert_eq!(user["userName"], "user-0000012@load.example");
        assert_eq!(user["phoneNumbers"][0]["value"], "+1 555 0000012");
        let names = (1..=1_000).map(|number| created_name("w9", "65f0", number));
        let bulk: Value = serde_json::from_str(&bulk(names)).unwrap();
        assert_eq!(bulk["Operations"].as_array().unwrap().len(), 1_000);
        serde_json::from_str::<Value>(&patch(r#"{"op":"replace"}"#)).unwrap();
    }
}
