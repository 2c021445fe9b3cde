//! A SCIM client: a connection's bearer and base URL.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::{Connected, Reply, TestGateway};

pub(crate) struct ScimActor<'a> {
    gateway: &'a TestGateway,
    connected: &'a Connected,
}

impl<'a> ScimActor<'a> {
    pub(crate) fn new(gateway: &'a TestGateway, connected: &'a Connected) -> Self {
        Self { gateway, connected }
    }

    /// Any request below the base URL; `headers` come on top of the bearer.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let uri = format!("/scim/{}/v2{path}", self.connected.id);
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", format!("Bearer {}", self.connected.token));
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/scim+json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.gateway.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.request("POST", path, &[], Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.request("PUT", path, &[], Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path, &[], None).await
    }

    /// A PATCH with these operations.
    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Reply {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.request("PATCH", path, &[], Some(body)).await
    }

    /// A filter, encoded.
    pub(crate) async fn filter(&self, endpoint: &str, filter: &str) -> Reply {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        self.get(&format!("{endpoint}?filter={query}")).await
    }

    /// Creates a user with this address as userName and work e-mail; answers its id.
    pub(crate) async fn user(&self, address: &str) -> String {
        self.post("/Users", user(address)).await.expect(201).id()
    }

    /// Creates a group with these members; answers its id.
    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": name,
            "members": members,
        });
        self.post("/Groups", body).await.expect(201).id()
    }
}

/// A plain user.
pub(crate) fn user(address: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": address,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": address, "type": "work", "primary": true}],
        "active": true,
    })
}
