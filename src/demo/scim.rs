//! A SCIM client as an identity provider has it: a connection's base URL and token.

use axum::http::{Method, header};
use serde_json::{Value, json};

use crate::demo::client::{Asked, Client, Reply};
use crate::demo::expect::Unexpected;

/// A SCIM client.
#[derive(Clone, Debug)]
pub(super) struct Scim {
    pub(super) client: Client,
    pub(super) base: String,
    pub(super) token: String,
    /// What it calls itself, if it says so at all.
    pub(super) agent: Option<&'static str>,
    /// How it names what it sends.
    pub(super) media: &'static str,
}

impl Scim {
    pub(super) async fn get(&self, path: &str) -> Result<Reply, Unexpected> {
        self.send(Method::GET, path, None).await
    }

    /// A filter (RFC 7644 §3.4.2.2), with other parameters in front of it.
    pub(super) async fn filter(&self, path: &str, filter: &str) -> Result<Value, Unexpected> {
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let mark = if path.contains('?') { '&' } else { '?' };
        self.get(&format!("{path}{mark}filter={filter}"))
            .await?
            .expect(200)?
            .json()
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Reply, Unexpected> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Operations (RFC 7644 §3.5.2).
    pub(super) async fn patch(&self, path: &str, operations: Value) -> Result<Reply, Unexpected> {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.send(Method::PATCH, path, Some(&body)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Unexpected> {
        let url = format!("{}{path}", self.base);
        let mut asked = Asked::new(method, url)
            .bearer(&self.token)?
            .header(header::ACCEPT, "application/scim+json")?;
        if let Some(agent) = self.agent {
            asked = asked.header(header::USER_AGENT, agent)?;
        }
        if let Some(body) = body {
            asked = asked
                .header(header::CONTENT_TYPE, self.media)?
                .body(body.to_string());
        }
        self.client.send(asked).await
    }
}
