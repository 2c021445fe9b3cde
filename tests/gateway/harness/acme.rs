//! One organization with a directory, as its admins see it through the admin API.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::id::OrganizationId;

use super::{Connected, Reply, ScimActor, TestGateway};
use crate::credentials::live;

/// The organization acme, its connection Okta, a key of its own and the operator's.
pub(crate) struct Acme {
    pub(crate) gateway: TestGateway,
    pub(crate) org: OrganizationId,
    pub(crate) okta: Connected,
    pub(crate) key: String,
    pub(crate) operator: String,
}

impl Acme {
    pub(crate) async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        let key = gateway.key(live(Some(org), "*")).await;
        let operator = gateway.key(live(None, "*")).await;
        Self {
            gateway,
            org,
            okta,
            key,
            operator,
        }
    }

    pub(crate) fn scim(&self) -> ScimActor<'_> {
        self.gateway.scim(&self.okta)
    }

    /// An operation of the organization, with its own key.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.ask_as(&self.key, method, path, body).await
    }

    pub(crate) async fn ask_as(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let uri = format!("/api/v1/organizations/acme{path}");
        self.gateway.call(key, method, &uri, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await.expect(200).json()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.ask("PUT", path, Some(body)).await
    }

    /// A rule that gives a group's people a role.
    pub(crate) async fn rule(&self, group: &str, role: &str) -> String {
        let rule = json!({"connection_id": self.okta.id, "group": group, "role": role});
        let made = self.post("/mappings", rule).await.expect(201);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    /// Somebody whom the directory pushes: the resource's id and the person's.
    pub(crate) async fn pushed(&self, address: &str) -> (String, String) {
        let scim_id = self.scim().user(address).await;
        (scim_id, self.person(address).await)
    }

    /// The id of the person of an address.
    pub(crate) async fn person(&self, address: &str) -> String {
        let found = self.get(&format!("/users?email={address}")).await;
        found["data"][0]["id"].as_str().unwrap().to_owned()
    }

    /// The organization-wide role of a person.
    pub(crate) async fn role_of(&self, user: &str) -> Value {
        self.get(&format!("/users/{user}")).await["role"].clone()
    }
}

impl TestGateway {
    /// An operation of the admin API, with a key, and with a body of JSON where there is one.
    pub(crate) async fn call(
        &self,
        key: &str,
        method: &str,
        uri: &str,
        body: Option<Value>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", format!("Bearer {key}"));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    /// Imports a file of people into an organization.
    pub(crate) async fn import(&self, key: &str, slug: &str, csv: String) -> Reply {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/api/v1/organizations/{slug}/imports"))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "text/csv");
        self.send(request.body(Body::from(csv)).unwrap()).await
    }
}
