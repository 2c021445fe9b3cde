//! Discovery (RFC 7644 §4; RFC 7643 §5 to §7; RFC 9865 §4), printed from the catalog.

use serde_json::{Value, json};

use super::catalog::custom::Types;
use super::catalog::{RESOURCE_TYPE, ROLE, ResourceType, SCHEMA, SERVICE_PROVIDER_CONFIG};
use super::list::ListResponse;
use super::schema::{Attribute, Schema, Type};
use super::{Error, Map, urn};
use crate::limits;

/// What this service provider can do. `documentation` is where its manual is.
pub fn service_provider_config(base_url: &str, documentation: Option<&str>) -> Value {
    let mut bearer = json!({
        "type": "oauthbearertoken",
        "name": "Bearer token",
        "description": "The token that was issued with the connection, in the Authorization header",
        "specUri": "https://www.rfc-editor.org/info/rfc6750",
        "primary": true,
    });
    let mut oauth = json!({
        "type": "oauth2",
        "name": "OAuth 2.0 client credentials",
        "description": "A short-lived access token for the scope scim, which an OAuth client of the connection gets from the token endpoint",
        "specUri": "https://www.rfc-editor.org/info/rfc6749",
        "primary": false,
    });
    let mut config = json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": true},
        "bulk": {
            "supported": true,
            "maxOperations": limits::BULK_OPERATIONS,
            "maxPayloadSize": limits::SCIM_BODY,
        },
        "filter": {"supported": true, "maxResults": limits::PAGE_MAX},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": limits::PAGE_DEFAULT,
            "maxPageSize": limits::PAGE_MAX,
            "cursorTimeout": limits::CURSOR_LIFE.as_secs(),
        },
        "meta": meta(base_url, "ServiceProviderConfig", "ServiceProviderConfig"),
    });
    if let Some(documentation) = documentation {
        for object in [&mut bearer, &mut oauth, &mut config]
            .into_iter()
            .filter_map(Value::as_object_mut)
        {
            object.insert("documentationUri".to_owned(), documentation.into());
        }
    }
    if let Some(config) = config.as_object_mut() {
        config.insert(
            "authenticationSchemes".to_owned(),
            Value::Array(vec![bearer, oauth]),
        );
    }
    config
}

/// All resource types.
pub fn resource_types(base_url: &str, types: Types) -> Value {
    let kinds = kinds(types).into_iter();
    listed(kinds.map(|kind| describe_type(base_url, kind)).collect())
}

/// The resource types of one organization. Roles are not announced: clients take what is for
/// something that they may create.
fn kinds(types: Types) -> [&'static ResourceType; 2] {
    [types.user, types.group]
}

/// The resource type of this name.
pub fn resource_type(base_url: &str, types: Types, name: &str) -> Option<Value> {
    kinds(types)
        .into_iter()
        .find(|kind| kind.name.eq_ignore_ascii_case(name))
        .map(|kind| Value::Object(describe_type(base_url, kind)))
}

/// All schemas; those of messages are none of them (RFC 7644 §3.1).
pub fn schemas(base_url: &str, types: Types) -> Value {
    let schemas = served(types).map(|schema| describe(base_url, schema));
    listed(schemas.collect())
}

/// The schemas of one organization: those of its resource types, then those of discovery itself.
fn served(types: Types) -> impl Iterator<Item = &'static Schema> {
    let of_kinds = kinds(types).into_iter().flat_map(ResourceType::schemas);
    of_kinds.chain([&ROLE, &SERVICE_PROVIDER_CONFIG, &RESOURCE_TYPE, &SCHEMA])
}

/// The schema of this URN.
pub fn schema(base_url: &str, types: Types, urn: &str) -> Option<Value> {
    served(types)
        .find(|schema| schema.urn.eq_ignore_ascii_case(urn))
        .map(|schema| Value::Object(describe(base_url, schema)))
}

/// Refuses a filter, as RFC 7644 §4 asks; every other parameter is passed over.
pub fn check_query(pairs: &[(String, String)]) -> Result<(), Error> {
    if pairs
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("filter"))
    {
        return Err(Error::forbidden("discovery takes no filter"));
    }
    Ok(())
}

fn listed(resources: Vec<Map>) -> Value {
    json!(ListResponse::new(resources.len() as u64, 1, resources))
}

fn meta(base_url: &str, resource_type: &str, path: &str) -> Value {
    let location = format!("{}/{path}", base_url.trim_end_matches('/'));
    json!({"resourceType": resource_type, "location": location})
}

fn object(value: Value) -> Map {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn describe_type(base_url: &str, kind: &ResourceType) -> Map {
    let extensions: Vec<Value> = kind
        .extensions
        .iter()
        .map(|it| json!({"schema": it.schema.urn, "required": it.required}))
        .collect();
    let mut map = object(json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": kind.name,
        "name": kind.name,
        "description": kind.description,
        "endpoint": kind.endpoint,
        "schema": kind.schema.urn,
        "meta": meta(base_url, "ResourceType", &format!("ResourceTypes/{}", kind.name)),
    }));
    if !extensions.is_empty() {
        map.insert("schemaExtensions".to_owned(), Value::Array(extensions));
    }
    map
}

fn describe(base_url: &str, schema: &Schema) -> Map {
    object(json!({
        "schemas": [urn::SCHEMA],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": schema.attributes.iter().map(characteristics).collect::<Vec<_>>(),
        "meta": meta(base_url, "Schema", &format!("Schemas/{}", schema.urn)),
    }))
}

/// All that can be said of an attribute; what says nothing about its type is left out.
fn characteristics(attribute: &Attribute) -> Value {
    let mut map = object(json!({
        "name": attribute.name,
        "type": attribute.data_type.word(),
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "mutability": attribute.mutability.word(),
        "returned": attribute.returned.word(),
        "uniqueness": attribute.uniqueness.word(),
    }));
    if matches!(
        attribute.data_type,
        Type::String | Type::Reference | Type::Binary
    ) {
        map.insert("caseExact".to_owned(), attribute.case_exact.into());
    }
    if !attribute.canonical_values.is_empty() {
        map.insert(
            "canonicalValues".to_owned(),
            attribute.canonical_values.into(),
        );
    }
    if !attribute.reference_types.is_empty() {
        map.insert(
            "referenceTypes".to_owned(),
            attribute.reference_types.into(),
        );
    }
    if !attribute.sub_attributes.is_empty() {
        let parts: Vec<Value> = attribute
            .sub_attributes
            .iter()
            .map(characteristics)
            .collect();
        map.insert("subAttributes".to_owned(), Value::Array(parts));
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://u/scim/c/v2";

    fn has_null(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(list) => list.iter().any(has_null),
            Value::Object(map) => map.values().any(has_null),
            _ => false,
        }
    }

    #[test]
    fn what_is_told_has_no_nulls_and_finds_itself() {
        for value in [
            service_provider_config(BASE, None),
            service_provider_config(BASE, Some("https://u/docs")),
            resource_types(BASE, Types::STANDARD),
            schemas(BASE, Types::STANDARD),
        ] {
            assert!(!has_null(&value));
        }
        for listed in schemas(BASE, Types::STANDARD)["Resources"]
            .as_array()
            .unwrap()
        {
            let urn = listed["id"].as_str().unwrap();
            assert_eq!(schema(BASE, Types::STANDARD, urn).as_ref(), Some(listed));
            assert_eq!(listed["meta"]["location"], format!("{BASE}/Schemas/{urn}"));
            assert!(!urn.contains(":api:"));
        }
        for listed in resource_types(BASE, Types::STANDARD)["Resources"]
            .as_array()
            .unwrap()
        {
            assert_eq!(listed["id"], listed["name"]);
            assert_eq!(
                resource_type(BASE, Types::STANDARD, listed["id"].as_str().unwrap()).as_ref(),
                Some(listed)
            );
        }
        assert_eq!(schema(BASE, Types::STANDARD, "urn:x"), None);
        assert_eq!(resource_type(BASE, Types::STANDARD, "Device"), None);
        assert!(service_provider_config(BASE, None).get("id").is_none());
    }

    #[test]
    fn the_configuration_has_what_its_schema_has() {
        let config = service_provider_config(BASE, Some("https://u/docs"));
        for attribute in SERVICE_PROVIDER_CONFIG.attributes {
            let value = &config[attribute.name];
            let one = value.as_array().map_or(value, |list| &list[0]);
            for sub in attribute.sub_attributes {
                assert!(
                    one.get(sub.name).is_some(),
                    "{}.{}",
                    attribute.name,
                    sub.name
                );
            }
        }
    }

    #[test]
    fn a_filter_is_refused() {
        let pair = |name: &str| [(name.to_owned(), String::new())];
        assert_eq!(check_query(&pair("FILTER")).unwrap_err().status, 403);
        assert!(check_query(&pair("sortBy")).is_ok());
    }
}
