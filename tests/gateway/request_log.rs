//! The request log: what SCIM clients asked, what they were answered, and why.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use futures_util::FutureExt;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::id::{OrganizationId, ScimRequestId};
use usher::limits;
use usher::provisioning::request_log::kept::subject;
use usher::provisioning::request_log::sweep::{forget, forget_beyond};
use usher::provisioning::request_log::write::write_out;
use usher::store::rows::{ScimRequestRow, WantedRequests};
use usher::store::{self};

use crate::credentials::live;
use crate::harness::{Connected, Reply, ScimActor, TestGateway, user};

struct Acme {
    gateway: TestGateway,
    okta: Connected,
    key: String,
}

impl Acme {
    async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        let key = gateway.key(live(Some(org), "*")).await;
        Self { gateway, okta, key }
    }

    fn scim(&self) -> ScimActor<'_> {
        self.gateway.scim(&self.okta)
    }

    /// Reads from the log, once what waits is written.
    async fn read(&self, below: &str) -> Reply {
        let gateway = &self.gateway.gateway;
        write_out(&gateway.log, &gateway.store).await.unwrap();
        let uri = format!("/api/v1/organizations/acme/scim-requests{below}");
        self.gateway.get(&uri, &self.key).await
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let page = self.read(&format!("?{query}")).await.expect(200).json();
        page["data"].as_array().unwrap().clone()
    }

    async fn counts(&self) -> Value {
        self.read("/counts").await.expect(200).json()["data"].clone()
    }

    /// A request to the connection with this credential.
    async fn stranger(&self, credential: Option<&str>) -> Reply {
        let path = format!("/scim/{}/v2/Users", self.okta.id);
        self.knock(&path, credential).await
    }

    async fn knock(&self, path: &str, credential: Option<&str>) -> Reply {
        let mut request = Request::get(path);
        if let Some(credential) = credential {
            request = request.header("authorization", format!("Bearer {credential}"));
        }
        self.gateway
            .send(request.body(Body::empty()).unwrap())
            .await
    }

    /// Every row and body that the store has of an organization.
    async fn rows(&self, org: OrganizationId) -> Vec<(ScimRequestRow, Option<String>)> {
        let read = self.gateway.gateway.store.read(move |tx| {
            async move {
                let mut rows = Vec::new();
                let wanted = WantedRequests::default();
                for row in tx.scim_request_page(org, &wanted, 10_000).await? {
                    rows.extend(tx.scim_request(org, row.id).await?);
                }
                Ok::<_, store::Error>(rows)
            }
            .boxed()
        });
        read.await.unwrap()
    }
}

#[tokio::test]
async fn a_refused_request_shows_its_reason() {
    let acme = Acme::start().await;
    acme.scim().user("ada@acme.example").await;
    let refused = acme.scim().post("/Users", user("ada@acme.example")).await;
    let refused = refused.expect(409);
    let found = acme.list("status=failed").await;
    assert_eq!(found.len(), 1, "{found:?}");
    let token = format!("scim_...{}", &acme.okta.token[acme.okta.token.len() - 4..]);
    for (name, expected) in [
        ("id", json!(refused.header("x-request-id"))),
        ("connection_id", json!(acme.okta.id)),
        ("method", json!("POST")),
        ("path", json!("/v2/Users")),
        ("status", json!(409)),
        ("scim_type", json!("uniqueness")),
        ("detail", refused.json()["detail"].clone()),
        ("token", json!(token)),
        (
            "effects",
            json!({"events": [], "resources": [], "users": []}),
        ),
    ] {
        assert_eq!(found[0][name], expected, "{name}");
    }
    let id = refused.header("x-request-id").unwrap();
    let shown = acme.read(&format!("/{id}")).await.expect(200).json();
    assert_eq!(shown["body"]["userName"], "ada@acme.example");
    assert_eq!(shown["left_out"], json!([]));
    assert_eq!(shown["not_replayable"], Value::Null);
}

#[tokio::test]
async fn a_write_shows_what_it_brought_about() {
    let acme = Acme::start().await;
    let id = acme.scim().user("ada@acme.example").await;
    let path = format!("/Users/{id}");
    let body = json!([{"op": "replace", "path": "nonsense", "value": 1},
        {"op": "replace", "value": {"active": false}}]);
    acme.gateway.clock.advance(1);
    let patched = acme.scim().patch(&path, body).await.expect(200);
    acme.gateway.clock.advance(1);
    acme.scim().delete(&path).await.expect(204);
    let found = acme.list("").await;
    let methods: Vec<_> = found.iter().map(|it| &it["method"]).collect();
    assert_eq!(methods, ["DELETE", "PATCH", "POST"], "the latest first");
    let events = acme.gateway.events(acme.okta.org).await;
    let person = &events[0]["data"]["user_id"];
    for (request, seq) in found.iter().rev().zip(1_i64..) {
        let effects = json!({"events": [[seq, seq]], "resources": [id], "users": [person]});
        assert_eq!(request["effects"], effects);
    }
    assert_eq!(found[1]["ignored"], json!(patched.header("usher-ignored")));
    assert_ne!(found[1]["ignored"], Value::Null);
}

#[tokio::test]
async fn what_is_refused_within_a_bulk_request_is_shown() {
    let acme = Acme::start().await;
    acme.scim().user("ada@acme.example").await;
    let operation = |name: &str, address: &str| json!({"method": "POST", "path": "/Users", "bulkId": name, "data": user(address)});
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [operation("1", "bob@acme.example"), operation("2", "ada@acme.example")],
    });
    acme.scim().post("/Bulk", body).await.expect(200);
    let found = acme.list("status=failed").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["status"], 200);
    assert_eq!(found[0]["scim_type"], "uniqueness");
    let detail = found[0]["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("1 of 2 operations were refused; operation 2: "),
        "{detail}"
    );
    assert_eq!(found[0]["effects"]["events"], json!([[2, 2]]));
}

#[tokio::test]
async fn failed_authentication_is_shown_but_only_so_often() {
    let acme = Acme::start().await;
    let bad = "scim_0123456789012345abcd";
    for _ in 0..30 {
        acme.stranger(Some(bad)).await.expect(401);
    }
    let found = acme.list("status=401").await;
    assert_eq!(found.len(), limits::REQUEST_LOG_STRANGERS_AT_ONCE as usize);
    assert_eq!(found[0]["token"], "bad token scim_...abcd");
    assert_eq!(found[0]["token_id"], Value::Null);
    let counts = acme.counts().await;
    assert_eq!(counts[0]["without_good_token"], 30);
    assert_eq!(counts[0]["lost"], 20);
    acme.gateway
        .clock
        .advance(limits::REQUEST_LOG_STRANGER_PACE.as_secs());
    for _ in 0..3 {
        acme.stranger(None).await.expect(401);
    }
    let found = acme.list("status=401").await;
    assert_eq!(
        found.len(),
        limits::REQUEST_LOG_STRANGERS_AT_ONCE as usize + 1
    );
    assert_eq!(found[0]["token"], "no token");
    // A token that is good elsewhere is a stranger's here, and says no more than its end.
    let other = acme.gateway.organization("other").await;
    let theirs = acme
        .gateway
        .connect(other, "Entra", Profile::Entra, &[])
        .await;
    acme.gateway.clock.advance(60);
    acme.stranger(Some(&theirs.token)).await.expect(404);
    let found = acme.list("status=404").await;
    let shown = found[0]["token"].as_str().unwrap();
    assert!(shown.starts_with("bad token scim_..."), "{shown}");
    assert!(acme.rows(other).await.is_empty());
    // A connection that is not there is nobody's.
    let nowhere = acme
        .okta
        .id
        .to_string()
        .replace(|c: char| c.is_ascii_digit(), "1");
    let before = acme.rows(acme.okta.org).await.len();
    acme.knock(&format!("/scim/{nowhere}/v2/Users"), Some(bad))
        .await;
    acme.knock("/scim/x/v2/Users", Some(bad)).await;
    acme.list("").await;
    assert_eq!(acme.rows(acme.okta.org).await.len(), before);
}

#[tokio::test]
async fn neither_a_password_nor_a_bearer_nor_what_a_filter_compares_with_is_kept() {
    let acme = Acme::start().await;
    let secret = "correct-horse-battery";
    let mut body = user("ada@acme.example");
    body["password"] = secret.into();
    body["nested"] = json!({"deep": [secret]});
    let id = acme
        .scim()
        .post("/Users", body.clone())
        .await
        .expect(201)
        .id();
    acme.scim().post("/Users", body.clone()).await.expect(409);
    acme.scim()
        .put(&format!("/Users/{id}"), body.clone())
        .await
        .expect(200);
    let patch = json!([{"op": "replace", "path": "password", "value": secret},
        {"op": "replace", "value": {"password": secret}}]);
    acme.scim().patch(&format!("/Users/{id}"), patch).await;
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "POST", "path": "/Users", "bulkId": "1", "data": body}],
    });
    acme.scim().post("/Bulk", bulk).await;
    acme.scim()
        .filter("/Users", &format!("userName eq {secret}"))
        .await
        .expect(200);
    acme.scim()
        .filter("/Users", &format!("userName xx \"{secret}\""))
        .await
        .expect(400);
    acme.scim()
        .get(&format!("/Users/{secret}"))
        .await
        .expect(404);
    acme.scim()
        .get(&format!("/Users/{id}?token={secret}&count=x"))
        .await;
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": format!("userName zz \"{secret}\""),
    });
    acme.scim().post("/.search", search).await.expect(400);
    acme.stranger(Some(&format!("scim_{secret}")))
        .await
        .expect(401);
    let kept = acme.list("").await;
    assert!(kept.len() >= 9, "{}", kept.len());
    let rows = format!("{:?}", acme.rows(acme.okta.org).await);
    assert!(!rows.contains(secret), "{rows}");
    assert!(!rows.contains(&acme.okta.token), "{rows}");
    assert!(rows.contains("ada@acme.example"));
    let first = acme.list("status=409").await;
    let shown = acme
        .read(&format!("/{}", first[0]["id"].as_str().unwrap()))
        .await;
    let shown = shown.expect(200).json();
    assert_eq!(shown["left_out"], json!(["nested", "password"]));
    assert_eq!(shown["not_replayable"], "not kept: nested, password");
}

#[tokio::test]
async fn organizations_do_not_cross() {
    let acme = Acme::start().await;
    acme.scim().user("ada@acme.example").await;
    let other = acme.gateway.organization("other").await;
    let theirs = acme
        .gateway
        .connect(other, "Entra", Profile::Entra, &[])
        .await;
    acme.gateway.scim(&theirs).user("eve@other.example").await;
    let found = acme.list("").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["connection_id"], json!(acme.okta.id));
    assert_eq!(
        acme.list(&format!("connection={}", theirs.id)).await.len(),
        0
    );
    let id = acme.rows(other).await[0].0.id;
    acme.read(&format!("/{id}")).await.expect(404);
    let uri = format!("/api/v1/organizations/other/scim-requests/{id}");
    acme.gateway.get(&uri, &acme.key).await.expect(404);
    let operator = acme.gateway.key(live(None, "*")).await;
    acme.gateway.get(&uri, &operator).await.expect(200);
}

#[tokio::test]
async fn good_reads_are_counted_and_one_in_a_hundred_is_kept() {
    let acme = Acme::start().await;
    let id = acme.scim().user("ada@acme.example").await;
    for _ in 0..201 {
        acme.scim().get(&format!("/Users/{id}")).await.expect(200);
    }
    acme.scim().get("/Users/nobody").await.expect(404);
    assert_eq!(acme.list("method=get&status=200").await.len(), 3);
    let counts = acme.counts().await;
    assert_eq!(counts.as_array().unwrap().len(), 1);
    for (name, expected) in [("reads", 201), ("writes", 1), ("refused", 1), ("lost", 0)] {
        assert_eq!(counts[0][name], expected, "{name}");
    }
    // What anybody may read without a token is nobody's.
    let public = format!("/scim/{}/v2/ServiceProviderConfig", acme.okta.id);
    acme.knock(&public, None).await.expect(200);
    assert_eq!(acme.list("").await.len(), 5);
}

#[tokio::test]
async fn what_finds_no_room_is_counted_and_answered_all_the_same() {
    let acme = Acme::start().await;
    let text = format!("{{{}", " ".repeat(limits::REQUEST_LOG_BODY - 1));
    let path = format!("/scim/{}/v2/Users", acme.okta.id);
    let fit = limits::REQUEST_LOG_WAITING_BYTES / limits::REQUEST_LOG_BODY;
    for _ in 0..fit + 5 {
        let request = Request::post(&path)
            .header("authorization", format!("Bearer {}", acme.okta.token))
            .body(Body::from(text.clone()));
        acme.gateway.send(request.unwrap()).await.expect(400);
    }
    let counts = acme.counts().await;
    let lost = counts[0]["lost"].as_i64().unwrap();
    assert!((5..20).contains(&lost), "{lost}");
    assert_eq!(counts[0]["refused"], fit + 5);
    let kept = acme.rows(acme.okta.org).await.len() as i64;
    assert_eq!(kept + lost, (fit + 5) as i64);
    let first = acme.list("limit=1").await;
    let shown = acme
        .read(&format!("/{}", first[0]["id"].as_str().unwrap()))
        .await;
    assert_eq!(shown.expect(200).json()["body_omitted"], "not_json");
}

#[tokio::test]
async fn the_log_is_swept_by_age_and_by_room() {
    let acme = Acme::start().await;
    let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    for number in 0..10 {
        acme.scim().user(&format!("p{number}@acme.example")).await;
        acme.gateway.clock.advance(1);
    }
    let rows = acme.list("").await;
    assert_eq!(rows.len(), 10);
    assert_eq!(forget(store, ids).await.unwrap(), 0);
    let room: i64 = acme
        .rows(acme.okta.org)
        .await
        .iter()
        .map(|it| it.0.bytes)
        .sum();
    let most = room * 4 / 10;
    assert!(forget_beyond(store, ids, most).await.unwrap() >= 6);
    let left = acme.list("").await;
    assert_eq!(left[..], rows[..left.len()], "the oldest go");
    assert!((3..=4).contains(&left.len()), "{}", left.len());
    acme.gateway
        .clock
        .advance(limits::REQUEST_LOG_LIFE.as_secs() - 1);
    acme.scim().user("late@acme.example").await;
    acme.list("").await;
    forget(store, ids).await.unwrap();
    assert_eq!(
        acme.list("").await.len(),
        2,
        "one is not old yet, one has just come"
    );
    acme.gateway
        .clock
        .advance(limits::REQUEST_LOG_LIFE.as_secs() + 3600);
    forget(store, ids).await.unwrap();
    assert_eq!(acme.list("").await, Vec::<Value>::new());
    let key = acme.gateway.key(live(Some(acme.okta.org), "*")).await;
    let all = "/api/v1/organizations/acme/scim-requests/counts?since=2020-01-01T00:00:00Z";
    let counts = acme.gateway.get(all, &key).await.expect(200).json();
    assert_eq!(counts["data"], json!([]));
}

#[tokio::test]
async fn strangers_push_out_nobody_and_their_values_are_not_kept() {
    let acme = Acme::start().await;
    let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    acme.scim().user("ada@acme.example").await;
    let mine = acme.list("").await;
    let spared = limits::REQUEST_LOG_STRANGERS;
    for number in 0..spared + 20 {
        acme.gateway
            .clock
            .advance(limits::REQUEST_LOG_STRANGER_PACE.as_secs());
        let path = format!(
            "/scim/{}/v2/Users/mallory@x.example?filter=mallory&attributes=mallory",
            acme.okta.id
        );
        acme.knock(&path, Some("scim_0123456789012345abcd"))
            .await
            .expect(401);
        if number % 100 == 0 {
            acme.list("").await;
        }
    }
    acme.list("").await;
    let rows = acme.rows(acme.okta.org).await;
    assert_eq!(rows.len(), spared + 21);
    assert!(!format!("{rows:?}").contains("mallory"));
    let room: i64 = rows.iter().map(|it| it.0.bytes).sum();
    // As much as is too much goes, from those without a token.
    assert_eq!(forget_beyond(store, ids, room - 1).await.unwrap(), 1);
    assert!(forget_beyond(store, ids, room / 2).await.unwrap() > 20);
    let kept = acme.rows(acme.okta.org).await;
    assert!(kept.len() < spared + 2);
    let first = mine[0]["id"].as_str().unwrap();
    assert!(
        !kept.iter().any(|it| it.0.id.to_string() == first),
        "then the oldest of all"
    );
}

#[tokio::test]
async fn a_request_about_a_crowd_keeps_no_body() {
    let acme = Acme::start().await;
    let members: Vec<_> = (0..1_001)
        .map(|it| json!({"value": format!("m{it}")}))
        .collect();
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Crowd", "members": members,
    });
    acme.scim().post("/Groups", group).await.expect(400);
    let found = acme.list("status=400").await;
    let shown = acme
        .read(&format!("/{}", found[0]["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json();
    assert_eq!(shown["body_omitted"], "too_many_people");
    assert_eq!(shown["body"], Value::Null);
}

#[tokio::test]
async fn the_list_is_walked_by_pages_and_narrowed() {
    let acme = Acme::start().await;
    for number in 0..5 {
        acme.scim().user(&format!("p{number}@acme.example")).await;
        acme.gateway.clock.advance(10);
    }
    let all = acme.list("").await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = acme
            .read(&format!("?limit=2{after}"))
            .await
            .expect(200)
            .json();
        seen.extend(page["data"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, all);
    let since = all[1]["time"].as_str().unwrap();
    assert_eq!(acme.list(&format!("since={since}")).await, all[..2]);
    assert_eq!(acme.list("status=201").await.len(), 5);
    assert_eq!(acme.list("status=409").await.len(), 0);
    assert_eq!(acme.list("method=post").await.len(), 5);
    for wrong in [
        "status=x",
        "status=99",
        "method=%00",
        "method=a%20b",
        "since=now",
        "connection=1",
        "after=1",
        "x=1",
    ] {
        acme.read(&format!("?{wrong}")).await.expect(400);
    }
}

#[tokio::test]
async fn what_was_asked_about_somebody_can_be_found() {
    let acme = Acme::start().await;
    let ada = acme.scim().user("Ada@acme.example").await;
    acme.scim().user("bob@acme.example").await;
    acme.scim()
        .post("/Users", user("ada@acme.example"))
        .await
        .expect(409);
    let group = acme.scim().group("Editors", &[&ada]).await;
    acme.list("").await;
    let org = acme.okta.org;
    let about = async |subjects: Vec<String>| -> Vec<ScimRequestId> {
        let read = acme.gateway.gateway.store.read(move |tx| {
            let subjects = subjects.clone();
            async move { tx.scim_requests_about(org, &subjects).await }.boxed()
        });
        read.await.unwrap()
    };
    assert_eq!(
        about(vec![ada.clone()]).await.len(),
        2,
        "created, and put into a group"
    );
    assert_eq!(
        about(vec![subject(org, "ADA@acme.example")]).await.len(),
        2,
        "created twice"
    );
    assert_eq!(
        about(vec![ada, subject(org, "ada@acme.example")])
            .await
            .len(),
        3
    );
    assert_eq!(about(vec![group]).await.len(), 1);
    assert_eq!(about(vec![subject(org, "eve@acme.example")]).await.len(), 0);
}

#[tokio::test]
async fn the_client_is_whom_a_trusted_proxy_names() {
    let mut acme = Acme::start().await;
    let ask = async |acme: &Acme| {
        let mut request = Request::delete(format!("/scim/{}/v2/Users/1", acme.okta.id))
            .header("authorization", format!("Bearer {}", acme.okta.token))
            .header("x-forwarded-for", "198.51.100.7")
            .body(Body::empty())
            .unwrap();
        let peer: SocketAddr = "127.0.0.1:9".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        acme.gateway.send(request).await.expect(404);
        acme.list("limit=1").await[0].clone()
    };
    assert_eq!(ask(&acme).await["client"], "127.0.0.1");
    acme.gateway.clock.advance(1);
    acme.gateway.trust_loopback();
    let found = ask(&acme).await;
    assert_eq!(found["client"], "198.51.100.7");
    assert_eq!(found["path"], "/v2/Users/…");
}
