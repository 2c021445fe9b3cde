//! What the server says of itself (RFC 7644 §4), read once before any check.

use serde_json::Value;

use crate::client::Client;
use crate::fault::{Checked, Fault};

/// The three discovery documents, as far as they could be read.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// ServiceProviderConfig; `null` where it could not be read.
    pub config: Value,
    /// The resource types.
    pub types: Vec<Value>,
    /// The schemas.
    pub schemas: Vec<Value>,
}

impl Discovery {
    /// Reads them. A document that cannot be read is a failed check later; a server that does not
    /// answer at all ends the run.
    pub(crate) async fn read(client: &Client) -> Checked<Self> {
        let config = client.get("/ServiceProviderConfig").await?;
        let config = if config.status() == 200 {
            config.json().clone()
        } else {
            Value::Null
        };
        let list = async |path: &str| -> Checked<Vec<Value>> {
            let answer = client.get(path).await?;
            Ok(match answer.json() {
                Value::Array(list) => list.clone(),
                _ => answer.resources().to_vec(),
            })
        };
        Ok(Self {
            config,
            types: list("/ResourceTypes").await?,
            schemas: list("/Schemas").await?,
        })
    }

    /// The endpoint of the type with this schema.
    pub fn endpoint(&self, schema: &str) -> Option<&str> {
        let kind = self.types.iter().find(|it| it["schema"] == schema)?;
        kind["endpoint"].as_str().filter(|it| it.starts_with('/'))
    }

    /// A schema by its URN.
    pub fn schema(&self, urn: &str) -> Option<&Value> {
        self.schemas.iter().find(|it| it["id"] == urn)
    }

    /// Skips where ServiceProviderConfig says that this is not supported. Where it cannot be read
    /// everything is tried.
    pub fn needs(&self, feature: &str) -> Checked {
        let supported = match feature {
            "cursor" => &self.config["pagination"]["cursor"],
            feature => &self.config[feature]["supported"],
        };
        if self.config.is_null() || *supported == true {
            return Ok(());
        }
        Err(Fault::skipped(format!(
            "ServiceProviderConfig does not announce {feature}"
        )))
    }

    /// Skips where the resource types are told, and this is none of them.
    pub fn knows_type(&self, schema: &str) -> Checked {
        if self.types.is_empty() || self.types.iter().any(|it| it["schema"] == schema) {
            return Ok(());
        }
        Err(Fault::skipped(format!(
            "ResourceTypes does not announce {schema}"
        )))
    }

    /// Skips where a schema is told, and lacks an attribute that the object uses.
    pub fn knows(&self, schema: &str, object: &Value) -> Checked {
        let Some(known) = self.schema(schema) else {
            return Ok(());
        };
        for name in object.as_object().into_iter().flat_map(|it| it.keys()) {
            let common = ["schemas", "id", "externalId", "meta"].contains(&name.as_str());
            if name.starts_with("urn:") {
                self.knows_extension(name)?;
            } else if !common && attribute(known, name).is_none() {
                return Err(Fault::skipped(format!("its schema has no {name}")));
            }
        }
        Ok(())
    }

    /// Skips where schemas are told, and this is none of them.
    pub fn knows_extension(&self, urn: &str) -> Checked {
        if self.schemas.is_empty() || self.schema(urn).is_some() {
            return Ok(());
        }
        Err(Fault::skipped(format!("Schemas does not announce {urn}")))
    }
}

/// An attribute, or a sub-attribute, by its name in any case.
pub(crate) fn attribute<'a>(described: &'a Value, name: &str) -> Option<&'a Value> {
    let list = described["attributes"]
        .as_array()
        .or(described["subAttributes"].as_array());
    let named = |it: &&Value| {
        let own = it["name"].as_str();
        own.is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    list?.iter().find(named)
}
