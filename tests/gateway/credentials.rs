//! The credential matrix: every operation of the admin API, taken from the description that is
//! generated from its router, tried with every kind of key. A new operation is in it by itself; one
//! that declares no scope fails it.

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::directory::ownership::TransferState;
use usher::directory::safeguard::{Danger, SafeguardState};
use usher::directory::scope::Scope;
use usher::id::{ApiKeyId, ConnectionId, OrganizationId};
use usher::provisioning::invitations::{Inviter, NewInvitation, create};
use usher::secret::Bearer;
use usher::store::rows::{ApiKeyRow, RecomputeRow, SafeguardRow, TransferRow};
use usher::store::types::Time;

use crate::harness::{Browser, Reply, TestGateway};

/// A schema that an organization registered.
const SCHEMA: &str = "urn:acme:hr:2.0:User";

/// What anybody may read.
const PUBLIC: [&str; 1] = ["/api/v1/openapi.json"];

/// A key to be.
pub(crate) struct Key<'a> {
    pub(crate) org: Option<OrganizationId>,
    pub(crate) scopes: &'a str,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked: bool,
}

/// A live key of an organization, or of the operator.
pub(crate) fn live(org: Option<OrganizationId>, scopes: &str) -> Key<'_> {
    Key {
        org,
        scopes,
        expires_at: None,
        revoked: false,
    }
}

impl TestGateway {
    /// Puts a key into the store; answers its text.
    pub(crate) async fn key(&self, key: Key<'_>) -> String {
        let bearer = Bearer::new("sk_", self.gateway.ids.entropy());
        let now = Time(self.clock.now());
        let row = ApiKeyRow {
            id: self.gateway.ids.next::<ApiKeyId>(),
            hash: bearer.hash().to_vec(),
            org_id: key.org,
            scopes: key.scopes.to_owned(),
            prefix: "sk_".to_owned(),
            last4: bearer.last_four(),
            created_at: now,
            expires_at: key.expires_at.map(Time),
            revoked_at: key.revoked.then_some(now),
            last_used_at: None,
            name: None,
            actor: None,
        };
        let written = self.gateway.store.write(move |tx| {
            let row = row.clone();
            async move { tx.insert_api_key(&row).await }.boxed()
        });
        written.await.unwrap();
        bearer.reveal().to_owned()
    }

    /// Asks the admin API.
    pub(crate) async fn ask(&self, method: &str, uri: &str, credential: Option<&str>) -> Reply {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(credential) = credential {
            request = request.header("authorization", credential);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Reads from the admin API with a key.
    pub(crate) async fn get(&self, uri: &str, key: &str) -> Reply {
        self.ask("GET", uri, Some(&format!("Bearer {key}"))).await
    }
}

/// An operation of the description.
struct Operation {
    method: String,
    path: String,
    scope: Option<Scope>,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(usher::http::admin::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = &operation["security"][0]["key"][0];
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                scope: scope.as_str().map(|word| word.parse().unwrap()),
            });
        }
    }
    operations
}

/// The scopes of a key that may do everything but one thing.
fn all_but(scope: Scope) -> String {
    let others = Scope::WORDS.iter().filter(|word| **word != scope.as_str());
    others.copied().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn refused(reply: &Reply, status: u16, slug: &str, what: &str) {
    assert_eq!(reply.status.as_u16(), status, "{what}: {}", reply.text());
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json"),
        "{what}"
    );
    let problem = reply.json();
    assert_eq!(
        problem["type"],
        format!("https://usher.example/problems/{slug}"),
        "{what}"
    );
    assert_eq!(problem["status"], status, "{what}");
    assert_eq!(
        problem["trace_id"].as_str(),
        reply.header("x-request-id"),
        "{what}"
    );
    let challenged = reply.header("www-authenticate").is_some();
    assert_eq!(challenged, status == 401 || status == 403, "{what}");
}

/// A problem without what differs from request to request.
fn timeless(reply: &Reply) -> Value {
    let mut problem = reply.json();
    problem["trace_id"].take();
    problem
}

/// Whether an operation is of the whole installation, so that no organization's key does it.
fn of_the_operator(method: &str, path: &str) -> bool {
    !path.contains("{slug}") && (method, path) != ("GET", "/api/v1/organizations")
}

/// What the operations are tried on, and the keys that they are tried with.
struct Matrix {
    gateway: TestGateway,
    org: OrganizationId,
    connection: String,
    import: String,
    sign_in: String,
    invitation: String,
    request: String,
    user: String,
    webhook: String,
    safeguard: String,
    recompute: String,
    app: String,
    link: String,
    transfer: String,
    group: String,
    mapping: String,
    key: String,
    operator_key: String,
    token: String,
    setup_link: String,
    no_good: Vec<String>,
    foreign: String,
    operator: String,
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// A safeguard of the connection that tripped.
async fn tripped(
    gateway: &TestGateway,
    org_id: OrganizationId,
    connection_id: ConnectionId,
) -> String {
    let store = &gateway.gateway.store;
    let made = usher::provisioning::change(store, org_id, gateway.command(), move |change| {
        async move {
            let at = change.time();
            let row = SafeguardRow {
                org_id,
                id: change.id(),
                connection_id,
                kind: Danger::Removals,
                state: SafeguardState::Observed,
                people: 11,
                threshold: 10,
                active_people: 20,
                began_at: at,
                tripped_at: at,
                latest_at: at,
                expires_at: None,
                decided_at: None,
                decided_by: None,
            };
            change.tx.insert_safeguard(&row).await?;
            Ok(row.id.to_string())
        }
        .boxed()
    });
    made.await.unwrap()
}

/// A recompute that is done.
async fn recomputed(gateway: &TestGateway, org_id: OrganizationId) -> String {
    let store = &gateway.gateway.store;
    let made = usher::provisioning::change(store, org_id, gateway.command(), move |change| {
        async move {
            let row = RecomputeRow {
                org_id,
                id: change.id(),
                started_at: change.time(),
                actor: "command".to_owned(),
                cause: "test".to_owned(),
                people: 0,
                done: 0,
                finished_at: Some(change.time()),
            };
            change.tx.insert_recompute(&row, &[]).await?;
            Ok(row.id.to_string())
        }
        .boxed()
    });
    made.await.unwrap()
}

/// A transfer of ownership to this person, which was declined.
async fn transferred(gateway: &TestGateway, org_id: OrganizationId, to: &str) -> String {
    let (store, chosen_id) = (&gateway.gateway.store, to.parse().unwrap());
    let made = usher::provisioning::change(store, org_id, gateway.command(), move |change| {
        async move {
            let at = change.time();
            let row = TransferRow {
                org_id,
                id: change.id(),
                owner_id: None,
                owner_mark: String::new(),
                chosen_id,
                chosen_mark: String::new(),
                state: TransferState::Declined,
                reason: None,
                actor: "command".to_owned(),
                created_at: at,
                expires_at: at,
                closed_at: Some(at),
                closed_by: None,
            };
            change.tx.insert_transfer(&row).await?;
            Ok(row.id.to_string())
        }
        .boxed()
    });
    made.await.unwrap()
}

impl Matrix {
    async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let other = gateway.organization("other").await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        let link = gateway.scim(&okta).user("ada@acme.example").await;
        let user = gateway.events(org).await[0]["data"]["user_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let (log, store) = (&gateway.gateway.log, &gateway.gateway.store);
        usher::provisioning::request_log::write::write_out(log, store)
            .await
            .unwrap();
        let kept = store.read(move |tx| {
            let wanted = usher::store::rows::WantedRequests::default();
            async move { tx.scim_request_page(org, &wanted, 1).await }.boxed()
        });
        let logged = kept.await.unwrap()[0].id.to_string();
        let ended = Some(gateway.clock.now() - SignedDuration::from_secs(1));
        let expired = gateway
            .key(Key {
                expires_at: ended,
                ..live(Some(org), "*")
            })
            .await;
        let revoked = gateway
            .key(Key {
                revoked: true,
                ..live(Some(org), "*")
            })
            .await;
        let no_good = ["sk_garbage", &expired, &revoked, &okta.token];
        let mut no_good: Vec<_> = no_good.into_iter().map(bearer).collect();
        no_good.push("Basic c2s6".to_owned());
        let safeguard = tripped(&gateway, okta.org, okta.id).await;
        let recompute = recomputed(&gateway, okta.org).await;
        let transfer = transferred(&gateway, okta.org, &user).await;
        let app = gateway.app("Docs", org).await.client_id;
        let foreign = bearer(&gateway.key(live(Some(other), "*")).await);
        let operators = gateway.key(live(None, "*")).await;
        let operator = bearer(&operators);
        let connection = okta.id.to_string();
        let group = gateway.scim(&okta).group("Staff", &[&link]).await;
        let made = async |path: &str, body: Value| {
            let uri = format!("/api/v1{path}");
            let reply = gateway.call(&operators, "POST", &uri, Some(body)).await;
            reply.expect(201)
        };
        let rule = json!({"connection_id": connection, "group": "Staff", "role": "editor"});
        let mapping = made("/organizations/acme/mappings", rule).await.id();
        let (none, domain) = (json!({}), json!({"domain": "acme.example"}));
        let setup_link = made("/organizations/acme/setup-links", none).await.id();
        made("/organizations/acme/domains", domain).await;
        made("/organizations/acme/projects", json!({"slug": "web"})).await;
        let scopes = json!({"scopes": ["users:read"]});
        let key = made("/organizations/acme/keys", scopes.clone()).await.id();
        let operator_key = made("/keys", scopes).await.id();
        let uri = format!("/api/v1/organizations/acme/connections/{connection}/tokens");
        let tokens = gateway.ask("GET", &uri, Some(&operator)).await.expect(200);
        let token = tokens.json()["data"][0]["id"].as_str().unwrap().to_owned();
        let new = NewInvitation {
            email: "bob@acme.example".to_owned(),
            role: "viewer".to_owned(),
            ..NewInvitation::default()
        };
        let (store, context) = (&gateway.gateway.store, gateway.command());
        let created = create(store, org, context, Some(Inviter::operator()), new);
        let invitation = created.await.unwrap().row.id.to_string();
        let request = Request::builder()
            .method("POST")
            .uri("/api/v1/organizations/acme/imports")
            .header("authorization", &operator)
            .header("content-type", "text/csv");
        let csv = Body::from("email,role\neve@acme.example,viewer\n");
        let import = gateway.send(request.body(csv).unwrap()).await;
        let import = import.expect(201).id();
        let schema = json!({
            "id": SCHEMA, "name": "HR", "resourceType": "User", "attributes": [{"name": "desk"}],
        });
        let request = Request::builder()
            .method("PUT")
            .uri(format!("/api/v1/organizations/acme/schemas/{SCHEMA}"))
            .header("authorization", &operator)
            .header("content-type", "application/json");
        let registered = request.body(Body::from(schema.to_string())).unwrap();
        gateway.send(registered).await.expect(200);
        Browser::new(&gateway)
            .post(
                &format!("/saml/{connection}/acs"),
                &[("SAMLResponse", "PGEvPg==")],
            )
            .await
            .expect(400);
        let uri = "/api/v1/organizations/acme/sign-ins";
        let attempts = gateway.ask("GET", uri, Some(&operator)).await.expect(200);
        let sign_in = attempts.json()["data"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let request = Request::post("/api/v1/organizations/acme/webhooks")
            .header("authorization", &operator)
            .header("content-type", "application/json");
        let hook = Body::from(json!({"url": "https://app.example/hooks"}).to_string());
        let webhook = gateway.send(request.body(hook).unwrap()).await;
        let webhook = webhook.expect(201).id();
        Self {
            gateway,
            org,
            connection,
            import,
            sign_in,
            invitation,
            request: logged,
            user,
            webhook,
            no_good,
            foreign,
            operator,
            safeguard,
            recompute,
            app,
            link,
            transfer,
            group,
            mapping,
            key,
            operator_key,
            token,
            setup_link,
        }
    }

    async fn key(&self, scopes: &str) -> String {
        bearer(&self.gateway.key(live(Some(self.org), scopes)).await)
    }

    fn uri(&self, path: &str) -> String {
        let id = match path.split('/').nth(5) {
            _ if path.starts_with("/api/v1/keys/") => &self.operator_key,
            Some("users") => &self.user,
            Some("connections") => &self.connection,
            Some("imports") => &self.import,
            Some("invitations") => &self.invitation,
            Some("scim-requests") => &self.request,
            Some("sign-ins") => &self.sign_in,
            Some("webhooks") => &self.webhook,
            Some("safeguards") => &self.safeguard,
            Some("recomputes") => &self.recompute,
            Some("links") => &self.link,
            Some("ownership-transfers") => &self.transfer,
            Some("link-confirmations") => "no-question",
            Some("groups") => &self.group,
            Some("mappings") => &self.mapping,
            Some("keys") => &self.key,
            Some("setup-links") => &self.setup_link,
            _ => "",
        };
        let uri = path
            .replace("{slug}", "acme")
            .replace("{urn}", SCHEMA)
            .replace("{domain}", "acme.example")
            .replace("{token}", &self.token)
            .replace("{role}", "admin")
            .replace("{project}", "web")
            .replace("{client_id}", &self.app)
            .replace("{grant}", &self.user)
            .replace("{session}", "no-session")
            .replace("{user}", &self.user)
            .replace("{id}", id);
        assert!(
            !uri.contains('{'),
            "{path}: say here what the parameter may be"
        );
        uri
    }

    async fn refuses(&self, method: &str, path: &str, scope: Scope) {
        let (uri, what) = (self.uri(path), format!("{method} {path}"));
        refused(
            &self.gateway.ask(method, &uri, None).await,
            401,
            "unauthorized",
            &what,
        );
        for credential in &self.no_good {
            let reply = self.gateway.ask(method, &uri, Some(credential)).await;
            refused(&reply, 401, "unauthorized", &what);
        }
        let reply = self.gateway.ask(method, &uri, Some(&self.foreign)).await;
        if path.contains("{slug}") {
            refused(&reply, 404, "not_found", &what);
            let nowhere = uri.replace("acme", "nowhere");
            let missing = self
                .gateway
                .ask(method, &nowhere, Some(&self.foreign))
                .await;
            assert_eq!(timeless(&reply), timeless(&missing), "{what}");
        } else if of_the_operator(method, path) {
            refused(&reply, 403, "insufficient_scope", &what);
        } else {
            assert!(!reply.expect(200).text().contains("acme"), "{what}");
        }
        let low = self.key(&all_but(scope)).await;
        let reply = self.gateway.ask(method, &uri, Some(&low)).await;
        refused(&reply, 403, "insufficient_scope", &what);
        assert!(
            reply.text().contains(scope.as_str()),
            "{what}: {}",
            reply.text()
        );
    }

    async fn answers(&self, method: &str, path: &str, scope: Scope) {
        let (mut uri, what) = (self.uri(path), format!("{method} {path}"));
        if method == "DELETE" {
            // What is registered is read by others yet.
            uri = uri.replace(SCHEMA, "urn:acme:nothing");
            uri = uri.replace(&self.webhook, "no-webhook");
            uri = uri.replace(&self.mapping, "no-rule");
            uri = uri.replace("/domains/acme.example", "/domains/nothing.example");
            uri = uri.replace("/roles/admin", "/roles/no-role");
        }
        let right = self.key(scope.as_str()).await;
        for credential in [&right, &self.operator] {
            let reply = self.gateway.ask(method, &uri, Some(credential)).await;
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{what}");
            let of_trust = [
                "/metadata/apply",
                "/metadata/dismiss",
                "/override",
                "/confirm-owner",
                "/link-confirmations/{id}/approve",
                "/ownership-transfers/{id}/confirm",
            ];
            // A key issues none that may do more: without a body it would be one for everything.
            let of_all = (method, path.rsplit('/').next()) == ("POST", Some("keys"));
            let is_operators = of_all
                || of_the_operator(method, path)
                || of_trust.iter().any(|it| path.ends_with(it));
            if is_operators && credential == &right {
                // Whom a connection trusts, and what overrides it, is the operator's to say.
                refused(&reply, 403, "insufficient_scope", &what);
                continue;
            }
            if method != "GET" {
                // Without a body most of them go no further than what is wrong with that.
                let known = [200, 201, 204, 400, 404, 409, 415, 422, 429];
                assert!(
                    known.contains(&reply.status.as_u16()),
                    "{what}: {}",
                    reply.text()
                );
                continue;
            }
            let reply = reply.expect(200);
            let kind = if path.rsplit('.').next() == Some("csv") {
                "text/csv; charset=utf-8"
            } else {
                "application/json"
            };
            assert_eq!(reply.header("content-type"), Some(kind), "{what}");
        }
        if method == "GET" {
            let good = if of_the_operator(method, path) {
                &self.operator
            } else {
                &right
            };
            let head = self.gateway.ask("HEAD", &uri, Some(good)).await.expect(200);
            assert!(head.body.is_empty(), "{what}");
        }
    }
}

#[tokio::test]
async fn every_operation_takes_the_right_key_and_no_other() {
    let matrix = Matrix::start().await;
    for Operation {
        method,
        path,
        scope,
    } in operations()
    {
        if let Some(scope) = scope {
            matrix.refuses(&method, &path, scope).await;
            matrix.answers(&method, &path, scope).await;
        } else {
            assert!(
                PUBLIC.contains(&path.as_str()),
                "{method} {path} declares no scope"
            );
            matrix.gateway.ask(&method, &path, None).await.expect(200);
        }
    }
}

#[test]
fn every_route_of_the_api_is_in_the_description() {
    let router = include_str!("../../src/http/admin/mod.rs");
    let outside: Vec<_> = router.matches(".route(").collect();
    assert_eq!(
        outside.len(),
        2,
        "only the pages that describe the API stand outside it"
    );
    let handlers = router.split("routes!(").skip(1);
    let handlers = handlers.filter_map(|rest| rest.split(')').next());
    let handlers: usize = handlers.map(|names| names.split(',').count()).sum();
    assert_eq!(handlers, operations().len());
}

#[tokio::test]
async fn what_belongs_to_another_organization_is_not_there() {
    let gateway = TestGateway::start().await;
    let acme = gateway.organization("acme").await;
    let other = gateway.organization("other").await;
    let theirs = gateway
        .connect(other, "Okta", Profile::Okta, &["other.example"])
        .await;
    gateway.scim(&theirs).user("eve@other.example").await;
    let user = gateway.events(other).await[0]["data"]["user_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for key in [live(Some(acme), "*"), live(None, "*")] {
        let key = gateway.key(key).await;
        for path in [
            format!("users/{user}"),
            format!("users/{user}/explain"),
            format!("connections/{}", theirs.id),
            format!("users/{}", user.to_uppercase()),
            "users/1".to_owned(),
            "connections/1".to_owned(),
        ] {
            let uri = format!("/api/v1/organizations/acme/{path}");
            refused(&gateway.get(&uri, &key).await, 404, "not_found", &uri);
        }
        let users = gateway
            .get("/api/v1/organizations/acme/users", &key)
            .await
            .expect(200);
        assert_eq!(users.json()["data"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn a_keys_last_use_is_kept_to_the_minute() {
    let gateway = TestGateway::start().await;
    gateway.organization("acme").await;
    let key = gateway.key(live(None, "*")).await;
    let last_used = async || {
        let hash = usher::secret::hash(&key);
        let read = gateway
            .gateway
            .store
            .read(move |tx| async move { tx.api_key(&hash).await }.boxed());
        read.await.unwrap().unwrap().last_used_at.map(|at| at.0)
    };
    assert_eq!(last_used().await, None);
    let start = gateway.clock.now();
    for (later, expected) in [(0, 0), (59, 0), (1, 60), (30, 60)] {
        gateway.clock.advance(later);
        gateway.get("/api/v1/organizations", &key).await.expect(200);
        assert_eq!(
            last_used().await,
            Some(start + SignedDuration::from_secs(expected))
        );
    }
}
