//! Domains that organizations prove by a TXT record, and what a proof is good for.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::id::OrganizationId;

use crate::credentials::live;
use crate::harness::{Browser, Connected, NameServer, Reply, TestGateway};

const RECORD: &str = "_usher-challenge.acme.example";

struct Setting {
    gateway: TestGateway,
    dns: NameServer,
    acme: OrganizationId,
    okta: Connected,
    key: String,
}

impl Setting {
    async fn start() -> Self {
        let mut gateway = TestGateway::start().await;
        let dns = NameServer::start().await;
        gateway.asks(dns.address);
        let acme = gateway.organization("acme").await;
        let okta = gateway.connect(acme, "Okta", Profile::Okta, &[]).await;
        let scopes = "domains:read domains:write";
        let key = gateway.key(live(Some(acme), scopes)).await;
        Self {
            gateway,
            dns,
            acme,
            okta,
            key,
        }
    }

    async fn add(&self, domain: &str) -> Reply {
        let request = Request::post("/api/v1/organizations/acme/domains")
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        let body = json!({"domain": domain}).to_string();
        self.gateway.send(request.body(body.into()).unwrap()).await
    }

    async fn ask(&self, method: &str, path: &str) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/organizations/acme/domains{path}"))
            .header("authorization", format!("Bearer {}", self.key));
        self.gateway
            .send(request.body(Body::empty()).unwrap())
            .await
    }

    async fn list(&self) -> Vec<Value> {
        let all = self.ask("GET", "").await.expect(200).json();
        all["data"].as_array().unwrap().clone()
    }

    /// What becomes of somebody new who signs in at this address.
    async fn arrives(&self, email: &str) -> Result<(), String> {
        let idp = self.gateway.idp(&self.okta).await;
        let reply = idp.sign_in(&Browser::new(&self.gateway), email).await;
        if reply.status == 303 {
            return Ok(());
        }
        Err(crate::harness::reason(&reply))
    }
}

fn slug(reply: &Reply) -> String {
    let problem = reply.json();
    let kind = problem["type"].as_str().unwrap();
    kind.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_is_trusted_when_its_record_is_found() {
    let at = Setting::start().await;
    let added = at.add("ACME.example").await.expect(201).json();
    assert_eq!(
        (&added["domain"], &added["state"]),
        (&json!("acme.example"), &json!("pending"))
    );
    let record = &added["record"];
    assert_eq!(
        (&record["name"], &record["type"]),
        (&json!(RECORD), &json!("TXT"))
    );
    let again = at.add("acme.example").await.expect(201).json();
    assert_eq!(again, added, "it stays as it is");
    let none = at.ask("POST", "/acme.example/verify").await.expect(409);
    assert_eq!(slug(&none), "domain_unverified");
    assert!(none.text().contains(RECORD), "{}", none.text());
    assert_eq!(
        at.arrives("ada@acme.example").await,
        Err("domain_not_trusted".to_owned())
    );
    let value = record["value"].as_str().unwrap();
    at.dns.publish(RECORD, "v=spf1 -all");
    at.dns.publish(RECORD, &value[..value.len() - 1]);
    let wrong = at.ask("POST", "/acme.example/verify").await.expect(409);
    assert!(wrong.text().contains("2 TXT records"), "{}", wrong.text());
    at.dns.publish(RECORD, value);
    let good = at.ask("POST", "/acme.example/verify").await.expect(200);
    assert_eq!(good.json()["state"], "verified");
    assert_eq!(at.list().await, [good.json()]);
    assert_eq!(at.arrives("ada@acme.example").await, Ok(()));
    // The very domain, and none below it.
    assert_eq!(
        at.arrives("eve@corp.acme.example").await,
        Err("domain_not_trusted".to_owned())
    );
    let events = at.gateway.events(at.acme).await;
    let kinds: Vec<_> = events
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    let of = |kind: &str| kinds.iter().filter(|it| **it == kind).count();
    assert_eq!((of("domain.added"), of("domain.verified")), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_that_is_removed_is_good_no_more() {
    let at = Setting::start().await;
    let added = at.add("acme.example").await.expect(201).json();
    at.dns
        .publish(RECORD, added["record"]["value"].as_str().unwrap());
    at.ask("POST", "/acme.example/verify").await.expect(200);
    assert_eq!(at.arrives("ada@acme.example").await, Ok(()));
    at.ask("DELETE", "/acme.example").await.expect(204);
    at.ask("DELETE", "/acme.example").await.expect(404);
    at.ask("POST", "/acme.example/verify").await.expect(404);
    assert!(at.list().await.is_empty());
    assert_eq!(at.arrives("ada@acme.example").await, Ok(()), "she is known");
    assert_eq!(
        at.arrives("bob@acme.example").await,
        Err("domain_not_trusted".to_owned())
    );
    // The old record is not good for the next challenge.
    at.add("acme.example").await.expect(201);
    at.ask("POST", "/acme.example/verify").await.expect(409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_elses_record_proves_a_domain() {
    let at = Setting::start().await;
    let other = at.gateway.organization("other").await;
    let theirs = at.gateway.connect(other, "Okta", Profile::Okta, &[]).await;
    let added = at.add("acme.example").await.expect(201).json();
    at.dns
        .publish(RECORD, added["record"]["value"].as_str().unwrap());
    let key = at.gateway.key(live(Some(other), "*")).await;
    let ask = |method: &str, uri: &str, body: String| {
        let request = Request::builder().method(method).uri(uri);
        let request = request
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        at.gateway.send(request.body(body.into()).unwrap())
    };
    let uri = "/api/v1/organizations/other/domains/acme.example/verify";
    ask("POST", uri, String::new()).await.expect(404);
    let acmes = "/api/v1/organizations/acme/domains/acme.example/verify";
    ask("POST", acmes, String::new()).await.expect(404);
    let domain = json!({"domain": "acme.example"}).to_string();
    let new = ask("POST", "/api/v1/organizations/other/domains", domain);
    let new = new.await.expect(201).json();
    assert_ne!(new["record"]["value"], added["record"]["value"]);
    ask("POST", uri, String::new()).await.expect(409);
    at.ask("POST", "/acme.example/verify").await.expect(200);
    let idp = at.gateway.idp(&theirs).await;
    let browser = Browser::new(&at.gateway);
    let refused = idp.sign_in(&browser, "ada@acme.example").await;
    assert_eq!(crate::harness::reason(&refused), "domain_not_trusted");
    // Both may prove it (D10).
    at.dns
        .publish(RECORD, new["record"]["value"].as_str().unwrap());
    ask("POST", uri, String::new()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_domain_is_not_proved() {
    let at = Setting::start().await;
    for text in [
        "",
        "localhost",
        "192.0.2.1",
        "a b.example",
        "-.-",
        "acme..example",
        "é\0.fr",
    ] {
        assert_eq!(slug(&at.add(text).await.expect(422)), "invalid", "{text}");
    }
    at.add("bücher.example").await.expect(201);
    assert_eq!(at.list().await[0]["domain"], "xn--bcher-kva.example");
    for n in 0..99 {
        at.add(&format!("d{n}.example")).await.expect(201);
    }
    at.add("one-more.example").await.expect(422);
    assert_eq!(at.list().await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_name_server_changes_nothing() {
    let mut at = Setting::start().await;
    at.add("acme.example").await.expect(201);
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    at.gateway.asks(nobody.local_addr().unwrap());
    let reply = at.ask("POST", "/acme.example/verify").await.expect(502);
    assert_eq!(slug(&reply), "dns_failed");
    assert_eq!(at.list().await[0]["state"], "pending");
}
