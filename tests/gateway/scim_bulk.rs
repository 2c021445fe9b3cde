//! Bulk requests over HTTP (RFC 7644 §3.7).

use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::limits;

use crate::harness::{Acme, Connected, Reply, ScimActor, TestGateway, user};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

async fn send(scim: &ScimActor<'_>, operations: Value, fail_on_errors: Option<u64>) -> Reply {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": operations,
    });
    if let Some(bound) = fail_on_errors {
        body["failOnErrors"] = bound.into();
    }
    scim.post("/Bulk", body).await
}

/// The entries of an answer, and their statuses.
fn entries(reply: &Reply) -> (Vec<Value>, Vec<String>) {
    let body = reply.json();
    let urn = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
    assert_eq!(body["schemas"], json!([urn]));
    let entries = body["Operations"].as_array().unwrap().clone();
    let statuses = entries
        .iter()
        .map(|it| it["status"].as_str().unwrap().to_owned())
        .collect();
    (entries, statuses)
}

fn post(path: &str, bulk_id: &str, data: Value) -> Value {
    json!({"method": "POST", "path": path, "bulkId": bulk_id, "data": data})
}

fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": name,
        "members": members,
    })
}

fn managed(address: &str, manager: &str) -> Value {
    let mut body = user(address);
    body[ENTERPRISE] = json!({"manager": {"value": manager}});
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_listed_first_may_refer_to_what_comes_last() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let old = scim.user("old@acme.example").await;
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "members", "value": [{"value": "bulkId:b"}]}],
    });
    let operations = json!([
        post("/Groups", "g", group("Editors", &["bulkId:a", &old])),
        {"method": "PATCH", "path": "/Groups/bulkId:g", "data": patch},
        post("/Users", "a", managed("a@acme.example", "bulkId:b")),
        post("/Users", "b", managed("b@acme.example", "bulkId:a")),
        {"method": "DELETE", "path": format!("/Users/{old}"), "version": "W/\"1\""},
    ]);
    let reply = send(&scim, operations, None).await.expect(200);
    let (entries, statuses) = entries(&reply);
    assert_eq!(
        statuses,
        ["201", "204", "201", "201", "204"],
        "{}",
        reply.text()
    );
    assert_eq!(entries[0]["bulkId"], "g");
    assert_eq!(entries[0]["version"], "W/\"1\"");
    assert!(entries[1].get("bulkId").is_none());
    let id_of = |at: usize| {
        let location = entries[at]["location"].as_str().unwrap();
        location.rsplit('/').next().unwrap().to_owned()
    };
    let (editors, a, b) = (id_of(0), id_of(2), id_of(3));
    assert_eq!(id_of(1), editors);
    assert_eq!(id_of(4), old);
    let manager_of = async |id: &str| {
        let user = scim.get(&format!("/Users/{id}")).await.expect(200).json();
        user[ENTERPRISE]["manager"]["value"].clone()
    };
    assert_eq!(manager_of(&a).await, json!(b));
    assert_eq!(manager_of(&b).await, json!(a));
    let shown = scim.get(&format!("/Groups/{editors}")).await.expect(200);
    let members = shown.json()["members"].clone();
    let mut members: Vec<_> = members
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["value"].as_str().unwrap().to_owned())
        .collect();
    members.sort();
    let mut expected = [a, b];
    expected.sort();
    assert_eq!(members, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_new_has_what_a_group_of_the_same_circle_gives() {
    let acme = Acme::start().await;
    acme.rule("Editors", "editor").await;
    let scim = acme.scim();
    let before = acme
        .role_of(&acme.pushed("before@acme.example").await.1)
        .await;
    assert_ne!(before, json!("editor"));
    // Whoever names the group in the person makes the two one change.
    let mut ada = user("ada@acme.example");
    ada["groups"] = json!([{"value": "bulkId:g"}]);
    let operations = json!([
        post("/Users", "a", ada),
        post("/Groups", "g", group("Editors", &["bulkId:a"])),
    ]);
    let (_, statuses) = entries(&send(&scim, operations, None).await);
    assert_eq!(statuses, ["201", "201"]);
    let ada = acme.person("ada@acme.example").await;
    assert_eq!(acme.role_of(&ada).await, json!("editor"));
    let told = acme.gateway.events(acme.org).await;
    let told = told
        .iter()
        .find(|it| it["type"] == "user.created" && it["data"]["user_id"] == json!(ada));
    let changes = told.unwrap()["data"]["changes"].as_array().unwrap();
    let role = json!({"attribute": "role", "old": null, "new": "editor"});
    assert_eq!(changes.last(), Some(&role), "{changes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_operation_stands_or_falls_alone() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let ada = scim.user("ada@acme.example").await;
    let before = gateway.events(okta.org).await.len();
    let url = format!("/Users/{ada}");
    let operations = json!([
        post("/Users", "one", user("one@acme.example")),
        post("/Users", "taken", user("ADA@acme.example")),
        post("/Groups", "lost", group("Lost", &["bulkId:taken"])),
        post("/Groups", "none", group("None", &["bulkId:nobody"])),
        {"method": "PUT", "path": url, "version": "W/\"7\"", "data": user("ada@acme.example")},
        {"method": "DELETE", "path": "/Users/00000000-0000-7000-8000-000000000000"},
        {"method": "POST", "path": "/Bulk", "bulkId": "x", "data": {}},
        {"method": "POST", "path": "/Users/.search", "bulkId": "y", "data": {}},
        {"method": "PATCH", "path": "/Me", "data": {}},
        {"method": "GET", "path": url},
        {"method": "POST", "path": "/Users", "data": user("two@acme.example")},
        post("/Users", "one", user("three@acme.example")),
        {"method": "PUT", "path": url},
        post("/Groups", "p", group("P", &["bulkId:q"])),
        post("/Groups", "q", group("Q", &["bulkId:p"])),
        post("/Users", "last", user("last@acme.example")),
    ]);
    let reply = send(&scim, operations, None).await.expect(200);
    let (entries, statuses) = entries(&reply);
    assert_eq!(
        statuses,
        [
            "201", "409", "409", "409", "412", "404", "400", "400", "404", "400", "400", "400",
            "400", "400", "409", "201"
        ],
        "{}",
        reply.text()
    );
    assert_eq!(entries[1]["response"]["scimType"], "uniqueness");
    assert!(entries[1].get("location").is_none(), "it was not created");
    assert_eq!(entries[2]["response"]["scimType"], "invalidValue");
    assert!(entries[4]["location"].as_str().unwrap().ends_with(&url));
    let found = scim.get("/Users?count=0").await.expect(200).json();
    assert_eq!(found["totalResults"], 3);
    let found = scim.get("/Groups?count=0").await.expect(200).json();
    assert_eq!(found["totalResults"], 0);
    let events = gateway.events(okta.org).await;
    assert_eq!(events.len(), before + 2, "one event for each that stands");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_done_after_so_many_errors() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    scim.user("ada@acme.example").await;
    let operations = |start: &str| {
        let address = |n: usize| format!("{start}{n}@acme.example");
        json!([
            post("/Users", "a", user(&address(1))),
            post("/Users", "b", user("ada@acme.example")),
            post("/Users", "c", user(&address(2))),
            {"method": "PUT"},
            post("/Users", "d", user(&address(3))),
        ])
    };
    for (bound, expected) in [
        (Some(1), vec!["201", "409"]),
        (Some(2), vec!["201", "409", "201", "400"]),
        (Some(3), vec!["201", "409", "201", "400", "201"]),
        (None, vec!["201", "409", "201", "400", "201"]),
    ] {
        let start = format!("x{}-", bound.unwrap_or(9));
        let reply = send(&scim, operations(&start), bound).await.expect(200);
        assert_eq!(entries(&reply).1, expected, "failOnErrors {bound:?}");
        let found = scim
            .filter("/Users", &format!("userName sw \"{start}\""))
            .await;
        let created = expected.iter().filter(|it| **it == "201").count();
        assert_eq!(found.expect(200).json()["totalResults"], created);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_are_the_ones_announced() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let config = scim.get("/ServiceProviderConfig").await.expect(200).json();
    assert_eq!(config["bulk"]["supported"], true);
    assert_eq!(
        config["bulk"]["maxOperations"].as_u64(),
        Some(limits::BULK_OPERATIONS as u64)
    );
    let many = |n: usize| {
        let one = |n| post("/Users", &format!("b{n}"), user(&format!("u{n}@a.example")));
        Value::Array((0..n).map(one).collect())
    };
    let refused = send(&scim, many(limits::BULK_OPERATIONS + 1), None).await;
    let detail = refused.expect(413).json()["detail"].to_string();
    assert!(detail.contains("1000 operations"), "{detail}");
    let mut large = many(1);
    large[0]["data"]["title"] = "x".repeat(limits::SCIM_BODY).into();
    let refused = send(&scim, large, None).await.expect(413).json();
    let detail = refused["detail"].to_string();
    assert!(detail.contains(&limits::SCIM_BODY.to_string()), "{detail}");
    let done = send(&scim, many(limits::BULK_OPERATIONS), None).await;
    let (_, statuses) = entries(&done.expect(200));
    assert_eq!(statuses, vec!["201"; limits::BULK_OPERATIONS]);
    let found = scim.get("/Users?count=0").await.expect(200).json();
    assert_eq!(found["totalResults"].as_u64(), Some(1000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_request_goes_no_further_than_its_token() {
    let (gateway, okta) = okta().await;
    let beta = gateway.organization("beta").await;
    let other = gateway.connect(beta, "Okta", Profile::Okta, &[]).await;
    let theirs = gateway.scim(&other).user("eve@beta.example").await;
    let scim = gateway.scim(&okta);
    let theirs_whole = format!("https://usher.example/scim/{}/v2/Users/{theirs}", other.id);
    let operations = json!([
        {"method": "DELETE", "path": format!("/Users/{theirs}")},
        {"method": "DELETE", "path": theirs_whole},
        post("/Groups", "g", group("G", &[&theirs])),
    ]);
    let reply = send(&scim, operations.clone(), None).await.expect(200);
    assert_eq!(entries(&reply).1, ["404", "404", "400"]);
    gateway
        .scim(&other)
        .get(&format!("/Users/{theirs}"))
        .await
        .expect(200);
    let stranger = Connected {
        token: "scim_nobody".to_owned(),
        ..okta
    };
    let refused = send(&gateway.scim(&stranger), operations, None).await;
    refused.expect(401);
}
