//! SCIM Users over HTTP.

use serde_json::json;
use usher::directory::connection::Profile;

use crate::harness::{Connected, TestGateway};

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_created_read_changed_and_deleted() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let created = scim
        .post("/Users", crate::harness::user("ada@acme.example"))
        .await
        .expect(201);
    let id = created.id();
    let location = created.json()["meta"]["location"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        location,
        format!("https://usher.example/scim/{}/v2/Users/{id}", okta.id)
    );
    assert_eq!(created.header("location"), Some(location.as_str()));
    assert_eq!(created.header("etag"), Some("W/\"1\""));
    assert_eq!(
        created.header("content-type"),
        Some("application/scim+json")
    );
    let read = scim.get(&format!("/Users/{id}")).await.expect(200);
    assert_eq!(read.json(), created.json());

    gateway.clock.advance(60);
    let off = json!([{"op": "replace", "value": {"active": false}}]);
    let patched = scim
        .patch(&format!("/Users/{id}"), off.clone())
        .await
        .expect(200);
    assert_eq!(patched.json()["active"], json!(false));
    assert_eq!(patched.json()["meta"]["version"], json!("W/\"2\""));
    let again = scim.patch(&format!("/Users/{id}"), off).await.expect(200);
    assert_eq!(
        again.json(),
        patched.json(),
        "nothing changed: nothing moves"
    );
    let put = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada@acme.example",
        "title": "Countess",
    });
    let put = scim.put(&format!("/Users/{id}"), put).await.expect(200);
    assert_eq!(
        put.json()["active"],
        json!(false),
        "an omitted flag re-enables nobody"
    );
    assert_eq!(put.json().get("emails"), None);
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    for method in ["GET", "DELETE"] {
        scim.request(method, &format!("/Users/{id}"), &[], None)
            .await
            .expect(404);
    }
    let kinds: Vec<_> = gateway
        .events(okta.org)
        .await
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "user.created",
            "user.suspended",
            "user.updated",
            "user.deleted"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_sort_and_pages_find_the_right_people() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    for name in ["ada", "bob", "cyd", "dan"] {
        scim.user(&format!("{name}@acme.example")).await;
    }
    let count = async |filter: &str| {
        let list = scim.filter("/Users", filter).await.expect(200).json();
        assert_eq!(
            list["totalResults"],
            json!(list["Resources"].as_array().unwrap().len())
        );
        list["totalResults"].as_u64().unwrap()
    };
    for (filter, expected) in [
        (r#"userName eq "ADA@acme.example""#, 1),
        (r#"emails[type eq "work" and value co "bob"]"#, 1),
        (r#"emails.value ew "@ACME.example""#, 4),
        (r#"userName sw "c" or userName sw "d""#, 2),
        (r#"not (userName eq "ada@acme.example")"#, 3),
        ("title pr", 0),
        (r#"title ne "x""#, 4),
        (r#"active eq true and name.familyName eq "LOVELACE""#, 4),
        (r#"meta.created ge "2026-11-22T10:00:00Z""#, 4),
        (r#"meta.created gt "2026-11-22T12:00:00+02:00""#, 0),
        (
            r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#,
            4,
        ),
        (
            r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
            0,
        ),
        (r#"meta.resourceType eq "User""#, 4),
        ("groups pr", 0),
        (r#"userName eq "nobody""#, 0),
        (r#"userName co "%""#, 0),
    ] {
        assert_eq!(count(filter).await, expected, "{filter}");
    }
    let page = scim
        .get("/Users?sortBy=userName&sortOrder=descending&startIndex=2&count=2")
        .await;
    let page = page.expect(200).json();
    assert_eq!(page["totalResults"], 4);
    assert_eq!(page["itemsPerPage"], 2);
    assert_eq!(page["Resources"][0]["userName"], "cyd@acme.example");
    assert_eq!(page["Resources"][1]["userName"], "bob@acme.example");
    let none = scim.get("/Users?count=0").await.expect(200).json();
    assert_eq!(
        (none["totalResults"].clone(), none["Resources"].clone()),
        (json!(4), json!([]))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_at_once_create_one() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let posts = (0..16).map(|_| scim.post("/Users", crate::harness::user("ada@acme.example")));
    let mut statuses: Vec<_> = futures_util::future::join_all(posts)
        .await
        .iter()
        .map(|r| r.status.as_u16())
        .collect();
    statuses.sort_unstable();
    let mut expected = vec![409; 16];
    expected[0] = 201;
    assert_eq!(statuses, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_is_a_scim_error() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let id = scim.user("ada@acme.example").await;
    let user = format!("/Users/{id}");
    for (method, path, headers, status) in [
        ("GET", "/Users/none", vec![], 404),
        ("GET", "/Nothing", vec![], 404),
        ("DELETE", "/Users", vec![], 405),
        ("POST", "/Bulk", vec![], 400),
        ("GET", "/", vec![], 501),
        ("GET", "/Me", vec![], 404),
        ("GET", "/Users?filter=userName+eq", vec![], 400),
        ("GET", "/Users", vec![("accept", "text/html")], 406),
        ("POST", "/Users", vec![("content-type", "text/plain")], 415),
        ("PUT", user.as_str(), vec![("if-match", "W/\"9\"")], 412),
        ("GET", "/Schemas?filter=id+pr", vec![], 403),
    ] {
        let body =
            (method == "POST" || method == "PUT").then(|| crate::harness::user("a@b.example"));
        let reply = scim
            .request(method, path, &headers, body)
            .await
            .expect(status);
        let error = reply.json();
        assert_eq!(
            error["status"],
            json!(status.to_string()),
            "{method} {path}"
        );
        assert_eq!(
            error["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
        );
        assert_eq!(reply.header("content-type"), Some("application/scim+json"));
    }
    let stranger = Connected {
        token: "scim_nobody".into(),
        ..okta.clone()
    };
    let refused = gateway.scim(&stranger).get("/Users").await.expect(401);
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer")
    );
    let other = gateway
        .connect(okta.org, "Other", Profile::Generic, &[])
        .await;
    let crossed = Connected {
        id: other.id,
        ..okta.clone()
    };
    gateway.scim(&crossed).get("/Users").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_no_index_holds_are_refused_or_still_found() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let long = "\u{e9}x".repeat(3000);
    for path in ["userName", "externalId", "displayName"] {
        let mut body = crate::harness::user("ada@acme.example");
        body[path] = json!(long);
        let refused = scim.post("/Users", body).await.expect(400).json();
        assert_eq!(refused["scimType"], json!("invalidValue"), "{path}");
    }
    let mut body = crate::harness::user("ada@acme.example");
    body["photos"] = json!([{"value": format!("https://acme.example/{}", "a".repeat(5000))}]);
    body["title"] = json!(long);
    scim.post("/Users", body).await.expect(201);
    let found = scim
        .filter("/Users", "photos.value ew \"aaaa\" and title pr")
        .await
        .json();
    assert_eq!(found["totalResults"], json!(1));
    scim.filter("/Users", "userName eq \"a\\u0000b\"")
        .await
        .expect(400);
}
