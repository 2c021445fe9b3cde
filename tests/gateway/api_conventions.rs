//! What holds for every operation of the admin API, as its description says: where a thing is that was made, the tag
//! of what is read, and that nobody's change is lost. And the groups, which are read there alone.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use serde_json::{Value, json};
use usher::directory::connection::Profile;

use crate::credentials::live;
use crate::harness::{Acme, PUBLIC_URL, Reply, TestGateway, user};
use crate::ownership::{member, slug};

/// A schema that an organization registers.
const SCHEMA: &str = "urn:acme:hr:2.0:User";
/// The paths of what is an organization's.
const OURS: &str = "/api/v1/organizations/{slug}";
/// A tag that nothing has.
const OTHER: &str = "\"x\"";

/// An operation of the description.
struct Operation {
    method: String,
    path: String,
    described: Value,
}

impl Operation {
    fn takes(&self, header: &str) -> bool {
        let parameters = self.described["parameters"].as_array();
        let mut parameters = parameters.into_iter().flatten();
        parameters.any(|it| it["in"] == "header" && it["name"] == header)
    }

    /// The path behind the organization; all of it for what is of none.
    fn rest(&self) -> &str {
        self.path.strip_prefix(OURS).unwrap_or(&self.path)
    }

    fn what(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(usher::http::admin::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                described: described.clone(),
            });
        }
    }
    operations
}

/// Those that look at If-Match; those that end something come last.
fn conditional() -> Vec<Operation> {
    let mut all = operations();
    all.retain(|it| it.takes("If-Match"));
    all.sort_by_key(|it| match it.path.rsplit('/').next() {
        Some("apply") => 2,
        Some("revoke") => 1,
        _ => i32::from(it.method == "DELETE"),
    });
    all
}

/// Acme with its owner, an admin, and one of each thing that is read and then changed.
struct Stage {
    acme: Acme,
    ids: BTreeMap<&'static str, String>,
    app: String,
    admin: String,
}

impl Stage {
    async fn start() -> Self {
        let acme = Acme::start().await;
        let (ada, _) = member(&acme, "ada@acme.example", "admin").await;
        let owns = acme
            .gateway
            .alter_person(acme.org, ada, |row| row.owner = true);
        owns.await;
        let (bob, _) = member(&acme, "bob@acme.example", "admin").await;
        let (eve, _) = member(&acme, "eve@acme.example", "viewer").await;
        let ids = BTreeMap::from([
            ("users", eve.to_string()),
            ("connections", acme.okta.id.to_string()),
        ]);
        let mut stage = Self {
            acme,
            ids,
            app: String::new(),
            admin: bob.to_string(),
        };
        for (kind, body) in [
            (
                "invitations",
                json!({"email": "kim@example.com", "role": "viewer"}),
            ),
            (
                "mappings",
                json!({"connection_id": stage.acme.okta.id, "group": "Staff", "role": "viewer"}),
            ),
            ("webhooks", json!({"url": "https://app.example/hooks"})),
            ("ownership-transfers", json!({"to": bob})),
            ("roles", json!({"slug": "auditor", "rank": 30})),
            ("projects", json!({"slug": "web"})),
        ] {
            let uri = format!("/api/v1/organizations/acme/{kind}");
            let made = stage.send("POST", &uri, &[], Some(&body)).await.expect(201);
            stage.ids.insert(kind, made.id());
        }
        let app = json!({"name": "Docs", "redirect_uris": ["https://docs.example/cb"]});
        let made = stage.send("POST", "/api/v1/apps", &[], Some(&app)).await;
        let made = made.expect(201).json();
        made["client_id"]
            .as_str()
            .unwrap()
            .clone_into(&mut stage.app);
        let uri = format!("/api/v1/organizations/acme/schemas/{SCHEMA}");
        stage
            .send("PUT", &uri, &[], Some(&schema()))
            .await
            .expect(200);
        stage
    }

    /// Asks with the operator's key, and with headers.
    async fn send(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Reply {
        let bearer = format!("Bearer {}", self.acme.operator);
        let mut request = Request::builder().method(method).uri(uri);
        request = request.header("authorization", bearer);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.acme.gateway.send(request.body(body).unwrap()).await
    }

    async fn get(&self, uri: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", uri, headers, None).await
    }

    /// The tag that a thing has.
    async fn tag(&self, uri: &str) -> String {
        tag(&self.get(uri, &[]).await.expect(200))
    }

    /// An operation that is told which tag the thing is to have.
    async fn on(&self, operation: &Operation, tag: &str) -> Reply {
        let (uri, body) = (self.uri(&operation.path), body(operation));
        let headers = [("if-match", tag)];
        self.send(&operation.method, &uri, &headers, body.as_ref())
            .await
    }

    /// The address of a described path.
    fn uri(&self, path: &str) -> String {
        let kind = path.split('/').nth(5).unwrap_or_default();
        let id = self.ids.get(kind).map_or("", String::as_str);
        let uri = path
            .replace("{slug}", "acme")
            .replace("{id}", id)
            .replace("{grant}", id)
            .replace("{role}", "auditor")
            .replace("{project}", "web")
            .replace("{client_id}", &self.app)
            .replace("{urn}", SCHEMA);
        assert!(
            !uri.contains('{'),
            "{path}: say here what the parameter may be"
        );
        uri
    }

    /// All that the store holds.
    async fn rows(&self) -> Vec<String> {
        let dump = self.acme.gateway.dump().await;
        let mut rows: Vec<_> = dump.lines().map(str::to_owned).collect();
        rows.sort();
        rows
    }
}

#[track_caller]
fn tag(reply: &Reply) -> String {
    let tag = reply.header("etag").unwrap();
    assert!(
        tag.starts_with('"') && tag.ends_with('"') && tag.len() > 20,
        "{tag}"
    );
    tag.to_owned()
}

fn schema() -> Value {
    json!({
        "id": SCHEMA, "name": "HR", "resourceType": "User", "attributes": [{"name": "desk"}],
    })
}

/// What the things' operations are told.
fn body(operation: &Operation) -> Option<Value> {
    Some(match (&*operation.method, operation.rest()) {
        ("PATCH", "/mappings/{id}") => json!({"enabled": false}),
        ("PATCH", "/invitations/{id}") | ("PUT", "/users/{id}/role") => json!({"role": "editor"}),
        ("PATCH", _) => json!({"name": "Another"}),
        ("PUT", "/policy") => json!({"sso_required": true}),
        ("PUT", "/schemas/{urn}") => schema(),
        ("DELETE", "/roles/{role}") => json!({"replace_with": "viewer"}),
        ("POST", "/users/{id}/override") => json!({"role": "editor", "reason": "a test"}),
        ("POST", "/invitations/{id}/extend") => json!({"days": 7}),
        ("POST", "/invitations/{id}/address-change") => json!({"decision": "approve"}),
        ("POST", "/break-glass") => json!({"hours": 8, "reason": "a test"}),
        ("POST", "/connections/{id}/removal/apply") => {
            json!({"people": "keep", "confirm": "Another"})
        }
        _ => return None,
    })
}

/// The thing that an operation is about: the longest path that begins its own, and is read.
fn thing(operation: &Operation) -> String {
    let all = operations().into_iter().filter(|it| it.method == "GET");
    let read: BTreeSet<_> = all.map(|it| it.path).collect();
    let mut path = operation.path.as_str();
    while !read.contains(path) {
        path = path.rsplit_once('/').unwrap().0;
    }
    path.to_owned()
}

/// What is made by the operation of a path; `None` where nothing here says what.
fn making(stage: &Stage, operation: &Operation) -> Option<Value> {
    let okta = stage.acme.okta.id;
    Some(match operation.rest() {
        "/api/v1/organizations" => json!({"slug": "beta"}),
        "/api/v1/apps" => json!({"name": "Wiki", "redirect_uris": ["https://wiki.example/cb"]}),
        "/api/v1/keys" | "/keys" => json!({"scopes": ["users:read"]}),
        "/break-glass" => json!({"hours": 8, "reason": "a test"}),
        "/connections" => json!({"name": "Entra"}),
        "/connections/{id}/tokens" | "/setup-links" => json!({}),
        "/domains" => json!({"domain": "beta.example"}),
        "/invitations" => json!({"email": "zoe@example.com", "role": "viewer"}),
        "/mappings" => json!({"connection_id": okta, "group": "Editors", "role": "editor"}),
        "/ownership-transfers" => json!({"to": stage.admin}),
        "/projects" => json!({"slug": "mobile"}),
        "/roles" => json!({"slug": "clerk", "rank": 31}),
        "/webhooks" => json!({"url": "https://app.example/more"}),
        _ => return None,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_made_says_where_it_is() {
    let stage = Stage::start().await;
    let cancel = format!(
        "/api/v1/organizations/acme/ownership-transfers/{}/cancel",
        stage.ids["ownership-transfers"]
    );
    stage.send("POST", &cancel, &[], None).await.expect(200);
    let mut seen = 0;
    for operation in operations() {
        let made = &operation.described["responses"]["201"];
        if made.is_null() {
            continue;
        }
        let what = operation.what();
        assert!(made["headers"]["Location"].is_object(), "{what}");
        stage.acme.gateway.clock.advance(1);
        let reply = if operation.rest() == "/imports" {
            let csv = "email,role\nmia@example.com,viewer\n".to_owned();
            let key = &stage.acme.operator;
            stage.acme.gateway.import(key, "acme", csv).await
        } else {
            let Some(body) = making(&stage, &operation) else {
                panic!("{what}: say here what it makes")
            };
            let uri = stage.uri(&operation.path);
            stage.send("POST", &uri, &[], Some(&body)).await
        };
        assert_eq!(reply.status, 201, "{what}: {}", reply.text());
        let location = reply.header("location").unwrap();
        let path = location.strip_prefix(PUBLIC_URL).unwrap();
        assert!(path.starts_with("/api/v1/"), "{what}: {location}");
        let shown = stage.get(path, &[]).await.expect(200).json();
        assert_eq!(shown["id"], reply.json()["id"], "{what}");
        seen += 1;
    }
    assert!(seen > 15, "{seen}");
    // Nothing is made where it was there.
    let again = json!({"email": "zoe@example.com", "role": "viewer", "on_conflict": "resend"});
    let again = stage.acme.post("/invitations", again).await.expect(200);
    assert_eq!(again.header("location"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_it_already_is_told_so() {
    let stage = Stage::start().await;
    let mut things: BTreeSet<_> = conditional().iter().map(thing).collect();
    things.extend(["/api/v1/openapi.json", &format!("{OURS}/users")].map(str::to_owned));
    for path in things {
        let uri = stage.uri(&path);
        let first = stage.get(&uri, &[]).await.expect(200);
        let tag = tag(&first);
        let (weak, several) = (format!("W/{tag}"), format!("{OTHER} , {tag}"));
        for (name, value, status) in [
            ("if-none-match", &*tag, 304),
            ("if-none-match", &*weak, 304),
            ("if-none-match", &*several, 304),
            ("if-none-match", "*", 304),
            ("if-none-match", OTHER, 200),
            ("if-none-match", "x", 400),
            ("if-match", &*tag, 200),
            ("if-match", &*several, 200),
            ("if-match", "*", 200),
            ("if-match", &*weak, 412),
            ("if-match", OTHER, 412),
            ("if-match", "\"x", 400),
            ("if-match", "", 400),
        ] {
            let reply = stage.get(&uri, &[(name, value)]).await;
            assert_eq!(reply.status.as_u16(), status, "{uri} {name}: {value}");
            match status {
                200 => assert_eq!(reply.body, first.body, "{uri}"),
                304 => assert!(reply.body.is_empty() && reply.header("content-type").is_none()),
                412 => assert_eq!(slug(&reply), "stale"),
                _ => assert_eq!(slug(&reply), "malformed_request"),
            }
            if status < 400 {
                assert_eq!(reply.header("etag"), Some(&*tag), "{uri}");
                assert_eq!(reply.header("cache-control"), Some("no-store"), "{uri}");
            }
        }
        let head = stage.send("HEAD", &uri, &[], None).await.expect(200);
        assert_eq!(head.header("etag"), Some(&*tag), "{uri}");
    }
    let file = stage
        .get("/api/v1/organizations/acme/imports/template.csv", &[])
        .await;
    assert_eq!(file.expect(200).header("etag"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_read_is_not_changed() {
    let stage = Stage::start().await;
    let conditional = conditional();
    assert!(conditional.len() > 30, "{}", conditional.len());
    let before = stage.rows().await;
    for operation in &conditional {
        let what = operation.what();
        assert!(
            operation.described["responses"]["412"].is_object(),
            "{what}"
        );
        for (tags, status, kind) in [
            (OTHER, 412, "stale"),
            ("\"y\", W/\"x\"", 412, "stale"),
            ("x", 400, "malformed_request"),
            ("*, \"x\"", 400, "malformed_request"),
        ] {
            let reply = stage.on(operation, tags).await;
            assert_eq!(
                reply.status.as_u16(),
                status,
                "{what} {tags}: {}",
                reply.text()
            );
            assert_eq!(slug(&reply), kind, "{what} {tags}");
            assert_eq!(
                reply.header("content-type"),
                Some("application/problem+json")
            );
        }
    }
    assert!(stage.rows().await == before, "something was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_is_changed_once() {
    let stage = Stage::start().await;
    let (mut moved, mut tagged) = (0, 0);
    for operation in conditional() {
        stage.acme.gateway.clock.advance(1);
        let (what, uri) = (operation.what(), stage.uri(&thing(&operation)));
        let tag = stage.tag(&uri).await;
        let reply = stage.on(&operation, &format!("{OTHER}, {tag}")).await;
        let status = reply.status.as_u16();
        // What else stands in the way is told by its own name.
        let known = [200, 201, 202, 204, 403, 404, 409, 422, 429];
        assert!(known.contains(&status), "{what}: {}", reply.text());
        let now = stage.get(&uri, &[]).await;
        let described = &operation.described["responses"]["200"]["headers"]["ETag"];
        let has_tag = reply.status == 200 && described.is_object();
        assert_eq!(reply.header("etag").is_some(), has_tag, "{what}");
        if has_tag {
            assert_eq!(reply.header("etag"), now.header("etag"), "{what}");
            tagged += 1;
        }
        if now.status == 200 && now.header("etag") != Some(&*tag) {
            let again = stage.on(&operation, &tag).await.expect(412);
            assert_eq!(slug(&again), "stale", "{what}");
            assert_eq!(stage.tag(&uri).await, self::tag(&now), "{what}");
            moved += 1;
        }
    }
    assert!(moved > 12, "{moved}");
    assert!(tagged > 6, "{tagged}");
    let any = [("if-match", "*")];
    let name = json!({"name": "Once more"});
    let uri = stage.uri(OURS);
    let renamed = stage.send("PATCH", &uri, &any, Some(&name)).await;
    renamed.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_who_read_the_same_wins() {
    let stage = Stage::start().await;
    let mut raced = 0;
    for operation in conditional() {
        if !["PATCH", "PUT"].contains(&&*operation.method) || operation.rest() == "/schemas/{urn}" {
            continue;
        }
        let uri = stage.uri(&thing(&operation));
        let tag = stage.tag(&uri).await;
        let all = join_all((0..6).map(|_| stage.on(&operation, &tag))).await;
        let mut statuses: Vec<_> = all.iter().map(|it| it.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(
            statuses,
            [200, 412, 412, 412, 412, 412],
            "{}",
            operation.what()
        );
        raced += 1;
    }
    assert!(raced > 8, "{raced}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_condition_that_nobody_looks_at_is_refused() {
    let stage = Stage::start().await;
    let erase = stage.uri("/api/v1/organizations/{slug}/users/{id}/erase");
    let role = stage.uri("/api/v1/organizations/{slug}/roles/{role}");
    let before = stage.rows().await;
    for (method, uri, name, body) in [
        (
            "POST",
            "/api/v1/organizations/acme/roles",
            "if-match",
            json!({"slug": "clerk", "rank": 31}),
        ),
        ("POST", &*erase, "if-match", json!({"reason": "she asked"})),
        (
            "PATCH",
            &*role,
            "if-none-match",
            json!({"name": "Somebody"}),
        ),
    ] {
        let reply = stage.send(method, uri, &[(name, "*")], Some(&body)).await;
        assert_eq!(slug(&reply.expect(400)), "malformed_request", "{uri}");
    }
    assert!(stage.rows().await == before, "something was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_request_is_asked_anew_with_the_same_idempotency_key() {
    let stage = Stage::start().await;
    let thing = stage.uri("/api/v1/organizations/{slug}/users/{id}");
    let uri = format!("{thing}/suspend");
    let tag = stage.tag(&thing).await;
    for (tag, status) in [(OTHER, 412), (&*tag, 200), (&*tag, 200)] {
        let headers = [("idempotency-key", "one"), ("if-match", tag)];
        let reply = stage.send("POST", &uri, &headers, None).await;
        reply.expect(status);
    }
    assert_ne!(stage.tag(&thing).await, tag);
}

/// The ids that a list has, page by page.
async fn walked(acme: &Acme, path: &str, id: &str) -> Vec<String> {
    let (mut all, mut query) = (Vec::new(), "limit=1".to_owned());
    loop {
        let page = acme.get(&format!("{path}?{query}")).await;
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 1);
        all.extend(data.iter().map(|it| it[id].as_str().unwrap().to_owned()));
        assert_eq!(page["has_more"], page["next"].is_string());
        let Some(next) = page["next"].as_str() else {
            return all;
        };
        query = format!("limit=1&after={next}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_shown_with_their_rules_and_who_is_in_them() {
    let acme = Acme::start().await;
    let rule = acme.rule("Staff", "editor").await;
    let mut named = user("ada@acme.example");
    named["displayName"] = json!("Ada L.");
    let ada = acme.scim().post("/Users", named).await.expect(201).id();
    acme.gateway.clock.advance(1);
    let bob = acme.scim().user("bob@acme.example").await;
    let staff = acme.scim().group("Staff", &[&ada, &bob]).await;
    acme.gateway.clock.advance(1);
    let all = acme.scim().group("All", &[&staff]).await;
    let shown = acme.get(&format!("/groups/{staff}")).await;
    for (name, value) in [
        ("id", json!(staff)),
        ("connection_id", json!(acme.okta.id)),
        ("display_name", json!("Staff")),
        ("external_id", Value::Null),
        ("members", json!(2)),
        (
            "rules",
            json!([{"mapping_id": rule, "role": "editor", "projects": [], "enabled": true}]),
        ),
        ("created_at", json!("2026-11-22T10:00:01Z")),
        ("updated_at", json!("2026-11-22T10:00:01Z")),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    // Which roles groups give is for whoever may read mappings.
    let reader = acme.post("/keys", json!({"scopes": ["groups:read"]})).await;
    let reader = reader.expect(201).json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    for (path, place) in [
        (format!("/groups/{staff}"), ""),
        ("/groups".to_owned(), "/data/0"),
    ] {
        let read = acme
            .ask_as(&reader, "GET", &path, None)
            .await
            .expect(200)
            .json();
        let group = read.pointer(place).unwrap();
        assert_eq!(group.get("rules"), Some(&Value::Null), "{path}");
    }
    let person = acme.person("ada@acme.example").await;
    let members = acme.get(&format!("/groups/{staff}/members")).await;
    let its = members["data"].as_array().unwrap();
    assert_eq!(
        its[0],
        json!({"scim_id": ada, "is_group": false, "user_id": person, "name": "Ada L."})
    );
    assert_eq!(its.len(), 2);
    let nested = acme.get(&format!("/groups/{all}/members")).await;
    assert_eq!(
        nested["data"],
        json!([{"scim_id": staff, "is_group": true, "user_id": null, "name": "Staff"}])
    );
    let leaves = json!([{"op": "remove", "path": "members", "value": [{"value": bob}]}]);
    let path = format!("/Groups/{staff}");
    let left = acme.scim().patch(&path, leaves).await;
    assert!(left.status.is_success(), "{}", left.text());
    let shown = acme.get(&format!("/groups/{staff}")).await;
    assert_eq!(
        (&shown["members"], &shown["updated_at"]),
        (&json!(1), &json!("2026-11-22T10:00:02Z"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_walked_and_are_their_organizations_own() {
    let acme = Acme::start().await;
    let ada = acme.scim().user("ada@acme.example").await;
    acme.gateway.clock.advance(1);
    let bob = acme.scim().user("bob@acme.example").await;
    let mut groups = Vec::new();
    for name in ["Editors", "Staff", "Writers"] {
        acme.gateway.clock.advance(1);
        groups.push(acme.scim().group(name, &[&ada, &bob]).await);
    }
    let entra = acme
        .gateway
        .connect(acme.org, "Entra", Profile::Entra, &[])
        .await;
    acme.gateway.clock.advance(1);
    let theirs = acme.gateway.scim(&entra).group("Staff", &[]).await;
    assert_eq!(
        walked(&acme, &format!("/groups/{}/members", groups[0]), "scim_id").await,
        [&*ada, &*bob]
    );
    let of_okta = acme
        .get(&format!("/groups?connection={}", acme.okta.id))
        .await;
    assert_eq!(of_okta["data"].as_array().unwrap().len(), 3);
    let of_entra = acme.get(&format!("/groups?connection={}", entra.id)).await;
    assert_eq!(
        (&of_entra["data"][0]["id"], &of_entra["data"][0]["members"]),
        (&json!(theirs), &json!(0))
    );
    let of_none = acme.get(&format!("/groups?connection={ada}")).await;
    assert_eq!(of_none["data"], json!([]));
    for wrong in ["connection=x", "limit=0", "after=x", "color=red"] {
        let path = format!("/groups?{wrong}");
        acme.ask("GET", &path, None).await.expect(400);
    }
    groups.push(theirs);
    assert_eq!(walked(&acme, "/groups", "id").await, groups);
    let other = acme.gateway.organization("other").await;
    let foreign = acme.gateway.key(live(Some(other), "*")).await;
    let low = acme.gateway.key(live(Some(acme.org), "users:read")).await;
    for path in ["/groups", "/groups/{id}", "/groups/{id}/members"] {
        let path = path.replace("{id}", &groups[0]);
        acme.ask_as(&foreign, "GET", &path, None).await.expect(404);
        let refused = acme.ask_as(&low, "GET", &path, None).await.expect(403);
        assert!(refused.text().contains("groups:read"), "{}", refused.text());
    }
    for path in ["/groups/{id}", "/groups/{id}/members"] {
        let path = path.replace("{id}", &groups[0]);
        let uri = format!("/api/v1/organizations/other{path}");
        let reply = acme.gateway.call(&foreign, "GET", &uri, None).await;
        assert_eq!(slug(&reply.expect(404)), "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_members_loads_none() {
    let (gateway, statements) = TestGateway::counted().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let (key, operator) = (
        gateway.key(live(Some(org), "*")).await,
        gateway.key(live(None, "*")).await,
    );
    let acme = Acme {
        gateway,
        org,
        okta,
        key,
        operator,
    };
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(acme.scim().user(&format!("p{number}@acme.example")).await);
    }
    let people: Vec<_> = people.iter().map(String::as_str).collect();
    for name in ["Editors", "Staff"] {
        acme.scim().group(name, &people).await;
    }
    acme.get("/groups").await;
    let (shown, cost) = statements.of(acme.get("/groups")).await;
    let counts: Vec<_> = shown["data"].as_array().unwrap().iter().collect();
    assert!(counts.len() == 2 && counts.iter().all(|it| it["members"] == 5));
    let mut asked = cost.statements.iter();
    let counted = asked.find(|it| it.contains("scim_members")).unwrap();
    assert!(counted.to_lowercase().contains("count(*)"), "{counted}");
    assert_eq!(cost.that_say("scim_members"), 1);
}
