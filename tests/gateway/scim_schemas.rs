//! Schemas that an organization registers, from the admin API to filters and events.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::Profile;

use crate::credentials::live;
use crate::harness::{Connected, Reply, TestGateway, user};

const URN: &str = "urn:acme:hr:2.0:User";

fn definition() -> Value {
    json!({
        "id": URN, "name": "HR", "description": "What HR knows", "resourceType": "User",
        "attributes": [
            {"name": "desk", "type": "string", "caseExact": true},
            {"name": "grade", "type": "integer"},
            {"name": "since", "type": "dateTime"},
            {"name": "remote", "type": "boolean"},
            {"name": "pin", "type": "string", "mutability": "writeOnly", "returned": "never"},
            {"name": "note", "type": "string", "returned": "request"},
            {"name": "skills", "type": "string", "multiValued": true},
            {"name": "badges", "type": "complex", "multiValued": true, "subAttributes": [
                {"name": "value", "type": "string"}, {"name": "type", "type": "string"},
            ]},
        ],
    })
}

fn worker(address: &str, desk: &str, grade: i64) -> Value {
    let mut body = user(address);
    body["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User", URN]);
    body[URN] = json!({
        "Desk": desk, "grade": grade, "since": "2026-01-01T02:00:00+02:00", "remote": true,
        "pin": "1234", "note": "quiet", "skills": ["rust", "sql"],
        "badges": [{"value": "Red", "type": "door"}],
    });
    body
}

/// A caller of the admin API.
struct Admin<'a>(&'a TestGateway, String);

impl Admin<'_> {
    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.1))
            .header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.0.send(request.body(body).unwrap()).await
    }
}

async fn start() -> (TestGateway, Connected, String) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let key = gateway.key(live(None, "*")).await;
    (gateway, okta, key)
}

fn url(urn: &str) -> String {
    format!("/organizations/acme/schemas/{urn}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registered_schema_is_as_good_as_any() {
    let (gateway, okta, key) = start().await;
    let scim = gateway.scim(&okta);
    let admin = Admin(&gateway, key);
    scim.get(&format!("/Schemas/{URN}")).await.expect(404);
    admin
        .send("PUT", &url(URN), Some(definition()))
        .await
        .expect(200);
    let shown = scim
        .get(&format!("/Schemas/{URN}"))
        .await
        .expect(200)
        .json();
    assert_eq!(shown["attributes"].as_array().unwrap().len(), 8);
    let kind = scim.get("/ResourceTypes/User").await.expect(200).json();
    let extension = json!({"schema": URN, "required": false});
    assert_eq!(kind["schemaExtensions"][1], extension);

    let made = scim.post("/Users", worker("a@acme.example", "D1", 7));
    let made = made.await.expect(201);
    let seen = made.json();
    assert_eq!(seen["schemas"][1], URN);
    assert_eq!(seen[URN]["desk"], "D1");
    assert_eq!(seen[URN].get("pin"), None);
    assert_eq!(seen[URN].get("note"), None);
    scim.post("/Users", worker("b@acme.example", "d1", 9))
        .await
        .expect(201);
    scim.user("c@acme.example").await;
    for (filter, total) in [
        (format!("{URN}:desk eq \"D1\""), 1),
        ("desk eq \"d1\"".to_owned(), 1),
        (format!("{URN}:grade gt 8"), 1),
        ("grade ge 7 and remote eq true".to_owned(), 2),
        (format!("{URN}:since lt \"2026-01-01T00:00:01Z\""), 2),
        ("skills eq \"SQL\"".to_owned(), 2),
        (
            "badges[value eq \"red\" and type eq \"door\"]".to_owned(),
            2,
        ),
        (format!("schemas eq \"{URN}\""), 2),
        (format!("not ({URN}:desk pr)"), 1),
    ] {
        let found = scim.filter("/Users", &filter).await.expect(200).json();
        assert_eq!(found["totalResults"], total, "{filter}");
    }
    scim.filter("/Users", "pin eq \"1234\"").await.expect(400);
    let path =
        format!("/Users?sortBy={URN}:grade&sortOrder=descending&count=2&attributes={URN}:note");
    let sorted = scim.get(&path).await.expect(200).json();
    assert_eq!(sorted["Resources"][1][URN], json!({"note": "quiet"}));

    let id = made.id();
    let operations = json!([
        {"op": "replace", "path": format!("{URN}:desk"), "value": "D2"},
        {"op": "remove", "path": format!("{URN}:skills")},
        {"op": "add", "value": {format!("{URN}:grade"): 8}},
    ]);
    let patched = scim.patch(&format!("/Users/{id}"), operations).await;
    let patched = patched.expect(200).json();
    assert_eq!(
        (&patched[URN]["desk"], &patched[URN]["grade"]),
        (&json!("D2"), &json!(8))
    );
    assert_eq!(patched[URN].get("skills"), None);
    let wrong = json!([{"op": "replace", "path": format!("{URN}:grade"), "value": "high"}]);
    let refused = scim.patch(&format!("/Users/{id}"), wrong).await.expect(400);
    assert_eq!(refused.json()["scimType"], "invalidValue");
    let events = gateway.events(okta.org).await;
    let carried = &events.last().unwrap()["data"]["extensions"][URN];
    assert_eq!(carried["desk"], "D2");
    assert_eq!(carried.get("pin"), None);
    let all = json!([{"op": "remove", "path": URN}]);
    let bare = scim.patch(&format!("/Users/{id}"), all).await.expect(200);
    assert_eq!(bare.json().get(URN), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_resources_carry_is_not_taken_from_them() {
    let (gateway, okta, key) = start().await;
    let admin = Admin(&gateway, key);
    let put = async |body: Value| admin.send("PUT", &url(URN), Some(body)).await;
    put(definition()).await.expect(200);
    put(definition()).await.expect(200);
    let scim = gateway.scim(&okta);
    let id = scim
        .post("/Users", worker("a@acme.example", "D1", 7))
        .await
        .expect(201)
        .id();
    let with = |definition: &Value, attribute: Value| {
        let mut more = definition.clone();
        more["attributes"].as_array_mut().unwrap().push(attribute);
        more
    };
    let more = with(&definition(), json!({"name": "floor", "type": "integer"}));
    put(more.clone()).await.expect(200);
    let mut changed = more.clone();
    changed["attributes"][1]["type"] = "string".into();
    put(changed).await.expect(422);
    let required = json!({"name": "room", "required": true});
    put(with(&more, required)).await.expect(422);
    admin.send("DELETE", &url(URN), None).await.expect(422);
    let seen = scim.get(&format!("/Users/{id}")).await.expect(200).json();
    assert_eq!(seen[URN]["grade"], 7);
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    admin.send("DELETE", &url(URN), None).await.expect(204);
    admin.send("DELETE", &url(URN), None).await.expect(404);
    scim.get(&format!("/Schemas/{URN}")).await.expect(404);
    let list = admin.send("GET", "/organizations/acme/schemas", None).await;
    assert_eq!(list.expect(200).json()["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_is_its_organizations_own() {
    let (gateway, okta, key) = start().await;
    let admin = Admin(&gateway, key);
    let registered = admin.send("PUT", &url(URN), Some(definition())).await;
    registered.expect(200);
    let beta = gateway.organization("beta").await;
    let other = gateway.connect(beta, "Okta", Profile::Okta, &[]).await;
    let theirs = gateway.scim(&other);
    theirs.get(&format!("/Schemas/{URN}")).await.expect(404);
    theirs.filter("/Users", "desk eq \"D1\"").await.expect(400);
    let made = theirs.post("/Users", worker("a@beta.example", "D1", 7));
    let made = made.await.expect(201);
    assert_eq!(made.json().get(URN), None, "unknown there: left out");
    assert!(made.header("usher-ignored").unwrap().contains(URN));
    let their_key = gateway.key(live(Some(beta), "*")).await;
    let them = Admin(&gateway, their_key);
    let refused = them.send("GET", &url(URN), None).await;
    assert!(refused.status.is_client_error());
    let bad = json!({
        "id": URN, "name": "HR", "resourceType": "User",
        "attributes": [{"name": "userName"}, {"name": "x' --"}],
    });
    let refused = admin.send("PUT", &url(URN), Some(bad)).await.expect(422);
    let pointers: Vec<_> = refused.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["pointer"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(pointers, ["/attributes/0/name", "/attributes/1/name"]);
    let other_url = url("urn:acme:x");
    let elsewhere = admin.send("PUT", &other_url, Some(definition()));
    elsewhere.await.expect(422);
    drop(okta);
}
