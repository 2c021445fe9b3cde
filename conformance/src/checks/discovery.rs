//! Discovery, and whether it tells the truth (RFC 7643 §5, §6; RFC 7644 §4).

use serde_json::{Value, json};

use crate::answer::text;
use crate::checks::checks;
use crate::client::Client;
use crate::fault::{Checked, Fault};

checks!("discovery":
    the_configuration_is_complete,
    the_configuration_has_no_id,
    the_configuration_needs_no_token,
    authentication_schemes_are_of_a_known_type,
    resource_types_are_told,
    each_resource_type_is_found,
    each_type_has_its_schema,
    discovery_has_no_nulls,
    a_filter_on_discovery_is_refused,
    paging_of_discovery_is_passed_over,
    discovery_is_read_only,
    an_unknown_schema_is_not_found,
    what_is_announced_works,
);

const DOCUMENTS: [&str; 3] = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"];

async fn the_configuration_is_complete(c: &Client) -> Checked {
    let answer = c.get("/ServiceProviderConfig").await?.expect(&[200])?;
    let urn = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
    answer.holds(&json!({"schemas": [urn], "authenticationSchemes": {"$present": true}}))?;
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        let supported = answer.at(&format!("/{feature}/supported"));
        answer.must(
            supported.is_boolean(),
            format!("{feature}.supported is told"),
        )?;
    }
    for (feature, limit) in [
        ("bulk", "maxOperations"),
        ("bulk", "maxPayloadSize"),
        ("filter", "maxResults"),
    ] {
        let value = answer.at(&format!("/{feature}/{limit}"));
        answer.must(value.is_u64(), format!("{feature}.{limit} is an integer"))?;
    }
    Ok(())
}

async fn the_configuration_has_no_id(c: &Client) -> Checked {
    let answer = c.get("/ServiceProviderConfig").await?.expect(&[200])?;
    answer.holds(&json!({"id": {"$absent": true}}))
}

async fn the_configuration_needs_no_token(c: &Client) -> Checked {
    let mut request = c.request("GET", "/ServiceProviderConfig");
    request.headers.retain(|(name, _)| name != "authorization");
    c.send(request).await?.expect(&[200])?;
    Ok(())
}

async fn authentication_schemes_are_of_a_known_type(c: &Client) -> Checked {
    let answer = c.get("/ServiceProviderConfig").await?.expect(&[200])?;
    let known = [
        "oauth",
        "oauth2",
        "oauthbearertoken",
        "httpbasic",
        "httpdigest",
    ];
    let schemes = answer.at("/authenticationSchemes").as_array();
    for scheme in schemes.into_iter().flatten() {
        let kind = text(&scheme["type"]);
        answer.must(
            known.contains(&kind.as_str()),
            format!("{kind:?} is a known type"),
        )?;
        let told = scheme["name"].is_string() && scheme["description"].is_string();
        answer.must(told, "a scheme has a name and a description")?;
    }
    Ok(())
}

async fn resource_types_are_told(c: &Client) -> Checked {
    let answer = c.get("/ResourceTypes").await?.expect(&[200])?;
    answer.must(!answer.resources().is_empty(), "there is a type")?;
    for kind in answer.resources() {
        let told = ["name", "endpoint", "schema"]
            .iter()
            .all(|it| kind[*it].is_string());
        answer.must(told, "a type has a name, an endpoint and a schema")?;
        let urn = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
        answer.must(
            kind["schemas"] == json!([urn]),
            "a type says that it is one",
        )?;
        let extensions = kind["schemaExtensions"].as_array();
        let whole = |it: &Value| it["schema"].is_string() && it["required"].is_boolean();
        answer.must(
            extensions.is_none_or(|list| list.iter().all(whole)),
            "an extension has a schema, and tells whether it is required",
        )?;
    }
    Ok(())
}

async fn each_resource_type_is_found(c: &Client) -> Checked {
    for kind in &c.discovery.types {
        let name = text(&kind["id"]);
        let name = if name.is_empty() {
            text(&kind["name"])
        } else {
            name
        };
        let answer = c
            .get(&format!("/ResourceTypes/{name}"))
            .await?
            .expect(&[200])?;
        answer.holds(&json!({"name": kind["name"], "endpoint": kind["endpoint"]}))?;
    }
    Ok(())
}

async fn each_type_has_its_schema(c: &Client) -> Checked {
    for kind in &c.discovery.types {
        let extensions = kind["schemaExtensions"].as_array();
        let extensions = extensions
            .into_iter()
            .flatten()
            .map(|it| text(&it["schema"]));
        for urn in extensions.chain([text(&kind["schema"])]) {
            if c.discovery.schema(&urn).is_none() {
                return Err(Fault::failed(format!("Schemas does not have {urn}")));
            }
        }
    }
    Ok(())
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        _ => false,
    }
}

async fn discovery_has_no_nulls(c: &Client) -> Checked {
    for path in DOCUMENTS {
        let answer = c.get(path).await?.expect(&[200])?;
        answer.must(!has_null(answer.json()), "there is no null in it")?;
    }
    Ok(())
}

async fn a_filter_on_discovery_is_refused(c: &Client) -> Checked {
    for path in ["/Schemas", "/ResourceTypes"] {
        let answer = c.query(path, &[("filter", "id pr")]).await?;
        answer.refused(403, &[])?;
    }
    Ok(())
}

async fn paging_of_discovery_is_passed_over(c: &Client) -> Checked {
    for path in ["/Schemas", "/ResourceTypes"] {
        let whole = c.get(path).await?.expect(&[200])?;
        let parameters = [("count", "1"), ("startIndex", "2"), ("sortBy", "id")];
        let answer = c.query(path, &parameters).await?.expect(&[200])?;
        answer.must(
            answer.ids().len() == whole.ids().len(),
            "everything is told",
        )?;
    }
    Ok(())
}

async fn discovery_is_read_only(c: &Client) -> Checked {
    for path in DOCUMENTS {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let request = c.request_with(method, path, &json!({}));
            c.send(request).await?.expect(&[403, 404, 405, 501])?;
        }
    }
    Ok(())
}

async fn an_unknown_schema_is_not_found(c: &Client) -> Checked {
    for path in ["/Schemas/urn:example:unknown", "/ResourceTypes/Unknown"] {
        c.get(path).await?.refused(404, &[])?;
    }
    Ok(())
}

async fn what_is_announced_works(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let read = c.get(&user.path).await?.expect(&[200])?;
    if c.needs("etag").is_ok() {
        read.must(
            read.header("etag").is_some(),
            "etag is announced, and there is none",
        )?;
    }
    if c.needs("patch").is_ok() {
        let operations = json!([{"op": "replace", "path": "displayName", "value": "Ada"}]);
        c.patch(&user.path, operations).await?.expect(&[200, 204])?;
    }
    if c.needs("bulk").is_ok() {
        let answer = c.post("/Bulk", &json!({})).await?;
        answer.must(
            !matches!(answer.status(), 404 | 405 | 501),
            "bulk is announced",
        )?;
    }
    for kind in &c.discovery.types {
        c.get(&text(&kind["endpoint"])).await?.expect(&[200])?;
    }
    Ok(())
}
