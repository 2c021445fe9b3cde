//! Rate limits of the admin API: none unless set, told on every answer where one is, and each for itself.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::json;
use usher::http::admin::rated::PerMinute;

use crate::credentials::live;
use crate::harness::{Acme, Reply};

/// A client far away.
const EVE: &str = "198.51.100.7:4711";

/// Acme, whose API takes so many requests a minute.
async fn acme(most: PerMinute) -> Acme {
    let mut acme = Acme::start().await;
    acme.gateway.takes(most);
    acme
}

fn by_key(most: u32) -> PerMinute {
    PerMinute {
        key: NonZeroU32::new(most),
        ..PerMinute::default()
    }
}

fn by_organization(most: u32) -> PerMinute {
    PerMinute {
        organization: NonZeroU32::new(most),
        ..PerMinute::default()
    }
}

fn by_address(most: u32) -> PerMinute {
    PerMinute {
        address: NonZeroU32::new(most),
        ..PerMinute::default()
    }
}

/// What an answer says of limits, where it says anything.
fn told(reply: &Reply) -> Option<[&str; 2]> {
    let fields = ["ratelimit-policy", "ratelimit"].map(|name| reply.header(name));
    let [Some(policy), Some(limit)] = fields else {
        assert_eq!(fields, [None, None]);
        return None;
    };
    Some([policy, limit])
}

/// How many requests are left by a limit that an answer tells of.
#[track_caller]
fn left(reply: &Reply, name: &str) -> u32 {
    let [_, limit] = told(reply).unwrap();
    let items = limit.split(", ");
    let mut its = items.filter_map(|item| item.strip_prefix(&format!("\"{name}\";r=")));
    let (left, _) = its.next().unwrap().split_once(";t=").unwrap();
    left.parse().unwrap()
}

/// A request is refused by this limit, of which nothing is left.
#[track_caller]
fn refused(reply: &Reply, name: &str) {
    assert_eq!(reply.status.as_u16(), 429, "{}", reply.text());
    assert_eq!(left(reply, name), 0);
    let [_, limit] = told(reply).unwrap();
    let again = reply.header("retry-after").unwrap();
    assert!(again.parse::<u32>().unwrap() >= 1);
    assert!(limit.ends_with(&format!("\"{name}\";r=0;t={again}")));
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let problem = reply.json();
    let kind = problem["type"].as_str().unwrap();
    assert!(kind.ends_with("/problems/too_many_requests"), "{kind}");
    assert_eq!(
        problem["trace_id"].as_str(),
        reply.header("x-request-id"),
        "{problem}"
    );
}

/// A request of a client at this address, with a key where there is one.
async fn from(acme: &Acme, client: &str, key: Option<&str>, uri: &str) -> Reply {
    let client: SocketAddr = client.parse().unwrap();
    let mut request = Request::get(uri).extension(ConnectInfo(client));
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    acme.gateway
        .send(request.body(Body::empty()).unwrap())
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_limited_unless_it_is_set() {
    let acme = Acme::start().await;
    for _ in 0..20 {
        let reply = acme.ask("GET", "/invitations", None).await.expect(200);
        assert_eq!(told(&reply), None);
    }
    let reply = acme.ask_as("sk_x", "GET", "/invitations", None).await;
    assert_eq!(told(&reply.expect(401)), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_used_up_does_nothing_more_and_no_other_key_is() {
    let acme = acme(by_key(3)).await;
    for (path, status, rest) in [
        ("/invitations", 200, 2),
        ("/nothing", 404, 1),
        ("/webhooks", 200, 0),
    ] {
        let reply = acme.ask("GET", path, None).await.expect(status);
        let [policy, _] = told(&reply).unwrap();
        assert_eq!(policy, "\"key-minute\";q=3;w=60");
        assert_eq!(left(&reply, "key-minute"), rest);
        assert_eq!(reply.header("retry-after"), None);
    }
    let body = json!({"email": "ada@example.com", "role": "viewer"});
    let reply = acme.post("/invitations", body).await;
    refused(&reply, "key-minute");
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("with this key 3 a minute"), "{detail}");
    let other = acme.gateway.key(live(Some(acme.org), "*")).await;
    let reply = acme.ask_as(&other, "GET", "/invitations", None).await;
    assert_eq!(left(&reply, "key-minute"), 2);
    assert_eq!(reply.expect(200).json()["data"], json!([]));
    // What is made up is nobody's key, and takes no room.
    for key in ["sk_x", "sk_x", "sk_x", "sk_x", "x"] {
        let reply = acme.ask_as(key, "GET", "/invitations", None).await;
        assert_eq!(told(&reply.expect(401)), None);
    }
    // SCIM goes on.
    acme.scim().user("bob@acme.example").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keys_of_an_organization_share_and_nobody_else_takes_part() {
    let acme = acme(by_organization(3)).await;
    let gateway = &acme.gateway;
    let other = gateway.organization("other").await;
    let theirs = gateway.key(live(Some(other), "*")).await;
    let second = gateway.key(live(Some(acme.org), "*")).await;
    for (key, status) in [("sk_x", 401), (&*theirs, 404)] {
        for _ in 0..4 {
            let reply = acme.ask_as(key, "GET", "/invitations", None).await;
            assert_eq!(told(&reply.expect(status)), None);
        }
    }
    for (key, rest) in [(&acme.key, 2), (&second, 1), (&second, 0)] {
        let reply = acme.ask_as(key, "GET", "/invitations", None).await;
        let reply = reply.expect(200);
        let [policy, _] = told(&reply).unwrap();
        assert_eq!(policy, "\"organization-minute\";q=3;w=60");
        assert_eq!(left(&reply, "organization-minute"), rest);
    }
    for uri in [
        "/api/v1/organizations/acme",
        "/api/v1/organizations/acme/invitations",
        "/api/v1/organizations/%61cme/invitations",
    ] {
        let reply = gateway.call(&second, "GET", uri, None).await;
        refused(&reply, "organization-minute");
    }
    // No organization keeps the operator away.
    let reply = acme.ask_as(&acme.operator, "GET", "/invitations", None);
    assert_eq!(told(&reply.await.expect(200)), None);
    let uri = "/api/v1/organizations/other/invitations";
    let reply = gateway.call(&theirs, "GET", uri, None).await.expect(200);
    assert_eq!(left(&reply, "organization-minute"), 2);
    let all = gateway.call(&acme.operator, "GET", "/api/v1/organizations", None);
    assert_eq!(told(&all.await.expect(200)), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_limited_whoever_asks_from_it() {
    let acme = acme(by_address(5)).await;
    let list = "/api/v1/organizations/acme/invitations";
    for (key, uri, status, rest) in [
        (None, list, 401, 4),
        (Some("sk_x"), list, 401, 3),
        (None, "/api/v1/openapi.json", 200, 2),
        (None, "/docs", 200, 1),
        (None, "/api/v1/nothing", 404, 0),
    ] {
        let reply = from(&acme, EVE, key, uri).await.expect(status);
        let [policy, _] = told(&reply).unwrap();
        assert_eq!(policy, "\"address-minute\";q=5;w=60");
        assert_eq!(left(&reply, "address-minute"), rest);
    }
    for uri in [list, "/api/v1/openapi.json", "/docs", "/api/v1/nothing"] {
        let reply = from(&acme, EVE, Some(&acme.key), uri).await;
        refused(&reply, "address-minute");
    }
    // What is no part of the API is not counted.
    let page = from(&acme, EVE, None, "/problems/too_many_requests").await;
    assert_eq!(told(&page.expect(200)), None);
    for (client, rest) in [
        ("198.51.100.8:4711", 4),
        ("[2001:db8::1]:4711", 4),
        ("[2001:db8::2]:4711", 3),
        ("[2001:db8:0:1::1]:4711", 4),
    ] {
        let reply = from(&acme, client, Some(&acme.key), list).await.expect(200);
        assert_eq!(left(&reply, "address-minute"), rest, "{client}");
    }
    // Where no proxy is trusted, a client near by may be one that stands before everybody.
    let near = from(&acme, "10.1.2.3:4711", Some(&acme.key), list).await;
    assert_eq!(told(&near.expect(200)), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_limit_that_is_used_up_refuses() {
    let acme = acme(PerMinute {
        address: NonZeroU32::new(10),
        key: NonZeroU32::new(3),
        organization: NonZeroU32::new(2),
    })
    .await;
    let list = "/api/v1/organizations/acme/invitations";
    for (rest, status) in [(1, 200), (0, 200), (0, 429)] {
        let reply = from(&acme, EVE, Some(&acme.key), list).await.expect(status);
        let [policy, _] = told(&reply).unwrap();
        assert_eq!(
            policy,
            "\"address-minute\";q=10;w=60, \"key-minute\";q=3;w=60, \
             \"organization-minute\";q=2;w=60"
        );
        assert_eq!(left(&reply, "organization-minute"), rest);
    }
    let reply = from(&acme, EVE, Some(&acme.key), list).await;
    refused(&reply, "key-minute");
    assert_eq!(left(&reply, "address-minute"), 6);
    let [policy, _] = told(&reply).unwrap();
    assert!(!policy.contains("organization"), "{policy}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_tells_of_the_quota_of_invitations_too() {
    let acme = acme(by_key(100)).await;
    let body = json!({"email": "bob@example.com", "role": "viewer"});
    for _ in 0..3 {
        let made = acme.post("/invitations", body.clone()).await.expect(201);
        let revoke = format!("/invitations/{}/revoke", made.id());
        acme.post(&revoke, json!({})).await.expect(200);
        acme.gateway.clock.advance(1);
    }
    let reply = acme.post("/invitations", body).await.expect(429);
    let kind = reply.json()["type"].as_str().unwrap().to_owned();
    assert!(kind.ends_with("/problems/too_many_invitations"), "{kind}");
    assert_eq!(reply.header("retry-after"), Some("86397"));
    let [policy, limit] = told(&reply).unwrap();
    assert_eq!(policy, "\"address\";q=3;w=86400, \"key-minute\";q=100;w=60");
    assert!(limit.starts_with("\"address\";r=0;t=86397, \"key-minute\";r="));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_given_before_tells_of_now() {
    let acme = acme(by_key(2)).await;
    let ask = async || {
        let body = json!({"email": "ada@example.com", "role": "viewer"}).to_string();
        let request = Request::post("/api/v1/organizations/acme/invitations")
            .header("authorization", format!("Bearer {}", acme.key))
            .header("content-type", "application/json")
            .header("idempotency-key", "a");
        acme.gateway
            .send(request.body(Body::from(body)).unwrap())
            .await
    };
    assert_eq!(left(&ask().await.expect(201), "key-minute"), 1);
    let again = ask().await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let [policy, _] = told(&again).unwrap();
    assert_eq!(policy, "\"key-minute\";q=2;w=60");
    assert_eq!(left(&again, "key-minute"), 0);
    refused(&ask().await, "key-minute");
}
