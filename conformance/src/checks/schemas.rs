//! Schemas, and whether they describe what is served (RFC 7643 §7, §8; RFC 7644 §4).

use serde_json::{Value, json};

use crate::answer::text;
use crate::checks::checks;
use crate::client::{Client, GROUP, USER};
use crate::discovery::attribute;
use crate::fault::{Checked, Fault};

checks!("schemas":
    schemas_are_told,
    each_schema_is_found,
    attributes_have_their_characteristics,
    schemas_do_not_nest,
    schemas_agree_with_the_standard,
    messages_are_no_schemas,
    the_schemas_of_discovery_are_told,
    what_is_described_comes_back,
);

async fn schemas_are_told(c: &Client) -> Checked {
    let answer = c.get("/Schemas").await?.expect(&[200])?;
    answer.holds(&json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": answer.resources().len(),
    }))?;
    answer.must(!answer.resources().is_empty(), "there is a schema")
}

async fn each_schema_is_found(c: &Client) -> Checked {
    for schema in &c.discovery.schemas {
        let answer = c
            .get(&format!("/Schemas/{}", text(&schema["id"])))
            .await?
            .expect(&[200])?;
        answer.holds(&json!({"id": schema["id"], "attributes": schema["attributes"]}))?;
    }
    Ok(())
}

/// Every attribute of every schema, with its path, and the attribute that it is a part of.
fn attributes(c: &Client) -> Vec<(String, &Value, Option<&Value>)> {
    let mut all = Vec::new();
    for schema in &c.discovery.schemas {
        for whole in schema["attributes"].as_array().into_iter().flatten() {
            let path = format!("{}:{}", text(&schema["id"]), text(&whole["name"]));
            for part in whole["subAttributes"].as_array().into_iter().flatten() {
                all.push((format!("{path}.{}", text(&part["name"])), part, Some(whole)));
            }
            all.push((path, whole, None));
        }
    }
    all
}

async fn attributes_have_their_characteristics(c: &Client) -> Checked {
    for (characteristic, words) in [
        (
            "type",
            &[
                "string",
                "boolean",
                "decimal",
                "integer",
                "dateTime",
                "reference",
                "binary",
                "complex",
            ][..],
        ),
        (
            "mutability",
            &["readOnly", "readWrite", "immutable", "writeOnly"],
        ),
        ("returned", &["always", "never", "default", "request"]),
        ("uniqueness", &["none", "server", "global"]),
    ] {
        for (path, attribute, _) in attributes(c) {
            let word = &attribute[characteristic];
            let left_out = word.is_null() && characteristic != "type";
            if !left_out && !words.contains(&text(word).as_str()) {
                return Err(Fault::failed(format!("{path}: {characteristic} is {word}")));
            }
        }
    }
    let plain = |it: &Value| it["name"].is_string() && it["multiValued"].is_boolean();
    match attributes(c)
        .iter()
        .find(|(_, attribute, _)| !plain(attribute))
    {
        Some((path, ..)) => Err(Fault::failed(format!(
            "{path} has no name or no multiValued"
        ))),
        None => Ok(()),
    }
}

async fn schemas_do_not_nest(c: &Client) -> Checked {
    let nested = |(_, part, whole): &&(String, &Value, Option<&Value>)| {
        whole.is_some() && part["type"] == "complex"
    };
    // RFC 7643 §7 describes attributes with a complex attribute that nests itself.
    let ours = |path: &str| !path.starts_with("urn:ietf:params:scim:schemas:core:2.0:Schema:");
    match attributes(c).iter().filter(|it| ours(&it.0)).find(nested) {
        Some((path, ..)) => Err(Fault::failed(format!("{path} is complex within a complex"))),
        None => Ok(()),
    }
}

/// Attributes of the standard: schema, path, type, whether there are many values, mutability.
const STANDARD: [(&str, &str, &str, bool, &str); 22] = [
    (USER, "userName", "string", false, "readWrite"),
    (USER, "name", "complex", false, "readWrite"),
    (USER, "name.familyName", "string", false, "readWrite"),
    (USER, "displayName", "string", false, "readWrite"),
    (USER, "nickName", "string", false, "readWrite"),
    (USER, "profileUrl", "reference", false, "readWrite"),
    (USER, "title", "string", false, "readWrite"),
    (USER, "userType", "string", false, "readWrite"),
    (USER, "active", "boolean", false, "readWrite"),
    (USER, "password", "string", false, "writeOnly"),
    (USER, "emails", "complex", true, "readWrite"),
    (USER, "emails.primary", "boolean", false, "readWrite"),
    (USER, "phoneNumbers", "complex", true, "readWrite"),
    (USER, "ims", "complex", true, "readWrite"),
    (USER, "photos", "complex", true, "readWrite"),
    (USER, "addresses", "complex", true, "readWrite"),
    (USER, "groups", "complex", true, "readOnly"),
    (USER, "entitlements", "complex", true, "readWrite"),
    (USER, "roles", "complex", true, "readWrite"),
    (USER, "x509Certificates", "complex", true, "readWrite"),
    (GROUP, "displayName", "string", false, "readWrite"),
    (GROUP, "members", "complex", true, "readWrite"),
];

async fn schemas_agree_with_the_standard(c: &Client) -> Checked {
    for (urn, path, kind, many, mutability) in STANDARD {
        let Some(schema) = c.discovery.schema(urn) else {
            continue;
        };
        let found = path.split('.').try_fold(schema, attribute);
        let Some(found) = found else { continue };
        let same = found["type"] == kind
            && found["multiValued"] == many
            && (found["mutability"].is_null() || found["mutability"] == mutability);
        if !same {
            return Err(Fault::failed(format!(
                "{urn}:{path} is described as {found}"
            )));
        }
    }
    let user = c.discovery.schema(USER).map(|it| attribute(it, "userName"));
    match user {
        Some(Some(name)) if name["required"] == true => Ok(()),
        Some(_) => Err(Fault::failed(
            "the User schema has a userName, which is required",
        )),
        None => Err(Fault::failed(format!("Schemas does not have {USER}"))),
    }
}

async fn messages_are_no_schemas(c: &Client) -> Checked {
    let message = |it: &&Value| text(&it["id"]).contains(":scim:api:");
    match c.discovery.schemas.iter().find(message) {
        Some(schema) => Err(Fault::failed(format!("Schemas has {}", schema["id"]))),
        None => Ok(()),
    }
}

async fn the_schemas_of_discovery_are_told(c: &Client) -> Checked {
    let own = |it: &&Value| text(&it["id"]).contains(":core:2.0:Schema");
    let Some(schema) = c.discovery.schemas.iter().find(own) else {
        return Err(Fault::skipped(
            "Schemas does not have those of discovery, which is optional",
        ));
    };
    let told = schema["attributes"]
        .as_array()
        .is_some_and(|it| !it.is_empty());
    if told {
        Ok(())
    } else {
        Err(Fault::failed("the schema of schemas has no attributes"))
    }
}

async fn what_is_described_comes_back(c: &Client) -> Checked {
    let Some(schema) = c.discovery.schema(USER) else {
        return Err(Fault::skipped("Schemas does not have the User schema"));
    };
    let plain = |it: &&Value| {
        let read_write = it["mutability"].is_null() || it["mutability"] == "readWrite";
        it["type"] == "string"
            && it["multiValued"] == false
            && read_write
            && it["name"] != "userName"
    };
    let attributes = schema["attributes"].as_array().into_iter().flatten();
    let attributes = attributes
        .filter(plain)
        .map(|it| (text(&it["name"]), "en-GB".into()));
    let sent = Value::Object(attributes.collect());
    let user = c.user(sent.clone()).await?;
    c.get(&user.path).await?.holds(&sent)
}
